"""The room's calculator: its arithmetic, by keyboard, and by its own keys."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.room_fixtures import Scene
from tests.browser.test_room import choose, option

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]


SUMS = [
    ("2+3*4", "14"), ("(2+3)×4", "20"), ("10÷4", "2.5"), ("-3+5", "2"), ("2−−3", "5"), ("sqrt(16)+√9", "7"),
    ("√2×√2", "2"), ("50%", "0.5"), ("200*10%", "20"), ("0.1+0.2", "0.3"), (".5*4", "2"), ("2(3+4)", "14"),
    ("6/2*3", "9"), ("8-3-2", "3"), ("1e3/4", "250"), ("Ans+1", "43"), ("1/3", "0.333333333333"), ("3-5", "−2"),
]  # fmt: skip
WRONG = [
    ("", "Type a sum"), ("2+", "not finished"), ("(2+3", "not closed"), ("2)", "wrong place"), ("1/0", "divided by 0"),
    ("√(0-4)", "no square root"), ("1,5+2", "no commas"), ("alert(1)", "not understood"), ("2**3", "wrong place"),
    ("1e308*10", "too large"), ("(" * 201, "At most"), ("constructor", "not understood"), ("2 3", "wrong place"),
]  # fmt: skip


def test_the_calculator_computes_by_its_own_rules_and_says_what_it_cannot(scene: Scene) -> None:
    page = scene.open(scene.block())
    address = page.locator("script[src*='room/room.js']").get_attribute("src")
    assert address
    run = """async ([from, sums]) => {
      const { compute, shown } = await import(from);
      return sums.map((sum) => { try { return shown(compute(sum, 42)); } catch (error) { return error.message; } });
    }"""
    module = address.replace("room.js", "arithmetic.js")
    found = page.evaluate(run, [module, [sum_ for sum_, _ in SUMS]])
    assert list(zip((sum_ for sum_, _ in SUMS), found, strict=True)) == SUMS
    refused = page.evaluate(run, [module, [sum_ for sum_, _ in WRONG]])
    for (sum_, cause), message in zip(WRONG, refused, strict=True):
        assert cause in message, f"{sum_!r}: {message}"


def test_the_calculator_opens_beside_the_item_works_by_keyboard_and_remembers_the_last_result(scene: Scene) -> None:
    token = scene.block()
    page = scene.open(token)
    page.keyboard.press("k")
    expect(page.locator("#sum")).to_be_focused()
    page.keyboard.type("7*6")
    page.keyboard.press("Enter")
    expect(page.locator("[data-result]")).to_have_text("= 42")
    expect(page.locator("dialog[open]")).to_have_count(0)
    choose(page, "B")  # the question is in reach all the time
    expect(option(page, "B")).to_be_checked()
    page.keyboard.press("n")
    page.wait_for_url("**/2")
    page.keyboard.press("k")
    page.keyboard.type("ans/2")
    page.keyboard.press("Enter")
    expect(page.locator("[data-result]")).to_have_text("= 21")
    page.keyboard.press("Escape")
    expect(page.locator("#tool-calculator")).to_be_hidden()
    expect(option(page, "B")).not_to_be_checked()


def test_the_calculator_works_by_its_keys_alone(scene: Scene) -> None:
    page = scene.open(scene.block(), context=scene.context(viewport={"width": 375, "height": 700}))
    page.get_by_role("button", name="Calculator", exact=True).click()
    for key in ("square root", "9", "plus", "1", "3", "delete", "equals"):
        page.get_by_role("button", name=key, exact=True).click()
    expect(page.locator("[data-result]")).to_have_text("= 4")
    page.get_by_role("button", name="times", exact=True).click()
    page.get_by_role("button", name="2", exact=True).click()
    page.get_by_role("button", name="equals", exact=True).click()
    expect(page.locator("[data-result]")).to_have_text("= 8")
    page.get_by_role("button", name="divided by", exact=True).click()
    page.get_by_role("button", name="equals", exact=True).click()
    expect(page.locator("[data-result]")).to_contain_text("not finished")
