"""What every connection promises, read back from it, and writes that lose nothing under load."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session, sessionmaker

from qbank.db.engine import begin_read, begin_write, make_engine, make_sessions

SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
THREADS, TIMES = 8, 50


@SQLITE
def test_every_connection_to_sqlite_has_its_promises_switched_on(engine: sa.Engine) -> None:
    connections = [engine.connect() for _ in range(3)]
    for connection in connections:
        found = {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in
                 ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")}  # fmt: skip
        assert found == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 10_000}
        connection.close()


def test_eight_threads_that_read_and_then_write_lose_no_update(
    engine: sa.Engine, sessions: sessionmaker[Session]
) -> None:
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE tally (n INTEGER)")
        connection.exec_driver_sql("INSERT INTO tally VALUES (0)")
    failures: list[Exception] = []

    def add() -> None:
        for _ in range(TIMES):
            try:
                with sessions() as session:
                    begin_write(session)
                    lock = "" if engine.dialect.name == "sqlite" else " FOR UPDATE"
                    n = session.execute(sa.text(f"SELECT n FROM tally{lock}")).scalar_one()
                    session.execute(sa.text("UPDATE tally SET n = :n"), {"n": n + 1})
                    session.commit()
            except Exception as error:  # every one is counted below
                failures.append(error)

    threads = [threading.Thread(target=add) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with engine.begin() as connection:
        total = connection.exec_driver_sql("SELECT n FROM tally").scalar()
        connection.exec_driver_sql("DROP TABLE tally")
    assert failures == []
    assert total == THREADS * TIMES


@SQLITE
def test_a_write_begins_immediate_and_a_read_does_not(engine: sa.Engine, sessions: sessionmaker[Session]) -> None:
    seen: list[str] = []
    sa.event.listen(engine, "before_cursor_execute", lambda c, cursor, statement, *rest: seen.append(statement))
    with sessions() as session:
        begin_read(session)
    with sessions() as session:
        begin_write(session)
    assert [statement for statement in seen if statement.startswith("BEGIN")] == ["BEGIN", "BEGIN IMMEDIATE"]


@SQLITE
def test_a_transaction_that_fails_gives_the_turn_back(sessions: sessionmaker[Session]) -> None:
    for _ in range(3):
        session = sessions()
        begin_write(session)
        session.close()  # as the edge does after an error, without a commit
    with sessions() as session:
        begin_write(session)
        session.execute(sa.text("UPDATE person SET name = 'x'"))
        session.commit()


@SQLITE
def test_what_waits_to_be_written_is_not_lost_by_beginning_again(sessions: sessionmaker[Session]) -> None:
    from qbank.accounts.models import Person

    with sessions() as session:
        session.connection()
        session.add(Person(name="x"))
        with pytest.raises(RuntimeError, match="before the first change"):
            begin_write(session)


@pytest.mark.parametrize("url", ["mysql://a/b", "postgresql://a/b", "postgresql+psycopg2://a/b", "oracle://x"])
def test_a_database_that_is_neither_of_the_two_is_refused_with_what_to_write(url: str) -> None:
    with pytest.raises(ValueError, match=r"sqlite:///FILE or postgresql\+psycopg://"):
        make_engine(url)


def test_a_writer_in_another_process_is_waited_for_and_then_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qbank.db.engine.BUSY_MS", 50)
    url = f"sqlite:///{tmp_path / 'x.sqlite3'}"
    first, second = make_sessions(make_engine(url)), make_sessions(make_engine(url))
    with first() as holder, second() as waiter:
        begin_write(holder)
        with pytest.raises(sa.exc.OperationalError, match="locked"):
            begin_write(waiter)
        waiter.rollback()
        holder.rollback()
        begin_write(waiter)
