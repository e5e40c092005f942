"""Taking an import back: on request while nobody has used its items, and by itself where its process died."""

from __future__ import annotations

import os
import socket
from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from qbank import clock, search
from qbank.db.base import Base
from qbank.db.engine import begin_write
from qbank.errors import ConflictError, NotFoundError
from qbank.exchange import erasing, running
from qbank.exchange.models import ImportRecord, ImportRun, RecordFate, RunState
from qbank.items.models import Item, ItemEnemy, ItemState, ItemVersion, StateChange

CHUNK = 200
SILENCE = timedelta(minutes=5)  # a process elsewhere that shows no sign of life for so long is dead
_FRESH = (RecordFate.IMPORTED, RecordFate.UPDATED)
_QUIET = {"synchronize_session": False}
# The tables that an import itself writes. A row of any other that points at an item means that somebody uses it.
_OWN = frozenset(
    {
        "item",
        "item_version",
        "item_option",
        "item_enemy",
        "option_statement",
        "version_statement",
        "version_reference",
        "version_discipline",
        "version_media",
        "state_change",
        "import_record",
    }
)


def begin_undo(session: Session, run_id: int) -> None:
    """Hide what the run brought and mark it as being undone; `take_back` then clears up.

    Raises ConflictError naming the items that somebody has used, and where the run is not one that is done.
    """
    query = sa.select(ImportRun).where(ImportRun.id == run_id).with_for_update()
    run = session.scalar(query.execution_options(populate_existing=True))
    if run is None:
        raise NotFoundError("There is no such import.")
    if run.state is not RunState.DONE:
        raise ConflictError("Only an import that is done can be undone.")
    if used := used_items(session, run_id):
        raise ConflictError(
            f"The import cannot be undone: {', '.join(used)} {'has' if len(used) == 1 else 'have'} been used since.",
            cure="Retire or reject the items that you do not want.",
        )
    _point_back(session, run_id)
    run.state, run.owner, run.beat_at, run.progress = RunState.UNDOING, running.owner_name(), clock.now(), 0
    session.flush()
    running.claim(run_id)


def used_items(session: Session, run_id: int, limit: int = 5) -> list[str]:
    """Return the ids of some items of the run that were edited, voted on, moved on, or otherwise made use of."""
    base = (
        sa.select(ImportRecord.name)
        .join(Item, Item.id == ImportRecord.item_id)
        .join(ItemVersion, ItemVersion.id == ImportRecord.version_id)
        .where(ImportRecord.run_id == run_id, ImportRecord.fate.in_(_FRESH))
    )
    step = sa.exists().where(
        StateChange.version_id == ImportRecord.version_id,
        StateChange.to_state.not_in([ItemState.DRAFT, ItemState.SUPERSEDED]),
    )
    moved = sa.or_(
        Item.draft_version_id.is_(None),
        Item.draft_version_id != ImportRecord.version_id,
        ItemVersion.state != ItemState.DRAFT,
        step,
    )
    found = list(session.scalars(base.where(moved).limit(limit)))
    for condition in _uses():
        if len(found) < limit:
            found += session.scalars(base.where(condition).limit(limit - len(found)))
    return sorted(set(found))


def _uses() -> list[sa.ColumnElement[bool]]:
    """Return a condition for each column of the bank that may point at an item, a version or an option."""
    conditions: list[sa.ColumnElement[bool]] = []
    for table in Base.metadata.sorted_tables:
        if table.name in _OWN:
            continue
        for column in table.columns:
            targets = {key.column.table.name for key in column.foreign_keys}
            if "item" in targets:  # of an updated item, only what concerns the new version counts
                used = column == ImportRecord.item_id
                conditions.append(
                    sa.and_(ImportRecord.fate == RecordFate.IMPORTED, sa.exists().where(used).select_from(table))
                )
            elif "item_version" in targets:
                conditions.append(sa.exists().where(column == ImportRecord.version_id).select_from(table))
    return conditions


