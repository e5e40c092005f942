"""How an import of 100,000 items fares: against the same rows sent bare, in memory, and beside other people's writes.

The import writes the search index as well; the bare rows are without it.

Run with ``pytest -m bench -s tests/bench/test_import_bench.py``. The assertions are on ratios, on memory and on
writes that got through, never on seconds.
"""

from __future__ import annotations

import json
import random
import shutil
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import sqlalchemy as sa
from psycopg.types.json import Jsonb
from sqlalchemy.orm import Session, sessionmaker

from qbank.accounts import service
from qbank.accounts.models import AuditEvent, Role
from qbank.clock import now
from qbank.db.engine import begin_write
from qbank.exchange.importing import import_file
from qbank.items.taxonomy import Dimension, Taxon
from qbank.settings import Settings

pytestmark = pytest.mark.bench
ITEMS = 100_000
RATIO = 6  # to the same rows by bare executemany in one transaction
JSONB = 3802  # the server's number of the type
FLAT = 40_000  # kilobytes that four times as many items may add to the peak
WORDS = [
    "patient", "fever", "cough", "renal", "artery", "bone", "loss", "estrogen", "therapy", "dose", "acute", "chronic",
    "pain", "liver", "enzyme", "count", "biopsy", "tumor", "growth", "factor", "receptor", "sodium", "potassium",
    "serum", "urine", "blood", "pressure", "ventricular", "valve", "murmur", "edema", "rash",
]  # fmt: skip
WRITTEN = (  # parents first; an item's pointers close a circle and are set last
    "taxon", "reference", "import_run", "item", "item_version", "item_option", "state_change", "version_discipline",
    "version_reference", "import_record",
)  # fmt: skip


def write_items(path: Path, count: int) -> Path:
    """Write a file of items such as a question bank has: about 1.5 kB each, in plain sentences."""
    chance = random.Random(1)

    def words(number: int) -> str:
        return " ".join(chance.choice(WORDS) for _ in range(number)).capitalize()

    with path.open("w", encoding="utf-8") as file:
        for number in range(count):
            key = chance.randrange(5)
            item = {
                "external_id": f"bench-{number}",
                "stem": f"A {20 + number % 60}-year-old woman has {words(35)}. {words(15)}.",
                "lead_in": f"Which of the following is {words(5)}?",
                "options": [
                    {"text": words(3), "key": place == key, "rationale": f"{words(12)}."} for place in range(5)
                ],
                "objective": f"{words(10)}.",
                "explanation": f"{words(40)}.",
                "systems": ["renal"],
                "disciplines": ["pathology"],
                "tasks": ["diagnosis"],
                "references": [{"title": f"Title {number % 500}", "year": 2000 + number % 20}],
            }
            file.write(json.dumps(item) + "\n")
    return path


@pytest.fixture
def taxa(sessions: sessionmaker[Session]) -> None:
    with sessions() as session:
        for place, (dimension, code) in enumerate(
            [(Dimension.SYSTEM, "renal"), (Dimension.DISCIPLINE, "pathology"), (Dimension.TASK, "diagnosis")]
        ):
            session.add(Taxon(dimension=dimension, code=code, name=code, ordinal=place))
        session.commit()


def bare_seconds(imported: Path, empty: Path) -> tuple[float, int]:
    """Send the rows of one database to another by executemany, in one transaction; return seconds and rows."""
    rows: dict[str, list[tuple[object, ...]]] = {}
    with sqlite3.connect(imported) as source:
        for name in WRITTEN:
            rows[name] = source.execute(f'SELECT * FROM "{name}"').fetchall()
    target = sqlite3.connect(empty, isolation_level=None)
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
        target.execute(f"PRAGMA {pragma}")
    began = time.process_time()
    target.execute("BEGIN IMMEDIATE")
    target.execute("PRAGMA defer_foreign_keys = ON")
    for name, found in rows.items():
        marks = ", ".join("?" * len(found[0])) if found else ""
        target.executemany(f'INSERT INTO "{name}" VALUES ({marks})', found)
    target.execute("COMMIT")
    spent = time.process_time() - began
    target.close()
    return spent, sum(map(len, rows.values()))


