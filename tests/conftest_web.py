"""Fixtures for tests of pages. A folder's ``conftest.py`` takes them over by importing them from here.

- ``app``: the application on the test's database, with time standing still; ``client``: a browser nobody is signed
  in with.
- ``make_person``: writes a person and returns the id: ``make_person(role=Role.EDUCATOR, name="Eve")``.
- ``sign_in``: ``sign_in(person_id)`` returns a `Visitor`, a browser in which this person is signed in.
- ``write``: ``with write() as session: ...`` writes to the database and commits.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from itertools import pairwise
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from lxml import html as lxml_html
from sqlalchemy.orm import Session, sessionmaker

from qbank import clock as clock_module
from qbank.accounts.models import Person, PersonRole, Role
from qbank.app import create_app
from qbank.db.engine import begin_write
from qbank.security import signin
from qbank.settings import Settings
from tests.conftest import TestClock

Write = Callable[[], AbstractContextManager[Session]]


@pytest.fixture
def app(settings: Settings, engine: sa.Engine, clock: TestClock) -> Flask:
    """The application, with time standing still."""
    return create_app(settings, engine)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser with nobody signed in."""
    return app.test_client()


@pytest.fixture
def write(sessions: sessionmaker[Session]) -> Write:
    """Write to the database and commit."""

    @contextmanager
    def writing() -> Iterator[Session]:
        with sessions() as session:
            begin_write(session)
            yield session
            session.commit()

    return writing


@pytest.fixture
def make_person(write: Write) -> Callable[..., int]:
    """Write a person with one role, or with several."""
    made = 0

    def make(role: Role = Role.STUDENT, name: str = "Ada Learner", *more: Role, **fields: Any) -> int:
        nonlocal made
        made += 1
        with write() as session:
            moment = clock_module.now()
            person = Person(**({"email": f"p{made}@example.org", "name": name, "created_at": moment} | fields))
            person.role_rows = [PersonRole(role=each, granted_at=moment) for each in {role, *more}]
            session.add(person)
            session.flush()
            return person.id

    return make


class Visitor:
    """A browser in which somebody is signed in; forms are sent with the token of the page that is open."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client
        self.status, self.path, self.html = 0, "", ""

    def get(self, path: str, **query: object) -> str:
        """Open a page, following redirects."""
        return self._take(self.client.get(path, query_string=query or None, follow_redirects=True))

    def post(self, path: str, **fields: object) -> str:
        """Send a form, following redirects."""
        found = re.search(r'name="csrf_token" value="([^"]+)"', self.html)
        assert found, f"the page at {self.path or '(none)'} has no form token"
        data = {"csrf_token": found.group(1), **fields}
        return self._take(self.client.post(path, data=data, follow_redirects=True))

    def _take(self, response: Any) -> str:
        self.status, self.path, self.html = response.status_code, response.request.path, response.text
        return self.html


@pytest.fixture
def sign_in(app: Flask, write: Write) -> Callable[[int], Visitor]:
    """Sign a person in on a browser of their own."""

    def enter(person_id: int) -> Visitor:
        with write() as session:
            token = signin.start(session, session.get_one(Person, person_id), days=30).get_id()
        client = app.test_client()
        with client.session_transaction() as cookie:
            cookie["_user_id"] = token
        return Visitor(client)

    return enter


def check_page(html: str) -> None:
    """Assert what every page owes its readers: a title, one h1, unique ids, labelled controls, no inline code."""
    page: Any = lxml_html.document_fromstring(html)
    title = (page.findtext(".//title") or "").strip()
    assert title, "the page has no title"
    assert not title.startswith("–"), "the page's title has no name before the site's"
    assert len(page.xpath("//h1")) == 1, f"{len(page.xpath('//h1'))} h1"
    assert page.xpath("//h1")[0].text_content().strip(), "the h1 is empty"
    twice = [name for name, count in Counter(page.xpath("//@id")).items() if count > 1]
    assert not twice, f"ids used twice: {twice}"
    ids = set(page.xpath("//@id"))
    for attribute in ("for", "aria-labelledby", "aria-describedby", "aria-controls"):
        for value in page.xpath(f"//@{attribute}"):
            missing = set(value.split()) - ids
            assert not missing, f"{attribute} names what is not there: {missing}"
    assert not page.xpath("//@style"), "inline styles are refused by the policy"
    assert not page.xpath("//script[not(@src) and not(@type='application/json')]"), "inline scripts are refused"
    levels = [int(heading.tag[1]) for heading in page.xpath("//h1|//h2|//h3|//h4")]
    jumps = [(a, b) for a, b in pairwise(levels) if b > a + 1]
    assert not jumps, f"heading levels are skipped: {jumps}"
