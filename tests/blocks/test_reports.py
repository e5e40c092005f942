"""Reports of problems: who may make them, the queue, the outcome that the reporter sees, and the audit log."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session, sessionmaker

from qbank.accounts.models import AuditEvent, Person
from qbank.blocks import closing, report_queries, reports
from qbank.blocks.models import Block
from qbank.db.engine import begin_write
from qbank.errors import ConflictError, InvalidError, NotAllowedError, NotFoundError
from qbank.settings import Settings
from tests.blocks import factories as make
from tests.blocks.test_races import together

pytestmark = pytest.mark.usefixtures("clock")


def ended(session: Session, settings: Settings, count: int = 3, **values: Any) -> tuple[Any, Block]:
    make.make_items(session, count, make.make_taxa(session))
    person = make.make_person(session)
    block = make.start(session, person, settings, count, **values)
    return person, closing.end_block(session, person, block.token)


def test_a_report_comes_into_the_queue_with_the_version_met_and_who_made_it(
    session: Session, settings: Settings
) -> None:
    person, block = ended(session, settings)
    made = reports.report(session, person, block.token, 2, "wrong_key", "  B is right.\r\nSee the guideline.  ")
    [row] = report_queries.staff_page(session, resolved=False, limit=10, offset=0)
    assert (row.report.id, row.report.text, row.reporter) == (made.id, "B is right.\nSee the guideline.", person.name)
    assert (row.item_id, row.number, row.newer) == (make.deliveries(session, block)[1].item_id, 1, None)
    assert report_queries.counts(session) == (1, 0)
    actions = session.scalars(sa.select(AuditEvent.action)).all()
    assert actions.count("problem reported") == 1


def test_a_problem_is_reported_from_an_explanation_that_one_may_see_and_from_no_other(
    session: Session, settings: Settings
) -> None:
    make.make_items(session, 4, make.make_taxa(session))
    person = make.make_person(session)
    block = make.start(session, person, settings, 2, feedback="tutor")
    make.act(session, person, block, 1, "submit", "A")
    assert reports.report(session, person, block.token, 1, "other", "x").id
    with pytest.raises(NotAllowedError):
        reports.report(session, person, block.token, 2, "other", "x")
    with pytest.raises(NotFoundError):
        reports.report(session, make.make_person(session), block.token, 1, "other", "x")
    with pytest.raises(NotFoundError):
        reports.report(session, person, block.token, 3, "other", "x")


@pytest.mark.parametrize(
    ("problem", "text", "field"),
    [("nonsense", "x", "problem"), ("", "x", "problem"), ("other", "  \n ", "text"), ("other", "x" * 2001, "text")],
)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_report_that_says_nothing_or_too_much_is_refused_by_its_field(
    session: Session, settings: Settings, problem: str, text: str, field: str
) -> None:
    person, block = ended(session, settings)
    with pytest.raises(InvalidError) as caught:
        reports.report(session, person, block.token, 1, problem, text)
    assert set(caught.value.problems) == {field}
    assert report_queries.counts(session) == (0, 0)


def test_one_report_of_an_item_is_open_at_a_time_and_one_learner_cannot_flood_the_queue(
    session: Session, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    person, block = ended(session, settings)
    reports.report(session, person, block.token, 1, "other", "x")
    with pytest.raises(ConflictError, match="already"):
        reports.report(session, person, block.token, 1, "unclear", "y")
    monkeypatch.setattr(reports, "MAX_OPEN", 2)
    reports.report(session, person, block.token, 2, "other", "x")
    with pytest.raises(ConflictError, match="still open"):
        reports.report(session, person, block.token, 3, "other", "x")


def test_a_resolution_is_news_to_the_reporter_until_it_is_seen(session: Session, settings: Settings) -> None:
    person, block = ended(session, settings)
    educator = make.make_person(session)
    made = reports.report(session, person, block.token, 1, "outdated", "There is a newer guideline.")
    assert report_queries.count_news(session, person.id) == 0
    reports.resolve(session, educator, made.id, "corrected", "Thank you, it is mended.")
    assert report_queries.count_news(session, person.id) == 1
    assert report_queries.counts(session) == (0, 1)
    [own] = report_queries.own_page(session, person.id, limit=10, offset=0)
    assert (own.report.resolution, own.report.reply, own.token) == (
        "corrected",
        "Thank you, it is mended.",
        block.token,
    )
    reports.mark_seen(session, person)
    assert report_queries.count_news(session, person.id) == 0
    assert report_queries.own_page(session, educator.id, limit=10, offset=0) == []
    [row] = report_queries.staff_page(session, resolved=True, limit=10, offset=0)
    assert (row.resolver, row.reporter) == (educator.name, person.name)
    event = session.scalars(sa.select(AuditEvent).where(AuditEvent.action == "problem resolved")).one()
    assert (event.person_id, event.detail) == (educator.id, {"resolution": "corrected"})


def test_the_first_of_two_resolutions_stands_and_can_be_taken_back(session: Session, settings: Settings) -> None:
    person, block = ended(session, settings)
    one, two = make.make_person(session), make.make_person(session)
    made = reports.report(session, person, block.token, 1, "other", "x")
    with pytest.raises(ConflictError, match="open"):
        reports.reopen(session, one, made.id)
    reports.resolve(session, one, made.id, "no_change", "It stands.")
    with pytest.raises(ConflictError, match="already"):
        reports.resolve(session, two, made.id, "corrected", "Mended.")
    again = reports.reopen(session, two, made.id)
    assert (again.resolution, again.reply, again.resolved_by_id, again.seen_at) == (None, "", None, None)
    reports.resolve(session, two, made.id, "key_changed", "You were right.")
    newer = reports.report(session, person, block.token, 1, "other", "once more")
    with pytest.raises(ConflictError, match="again"):
        reports.reopen(session, one, made.id)
    assert newer.id != made.id


@pytest.mark.parametrize(("resolution", "reply", "field"), [("", "x", "resolution"), ("corrected", " ", "reply")])
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_resolution_needs_an_outcome_and_a_reply(
    session: Session, settings: Settings, resolution: str, reply: str, field: str
) -> None:
    person, block = ended(session, settings)
    made = reports.report(session, person, block.token, 1, "other", "x")
    with pytest.raises(InvalidError) as caught:
        reports.resolve(session, person, made.id, resolution, reply)
    assert set(caught.value.problems) == {field}
    with pytest.raises(NotFoundError):
        reports.resolve(session, person, made.id + 1, "corrected", "x")


def test_the_lists_take_one_query_a_page_however_many_reports_there_are(
    session: Session, settings: Settings, queries: Any
) -> None:
    person, block = ended(session, settings, 6)
    for position in range(1, 7):
        reports.report(session, person, block.token, position, "other", str(position))
    session.expunge_all()
    with queries() as seen:
        rows = report_queries.staff_page(session, resolved=False, limit=4, offset=2)
        own = report_queries.own_page(session, person.id, limit=4, offset=0)
    assert len(seen) == 2
    assert [row.report.text for row in rows] == ["3", "4", "5", "6"]
    assert [row.report.text for row in own] == ["6", "5", "4", "3"]


def test_reports_and_resolutions_that_come_at_once_make_one_of_each(
    sessions: sessionmaker[Session], settings: Settings
) -> None:
    with sessions() as session:
        begin_write(session)
        person, block = ended(session, settings)
        session.commit()
        person_id, token = person.id, block.token

    def make_one(session: Session) -> object:
        return reports.report(session, session.get_one(Person, person_id), token, 1, "other", "x").id

    made = together(sessions, [make_one] * 6)
    [report_id] = [one for one in made if isinstance(one, int)]
    assert sum(isinstance(one, ConflictError) for one in made) == 5

    def resolve_it(session: Session) -> object:
        actor = session.get_one(Person, person_id)
        return reports.resolve(session, actor, report_id, "corrected", "Mended.").id

    done = together(sessions, [resolve_it] * 6)
    assert done.count(report_id) == 1
    assert sum(isinstance(one, ConflictError) for one in done) == 5
    with sessions() as session:
        query = sa.select(sa.func.count()).where(AuditEvent.action == "problem resolved")
        assert session.scalar(query) == 1
