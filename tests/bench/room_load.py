"""Many learners who start in the same second: how long a save takes, as a ratio to a bare insert.

``make load`` or ``python -m tests.bench.room_load --learners 200``. Each learner is a thread with a connection of
its own to a real server on this machine; all begin at once, then each answers with a pause, as people do. What is
reported for each server and database: saves a second, the 50th and 99th percentile of a save, and both as a ratio
to the median of one bare durable insert (same database, same settings, one writer, nothing else running).
"""

from __future__ import annotations

import argparse
import random
import shutil
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import click

from qbank.db import migrate
from qbank.db.engine import WRITE, make_engine
from tests import postgres
from tests.cli.room_load import Learner, furnish, gunicorn, running, waitress

DURABLE = ("fsync=on", "synchronous_commit=on", "full_page_writes=on")


@dataclass
class Result:
    """What one server did."""

    name: str
    first: list[float]  # of the first save of each learner: all of them sent in the same moment
    later: list[float]
    wall: float
    bare: float
    failed: int

    def line(self) -> str:
        """What to report, a line for the first saves and one for the others."""
        pace = (len(self.first) + len(self.later)) / self.wall
        head = f"{self.name}: {pace:.0f} saves a second, failed {self.failed}; bare insert {self.bare * 1000:.2f} ms"
        return "\n".join([head, self._part("all at once", self.first), self._part("afterwards", self.later)])

    def _part(self, name: str, seconds: list[float]) -> str:
        cuts = statistics.quantiles(seconds, n=100)
        figures = (f"p{at} {cuts[at - 1] * 1000:.1f} ms ({cuts[at - 1] / self.bare:.0f}x)" for at in (50, 99))
        return f"  {name:12} n = {len(seconds)}: {', '.join(figures)}"


def bare_insert(url: str, rounds: int = 200) -> float:
    """Return the median time of one durable insert, in seconds, with the engine's own settings."""
    engine = make_engine(url)
    spent = []
    with engine.connect() as connection:
        connection = connection.execution_options(**{WRITE: True})
        with connection.begin():
            connection.exec_driver_sql("CREATE TABLE bare_insert (id INTEGER PRIMARY KEY, what VARCHAR(200))")
        for number in range(rounds):
            began = time.perf_counter()
            with connection.begin():
                connection.exec_driver_sql(f"INSERT INTO bare_insert VALUES ({number}, 'a choice of a learner')")
            spent.append(time.perf_counter() - began)
        with connection.begin():
            connection.exec_driver_sql("DROP TABLE bare_insert")
    engine.dispose()
    return statistics.median(spent)


def storm(learners: list[Learner], saves: int, pause: float) -> tuple[list[float], list[float], float, int]:
    """Let all begin at once; return the seconds of the first saves, of the others, of all, and how many failed."""
    gate = threading.Barrier(len(learners) + 1)
    first: list[float] = []
    later: list[float] = []
    failed: list[str] = []
    lock = threading.Lock()

    def answer(learner: Learner, seed: int) -> None:
        chance = random.Random(seed)
        mine: list[float] = []
        gate.wait()
        for number in range(1, saves + 1):
            began = time.perf_counter()
            try:
                learner.save(f"storm-{seed:04d}-{number:03d}", number % learner.items + 1, "ABCD"[number % 4],
                             sequence=number)  # fmt: skip
                mine.append(time.perf_counter() - began)
            except OSError as error:
                failed.append(str(error))
            time.sleep(chance.uniform(0.5, 1.5) * pause)
        learner.leave()
        with lock:
            first.extend(mine[:1])
            later.extend(mine[1:])

    threads = [threading.Thread(target=answer, args=(each, n)) for n, each in enumerate(learners)]
    for thread in threads:
        thread.start()
    gate.wait()
    began = time.perf_counter()
    for thread in threads:
        thread.join()
    for cause in sorted(set(failed))[:3]:
        click.echo(f"  failed: {cause[:300]}")
    return first, later, time.perf_counter() - began, len(failed)


@contextmanager
def database(kind: str, folder: Path) -> Iterator[str]:
    """Yield the URL of a migrated, durable database of this kind."""
    if kind == "sqlite":
        (folder / "data").mkdir(parents=True)
        url = f"sqlite:///{folder / 'data' / 'qbank.sqlite3'}"
        migrate.upgrade(url)
        yield url
        return
    with postgres.cluster(DURABLE) as url:
        migrate.upgrade(url)
        yield url


def measure(kind: str, name: str, command: list[str], learners: int, saves: int, pause: float) -> Result:
    """Serve a new bank and let the learners answer."""
    folder = Path(tempfile.mkdtemp(prefix="qbank-load-"))
    try:
        with database(kind, folder) as url:
            seats = furnish(folder / "data", url, learners)
            bare = bare_insert(url)
            with running(command, folder / "data", url) as served:
                for seat in seats:
                    seat.at = served.at
                storm(seats[:10], 2, 0.05)  # the first requests compile templates and statements
                for seat in seats[:10]:
                    seat.held = None
                first, later, wall, failed = storm(seats, saves, pause)
            return Result(f"{name}, {kind}", first, later, wall, bare, failed)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--learners", type=int, default=200)
    parser.add_argument("--saves", type=int, default=5, help="saves of each learner")
    parser.add_argument("--pause", type=float, default=8.0, help="mean seconds between two saves of one learner")
    parser.add_argument("--only", default="", help="part of the name of a server or database")
    chosen = parser.parse_args()
    kinds = ["sqlite"] + ([] if postgres.unavailable() else ["postgresql"])
    servers = [("qbank serve", waitress()), ("gunicorn, 2 workers", gunicorn(2)), ("gunicorn, 4 workers", gunicorn(4))]
    for kind in kinds:
        for name, command in servers:
            if chosen.only in f"{name}, {kind}":
                result = measure(kind, name, command, chosen.learners, chosen.saves, chosen.pause)
                click.echo(result.line())


if __name__ == "__main__":
    main()
