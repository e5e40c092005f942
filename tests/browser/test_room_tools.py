"""The tools of the room in a real browser: highlighter, laboratory values, view, images."""

from __future__ import annotations

import re

import pytest
import sqlalchemy as sa
from playwright.sync_api import Page, expect

from qbank.blocks.models import Highlight
from qbank.items.models import ItemVersion
from tests.browser.looking import violations
from tests.browser.room_fixtures import Scene
from tests.browser.test_room import NOT_SAVED, SAVED, expect_state, option, tab_to

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]


def marks(page: Page) -> list[str]:
    found: list[str] = page.evaluate("[...document.querySelectorAll('mark.highlight')].map((m) => m.textContent)")
    return found


def select(page: Page, words: str, field: str = "stem") -> None:
    """Select these words with the mouse's own means: a range, then its events."""
    page.evaluate(
        """([field, words]) => {
          const walker = document.createTreeWalker(document.querySelector(`[data-field="${field}"]`), 4);
          while (walker.nextNode()) {
            const at = walker.currentNode.data.indexOf(words);
            if (at < 0) continue;
            getSelection().setBaseAndExtent(walker.currentNode, at, walker.currentNode, at + words.length);
            return;
          }
          throw new Error(`${words} is in no text of one piece`);
        }""",
        [field, words],
    )


def stored(scene: Scene) -> list[tuple[str, int, int]]:
    with scene.session() as session:
        query = sa.select(Highlight.field, Highlight.start, Highlight.end).order_by(Highlight.field, Highlight.start)
        return [(field, start, end) for field, start, end in session.execute(query)]


# ---- the highlighter


def test_selected_words_are_highlighted_by_key_saved_and_there_after_a_reload_and_after_the_block(scene: Scene) -> None:
    token = scene.block()
    page = scene.open(token)
    text = page.locator('[data-field="stem"]').inner_text()
    select(page, "bones have become weaker")
    page.keyboard.press("h")
    assert marks(page) == ["bones have become weaker"]
    select(page, "main cause", "lead_in")
    page.get_by_role("button", name="Highlight", exact=True).click()
    expect_state(page, SAVED)
    assert [field for field, _start, _end in stored(scene)] == ["lead_in", "stem"]
    page.reload()
    assert marks(page) == ["bones have become weaker", "main cause"]
    assert page.locator('[data-field="stem"]').inner_text() == text
    expect(option(page, "A")).not_to_be_checked()
    page.goto(f"{scene.address}/blocks/{token}/end")
    page.get_by_role("button", name="End the block").click()
    page.goto(f"{scene.address}/blocks/{token}/result/1")
    assert marks(page) == ["bones have become weaker", "main cause"]


def test_overlapping_highlights_merge_a_click_takes_one_off_and_the_server_agrees(scene: Scene) -> None:
    token = scene.block()
    page = scene.open(token)
    for words in ("become weaker", "weaker since her"):
        if words == "become weaker":
            select(page, words)
        else:  # over the first one's end
            page.evaluate(
                """() => {
                  const mark = document.querySelector("mark.highlight").firstChild;
                  const rest = document.querySelector("mark.highlight").nextSibling;
                  getSelection().setBaseAndExtent(mark, mark.data.indexOf("weaker"), rest, " since her".length);
                }"""
            )
        page.keyboard.press("h")
    assert marks(page) == ["become weaker since her"]
    select(page, "Her mother")
    page.keyboard.press("h")
    expect_state(page, SAVED)
    assert len(stored(scene)) == 2
    page.locator("mark.highlight").first.click()
    assert marks(page) == ["Her mother"]
    expect_state(page, SAVED)
    assert len(stored(scene)) == 1
    select(page, "mother")
    page.keyboard.press("h")
    assert marks(page) == ["Her "], "the key over what is highlighted takes off just that"


def test_with_the_highlighter_open_a_drag_of_the_mouse_highlights(scene: Scene) -> None:
    page = scene.open(scene.block())
    page.get_by_role("button", name="Highlight", exact=True).click()
    expect(page.locator("#tool-highlighter")).to_be_visible()
    box = page.locator('[data-field="stem"] p').bounding_box()
    assert box
    page.mouse.move(box["x"] + 2, box["y"] + 12)
    page.mouse.down()
    page.mouse.move(box["x"] + 200, box["y"] + 12, steps=4)
    page.mouse.up()
    expect(page.locator("mark.highlight")).to_have_count(1)
    expect_state(page, SAVED)


