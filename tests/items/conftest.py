"""Fixtures for tests of items."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy.orm import Session

from qbank.accounts import service
from qbank.accounts.models import Person, Role
from qbank.settings import Settings


@pytest.fixture
def make_person(session: Session, settings: Settings) -> Callable[..., Person]:
    """Make a person within the test's session."""

    def make(email: str, *, roles: list[str]) -> Person:
        name = email.partition("@")[0].title()
        chosen = {Role(role) for role in roles}
        return service.create_person(
            session, settings, email=email, name=name, password="four unrelated words here", roles=chosen
        )

    return make
