"""One's own data: every table that points to a person is dealt with, files are whole, a deletion leaves no trace."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from itertools import pairwise

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session, sessionmaker

from qbank.accounts import my_data, my_data_export
from qbank.accounts.models import AuditEvent, Invitation, Person, PersonState, Role, SignIn
from qbank.accounts.personal import HANDLERS, Fate
from qbank.blocks import closing, reasons, reports, saved_filters
from qbank.blocks.criteria import Criteria
from qbank.blocks.models import Block, Delivery, DeliveryEvent, EndedReason, EventKind, Feedback, Mark, Note
from qbank.blocks.rebuild import rebuild
from qbank.db import models
from qbank.db.engine import begin_write
from qbank.errors import ConflictError
from qbank.groups import service as groups
from qbank.groups.models import GroupMember
from qbank.items.models import Item
from qbank.review.models import ReviewCard, ReviewLog
from qbank.security import audit, signin
from qbank.settings import Settings
from qbank.statistics.models import ItemCounter
from tests.blocks import factories as make

pytestmark = pytest.mark.usefixtures("clock")
EMAIL = "ada.lovelace@example.org"


def test_every_column_that_points_to_a_person_has_exactly_one_line_that_says_what_becomes_of_it() -> None:
    pointing = {
        (table.name, key.parent.name)
        for table in models.metadata.tables.values()
        for key in table.foreign_keys
        if key.column.table.name == "person"
    }
    said = [(each.table, each.column) for each in HANDLERS if not each.through]
    assert sorted(said) == sorted(set(said)), "a column is dealt with twice"
    assert set(said) == pointing, "add a line to qbank/accounts/personal.py"


def test_every_line_has_a_reason_and_names_what_is_there() -> None:
    titles = [each.title for each in HANDLERS if each.title]
    assert len(titles) == len(set(titles))
    for each in HANDLERS:
        table = models.metadata.tables[each.table]
        assert each.why.endswith(".")
        assert each.column in table.c
        assert {name for name, _value in each.blank} <= set(table.c.keys())
        assert bool(each.blank) == (each.fate is Fate.BLANK)


def test_nothing_that_stays_points_to_what_is_deleted() -> None:
    deleted = {each.table for each in HANDLERS if each.fate is Fate.DELETE}
    for table in models.metadata.tables.values():
        for key in table.foreign_keys:
            assert key.column.table.name not in deleted or table.name in deleted, (
                f"{table.name}.{key.parent.name} points to rows that a deletion removes: give {table.name} a line"
            )


@pytest.fixture
def ada(session: Session, settings: Settings) -> Person:
    """A learner with something of everything, and an open block."""
    make.make_items(session, 4, make.make_taxa(session), key=0)
    person = make.make_person(session)
    person.name, person.email, person.password_hash = "Ada Lovelace", EMAIL, "hash"
    person.preferences = {"letters": False}
    block = make.start(session, person, settings, 2)
    block.name = "Ada's block"
    make.act(session, person, block, 1, "choose", "A")
    make.act(session, person, block, 1, "choose", "B")
    make.act(session, person, block, 1, "mark")
    make.act(session, person, block, 2, "note", text="My secret note")
    make.act(session, person, block, 2, "choose", "A")
    closing.end_block(session, person, block.token)
    reasons.set_reason(session, person, block.token, 1, "misread")
    reports.report(session, person, block.token, 1, "unclear", "Hard to read.")
    saved_filters.save(session, person, "Mine", Criteria())
    group = groups.create(session, make.make_person(session), "Residents")
    groups.join(session, person, group.join_code)
    signin.start(session, person, days=3, user_agent="Ada's browser")
    audit.record(session, "signed in", person_id=person.id, address="192.0.2.7")
    audit.record(session, "invited", subject=EMAIL)
    session.add(
        Invitation(token_hash="h", email=EMAIL, roles=[], created_at=block.started_at, expires_at=block.started_at)
    )
    tutor = make.start(session, person, settings, 2, feedback=Feedback.TUTOR)
    make.act(session, person, tutor, 1, "submit", "C")
    session.flush()
    return person


def whole(session: Session) -> str:
    """Return everything that the database holds, as text."""
    found = []
    for table in models.metadata.sorted_tables:
        found += [f"{table.name}: {tuple(row)}" for row in session.execute(sa.select(table))]
    return "\n".join(found)


def test_a_deleted_account_leaves_no_name_address_note_or_browser_anywhere(session: Session, ada: Person) -> None:
    told = (EMAIL, "Ada", "secret note", "192.0.2.7", "browser")
    before = whole(session)
    assert all(text in before for text in told)
    my_data.erase(session, ada, ada)
    session.expire_all()
    after = whole(session)
    assert [text for text in told if text in after] == []
    assert ada.state is PersonState.ANONYMISED
    assert (ada.email, ada.password_hash, ada.preferences, ada.roles) == (None, None, {}, frozenset())


def test_answers_scores_and_figures_stay_and_agree_with_the_log(session: Session, ada: Person) -> None:
    counted = {row.version_id: row.n for row in session.scalars(sa.select(ItemCounter))}
    answers = session.scalar(sa.select(sa.func.count()).select_from(Delivery))
    my_data.erase(session, ada, ada)
    session.expire_all()
    assert {row.version_id: row.n for row in session.scalars(sa.select(ItemCounter))} == counted
    assert session.scalar(sa.select(sa.func.count()).select_from(Delivery)) == answers
    assert {row.person_id for row in session.scalars(sa.select(Block))} == {ada.id}
    assert rebuild(session, check=True) == []


def test_what_served_the_person_alone_is_gone(session: Session, ada: Person) -> None:
    my_data.erase(session, ada, ada)
    for model in (SignIn, Mark, Note, ReviewCard, ReviewLog):
        assert session.scalars(sa.select(model)).all() == [], model
    assert ada.id not in set(session.scalars(sa.select(GroupMember.person_id)))
    notes = session.scalars(sa.select(DeliveryEvent).where(DeliveryEvent.kind == EventKind.NOTE)).all()
    assert [event.payload for event in notes] == [{}]


def test_blocks_under_way_end_as_abandoned(session: Session, ada: Person) -> None:
    my_data.erase(session, ada, ada)
    session.expire_all()
    ended = list(session.scalars(sa.select(Block.ended_reason).order_by(Block.id)))
    assert ended == [EndedReason.LEARNER, EndedReason.ABANDONED]


def test_the_only_administrator_stays_and_one_of_two_may_go(session: Session) -> None:
    from qbank.accounts.models import PersonRole

    one, two = make.make_person(session), make.make_person(session)
    for person in (one, two):
        person.role_rows.append(PersonRole(role=Role.ADMINISTRATOR, granted_at=person.created_at))
    session.flush()
    my_data.erase(session, one, one)
    with pytest.raises(ConflictError, match="only administrator"):
        my_data.erase(session, two, two)
    assert two.state is PersonState.ACTIVE


def test_an_account_is_deleted_once_and_the_log_says_by_whom(session: Session, ada: Person) -> None:
    administrator = make.make_person(session)
    my_data.erase(session, administrator, ada)
    line = session.scalars(sa.select(AuditEvent).where(AuditEvent.action == "account deleted")).one()
    assert (line.person_id, line.subject, line.detail) == (administrator.id, f"person {ada.id}", {"how": "on request"})
    with pytest.raises(ConflictError, match="deleted already"):
        my_data.erase(session, administrator, ada)


def test_an_authors_items_keep_an_owner_without_a_name(session: Session) -> None:
    author = make.make_person(session)
    (item_id,) = make.make_items(session, 1, make.make_taxa(session))
    session.get_one(Item, item_id).owner_id = author.id
    session.flush()
    my_data.erase(session, author, author)
    session.expire_all()
    owner = session.get_one(Person, session.get_one(Item, item_id).owner_id)
    assert owner.name == my_data.NOBODY


@pytest.fixture
def kept(session: Session, ada: Person, sessions: sessionmaker[Session]) -> tuple[sessionmaker[Session], int]:
    """Ada's rows, committed, so that the files' own sessions see them."""
    session.commit()
    return sessions, ada.id


def test_the_history_has_a_row_for_every_closed_delivery_and_none_that_is_still_open(
    kept: tuple[sessionmaker[Session], int],
) -> None:
    rows = json.loads("".join(my_data_export.history_json(*kept)))
    assert [(row["position"], row["feedback"]) for row in rows] == [(1, "exam"), (2, "exam"), (1, "tutor")]
    first = rows[0]
    assert sorted(first["option_order"]) == list("ABCD")
    shown = first["option_order"]
    assert (first["first_choice"], first["final_choice"], first["changes"]) == (shown[0], shown[1], 1)
    assert first["correct"] is (first["final_choice"] == "A")
    assert (first["marked"], rows[1]["marked"]) == (True, False)
    assert (first["reason"], rows[1]["reason"]) == ("misread", None)
    assert (first["version"], first["pretest"], first["annulled"]) == (1, False, False)


def test_csv_and_json_say_the_same_and_a_formula_in_a_name_is_defused(
    kept: tuple[sessionmaker[Session], int], sessions: sessionmaker[Session]
) -> None:
    with sessions() as session:
        begin_write(session)
        session.execute(sa.update(Block).values(name="=1+1"))
        session.commit()
    table = list(csv.DictReader(io.StringIO("".join(my_data_export.history_csv(*kept)))))
    rows = json.loads("".join(my_data_export.history_json(*kept)))
    assert list(table[0]) == list(rows[0])
    assert table[0]["block_name"].startswith("'=")
    for line, row in zip(table, rows, strict=True):
        for name in ("item", "option_order", "final_choice", "outcome"):
            assert line[name] == (row[name] or "")
        assert line["correct"] == {True: "yes", False: "no", None: ""}[row["correct"]]


def test_everything_else_is_in_the_other_file_without_secrets_or_other_peoples_rows(
    kept: tuple[sessionmaker[Session], int],
) -> None:
    text = "".join(my_data_export.rest_json(*kept))
    found = json.loads(text)
    assert found["person"]["email"] == EMAIL
    assert [note["text"] for note in found["notes"]] == ["My secret note"]
    assert [row["item"] for row in found["marks"]] == [row["item"] for row in found["marks"] if row["item"]]
    assert [row["name"] for row in found["saved_filters"]] == ["Mine"]
    assert [row["text"] for row in found["reports"]] == ["Hard to read."]
    assert len(found["group_memberships"]) == 1
    assert "_hash" not in text
    assert '"seed"' not in text
    assert set(found) == {"person", *(each.title for each in HANDLERS if each.title)}


def test_a_long_history_comes_in_batches_and_whole(
    session: Session, settings: Settings, sessions: sessionmaker[Session], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(my_data_export, "BATCH", 3)
    make.make_items(session, 8, make.make_taxa(session))
    person = make.make_person(session)
    block = make.start(session, person, settings, 8)
    closing.end_block(session, person, block.token)
    session.commit()
    rows = list(my_data_export.deliveries(sessions, person.id))
    assert [row["position"] for row in rows] == list(range(1, 9))
    assert all(a["delivery"] < b["delivery"] for a, b in pairwise(rows))


def test_what_is_held_is_counted_in_one_query(
    session: Session, ada: Person, queries: Callable[[], AbstractContextManager[list[str]]]
) -> None:
    with queries() as seen:
        held = {(each.handler.table, each.rows) for each in my_data.holdings(session, ada.id)}
    assert len(seen) == 1
    assert held >= {("block", 2), ("note", 1), ("mark", 1), ("problem_report", 1)}
    assert not {table for table, _rows in held} & {"article", "item"}
