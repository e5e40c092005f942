"""Shared vignettes: versions of their own, items that follow by choice, and learners who keep what they had."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from qbank.accounts.models import Person
from qbank.errors import ConflictError, InvalidError, NotFoundError
from qbank.items import compare, lifecycle, records, store, vignette_items, vignette_queries, vignettes
from qbank.items.content import OptionContent, VersionContent
from qbank.items.models import ItemState, ItemVersion, Origin, VignetteVersion
from tests.conftest_web import Visitor, check_page
from tests.items.bank import Bank, app, bank, client, eve, sign_in, write

__all__ = ["app", "bank", "client", "eve", "sign_in", "write"]

TEXT = "A 60-year-old woman fell at home."
NEWER = "A 60-year-old woman fell on the stairs."


@pytest.fixture
def author(make_person) -> Person:
    return make_person("author@example.org", roles=["educator"])


def item(session: Session, author: Person, vignette_version_id: int, name: str = "i1") -> store.Saved:
    content = VersionContent(
        stem="What now?",
        options=tuple(
            OptionContent(text=text, is_key=text == "Two", rationale="x") for text in ("One", "Two", "Three")
        ),
        vignette_version_id=vignette_version_id,
    )
    return store.create_item(session, author, content, external_id=name, origin=Origin.WRITTEN)


def live(session: Session, author: Person, saved: store.Saved) -> None:
    store.note_change(session, author, saved.version, ItemState.LIVE)
    lifecycle.publish(session, author, saved.item, saved.version)
    session.flush()


def newest(session: Session, saved: store.Saved) -> ItemVersion:
    return store.newest_version(session, store.lock_item(session, saved.item.id))


def test_another_text_makes_a_version_of_the_vignette_and_changes_no_item(session: Session, author: Person) -> None:
    first = vignettes.create(session, author, TEXT)
    saved = item(session, author, first.id)
    second = vignettes.revise(session, author, first.vignette_id, NEWER, base_version_id=first.id)
    assert (second.number, second.vignette_id, second.author_id) == (2, first.vignette_id, author.id)
    assert newest(session, saved).vignette_version_id == first.id
    again = vignettes.revise(session, author, first.vignette_id, NEWER, base_version_id=second.id)
    assert again.id == second.id
    kinds = [piece.kind for piece in vignette_queries.steps(session, first.vignette_id)[0].pieces]
    assert {"gone", "new"} <= set(kinds)


def test_what_is_imported_finds_the_version_with_its_text_and_not_the_newest(session: Session, author: Person) -> None:
    first = vignettes.create(session, author, TEXT)
    second = vignettes.revise(session, author, first.vignette_id, NEWER, base_version_id=first.id)
    assert vignettes.ensure_vignette(session, TEXT) == first.id
    assert vignettes.ensure_vignette(session, NEWER) == second.id
    names = [vignettes.vignette_name(text) for text in (TEXT, NEWER, "Another.")]
    assert vignettes.find_vignettes(session, names) == {names[0]: first.id, names[1]: second.id}


def test_a_second_save_on_the_same_base_is_refused_with_what_stands(session: Session, author: Person) -> None:
    first = vignettes.create(session, author, TEXT)
    second = vignettes.revise(session, author, first.vignette_id, NEWER, base_version_id=first.id)
    with pytest.raises(vignettes.VignetteConflictError) as caught:
        vignettes.revise(session, author, first.vignette_id, "Mine.", base_version_id=first.id)
    assert caught.value.current.id == second.id
    with pytest.raises(NotFoundError):
        vignettes.revise(session, author, first.vignette_id + 1, "Mine.", base_version_id=1)
    with pytest.raises(InvalidError):
        vignettes.revise(session, author, first.vignette_id, " ", base_version_id=second.id)


def test_the_chosen_items_follow_in_draft_and_the_live_version_stays(session: Session, author: Person) -> None:
    first = vignettes.create(session, author, TEXT)
    stays, follows = item(session, author, first.id, "stays"), item(session, author, first.id, "follows")
    live(session, author, follows)
    second = vignettes.revise(session, author, first.vignette_id, NEWER, base_version_id=first.id)
    done = vignette_items.follow(session, author, first.vignette_id, {follows.item.id: follows.version.id})
    assert (len(done.moved), done.refused) == (1, [])
    draft = newest(session, follows)
    assert (draft.state, draft.vignette_version_id, draft.number) == (ItemState.DRAFT, second.id, 2)
    assert follows.item.published_version_id == follows.version.id
    assert follows.version.vignette_version_id == first.id
    assert newest(session, stays).vignette_version_id == first.id
    assert [(each.item.id, each.number) for each in vignette_items.followers(session, first.vignette_id)] == [
        (stays.item.id, 1),
        (follows.item.id, 2),
    ]
    again = vignette_items.follow(session, author, first.vignette_id, {follows.item.id: draft.id})
    assert again.moved == []
    old, new = (
        records.to_record(records.load_versions(session, [each])[each]) for each in (follows.version.id, draft.id)
    )
    assert [field.name for field in compare.records(old, new) if field.changed] == ["Vignette"]


def test_an_item_that_was_saved_or_taken_off_in_the_meantime_does_not_follow(session: Session, author: Person) -> None:
    first = vignettes.create(session, author, TEXT)
    saved, off, fine = (item(session, author, first.id, name) for name in ("saved", "off", "fine"))
    content = VersionContent(stem="Another?", options=(), vignette_version_id=first.id)
    store.save_version(session, author, saved.item.id, content, base_version_id=None)
    vignette_items.take_off(session, author, first.vignette_id, off.item.id, off.version.id)
    vignettes.revise(session, author, first.vignette_id, NEWER, base_version_id=first.id)
    chosen = {each.item.id: each.version.id for each in (saved, off, fine)}
    done = vignette_items.follow(session, author, first.vignette_id, chosen)
    assert [version.item_id for version in done.moved] == [fine.item.id]
    assert {name for name, _reason in done.refused} == {"saved", "off"}


def test_an_item_is_put_on_a_vignette_and_taken_off_by_new_drafts(session: Session, author: Person) -> None:
    first = vignettes.create(session, author, TEXT)
    other = vignettes.create(session, author, "Another case.")
    saved = item(session, author, other.id)
    put = vignette_items.put_on(session, author, first.vignette_id, "i1")
    assert (put.version.number, put.version.vignette_version_id) == (2, first.id)
    assert not vignette_items.put_on(session, author, first.vignette_id, "i1").changed
    with pytest.raises(NotFoundError):
        vignette_items.put_on(session, author, first.vignette_id, "nobody")
    with pytest.raises(NotFoundError):
        vignette_items.take_off(session, author, other.vignette_id, saved.item.id, put.version.id)
    with pytest.raises(ConflictError):
        vignette_items.take_off(session, author, first.vignette_id, saved.item.id, saved.version.id)
    off = vignette_items.take_off(session, author, first.vignette_id, saved.item.id, put.version.id)
    assert off.version.vignette_version_id is None
    assert replace(records.to_record(records.load_versions(session, [off.version.id])[off.version.id])).vignette is None


def test_a_vignette_is_written_changed_after_a_preview_and_followed_on_its_pages(bank: Bank, eve: Visitor) -> None:
    eve.get("/items/vignettes")
    check_page(eve.html)
    address = bank.new(eve)
    bank.to_live(address)
    name = re.search(r"q-[0-9a-f]{10}", eve.get(address))
    eve.get("/items/vignettes/new")
    eve.post("/items/vignettes/new", text=" ")
    assert eve.status == 422
    check_page(eve.html)
    eve.post("/items/vignettes/new", text=TEXT)
    page = eve.path
    check_page(eve.html)
    eve.post(f"{page}/items", external_id="nobody")
    assert eve.status == 422
    assert "There is no item with the id" in eve.html
    check_page(eve.html)
    eve.post(f"{page}/items", external_id=name.group(0))
    assert eve.status == 200
    bank.to_live(address)
    before = bank.newest(address)
    eve.get(f"{page}/edit")
    check_page(eve.html)
    base = re.search(r'name="base"[^>]* value="(\d+)"', eve.html).group(1)
    eve.post(f"{page}/edit", text=NEWER, base=base)
    check_page(eve.html)
    assert "<ins>on the stairs</ins>" in eve.html
    assert bank.count(VignetteVersion) == 1  # only looked at so far
    ticked = re.search(r'name="items"[^>]* value="([0-9:]+)"', eve.html).group(1)
    eve.post(f"{page}/edit", text=NEWER, base=base, items=ticked, save="1")
    assert "Saved as version 2. 1 item has a new draft on it." in eve.html
    check_page(eve.html)
    after = bank.newest(address)
    assert (after.number, after.state) == (before.number + 1, ItemState.DRAFT)
    assert "on the stairs" in eve.get(f"{address}/compare/{before.number}/{after.number}")
    assert "On a shared vignette" in eve.get(f"{address}/edit")
    check_page(eve.html)
    eve.get(f"{page}/edit")
    eve.post(f"{page}/edit", text="Mine.", base=base, save="1")
    assert eve.status == 409
    assert "Somebody saved this vignette" in eve.html
    eve.get("/items/vignettes?q=stairs")
    assert page in eve.html


def test_the_list_of_vignettes_asks_a_fixed_number_of_queries(bank: Bank, eve: Visitor, queries) -> None:
    def asked() -> int:
        with queries() as seen:
            eve.get("/items/vignettes")
        return len(seen)

    with bank.write() as session:
        author = session.get_one(Person, bank.people["eve"])
        item(session, author, vignettes.create(session, author, TEXT).id)
    first = asked()
    with bank.write() as session:
        author = session.get_one(Person, bank.people["eve"])
        for place in range(20):
            item(session, author, vignettes.create(session, author, f"Case {place}.").id, f"x{place}")
        assert session.scalar(sa.select(sa.func.count()).select_from(VignetteVersion)) == 21
    assert asked() == first
