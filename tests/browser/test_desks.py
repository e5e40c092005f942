"""The educator's pages in a real browser: loading, deciding, writing; by keyboard, in two windows, at every width."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, expect

from qbank import clock
from qbank.accounts.models import Person, PersonRole, Role
from qbank.app import create_app
from qbank.articles import drafts, service
from qbank.db.engine import begin_write
from qbank.items.models import Item, ItemVersion
from qbank.items.taxonomy import Dimension, Taxon
from qbank.settings import Settings
from tests.browser.looking import look, problems_everywhere
from tests.browser.serving import served, session_cookie

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]

ARTICLE = Path(__file__).parents[1] / "articles" / "fixtures" / "postmenopausal-bone-resorption.txt"
SLUG = "bones"


@dataclass
class Room:
    """A served bank that holds the real article with its drafts, and an educator."""

    app: Flask
    address: str
    browser: Browser
    person_id: int

    def context(self, **options: object) -> BrowserContext:
        """A window of its own, signed in."""
        context = self.browser.new_context(**({"viewport": {"width": 1280, "height": 900}} | options))  # type: ignore[arg-type]
        context.set_default_timeout(15_000)
        cookie = session_cookie(self.app, self.person_id)
        context.add_cookies([{"name": cookie["name"], "value": cookie["value"], "url": self.address}])
        return context

    def open(self, path: str, context: BrowserContext | None = None) -> Page:
        """Open a page; an error of a script fails the test at the next look at ``problems``."""
        page = (context or self.context()).new_page()
        page.on("pageerror", lambda error: pytest.fail(str(error)))
        page.goto(self.address + path)
        return page

    def states(self) -> list[str]:
        """The states of the newest versions of the items that somebody owns, or that were rejected."""
        with self.app.extensions["qbank.sessions"]() as session:
            query = (
                sa.select(ItemVersion.state)
                .join(Item, Item.draft_version_id == ItemVersion.id)
                .where(sa.or_(Item.owner_id.is_not(None), ItemVersion.state == "rejected"))
                .order_by(Item.id)
            )
            return [str(state) for state in session.scalars(query)]


@pytest.fixture
def room(engine: sa.Engine, settings: Settings, browser: Browser) -> Iterator[Room]:
    app = create_app(settings, engine)
    with app.extensions["qbank.sessions"]() as session:
        begin_write(session)
        eve = Person(email="eve@example.org", name="Eve Educator", created_at=clock.now())
        eve.role_rows = [PersonRole(role=Role.EDUCATOR, granted_at=clock.now())]
        names = {Dimension.SYSTEM: "Endocrine system", Dimension.TASK: "Diagnosis", Dimension.DISCIPLINE: "Physiology"}
        session.add_all(Taxon(dimension=each, code="x", name=name, ordinal=0) for each, name in names.items())
        session.add(eve)
        session.flush()
        service.load_text(session, eve, ARTICLE.read_text(encoding="utf-8"), slug=SLUG)
        drafts.draft(session, SLUG)
        session.commit()
        person_id = eve.id
    with served(app) as address:
        yield Room(app, address, browser, person_id)
        for context in browser.contexts:
            context.close()


def test_an_article_is_loaded_by_paste_and_by_file(room: Room, tmp_path: Path) -> None:
    page = room.open("/articles/new")
    look(page)
    page.get_by_label("Text", exact=True).fill(
        "# Why?\n\n- Estrogen suppresses RANKL [1]\n\n## References\n\n[1] Bones."
    )
    page.get_by_role("button", name="Read and draft").click()
    expect(page.get_by_role("heading", name="Drafting desk")).to_be_visible()
    file = tmp_path / "bones.md"
    file.write_text("# How?\n\n- Calcium is a mineral [1]\n\n## References\n\n[1] Minerals. 2011.", encoding="utf-8")
    page.goto(room.address + "/articles/new")
    page.get_by_label("File", exact=True).set_input_files(file)
    page.get_by_role("button", name="Read and draft").click()
    expect(page.get_by_text("How?").first).to_be_visible()
    look(page)


def test_loading_says_that_it_is_at_work_and_cannot_be_sent_twice(room: Room) -> None:
    page = room.open("/articles/new")
    page.evaluate("() => document.addEventListener('submit', (event) => event.preventDefault())")
    page.get_by_role("button", name="Read and draft").click()
    expect(page.get_by_role("button", name="Read and draft")).to_be_disabled()
    expect(page.locator("form [role=status]")).to_have_text("Reading and drafting …")


def test_drafts_are_decided_by_keyboard_alone(room: Room) -> None:
    page = room.open(f"/articles/{SLUG}/desk?at=s02")
    waiting = page.locator(".draft").count()
    assert waiting >= 3
    page.keyboard.press("j")
    expect(page.locator(".draft").nth(0)).to_be_focused()
    page.keyboard.press("j")
    expect(page.locator(".draft").nth(1)).to_be_focused()
    page.keyboard.press("k")
    expect(page.locator(".draft").nth(0)).to_be_focused()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    look(page)
    page.keyboard.press("Escape")
    page.keyboard.press("r")
    expect(page.locator(".draft").nth(0).get_by_label("Reason for rejecting")).to_be_focused()
    page.keyboard.type("A trivial jam")  # letters are letters here
    page.keyboard.press("Enter")
    expect(page.locator(".draft")).to_have_count(waiting - 1)
    expect(page.locator(".draft").nth(0)).to_be_focused()
    page.keyboard.press("a")
    expect(page.locator(".draft")).to_have_count(waiting - 2)
    assert sorted(room.states()) == ["draft", "rejected"]
    page.keyboard.press("e")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Edit")
    page.go_back()
    page.keyboard.press("n")
    expect(page).not_to_have_url(re.compile("at=s02"))
    look(page)


def test_the_keys_can_be_switched_off(room: Room) -> None:
    page = room.open(f"/articles/{SLUG}/desk?at=s02")
    page.get_by_role("button", name="Keys").click()
    page.get_by_label("Use single-key shortcuts").uncheck()
    page.get_by_role("button", name="Close").click()
    page.keyboard.press("a")
    page.keyboard.press("j")
    expect(page.locator(".draft").nth(0)).not_to_be_focused()
    assert room.states() == []


def test_the_classification_is_kept_for_the_next_draft_and_a_refusal_stands_beside_its_draft(room: Room) -> None:
    page = room.open(f"/articles/{SLUG}/desk?at=s02")
    draft = page.locator(".draft").first
    draft.get_by_label("System").select_option("Endocrine system")
    draft.get_by_role("button", name="Accept and send to review").click()
    refused = page.locator(".draft[data-refused]")
    expect(refused.get_by_role("alert")).to_contain_text("at least one discipline; one task")
    expect(refused).to_be_focused()
    expect(refused.get_by_label("System").locator("option:checked")).to_have_text("Endocrine system")
    look(page)
    assert room.states() == []
    refused.get_by_label("Task").select_option("Diagnosis")
    refused.get_by_label("Discipline").select_option("Physiology")
    refused.get_by_role("button", name="Accept and send to review").click()
    expect(page.get_by_text("Accepted and sent to review")).to_be_visible()
    assert room.states() == ["in_review"]
    for label, name in (("System", "Endocrine system"), ("Task", "Diagnosis"), ("Discipline", "Physiology")):
        expect(page.locator(".draft").first.get_by_label(label).locator("option:checked")).to_have_text(name)


def test_a_new_item_is_written_beside_its_checks_and_preview(room: Room) -> None:
    page = room.open("/items/new")
    look(page)
    page.get_by_label("Stem", exact=True).fill("A 58-year-old woman has lost **bone** since her menopause.")
    page.get_by_label("Lead-in").fill("Which of the following is the main cause?")
    names = ("Estrogen deficiency", "Prolactin deficiency", "Progesterone deficiency", "Dental extractions")
    for letter, name in zip("ABCD", names, strict=True):
        page.get_by_label(f"Option {letter}", exact=True).fill(name)
    page.get_by_label("A is the key").check()
    found = page.locator("[data-findings]")
    expect(found.get_by_role("listitem").filter(has_text=re.compile("Option D.*alike", re.DOTALL))).to_have_count(1)
    expect(page.locator("[data-preview] strong").first).to_have_text("bone")
    expect(page.locator("[data-save-state]")).to_have_text("Not saved yet")
    look(page)
    page.get_by_label("Option D", exact=True).fill("Calcitonin deficiency")
    expect(found).not_to_contain_text("alike")
    page.get_by_label("Statements of an article").select_option(index=1)
    page.get_by_role("button", name="Show its statements").click()
    expect(page.get_by_text("Statements that the item rests on")).to_be_visible()
    expect(page.get_by_label("Option D", exact=True)).to_have_value("Calcitonin deficiency")
    page.locator("[name=statements]").first.check()
    page.get_by_role("button", name="Save draft").click()
    expect(page.get_by_text("Saved as a draft.")).to_be_visible()
    expect(page.locator("main")).to_contain_text("Before review it still needs")
    look(page)


def test_two_windows_on_one_item_lose_nothing(room: Room) -> None:
    page = room.open("/items/new")
    page.get_by_label("Stem", exact=True).fill("A first stem.")
    page.get_by_role("button", name="Save draft").click()
    edit = page.url.removeprefix(room.address) + "/edit"
    one, other = room.open(edit), room.open(edit)
    one.get_by_label("Stem", exact=True).fill("The stem of the first window.")
    one.get_by_role("button", name="Save draft").click()
    expect(one.get_by_text("Saved as version 2")).to_be_visible()
    other.get_by_label("Stem", exact=True).fill("The stem of the second window.")
    other.get_by_role("button", name="Save draft").click()
    expect(other.get_by_role("alert")).to_contain_text("Somebody saved this item")
    expect(other.get_by_role("alert").locator("ins")).to_contain_text("first")
    expect(other.get_by_role("alert").locator("del")).to_contain_text("second")
    expect(other.get_by_label("Stem", exact=True)).to_have_value("The stem of the second window.")
    expect(other.locator("[data-save-state]")).to_have_text("Not saved yet")
    look(other)
    other.get_by_role("button", name="Save draft").click()
    expect(other.get_by_text("Saved as version 3")).to_be_visible()
    other.get_by_role("link", name="what changed").first.click()
    look(other)


def test_without_scripts_an_item_is_written_and_a_draft_decided(room: Room) -> None:
    context = room.context(java_script_enabled=False)
    page = room.open("/items/new", context)
    page.get_by_label("Stem", exact=True).fill("A stem.")
    page.get_by_label("Statements of an article").select_option(index=1)
    page.get_by_role("button", name="Show its statements").click()
    page.locator("[name=statements]").first.check()
    page.get_by_role("button", name="One more option").click()
    expect(page.get_by_label("Option E", exact=True)).to_be_visible()
    expect(page.locator("[name=statements]").first).to_be_checked()
    page.get_by_role("button", name="Save draft").click()
    expect(page.get_by_text("Saved as a draft.")).to_be_visible()
    page.goto(f"{room.address}/articles/{SLUG}/desk?at=s02")
    expect(page.get_by_role("button", name="Keys")).to_be_hidden()
    waiting = page.locator(".draft").count()
    page.get_by_role("button", name="Accept", exact=True).first.click()
    expect(page.locator(".draft")).to_have_count(waiting - 1)


def test_every_page_holds_at_every_width_in_light_and_dark(room: Room) -> None:
    page = room.open(f"/articles/{SLUG}/desk?at=s30")
    wrong: list[str] = []

    def look_everywhere() -> None:
        look(page)
        wrong.extend(problems_everywhere(page, page.url))
        page.set_viewport_size({"width": 1280, "height": 800})

    look_everywhere()
    page.goto(room.address + "/items?state=proposed")
    look_everywhere()
    page.locator(".item-link").first.click()
    look_everywhere()
    item = page.url
    for path in (f"{item}/edit", "/items/new", "/items/review", "/articles", "/articles/new", f"/articles/{SLUG}"):
        page.goto(path if path.startswith("http") else room.address + path)
        look_everywhere()
    assert wrong == []
