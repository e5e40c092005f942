"""Fixtures of the tests of articles in the bank: a real article, and people."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from qbank import clock
from qbank.accounts.models import Person, PersonRole, Role
from tests.conftest_web import app, client, sign_in, write

__all__ = ["app", "client", "sign_in", "write"]

ARTICLE = Path(__file__).parent / "fixtures" / "postmenopausal-bone-resorption.txt"


@pytest.fixture(scope="session")
def article_text() -> str:
    """A real article, as pasted from its page."""
    return ARTICLE.read_text(encoding="utf-8")


@pytest.fixture
def educator(session: Session) -> Callable[..., Person]:
    """Make an educator within the test's session."""

    def make(name: str = "Eve") -> Person:
        person = Person(email=f"{name.lower()}@example.org", name=name, created_at=clock.now())
        person.role_rows = [PersonRole(role=Role.EDUCATOR, granted_at=clock.now())]
        session.add(person)
        session.flush()
        return person

    return make
