"""No input is a fault of ours: every address, in every role, is sent what it does not expect."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session, sessionmaker
from werkzeug.routing import Rule

from qbank.accounts.models import Person, Role
from qbank.db.engine import begin_write
from qbank.security.permissions import may, permission_of
from qbank.settings import Settings
from tests.web import hostile
from tests.web.hostile import Bank, Written, check_answer, enter, furnish

AFTERWARDS = {
    "blocks.result", "blocks.explained", "blocks.keep", "blocks.look_back", "blocks.again", "blocks.answer_again",
    "blocks.on_paper", "blocks.reason", "blocks.more_like_this", "blocks.report", "blocks.send_report",
}  # fmt: skip
NOT_WALKED = {"static", "accounts.sign_out"}  # the one is walked apart, the other would end the walk


@pytest.fixture
def bank(settings: Settings, app: Flask, sessions: sessionmaker[Session]) -> Bank:
    with sessions() as session:
        begin_write(session)
        made = furnish(session, settings)
        session.commit()
    return made


def rules(app: Flask, method: str) -> Iterator[Rule]:
    for rule in app.url_map.iter_rules():
        if rule.endpoint not in NOT_WALKED and method in (rule.methods or ()):
            yield rule


def values_for(bank: Bank, rule: Rule, role: Role) -> dict[str, Any]:
    """Return good values for the parts of this address, as this person would use them."""
    blocks = bank.ended if rule.endpoint in AFTERWARDS else bank.blocks
    token = bank.values["invitation"] if rule.endpoint == "accounts.join" else blocks[role]
    if rule.endpoint == "history.block":
        token = bank.ended[role]
    return bank.values | {"token": token}


def share(app: Flask, rule: Rule, role: Role, values: tuple[str, ...]) -> tuple[str, ...]:
    """Return the values that this role sends here: all of them are sent, divided among the roles that may."""
    needed = permission_of(app.view_functions[rule.endpoint])
    allowed = sorted(each for each in Role if needed is not None and may({each}, needed))
    return values[allowed.index(role) :: len(allowed)] if role in allowed else values[:1]


@pytest.mark.parametrize("role", list(Role))
def test_hostile_addresses_and_queries_never_make_a_fault(
    app: Flask, engine: sa.Engine, bank: Bank, role: Role
) -> None:
    client, whole = enter(app, bank.people[role]), engine.dialect.name == "sqlite"
    for rule in rules(app, "GET"):
        parts = share(app, rule, role, hostile.IN_PATHS if whole else hostile.IN_PATHS_OF_DATABASES)
        good, *bad = hostile.addresses(rule, values_for(bank, rule, role), parts)
        for address in (good, *bad):
            check_answer(client.get(address), f"GET {address[:200]}")
        for value in share(app, rule, role, hostile.TEXTS if whole else hostile.TEXTS_OF_DATABASES):
            query = dict.fromkeys(hostile.QUERY_NAMES, value)
            check_answer(client.get(good, query_string=query), f"GET {good}?*={value[:60]!r}")
        many = {name: ["1", "x", "-1"] * 20 for name in hostile.QUERY_NAMES}
        check_answer(client.get(good, query_string=many), f"GET {good} with lists")
        check_answer(client.get(good + "?q=%ED%A0%80&%00=%ff"), f"GET {good} with broken letters")


@pytest.mark.parametrize("role", list(Role))
def test_hostile_forms_never_make_a_fault_and_a_refusal_stores_nothing(
    app: Flask, engine: sa.Engine, bank: Bank, role: Role
) -> None:
    app.config["WTF_CSRF_ENABLED"] = False
    client, written, names = enter(app, bank.people[role]), Written(engine), hostile.form_names()
    whole = engine.dialect.name == "sqlite"
    for rule in rules(app, "POST"):
        parts = share(app, rule, role, hostile.IN_PATHS if whole else hostile.IN_PATHS_OF_DATABASES)
        good, *bad = hostile.addresses(rule, values_for(bank, rule, role), parts)
        for address in bad:
            send_form(client, written, address, {"confirm": "yes"})
        for value in share(app, rule, role, hostile.TEXTS if whole else hostile.TEXTS_OF_DATABASES):
            send_form(client, written, good, dict.fromkeys(names, value))
        send_form(client, written, good, {name: ["x", "1", ""] for name in names})


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_very_long_addresses_and_texts_never_make_a_fault(app: Flask, engine: sa.Engine, bank: Bank) -> None:
    app.config["WTF_CSRF_ENABLED"] = False
    client, written, names = enter(app, bank.people[Role.EDUCATOR]), Written(engine), hostile.form_names()
    for rule in rules(app, "POST"):
        good = next(hostile.addresses(rule, values_for(bank, rule, Role.EDUCATOR)))
        send_form(client, written, good, dict.fromkeys(names, hostile.LONG[:5000]))
        send_form(client, written, good, {"stem": hostile.LONG, "text": hostile.LONG, "name": hostile.LONG})
        send_form(client, written, good, {f"options-{n}-text": "x" for n in range(500)})
    for path in ("/items", "/practise", "/history", "/nowhere"):
        assert client.get(f"{path}?q=" + "x" * 100_000).status_code == 414
        assert client.get(path + "/" + "x" * 100_000).status_code == 414


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_white_space_in_the_filter_of_the_history_is_no_fault(app: Flask, bank: Bank) -> None:
    client = enter(app, bank.people[Role.STUDENT])
    for name in ("feedback", "timing", "ended", "since"):
        assert client.get("/history", query_string={name: " "}).status_code < 500, name


def send_form(client: FlaskClient, written: Written, address: str, fields: dict[str, Any]) -> None:
    before = set(written.tables)
    written.tables.clear()
    response = client.post(address, data=fields)
    sent = f"POST {address[:200]} {str(next(iter(fields.values()), ''))[:60]!r}"
    check_answer(response, sent)
    assert response.status_code < 400 or not written.tables, f"{sent}: {response.status_code}, yet {written.tables}"
    written.tables |= before


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_hostile_json_and_content_types_never_make_a_fault(app: Flask, engine: sa.Engine, bank: Bank) -> None:
    app.config["WTF_CSRF_ENABLED"] = False
    client, written = enter(app, bank.people[Role.EDUCATOR]), Written(engine)
    for rule in rules(app, "POST"):
        good = next(hostile.addresses(rule, values_for(bank, rule, Role.EDUCATOR)))
        takes_json = rule.endpoint in ("blocks.event", "items.check")
        for body in hostile.BODIES if takes_json else hostile.BODIES[1:12:5]:
            for kind in ("application/json", "application/x-www-form-urlencoded"):
                check_answer(client.post(good, data=body, content_type=kind), f"POST {good} {kind} {body[:40]!r}")
        for kind in ("multipart/form-data", "multipart/form-data; boundary=", "é/;;"):
            check_answer(client.post(good, data=b"--\r\nx", content_type=kind), f"POST {good} as {kind}")
    assert "delivery_event" not in written.tables


def test_an_action_with_one_wrong_value_is_refused_and_changes_nothing(
    app: Flask, engine: sa.Engine, bank: Bank
) -> None:
    app.config["WTF_CSRF_ENABLED"] = False
    client, written = enter(app, bank.people[Role.STUDENT]), Written(engine)
    address = f"/blocks/{bank.blocks[Role.STUDENT]}/1/events"
    good = {"event_id": "abcdefgh1", "kind": "choose", "letter": "A", "client": "c1", "client_seq": 1}
    for name in (*good, "text"):
        for value in hostile.json_values():
            if (name, value) in (("client", None), ("client_seq", None), ("client", "")):
                continue
            body = json.dumps(good | {name: value})
            response = client.post(address, data=body, content_type="application/json")
            check_answer(response, f"{name} = {body[:80]}")
            if name != "text" and not (name == "client" and not value):
                assert response.status_code in (413, 422), f"{name} = {value!r:.60}: {response.status_code}"
                assert not written.tables, f"{name} = {value!r:.60} changed {written.tables}"
            written.tables.clear()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_form_without_its_token_is_refused_with_what_to_do_on_every_address(app: Flask, bank: Bank) -> None:
    client = enter(app, bank.people[Role.ADMINISTRATOR])
    for rule in rules(app, "POST"):
        good = next(hostile.addresses(rule, values_for(bank, rule, Role.ADMINISTRATOR)))
        for token in (None, "é" * 50):
            response = client.post(good, data={} if token is None else {"csrf_token": token})
            check_answer(response, f"POST {good} with token {token!r:.20}")
            assert response.status_code == 400, good
            assert "Reload the page" in response.text, good
        as_json = client.post(good, json={"kind": "mark"}, headers={"X-CSRFToken": "forged"})
        assert as_json.status_code == 400, good
        assert "Reload the page" in as_json.get_json()["cure"], good


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_static_files_come_from_their_folder_alone(client: FlaskClient) -> None:
    for path in (
        "../app.py", "..%2fapp.py", "%2e%2e/app.py", "css/../../app.py", "v-000000000000/../../app.py", "/etc/passwd",
        "//etc/passwd", "css", "", "css/base.css/x", "%00", "css/base.css%00.png", "x" * 1500, "%ED%A0%80",
    ):  # fmt: skip
        response = client.get(f"/static/{path}", follow_redirects=True)
        assert response.status_code in (404, 414, 422), (path, response.status_code)
        assert "create_app" not in response.text


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Host", "["), ("Host", "a b"), ("Host", "x" * 300), ("Host", ""), ("Accept", "é;q=x,,"),
        ("Cookie", "\xff=;;="),
        ("Cookie", "qbank_session=" + "x" * 5000), ("Range", "bytes=9-1"), ("Range", "bytes=a-"),
        ("If-Modified-Since", "yesterday"), ("Accept-Language", "\x7f"), ("User-Agent", "\0\xff"),
        ("X-Forwarded-For", "' OR 1=1"), ("Content-Length", "-5"), ("Content-Length", "x"),
    ],
)  # fmt: skip
def test_hostile_headers_never_make_a_fault(client: FlaskClient, name: str, value: str) -> None:
    key = name.upper().replace("-", "_")
    for path in ("/sign-in", "/static/css/base.css", "/nowhere"):
        for method in ("GET", "POST"):
            environ = {key if key.startswith("CONTENT") else f"HTTP_{key}": value}
            response = client.open(path, method=method, environ_overrides=environ)
            assert response.status_code < 500, (path, method)


def test_signing_in_with_a_broken_browser_name_works(app: Flask, bank: Bank) -> None:
    app.config["WTF_CSRF_ENABLED"] = False
    data = {"email": "student@example.org", "password": hostile.PASSWORD}
    response = app.test_client().post("/sign-in", data=data, environ_overrides={"HTTP_USER_AGENT": "\0\xff" * 999})
    assert response.status_code == 302


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_body_larger_than_the_limit_is_refused_before_it_is_read(app: Flask, bank: Bank) -> None:
    body = b"email=" + b"x" * 70_000
    kind = "application/x-www-form-urlencoded"
    anonymous = app.test_client().post("/sign-in", data=body, content_type=kind)
    check_answer(anonymous, "70 kB from a stranger")
    assert anonymous.status_code == 413
    client = enter(app, bank.people[Role.EDUCATOR])
    huge = client.post("/articles/new", data=b"text=" + b"x" * (app.config["MAX_CONTENT_LENGTH"]), content_type=kind)
    check_answer(huge, "more than anybody may send")
    assert huge.status_code == 413


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_hostile_people_are_called_is_text_everywhere(app: Flask, bank: Bank, sessions: Any) -> None:
    with sessions() as session:
        begin_write(session)
        for person in session.scalars(sa.select(Person)):
            person.name = hostile.SCRIPT
        session.commit()
    for role in (Role.EDUCATOR, Role.ADMINISTRATOR):
        client = enter(app, bank.people[role])
        for rule in rules(app, "GET"):
            good = next(hostile.addresses(rule, values_for(bank, rule, role)))
            response = client.get(good, follow_redirects=True)
            check_answer(response, good)
            assert response.mimetype != "text/html" or "<script>alert" not in response.text, good
