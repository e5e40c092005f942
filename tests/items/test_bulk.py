"""One step with many items: what moves and what is refused is said first, and each item is judged on its own."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
import sqlalchemy as sa

from qbank.accounts.models import AuditEvent, Person
from qbank.errors import ConflictError
from qbank.items import bulk, lifecycle, store
from qbank.items.content import VersionContent
from qbank.items.models import Item, ItemState, Origin, PoolEntry
from qbank.items.queries import ItemFilter
from qbank.statistics.models import ItemCounter
from tests.conftest_web import Visitor, check_page
from tests.items.bank import Bank, app, bank, client, eve, sign_in, write
from tests.items.test_lifecycle import author, reviewer, whole

__all__ = ["app", "author", "bank", "client", "eve", "reviewer", "sign_in", "whole", "write"]
S = ItemState


def made(session, author: Person, content, name: str) -> store.Saved:
    return store.create_item(session, author, content, external_id=name, origin=Origin.WRITTEN)


def both(saved: store.Saved) -> tuple[int, int]:
    return saved.item.id, saved.version.id


def test_what_would_move_and_what_is_refused_is_said_and_nothing_is_changed(session, author, whole, settings) -> None:
    fine = made(session, author, whole, "fine")
    bare = made(session, author, replace(whole, reference_ids=(), system_id=None), "bare")
    plan = bulk.plan(session, author, dict([both(fine), both(bare)]), S.IN_REVIEW, "", settings)
    assert [line.item.id for line in plan.moving] == [fine.item.id]
    ((refused),) = plan.refused
    assert refused.item.id == bare.item.id
    assert "at least one reference; one system" in refused.reason  # all that it lacks, at once
    assert {fine.version.state, bare.version.state} == {S.DRAFT}


def test_each_item_moves_on_its_own_and_the_refused_ones_stay(session, author, whole, settings) -> None:
    fine, bare, newer = (
        made(session, author, content, name)
        for content, name in ((whole, "fine"), (replace(whole, task_id=None), "bare"), (whole, "newer"))
    )
    store.save_version(session, author, newer.item.id, replace(whole, stem="Else?"), base_version_id=None)
    chosen = dict([both(fine), both(bare), both(newer)])
    done = bulk.carry_out(session, author, chosen, S.IN_REVIEW, "", settings)
    assert [line.item.id for line in done.moving] == [fine.item.id]
    reasons = {line.item.external_id: line.reason for line in done.refused}
    assert "one task" in reasons["bare"]
    assert "newer version" in reasons["newer"]
    assert (fine.version.state, bare.version.state) == (S.IN_REVIEW, S.DRAFT)
    event = session.scalars(sa.select(AuditEvent).where(AuditEvent.action == "items moved together")).one()
    assert event.detail["items"] == [fine.item.id]
    assert set(event.detail["refused"]) == {bare.item.id, newer.item.id}


def test_approving_is_the_persons_vote_and_keeps_four_eyes(session, author, reviewer, whole, settings) -> None:
    own, other = made(session, reviewer, whole, "own"), made(session, author, whole, "other")
    chosen = dict([both(own), both(other)])
    bulk.carry_out(session, author, chosen, S.IN_REVIEW, "", settings)
    plan = bulk.plan(session, reviewer, chosen, S.APPROVED, "", settings)
    assert [line.item.external_id for line in plan.refused] == ["own"]
    assert "somebody else" in plan.refused[0].reason
    done = bulk.carry_out(session, reviewer, chosen, S.APPROVED, "", settings)
    assert [line.item.external_id for line in done.moving] == ["other"]
    assert (own.version.state, other.version.state) == (S.IN_REVIEW, S.APPROVED)
    two = settings.model_copy(update={"approvals_needed": 2})
    done = bulk.carry_out(session, author, {own.item.id: own.version.id}, S.APPROVED, "", two)
    assert "more approvals" in done.moving[0].outcome
    assert own.version.state is S.IN_REVIEW


def test_suspending_asks_for_a_comment_and_takes_all_out_of_the_pool(session, author, whole, settings) -> None:
    alone = settings.model_copy(update={"approvals_needed": 0})
    items = [made(session, author, replace(whole, stem=f"Item {n}?"), f"i{n}") for n in range(3)]
    chosen = dict(both(each) for each in items)
    for to in (S.IN_REVIEW, S.APPROVED, S.LIVE):
        assert len(bulk.carry_out(session, author, chosen, to, "", alone).moving) == 3
    assert session.scalar(sa.select(sa.func.count()).select_from(PoolEntry)) == 3
    plan = bulk.plan(session, author, chosen, S.SUSPENDED, "", alone)
    assert plan.moving == []
    assert "comment" in plan.refused[0].reason
    bulk.carry_out(session, author, chosen, S.SUSPENDED, "The guideline changed.", alone)
    assert session.scalar(sa.select(sa.func.count()).select_from(PoolEntry)) == 0


def test_all_that_match_a_filter_are_at_most_five_hundred(session, author, whole, monkeypatch) -> None:
    monkeypatch.setattr(bulk, "MAX_ITEMS", 2)
    for n in range(3):
        made(session, author, replace(whole, stem=f"Item {n}?"), f"i{n}")
    chosen, total = bulk.choose_matching(session, ItemFilter(state=S.DRAFT))
    assert (len(chosen), total) == (2, 3)
    assert bulk.choose(session, [*chosen, 10**9]) == chosen


@pytest.mark.parametrize("met", [0, 49, 50])
def test_a_pretest_item_goes_live_from_fifty_first_answers_on(session, author, whole, settings, met: int) -> None:
    saved = made(session, author, whole, "pretested")
    store.note_change(session, author, saved.version, S.PRETEST)
    lifecycle.publish(session, author, saved.item, saved.version)
    session.flush()
    if met:
        columns = {column.name: 0 for column in ItemCounter.__table__.columns if not column.nullable}
        counted = columns | {"version_id": saved.version.id, "n": met}
        session.execute(sa.insert(ItemCounter).values(**counted))
    step = (session, author, *both(saved), S.LIVE, settings)
    if met < 50:
        with pytest.raises(ConflictError, match=f"{met} of 50"):
            lifecycle.change_state(*step)
        assert saved.version.state is S.PRETEST
    else:
        assert lifecycle.change_state(*step).state is S.LIVE


def test_items_are_chosen_on_the_list_confirmed_and_moved(bank: Bank, eve: Visitor) -> None:
    whole_one, bare = bank.new(eve), bank.new(eve, system="", stem="<b>Bare</b>")
    ids = [address.rsplit("/", 1)[1] for address in (whole_one, bare)]
    eve.get("/items")
    check_page(eve.html)
    eve.post("/items/bulk", scope="rows", to="in_review")
    assert (eve.status, "No item was chosen" in eve.html) == (422, True)
    eve.get("/items")
    eve.post("/items/bulk", scope="rows", item=ids[0], to="nonsense")
    assert eve.status == 422
    eve.get("/items")
    eve.post("/items/bulk", scope="page", page=ids, to="in_review", comment="Please.")
    check_page(eve.html)
    assert "Would move: 1" in eve.html
    assert "Refused: 1" in eve.html
    assert "one system" in eve.html
    assert "&lt;b&gt;Bare" in eve.html or "Which of the following" in eve.html
    assert bank.newest(whole_one).state is S.DRAFT
    chosen = re.findall(r'name="chosen" value="([0-9:]+)"', eve.html)
    assert [pair.split(":")[0] for pair in chosen] == [ids[0]]
    eve.post("/items/bulk/do", chosen=chosen, to="in_review", comment="Please.")
    check_page(eve.html)
    assert "Moved: 1" in eve.html
    assert bank.newest(whole_one).state is S.IN_REVIEW
    eve.get("/items")
    eve.post("/items/bulk", scope="all", state="draft", to="retired")
    assert "cannot become retired" in eve.html


def test_undecided_proposals_have_a_list_of_their_own(bank: Bank, eve: Visitor) -> None:
    bank.new(eve)
    with bank.write() as session:
        content = VersionContent(stem="A proposal?", options=())
        proposal = store.create_item(session, None, content, external_id="proposed-1", origin=Origin.DRAFTED)
        assert session.get_one(Item, proposal.item.id).owner_id is None
    html = eve.get("/items")
    assert "proposed-1" not in html
    assert re.search(r'All <span class="count">1</span>', html)
    assert "proposed-1" in eve.get("/items?state=proposed")
