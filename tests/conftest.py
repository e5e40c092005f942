"""Fixtures for the whole suite: a clock that tests set, settings, and an empty database of each kind.

What a test asks for decides what it gets:

- ``clock``: time stands still at `START` until the test calls ``clock.advance(seconds=90)`` or ``clock.set``.
- ``settings``: testing settings with a data folder of the test's own.
- ``database_url``, ``engine``, ``sessions``, ``session``: an empty database with the whole schema. A test that
  uses one of them runs twice, on SQLite and on PostgreSQL; ``@pytest.mark.parametrize("database_url",
  ["postgresql"], indirect=True)`` keeps it to one. ``session`` is in a writing transaction from the start, as a
  POST request is; what it holds is rolled back. Commit what other sessions or the application must see.
- ``queries``: counts the SQL statements in a ``with`` block: ``with queries() as seen: ...; len(seen)``.

Where PostgreSQL's server programs are missing its tests are skipped, and the end of the run says so. Properties are
tried on the same examples every time, so that a run says something of the change; ``HYPOTHESIS_PROFILE=default``
tries new ones.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import hypothesis
import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session, sessionmaker

from qbank import clock as clock_module
from qbank.db import models
from qbank.db.engine import begin_write, make_engine, make_sessions
from qbank.settings import Settings, load
from tests import postgres
from tests.compiled import share_statements, templates_once

hypothesis.settings.register_profile("steady", derandomize=True)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "steady"))

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
BACKENDS = ("sqlite", "postgresql")


class TestClock:
    """A clock that moves only when it is told to."""

    __test__ = False

    def __init__(self, moment: datetime) -> None:
        self.moment = moment

    def __call__(self) -> datetime:
        return self.moment

    def set(self, moment: datetime) -> None:
        """Make it this time."""
        self.moment = moment

    def advance(self, **duration: float) -> datetime:
        """Let time pass (the arguments are those of timedelta) and return the new time."""
        self.moment += timedelta(**duration)
        return self.moment


@pytest.fixture
def clock() -> Iterator[TestClock]:
    """Time at `START`, standing still."""
    source = TestClock(START)
    clock_module.use(source)
    yield source
    clock_module.use(None)


def make_settings(data_dir: Path, **overrides: object) -> Settings:
    """Return settings for a test; keyword arguments are settings in lower case."""
    values: dict[str, object] = {"testing": True, "data_dir": data_dir, "secret_key": "only-for-the-tests"}
    return load(environ={}, **(values | overrides))


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Testing settings; where the test uses a database too, make others with `make_settings`."""
    return make_settings(tmp_path / "data")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run every test that uses a database on each kind of database."""
    if "database_url" in metafunc.fixturenames and not _chosen(metafunc):
        values = [pytest.param(name, marks=[pytest.mark.postgres] if name == "postgresql" else []) for name in BACKENDS]
        metafunc.parametrize("database_url", values, indirect=True)


def _chosen(metafunc: pytest.Metafunc) -> bool:
    """Return whether the test names its databases itself."""
    for mark in metafunc.definition.iter_markers("parametrize"):
        names = mark.args[0] if mark.args else mark.kwargs.get("argnames", "")
        if "database_url" in (names.split(",") if isinstance(names, str) else names):
            return True
    return False


@pytest.fixture(scope="session", autouse=True)
def _templates_once() -> Iterator[None]:
    with templates_once():
        yield


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty SQLite database with the whole schema, to be copied."""
    path = tmp_path_factory.mktemp("template") / "empty.sqlite3"
    engine = make_engine(f"sqlite:///{path}", pooled=False)
    models.metadata.create_all(engine)
    engine.dispose()
    return path


@pytest.fixture(scope="session")
def postgres_cluster() -> Iterator[str]:
    """The URL of an empty database in a PostgreSQL cluster of this test process."""
    if reason := postgres.unavailable():
        pytest.skip(reason)
    with postgres.cluster() as url:
        yield url


@pytest.fixture(scope="session")
def postgres_url(postgres_cluster: str) -> str:
    """The URL of a PostgreSQL database with the whole schema, one a test process."""
    engine = make_engine(postgres_cluster, pooled=False)
    models.metadata.create_all(engine)
    engine.dispose()
    return postgres_cluster


@pytest.fixture
def postgres_bare_url(postgres_cluster: str) -> Iterator[str]:
    """The URL of another database without any table, in the same cluster."""
    with postgres.database(postgres_cluster, "bare") as url:
        yield url


def empty_postgres(url: str) -> None:
    """Empty every table, ending first whatever a failed test left connected.

    Rows are deleted and counters set back with the foreign keys asleep: TRUNCATE would make every table's and
    index's file anew, which takes a second.
    """
    engine = make_engine(url, pooled=False)
    deletes = "; ".join(f'DELETE FROM "{table.name}"' for table in models.metadata.sorted_tables)
    deletes = f'DELETE FROM "{models.search.NAME}"; {deletes}'
    with engine.begin() as connection:
        connection.exec_driver_sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
        )
        connection.exec_driver_sql(f"SET session_replication_role = replica; {deletes}")
        connection.exec_driver_sql(
            "SELECT setval((quote_ident(schemaname) || '.' || quote_ident(sequencename))::regclass, 1, false) "
            "FROM pg_sequences"
        )
    engine.dispose()


@pytest.fixture
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of an empty database with the whole schema."""
    kind = getattr(request, "param", "sqlite")
    if kind == "sqlite":
        path = tmp_path / "test.sqlite3"
        shutil.copyfile(request.getfixturevalue("sqlite_template"), path)
        yield f"sqlite:///{path}"
        return
    url: str = request.getfixturevalue("postgres_url")
    yield url
    empty_postgres(url)


@pytest.fixture
def engine(database_url: str) -> Iterator[sa.Engine]:
    """An engine on the test's empty database."""
    made = make_engine(database_url)
    share_statements(made)
    yield made
    made.dispose()


@pytest.fixture
def sessions(engine: sa.Engine) -> sessionmaker[Session]:
    """The factory of sessions on the test's database, for tests with several of them."""
    return make_sessions(engine)


@pytest.fixture
def session(sessions: sessionmaker[Session]) -> Iterator[Session]:
    """One session in a writing transaction, rolled back at the end."""
    with sessions() as made:
        begin_write(made)
        yield made
        made.rollback()


@pytest.fixture
def queries(engine: sa.Engine) -> Callable[[], AbstractContextManager[list[str]]]:
    """Collect the SQL statements that a ``with`` block sends."""

    @contextmanager
    def watch() -> Iterator[list[str]]:
        seen: list[str] = []

        def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
            seen.append(statement)

        sa.event.listen(engine, "before_cursor_execute", note)
        try:
            yield seen
        finally:
            sa.event.remove(engine, "before_cursor_execute", note)

    return watch


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say loudly what was not tested."""
    if reason := postgres.unavailable():
        terminalreporter.section("PostgreSQL was NOT tested", sep="!", red=True)
        terminalreporter.line(reason)