def test_every_word_can_be_highlighted_by_keyboard_alone(scene: Scene) -> None:
    token = scene.block()
    page = scene.open(token)
    page.keyboard.press("h")
    said = page.locator("[data-stroke-said]")
    page.keyboard.press("ArrowRight")
    expect(said).to_have_text("A")
    page.keyboard.press("ArrowDown")
    expect(said).to_have_text("Her")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("Shift+ArrowLeft")
    expect(said).to_have_text("mother broke")
    page.keyboard.press("h")
    assert marks(page) == ["mother broke"]
    expect(said).to_have_text("Highlighted.")
    page.keyboard.press("ArrowLeft")
    expect(said).to_have_text("mother, highlighted")
    tab_to(page, "Take all off")
    page.keyboard.press("Enter")
    assert marks(page) == []
    page.keyboard.press("Escape")
    expect(page.locator("#tool-highlighter")).to_be_hidden()
    expect_state(page, SAVED)
    assert stored(scene) == []


def test_a_highlight_that_cannot_be_sent_survives_the_reload_and_arrives_once(scene: Scene) -> None:
    token = scene.block()
    page = scene.open(token)
    page.route("**/events", lambda route: route.abort())
    select(page, "Her mother")
    page.keyboard.press("h")
    expect_state(page, NOT_SAVED)
    page.reload()
    expect_state(page, NOT_SAVED)
    assert marks(page) == ["Her mother"]
    page.unroute("**/events")
    expect_state(page, SAVED)
    assert len(stored(scene)) == 1


def test_offsets_agree_between_page_and_server_in_text_with_every_kind_of_character(scene: Scene) -> None:
    token = scene.block()
    html = "<p>A &lt; b &amp; <em>c</em>: 🦴 µ</p>\n<ul>\n<li>one</li>\n<li>two 🦴 three</li>\n</ul>"
    with scene.session() as session:
        session.execute(sa.update(ItemVersion).values(stem_html=html))
        session.commit()
    page = scene.open(token)
    before = page.locator('[data-field="stem"]').evaluate("(field) => field.textContent")
    page.evaluate(
        """() => {
          const field = document.querySelector('[data-field="stem"]');
          const last = field.querySelector("li:last-child").firstChild;
          getSelection().setBaseAndExtent(field.querySelector("em").firstChild, 0, last, last.data.indexOf(" three"));
        }"""
    )
    page.keyboard.press("h")
    shown = marks(page)
    expect_state(page, SAVED)
    page.reload()
    assert marks(page) == shown == ["c", ": 🦴 µ", "one", "two 🦴"]
    assert page.locator('[data-field="stem"]').evaluate("(field) => field.textContent") == before
    assert page.locator("ul > mark").count() == 0
    page.locator("mark.highlight").last.click()
    assert marks(page) == []


# ---- laboratory values, view, images


def test_laboratory_values_are_found_by_name_and_by_specimen_without_leaving_the_item(scene: Scene) -> None:
    token = scene.block()
    page = scene.open(token)
    page.keyboard.press("l")
    search = page.locator("#labs-search")
    expect(search).to_be_focused()
    search.press_sequentially("hba1c")
    expect(page.locator("[data-labs-found]")).to_have_text("1 value")
    expect(page.locator("[data-words]:visible")).to_have_text(re.compile("Hemoglobin A1c.*≤6 %"))
    expect(option(page, "A")).not_to_be_checked()
    search.fill("calcium")
    expect(page.locator("[data-labs-found]")).to_have_text("2 values")
    page.get_by_role("button", name="Urine", exact=True).click()
    expect(page.locator("[data-words]:visible")).to_have_text(re.compile("100–300 mg/24 h.*2.5–7.5 mmol/24 h"))
    page.keyboard.press("Escape")
    expect(page.locator("#tool-labs")).to_be_hidden()
    assert page.url.endswith(f"/blocks/{token}/1")
    expect(page.get_by_role("button", name="Lab values")).to_have_attribute("aria-expanded", "false")


def test_laboratory_values_that_cannot_be_loaded_say_so_and_come_when_opened_again(scene: Scene) -> None:
    page = scene.open(scene.block())
    page.route("**/labs?part=1", lambda route: route.abort())
    page.keyboard.press("l")
    expect(page.locator("[data-labs-place]")).to_contain_text("could not be loaded")
    page.unroute("**/labs?part=1")
    page.keyboard.press("Escape")
    page.keyboard.press("l")
    expect(page.locator("#labs-search")).to_be_focused()


def test_the_page_of_laboratory_values_works_without_scripts(scene: Scene) -> None:
    page = scene.context(java_script_enabled=False).new_page()
    page.goto(f"{scene.address}/labs")
    expect(page.locator("[data-words]")).to_have_count(97)
    expect(page.locator("#labs-search")).to_be_hidden()
    page.goto(f"{scene.address}/blocks/{scene.block()}/1")
    expect(page.get_by_role("link", name="Lab values")).to_have_attribute("target", "_blank")
    expect(page.get_by_role("button", name="Calculator")).to_be_hidden()


