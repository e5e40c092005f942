"""Servers killed under load: every answer that was acknowledged is in the log and in the block.

``QBANK_TEST_KILLS=200`` kills more often than the suite does.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command as alembic
from sqlalchemy.orm import Session, sessionmaker

from qbank.blocks.models import Block, Delivery, DeliveryEvent, EventKind
from qbank.blocks.rebuild import rebuild
from qbank.db import migrate
from tests.cli import broken_build
from tests.cli.room_load import BROKEN_APPLICATION, PATIENCE, Learner, Served, furnish, gunicorn, start, waitress

KILLS = int(os.environ.get("QBANK_TEST_KILLS", "10"))
BETWEEN = 12  # acknowledgements between two kills
Command = Callable[[], list[str]]


@dataclass
class Log:
    """What the learners' browsers were told, written down by them alone."""

    acknowledged: dict[str, tuple[int, int, str]] = field(default_factory=dict)  # event: person, position, letter
    repeated: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)
    failures: list[str] = field(default_factory=list)

    def note(self, learner: Learner, event: str, position: int, letter: str, status: str) -> None:
        """An answer of 200 came for this event."""
        with self.lock:
            self.acknowledged[event] = (learner.person_id, position, letter)
            self.repeated += status == "repeated"
            if status not in ("saved", "repeated"):
                self.failures.append(f"{event}: {status}")


class Crowd:
    """Learners who answer without a pause; whoever gets no answer sends the same again, as the room's script does."""

    def __init__(self, learners: list[Learner]) -> None:
        self.learners, self.log = learners, Log()
        self.at: tuple[str, int] = ("", 0)
        self.over = threading.Event()
        self.threads = [threading.Thread(target=self._answer, args=(each,), daemon=True) for each in learners]

    def _answer(self, learner: Learner) -> None:
        number = 0
        while not self.over.is_set():
            number += 1
            event, position = f"p{learner.person_id}-event-{number:05d}", number % learner.items + 1
            letter = "ABCD"[number // learner.items % 4]
            while not self.over.is_set():
                try:
                    learner.at = self.at
                    status = learner.save(event, position, letter, sequence=number)
                except OSError:
                    time.sleep(0.01)
                    continue
                self.log.note(learner, event, position, letter, status)
                break
        learner.leave()

    def wait_for_more(self, acknowledgements: int) -> None:
        """Return after so many more acknowledgements."""
        enough, until = len(self.log.acknowledged) + acknowledgements, time.monotonic() + PATIENCE
        while len(self.log.acknowledged) < enough:
            assert time.monotonic() < until, f"nothing is saved any more: {self.log.failures[:5]}"
            time.sleep(0.002)


def load_and_kill(
    command: Command, learners: list[Learner], data: Path, url: str, kills: int, **environ: str
) -> tuple[Log, int]:
    """Let the learners answer while the server, or one worker of it, is killed again and again."""
    crowd, done = Crowd(learners), 0
    served: Served = start(command(), data, url, **environ)
    crowd.at = served.at
    try:
        for thread in crowd.threads:
            thread.start()
        while done < kills:
            crowd.wait_for_more(BETWEEN)
            if served.workers() and done % 10 != 9 and done != kills - 1:
                served.kill_worker(done)
            else:
                served.kill()
                served = start(command(), data, url, **environ)
                crowd.at = served.at
            done += 1
        crowd.wait_for_more(BETWEEN)
        served.kill()
    finally:
        crowd.over.set()
        served.kill()
        for thread in crowd.threads:
            thread.join(timeout=PATIENCE)
    return crowd.log, done


def lost(sessions: sessionmaker[Session], log: Log) -> list[str]:
    """Return the acknowledged events that the log of the bank lacks or has otherwise."""
    with sessions() as session:
        query = (
            sa.select(DeliveryEvent.event_id, Block.person_id, Delivery.position, Delivery.option_order,
                      DeliveryEvent.option_id)
            .join(Delivery, Delivery.id == DeliveryEvent.delivery_id)
            .join(Block, Block.id == Delivery.block_id)
            .where(DeliveryEvent.kind == EventKind.CHOOSE)
        )  # fmt: skip
        kept = {
            event: (person, position, "ABCD"[order.index(option)])
            for event, person, position, order, option in session.execute(query)
        }
    return [event for event, said in log.acknowledged.items() if kept.get(event) != said]


def last_said(log: Log) -> dict[tuple[int, int], set[str]]:
    """Return for each learner and item the letters that may stand: the last acknowledged, or the one then sent."""
    newest: dict[tuple[int, int], tuple[str, str]] = {}
    for event, (person, position, letter) in log.acknowledged.items():
        if event > newest.get((person, position), ("", ""))[0]:
            newest[person, position] = (event, letter)
    return {place: {letter, "ABCD"[("ABCD".index(letter) + 1) % 4]} for place, (_event, letter) in newest.items()}


SERVERS = [
    pytest.param("sqlite", lambda: gunicorn(2), KILLS, id="SQLite, two workers"),
    pytest.param("sqlite", waitress, max(1, KILLS // 10), id="SQLite, one process"),
    pytest.param(
        "postgresql", lambda: gunicorn(2), max(5, KILLS // 2), id="PostgreSQL, two workers", marks=pytest.mark.postgres
    ),
]


@pytest.mark.parametrize(("database_url", "command", "kills"), SERVERS, indirect=["database_url"])
def test_every_acknowledged_answer_outlives_the_kills(
    command: Command, kills: int, database_url: str, sessions: sessionmaker[Session], tmp_path: Path
) -> None:
    if command is waitress:
        alembic.stamp(migrate.config(database_url), "head")  # as `qbank serve` expects of a database with tables
    learners = furnish(tmp_path / "data", database_url, 4)
    log, done = load_and_kill(command, learners, tmp_path / "data", database_url, kills)
    assert log.failures == []
    assert done == kills
    assert len(log.acknowledged) >= BETWEEN * kills
    assert lost(sessions, log) == []
    with sessions() as session:
        query = sa.select(Block.person_id, Delivery.position, Delivery.option_order, Delivery.chosen_option_id).join(
            Delivery, Delivery.block_id == Block.id
        )
        stands = {(row[0], row[1]): "ABCD"[row[2].index(row[3])] for row in session.execute(query) if row[3]}
        assert all(stands[place] in letters for place, letters in last_said(log).items())
        assert rebuild(session, check=True) == []


def test_a_build_that_acknowledges_before_it_writes_is_caught(
    database_url: str, sessions: sessionmaker[Session], tmp_path: Path
) -> None:
    learners = furnish(tmp_path / "data", database_url, 4)
    log, _done = load_and_kill(
        lambda: gunicorn(2, BROKEN_APPLICATION), learners, tmp_path / "data", database_url, 2,
        **{broken_build.SWITCH: "acknowledge first"},
    )  # fmt: skip
    assert lost(sessions, log), "the check of kills would let a build pass that loses answers"


def test_the_broken_build_is_none_without_its_switch() -> None:
    with pytest.raises(RuntimeError, match="loses answers"):
        broken_build.application()
