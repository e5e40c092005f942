"""Carrying a file through: the preview, the import, its end, and the signs of life that tell a dead run.

All or nothing per file: batches are committed one after the other, so that other people's writes find their turn,
but what they write is seen by nobody until `_publish` sets every pointer in one transaction. A file of one batch is
one transaction altogether.
"""

from __future__ import annotations

import gc
import os
import secrets
import socket
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, sessionmaker

from qbank import clock
from qbank.db.engine import begin_write
from qbank.errors import ConflictError, QBankError
from qbank.exchange import publishing, writing
from qbank.exchange.models import ImportProblem, ImportRecord, ImportRun, RecordFate, RunState
from qbank.exchange.planning import BATCH, Batch, Planner, SeenBefore, batches
from qbank.exchange.report import Outcome
from qbank.exchange.target import AS_IS, Target

Sessions = sessionmaker[Session]
Progress = Callable[[int], None]  # is told how many records have been dealt with


class RunLostError(ConflictError):
    """Somebody else ended the run while it was under way; nothing of it is kept."""


@dataclass(frozen=True, slots=True)
class Upload:
    """What a run is about, as the person gave it."""

    file_name: str
    format: str
    size: int = 0


def owner_name() -> str:
    """Return what names this process among all that could work on a run."""
    return f"{socket.gethostname()}:{os.getpid()}"


_alive: set[int] = set()  # the runs that this process works on now


def claim(run_id: int) -> None:
    """Note that this process works on the run from now on."""
    _alive.add(run_id)


def release(run_id: int) -> None:
    """Note that this process has done with the run."""
    _alive.discard(run_id)


def is_ours(run_id: int) -> bool:
    """Say whether this process works on the run at this moment."""
    return run_id in _alive


def start(
    session: Session, person_id: int | None, upload: Upload, state: RunState, target: Target = AS_IS
) -> ImportRun:
    """Note a new run; flushed, not committed."""
    moment = clock.now()
    run = ImportRun(
        token=secrets.token_urlsafe(16),
        person_id=person_id,
        file_name=upload.file_name[:500],
        size=upload.size,
        format=upload.format,
        state=state,
        options=target.to_json(),
        counts={},
        sample=[],
        started_at=moment,
        beat_at=moment,
        owner=owner_name(),
    )
    session.add(run)
    session.flush()
    if state in (RunState.READING, RunState.IMPORTING):
        claim(run.id)
    return run


def no_counts() -> dict[str, int]:
    """Return the counts of a file in which nothing was found."""
    return {"found": 0, **{str(fate): 0 for fate in RecordFate}}


def add_counts(counts: dict[str, int], batch: Batch) -> None:
    """Add a planned batch; "found" is the sum of all fates."""
    for fate, number in Counter(each.fate for each in batch.records).items():
        counts[str(fate)] += number
        counts["found"] += number


def carry_out(
    sessions: Sessions,
    run_id: int,
    outcomes: Iterable[Outcome],
    *,
    progress: Progress = lambda _done: None,
    share: Callable[[], int] = lambda: 0,
    batch_size: int = BATCH,
    pictures: writing.Pictures = writing.NO_PICTURES,
) -> dict[str, int]:
    """Import everything that a reader yields; return the counts. The run must be in state importing.

    ``share`` tells how far the file is read, in thousandths; ``pictures`` gets the images' facts while it is read, as
    `writing.write_batch` needs them. Whatever goes wrong, nothing of the file stays: what
    was written is taken back, the run is marked as failed, and the error goes on to the caller.
    """
    claim(run_id)
    gc.freeze()  # or the collector looks through the whole program again and again: a sixth of the time
    try:
        return _import(sessions, run_id, outcomes, progress, share, batch_size, pictures)
    except BaseException as error:
        from qbank.exchange import undoing

        note = (
            f"{error.message} {error.cure}".strip() if isinstance(error, QBankError) else "It stopped before its end."
        )
        undoing.take_back(sessions, run_id, RunState.FAILED, note)
        raise
    finally:
        gc.unfreeze()
        release(run_id)


def _import(
    sessions: Sessions,
    run_id: int,
    outcomes: Iterable[Outcome],
    progress: Progress,
    share: Callable[[], int],
    batch_size: int,
    pictures: writing.Pictures,
) -> dict[str, int]:
    target, person_id = _choices(sessions, run_id)
    seen, counts = SeenBefore(), no_counts()
    waiting: Batch | None = None
    try:
        for batch in batches(outcomes, target, batch_size):
            if waiting is not None:
                _one_batch(sessions, run_id, person_id, waiting, seen, counts, share(), pictures, last=False)
                progress(counts["found"])
            waiting = batch
        assert waiting is not None  # the last batch may be empty, but it is there
        _one_batch(sessions, run_id, person_id, waiting, seen, counts, 1000, pictures, last=True)
        progress(counts["found"])
    finally:
        seen.close()
    if counts[str(RecordFate.UPDATED)]:
        _tidy(sessions, run_id)
    return counts


def _tidy(sessions: Sessions, run_id: int) -> None:
    last: int | None = 0
    while last is not None:
        with sessions() as session:
            begin_write(session)
            last = publishing.forget_replaced(session, run_id, last)
            session.commit()


def _choices(sessions: Sessions, run_id: int) -> tuple[Target, int | None]:
    with sessions() as session:
        run = session.get_one(ImportRun, run_id)
        return Target.from_json(run.options), run.person_id


def _one_batch(
    sessions: Sessions,
    run_id: int,
    person_id: int | None,
    batch: Batch,
    seen: SeenBefore,
    counts: dict[str, int],
    share: int,
    pictures: writing.Pictures,
    *,
    last: bool,
) -> None:
    """Write one batch in a transaction of its own; the last one makes everything visible in the same transaction."""
    with sessions() as session:
        unchanged = Planner(session, seen).unchanged(batch)
    writing.render_batch(batch, unchanged)
    with sessions() as session:
        begin_write(session)
        beat(session, run_id, RunState.IMPORTING, share)
        Planner(session, seen, create=True).plan(batch)
        writing.write_batch(session, run_id, person_id, batch, pictures)
        add_counts(counts, batch)
        if last:
            publishing.publish(session, run_id, counts)
        session.commit()


def beat(session: Session, run_id: int, state: RunState, share: int, **more: Any) -> None:
    """Show a sign of life, and stop when the run is no longer in the state that this process believes."""
    changed = session.execute(
        sa.update(ImportRun)
        .where(ImportRun.id == run_id, ImportRun.state == state)
        .values(beat_at=clock.now(), owner=owner_name(), progress=max(0, min(share, 1000)), **more)
        .execution_options(synchronize_session=False)
    )
    if changed.rowcount != 1:  # type: ignore[attr-defined]
        raise RunLostError("The import was ended by somebody else; nothing of it is kept.")


def clear_notes(session: Session, run_id: int) -> None:
    """Forget the preview's lines before the import writes its own."""
    for table in (ImportRecord, ImportProblem):
        session.execute(sa.delete(table).where(table.run_id == run_id).execution_options(synchronize_session=False))