def bare_seconds_on_a_server(sessions: sessionmaker[Session]) -> tuple[float, int]:
    """Send the rows of the database to copies of its tables by executemany, in one transaction; seconds and rows.

    The copies have the indexes and checks of the originals, in a schema of their own, but no foreign keys. Time by
    the clock: most of the work is the server's.
    """
    with sessions() as session:
        raw = session.connection().connection.cursor()
        raw.execute("CREATE SCHEMA bare")
        rows: dict[str, list[tuple[object, ...]]] = {}
        for name in WRITTEN:
            raw.execute(f'CREATE TABLE bare."{name}" (LIKE public."{name}" INCLUDING ALL)')
            raw.execute(f'SELECT * FROM public."{name}"')
            json = {place for place, column in enumerate(raw.description or ()) if column.type_code == JSONB}
            rows[name] = [
                tuple(Jsonb(value) if place in json and value is not None else value for place, value in enumerate(row))
                for row in raw.fetchall()
            ]
        began = time.perf_counter()
        for name, found in rows.items():
            marks = ", ".join(["%s"] * len(found[0])) if found else ""
            raw.executemany(f'INSERT INTO bare."{name}" VALUES ({marks})', found)
        session.commit()
        spent = time.perf_counter() - began
        session.connection().exec_driver_sql("DROP SCHEMA bare CASCADE")
        session.commit()
    return spent, sum(map(len, rows.values()))


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.usefixtures("taxa")
def test_an_import_costs_a_few_times_its_bare_rows_on_a_server_too(
    sessions: sessionmaker[Session], tmp_path: Path
) -> None:
    path = write_items(tmp_path / "items.jsonl", ITEMS)
    began = time.perf_counter()
    assert import_file(sessions, path).counts["imported"] == ITEMS
    spent = time.perf_counter() - began
    bare, rows = bare_seconds_on_a_server(sessions)
    print(  # noqa: T201
        f"\n{ITEMS:,} items, {rows:,} rows on PostgreSQL: import {spent:.0f} s, "
        f"bare {bare:.1f} s, ratio {spent / bare:.1f}"
    )
    assert spent / bare < RATIO


class Neighbour(threading.Thread):
    """Somebody who writes a row twenty times a second while the import runs."""

    def __init__(self, sessions: sessionmaker[Session]) -> None:
        super().__init__(daemon=True)
        self.sessions, self.waits, self.failed, self.over = sessions, list[float](), 0, threading.Event()

    def run(self) -> None:
        while not self.over.wait(0.05):
            began = time.perf_counter()
            try:
                with self.sessions() as session:
                    begin_write(session)
                    session.add(AuditEvent(at=now(), action="bench", subject="", address="", detail={}))
                    session.commit()
            except sa.exc.OperationalError:
                self.failed += 1
            self.waits.append(time.perf_counter() - began)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.usefixtures("taxa")
def test_an_import_costs_a_few_times_its_bare_rows_and_lets_others_write(
    database_url: str, sessions: sessionmaker[Session], settings: Settings, sqlite_template: Path, tmp_path: Path
) -> None:
    path = write_items(tmp_path / "items.jsonl", ITEMS)
    with sessions() as session:
        begin_write(session)
        service.create_person(
            session, settings, email="a@x.org", name="A", password="four unrelated words", roles={Role.EDUCATOR}
        )
        session.commit()
    neighbour = Neighbour(sessions)
    neighbour.start()
    began, used = time.perf_counter(), time.process_time()
    report = import_file(sessions, path)
    spent, used = time.perf_counter() - began, time.process_time() - used
    neighbour.over.set()
    neighbour.join()
    assert report.counts["imported"] == ITEMS
    empty = tmp_path / "bare.sqlite3"
    shutil.copyfile(sqlite_template, empty)
    bare, rows = bare_seconds(Path(sa.make_url(database_url).database or ""), empty)
    again = time.process_time()
    assert import_file(sessions, path).counts["unchanged"] == ITEMS
    again = time.process_time() - again
    waits = sorted(neighbour.waits)
    print(  # noqa: T201
        f"\n{ITEMS:,} items, {rows:,} rows: import {spent:.0f} s ({used:.0f} s of work), bare {bare:.1f} s of work, "
        f"ratio {used / bare:.1f}; the same file again {again:.0f} s; {len(waits)} writes beside it, "
        f"median {waits[len(waits) // 2] * 1000:.0f} ms, 99th percentile "
        f"{waits[int(len(waits) * 0.99)] * 1000:.0f} ms, "
        f"longest {waits[-1] * 1000:.0f} ms, {neighbour.failed} failed"
    )
    assert used / bare < RATIO
    assert neighbour.failed == 0
    assert len(waits) > 50


_PEAK = """
import re, sys
from pathlib import Path
from qbank.db.engine import make_engine, make_sessions
from qbank.exchange.importing import import_file
import_file(make_sessions(make_engine(sys.argv[1])), Path(sys.argv[2]))
print(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])
"""


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_memory_does_not_grow_with_the_file(sqlite_template: Path, tmp_path: Path, database_url: str) -> None:
    peaks = []
    for count in (5_000, 20_000):
        database = tmp_path / f"{count}.sqlite3"
        shutil.copyfile(sqlite_template, database)
        path = write_items(tmp_path / f"{count}.jsonl", count)
        done = subprocess.run(
            [sys.executable, "-c", _PEAK, f"sqlite:///{database}", str(path)],
            cwd=Path(__file__).parents[2],
            capture_output=True,
            check=True,
        )
        peaks.append(int(done.stdout))
    print(f"\npeak memory: {peaks[0]:,} kB for 5,000 items, {peaks[1]:,} kB for 20,000")  # noqa: T201
    assert peaks[1] - peaks[0] < FLAT
