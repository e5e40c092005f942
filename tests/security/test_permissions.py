"""Every endpoint is public by name or carries a permission; the URL map is walked for every role."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import AnyConverter, IntegerConverter

from qbank.accounts import service
from qbank.accounts.models import AuditEvent, Person, Role
from qbank.app import create_app
from qbank.security import signin
from qbank.security.guard import check_marks
from qbank.security.permissions import ALLOWED, Permission, may, permission_of
from qbank.settings import Settings

PUBLIC = {"static", "accounts.sign_in", "accounts.join", "accounts.sign_up", "home.healthz"}
STAND_INS = {"int": "1", "path": "x", "default": "x", "any": "open"}


@pytest.fixture
def app(settings: Settings, engine: sa.Engine) -> Flask:
    return create_app(settings, engine)


def client_of(app: Flask, roles: set[Role]) -> FlaskClient:
    settings = app.extensions["qbank.settings"]
    with app.extensions["qbank.sessions"]() as session:
        person = service.create_person(
            session,
            settings,
            email=f"{'-'.join(sorted(roles))}@example.org",
            name="Somebody",
            password="four unrelated words here",
            roles=roles,
        )
        signed = signin.start(session, person, days=1)
        session.commit()
    client = app.test_client()
    with client.session_transaction() as cookie:
        cookie["_user_id"] = signed.token
        cookie["_fresh"] = True
    return client


def addresses(app: Flask) -> list[tuple[str, str, str]]:
    """Return endpoint, method and an address with stand-ins for every rule."""
    found = []
    adapter = app.url_map.bind("localhost")
    for rule in app.url_map.iter_rules():
        values = {}
        for name in rule.arguments:
            kind = rule._converters[name]
            values[name] = (
                1 if isinstance(kind, IntegerConverter) else "open" if isinstance(kind, AnyConverter) else "x"
            )
        url = adapter.build(rule.endpoint, values)
        found += [(rule.endpoint, method, url) for method in sorted(rule.methods - {"HEAD", "OPTIONS"})]
    return found


def test_only_the_named_endpoints_are_public(app):
    public = {
        name
        for name, view in app.view_functions.items()
        if name == "static" or permission_of(view) is Permission.PUBLIC
    }
    assert public == PUBLIC


def test_an_application_with_an_unmarked_endpoint_does_not_start(app):
    app.view_functions["home.forgotten"] = lambda: "x"
    with pytest.raises(RuntimeError, match=r"home\.forgotten"):
        check_marks(app)


def test_nobody_gets_past_the_door_without_signing_in(app):
    app.config["WTF_CSRF_ENABLED"] = False
    client = app.test_client()
    for endpoint, method, url in addresses(app):
        if endpoint in PUBLIC:
            continue
        response = client.open(url, method=method)
        assert response.status_code == 302, (endpoint, method, response.status_code)
        assert response.location.endswith("/sign-in"), endpoint


@pytest.mark.parametrize("role", list(Role))
def test_each_role_gets_just_what_the_table_gives(app, role):
    app.config["WTF_CSRF_ENABLED"] = False
    client = client_of(app, {role})
    for endpoint, method, url in addresses(app):
        if endpoint in PUBLIC or endpoint == "accounts.sign_out":
            continue
        needed = permission_of(app.view_functions[endpoint])
        response = client.open(url, method=method)
        if may({role}, needed):
            assert response.status_code != 403, (endpoint, method)
            assert response.status_code < 500, (endpoint, method, response.status_code)
        else:
            assert response.status_code == 403, (endpoint, method, response.status_code)


def test_a_denial_is_written_in_the_audit_log(app):
    client = client_of(app, {Role.STUDENT})
    assert client.get("/people").status_code == 403
    with app.extensions["qbank.sessions"]() as session:
        events = session.scalars(sa.select(AuditEvent).where(AuditEvent.action == "denied")).all()
    assert [event.subject for event in events] == ["accounts.people"]


def test_a_role_change_takes_effect_at_the_next_request(app):
    client = client_of(app, {Role.STUDENT, Role.EDUCATOR})
    assert client.get("/items").status_code == 200
    with app.extensions["qbank.sessions"]() as session:
        person = session.scalars(sa.select(Person)).one()
        service.set_roles(session, None, person, {Role.STUDENT})
        session.commit()
    assert client.get("/items").status_code == 403


def test_a_cookie_copied_before_signing_out_is_worth_nothing_after(app):
    app.config["WTF_CSRF_ENABLED"] = False
    client = client_of(app, {Role.STUDENT})
    with client.session_transaction() as cookie:
        token = cookie["_user_id"]
    assert client.post("/sign-out").status_code == 302
    thief = app.test_client()
    with thief.session_transaction() as cookie:
        cookie["_user_id"] = token
    assert thief.get("/account").status_code == 302


def test_every_permission_but_public_names_its_roles():
    assert set(ALLOWED) == set(Permission) - {Permission.PUBLIC}