def test_text_size_and_colours_are_set_in_the_room_and_last(scene: Scene) -> None:
    token = scene.block()
    page = scene.open(token)
    size = "() => parseFloat(getComputedStyle(document.querySelector('.stem p')).fontSize)"
    before = page.evaluate(size)
    page.keyboard.press("v")
    page.get_by_role("button", name="Largest").click()
    page.get_by_role("button", name="Dark").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    assert page.evaluate(size) > before * 1.25
    page.goto(f"{scene.address}/blocks/{token}/2")
    assert page.evaluate(size) > before * 1.25
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.set_viewport_size({"width": 320, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


def test_an_image_of_the_question_opens_larger_and_changes_no_offset(scene: Scene) -> None:
    token = scene.block()
    address = f"/media/{'0' * 64}"
    with scene.session() as session:
        html = f'<p>See <img src="{address}" alt="A bone scan"> and say.</p>'
        session.execute(sa.update(ItemVersion).values(stem_html=html))
        session.commit()
    context = scene.context()
    picture = "<svg xmlns='http://www.w3.org/2000/svg' width='300' height='200'><rect width='300' height='200'/></svg>"
    context.route(f"**{address}", lambda route: route.fulfill(body=picture, content_type="image/svg+xml"))
    page = scene.open(token, context=context)
    select(page, "and say")
    page.keyboard.press("h")
    expect_state(page, SAVED)
    assert stored(scene) == [("stem", 5, 12)]
    page.get_by_role("button", name="Enlarge the image: A bone scan").press("Enter")
    image = page.get_by_role("img", name="A bone scan").last
    expect(image).to_be_visible()
    before = image.bounding_box()
    page.get_by_role("button", name="Larger").click()
    after = image.bounding_box()
    assert before
    assert after
    assert after["width"] == pytest.approx(1.5 * before["width"], rel=0.02)
    page.keyboard.press("Escape")
    expect(page.locator("[data-zoom]")).to_be_hidden()


# ---- for everybody


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [(320, 800), (768, 1024), (1280, 800)])
def test_axe_finds_nothing_with_any_tool_open_and_nothing_scrolls_sideways(
    scene: Scene, scheme: str, size: tuple[int, int]
) -> None:
    viewport = {"width": size[0], "height": size[1]}
    page = scene.open(
        scene.block(timing="timed", pause_allowed=True), context=scene.context(color_scheme=scheme, viewport=viewport)
    )
    select(page, "bones have become weaker")
    page.keyboard.press("h")
    expect_state(page, SAVED)
    wrong: list[object] = []
    for key, name in (("h", "highlighter"), ("l", "labs"), ("k", "calculator"), ("v", "view")):
        page.keyboard.press(key)
        expect(page.locator(f"#tool-{name}")).to_be_visible()
        if name == "labs":
            expect(page.locator("#labs-search")).to_be_visible()
        wrong += [(name, finding) for finding in violations(page)]
        across = page.evaluate("document.documentElement.scrollWidth")
        if across > size[0]:
            wrong.append(f"{name}: {across} px wide")
        page.keyboard.press("Escape")
    page.goto(f"{scene.address}/labs")
    wrong += violations(page)
    assert wrong == []


@pytest.mark.parametrize("size", [(1280, 700), (375, 667)])
def test_with_a_tool_open_the_focus_is_never_covered(scene: Scene, size: tuple[int, int]) -> None:
    context = scene.context(viewport={"width": size[0], "height": size[1]})
    page = scene.open(scene.block(), context=context)
    page.keyboard.press("v")
    for _ in range(40):
        page.keyboard.press("Tab")
        covered = page.evaluate(
            """() => {
              const focused = document.activeElement;
              if (focused === document.body || focused.closest("header, footer, .skip, [data-dock]")) return null;
              const box = (focused.closest("label") ?? focused).getBoundingClientRect();
              const dock = document.querySelector("[data-dock]");
              const fixed = getComputedStyle(dock).position === "fixed";
              const top = document.querySelector(".room-top").getBoundingClientRect().bottom;
              const bottom = (fixed ? dock : document.querySelector(".room-bottom")).getBoundingClientRect().top;
              return box.bottom <= top + 1 || box.top >= bottom - 1 ? focused.outerHTML.slice(0, 120) : null;
            }"""
        )
        assert covered is None, covered


def test_the_help_sheet_lists_every_key(scene: Scene) -> None:
    page = scene.open(scene.block("tutor", "timed"))
    page.keyboard.press("?")
    listed = set(page.locator("[data-help] kbd").all_inner_texts())
    assert {"A", "Shift + A", "0", "M", "S", "N", "P", "R", "H", "L", "K", "V", "T", "Esc", "?"} <= listed
