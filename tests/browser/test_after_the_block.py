"""Confidence in the room and the way after a block, in a real browser, by keyboard."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, expect

from qbank import clock as clock_module
from qbank.app import create_app
from qbank.blocks.models import Confidence, Delivery
from qbank.settings import Settings
from tests.browser.looking import violations
from tests.browser.room_fixtures import Scene, ShiftedClock, stocked
from tests.browser.serving import chromium, served

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture
def scene(engine: sa.Engine, settings: Settings, browser: Browser) -> Iterator[Scene]:
    time = ShiftedClock()
    clock_module.use(time)
    app = create_app(settings, engine)
    person_id = stocked(app)
    with served(app) as address:
        yield Scene(app, address, browser, settings, time, person_id)
        for context in browser.contexts:
            context.close()
    clock_module.use(None)


def test_confidence_by_key_survives_a_lost_connection_and_the_block_is_gone_through_again_by_keyboard(
    scene: Scene,
) -> None:
    token = scene.block(count=2)
    context = scene.context()
    page = scene.open(token, context=context)
    sure, guess = page.locator('[data-level="sure"]'), page.locator('[data-level="guess"]')
    context.set_offline(True)
    page.keyboard.press("1")
    expect(sure).to_have_attribute("aria-pressed", "true")
    expect(page.locator("[data-save-state]")).to_have_attribute("data-state", "waiting")
    context.set_offline(False)
    expect(page.locator("[data-save-state]")).to_have_attribute("data-state", "saved")
    page.reload()
    expect(sure).to_have_attribute("aria-pressed", "true")
    expect(page.locator('input[name="choice"]:checked')).to_have_count(0)  # it is no answer
    page.keyboard.press("4")
    expect(guess).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("4")  # the same key takes it back
    expect(page.locator('[data-level][aria-pressed="true"]')).to_have_count(0)
    page.keyboard.press("2")
    expect(page.locator("[data-save-state]")).to_have_attribute("data-state", "saved")
    assert violations(page) == []
    with scene.session() as session:
        said = session.scalars(sa.select(Delivery.confidence).order_by(Delivery.position)).all()
    assert said == [Confidence.FAIRLY, None]

    page.goto(f"{scene.address}/blocks/{token}/end")
    page.get_by_role("button", name="End the block").click()
    page.get_by_role("link", name="Review the items").click()
    assert violations(page) == []
    page.get_by_role("link", name="Omitted 2", exact=True).click()
    page.get_by_role("link", name="Go through these 2").click()
    page.wait_for_load_state()  # keys work once the page's scripts have run
    page.keyboard.press("n")
    expect(page.locator("h1")).to_contain_text("Question 2")
    page.wait_for_load_state()
    page.keyboard.press("p")
    expect(page.locator("h1")).to_contain_text("Question 1")
    page.get_by_role("button", name="Ran out of time").click()
    expect(page.get_by_role("button", name="Ran out of time")).to_have_attribute("aria-pressed", "true")
    assert violations(page) == []
    page.get_by_role("link", name="Try again").click()
    page.wait_for_load_state()
    page.keyboard.press("b")
    page.keyboard.press("s")
    expect(page.locator(".verdict")).to_contain_text("This time: B")
    assert violations(page) == []
    page.goto(f"{scene.address}/blocks/{token}/print")
    page.emulate_media(media="print")
    expect(page.locator(".paper__item")).to_have_count(2)
    expect(page.get_by_role("button", name="Print")).to_be_hidden()
    expect(page.locator(".site-nav")).to_be_hidden()
