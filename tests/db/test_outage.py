"""A database that is locked, full, read-only, damaged or gone: 503 that says "not saved", and recovery by itself."""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from qbank.app import create_app
from qbank.blocks.models import DeliveryEvent
from qbank.db.engine import make_engine
from tests.blocks.classroom import Desk, form_token, make_learner, sign_in, stock
from tests.conftest import TestClock, make_settings
from tests.conftest_web import check_page
from tests.db.test_durability import no_larger_files


@pytest.fixture
def path(database_url: str) -> Path:
    return Path(sa.make_url(database_url).database or "")


@pytest.fixture
def engine(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[sa.Engine]:
    """An engine that waits for a lock no longer than a test should."""
    monkeypatch.setattr("qbank.db.engine.BUSY_MS", 50)
    made = make_engine(database_url)
    yield made
    made.dispose()


@pytest.fixture
def desk(tmp_path: Path, engine: sa.Engine, clock: TestClock) -> Desk:
    """A learner in an open block."""
    app = create_app(make_settings(tmp_path / "data"), engine)
    with app.extensions["qbank.sessions"]() as session:
        stock(session)
        person_id = make_learner(session).id
        session.commit()
    client = app.test_client()
    sign_in(app, client, person_id)
    desk = Desk(client)
    desk.start()
    return desk


def save(desk: Desk, event: str, letter: str = "B") -> Any:
    token = form_token(desk.html) if 'name="csrf' in desk.html else ""
    body = {"event_id": event, "kind": "choose", "letter": letter, "client": "browser-1", "client_seq": 1}
    return desk.client.post(f"{desk.path}/events", json=body, headers={"X-CSRFToken": token})


def saved(engine: sa.Engine) -> int:
    with engine.connect() as connection:
        query = sa.select(sa.func.count()).select_from(DeliveryEvent).where(DeliveryEvent.client_seq.is_not(None))
        return connection.scalar(query) or 0


def check_refusal(desk: Desk, engine: sa.Engine) -> None:
    """A save, a form and a page are answered with 503 that says so, and draw without the database."""
    answer = save(desk, "in-the-outage")
    assert answer.status_code == 503, answer.text
    assert "not saved" in answer.get_json()["error"].lower()
    assert answer.get_json()["cure"]
    assert answer.headers["Retry-After"]
    token = form_token(desk.html)
    page = desk.client.post(
        desk.path, data={"csrf_token": token, "action": "save", "choice": "C", "event_id": "0" * 32}
    )
    assert page.status_code == 503
    assert "Not saved" in page.text
    assert 'rel="stylesheet"' in page.text, "the usual error page, not the one of last resort"
    check_page(page.text)


def check_recovery(desk: Desk, engine: sa.Engine) -> None:
    """The same action sent again is recorded once; nothing of the outage is left."""
    before = saved(engine)
    for expected in ("saved", "repeated"):
        answer = save(desk, "in-the-outage")
        assert answer.status_code == 200, answer.text
        assert answer.get_json()["status"] == expected
    assert saved(engine) == before + 1
    with engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
        assert connection.exec_driver_sql("PRAGMA foreign_key_check").all() == []


SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@SQLITE
def test_a_locked_database(desk: Desk, engine: sa.Engine, path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        check_refusal(desk, engine)
        other.execute("ROLLBACK")
    check_recovery(desk, engine)


@SQLITE
def test_a_full_database(desk: Desk, engine: sa.Engine) -> None:
    limit = {"on": True}

    def cap(connection: Any, *_rest: object) -> None:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages if limit['on'] else 1_000_000}")

    sa.event.listen(engine, "checkout", cap)
    # fill what is free in the pages that are there, so that the next row needs another page
    note, token = "x" * 9000, form_token(desk.html)
    statuses = []
    for n in range(60):
        body = {
            "event_id": f"filling-{n:04d}",
            "kind": "note",
            "text": f"{n}{note}",
            "client": "browser-2",
            "client_seq": n + 1,
        }
        statuses.append(desk.client.post(f"{desk.path}/events", json=body, headers={"X-CSRFToken": token}).status_code)
        if statuses[-1] == 503:
            break
    assert statuses[-1] == 503, "the database never became full"
    full = desk.client.post(
        f"{desk.path}/events", headers={"X-CSRFToken": token},
        json={"event_id": "too-much-1", "kind": "note", "text": note + note[:900], "client": "browser-2",
              "client_seq": 99},
    )  # fmt: skip
    assert full.status_code == 503
    assert "not saved" in full.get_json()["error"].lower()
    assert desk.client.get(desk.path.rsplit("/", 1)[0] + "/state.json").status_code in (200, 503)
    count = saved(engine)
    assert count == statuses.count(200), "a refused save left something"
    limit["on"] = False
    check_recovery(desk, engine)


@SQLITE
def test_a_read_only_database(desk: Desk, engine: sa.Engine) -> None:
    only = {"on": True}
    sa.event.listen(
        engine, "checkout", lambda connection, *_: connection.execute(f"PRAGMA query_only = {int(only['on'])}").close()
    )
    check_refusal(desk, engine)
    only["on"] = False
    check_recovery(desk, engine)


@SQLITE
def test_a_damaged_database_is_an_outage_and_no_fault(desk: Desk, engine: sa.Engine, path: Path) -> None:
    engine.dispose()
    whole = path.read_bytes()
    mode = stat.S_IMODE(path.stat().st_mode)
    path.write_bytes(os.urandom(len(whole)))
    page = desk.client.get(desk.path)
    assert page.status_code == 503
    check_page(page.text)
    engine.dispose()
    path.write_bytes(whole)
    path.chmod(mode)
    check_recovery(desk, engine)


@SQLITE
def test_a_database_that_is_gone_and_comes_back(desk: Desk, engine: sa.Engine, path: Path) -> None:
    engine.dispose()
    away = path.with_name("away.sqlite3")
    path.rename(away)
    path.mkdir()  # so that no new one is made in its place
    check_refusal(desk, engine)
    assert desk.client.get("/healthz").status_code == 503
    assert desk.client.get("/sign-in").status_code == 503
    path.rmdir()
    away.rename(path)
    assert desk.client.get("/healthz").status_code == 200
    check_recovery(desk, engine)


@SQLITE
def test_a_disk_that_takes_no_more(desk: Desk, engine: sa.Engine, path: Path) -> None:
    """The system itself refuses: what SQLite writes comes from the disk's own error, not from a limit of its own."""
    with no_larger_files(path.stat().st_size):
        for number in range(200):  # until the log of the database is as long as a file may be
            body = {"event_id": f"filling-{number:04d}", "kind": "note", "text": f"{number}" + "x" * 9000,
                    "client": "browser-2", "client_seq": number + 1}  # fmt: skip
            answer = desk.client.post(f"{desk.path}/events", json=body, headers={"X-CSRFToken": form_token(desk.html)})
            if answer.status_code != 200:
                break
        assert answer.status_code == 503, answer.text
        check_refusal(desk, engine)
        assert saved(engine) == number, "a refused save left something"
    check_recovery(desk, engine)


POSTGRES = pytest.mark.parametrize(
    "database_url", [pytest.param("postgresql", marks=pytest.mark.postgres)], indirect=True
)


@contextmanager
def outage(url: str, begin: str, end: str) -> Iterator[None]:
    """Let a PostgreSQL database have this trouble for a while."""
    other = make_engine(url, pooled=False)
    with other.begin() as connection:
        connection.exec_driver_sql(begin)
    try:
        yield
    finally:
        with other.begin() as connection:
            connection.exec_driver_sql(end)


TROUBLES = {
    "no space left": (
        "CREATE FUNCTION no_space() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100'; END $$; "
        "CREATE TRIGGER no_space BEFORE INSERT ON delivery_event FOR EACH ROW EXECUTE FUNCTION no_space()",
        "DROP FUNCTION no_space CASCADE",
    ),
    "read-only": (
        "CREATE FUNCTION read_only() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "RAISE EXCEPTION 'cannot execute INSERT in a read-only transaction' USING ERRCODE = '25006'; END $$; "
        "CREATE TRIGGER read_only BEFORE INSERT ON delivery_event FOR EACH ROW EXECUTE FUNCTION read_only()",
        "DROP FUNCTION read_only CASCADE",
    ),
}


@POSTGRES
@pytest.mark.parametrize("trouble", TROUBLES)
def test_a_server_that_cannot_write_refuses_and_recovers(
    desk: Desk, engine: sa.Engine, database_url: str, trouble: str
) -> None:
    with outage(database_url, *TROUBLES[trouble]):
        answer = save(desk, "in-the-outage")
        assert answer.status_code == 503, answer.text
        assert "not saved" in answer.get_json()["error"].lower()
        assert saved(engine) == 0
    assert [save(desk, "in-the-outage").get_json()["status"] for _ in range(2)] == ["saved", "repeated"]
    assert saved(engine) == 1


@POSTGRES
def test_a_table_that_somebody_else_has_locked_is_waited_for_no_longer_than_a_save_may_take(
    desk: Desk, engine: sa.Engine, database_url: str
) -> None:
    other = make_engine(database_url, pooled=False)
    with other.begin() as connection:
        connection.exec_driver_sql("LOCK TABLE delivery_event IN ACCESS EXCLUSIVE MODE")
        answer = save(desk, "in-the-outage")
        assert answer.status_code == 503, answer.text
        assert "not saved" in answer.get_json()["error"].lower()
    assert [save(desk, "in-the-outage").get_json()["status"] for _ in range(2)] == ["saved", "repeated"]


@pytest.fixture
def unreachable(tmp_path: Path, clock: TestClock) -> FlaskClient:
    url = "postgresql+psycopg://nobody@/nothing?host=/nowhere"
    app: Flask = create_app(make_settings(tmp_path / "data"), make_engine(url))
    return app.test_client()


def test_a_server_that_cannot_be_reached_gives_the_page_and_the_json(unreachable: FlaskClient) -> None:
    with unreachable.session_transaction() as cookie:
        cookie["_user_id"] = "a token"
    page = unreachable.get("/account")
    assert page.status_code == 503
    check_page(page.text)
    answer = unreachable.get("/practise/counts.json", headers={"Accept": "application/json"})
    assert answer.status_code == 503
    assert "not saved" in answer.get_json()["error"].lower()
    assert unreachable.get("/healthz").status_code == 503


@pytest.mark.parametrize("database_url", [pytest.param("postgresql", marks=pytest.mark.postgres)], indirect=True)
def test_connections_that_the_server_cut_are_made_anew(desk: Desk, engine: sa.Engine, database_url: str) -> None:
    assert save(desk, "before-the-cut").status_code == 200
    other = make_engine(database_url, pooled=False)
    with other.begin() as connection:
        connection.exec_driver_sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() "
            "AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
        )
    answer = save(desk, "after-the-cut")
    assert answer.status_code in (200, 503)
    assert save(desk, "after-the-cut").status_code == 200
    with engine.connect() as connection:
        query = sa.select(sa.func.count()).where(DeliveryEvent.event_id == "after-the-cut")
        assert connection.scalar(query) == 1
