"""How the list of items fares with 100,000 items: each page's time, its number of queries, the ratio to its bare SQL.

Run with ``pytest -m bench -s tests/bench/test_lists_bench.py``. Only counts and generous ratios are asserted.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.orm import Session, sessionmaker

from qbank.accounts.models import Person, PersonRole, Role
from qbank.app import create_app
from qbank.exchange.importing import import_file
from qbank.items.taxonomy import Dimension, Taxon
from qbank.security import signin
from tests.bench.test_import_bench import write_items
from tests.conftest import START, TestClock, make_settings

pytestmark = pytest.mark.bench
ITEMS = 100_000
SYSTEMS = 10
SLOWER = 12  # times the bare SQL, or FLOOR milliseconds, that a page may take: a page has its own work
FLOOR = 150
PAGES = {
    "all": "",
    "a deep page": "page=1900",
    "live": "state=live",
    "drafts": "state=draft",
    "a system": "system={system}",
    "a system, deep": "system={system}&page=150",
    "one's own": "mine=1",
    "a rare word": "q=IL-4711",
    "a phrase": "q=%22renal+artery+bone%22",
    "a word of every item": "q=patient",
    "two words, live": "q=artery+bone&state=live",
    "the beginning of a word": "q=ren",
    "a word left out": "q=-patient",
}


def best(work: Callable[[], object], times: int = 4) -> float:
    """Return the shortest of several runs, in milliseconds."""
    spent = []
    for _ in range(times):
        begun = time.perf_counter()
        work()
        spent.append(1000 * (time.perf_counter() - begun))
    return min(spent)


def fill(sessions: sessionmaker[Session], engine: sa.Engine, folder: Path) -> int:
    """Import the items, spread them over systems and states, give some a rare word; return the last system's id."""
    with sessions() as session:
        rows = [Taxon(dimension=Dimension.SYSTEM, code=f"s{n}", name=f"System {n}", ordinal=n) for n in range(SYSTEMS)]
        session.add_all(rows)
        session.commit()
        first = rows[0].id
    import_file(sessions, write_items(folder / "items.jsonl", ITEMS))
    with engine.begin() as connection:
        for statement in (
            f"UPDATE item_version SET system_id = {first} + item_id % {SYSTEMS}",
            "UPDATE item_version SET state = 'live' WHERE item_id % 3 > 0",
            "UPDATE item SET published_version_id = draft_version_id, draft_version_id = NULL WHERE id % 3 > 0",
        ):
            connection.execute(sa.text(statement))
    if engine.dialect.name == "postgresql":  # as its own housekeeping does within the minute
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("VACUUM ANALYZE")
    return first + SYSTEMS - 1


def visitor(app: Any, sessions: sessionmaker[Session]) -> FlaskClient:
    """Return the browser of an educator."""
    with sessions() as session:
        person = Person(email="eve@example.org", name="Eve", created_at=START)
        person.role_rows = [PersonRole(role=Role.EDUCATOR, granted_at=START)]
        session.add(person)
        session.flush()
        token = signin.start(session, person, days=30).get_id()
        session.commit()
    client: FlaskClient = app.test_client()
    with client.session_transaction() as cookie:
        cookie["_user_id"] = token
    return client


def test_a_page_of_100_000_items_costs_little_more_than_its_sql(
    engine: sa.Engine, sessions: sessionmaker[Session], tmp_path: Path, clock: TestClock
) -> None:
    system = fill(sessions, engine, tmp_path)
    client = visitor(create_app(make_settings(tmp_path / "data"), engine), sessions)
    counts: dict[bool, set[int]] = {True: set(), False: set()}
    for name, query in PAGES.items():
        query = query.format(system=system)
        sent: list[tuple[str, Any]] = []

        def note(_connection: object, _cursor: object, statement: str, values: Any, *_rest: object) -> None:
            sent.append((statement, values))  # noqa: B023  removed before the next turn

        def page() -> None:
            assert client.get(f"/items?{query}", follow_redirects=True).status_code == 200  # noqa: B023

        page()
        sa.event.listen(engine, "before_cursor_execute", note)
        page()
        sa.event.remove(engine, "before_cursor_execute", note)
        reads = [(text, values) for text, values in sent if text.lstrip().startswith(("SELECT", "WITH"))]

        def bare() -> None:
            with engine.connect() as connection:
                for text, values in reads:  # noqa: B023
                    connection.exec_driver_sql(text, values).all()

        whole, sql = best(page), best(bare)
        print(  # noqa: T201
            f"\n{engine.dialect.name}: {name:24} {whole:6.0f} ms, its SQL {sql:6.0f} ms, {len(reads)} queries", end=""
        )
        counts["q=" in query].add(len(reads))
        assert whole < max(SLOWER * sql, FLOOR), name
    assert max(map(max, counts.values())) <= 20
    assert len(counts[False]) == 1
