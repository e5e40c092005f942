"""What the disk is asked for: at least one flush for every commit, and an error where a write is refused."""

from __future__ import annotations

import re
import resource
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa

from qbank import paths
from qbank.db.engine import begin_write, make_engine, make_sessions

COMMITS = 25
ROW = (
    "INSERT INTO audit_event (at, action, subject, address, detail) "
    "VALUES ('2026-03-02 09:00:00', :action, '', '', '{}')"
)
WRITER = """
import sys
from sqlalchemy import text
from qbank.db.engine import begin_write, make_engine, make_sessions
url, count, row = sys.argv[1:]
sessions = make_sessions(make_engine(url))
for number in range(int(count)):
    with sessions() as session:
        begin_write(session)
        session.execute(text(row), {"action": "test"})
        session.commit()
        print("committed", number, flush=True)
"""


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_every_commit_is_flushed_to_the_disk_before_it_returns(database_url: str, tmp_path: Path) -> None:
    strace = shutil.which("strace")
    if strace is None:
        pytest.skip("strace is not installed")
    log = tmp_path / "calls"
    traced = subprocess.run(
        [strace, "-f", "-e", "trace=fsync,fdatasync,write", "-s", "40", "-o", log, sys.executable, "-c", WRITER,
         database_url, str(COMMITS), ROW],
        cwd=paths.PACKAGE.parent, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if "Operation not permitted" in traced.stderr:
        pytest.skip("this machine does not let a process be traced")
    assert traced.returncode == 0, traced.stderr[-2000:]
    flushed, told = 0, 0
    for line in log.read_text().splitlines():
        flushed += bool(re.search(r"\bf(data)?sync\(.*= 0", line))
        if '"committed' in line:
            told += 1
            assert flushed >= told, "a commit returned before the disk had been flushed for it"
    assert told == COMMITS


@contextmanager
def no_larger_files(size: int) -> Iterator[None]:
    """While this lasts, the system refuses to let any file of this process grow above so many bytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_write_that_the_system_refuses_leaves_no_part_of_itself(database_url: str, tmp_path: Path) -> None:
    path = Path(sa.make_url(database_url).database or "")
    engine = make_engine(database_url)
    sessions = make_sessions(engine)

    def write(actions: list[str]) -> None:
        with sessions() as session:
            begin_write(session)
            for action in actions:
                session.execute(sa.text(ROW), {"action": action})
            session.commit()

    with no_larger_files(path.stat().st_size), pytest.raises(sa.exc.OperationalError):
        write([f"{number}" + "x" * 30_000 for number in range(40)])
    write(["after"])
    with sessions() as session:
        assert session.execute(sa.text("SELECT action FROM audit_event")).scalars().all() == ["after"]
        assert session.execute(sa.text("PRAGMA integrity_check")).scalar_one() == "ok"
    engine.dispose()
