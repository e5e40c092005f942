"""Headers, cookies, form tokens, throttling, and what ends a sign-in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from qbank import clock as clock_module
from qbank.accounts.models import AuditEvent, Person, PersonRole, PersonState, Role, SignIn
from qbank.app import create_app
from qbank.db.engine import begin_write, make_engine, make_sessions
from qbank.security import passwords, signin
from qbank.security.permissions import Permission, allow
from tests.conftest import make_settings

PASSWORD = "four unrelated words here"
SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
POSTGRES = pytest.mark.parametrize(
    "database_url", [pytest.param("postgresql", marks=pytest.mark.postgres)], indirect=True
)


@pytest.fixture
def app(settings: Any, engine: sa.Engine) -> Flask:
    return create_app(settings, engine)


def add(app: Flask, *roles: Role, email: str = "ada@example.org") -> int:
    with app.extensions["qbank.sessions"]() as session:
        begin_write(session)
        moment = clock_module.now()
        hashed = passwords.hash_password(PASSWORD, quick=True)
        person = Person(email=email, name="Somebody", password_hash=hashed, created_at=moment)
        person.role_rows = [PersonRole(role=role, granted_at=moment) for role in roles or (Role.STUDENT,)]
        session.add(person)
        session.commit()
        return person.id


def token_of(html: str) -> str:
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', html)
    assert found
    return found.group(1)


def post(client: FlaskClient, page: str, path: str | None = None, **fields: Any) -> Any:
    return client.post(path or page, data={"csrf_token": token_of(client.get(page).text), **fields})


def enter(app: Flask, email: str = "ada@example.org", client: FlaskClient | None = None) -> FlaskClient:
    client = client or app.test_client()
    assert post(client, "/sign-in", email=email, password=PASSWORD).status_code == 302
    return client


def events(app: Flask) -> list[tuple[str, int | None]]:
    with app.extensions["qbank.sessions"]() as session:
        rows = session.scalars(sa.select(AuditEvent).order_by(AuditEvent.id))
        return [(row.action, row.person_id) for row in rows]


# ---- headers and cookies


def answers(app: Flask) -> Iterator[Any]:
    """Yield a page, a redirect, a file, JSON, and every kind of error."""
    add(app)
    client = enter(app)
    for path in ("/", "/account", "/practise/counts.json", "/healthz", "/static/css/base.css", "/nowhere", "/people"):
        yield client.get(path)
    yield client.get("/static/css/nowhere.css")
    yield client.put("/account")
    yield client.post("/sign-out")  # no token
    yield client.get("/items/1", headers={"Accept": "application/json"})
    yield app.test_client().get("/account")
    yield client.post("/account", data=b"x" * (app.config["MAX_CONTENT_LENGTH"] + 1))
    app.view_functions["home.healthz"] = allow(Permission.PUBLIC)(lambda: 1 / 0)
    yield client.get("/healthz")


@SQLITE
def test_every_kind_of_answer_carries_the_headers(app: Flask) -> None:
    seen = set()
    for response in answers(app):
        seen.add(response.status_code)
        assert "Content-Security-Policy" in response.headers, (response.request.path, response.status)
        policy = dict(part.strip().split(" ", 1) for part in response.headers["Content-Security-Policy"].split(";"))
        assert "unsafe" not in str(policy)
        assert policy["default-src"] == policy["script-src"] == "'self'"
        assert policy["frame-ancestors"] == policy["object-src"] == policy["base-uri"] == "'none'"
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers["X-Frame-Options"] == "DENY"
        assert response.headers["Referrer-Policy"] == "same-origin"
        if response.request.path != "/static/css/base.css":
            assert "no-store" in response.headers["Cache-Control"], response.request.path
    assert seen >= {200, 302, 400, 403, 404, 405, 413, 500}


@SQLITE
def test_a_method_that_is_not_served_is_answered_with_those_that_are(app: Flask) -> None:
    assert "GET" in app.test_client().put("/sign-in").headers["Allow"]


@SQLITE
@pytest.mark.parametrize("secure", [False, True])
def test_cookies_are_out_of_reach_of_scripts_and_other_sites(tmp_path: Path, engine: sa.Engine, secure: bool) -> None:
    app = create_app(make_settings(tmp_path / "data", secure_cookies=secure), engine)
    add(app)
    base = "https://localhost" if secure else "http://localhost"
    client = app.test_client()
    page = client.get("/sign-in", base_url=base)
    response = client.post(
        "/sign-in", base_url=base, headers={"Referer": base + "/sign-in"},
        data={"csrf_token": token_of(page.text), "email": "ada@example.org", "password": PASSWORD},
    )  # fmt: skip
    cookies = response.headers.getlist("Set-Cookie")
    assert {cookie.split("=")[0] for cookie in cookies} == {"qbank_session", "qbank_known"}
    for cookie in cookies:
        assert "HttpOnly" in cookie
        assert "SameSite=Lax" in cookie
        assert ("Secure" in cookie) == secure
    assert ("Strict-Transport-Security" in response.headers) == secure


@SQLITE
def test_static_addresses_change_with_their_content_and_only_those_are_kept(app: Flask) -> None:
    client = app.test_client()
    found = re.findall(r'(?:href|src)="(/static/[^"]+)"', client.get("/sign-in").text)
    assert found
    for address in found:
        assert re.match(r"/static/v-[0-9a-f]{12}/", address), address
        kept = client.get(address)
        assert kept.status_code == 200
        assert "max-age=31536000" in kept.headers["Cache-Control"]
        assert "immutable" in kept.headers["Cache-Control"]
    plain = re.sub(r"v-[0-9a-f]{12}/", "", found[0])
    old = re.sub(r"v-[0-9a-f]{12}/", "v-000000000000/", found[0])
    for address in (plain, old):
        answer = client.get(address)
        assert answer.data == client.get(found[0]).data
        assert answer.headers["Cache-Control"] == "no-cache"
        again = client.get(address, headers={"If-None-Match": answer.headers["ETag"]})
        assert again.status_code == 304


def test_the_version_of_static_files_changes_with_any_of_them(tmp_path: Path) -> None:
    from qbank.web.assets import version_of

    (tmp_path / "a.js").write_text("1")
    first = version_of(tmp_path)
    assert first == version_of(tmp_path)
    (tmp_path / "a.js").write_text("2")
    second = version_of(tmp_path)
    (tmp_path / "a.js").rename(tmp_path / "b.js")
    assert len({first, second, version_of(tmp_path)}) == 3


@SQLITE
def test_the_host_that_is_not_ours_gets_an_error_page(tmp_path: Path, engine: sa.Engine) -> None:
    app = create_app(make_settings(tmp_path / "data", trusted_hosts="bank.example.org"), engine)
    assert app.test_client().get("/sign-in", headers={"Host": "bank.example.org"}).status_code == 200
    wrong = app.test_client().get("/sign-in", headers={"Host": "evil.example.com"})
    assert wrong.status_code == 400
    assert wrong.text.count("<h1") == 1


# ---- signing in


@SQLITE
def test_the_sign_in_form_tells_password_managers_what_is_what(app: Flask) -> None:
    html = app.test_client().get("/sign-in").text
    assert re.search(r'<input[^>]*name="email"[^>]*autocomplete="username"', html) or re.search(
        r'<input[^>]*autocomplete="username"[^>]*name="email"', html
    )
    assert 'autocomplete="current-password"' in html


@SQLITE
@pytest.mark.parametrize("target", ["https://evil.example", "//evil.example", "///evil.example", "/\\evil.example"])
def test_signing_in_never_leads_to_another_site(app: Flask, target: str) -> None:
    add(app)
    client = app.test_client()
    client.get("/account", query_string={"next": target})
    page = client.get("/sign-in", query_string={"next": target})
    data = {"csrf_token": token_of(page.text), "email": "ada@example.org", "password": PASSWORD, "next": target}
    response = client.post("/sign-in", query_string={"next": target}, data=data)
    assert response.location == "/account"


@SQLITE
def test_a_page_asked_for_with_a_long_address_does_not_swell_the_cookie(app: Flask) -> None:
    response = app.test_client().get("/articles/" + "x" * 1900)
    assert response.status_code == 302
    assert len(response.headers.get("Set-Cookie", "")) < 1000


@pytest.fixture
def throttled(tmp_path: Path, engine: sa.Engine) -> Iterator[Flask]:
    """The application as it is served, with three attempts a minute."""
    yield create_app(make_settings(tmp_path / "data", testing=False, sign_in_limit="3 per minute"), engine)
    create_app(make_settings(tmp_path / "data"), engine)  # the limiter is one for the process: off again


def guess(client: FlaskClient, email: str, address: str, password: str = "wrong") -> int:
    page = client.get("/sign-in", environ_base={"REMOTE_ADDR": address})
    data = {"csrf_token": token_of(page.text), "email": email, "password": password}
    status: int = client.post("/sign-in", data=data, environ_base={"REMOTE_ADDR": address}).status_code
    return status


@SQLITE
def test_guessing_one_account_from_everywhere_is_throttled_and_its_owner_still_gets_in(throttled: Flask) -> None:
    add(throttled)
    owner = throttled.test_client()
    assert guess(owner, "ada@example.org", "10.0.0.1", PASSWORD) == 302
    post(owner, "/account", "/sign-out")
    guesses = [guess(throttled.test_client(), " Ada@Example.org", f"10.0.1.{n}") for n in range(5)]
    assert guesses == [422, 422, 422, 429, 429]
    assert guess(throttled.test_client(), "ada@example.org", "10.0.2.1", PASSWORD) == 429
    assert guess(owner, "ada@example.org", "10.0.0.1", PASSWORD) == 302, "the owner's own browser is counted apart"


@SQLITE
def test_guessing_many_accounts_from_one_address_is_throttled(throttled: Flask) -> None:
    guesses = [guess(throttled.test_client(), f"p{n}@example.org", "10.0.0.9") for n in range(5)]
    assert guesses == [422, 422, 422, 429, 429]
    page = throttled.test_client().get("/sign-in", environ_base={"REMOTE_ADDR": "10.0.0.9"})
    assert page.status_code == 200


@SQLITE
def test_a_class_that_signs_in_from_one_address_is_not_throttled(throttled: Flask) -> None:
    for n in range(5):
        add(throttled, email=f"p{n}@example.org")
    assert [guess(throttled.test_client(), f"p{n}@example.org", "10.0.0.9", PASSWORD) for n in range(5)] == [302] * 5


@SQLITE
def test_a_password_is_checked_outside_of_any_transaction(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    add(app)
    engine = app.extensions["qbank.engine"]
    real = passwords.verify

    def verify(stored: str | None, password: str) -> bool:
        assert engine.pool.checkedout() == 0, "somebody waits for this password's hash"
        return real(stored, password)

    monkeypatch.setattr(passwords, "verify", verify)
    enter(app)


def test_the_audit_log_tells_of_sign_ins_refusals_and_changed_roles(app: Flask) -> None:
    ada, sam = add(app), add(app, Role.ADMINISTRATOR, email="sam@example.org")
    client = enter(app)
    assert post(app.test_client(), "/sign-in", email="ada@example.org", password="wrong").status_code == 422
    assert post(app.test_client(), "/sign-in", email="nobody@example.org", password="wrong").status_code == 422
    assert client.get("/people").status_code == 403
    post(client, "/account", "/sign-out")
    boss = enter(app, "sam@example.org")
    post(boss, f"/people/{ada}", roles=["student", "educator"], time_percent=100)
    post(boss, f"/people/{ada}", f"/people/{ada}/close")
    assert events(app) == [
        ("signed in", ada), ("sign-in refused", ada), ("sign-in refused", None), ("denied", ada), ("signed out", ada),
        ("signed in", sam), ("roles changed", sam), ("account disabled", sam),
    ]  # fmt: skip


# ---- what ends a sign-in


@SQLITE
def test_changing_the_password_signs_other_browsers_out_and_keeps_this_one(app: Flask) -> None:
    add(app)
    mine, other = enter(app), enter(app)
    assert other.get("/account").status_code == 200
    assert post(mine, "/account", old=PASSWORD, new="five quite unrelated words here").status_code == 302
    assert mine.get("/account").status_code == 200
    assert other.get("/account").status_code == 302


@SQLITE
def test_closing_an_account_ends_its_sign_ins_and_it_stays_shut(app: Flask) -> None:
    ada, _sam = add(app), add(app, Role.ADMINISTRATOR, email="sam@example.org")
    client, boss = enter(app), enter(app, "sam@example.org")
    post(boss, f"/people/{ada}", f"/people/{ada}/close")
    assert client.get("/account").status_code == 302
    assert post(client, "/sign-in", email="ada@example.org", password=PASSWORD).status_code == 422
    post(boss, f"/people/{ada}", f"/people/{ada}/open")
    assert client.get("/account").status_code == 302, "an ended sign-in does not come back to life"


@SQLITE
def test_signing_in_again_ends_the_sign_in_before(app: Flask) -> None:
    add(app)
    add(app, email="bo@example.org")
    client = app.test_client()
    token = token_of(client.get("/sign-in").text)
    data = {"csrf_token": token, "email": "ada@example.org", "password": PASSWORD}
    client.post("/sign-in", data=data)
    token = token_of(client.get("/account").text)
    client.post("/sign-in", data={"csrf_token": token, "email": "bo@example.org", "password": PASSWORD})
    with app.extensions["qbank.sessions"]() as session:
        assert session.scalar(sa.select(sa.func.count()).where(SignIn.ended_at.is_(None))) == 1


@SQLITE
def test_an_anonymised_account_cannot_be_opened_again(app: Flask) -> None:
    ada, _sam = add(app), add(app, Role.ADMINISTRATOR, email="sam@example.org")
    boss = enter(app, "sam@example.org")
    boss.get("/people")
    with app.extensions["qbank.sessions"]() as session:
        begin_write(session)
        session.get_one(Person, ada).state = PersonState.ANONYMISED
        session.commit()
    assert post(boss, "/people", f"/people/{ada}/open").status_code == 409


@SQLITE
def test_a_sign_in_ends_when_it_is_old_or_idle(app: Flask, clock: Any) -> None:
    add(app)
    client = enter(app)
    clock.advance(days=app.extensions["qbank.settings"].sign_in_idle_days, seconds=-1)
    assert client.get("/account").status_code == 200
    clock.advance(seconds=2)
    assert client.get("/account").status_code == 302


def test_a_token_in_the_database_signs_nobody_in(app: Flask, database_url: str) -> None:
    ada = add(app)
    with make_sessions(make_engine(database_url, pooled=False))() as session:
        begin_write(session)
        signed = signin.start(session, session.get_one(Person, ada), days=1)
        stored = session.scalars(sa.select(SignIn.token_hash)).one()
        assert signed.get_id() not in stored
        assert signin.find(session, stored, idle_days=1) is None
        assert signin.find(session, signed.get_id(), idle_days=1) is not None
