"""How long the pages of a history of 500 blocks take, how many queries they send, and the ratio to the bare SQL.

Run with ``pytest -m bench -s tests/bench/test_history_bench.py``. Only counts and generous ratios are asserted.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session, sessionmaker

from qbank.app import create_app
from qbank.blocks.models import Feedback
from qbank.db.engine import begin_write
from qbank.security import signin
from qbank.settings import Settings
from tests.conftest import START, TestClock
from tests.history.school import Taken, make_bank, make_person, take

pytestmark = pytest.mark.bench

BLOCKS, ITEMS = 500, 20
PATHS = ("/history", "/history?sort=score&dir=asc&size=200", "/history/breakdown", "/history/breakdown?count=latest",
         "/history/trend?tutor=1", "/")  # fmt: skip
# What a page cannot do without, in plain SQL: each block with its score; each delivery with its class.
BARE = {
    "lines": """SELECT b.token, b.name, b.ended_at, s.correct, s.incorrect, s.omitted, s.scored, s.seconds
        FROM block b JOIN block_score s ON s.block_id = b.id
        WHERE b.person_id = :person AND b.state = 'ended' ORDER BY b.ended_at DESC""",
    "classes": """SELECT v.system_id, v.task_id, count(*), sum(CASE WHEN d.outcome = 'correct' THEN 1 ELSE 0 END)
        FROM delivery d JOIN block b ON b.id = d.block_id JOIN item_version v ON v.id = d.version_id
        WHERE b.person_id = :person AND b.state = 'ended' GROUP BY v.system_id, v.task_id""",
}


def best(work: Callable[[], object], times: int = 5) -> float:
    """Return the shortest of several runs, in milliseconds."""
    spent = []
    for _ in range(times):
        begun = time.perf_counter()
        work()
        spent.append(1000 * (time.perf_counter() - begun))
    return min(spent)


def _client(app: Flask, sessions: sessionmaker[Session], blocks: int) -> tuple[FlaskClient, int]:
    with sessions() as session:
        begin_write(session)
        learner, bank = make_person(session), make_bank(session, 2000)
        many = [
            Taken(
                "RWRRO" * (ITEMS // 5), START - timedelta(hours=10 * n), f"Block {n}", start=7 * n,
                feedback=Feedback.TUTOR if n % 3 else Feedback.EXAM,
            )
            for n in reversed(range(blocks))
        ]  # fmt: skip
        take(session, learner, bank, *many)
        token = signin.start(session, learner, days=30).get_id()
        person_id = learner.id
        session.commit()
    client = app.test_client()
    with client.session_transaction() as cookie:
        cookie["_user_id"] = token
    return client, person_id


def test_the_pages_of_500_blocks_take_a_fixed_number_of_queries(
    settings: Settings,
    engine: sa.Engine,
    sessions: sessionmaker[Session],
    clock: TestClock,
    queries: Callable[[], AbstractContextManager[list[str]]],
) -> None:
    client, person_id = _client(create_app(settings, engine), sessions, BLOCKS)
    with engine.connect() as connection:
        bare = {
            name: best(lambda sql=sql: connection.execute(sa.text(sql), {"person": person_id}).all())  # type: ignore[misc]
            for name, sql in BARE.items()
        }
    print(f"\n{engine.dialect.name}: {BLOCKS} blocks of {ITEMS}; bare SQL: "  # noqa: T201
          + ", ".join(f"{name} {spent:.1f} ms" for name, spent in bare.items()))  # fmt: skip
    for path in PATHS:
        client.get(path)
        with queries() as seen:
            assert client.get(path).status_code == 200
        spent = best(lambda path=path: client.get(path))  # type: ignore[misc]
        base = bare["classes"] if "breakdown" in path or path == "/" else bare["lines"]
        print(f"  {path:40} {spent:8.1f} ms {len(seen):3} queries {spent / base:6.1f} x bare SQL")  # noqa: T201
        assert len(seen) <= 14
        assert spent < 400 * base
