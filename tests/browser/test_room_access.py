"""The pages of a block for everybody: axe in both themes at three widths, reflow, targets, focus never covered."""

from __future__ import annotations

import pytest

from qbank.accounts.models import Person
from qbank.blocks import closing
from tests.browser.looking import problems_everywhere, violations
from tests.browser.room_fixtures import Scene

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]

WIDTHS = (320, 768, 1280)


@pytest.fixture
def stock_size() -> int:
    return 24


@pytest.fixture
def pages(scene: Scene) -> dict[str, str]:
    """The address of every kind of page, with something on it."""
    ended = scene.block("exam", "untimed", 6)
    with scene.session() as session:
        closing.end_block(session, session.get_one(Person, scene.person_id), ended)
        session.commit()
    tutor, timed = scene.block("tutor", "untimed", 4), scene.block("exam", "timed", 8)
    page = scene.open(tutor)
    page.locator('[data-option="B"] label').click()
    page.keyboard.press("Shift+C")
    page.get_by_role("button", name="Submit answer").click()
    page.wait_for_selector("#explanation")
    page.context.close()
    return {
        "builder": "/practise",
        "room": f"/blocks/{timed}/1",
        "room, tutor": f"/blocks/{tutor}/2",
        "explanation": f"/blocks/{tutor}/1",
        "review": f"/blocks/{timed}/review",
        "end": f"/blocks/{timed}/end",
        "result": f"/blocks/{ended}/result",
        "result of an item": f"/blocks/{ended}/result/2",
    }


def test_axe_finds_nothing_serious_and_nothing_scrolls_sideways(scene: Scene, pages: dict[str, str]) -> None:
    page = scene.context().new_page()
    wrong: list[str] = []
    for name, path in pages.items():
        page.goto(scene.address + path)
        wrong += problems_everywhere(page, name)
    assert wrong == []


def test_axe_finds_nothing_serious_in_the_help_sheet(scene: Scene, pages: dict[str, str]) -> None:
    page = scene.context().new_page()
    page.goto(scene.address + pages["room"])
    page.keyboard.press("?")
    assert violations(page) == []


@pytest.mark.parametrize("size", [(1280, 640), (375, 667)])
def test_the_focus_is_never_under_a_bar(scene: Scene, pages: dict[str, str], size: tuple[int, int]) -> None:
    page = scene.context(viewport={"width": size[0], "height": size[1]}).new_page()
    for name in ("room", "explanation", "result of an item"):
        page.goto(scene.address + pages[name])
        for _ in range(30):
            page.keyboard.press("Tab")
            covered = page.evaluate(
                """() => {
                  const focused = document.activeElement;
                  if (focused === document.body || focused.closest("header, footer, .skip")) return null;
                  const box = (focused.closest("label") ?? focused).getBoundingClientRect();
                  const top = document.querySelector(".room-top").getBoundingClientRect().bottom;
                  const bottom = document.querySelector(".room-bottom").getBoundingClientRect().top;
                  const hidden = box.bottom <= top + 1 || box.top >= bottom - 1;
                  return hidden ? focused.outerHTML.slice(0, 120) : null;
                }"""
            )
            assert covered is None, f"{name}: {covered}"


def test_targets_in_the_room_are_big_enough_for_a_finger(scene: Scene, pages: dict[str, str]) -> None:
    page = scene.context(viewport={"width": 375, "height": 800}, has_touch=True, is_mobile=True).new_page()
    page.goto(scene.address + pages["room, tutor"])
    small = page.evaluate(
        """() => [...document.querySelectorAll("button, label, a, summary")]
          .filter((e) => e.checkVisibility() && !e.closest("dialog") && !e.matches(".vh, .skip"))
          .map((e) => [e.outerHTML.slice(0, 90), e.getBoundingClientRect()])
          .filter(([, box]) => box.height < 43.5 || box.width < 43.5)
          .map(([html, box]) => `${Math.round(box.width)}x${Math.round(box.height)} ${html}`)"""
    )
    assert small == []


def test_the_room_survives_text_at_twice_its_size(scene: Scene, pages: dict[str, str]) -> None:
    page = scene.context(viewport={"width": 640, "height": 800}).new_page()
    page.goto(scene.address + pages["room"])
    page.evaluate(
        "document.documentElement.setAttribute('data-test', ''); document.documentElement.style.fontSize = '200%'"
    )
    assert page.evaluate("document.documentElement.scrollWidth") <= 640
    for name in ("Next", "Mark"):
        assert page.get_by_role("button", name=name).first.is_visible()
