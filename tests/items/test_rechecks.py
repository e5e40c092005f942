"""When the source changes the item is flagged: at a new revision, at a retraction, and until somebody looked."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
import sqlalchemy as sa

from qbank.accounts.models import AuditEvent, Person
from qbank.articles import service as articles
from qbank.articles.models import ArticleRevision
from qbank.db.models import metadata
from qbank.errors import ConflictError, InvalidError, NotFoundError
from qbank.items import rechecks
from qbank.items.check_models import CheckKind, CheckNeeded
from qbank.items.models import ItemState
from qbank.items.references import Reference
from tests.conftest_web import Visitor
from tests.conftest_web import check_page as check
from tests.items.bank import ARTICLE, Bank, app, bank, client, eve, sign_in, write

__all__ = ["app", "bank", "client", "eve", "sign_in", "write"]

Queries = Callable[[], AbstractContextManager[list[str]]]
CHANGED = ARTICLE.replace("suppresses RANKL", "strongly suppresses RANKL")
AGAIN = ARTICLE.replace("suppresses RANKL", "weakly suppresses RANKL")
DROPPED = ARTICLE.replace("- Estrogen suppresses RANKL [1]\n", "")
OTHER = ARTICLE.replace("Calcium is a mineral", "Calcium is an element")


def load(bank: Bank, text: str) -> int:
    """Load a revision and return how many flags it raised."""
    with bank.write() as session:
        return articles.load_text(session, None, text, slug=bank.slug).flagged


def flags(bank: Bank, *, open_only: bool = True) -> list[CheckNeeded]:
    with bank.write() as session:
        query = sa.select(CheckNeeded).order_by(CheckNeeded.id)
        return list(session.scalars(query.where(CheckNeeded.cleared_at.is_(None)) if open_only else query))


def number(address: str) -> int:
    return int(address.rsplit("/", 1)[1])


def test_a_changed_statement_flags_the_item_and_leaves_its_state_alone(bank: Bank, eve: Visitor) -> None:
    address = bank.new(eve)
    bank.to_live(address)
    assert load(bank, CHANGED) == 1
    (flag,) = flags(bank)
    assert (flag.kind, flag.item_id, flag.statement_id) == (CheckKind.CHANGED, number(address), bank.statements[0])
    assert flag.new_statement_id not in (None, *bank.statements)
    assert bank.newest(address).state is ItemState.LIVE


def test_a_dropped_statement_flags_the_item_and_has_nothing_in_its_place(bank: Bank, eve: Visitor) -> None:
    bank.new(eve)
    assert load(bank, DROPPED) == 1
    (flag,) = flags(bank)
    assert (flag.kind, flag.statement_id, flag.new_statement_id) == (CheckKind.DROPPED, bank.statements[0], None)


def test_a_change_elsewhere_in_the_article_flags_nothing(bank: Bank, eve: Visitor) -> None:
    bank.new(eve)
    assert load(bank, OTHER) == 0
    assert load(bank, ARTICLE.replace("Estrogen suppresses", "estrogen  suppresses")) == 0
    assert flags(bank, open_only=False) == []


def test_the_same_text_again_raises_nothing_and_changes_no_table(bank: Bank, eve: Visitor) -> None:
    bank.new(eve)
    load(bank, CHANGED)

    def rows() -> dict[str, int | None]:
        with bank.write() as session:
            count = sa.select(sa.func.count())
            return {table.name: session.scalar(count.select_from(table)) for table in metadata.sorted_tables}

    before = rows()
    assert load(bank, CHANGED) == 0
    assert rows() == before


def test_a_statement_that_only_a_rationale_rests_on_counts_too(bank: Bank, eve: Visitor) -> None:
    bank.new(eve, statements=bank.statements[1])  # the rationales name s01
    assert load(bank, CHANGED) == 1


@pytest.mark.parametrize("end", ["rejected", "retired"])
def test_an_item_that_is_rejected_or_retired_is_not_flagged(bank: Bank, eve: Visitor, end: str) -> None:
    address = bank.new(eve)
    if end == "retired":
        bank.to_live(address)
    bank.step(eve, address, end, comment="No use.")
    assert bank.newest(address).state == end
    assert load(bank, CHANGED) == 0


def test_a_rejected_item_that_is_taken_back_learns_what_it_missed(bank: Bank, eve: Visitor) -> None:
    address = bank.new(eve)
    bank.step(eve, address, "rejected", comment="No use.")
    assert load(bank, CHANGED) == 0
    bank.step(eve, address, "draft")
    assert [flag.kind for flag in flags(bank)] == [CheckKind.CHANGED]


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "changed", "new_statement_id": None},
        {"kind": "dropped"},
        {"kind": "retracted"},
        {"cleared_by_id": 1},
    ],
)
def test_the_database_refuses_a_flag_that_says_two_things(bank: Bank, eve: Visitor, wrong: dict[str, object]) -> None:
    bank.new(eve)
    load(bank, CHANGED)
    with bank.write() as session:
        row = dict(session.execute(sa.select(CheckNeeded.__table__)).mappings().one())
        del row["id"]
        with pytest.raises(sa.exc.IntegrityError), session.begin_nested():
            session.execute(sa.insert(CheckNeeded).values(**(row | wrong)))


def test_an_item_retired_after_the_change_leaves_the_list_and_the_count(bank: Bank, eve: Visitor) -> None:
    address = bank.new(eve)
    bank.to_live(address)
    load(bank, CHANGED)
    assert 'class="card__title" id="check-' in eve.get("/items/check-needed")
    bank.step(eve, address, "retired")
    assert "Nothing to check" in eve.get("/items/check-needed")


def test_one_flag_stands_for_a_draft_and_the_published_version_beside_it(bank: Bank, eve: Visitor) -> None:
    address = bank.new(eve)
    bank.to_live(address)
    eve.get(f"{address}/edit")
    base = bank.newest(address).id
    eve.post(f"{address}/edit", **bank.fields(base_version=base, stem="Another stem"))
    assert load(bank, CHANGED) == 1
    assert flags(bank)[0].version_id == bank.newest(address).id


def test_a_second_change_takes_the_place_of_the_first_and_the_old_words_settle_it(bank: Bank, eve: Visitor) -> None:
    bank.new(eve)
    assert [load(bank, CHANGED), load(bank, CHANGED + "\n"), load(bank, AGAIN)] == [1, 0, 1]
    assert len(flags(bank)) == 1
    assert load(bank, ARTICLE) == 0
    assert flags(bank) == []
    assert "reads again as it did" in flags(bank, open_only=False)[-1].comment
    assert load(bank, AGAIN) == 1


def test_what_a_person_cleared_is_not_raised_again_until_the_words_change_again(bank: Bank, eve: Visitor) -> None:
    address = bank.new(eve)
    load(bank, CHANGED)
    (flag,) = flags(bank)
    with bank.write() as session:
        rechecks.clear(session, session.get_one(Person, bank.people["ian"]), number(address), flag.id, " Holds. ")
    assert load(bank, CHANGED + "\n") == 0
    assert load(bank, AGAIN) == 1
    cleared = flags(bank, open_only=False)[0]
    assert (cleared.comment, cleared.cleared_by_id) == ("Holds.", bank.people["ian"])
    with bank.write() as session:
        assert session.scalar(sa.select(sa.func.count()).where(AuditEvent.action == "check cleared")) == 1


@pytest.mark.parametrize(
    ("comment", "error"), [("  ", InvalidError), ("x" * 2001, InvalidError), ("Holds.", NotFoundError)]
)
def test_a_flag_is_not_cleared_without_a_comment_or_through_another_item(
    bank: Bank, eve: Visitor, comment: str, error: type[Exception]
) -> None:
    address = bank.new(eve)
    load(bank, CHANGED)
    (flag,) = flags(bank)
    item_id = number(address) + (1 if error is NotFoundError else 0)
    with bank.write() as session, pytest.raises(error):
        rechecks.clear(session, session.get_one(Person, bank.people["eve"]), item_id, flag.id, comment)
    assert len(flags(bank)) == 1


def test_a_flag_is_cleared_once(bank: Bank, eve: Visitor) -> None:
    address = bank.new(eve)
    load(bank, CHANGED)
    (flag,) = flags(bank)
    with bank.write() as session:
        rechecks.clear(session, session.get_one(Person, bank.people["eve"]), number(address), flag.id, "Holds.")
    with bank.write() as session, pytest.raises(ConflictError):
        rechecks.clear(session, session.get_one(Person, bank.people["ian"]), number(address), flag.id, "Too.")


def test_a_version_that_rests_on_the_new_statement_clears_the_flag_and_another_edit_does_not(
    bank: Bank, eve: Visitor
) -> None:
    address = bank.new(eve)
    load(bank, CHANGED)
    (flag,) = flags(bank)
    eve.get(f"{address}/edit")
    eve.post(f"{address}/edit", **bank.fields(base_version=bank.newest(address).id, stem="Another stem"))
    assert len(flags(bank)) == 1
    eve.get(f"{address}/edit")
    eve.post(f"{address}/edit", **bank.fields(base_version=bank.newest(address).id, statements=flag.new_statement_id))
    assert eve.status == 200
    assert flags(bank) == []
    done = flags(bank, open_only=False)[0]
    assert (done.comment, done.cleared_by_id) == ("Version 3 was saved.", bank.people["eve"])


def test_a_version_that_no_longer_rests_on_a_dropped_statement_clears_the_flag(bank: Bank, eve: Visitor) -> None:
    address = bank.new(eve)
    load(bank, DROPPED)
    fields = bank.fields(base_version=bank.newest(address).id, statements=[])
    fields |= {f"options-{place}-rationale": "Because." for place in range(3)}
    eve.get(f"{address}/edit")
    eve.post(f"{address}/edit", **fields)
    assert flags(bank) == []


def test_a_retraction_flags_every_item_that_names_the_reference_once(bank: Bank, eve: Visitor) -> None:
    first, second = bank.new(eve), bank.new(eve, stem="Another stem")
    bank.new(eve, stem="A third", references=[])
    page = f"/articles/{bank.slug}"
    eve.get(page)
    html = eve.post(f"{page}/references/{bank.reference}/retract", retracted="y")
    check(html)
    assert "Items flagged for a check: 2" in html
    assert "Take the retraction back" in html
    assert {flag.item_id for flag in flags(bank)} == {number(first), number(second)}
    eve.post(f"{page}/references/{bank.reference}/retract", retracted="y")
    assert len(flags(bank, open_only=False)) == 2
    html = eve.get(first)
    check(html)
    assert "A reference was retracted." in html
    eve.get(page)
    eve.post(f"{page}/references/{bank.reference}/retract", retracted="")
    assert flags(bank) == []
    with bank.write() as session:
        assert session.get_one(Reference, bank.reference).retracted_at is None


def test_a_version_without_the_retracted_reference_clears_the_flag(bank: Bank, eve: Visitor) -> None:
    address = bank.new(eve)
    with bank.write() as session:
        actor = session.get_one(Person, bank.people["ian"])
        assert rechecks.retract(session, actor, bank.reference, retracted=True) == 1
    eve.get(f"{address}/edit")
    eve.post(f"{address}/edit", **bank.fields(base_version=bank.newest(address).id, references=[]))
    assert flags(bank) == []


def test_a_reference_of_another_article_and_a_learner_retract_nothing(bank: Bank, eve: Visitor) -> None:
    eve.get(f"/articles/{bank.slug}")
    eve.post(f"/articles/{bank.slug}/references/{bank.reference + 1}/retract", retracted="y")
    assert eve.status == 404
    ada = bank.visitor("ada")
    html = ada.get(f"/articles/{bank.slug}")
    assert "Mark as retracted" not in html
    token = {"csrf_token": "x"}
    answer = ada.client.post(f"/articles/{bank.slug}/references/{bank.reference}/retract", data=token)
    assert answer.status_code in (400, 403)


def test_the_list_the_item_and_the_front_page_show_the_difference_and_the_comment(bank: Bank, eve: Visitor) -> None:
    address = bank.new(eve)
    load(bank, CHANGED)
    ian = bank.visitor("ian")
    html = ian.get("/items/check-needed")
    check(html)
    assert "<ins>strongly </ins>" in html
    assert "Nothing to check" in ian.get("/items/check-needed", mine="1")
    assert "<ins>strongly </ins>" in eve.get("/items/check-needed", mine="1")
    front = ian.get("/")
    check(front)
    assert 'href="/items/check-needed">Check needed</a></h3><span class="tally__n">1<' in front
    html = eve.get(address)
    check(html)
    assert "The article changed the statement" in html
    html = eve.post(f"{address}/checks/{flags(bank)[0].id}/clear", comment=" ")
    assert eve.status == 422
    check(html)
    eve.get("/items/check-needed")
    html = eve.post(f"{address}/checks/{flags(bank)[0].id}/clear", comment="It holds <b>all the same</b>.", back="list")
    assert eve.path == "/items/check-needed"
    assert "Nothing to check" in html
    html = eve.get(address)
    check(html)
    assert "It holds &lt;b&gt;all the same&lt;/b&gt;." in html
    assert "The item holds: clear the check" not in html


def test_the_list_takes_the_same_number_of_queries_whatever_it_shows(
    bank: Bank, eve: Visitor, queries: Queries
) -> None:
    counts = []
    for round_ in range(2):
        for place in range(1 + 3 * round_):
            bank.new(eve, stem=f"Stem {round_} {place}")
        load(bank, CHANGED if round_ == 0 else AGAIN)
        eve.get("/items/check-needed")
        with queries() as seen:
            eve.get("/items/check-needed")
        counts.append(len(seen))
    assert counts[0] == counts[1]
    assert len(flags(bank)) > 1


def test_a_new_revision_takes_the_same_number_of_reads_whatever_rests_on_it(
    bank: Bank, eve: Visitor, queries: Queries
) -> None:
    bank.new(eve)
    load(bank, CHANGED)
    counts = []
    for extra, text in ((0, AGAIN), (4, CHANGED)):
        for place in range(extra):
            bank.new(eve, stem=f"Stem {place}")
        with bank.write() as session:
            loaded = articles.load_text(session, None, text + "\n", slug=bank.slug)
            revision = session.get_one(ArticleRevision, loaded.revision.id)
            with queries() as seen:
                rechecks.raise_for_revision(session, revision)
            counts.append(sum(1 for sql in seen if sql.lstrip().upper().startswith("SELECT")))
    assert counts[0] == counts[1]
