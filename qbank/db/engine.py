"""Engines for SQLite and PostgreSQL, and the session factory.

SQLite: the driver's own BEGIN is taken over. A read begins plainly, a write begins IMMEDIATE, because a
transaction that reads and then writes under a plain BEGIN fails or loses updates under load. One writer at a
time per process waits on a lock instead of polling the file.
"""

from __future__ import annotations

import sqlite3
import threading
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, sessionmaker
from sqlalchemy.pool import ConnectionPoolEntry, NullPool

WRITE = "qbank_write"  # the execution option that makes a transaction a write
BUSY_MS = 10_000


def make_engine(url: str, *, pooled: bool = True) -> sa.Engine:
    """Return an engine for this URL with everything the bank promises switched on.

    Raises ValueError for a database that is neither SQLite nor PostgreSQL (through psycopg 3).
    """
    parsed = sa.make_url(url)
    backend = parsed.get_backend_name()
    if backend == "sqlite":
        options: dict[str, Any] = {} if pooled else {"poolclass": NullPool}
        engine = sa.create_engine(parsed, connect_args={"timeout": BUSY_MS / 1000}, **options)
        _watch_sqlite(engine)
        return engine
    if parsed.drivername == "postgresql+psycopg":
        options = {"pool_size": 10} if pooled else {"poolclass": NullPool}
        if "options" not in parsed.query:  # the server waits for a lock for ever unless it is told how long
            options["connect_args"] = {"options": f"-c lock_timeout={BUSY_MS}"}
        try:
            return sa.create_engine(parsed, pool_pre_ping=True, **options)
        except ModuleNotFoundError:
            raise ValueError("PostgreSQL needs its driver: install the program as qbank[postgres]") from None
    raise ValueError(
        f"the database URL begins with {parsed.drivername!r}: use sqlite:///FILE or "
        "postgresql+psycopg://USER:PASSWORD@HOST/NAME"
    )


def _watch_sqlite(engine: sa.Engine) -> None:
    writer = threading.Lock()

    @sa.event.listens_for(engine, "connect")
    def _set_up(connection: sqlite3.Connection, _entry: ConnectionPoolEntry) -> None:
        connection.isolation_level = None  # the driver opens no transactions of its own
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
        mode = cursor.execute("PRAGMA journal_mode = WAL").fetchone()[0]
        if mode not in {"wal", "memory"}:
            raise sqlite3.OperationalError(f"the journal mode is {mode!r}, not WAL: is the file read-only?")
        cursor.execute("PRAGMA synchronous = FULL")
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.close()

    @sa.event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        if not connection.get_execution_options().get(WRITE):
            connection.exec_driver_sql("BEGIN")
            return
        if not connection.info.get("writer"):
            if not writer.acquire(timeout=BUSY_MS / 1000):
                locked = sqlite3.OperationalError("database is locked")
                raise sa.exc.OperationalError("BEGIN IMMEDIATE", {}, locked)
            connection.info["writer"] = True
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    # The connection goes back to the pool after COMMIT or ROLLBACK was carried out: only then is the turn over.
    @sa.event.listens_for(engine, "checkin")
    def _release(_connection: object, entry: ConnectionPoolEntry) -> None:
        if entry.info.pop("writer", None):
            writer.release()


def make_sessions(engine: sa.Engine) -> sessionmaker[Session]:
    """Return the factory of sessions. Objects stay usable after the commit at the edge."""
    return sessionmaker(engine, expire_on_commit=False, autoflush=True)


def begin_read(session: Session) -> None:
    """Begin a reading transaction explicitly. The first query would do the same."""
    session.connection()


def begin_write(session: Session) -> None:
    """Make the session's transaction a writing one.

    A reading transaction that is under way is ended first: what it saw may be out of date once the write
    lock is held, so the caller reads again. Raises RuntimeError if something waits to be flushed.
    """
    if session.in_transaction():
        if session.connection().get_execution_options().get(WRITE):
            return
        if session.new or session.dirty or session.deleted:
            raise RuntimeError("begin_write comes before the first change")
        session.rollback()
    session.connection(execution_options={WRITE: True})
