"""An image at the authoring desk, in a real browser: it goes where the cursor is, and the preview shows it."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, expect

from qbank import clock
from qbank.accounts.models import Person, PersonRole, Role
from qbank.app import create_app
from qbank.db.engine import begin_write
from qbank.items.models import ItemVersion, VersionMedia
from qbank.media.images import cleaned
from qbank.settings import Settings
from tests.browser.looking import look
from tests.browser.serving import served, session_cookie
from tests.media.pictures import picture

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]


def test_an_image_is_put_where_the_cursor_is_and_seen_at_once(
    engine: sa.Engine, settings: Settings, browser: Browser, tmp_path: Path
) -> None:
    app = create_app(settings, engine)
    with app.extensions["qbank.sessions"]() as session:
        begin_write(session)
        eve = Person(email="eve@example.org", name="Eve Educator", created_at=clock.now())
        eve.role_rows = [PersonRole(role=Role.EDUCATOR, granted_at=clock.now())]
        session.add(eve)
        session.commit()
        person_id = eve.id
    (tmp_path / "scan.png").write_bytes(picture())
    (tmp_path / "page.png").write_bytes(b"<html>")
    shown = f"![A scan](/media/{cleaned(picture()).sha256})"
    with served(app) as address:
        context = browser.new_context(viewport={"width": 1280, "height": 900})
        context.set_default_timeout(15_000)
        cookie = session_cookie(app, person_id)
        context.add_cookies([{"name": cookie["name"], "value": cookie["value"], "url": address}])
        page = context.new_page()
        page.on("pageerror", lambda error: pytest.fail(str(error)))
        page.goto(f"{address}/items/new")
        stem = page.get_by_label("Stem", exact=True)
        stem.fill("First. Second.")
        stem.evaluate("(field) => field.setSelectionRange(6, 6)")
        page.get_by_label("Image file").set_input_files(tmp_path / "page.png")
        page.get_by_role("button", name="Add image").click()
        expect(page.locator("[data-image-errors]")).to_contain_text("Say in words what the image shows")
        expect(page.get_by_label("What it shows")).to_be_focused()
        page.get_by_label("What it shows").fill("A scan")
        page.get_by_role("button", name="Add image").click()
        expect(page.locator("[data-image-errors]")).to_contain_text("PNG, JPEG, GIF and WebP are taken")
        look(page)
        page.get_by_label("Image file").set_input_files(tmp_path / "scan.png")
        page.get_by_role("button", name="Add image").click()
        expect(page.locator("[data-image-errors]")).to_be_hidden()
        expect(stem).to_have_value(f"First.\n\n{shown}\n\nSecond.")
        rationale = page.get_by_label("Rationale of option A")
        rationale.fill("Because. [@s01]")
        page.get_by_label("Image file").set_input_files(tmp_path / "scan.png")
        page.get_by_label("What it shows").fill("A scan")
        page.get_by_role("button", name="Add image").click()
        expect(rationale).to_have_value(f"Because.\n\n{shown}\n\n[@s01]")
        preview = page.locator("[data-preview]").get_by_role("img", name="A scan")
        expect(preview).to_be_visible()
        expect(preview).to_have_js_property("naturalWidth", 40)
        page.get_by_role("button", name="Save draft").click()
        expect(page.get_by_text("Saved as a draft.")).to_be_visible()
        context.close()
    with app.extensions["qbank.sessions"]() as session:
        stem_stored = session.scalars(sa.select(ItemVersion.stem)).one()
        assert stem_stored.splitlines() == ["First.", "", shown, "", "Second."]
        assert session.scalar(sa.select(sa.func.count()).select_from(VersionMedia)) == 2
