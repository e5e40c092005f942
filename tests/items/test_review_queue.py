"""The review queue: oldest first, narrowed to what is this person's to judge, by the same rule that lets them vote."""

from __future__ import annotations

from dataclasses import replace

from qbank.items import lifecycle, store
from qbank.items.models import ItemState, Origin, Vote
from qbank.items.review_queries import Part, QueueFilter, waiting
from tests.conftest_web import Visitor, check_page
from tests.items.bank import Bank, app, bank, client, eve, sign_in, write
from tests.items.test_lifecycle import author, reviewer, whole

__all__ = ["app", "author", "bank", "client", "eve", "reviewer", "sign_in", "whole", "write"]


def test_the_queue_narrows_to_what_a_person_may_judge_and_is_oldest_first(
    session, author, reviewer, whole, settings
) -> None:
    own, first, second, voted = (
        store.create_item(session, who, replace(whole, stem=name), external_id=name, origin=Origin.WRITTEN)
        for who, name in ((reviewer, "own"), (author, "first"), (author, "second"), (author, "voted"))
    )
    for each in (second, own, first, voted):
        lifecycle.change_state(session, author, each.item.id, each.version.id, ItemState.IN_REVIEW, settings)
    lifecycle.cast_vote(session, reviewer, voted.item.id, voted.version.id, Vote.ADVISE, "Shorter.", settings)

    def names(part: Part = Part.ANY, **more: object) -> list[str]:
        chosen = QueueFilter(part=part, **more)
        rows, total = waiting(session, reviewer.id, chosen, four_eyes=True, limit=10, offset=0)
        assert total == len(rows)
        for row in rows:
            assert row.wrote is not lifecycle.may_approve(session, reviewer, row.version, settings)
        return [row.item.external_id for row in rows]

    assert names() == ["own", "first", "second", "voted"]
    assert names(Part.MINE) == ["first", "second"]
    assert names(Part.WRITTEN) == ["own"]
    assert names(system_id=whole.system_id + 99) == []
    alone, _total = waiting(session, reviewer.id, QueueFilter(Part.MINE), four_eyes=False, limit=10, offset=0)
    assert [row.item.external_id for row in alone] == ["own", "first", "second"]


def test_the_queue_asks_a_fixed_number_of_queries_and_says_each_persons_part(bank: Bank, eve: Visitor, queries) -> None:
    bank.step(eve, bank.new(eve), "in_review")

    def asked() -> int:
        with queries() as seen:
            eve.get("/items/review")
        return len(seen)

    first = asked()
    check_page(eve.html)
    assert "You wrote it: advise only" in eve.html
    for _ in range(3):
        bank.step(eve, bank.new(eve), "in_review")
    assert asked() == first
    ian = bank.visitor("ian")
    assert "You may approve" in ian.get("/items/review?part=mine")
    assert "Nothing matches" in ian.get("/items/review?part=written")