def _point_back(session: Session, run_id: int) -> None:
    """Give every item of the run the pointer that it had before, and every replaced draft its state."""
    mine = (ImportRecord.run_id == run_id, ImportRecord.fate.in_(_FRESH))
    before = ImportRecord.base_version_id
    session.execute(
        sa.update(Item)
        .where(*mine, ImportRecord.item_id == Item.id)
        .values(draft_version_id=sa.case((before == Item.published_version_id, sa.null()), else_=before))
        .execution_options(**_QUIET)
    )
    query = (
        sa.select(ItemVersion.id, ImportRecord.base_state)
        .join(ImportRecord, ImportRecord.base_version_id == ItemVersion.id)
        .where(*mine, ItemVersion.state == ItemState.SUPERSEDED, ImportRecord.base_state != ItemState.SUPERSEDED)
    )
    replaced = [(version_id, ItemState(state or "")) for version_id, state in session.execute(query)]
    search.ensure(session, list(session.scalars(sa.select(before).where(*mine, before.is_not(None)))))
    for version_id, state in replaced:
        session.execute(
            sa.update(ItemVersion).where(ItemVersion.id == version_id).values(state=state).execution_options(**_QUIET)
        )
    if replaced:
        step = {"person_id": None, "from_state": ItemState.SUPERSEDED, "comment": "the import was undone"}
        rows = [
            {"version_id": version_id, "to_state": state, "at": clock.now(), **step} for version_id, state in replaced
        ]
        session.execute(sa.insert(StateChange), rows)


def take_back(sessions: running.Sessions, run_id: int, state: RunState, note: str) -> None:
    """Take out what an unfinished run has written, a chunk a transaction, and mark the run. Safe to do again."""
    running.claim(run_id)
    try:
        last: int | None = None
        while (last := _take_back_chunk(sessions, run_id, last)) is not None:
            pass
        with sessions() as session:
            begin_write(session)
            run = session.get_one(ImportRun, run_id)
            run.state, run.note, run.ended_at = state, note, clock.now()
            if state is RunState.FAILED:
                session.flush()
                running.clear_notes(session, run_id)
                run.counts = {}
            session.commit()
    finally:
        running.release(run_id)


def _take_back_chunk(sessions: running.Sessions, run_id: int, before: int | None) -> int | None:
    """Take out the versions and items of some records before this one, the last first; return the first of them."""
    with sessions() as session:
        begin_write(session)
        query = (
            sa.select(ImportRecord)
            .where(ImportRecord.run_id == run_id)
            .where(sa.or_(ImportRecord.version_id.is_not(None), ImportRecord.enemy_ids.is_not(None)))
            .order_by(ImportRecord.record.desc())
            .limit(CHUNK)
        )
        if before is not None:  # along the index, so that each chunk costs the same
            query = query.where(ImportRecord.record < before)
        lines = list(session.scalars(query))
        versions = [line.version_id for line in lines if line.version_id is not None]
        items = [line.item_id for line in lines if line.fate is RecordFate.IMPORTED and line.item_id is not None]
        for line in lines:
            _unpair(session, line)
            line.version_id = line.base_version_id = line.enemy_ids = None
        session.flush()
        session.execute(
            sa.update(ImportRecord)
            .where(ImportRecord.item_id.in_(items))
            .values(item_id=None)
            .execution_options(synchronize_session=False)
        )
        erasing.erase_versions(session, versions)
        erasing.erase_items(session, items)
        session.execute(
            sa.update(ImportRun).where(ImportRun.id == run_id).values(beat_at=clock.now()).execution_options(**_QUIET)
        )
        session.commit()
        return lines[-1].record if lines else None


def _unpair(session: Session, line: ImportRecord) -> None:
    """Take back the pairs of enemies that this record brought."""
    for other in line.enemy_ids or ():
        low, high = sorted((line.item_id or 0, other))
        pair = sa.delete(ItemEnemy).where(ItemEnemy.item_id == low, ItemEnemy.enemy_id == high)
        session.execute(pair.execution_options(**_QUIET))


def recover(sessions: running.Sessions) -> int:
    """Take back the runs whose process died, and end the undoing that one left half done. Returns how many."""
    states = (RunState.READING, RunState.IMPORTING, RunState.UNDOING)
    with sessions() as session:
        runs = [run for run in session.scalars(sa.select(ImportRun).where(ImportRun.state.in_(states))) if is_dead(run)]
    for run in runs:
        if run.state is RunState.UNDOING:
            take_back(sessions, run.id, RunState.UNDONE, "")
        else:
            take_back(sessions, run.id, RunState.FAILED, "the program stopped before its end")
    return len(runs)


def is_dead(run: ImportRun) -> bool:
    """Say whether the process that works on the run is gone."""
    host, _, pid = run.owner.rpartition(":")
    if run.owner == running.owner_name():
        return not running.is_ours(run.id)
    if host == socket.gethostname() and pid.isdecimal():
        return not _is_running(int(pid)) or clock.now() - run.beat_at > SILENCE
    return clock.now() - run.beat_at > SILENCE


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True  # somebody else's process
    return True
