"""Import and export in a real browser: a file dropped, a large one in parts, the decision, undoing, paper."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from qbank.accounts import service
from qbank.accounts.models import Role
from qbank.app import create_app
from qbank.db.engine import begin_write
from qbank.settings import Settings
from tests.browser.looking import look
from tests.browser.serving import served, session_cookie
from tests.exchange.bank import add_taxa, line

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]
MATCHING = "::q1:: Which hormone lowers calcium? {=Calcitonin ~Cortisol}\n\n::q2:: Match. {=a -> b =c -> d =e -> f}\n"


@pytest.fixture
def app(settings: Settings, engine: sa.Engine) -> Flask:
    made = create_app(settings, engine)
    add_taxa(made.extensions["qbank.sessions"])
    return made


@pytest.fixture
def page(app: Flask, settings: Settings, browser: Browser) -> Iterator[Page]:
    with app.extensions["qbank.sessions"]() as session:
        begin_write(session)
        educator = service.create_person(
            session, settings, email="e@x.org", name="Eve", password="walnut ferry cobalt", roles={Role.EDUCATOR}
        )
        session.commit()
        person_id = educator.id
    with served(app) as address:
        context = browser.new_context(viewport={"width": 1280, "height": 900}, base_url=address)
        context.set_default_timeout(20_000)
        cookie = session_cookie(app, person_id)
        context.add_cookies([{"name": cookie["name"], "value": cookie["value"], "url": address}])
        made = context.new_page()
        problems: list[str] = []
        made.on("pageerror", lambda error: problems.append(str(error)))
        made.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
        yield made
        context.close()
        assert problems == []


def test_a_dropped_file_is_previewed_imported_and_undone(page: Page) -> None:
    page.goto("/exchange")
    look(page)
    page.evaluate(
        """(text) => {
          const carried = new DataTransfer();
          carried.items.add(new File([text], "dropped.jsonl"));
          document.querySelector("[data-drop]").dispatchEvent(
            new DragEvent("drop", { dataTransfer: carried, bubbles: true, cancelable: true }));
        }""",
        json.dumps(line(1)) + "\n",
    )
    expect(page.get_by_text("dropped.jsonl,")).to_be_visible()
    page.get_by_role("button", name="Read the file").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Preview of dropped.jsonl")
    look(page)
    page.get_by_role("button", name="Import 1 item").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Import of dropped.jsonl")
    look(page)
    page.get_by_role("button", name="Undo the import").click()
    expect(page.get_by_text("The import was undone")).to_be_visible()
    look(page)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 768, 1280])
def test_the_pages_hold_at_every_width_in_both_schemes(page: Page, tmp_path: Path, scheme: str, width: int) -> None:
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    page.set_viewport_size({"width": width, "height": 900})
    file = tmp_path / "a-file-with-a-very-long-name-that-somebody-exported-from-another-system.txt"
    file.write_text(MATCHING + "".join(f"\n::n{n}:: Question {n}? {{=Yes ~No}}\n" for n in range(3)))
    page.goto("/exchange")
    page.get_by_label("File", exact=True).set_input_files(file)
    page.get_by_role("button", name="Read the file").click()
    expect(page.get_by_text("does not hold items of the type matching")).to_be_visible()
    look(page)
    page.get_by_role("button", name="Import 4 items").click()
    expect(page.get_by_text("What became of the file")).to_be_visible()
    look(page)
    for path in ("/exchange", "/exchange/export?look=1&format=aiken", "/exchange/export/paper", "/exchange/export/key"):
        page.goto(path)
        look(page)


def test_a_file_larger_than_a_request_may_be_arrives_in_parts(page: Page, tmp_path: Path) -> None:
    file = tmp_path / "large.jsonl"
    padding = "A long explanation of it. " * 400
    with file.open("w") as target:
        for number in range(900):
            target.write(json.dumps(line(number, explanation=padding)) + "\n")
    assert file.stat().st_size > 9_000_000
    page.goto("/exchange")
    page.get_by_label("File", exact=True).set_input_files(file)
    page.get_by_role("button", name="Read the file").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Preview of large.jsonl", timeout=120_000)
    expect(page.get_by_role("button", name="Import 900 items")).to_be_visible()


def test_an_export_is_downloaded(page: Page, tmp_path: Path) -> None:
    file = tmp_path / "two.jsonl"
    file.write_text(json.dumps(line(1)) + "\n" + json.dumps(line(2)) + "\n")
    page.goto("/exchange")
    page.get_by_label("File", exact=True).set_input_files(file)
    page.get_by_role("button", name="Read the file").click()
    page.get_by_role("button", name="Import 2 items").click()
    expect(page.get_by_text("What became of the file")).to_be_visible()
    page.goto("/exchange/export")
    page.get_by_label("JSON Lines").check()
    page.get_by_role("button", name="Look at the selection").click()
    expect(page.get_by_text("loses nothing of them")).to_be_visible()
    with page.expect_download() as waiting:
        page.get_by_role("link", name="Download").click()
    content = Path(waiting.value.path()).read_text()
    assert [json.loads(each)["external_id"] for each in content.splitlines()] == ["x-1", "x-2"]
