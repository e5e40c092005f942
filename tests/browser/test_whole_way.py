"""The whole way in a real browser: from the set-up link to the educator who reads a student's history."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, BrowserContext, Page, expect

from qbank import clock as clock_module
from qbank.accounts import service
from qbank.app import create_app
from qbank.blocks.models import Block, BlockState, EndedReason
from qbank.content.service import load_shipped
from qbank.db.engine import begin_write
from qbank.settings import Settings
from tests.browser.looking import look
from tests.browser.room_fixtures import ShiftedClock
from tests.browser.serving import served

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]

ARTICLE = Path(__file__).parents[1] / "articles" / "fixtures" / "postmenopausal-bone-resorption.txt"
PASSWORD = "walnut ferry cobalt"


class Hand:
    """One person in front of a browser window of their own; every page they reach is looked at."""

    def __init__(self, browser: Browser, address: str) -> None:
        self.context: BrowserContext = browser.new_context(viewport={"width": 1280, "height": 900})
        self.context.set_default_timeout(15_000)
        self.page: Page = self.context.new_page()
        self.problems: list[str] = []
        self.page.on("pageerror", lambda error: self.problems.append(str(error)))
        self.page.on("console", self._note)
        self.address = address

    def _note(self, message) -> None:
        if message.type == "error" and "422" not in message.text:  # refused forms are part of the way
            self.problems.append(f"{self.page.url}: {message.text}")

    def go(self, path: str) -> Page:
        self.page.goto(path if path.startswith("http") else self.address + path)
        look(self.page)
        return self.page

    def press(self, name: str, role: str = "button", exact: bool = True) -> Page:
        self.page.get_by_role(role, name=name, exact=exact).first.click()
        self.page.wait_for_load_state()
        look(self.page)
        return self.page

    def join(self, link: str, name: str, email: str, button: str | re.Pattern[str]) -> None:
        page = self.go(link)
        page.get_by_label("Name").fill(name)
        if page.get_by_label("E-mail").is_editable():
            page.get_by_label("E-mail").fill(email)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name=button).click()
        expect(page.get_by_role("navigation", name="Main")).to_be_visible()
        look(page)


@pytest.fixture
def time() -> Iterator[ShiftedClock]:
    source = ShiftedClock()
    clock_module.use(source)
    yield source
    clock_module.use(None)


def invite(administrator: Hand, role: str) -> str:
    page = administrator.go("/people")
    for box in ("Student", "Educator", "Administrator"):
        page.get_by_label(box, exact=True).set_checked(box == role)
    administrator.press("Make a link")
    return page.get_by_label("Link").input_value()


def test_from_set_up_to_the_history(
    engine: sa.Engine, settings: Settings, browser: Browser, time: ShiftedClock
) -> None:
    app = create_app(settings, engine)
    with app.extensions["qbank.sessions"]() as session:
        begin_write(session)
        list(load_shipped(session))
        token = service.make_setup_token(session)
        session.commit()
    with served(app) as address:
        anna = Hand(browser, address)
        anna.join(f"/join/{token}", "Anna Admin", "anna@example.org", re.compile("."))
        ed, sam = Hand(browser, address), Hand(browser, address)
        ed.join(invite(anna, "Educator"), "Ed Educator", "ed@example.org", re.compile("."))
        sam.join(invite(anna, "Student"), "Sam Student", "sam@example.org", re.compile("."))
        sign_out_and_in(ed)
        stem = accept_a_draft(ed)
        review_and_publish(anna, stem)
        code = make_a_group(ed)
        join_the_group(sam, code)
        take_in_tutor_feedback(sam)
        take_in_exam_feedback_until_time_is_up(sam, time)
        read_the_history(sam)
        read_it_as_educator(ed)
        with app.extensions["qbank.sessions"]() as session:
            blocks = session.scalars(sa.select(Block).order_by(Block.id)).all()
        assert [block.state for block in blocks] == [BlockState.ENDED] * 2
        assert [block.ended_reason for block in blocks] == [EndedReason.LEARNER, EndedReason.TIME_UP]
        assert blocks[1].ended_at == blocks[1].deadline_at
        for hand in (anna, ed, sam):
            assert hand.problems == []


def sign_out_and_in(hand: Hand) -> None:
    page = hand.page
    page.locator("details.account summary").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page).to_have_url(re.compile("/sign-in$"))
    look(page)
    page.get_by_label("E-mail").fill("ed@example.org")
    page.get_by_label("Password").fill("not the password at all")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("do not fit together").first).to_be_visible()
    page.get_by_label("E-mail").fill("ed@example.org")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("navigation", name="Main")).to_be_visible()


def accept_a_draft(ed: Hand) -> str:
    """Load the article, take over the draft on the decline of bone mass, send it to review; return its stem."""
    page = ed.go("/articles/new")
    page.get_by_label("Text", exact=True).fill(ARTICLE.read_text(encoding="utf-8"))
    ed.press("Read and draft")
    expect(page.get_by_role("heading", name="Drafting desk")).to_be_visible()
    desk = page.url.removeprefix(ed.address).split("?")[0]
    ed.go(f"{desk}?at=s30")
    expect(page.locator("main")).to_contain_text("Estrogen deficiency, not prolactin deficiency")
    expect(page.locator(".draft").first).to_contain_text(re.compile("dental extractions", re.IGNORECASE))
    ed.go(f"{desk}?at=s02")
    expect(page.locator(".statement").first).to_contain_text("By position, unconfirmed")
    waiting = page.locator(".draft").count()
    draft = page.locator(".draft").first
    stem = draft.locator(".draft__stem").inner_text().strip()
    draft.get_by_label("System").select_option(index=1)
    draft.get_by_label("Task").select_option(index=1)
    draft.get_by_label("Discipline").select_option(index=1)
    draft.get_by_role("button", name="Accept and send to review").click()
    expect(page.locator(".draft")).to_have_count(waiting - 1)
    rejected = page.locator(".draft").first
    rejected.get_by_label("Reason for rejecting").fill("Covered by another item.")
    rejected.get_by_role("button", name="Reject").click()
    expect(page.locator(".draft")).to_have_count(waiting - 2)
    page.get_by_role("button", name="Take back").first.click()
    expect(page.locator(".draft")).to_have_count(waiting - 1)
    look(page)
    ed.go("/items?state=in_review")
    page.locator(".item-link").first.click()
    look(page)
    expect(page.get_by_text("somebody else approves it")).to_be_visible()
    ed.press("Edit", role="link")
    return stem.splitlines()[0]


def review_and_publish(anna: Hand, stem: str) -> None:
    page = anna.go("/items/review")
    page.locator(".item-link").first.click()
    look(page)
    expect(page.locator("main")).to_contain_text(stem)
    page.get_by_label("Approve").check()
    anna.press("Give your word")
    expect(page.get_by_text("The item is approved.")).to_be_visible()
    anna.press("Make live")
    expect(page.get_by_text("The item is live.")).to_be_visible()


def make_a_group(ed: Hand) -> str:
    page = ed.go("/groups")
    page.locator("#name").fill("Residents 2026")
    ed.press("Make the group")
    ed.go("/groups")
    return page.locator("code").first.inner_text()


def join_the_group(sam: Hand, code: str) -> None:
    page = sam.go("/groups")
    page.locator("#code").fill(code)
    page.get_by_role("button", name=re.compile("Join")).click()
    page.wait_for_load_state()
    expect(page.get_by_text("Residents 2026").first).to_be_visible()


def build(sam: Hand, *, feedback: str, timing: str, count: int) -> Page:
    page = sam.go("/practise")
    page.locator("#count").fill(str(count))
    page.locator(f'input[name="feedback"][value="{feedback}"]').check()
    page.locator(f'input[name="timing"][value="{timing}"]').check()
    page.get_by_role("button", name="Start block").click()
    expect(page).to_have_title(re.compile("^Question 1 of"))
    look(page)
    return page


def choose(page: Page, letter: str) -> None:
    page.locator(f'[data-option="{letter}"] label').click()
    expect(page.locator("[data-save-state]")).to_have_text("Saved")


def take_in_tutor_feedback(sam: Hand) -> None:
    page = build(sam, feedback="tutor", timing="untimed", count=2)
    for place in (1, 2):
        choose(page, "A")
        page.get_by_role("button", name="Submit answer").click()
        expect(page.get_by_text(re.compile("Correct|Incorrect")).first).to_be_visible()
        expect(page.get_by_role("link", name=re.compile("article", re.IGNORECASE)).first).to_be_visible()
        look(page)
        if place == 1:
            page.get_by_role("button", name="Next").click()
            expect(page).to_have_title(re.compile("^Question 2 of 2"))
    page.get_by_role("button", name="Review block").click()
    look(page)
    page.get_by_role("link", name="End block").click()
    look(page)
    page.get_by_role("button", name="End the block").click()
    expect(page.get_by_text("Score = correct / scored items").first).to_be_visible()
    look(page)


def take_in_exam_feedback_until_time_is_up(sam: Hand, time: ShiftedClock) -> None:
    page = build(sam, feedback="exam", timing="timed", count=3)
    choose(page, "B")
    expect(page.locator("main")).not_to_contain_text("Explanation")
    time.advance(hours=5)
    page.reload()
    expect(page.get_by_text("because time was up")).to_be_visible()
    look(page)
    sam.press("Review the items", role="link")


def read_the_history(sam: Hand) -> None:
    page = sam.go("/history")
    expect(page.locator("main")).to_contain_text("omitted counts as wrong")
    expect(page.locator("tbody tr")).to_have_count(2)
    for link in ("Breakdown", "Trend"):
        sam.press(link, role="link")


def read_it_as_educator(ed: Hand) -> None:
    page = ed.go("/groups")
    page.get_by_role("link", name="Residents 2026").click()
    look(page)
    page.get_by_role("link", name=re.compile("Sam Student")).first.click()
    look(page)
    expect(page.locator("main")).to_contain_text("Sam Student")
