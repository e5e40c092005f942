"""Fixtures for the tests in a browser: one Chromium a test process, a served bank, a learner before it.

- ``browser``: the Chromium; a test opens contexts of its own in it, which `scene` closes at the end.
- ``scene``: a bank of ``stock_size`` items behind a real server, a learner, a clock that the test can move on.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser

from qbank import clock as clock_module
from qbank.app import create_app
from qbank.settings import Settings
from tests.browser.room_fixtures import Scene, ShiftedClock, stocked
from tests.browser.serving import chromium, served


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for the whole run of this process."""
    with chromium() as started:
        yield started


@pytest.fixture
def stock_size() -> int:
    """How many items the bank of `scene` holds."""
    return 6


@pytest.fixture
def scene(engine: sa.Engine, settings: Settings, browser: Browser, stock_size: int) -> Iterator[Scene]:
    """A learner before a server whose clock the test moves."""
    time = ShiftedClock()
    clock_module.use(time)
    app = create_app(settings, engine)
    person_id = stocked(app, stock_size)
    with served(app) as address:
        yield Scene(app, address, browser, settings, time, person_id)
        for context in browser.contexts:
            context.close()
    clock_module.use(None)
