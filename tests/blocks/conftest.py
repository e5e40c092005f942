"""Fixtures for the pages of blocks: the application on the test's database, a stocked bank, a learner signed in."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from flask import Flask

from qbank.app import create_app
from qbank.settings import Settings
from tests.blocks.classroom import Desk, make_learner, sign_in, stock
from tests.conftest import TestClock


@pytest.fixture
def app(settings: Settings, engine: sa.Engine, clock: TestClock) -> Flask:
    """The application, with time standing still."""
    return create_app(settings, engine)


@pytest.fixture
def desk(app: Flask) -> Desk:
    """A learner signed in before a bank of six live items."""
    with app.extensions["qbank.sessions"]() as session:
        stock(session)
        learner = make_learner(session)
        session.commit()
        person_id = learner.id
    client = app.test_client()
    sign_in(app, client, person_id)
    return Desk(client)
