"""Looking at a page as a test: axe finds nothing serious, one first heading, a title, no id twice."""

from __future__ import annotations

import json
import os
from pathlib import Path

from playwright.sync_api import Page

from tests.browser.serving import AXE, WCAG

SEVERE = {"serious", "critical"}
# Set to a folder to keep a picture of every page that a test looks at.
PICTURES = os.environ.get("QBANK_TEST_PICTURES")
_RUN = """async (tags) => {
  const found = await axe.run(document, {runOnly: {type: "tag", values: tags}, resultTypes: ["violations"]});
  return found.violations.map((v) => ({id: v.id, impact: v.impact, nodes: v.nodes.map((n) => n.html.slice(0, 160))}));
}"""
_DUPLICATES = """() => {
  const seen = new Map();
  for (const element of document.querySelectorAll("[id]")) seen.set(element.id, (seen.get(element.id) ?? 0) + 1);
  return [...seen].filter(([, n]) => n > 1).map(([id]) => id);
}"""


def violations(page: Page) -> list[dict[str, object]]:
    """Return axe's serious and critical findings on the page as it is."""
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate(_RUN, WCAG)
    return [violation for violation in found if violation["impact"] in SEVERE]


def look(page: Page) -> None:
    """Assert what holds for every page of the house."""
    page.wait_for_load_state()
    assert page.title().strip(), page.url
    assert page.locator("h1").count() == 1, f"{page.url} has {page.locator('h1').count()} first headings"
    duplicates = page.evaluate(_DUPLICATES)
    assert duplicates == [], f"{page.url}: ids twice: {duplicates}"
    width = page.evaluate("() => document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert width <= 0, f"{page.url} scrolls sideways by {width} px"
    found = violations(page)
    assert found == [], f"{page.url}\n{json.dumps(found, indent=1)}"
    if PICTURES:
        name = page.url.split("/", 3)[-1].replace("/", "_").split("?")[0] or "home"
        Path(PICTURES).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=Path(PICTURES) / f"{name[:80]}.png", full_page=True)
