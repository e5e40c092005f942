"""The pages of an item's life: review, steps, what changed, who gets in."""

from __future__ import annotations

import re

import pytest

from qbank.items.models import Item, ItemState
from tests.conftest_web import Visitor
from tests.conftest_web import check_page as check
from tests.items.bank import Bank, app, bank, client, eve, sign_in, write

__all__ = ["app", "bank", "client", "eve", "sign_in", "write"]


def test_its_author_cannot_approve_an_item_and_another_can(bank: Bank, eve: Visitor) -> None:
    address = bank.new(eve)
    bank.step(eve, address, "in_review")
    check(eve.html)
    assert "You wrote it" in eve.get("/items/review")
    html = bank.vote(eve, address, "approve")
    assert eve.status == 409
    check(html)
    assert "somebody else has to approve" in html
    ian = bank.visitor("ian")
    queue = ian.get("/items/review")
    check(queue)
    assert "You may approve" in queue
    html = bank.vote(ian, address, "approve", comment="Good <b>item</b>")
    check(html)
    assert "The item is approved" in html
    assert "Good &lt;b&gt;item" in html


def test_to_advise_or_to_reject_needs_a_comment_and_a_rejection_returns_the_item(bank: Bank, eve: Visitor) -> None:
    address = bank.new(eve)
    bank.step(eve, address, "in_review")
    ian = bank.visitor("ian")
    for word in ("advise", "reject"):
        html = bank.vote(ian, address, word, comment=" ")
        assert ian.status == 422
        check(html)
        assert "A comment is needed" in html
    bank.vote(ian, address, "advise", comment="Shorten the stem.")
    assert bank.newest(address).state is ItemState.IN_REVIEW
    bank.vote(ian, address, "reject", comment="Two keys.")
    assert bank.newest(address).state is ItemState.DRAFT
    assert "Two keys." in eve.get(address)


def test_a_comment_comes_back_when_the_version_has_moved_on(bank: Bank, eve: Visitor) -> None:
    address = bank.new(eve)
    bank.step(eve, address, "in_review")
    old = bank.newest(address).id
    eve.get(f"{address}/edit")
    eve.post(f"{address}/edit", **bank.fields(base_version=old, stem="Another stem."))
    bank.step(eve, address, "in_review")
    ian = bank.visitor("ian")
    html = bank.vote(ian, address, "advise", version=old, comment="A long thought.")
    assert ian.status == 409
    check(html)
    assert "newer version" in html
    assert "A long thought." in html


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"to": "live"}, 409),
        ({"to": "nonsense"}, 422),
        ({"to": "rejected"}, 422),
        ({"to": "in_review", "version": "9" * 30}, 422),
        ({"to": "in_review", "version": ""}, 422),
        ({"to": "in_review", "version": "77"}, 404),
        ({"to": "in_review", "comment": "x" * 5001}, 422),
    ],
)
def test_a_step_that_is_not_allowed_is_refused_with_a_page(
    bank: Bank, eve: Visitor, fields: dict[str, object], status: int
) -> None:
    address = bank.new(eve)
    html = bank.step(eve, address, **fields)  # type: ignore[arg-type]
    assert eve.status == status
    check(html)
    assert bank.newest(address).state is ItemState.DRAFT


def test_what_changed_shows_each_changed_field_and_names_the_rest(bank: Bank, eve: Visitor) -> None:
    address = bank.new(eve)
    eve.get(f"{address}/edit")
    eve.post(f"{address}/edit", **bank.fields(base_version=bank.newest(address).id, key="0", stem="A 58-year-old man."))
    html = eve.get(f"{address}/compare/1/2")
    check(html)
    assert "The key changed" in html
    assert re.search(r"<ins>[^<]*man", html)
    assert "Unchanged: Lead-in" in html
    assert "Eve" in html


def test_a_student_compares_only_published_versions_after_a_block_of_theirs(bank: Bank, eve: Visitor) -> None:
    address = bank.new(eve)
    bank.to_live(address)
    ada = bank.visitor("ada")
    ada.get(f"{address}/compare/1/1")
    assert ada.status == 404


def test_a_student_gets_no_staff_page(bank: Bank, eve: Visitor) -> None:
    address = bank.new(eve)
    ada = bank.visitor("ada")
    for path in ("/items", "/items/new", "/items/review", address, f"{address}/edit", f"{address}/versions/1"):
        ada.get(path)
        assert ada.status == 403, path
    for path in (f"{address}/state", f"{address}/vote", "/items/new", "/items/check.json"):
        ada.get("/account")
        ada.post(path, stem="x", to="in_review", version="1")
        assert ada.status == 403, path
    assert bank.count(Item) == 1
