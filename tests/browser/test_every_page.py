"""Every page that no other browser test opens, readable by all: a bank with a past, in the dark, on a telephone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser

from qbank import clock
from qbank.accounts.models import Role
from qbank.app import create_app
from qbank.db.engine import begin_write
from qbank.items import reference_service, vignettes
from qbank.items.record import ReferenceRecord
from qbank.settings import Settings
from qbank.statistics import counters
from tests.browser.looking import look
from tests.browser.serving import served, session_cookie
from tests.history.school import Taken, make_bank, make_person, take

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]

LEARNER = (
    "/", "/practise/filters", "/practise/new-pass", "/quick/weakest", "/quick/again", "/reports", "/review", "/account",
    "/account/data", "/account/delete", "/annulments/notices", "/labs", "/groups", "/history/blocks/{block}",
    "/blocks/{block}/result", "/blocks/{block}/items", "/blocks/{block}/print", "/blocks/{block}/1/report",
)  # fmt: skip
EDUCATOR = (
    "/", "/items", "/items/reports", "/items/references", "/items/references/{reference}",
    "/items/references/{reference}/edit", "/items/references/{reference}/merge/{other}", "/items/vignettes",
    "/items/vignettes/{vignette}", "/items/vignettes/{vignette}/edit", "/statistics", "/statistics/forms",
    "/statistics/items/{item}", "/annulments/{version}", "/exam-formats", "/exam-formats/new", "/people",
    "/people/{learner}", "/people/{learner}/delete",
)  # fmt: skip


@dataclass
class Walk:
    """What the addresses are filled with, and who walks."""

    learner: int
    staff: int
    names: dict[str, object]


def _filled(app_session: sa.orm.Session) -> Walk:
    begin_write(app_session)
    bank = make_bank(app_session, 40)
    learner = make_person(app_session, "Sam Student")
    staff = make_person(app_session, "Anna Admin", (Role.EDUCATOR, Role.ADMINISTRATOR))
    blocks = [Taken("RWRRO" * 4, clock.now() - timedelta(days=n), f"Block {n}", start=20 * (n % 2)) for n in (3, 2, 1)]
    tokens = take(app_session, learner, bank, *blocks)
    for _ in range(12):
        take(app_session, make_person(app_session), bank, Taken("RWRRW" * 4))
    counters.rebuild(app_session)
    works = [ReferenceRecord(title=f"A work on bone{end}", year=2020) for end in ("", "s")]
    stays, goes = (reference_service.add(app_session, staff, work) for work in works)
    vignette = vignettes.create(app_session, staff, "A 62-year-old woman has lost 4 cm of height.")
    names = {
        "block": tokens[-1], "item": bank.items[0], "version": bank.versions[0], "learner": learner.id,
        "reference": stays.id, "other": goes.id, "vignette": vignette.vignette_id,
    }  # fmt: skip
    app_session.commit()
    return Walk(learner.id, staff.id, names)


def test_every_page_with_a_past_is_readable_on_a_dark_telephone(
    engine: sa.Engine, settings: Settings, browser: Browser
) -> None:
    app = create_app(settings, engine)
    with app.extensions["qbank.sessions"]() as session:
        walk = _filled(session)
    walks: Iterable[tuple[int, tuple[str, ...]]] = ((walk.learner, LEARNER), (walk.staff, EDUCATOR))
    with served(app) as address:
        for person, paths in walks:
            cookie = session_cookie(app, person)
            context = browser.new_context(
                viewport={"width": 375, "height": 800}, color_scheme="dark", reduced_motion="reduce"
            )
            context.set_default_timeout(15_000)
            context.add_cookies([{"name": cookie["name"], "value": cookie["value"], "url": address}])
            page = context.new_page()
            page.on("pageerror", lambda error: pytest.fail(str(error)))
            for path in paths:
                answer = page.goto(address + path.format_map(walk.names))
                assert answer is not None
                assert answer.status == 200, path
                look(page)
            context.close()
