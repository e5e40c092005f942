"""A changed article in a real browser: the flag, the difference, clearing it, and dismissing a warning."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, expect

from qbank import clock
from qbank.accounts.models import Person, PersonRole, Role
from qbank.app import create_app
from qbank.articles import service
from qbank.db.engine import begin_write
from qbank.items import store
from qbank.items.content import OptionContent, VersionContent
from qbank.items.models import Origin
from qbank.settings import Settings
from tests.browser.looking import look
from tests.browser.serving import served, session_cookie

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]

ARTICLE = "# Bones?\n\n- Estrogen suppresses RANKL [1]\n\n## References\n\n[1] Bones. 2010.\n"


def test_a_changed_statement_is_seen_and_judged_and_a_warning_dismissed(
    engine: sa.Engine, settings: Settings, browser: Browser
) -> None:
    app = create_app(settings, engine)
    with app.extensions["qbank.sessions"]() as session:
        begin_write(session)
        eve = Person(email="eve@example.org", name="Eve Educator", created_at=clock.now())
        eve.role_rows = [PersonRole(role=Role.EDUCATOR, granted_at=clock.now())]
        session.add(eve)
        session.flush()
        loaded = service.load_text(session, eve, ARTICLE, slug="bones")
        statement = service.find(session, "bones").statements[0]
        texts = ("Prolactin deficiency", "Estrogen deficiency", "Progesterone deficiency")
        content = VersionContent(
            stem="A woman loses bone.",
            lead_in="Which of the following is not a cause?",
            options=tuple(
                OptionContent(text=text, is_key=not place, rationale="x") for place, text in enumerate(texts)
            ),
            statement_ids=(statement.id,),
            reference_ids=(loaded.revision.id,),
        )
        item = store.create_item(session, eve, content, external_id="bones-1", origin=Origin.WRITTEN).item.id
        service.load_text(session, eve, ARTICLE.replace("suppresses", "strongly suppresses"), slug="bones")
        session.commit()
        cookie = session_cookie(app, eve.id)
    with served(app) as address:
        for scheme, width in (("light", 1280), ("dark", 1280), ("light", 375), ("dark", 375)):
            context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)  # type: ignore[arg-type]
            context.set_default_timeout(15_000)
            context.add_cookies([{"name": cookie["name"], "value": cookie["value"], "url": address}])
            page = context.new_page()
            page.on("pageerror", lambda error: pytest.fail(str(error)))
            for path in ("/items/check-needed", f"/items/{item}", "/articles/bones/changes", "/articles/bones"):
                page.goto(address + path)
                look(page)
        page.goto(address + "/")
        page.get_by_role("link", name="Check needed").click()
        expect(page.locator(".diff ins")).to_have_text("strongly ")
        page.get_by_role("link", name="Which of the following is not a cause?").click()
        expect(page.get_by_text("The article changed the statement")).to_be_visible()
        page.get_by_text("The item holds: clear the check").click()
        page.get_by_label("Why it holds").fill("The key is the same.")
        page.get_by_role("button", name="Clear the check").click()
        expect(page.get_by_text("The key is the same.")).to_be_visible()
        warning = page.locator(".finding", has_text="negative")
        warning.get_by_text("Dismiss with a reason").click()
        warning.get_by_label("Why it is no flaw here").fill("The exception is the point.")
        warning.get_by_role("button", name="Dismiss").click()
        expect(page.locator(".findings--dismissed")).to_contain_text("The exception is the point.")
        look(page)
        page.get_by_role("button", name="Let it stand again").click()
        expect(page.locator(".findings--dismissed")).to_have_count(0)
        page.goto(f"{address}/items/{item}/edit")
        look(page)
        warning = page.locator(".finding", has_text="negative")
        warning.get_by_text("Dismiss with a reason").click()
        reason = page.get_by_label("Why it is no flaw here")
        reason.fill("On purpose.")
        # Another finding redraws the list: what was typed there stays, and so does the place of writing.
        with page.expect_response("**/items/check.json"):
            page.get_by_label("Option A", exact=True).fill("All of the above")
        expect(page.locator(".finding", has_text="All of the above").first).to_be_visible()
        expect(page.locator("input[name='dismiss|negative_lead_in|lead_in']")).to_have_value("On purpose.")
        page.get_by_role("button", name="Save draft").click()
        expect(page.locator(".findings--dismissed")).to_contain_text("On purpose.")
