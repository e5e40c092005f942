"""Looking at a page as a test: axe finds nothing serious, one first heading, a title, no id twice."""

from __future__ import annotations

import json
import os
from pathlib import Path

from playwright.sync_api import Page

from tests.browser.serving import AXE, WCAG

SEVERE = {"serious", "critical"}
WIDTHS = (320, 768, 1280)
# What a theme can spoil. The structure of a page is the same in both themes and is looked at in the light one.
RULES_OF_COLOUR = ["color-contrast", "link-in-text-block"]
# Set to a folder to keep a picture of every page that a test looks at.
PICTURES = os.environ.get("QBANK_TEST_PICTURES")
_RUN = """async ([type, values]) => {
  const found = await axe.run(document, {runOnly: {type, values}, resultTypes: ["violations"]});
  return found.violations.map((v) => ({id: v.id, impact: v.impact, nodes: v.nodes.map((n) => n.html.slice(0, 160))}));
}"""
_DUPLICATES = """() => {
  const seen = new Map();
  for (const element of document.querySelectorAll("[id]")) seen.set(element.id, (seen.get(element.id) ?? 0) + 1);
  return [...seen].filter(([, n]) => n > 1).map(([id]) => id);
}"""


def violations(page: Page, rules: list[str] | None = None, *, of_any_weight: bool = False) -> list[dict[str, object]]:
    """Return axe's serious and critical findings on the page as it is, by these rules alone if some are named."""
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate(_RUN, ["rule", rules] if rules else ["tag", WCAG])
    return [violation for violation in found if of_any_weight or violation["impact"] in SEVERE]


def overflow(page: Page) -> int:
    """Return by how many pixels the page is wider than its window."""
    wider: int = page.evaluate("() => document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return wider


def problems_everywhere(page: Page, name: str, *, of_any_weight: bool = False) -> list[str]:
    """Return what axe finds on the open page, in both themes at every width, and where it scrolls sideways.

    The page is loaded once; its window is resized and its theme changed as a person might.
    """
    found: list[str] = []
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        for theme, rules in (("light", None), ("dark", RULES_OF_COLOUR)):
            page.emulate_media(color_scheme=theme, reduced_motion="reduce")  # type: ignore[arg-type]
            place = f"{name} at {width}, {theme}"
            seen = violations(page, rules, of_any_weight=of_any_weight)
            found += [f"{place}: {one['id']} {one['nodes']}" for one in seen]
        if (wider := overflow(page)) > 0:
            found.append(f"{name} at {width} scrolls sideways by {wider} px")
    return found


def look(page: Page) -> None:
    """Assert what holds for every page of the house."""
    page.wait_for_load_state()
    assert page.title().strip(), page.url
    assert page.locator("h1").count() == 1, f"{page.url} has {page.locator('h1').count()} first headings"
    duplicates = page.evaluate(_DUPLICATES)
    assert duplicates == [], f"{page.url}: ids twice: {duplicates}"
    width = overflow(page)
    assert width <= 0, f"{page.url} scrolls sideways by {width} px"
    found = violations(page)
    assert found == [], f"{page.url}\n{json.dumps(found, indent=1)}"
    if PICTURES:
        name = page.url.split("/", 3)[-1].replace("/", "_").split("?")[0] or "home"
        Path(PICTURES).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=Path(PICTURES) / f"{name[:80]}.png", full_page=True)
