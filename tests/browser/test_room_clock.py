"""The room's clock in a real browser: the server's, whatever the device says; warnings; the end of the time."""

from __future__ import annotations

import re

import pytest
import sqlalchemy as sa
from playwright.sync_api import expect

from tests.browser.room_fixtures import Scene
from tests.browser.test_room import SAVED, choose, expect_state, option

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]


def test_the_timer_follows_the_server_and_not_the_device(scene: Scene) -> None:
    token = scene.block(timing="timed")
    page = scene.open(token)
    digits = page.locator("[data-timer-digits]")
    expect(digits).to_have_text(re.compile(r"^(6:00|5:5\d)$"))
    page.evaluate("Date.now = () => 0")
    scene.clock.advance(seconds=120)
    choose(page, "A")  # any answer of the server brings its clock
    expect(digits).to_have_text(re.compile(r"^(4:00|3:5\d)$"))
    page.get_by_role("button", name="Hide the time left").click()
    expect(digits).to_be_hidden()
    page.reload()
    expect(page.locator("[data-timer-digits]")).to_be_hidden()


def test_warnings_appear_without_taking_focus_and_are_spoken_once(scene: Scene) -> None:
    token = scene.block(timing="timed")
    page = scene.open(token)
    option(page, "A").focus()
    expect(page.locator("[data-timer-warning]")).to_be_hidden()
    scene.clock.advance(seconds=70)
    choose(page, "A")
    expect(page.locator("[data-timer-warning]")).to_contain_text("5 minutes")
    expect(page.locator("[data-timer-speaker]")).to_contain_text("4 minutes")
    assert page.evaluate("document.activeElement.name") == "choice"
    page.reload()
    expect(page.locator("[data-timer-warning]")).to_be_visible()
    expect(page.locator("[data-timer-speaker]")).to_have_text("")


def test_when_time_is_up_the_page_says_so_and_goes_to_the_result(scene: Scene) -> None:
    token = scene.block(timing="timed")
    page = scene.open(token)
    choose(page, "B")
    expect_state(page, SAVED)
    scene.clock.advance(seconds=400)
    choose(page, "C")
    expect(page.locator("[data-time-up]")).to_be_visible()
    expect(page.locator("[data-time-up]")).to_contain_text("Time is up")
    page.wait_for_url("**/result")
    assert scene.state(token).ended_reason == "time_up"
    with scene.session() as session:
        chosen = session.scalars(sa.text("SELECT chosen_option_id FROM delivery WHERE position = 1")).one()
    assert chosen is not None
    assert scene.choices(token)[0] == "B"


def test_an_idle_page_notices_the_end_by_itself(scene: Scene) -> None:
    token = scene.block(timing="timed")
    page = scene.open(token)
    scene.clock.advance(seconds=355)
    page.reload()
    expect(page.locator("[data-timer-digits]")).to_have_text(re.compile(r"^0:0\d$"))
    expect(page.locator("[data-time-up]")).to_be_visible()
    page.wait_for_url("**/result")
