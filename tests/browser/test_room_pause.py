"""The room's clock on demand: hidden and read, stopped by a pause, and what is shown when the time is up."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from qbank.blocks.models import TimeUpPolicy
from tests.browser.looking import violations
from tests.browser.room_fixtures import Scene
from tests.browser.test_room import NOT_SAVED, SAVED, choose, expect_state, option

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]


def test_the_time_left_is_hidden_and_read_by_its_key(scene: Scene) -> None:
    page = scene.open(scene.block(timing="timed"))
    page.keyboard.press("t")
    expect(page.locator("[data-timer-digits]")).to_be_hidden()
    page.keyboard.press("t")
    expect(page.locator("[data-timer-digits]")).to_be_visible()
    expect(page.locator("[data-timer-speaker]")).to_contain_text(re.compile(r"(6|5) minutes.* left\."))


def test_the_warnings_stand_at_five_and_at_two_minutes(scene: Scene) -> None:
    page = scene.open(scene.block(timing="timed"))
    warning = page.locator("[data-timer-warning]")
    expect(warning).to_be_hidden()
    scene.clock.advance(seconds=62)
    choose(page, "A")
    expect(warning).to_have_text("Less than 5 minutes left")
    scene.clock.advance(seconds=180)
    choose(page, "B")
    expect(warning).to_have_text("Less than 2 minutes left")


def test_a_pause_hides_the_item_stops_the_clock_and_keeps_what_was_chosen(scene: Scene) -> None:
    token = scene.block(timing="timed", pause_allowed=True)
    page = scene.open(token)
    choose(page, "C")
    page.get_by_role("button", name="Pause").click()
    page.wait_for_url("**/pause")
    expect(page.get_by_text("year-old")).to_have_count(0)
    assert violations(page) == []
    left = page.locator(".paused__left strong").inner_text()
    scene.clock.advance(hours=3)
    page.reload()
    expect(page.locator(".paused__left strong")).to_have_text(left)
    page.get_by_role("button", name="Go on").press("Enter")
    page.wait_for_url("**/1")
    expect(option(page, "C")).to_be_checked()
    expect(page.locator("[data-timer-digits]")).to_have_text(re.compile(r"^5:\d\d$"))
    assert scene.state(token).paused_seconds >= 3 * 3600


def test_a_pause_in_one_tab_takes_the_item_out_of_the_other(scene: Scene) -> None:
    token = scene.block(timing="timed", pause_allowed=True)
    context = scene.context()
    one, two = scene.open(token, context=context), scene.open(token, context=context)
    one.get_by_role("button", name="Pause").click()
    one.wait_for_url("**/pause")
    choose(two, "A")
    two.wait_for_url("**/pause")
    assert scene.choices(token) == []


def test_the_pause_waits_until_what_was_done_before_it_has_arrived(scene: Scene) -> None:
    token = scene.block(timing="timed", pause_allowed=True)
    page = scene.open(token)
    page.route("**/events", lambda route: route.abort())
    choose(page, "B")
    expect_state(page, NOT_SAVED)
    page.get_by_role("button", name="Pause").click()
    expect(page.locator("[data-notice]")).to_contain_text("no connection")
    assert scene.state(token).state == "open"
    page.unroute("**/events")
    page.get_by_role("button", name="Pause").click()
    page.wait_for_url("**/pause")
    assert scene.choices(token) == ["B"]


def test_under_grace_the_page_counts_the_grace_down_and_then_closes(scene: Scene) -> None:
    token = scene.block(timing="timed", time_up_policy=TimeUpPolicy.GRACE, grace_seconds=40)
    page = scene.open(token)
    scene.clock.advance(seconds=365)
    choose(page, "A")
    expect_state(page, SAVED)
    warning = page.locator("[data-timer-warning]")
    expect(warning).to_have_text(re.compile(r"Time is up\. Answers count for 3\d s more\."))
    expect(page.locator("[data-timer-speaker]")).to_have_text(
        re.compile(r"Time is up\. Answers still count for 3\d seconds")
    )
    expect(page.locator("[data-time-up]")).to_be_hidden()
    scene.clock.advance(seconds=24)
    page.reload()
    expect(warning).to_contain_text("Answers count for")
    expect(page.locator("[data-time-up]")).to_be_visible(timeout=15_000)
    page.wait_for_url("**/result")
    assert scene.choices(token) == ["A"]
    assert scene.state(token).ended_reason == "time_up"


def test_under_soft_the_page_says_that_the_time_is_up_and_goes_on(scene: Scene) -> None:
    token = scene.block(timing="timed", time_up_policy=TimeUpPolicy.SOFT)
    page = scene.open(token)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "state.json" in request.url else None)
    scene.clock.advance(seconds=500)
    choose(page, "A")
    expect_state(page, SAVED)
    expect(page.locator("[data-timer-warning]")).to_have_text("Time is up. Answers still count.")
    page.wait_for_timeout(3500)
    expect(page.locator("[data-time-up]")).to_be_hidden()
    assert asked == [], "a page whose time is over does not ask the server again and again"
    choose(page, "B")
    expect_state(page, SAVED)
    assert scene.choices(token) == ["A", "B"]
