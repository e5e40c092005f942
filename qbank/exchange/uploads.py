"""Uploaded files on their way in: kept in the data folder, in parts where they are large, until the import is over."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path
from typing import BinaryIO

import sqlalchemy as sa
from sqlalchemy.orm import Session

from qbank import clock
from qbank.errors import ConflictError, InvalidError
from qbank.exchange.models import ImportRun, RunState
from qbank.settings import Settings

MAX_FILE = 2_000_000_000  # bytes
MAX_PART = 4_000_000  # bytes that a browser sends at a time; below what any request may have
KEPT_FOR = timedelta(days=2)  # files of previews that nobody has decided on


def folder(settings: Settings) -> Path:
    """Return the folder of files on their way in, made where it is missing, for this user's eyes only."""
    path = settings.data_dir / "imports"
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    return path


def path_of(settings: Settings, run: ImportRun) -> Path:
    """Return where the file of a run is. The name is the run's token: nothing that a person typed."""
    return folder(settings) / run.token


def keep(settings: Settings, run: ImportRun, stream: BinaryIO) -> int:
    """Keep a whole file; return its size. Raises InvalidError above `MAX_FILE`."""
    with path_of(settings, run).open("wb") as target:
        shutil.copyfileobj(stream, target)
        size = target.tell()
    check_size(size)
    return size


def check_size(size: int) -> None:
    """Raise InvalidError for a file that is too large to be imported."""
    if size > MAX_FILE:
        raise InvalidError(
            f"The file is larger than {MAX_FILE:,} bytes.", problems={"file": "is too large"}, cure="Split it."
        )


def append(settings: Settings, run: ImportRun, offset: int, part: bytes) -> int:
    """Add the part that begins at ``offset``; return how much is there now.

    A part sent again is ignored. Raises ConflictError for one that does not follow, or for more than was announced.
    """
    path = path_of(settings, run)
    have = path.stat().st_size if path.exists() else 0
    if offset + len(part) <= have:
        return have
    if offset != have or offset + len(part) > run.size:
        raise ConflictError("This part does not follow the one before.", cure="Choose the file again.")
    with path.open("ab") as target:
        target.write(part)
    return have + len(part)


def forget(settings: Settings, run: ImportRun) -> None:
    """Remove the file of a run that is over."""
    path_of(settings, run).unlink(missing_ok=True)


def sweep(session: Session, settings: Settings) -> None:
    """Remove the files of runs that are over, and give up previews that nobody has decided on for days."""
    old = clock.now() - KEPT_FOR
    waiting = sa.select(ImportRun).where(
        ImportRun.state.in_([RunState.RECEIVING, RunState.READY]), ImportRun.beat_at < old
    )
    for run in session.scalars(waiting):
        run.state, run.ended_at = RunState.DISCARDED, clock.now()
    session.flush()
    needed = (RunState.RECEIVING, RunState.READING, RunState.READY, RunState.IMPORTING)
    kept = set(session.scalars(sa.select(ImportRun.token).where(ImportRun.state.in_(needed))))
    for path in folder(settings).iterdir():
        if path.name not in kept:
            path.unlink(missing_ok=True)
