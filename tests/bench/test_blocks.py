"""How the service layer of blocks fares with 100,000 live items: time, queries, and the ratio to bare SQL.

Run with ``pytest -m bench -s tests/bench/test_blocks.py``. The assertions are on numbers of queries and on generous
ratios to the same statements sent without the service around them, never on seconds.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session, sessionmaker

from qbank.accounts.models import Person
from qbank.blocks import building, closing, taking
from qbank.blocks.criteria import Criteria
from qbank.db.engine import begin_write
from qbank.settings import Settings
from tests.blocks import factories as make

pytestmark = pytest.mark.bench
ITEMS = 100_000
ROUNDS = 5
RATIO = 30  # generous: it catches work that grows with the bank, not a slow machine


class Watch:
    """Times a piece of work, collects what it sends, and sends the same again bare."""

    def __init__(self, engine: sa.Engine, sessions: sessionmaker[Session], person_id: int) -> None:
        self.engine, self.sessions, self.person_id = engine, sessions, person_id
        self.lines: list[str] = []

    def measure(self, name: str, work: Callable[[Session, Person], object], *, keep: bool) -> tuple[int, float]:
        """Return (number of statements, ratio to the reading ones among them sent bare); medians of some rounds."""
        sent: list[tuple[str, Any]] = []

        def note(_conn: object, _cursor: object, statement: str, parameters: Any, *_rest: object) -> None:
            sent.append((statement, parameters))

        spent = []
        for number in range(ROUNDS):
            sa.event.listen(self.engine, "before_cursor_execute", note)
            sent.clear()
            with self.sessions() as session:
                begin_write(session)
                person = session.get_one(Person, self.person_id)
                sent.clear()
                began = time.perf_counter()
                work(session, person)
                spent.append(time.perf_counter() - began)
                if keep or number == ROUNDS - 1:
                    session.commit()
            sa.event.remove(self.engine, "before_cursor_execute", note)
        service, bare = statistics.median(spent), statistics.median(self._bare(sent) for _ in range(ROUNDS))
        count = len(sent)
        ratio = service / bare
        self.lines.append(f"{name:<34}{service * 1000:>10.1f} ms{count:>9}{bare * 1000:>10.1f} ms{ratio:>8.1f}")
        return count, ratio

    def _bare(self, sent: list[tuple[str, Any]]) -> float:
        with self.engine.connect() as connection:
            cursor = connection.connection.cursor()
            began = time.perf_counter()
            for statement, parameters in sent:
                if statement.lstrip().startswith("SELECT"):
                    cursor.execute(statement, parameters)
                    cursor.fetchall()
            return time.perf_counter() - began


@pytest.fixture
def watch(engine: sa.Engine, sessions: sessionmaker[Session], settings: Settings) -> Iterator[Watch]:
    with sessions() as session:
        begin_write(session)
        taxa = make.make_taxa(session, systems=20, disciplines=11, tasks=13)
        make.make_items(session, ITEMS, taxa)
        person = make.make_person(session)
        for _ in range(5):
            block = make.start(session, person, settings, 100, seed=str(person.id))
            make.answer(session, person, block, right=3, wrong=2)
            closing.end_block(session, person, block.token)
        session.commit()
        person_id = person.id
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE")
    made = Watch(engine, sessions, person_id)
    yield made
    print(f"\n{engine.dialect.name}, {ITEMS:,} live items")  # noqa: T201
    print(f"{'':<34}{'service':>13}{'queries':>9}{'bare SQL':>13}{'ratio':>8}")  # noqa: T201
    print("\n".join(made.lines))  # noqa: T201


def test_a_hundred_thousand_items_cost_no_more_queries_than_a_hundred(watch: Watch, settings: Settings) -> None:
    with watch.sessions() as session:
        taxa = sorted(building.count_eligible(session, session.get_one(Person, watch.person_id), Criteria()).systems)
    narrow = Criteria(systems=frozenset(taxa[:5]), statuses=frozenset({"unused", "incorrect"}))
    for name, criteria in (("counts, no filter", Criteria()), ("counts, filtered", narrow)):
        count = partial(building.count_eligible, criteria=criteria)
        queries, ratio = watch.measure(name, count, keep=False)
        assert queries <= 4
        assert ratio < RATIO
    queries, ratio = watch.measure(
        "start a 40-item block",
        lambda session, person: make.start(session, person, settings, 40, seed=None),
        keep=False,
    )
    assert queries <= 19
    assert ratio < RATIO
    with watch.sessions() as session:
        token = taking.open_blocks(session, session.get_one(Person, watch.person_id))[0].token
    letters = iter("ABCDABCDABCD")

    def save(session: Session, person: Person) -> object:
        letter = next(letters)
        action = taking.Action(f"bench-{time.perf_counter_ns()}", "choose", letter, client="c", client_seq=1)
        return taking.apply(session, person, token, 7, action)

    queries, _ratio = watch.measure("save an answer", save, keep=True)
    assert queries <= 10
    queries, _ratio = watch.measure(
        "end and score a 40-item block", lambda session, person: closing.end_block(session, person, token), keep=False
    )
    assert queries <= 24
