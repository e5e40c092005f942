"""The views of a history in a real browser: readable by all, pictures beside their tables, and the next step works."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, expect

from qbank import clock
from qbank.app import create_app
from qbank.blocks.models import Confidence, Delivery, Timing
from qbank.db.engine import begin_write
from qbank.settings import Settings
from tests.browser.looking import look
from tests.browser.serving import served, session_cookie
from tests.history.school import Taken, make_bank, make_person, open_block, take

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]

PATHS = ("/overview", "", "/breakdown", "/trend", "/pace", "/answers", "/passes", "/readiness")


def test_every_view_is_readable_and_leads_on(engine: sa.Engine, settings: Settings, browser: Browser) -> None:
    app = create_app(settings, engine)
    with app.extensions["qbank.sessions"]() as session:
        begin_write(session)
        sam, bank = make_person(session, "Sam Student"), make_bank(session, 60)
        blocks = [
            Taken("RWRRO" * 4, clock.now() - timedelta(days=9 - n), f"Block {n}", start=20 * n, timing=Timing.TIMED)
            for n in range(3)
        ]
        take(session, sam, bank, *blocks)
        session.execute(sa.update(Delivery).where(Delivery.position < 9).values(confidence=Confidence.SURE))
        open_block(session, sam, bank)
        session.commit()
        cookie = session_cookie(app, sam.id)
    with served(app) as address:
        for scheme, width in (("light", 1280), ("dark", 375)):
            context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)  # type: ignore[arg-type]
            context.set_default_timeout(15_000)
            context.add_cookies([{"name": cookie["name"], "value": cookie["value"], "url": address}])
            page = context.new_page()
            page.on("pageerror", lambda error: pytest.fail(str(error)))
            for path in PATHS:
                page.goto(f"{address}/history{path}")
                look(page)
                for figure in page.locator("figure[data-chart]").all():
                    expect(figure.locator("svg.plot > title")).not_to_be_empty()
                    expect(figure.locator("details table")).to_have_count(1)
        page.goto(f"{address}/history/overview")
        step = page.locator(".step", has_text="Weakest area")
        step.get_by_role("link", name="Practise 10").click()
        expect(page.get_by_label("Number of items")).to_have_value("10")
        expect(page.get_by_role("checkbox", checked=True)).to_have_count(2)  # the system and the task
        page.goto(f"{address}/history/readiness")
        page.get_by_label("Day of the exam").fill((clock.now() + timedelta(days=40)).date().isoformat())
        page.get_by_role("button", name="Set the target").click()
        expect(page.get_by_text("Your target is set.")).to_be_visible()
        expect(page.get_by_text("60 of 80")).to_be_visible()
