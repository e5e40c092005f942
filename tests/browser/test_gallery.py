"""The looks of the site: every component in a real browser, under the real policy, in both themes."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from qbank import paths
from tests.browser.gallery.app import PAGES, create_gallery
from tests.browser.looking import problems_everywhere
from tests.browser.serving import served

STATIC = paths.PACKAGE / "static"
OWN_SHEETS = ("tokens", "base", "layout", "components", "forms", "tables", "charts", "room", "desk", "print")


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with served(create_gallery()) as url:
        yield url


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    opened = browser.new_page(viewport={"width": 1280, "height": 800}, color_scheme="light")
    yield opened
    opened.close()


def _open(page: Page, address: str, name: str) -> None:
    page.goto(f"{address}/gallery/{name}")
    for figure in page.locator("figure.chart").all():
        expect(figure.locator("svg[role=img]")).to_be_visible()


# ---- without a browser


@pytest.mark.parametrize("name", PAGES)
def test_a_rendered_page_holds_nothing_inline_that_the_policy_forbids(name: str) -> None:
    html = create_gallery().test_client().get(f"/gallery/{name}").get_data(as_text=True)
    assert not re.search(r"\sstyle=|<style|\son[a-z]+=", html)
    for tag in re.findall(r"<script[^>]*>", html):
        assert "src=" in tag or 'type="application/json"' in tag


@pytest.mark.parametrize("name", PAGES)
def test_ids_are_unique_and_every_reference_to_one_leads_somewhere(name: str) -> None:
    html = create_gallery().test_client().get(f"/gallery/{name}").get_data(as_text=True)
    ids = re.findall(r'\sid="([^"]+)"', html)
    assert len(ids) == len(set(ids))
    for value in re.findall(r'\s(?:for|aria-describedby|aria-labelledby|aria-controls)="([^"]+)"', html):
        assert set(value.split()) <= set(ids), value


def test_the_error_page_shows_cause_cure_and_every_problem() -> None:
    html = create_gallery().test_client().get("/gallery/error").get_data(as_text=True)
    for text in (
        "It changed in the meantime",
        "Somebody else saved",
        "then decide again",
        "differs from what",
        "Error 409",
    ):
        assert text in html


def test_the_two_blocks_of_dark_colours_are_alike() -> None:
    text = (STATIC / "css" / "tokens.css").read_text(encoding="utf-8")
    wished, chosen = (
        re.search(re.escape(head) + r" \{(.*?)\}", text, re.DOTALL)
        for head in (':root:not([data-theme="light"])', ':root[data-theme="dark"]')
    )
    assert wished
    assert chosen
    assert wished[1].split() == chosen[1].split()


def test_every_colour_that_is_used_is_a_token() -> None:
    known = set(re.findall(r"(--[a-z0-9-]+):", (STATIC / "css" / "tokens.css").read_text(encoding="utf-8")))
    for name in OWN_SHEETS:
        text = (STATIC / "css" / f"{name}.css").read_text(encoding="utf-8")
        local = set(re.findall(r"(--[a-z0-9-]+):", text))
        assert set(re.findall(r"var\((--[a-z0-9-]+)", text)) <= known | local, name
        if name not in ("tokens", "print"):
            assert not re.search(r"#[0-9a-fA-F]{3,8}\b", text), f"{name}.css writes a colour of its own"


def test_the_sheets_of_the_visual_system_stay_under_64_kb() -> None:
    assert sum((STATIC / "css" / f"{name}.css").stat().st_size for name in OWN_SHEETS) < 64_000


@pytest.mark.parametrize("folder", [STATIC / "vendor", Path(__file__).parent / "vendor"])
def test_what_is_vendored_is_what_its_list_says(folder: Path) -> None:
    listed = json.loads((folder / "vendor.json").read_text(encoding="utf-8"))
    for entry in listed:
        assert hashlib.sha256((folder / entry["file"]).read_bytes()).hexdigest() == entry["sha256"]
        assert (folder / entry["licence_file"]).stat().st_size > 500
    assert {path.name for path in folder.glob("*.js")} == {entry["file"] for entry in listed}


# ---- in a browser


@pytest.mark.browser
@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing_and_no_page_scrolls_sideways(page: Page, address: str, name: str) -> None:
    _open(page, address, name)
    page.evaluate("document.querySelectorAll('details:not([data-menu])').forEach((d) => { d.open = true })")
    assert problems_everywhere(page, name, of_any_weight=True) == []


@pytest.mark.browser
@pytest.mark.parametrize("name", PAGES)
def test_a_page_breaks_no_policy_and_raises_no_error(page: Page, address: str, name: str) -> None:
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    _open(page, address, name)
    assert said == []


@pytest.mark.browser
def test_a_chosen_theme_is_there_before_the_page_is_drawn_and_lasts(page: Page, address: str) -> None:
    _open(page, address, "components")
    page.get_by_text("Account of Ada").click(force=True)
    page.get_by_role("button", name="Dark", exact=True).click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.add_init_script(
        "new MutationObserver((_, o) => { if (document.body) { window.atFirst = document.documentElement.dataset.theme;"
        " o.disconnect(); } }).observe(document, { childList: true, subtree: true })"
    )
    page.reload()
    assert page.evaluate("window.atFirst") == "dark"
    ground = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    assert ground == "rgb(18, 23, 30)"
    expect(page.locator('[data-theme-choice="dark"]')).to_have_attribute("aria-pressed", "true")


@pytest.mark.browser
def test_the_account_menu_closes_on_escape_and_gives_the_focus_back(page: Page, address: str) -> None:
    _open(page, address, "components")
    summary = page.locator("[data-menu] > summary")
    summary.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    page.keyboard.press("Tab")
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Sign out")).to_be_hidden()
    expect(summary).to_be_focused()


@pytest.mark.browser
def test_the_navigation_folds_on_a_phone_and_stays_open_without_scripts(browser: Browser, address: str) -> None:
    phone = browser.new_page(viewport={"width": 375, "height": 700})
    _open(phone, address, "components")
    link = phone.get_by_role("link", name="History")
    expect(link).to_be_hidden()
    phone.get_by_role("button", name="Menu").click()
    expect(link).to_be_visible()
    phone.close()
    plain = browser.new_context(java_script_enabled=False, viewport={"width": 375, "height": 700})
    bare = plain.new_page()
    bare.goto(f"{address}/gallery/components")
    expect(bare.get_by_role("link", name="History")).to_be_visible()
    plain.close()


@pytest.mark.browser
def test_a_refused_form_puts_the_focus_on_its_summary_whose_links_lead_to_the_fields(page: Page, address: str) -> None:
    _open(page, address, "forms")
    summary = page.locator("[data-error-summary]")
    expect(summary).to_be_focused()
    for target, control in (("bad-name", "bad-name"), ("bad-feedback-0", "bad-feedback-0")):
        summary.locator(f'a[href="#{target}"]').click()
        expect(page.locator(f"#{control}")).to_be_in_viewport()
    described = page.locator("#bad-count").get_attribute("aria-describedby") or ""
    assert "Between 1 and 40." in page.locator(f"#{described.split()[-1]}").inner_text()


@pytest.mark.browser
def test_arrows_choose_an_option_and_the_strike_button_is_apart_from_its_label(page: Page, address: str) -> None:
    _open(page, address, "room")
    page.locator('input[name="choice"][value="C"]').focus()
    page.keyboard.press("ArrowUp")
    expect(page.get_by_role("radio", name="B Progesterone deficiency")).to_be_checked()
    expect(page.get_by_role("button", name="Strike out A")).to_have_attribute("aria-pressed", "true")
    assert page.locator("label button").count() == 0


@pytest.mark.browser
def test_in_the_room_every_target_is_large_and_the_focus_is_never_under_a_bar(page: Page, address: str) -> None:
    page.set_viewport_size({"width": 1280, "height": 620})
    _open(page, address, "room")
    small = page.evaluate(
        """() => [...document.querySelectorAll('.room a, .room button, .option__pick')]
        .filter((e) => !e.matches('.skip')).map((e) => [e.className, e.getBoundingClientRect()])
        .filter(([, r]) => r.height < 44 || r.width < 44).map(([name, r]) => `${name} ${r.width}x${r.height}`)"""
    )
    assert small == []
    for _ in range(45):
        page.keyboard.press("Tab")
        hidden = page.evaluate(
            """() => { const e = document.activeElement;
            if (e === document.body || e.closest('.room-top, .room-bottom, .skip')) return false;
            const r = e.getBoundingClientRect();
            return r.top < document.querySelector('.room-top').getBoundingClientRect().bottom
              || r.bottom > document.querySelector('.room-bottom').getBoundingClientRect().top }"""
        )
        assert not hidden, page.evaluate("document.activeElement.outerHTML.slice(0, 120)")


@pytest.mark.browser
def test_charts_are_named_pictures_in_the_colours_of_the_theme_beside_their_table(page: Page, address: str) -> None:
    _open(page, address, "charts")
    trend = page.get_by_role("img", name="Score by date")
    expect(trend).to_be_visible()
    assert "The same figures follow as a table" in (trend.locator("desc").text_content() or "")
    assert trend.locator(".mark-dot circle, .mark-dot path").count() == 13
    assert page.locator("#systems .mark-interval line").count() == 4, "a row below the least n has no interval"
    assert page.locator("#peers .mark-bar rect").count() == 5
    fill = "getComputedStyle(document.querySelector('#trend .mark-dot')).fill"
    assert page.evaluate(fill) == "rgb(0, 114, 178)"
    page.emulate_media(color_scheme="dark")
    assert page.evaluate(fill) == "rgb(86, 180, 233)"
    assert page.locator("figure.chart details table").count() == 3


@pytest.mark.browser
def test_a_dialog_opens_and_closes_by_its_buttons(page: Page, address: str) -> None:
    _open(page, address, "components")
    page.get_by_role("button", name="Open dialog").click()
    dialog = page.get_by_role("dialog", name="End this block?")
    expect(dialog).to_be_visible()
    dialog.get_by_role("button", name="Go on answering").click()
    expect(dialog).to_be_hidden()


@pytest.mark.browser
def test_paper_is_white_even_in_the_dark_theme_and_shows_no_buttons(page: Page, address: str) -> None:
    page.emulate_media(color_scheme="dark", media="print")
    _open(page, address, "answered")
    assert page.evaluate("getComputedStyle(document.querySelector('.sheet')).backgroundColor") == "rgb(255, 255, 255)"
    assert page.evaluate("getComputedStyle(document.querySelector('.badge--correct')).color") == "rgb(10, 102, 72)"
    expect(page.locator(".room-bottom")).to_be_hidden()
