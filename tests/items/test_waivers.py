"""Dismissing a flaw warning with a reason: who sees it, what it outlives, and how it is taken back."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import sqlalchemy as sa

from qbank.accounts.models import AuditEvent, Person
from qbank.articles import drafts
from qbank.articles import service as articles
from qbank.errors import ConflictError, InvalidError, NotFoundError
from qbank.items import records, store, waivers
from qbank.items.checks import findings
from qbank.items.models import FlawWaiver, Item
from tests.conftest_web import Visitor
from tests.conftest_web import check_page as check
from tests.items.bank import Bank, app, bank, client, eve, sign_in, write

__all__ = ["app", "bank", "client", "eve", "sign_in", "write"]

REAL = Path(__file__).parents[1] / "articles" / "fixtures" / "postmenopausal-bone-resorption.txt"
NEGATIVE = "Which of the following is not a cause?"
PLACE = {"code": "negative_lead_in", "field": "lead_in"}


def flawed(bank: Bank, visitor: Visitor) -> str:
    """Write an item whose lead-in the checks warn of."""
    return bank.new(visitor, lead_in=NEGATIVE)


def edit(bank: Bank, visitor: Visitor, address: str, **more: object) -> None:
    base = bank.newest(address).id
    visitor.get(f"{address}/edit")
    visitor.post(f"{address}/edit", **bank.fields(base_version=base, **({"lead_in": NEGATIVE} | more)))
    assert visitor.status == 200


def dismissed(html: str) -> str:
    """The part of the page that lists what was dismissed; "" where there is none."""
    return (
        html.split('<ul class="findings findings--dismissed">', 1)[-1].split("</ul>")[0]
        if "--dismissed" in html
        else ""
    )


def test_a_warning_is_dismissed_with_a_reason_that_reviewers_see(bank: Bank, eve: Visitor) -> None:
    address = flawed(bank, eve)
    assert 'value="negative_lead_in"' in eve.html
    html = eve.post(f"{address}/waivers", reason="The exception <i>is</i> the point.", **PLACE)
    assert (eve.status, eve.path) == (200, address)
    check(html)
    html = bank.visitor("ian").get(address)
    check(html)
    assert "Eve</strong> dismissed it" in dismissed(html)
    assert "The exception &lt;i&gt;is&lt;/i&gt; the point." in dismissed(html)
    assert 'value="negative_lead_in"' not in html
    with bank.write() as session:
        event = session.scalars(sa.select(AuditEvent).where(AuditEvent.action == "flaw dismissed")).one()
        assert event.person_id == bank.people["eve"]


def test_a_dismissal_taken_back_lets_the_warning_stand(bank: Bank, eve: Visitor) -> None:
    address = flawed(bank, eve)
    html = eve.post(f"{address}/waivers", reason="On purpose.", **PLACE)
    (undo,) = re.findall(rf'action="({address}/waivers/\d+/undo)"', html)
    html = eve.post(undo)
    check(html)
    assert dismissed(html) == ""
    assert 'value="negative_lead_in"' in html
    eve.post(undo)
    assert eve.status == 404


def test_dismissing_again_changes_the_reason_and_makes_no_second_row(bank: Bank, eve: Visitor) -> None:
    address = flawed(bank, eve)
    eve.post(f"{address}/waivers", reason="First.", **PLACE)
    html = eve.post(f"{address}/waivers", reason="Second.", **PLACE)
    assert "Second." in dismissed(html)
    assert "First." not in dismissed(html)
    assert bank.count(FlawWaiver) == 1


def test_a_dismissal_outlives_edits_elsewhere_and_ends_when_the_finding_does(bank: Bank, eve: Visitor) -> None:
    address = flawed(bank, eve)
    eve.post(f"{address}/waivers", reason="On purpose.", **PLACE)
    edit(bank, eve, address, stem="A 70-year-old woman has lost bone since her menopause.")
    assert "On purpose." in dismissed(eve.html)
    edit(bank, eve, address, lead_in="Which of the following is the main cause?")
    assert bank.count(FlawWaiver) == 0
    edit(bank, eve, address)
    assert dismissed(eve.html) == ""
    assert 'value="negative_lead_in"' in eve.html


def test_a_reason_given_while_writing_is_kept_with_the_save(bank: Bank, eve: Visitor) -> None:
    name = "dismiss|negative_lead_in|lead_in"
    eve.get("/items/new")
    html = eve.post("/items/new", **bank.fields(lead_in=NEGATIVE, system="99999", **{name: "On purpose."}))
    assert eve.status == 422
    check(html)
    assert 'value="On purpose."' in html
    eve.post("/items/new", **bank.fields(lead_in=NEGATIVE, **{name: "On purpose.", "dismiss|no_such|stem": "x"}))
    address = eve.path
    assert "On purpose." in dismissed(eve.html)
    html = eve.get(f"{address}/edit")
    check(html)
    assert "On purpose." in dismissed(html)
    assert f'name="{name}"' not in html
    token = re.search(r'name="csrf_token" value="([^"]+)"', html)
    assert token
    fields = bank.fields(lead_in=NEGATIVE, csrf_token=token[1], base_version=bank.newest(address).id)
    live = eve.client.post("/items/check.json", data=fields).get_json()
    assert "On purpose." in dismissed(live["findings"])
    assert bank.count(FlawWaiver) == 1


def test_a_warning_is_dismissed_on_the_drafting_desk_and_the_desk_shows_it_again(bank: Bank, eve: Visitor) -> None:
    with bank.write() as session:
        slug = articles.load_text(session, None, REAL.read_text(encoding="utf-8"), slug="real").article.slug
        drafts.draft(session, slug)
        query = sa.select(Item).where(Item.owner_id.is_(None)).order_by(Item.id)
        versions = [store.newest_version(session, item).id for item in session.scalars(query)]
        found = [
            (version.item_id, version.statements[0].statement.key, note)
            for version in records.load_versions(session, versions).values()
            for note in findings(records.to_record(version))
            if note.severity != "error" and note.code != "missing_reference"
        ]
    item_id, at, note = found[0]
    desk = f"/articles/{slug}/desk"
    html = eve.get(desk, at=at)
    check(html)
    action = f"/items/{item_id}/waivers"
    assert f'action="{action}"' in html
    html = eve.post(action, code=note.code, field=note.field, reason="It reads well.", desk=slug, at=at)
    assert eve.path == desk
    check(html)
    assert "It reads well." in dismissed(html)


def test_an_error_has_no_button_and_is_not_dismissed(bank: Bank, eve: Visitor) -> None:
    address = bank.new(eve, key="", lead_in="")
    notes = findings(records.to_record(bank.newest(address)))
    error = next(note for note in notes if note.severity == "error")
    assert f'name="code" value="{error.code}"' not in eve.html
    html = eve.post(f"{address}/waivers", code=error.code, field=error.field, reason="Because.")
    assert eve.status == 422
    assert "An error cannot be dismissed." in html
    assert bank.count(FlawWaiver) == 0


@pytest.mark.parametrize(
    ("code", "reason", "error"),
    [
        ("negative_lead_in", "  ", InvalidError),
        ("negative_lead_in", "x" * 1001, InvalidError),
        ("no_such_check", "Because.", ConflictError),
    ],
)
def test_what_cannot_be_dismissed_says_why(
    bank: Bank, eve: Visitor, code: str, reason: str, error: type[InvalidError | ConflictError]
) -> None:
    address = flawed(bank, eve)
    html = eve.post(f"{address}/waivers", code=code, field="lead_in", reason=reason)
    assert eve.status == error.status
    check(html)
    assert "Not done, and nothing was changed" in html
    assert bank.count(FlawWaiver) == 0


def test_an_item_that_is_not_there_has_nothing_to_dismiss(bank: Bank, eve: Visitor) -> None:
    flawed(bank, eve)
    eve.post("/items/99999/waivers", reason="Because.", **PLACE)
    assert eve.status == 404
    with bank.write() as session, pytest.raises(NotFoundError):
        waivers.undo(session, session.get_one(Person, bank.people["eve"]), 99999, 1)
