"""The pages of items: the authoring desk, one item, the list."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from qbank.items.models import Item, ItemState, ItemVersion, Vignette, VignetteVersion
from qbank.items.references import Reference
from qbank.items.taxonomy import Dimension
from tests.conftest_web import Visitor
from tests.conftest_web import check_page as check
from tests.items.bank import Bank, app, bank, client, eve, sign_in, write

__all__ = ["app", "bank", "client", "eve", "sign_in", "write"]


def test_an_item_is_written_with_its_key_rationales_evidence_and_classes(bank: Bank, eve: Visitor) -> None:
    address = bank.new(eve)
    check(eve.html)
    version = bank.newest(address)
    assert [option.text for option in version.options] == [
        "Prolactin deficiency", "Estrogen deficiency", "Progesterone deficiency",
    ]  # fmt: skip
    assert [option.is_key for option in version.options] == [False, True, False]
    assert {option.rationale for option in version.options} == {"Because."}
    assert all([row.statement_id for row in option.statements] == bank.statements[:1] for option in version.options)
    assert [row.statement_id for row in version.statements] == bank.statements[:1]
    assert [row.reference_id for row in version.references] == [bank.reference]
    assert version.system_id == bank.taxa[Dimension.SYSTEM]
    assert "Before review it still needs" not in eve.html


def test_a_half_written_item_is_saved_and_lists_all_that_it_lacks(bank: Bank, eve: Visitor) -> None:
    eve.get("/items/new")
    html = eve.post("/items/new", stem="Bone.", difficulty="", **{"options-0-text": "Estrogen"})
    assert eve.status == 200
    check(html)
    missing = html.split("Before review it still needs", 1)[1].split("</ul>", 1)[0]
    for part in (
        "a lead-in", "3 to 5 options", "exactly one key", "a rationale for option A", "at least one reference",
        "one system", "at least one discipline", "one task",
    ):  # fmt: skip
        assert part in missing
    html = bank.step(eve, eve.path, "in_review")
    assert eve.status == 422
    check(html)
    assert "Before review the item still needs: " in html
    assert bank.count(ItemVersion) == 1


def test_without_scripts_the_statements_of_an_article_are_offered_and_nothing_typed_is_lost(
    bank: Bank, eve: Visitor
) -> None:
    eve.get("/items/new")
    html = eve.post("/items/new", article_pick=bank.slug, offer="1", stem="Half a stem", key="2", difficulty="")
    assert eve.status == 200
    check(html)
    assert "Calcium is a mineral" in html
    assert "Half a stem" in html
    assert re.search(r'id="key-2" value="2" checked', html)
    assert bank.count(Item) == 0


def test_options_are_added_one_by_one_up_to_ten_and_not_beyond(bank: Bank, eve: Visitor) -> None:
    eve.get("/items/new")
    fields: dict[str, object] = {f"options-{place}-text": f"Option {place}" for place in range(9)}
    html = eve.post("/items/new", more_options="1", difficulty="", **fields)
    check(html)
    assert 'name="options-9-text"' in html
    assert "One more option" not in html
    fields["options-9-text"] = "Option 9"
    html = eve.post("/items/new", more_options="1", difficulty="", **fields)
    assert eve.status == 200
    assert 'name="options-10-text"' not in html
    assert "Option 9" in html


def test_a_new_reference_is_kept_once_for_the_bank(bank: Bank, eve: Visitor) -> None:
    more = {"new_reference-title": "A new book", "new_reference-year": "2020", "references": []}
    first = bank.new(eve, **more)
    second = bank.new(eve, **(more | {"stem": "Another stem"}))
    assert [row.reference_id for row in bank.newest(first).references] == [
        row.reference_id for row in bank.newest(second).references
    ]
    assert bank.count(Reference) == 2


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # nothing of it reaches the database
@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("new_reference-doi", "not a doi", "A DOI looks like"),
        ("new_reference-pmid", "PMID 5", "A PMID is a number"),
        ("new_reference-year", "20", "between 1500 and 2100"),
        ("new_reference-url", "javascript:alert(1)", "Invalid input"),
        ("system", "99999", "Not a valid choice"),
        ("disciplines", "99999", "not a valid choice"),
        ("stem", "x" * 50_001, "50000"),
        ("options-0-text", "x" * 2001, "2000"),
        ("lead_in", "x" * 2001, "2000"),
    ],
)
def test_a_wrong_value_is_named_and_everything_else_comes_back(
    bank: Bank, eve: Visitor, field: str, value: str, says: str
) -> None:
    eve.get("/items/new")
    html = eve.post("/items/new", **bank.fields(**{"new_reference-title": "A book", field: value}))
    assert eve.status == 422
    check(html)
    assert says in html
    assert "Progesterone deficiency" in html
    assert bank.count(Item) == 0


def test_ids_that_no_database_holds_are_as_good_as_none(bank: Bank, eve: Visitor) -> None:
    address = bank.new(eve, statements=["9" * 30, "-5"], references=["9" * 30, str(bank.reference)])
    version = bank.newest(address)
    assert [row.reference_id for row in version.references] == [bank.reference]
    assert list(version.statements) == []


def test_a_text_with_a_nul_is_refused_by_the_name_of_its_field(bank: Bank, eve: Visitor) -> None:
    eve.get("/items/new")
    html = eve.post("/items/new", **bank.fields(stem="A \x00 stem"))
    assert eve.status == 422
    assert "“stem”" in html
    assert bank.count(Item) == 0


def test_eight_thousand_open_brackets_are_saved_and_shown(bank: Bank, eve: Visitor) -> None:
    address = bank.new(eve, stem="[" * 8000)
    eve.get(address)
    assert eve.status == 200
    check(eve.get(f"{address}/edit"))


def test_hostile_words_stay_words_on_every_page_of_an_item(bank: Bank, eve: Visitor) -> None:
    evil = "<script>alert(1)</script><img src=x onerror=alert(2)>"
    more: dict[str, object] = {"options-0-text": evil, "options-0-rationale": evil, "tags": evil, "doubt": evil}
    address = bank.new(eve, stem=evil, lead_in=evil, objective=evil, explanation=evil, **more)
    eve.get(f"{address}/edit")
    eve.post(f"{address}/edit", **bank.fields(stem=evil + " more", base_version=bank.newest(address).id))
    for path in (address, f"{address}/edit", f"{address}/compare/1/2", "/items", f"{address}/versions/1"):
        check(eve.get(path))
        assert eve.status == 200, path
        assert "<script>alert" not in eve.html
        assert "<img src=x" not in eve.html


def test_the_checks_and_the_preview_follow_a_half_written_item(bank: Bank, eve: Visitor) -> None:
    eve.get("/items/new")
    names = ("Estrogen deficiency", "Prolactin deficiency", "Progesterone deficiency", "Dental extractions")
    options: dict[str, object] = {f"options-{place}-text": name for place, name in enumerate(names)}
    answer = _check(eve, lead_in="Which of the following is the main cause?", stem="A **woman**.", key="0", **options)
    assert "Option D" in answer["findings"]
    assert "not alike" in answer["findings"]
    assert "<strong>woman</strong>" in answer["preview"]
    options["options-3-text"] = "Calcitonin deficiency"
    answer = _check(eve, lead_in="Which of the following is the main cause?", stem="A **woman**.", key="0", **options)
    assert "not alike" not in answer["findings"]


def _check(visitor: Visitor, status: int = 200, **fields: object) -> dict[str, Any]:
    token = re.search(r'name="csrf_token" value="([^"]+)"', visitor.html)
    assert token
    response = visitor.client.post(
        "/items/check.json",
        data={"csrf_token": token.group(1), **fields},
        headers={"Accept": "application/json"},
    )
    assert response.status_code == status, response.text
    answer: dict[str, Any] = response.get_json()
    return answer


def test_live_checks_take_hostile_and_empty_input(eve: Visitor) -> None:
    eve.get("/items/new")
    answer = _check(eve, stem="<script>alert(1)</script>", **{"options-0-text": "<img src=x onerror=alert(1)>"})
    assert "<script>" not in answer["preview"] + answer["findings"]
    assert "<img" not in answer["preview"]
    assert _check(eve)["preview"]
    assert "too long" in _check(eve, 422, stem="x" * 60_000)["cause"]
    assert "stem" in str(_check(eve, 422, stem="a\x00b")["problems"])


def test_an_edit_that_changes_nothing_makes_no_version(bank: Bank, eve: Visitor) -> None:
    address = bank.new(eve)
    html = eve.get(f"{address}/edit")
    check(html)
    eve.post(f"{address}/edit", **bank.fields(base_version=bank.newest(address).id))
    assert "Nothing was changed" in eve.html
    assert bank.newest(address).number == 1


def test_line_ends_as_a_browser_sends_them_are_no_change(bank: Bank, eve: Visitor) -> None:
    address = bank.new(eve, stem="A table follows.\n\n| a | b |\n|---|---|\n| 1 | 2 |")
    sent = bank.fields(
        base_version=bank.newest(address).id, stem="A table follows.\r\n\r\n| a | b |\r\n|---|---|\r\n| 1 | 2 |"
    )
    eve.post(f"{address}/edit", **sent)
    assert "Nothing was changed" in eve.html
    assert "\r" not in bank.newest(address).stem


def test_the_second_of_two_edits_is_refused_with_both_texts_and_then_saved_on_purpose(bank: Bank, eve: Visitor) -> None:
    address = bank.new(eve)
    base = bank.newest(address).id
    ian = bank.visitor("ian")
    ian.get(f"{address}/edit")
    eve.get(f"{address}/edit")
    ian.post(f"{address}/edit", **bank.fields(base_version=base, stem="A 61-year-old man.", tags="bone"))
    assert "Saved as version 2" in ian.html
    mine = bank.fields(base_version=base, lead_in="Which hormone is lost?", **{"options-2-text": "Cortisol excess"})
    html = eve.post(f"{address}/edit", **mine)
    assert eve.status == 409
    check(html)
    conflict = html.split('role="alert"', 1)[1].split("</dl>", 1)[0]
    for theirs_and_mine in ("man", "lost", "Cortisol excess", "Progesterone deficiency", "bone"):
        assert theirs_and_mine in conflict, theirs_and_mine
    assert "Which hormone is lost?" in html.split("<form", 1)[1]
    assert bank.newest(address).number == 2
    again = re.search(r'name="base_version"[^>]*value="(\d+)"', html)
    assert again
    eve.post(f"{address}/edit", **(mine | {"base_version": again.group(1)}))
    assert "Saved as version 3" in eve.html
    assert bank.newest(address).lead_in == "Which hormone is lost?"


def test_editing_a_live_item_leaves_the_live_version_alone(bank: Bank, eve: Visitor) -> None:
    address = bank.new(eve)
    bank.to_live(address)
    live = bank.newest(address)
    html = eve.get(f"{address}/edit")
    check(html)
    assert "learners keep getting the published version" in html
    eve.post(f"{address}/edit", **bank.fields(base_version=live.id, stem="Another stem."))
    newest = bank.newest(address)
    assert (newest.number, newest.state) == (2, ItemState.DRAFT)
    with bank.write() as session:
        assert session.get_one(Item, newest.item_id).published_version_id == live.id
    assert "live beside" in eve.get("/items")


def test_an_edit_keeps_the_shared_vignette_of_the_item(bank: Bank, eve: Visitor) -> None:
    address = bank.new(eve)
    old = bank.newest(address)
    with bank.write() as session:
        vignette = Vignette(external_id="v-1", created_at=old.created_at)
        session.add(vignette)
        session.flush()
        shared = VignetteVersion(
            vignette_id=vignette.id, number=1, text="A case.", text_html="<p>A case.</p>",
            content_hash="h", created_at=old.created_at,
        )  # fmt: skip
        session.add(shared)
        session.flush()
        session.get_one(ItemVersion, old.id).vignette_version_id = shared_id = shared.id
    eve.post(f"{address}/edit", **bank.fields(base_version=old.id, stem="Another stem."))
    assert (bank.newest(address).number, bank.newest(address).vignette_version_id) == (2, shared_id)


def test_unknown_items_and_versions_are_not_found(bank: Bank, eve: Visitor) -> None:
    address = bank.new(eve)
    for path in (
        "/items/999", "/items/999/edit", f"{address}/versions/9", f"{address}/compare/1/9", "/items/999/compare/1/2",
        f"/items/{10**30}", f"{address}/versions/{10**30}",
    ):  # fmt: skip
        eve.get(path)
        assert eve.status == 404, path


def test_another_educators_draft_can_be_read_and_edited_and_keeps_its_owner(bank: Bank, eve: Visitor) -> None:
    address = bank.new(eve)
    ian = bank.visitor("ian")
    check(ian.get(address))
    ian.get(f"{address}/edit")
    ian.post(f"{address}/edit", **bank.fields(base_version=bank.newest(address).id, stem="Mended."))
    assert "Saved as version 2" in ian.html
    item_id = bank.newest(address).item_id
    with bank.write() as session:
        assert session.get_one(Item, item_id).owner_id == bank.people["eve"]


def test_the_list_filters_by_state_words_and_owner(bank: Bank, eve: Visitor) -> None:
    bank.new(eve, stem="Osteoporosis in a man.", lead_in="Which drug first?")
    bank.new(bank.visitor("ian"), stem="Rickets in a child.", lead_in="Which vitamin?")
    for query, found in (
        ({"q": "rickets"}, {"vitamin"}), ({"mine": "1"}, {"drug"}), ({"state": "draft"}, {"drug", "vitamin"}),
        ({"state": "live"}, set()), ({"q": "100%_"}, set()), ({"system": "9" * 30}, {"drug", "vitamin"}),
    ):  # fmt: skip
        html = eve.get("/items", **query)
        check(html)
        assert {word for word in ("drug", "vitamin") if f"Which {word}" in html} == found, query


def test_the_list_and_one_item_take_as_many_queries_for_one_item_as_for_many(
    bank: Bank, eve: Visitor, queries: Callable[[], Any]
) -> None:
    address = bank.new(eve)
    counts: dict[str, list[int]] = {"/items": [], address: [], "/items/new": []}
    for more in (0, 4):
        for number in range(more):
            bank.new(eve, stem=f"Stem {number}.")
        for path, seen in counts.items():
            with queries() as sent:
                eve.get(path)
            seen.append(len(sent))
    for path, (one, many) in counts.items():
        assert one == many, path
