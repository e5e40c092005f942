"""Whatever is sent where: a few examples a run, drawn anew each time, of values that nobody thought of."""

from __future__ import annotations

import string
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session, sessionmaker

from qbank.accounts.models import Role
from qbank.db.engine import begin_write
from qbank.settings import Settings
from tests.web import hostile
from tests.web.hostile import Written, check_answer, enter, furnish

CALM = settings(
    max_examples=40, deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)  # fmt: skip
NAMES = (*hostile.form_names(), *hostile.QUERY_NAMES)
TEXT = st.one_of(
    st.text(st.characters(exclude_categories=("Cs",)), max_size=60),
    st.integers().map(str),
    st.sampled_from(hostile.TEXTS),
    st.text(string.punctuation + "0123456789", max_size=20),
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)


@pytest.fixture
def ready(settings: Settings, app: Flask, sessions: sessionmaker[Session]) -> Any:
    """A furnished bank, a person with the widest rights, and every address that is not signing out."""
    app.config["WTF_CSRF_ENABLED"] = False
    with sessions() as session:
        begin_write(session)
        bank = furnish(session, settings)
        session.commit()
    rules = [rule for rule in app.url_map.iter_rules() if rule.endpoint not in ("static", "accounts.sign_out")]
    return bank, enter(app, bank.people[Role.ADMINISTRATOR]), sorted(rules, key=lambda rule: rule.rule)


@CALM
@given(data=st.data())
def test_no_request_is_a_fault_and_no_refusal_stores_anything(
    engine: sa.Engine, ready: Any, data: st.DataObject
) -> None:
    bank, client, rules = ready
    rule = data.draw(st.sampled_from(rules))
    values = bank.values | {"token": bank.blocks[Role.ADMINISTRATOR]}
    address = data.draw(st.sampled_from(list(hostile.addresses(rule, values, hostile.IN_PATHS_OF_DATABASES))))
    fields = data.draw(st.dictionaries(st.sampled_from(NAMES), TEXT | st.lists(TEXT, max_size=3), max_size=8))
    written = Written(engine)
    if "POST" not in (rule.methods or ()):
        response = client.get(address, query_string=fields)
    elif data.draw(st.booleans()):
        response = client.post(address, data=fields)
    else:
        keys = st.sampled_from((*hostile.WORDS_OF_ACTIONS, "stem", "options"))
        response = client.post(address, json=data.draw(st.dictionaries(keys, JSON, max_size=6) | JSON))
    check_answer(response, f"{rule.rule} {fields!r:.300}")
    assert response.status_code < 400 or not written.tables, (rule.rule, response.status_code, written.tables)
