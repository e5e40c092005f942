"""A million answers through the database: counting, reading, calibrating, and the bank's page; ratios to bare SQL.

Run with ``pytest -m bench -s tests/bench/test_item_statistics_bench.py``. Only numbers of statements and generous
ratios are asserted.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import numpy as np
import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session, sessionmaker

from qbank.blocks.models import Block, BlockState, EndedReason, Feedback, StudyPass, TimeUpPolicy, Timing
from qbank.db.engine import begin_write
from qbank.items import records
from qbank.statistics import analysis, calibrating, counters, fixed_forms, queries
from qbank.statistics.fitting import fit
from qbank.statistics.queries import LookFilter
from qbank.statistics.reading import first_responses
from tests.statistics import bank as make

pytestmark = pytest.mark.bench
PERSONS, ITEMS, EACH = 25_000, 5_000, 40
BANK = 100_000
RATIO = 40
BARE = """
    SELECT d.version_id, d.outcome, d.chosen_option_id, count(*), sum(d.seconds) FROM delivery d
    JOIN block b ON b.id = d.block_id WHERE b.state = 'ended' AND d.annulled_at IS NULL
    GROUP BY d.version_id, d.outcome, d.chosen_option_id
"""


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    began = time.perf_counter()
    found = work()
    return time.perf_counter() - began, found


@pytest.fixture
def full(sessions: sessionmaker[Session], engine: sa.Engine) -> make.Bank:
    random = np.random.default_rng(1)
    with sessions() as session:
        begin_write(session)
        bank = make.make_bank(session, ITEMS)
        people = make.make_people(session, PERSONS)
        passes = make.insert(
            session, StudyPass, [{"person_id": p, "number": 1, "started_at": make.WHEN} for p in people]
        )
        blocks = make.insert(
            session, Block,
            [
                {
                    "token": uuid4().hex, "person_id": person, "pass_id": of, "name": "Block",
                    "feedback": Feedback.EXAM, "timing": Timing.UNTIMED, "preset_copy": {}, "criteria": {},
                    "seed": "1", "item_count": EACH, "seconds_per_item": 90, "time_percent": 100,
                    "time_up_policy": TimeUpPolicy.LOCK, "state": BlockState.ENDED, "started_at": make.WHEN,
                    "last_active_at": make.WHEN, "ended_at": make.WHEN, "closes_at": make.WHEN,
                    "ended_reason": EndedReason.LEARNER,
                }
                for person, of in zip(people, passes, strict=True)
            ],
        )  # fmt: skip
        d, theta = random.normal(0.5, 1, ITEMS), random.normal(size=PERSONS)
        columns = (
            "block_id, position, item_id, version_id, option_order, pretest, first, chosen_option_id, changes, struck,"
            " seconds, seen, outcome"
        )
        insert = f"INSERT INTO delivery ({columns}) VALUES (?, ?, ?, ?, '[]', 0, 1, ?, 0, '[]', ?, 1, ?)"
        for start in range(0, PERSONS, 1000):
            rows = []
            for n in range(start, min(start + 1000, PERSONS)):
                taken = (random.integers(ITEMS) + np.arange(EACH) * 113) % ITEMS
                right = random.random(EACH) < 1 / (1 + np.exp(-(theta[n] + d[taken])))
                chosen = np.where(right, 0, random.integers(1, 4, EACH))
                rows += [
                    (
                        blocks[n], place + 1, bank.items[item], bank.versions[item], bank.options[item][option], 60,
                        "incorrect" if option else "correct",
                    )
                    for place, (item, option) in enumerate(zip(taken.tolist(), chosen.tolist(), strict=True))
                ]  # fmt: skip
            session.connection().exec_driver_sql(insert, rows)
        session.commit()
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE")
    return bank


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_million_answers(sessions: sessionmaker[Session], full: make.Bank) -> None:
    lines = []
    with sessions() as session:
        begin_write(session)
        bare, _ = timed(lambda: session.execute(sa.text(BARE)).all())
        for name, work in (
            ("counters, made anew", lambda: counters.rebuild(session)),
            ("counters, checked", lambda: counters.rebuild(session)),
            ("answers read into arrays", lambda: first_responses(session)),
            ("fixed forms", lambda: fixed_forms.forms(session)),
        ):
            spent, found = timed(work)
            lines.append((name, spent, spent / bare))
            assert spent < RATIO * bare
            if name.startswith("answers"):
                read = found
        assert len(read.responses) == PERSONS * EACH
        run = calibrating.begin(session)
        spent, fitted = timed(lambda: fit(read.responses))
        lines.append((f"calibration, {fitted.steps} steps", spent, spent / bare))
        spent, run = timed(lambda: calibrating.finish(session, run.id, read, fitted))
        lines.append(("parameters and abilities written", spent, spent / bare))
        version = records.load_versions(session, [full.versions[7]])[full.versions[7]]
        spent, _found = timed(lambda: analysis.analyse(session, version, run, None))
        lines.append(("one item's page", spent, spent / bare))
        session.rollback()
    print(f"\n1,000,000 answers; the bare sums {bare:.2f} s")  # noqa: T201
    for name, spent, ratio in lines:
        print(f"  {name:<34}{spent:>8.2f} s{ratio:>8.2f} x")  # noqa: T201


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_bank_page_with_a_hundred_thousand_items(sessions: sessionmaker[Session], engine: sa.Engine) -> None:
    with sessions() as session:
        begin_write(session)
        make.make_bank(session, BANK)
        session.execute(
            sa.text(
                "INSERT INTO item_counter (version_id, n, correct, omitted, seconds, allowed_seconds, rarest)"
                " SELECT id, 20 + id % 500, (20 + id % 500) * (id % 97) / 97, 0, 100 * (id % 90), 5000, id % 7"
                " FROM item_version"
            )
        )
        run = calibrating.begin(session)
        session.execute(
            sa.text(
                "INSERT INTO item_calibration (run_id, version_id, n, a, d, b, own_slope, r, flags)"
                " SELECT :run, id, 200, 1, 0, 0, 1, (id % 100 - 10) / 100.0, '[]' FROM item_version"
            ),
            {"run": run.id},
        )
        run.finished_at, run.log_likelihood = make.WHEN, 0.0
        session.commit()
    sent: list[str] = []
    sa.event.listen(engine, "before_cursor_execute", lambda _c, _k, statement, *_r: sent.append(statement))
    with sessions() as session:
        bare, _ = timed(
            lambda: session.execute(sa.text("SELECT count(*), sum(n), sum(correct) FROM item_counter")).one()
        )
        sent.clear()
        counting, counts = timed(lambda: queries.look_counts(session, LookFilter()))
        first, rows = timed(lambda: queries.page_of(session, LookFilter(), limit=50, offset=0))
        last, _ = timed(lambda: queries.page_of(session, LookFilter(), limit=50, offset=counts["flagged"] - 50))
    assert counts["all"] == BANK
    assert len(rows) == 50
    assert len(sent) == 3
    print(  # noqa: T201
        f"\n100,000 versions: counts {1000 * counting:.0f} ms, first page {1000 * first:.0f} ms, last page "
        f"{1000 * last:.0f} ms; bare sums {1000 * bare:.0f} ms"
    )
