"""The end of an import: everything that it wrote becomes visible, in the caller's one transaction."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from qbank import clock, search
from qbank.exchange import erasing
from qbank.exchange.models import ImportProblem, ImportRecord, ImportRun, RecordFate, RunState
from qbank.exchange.planning import Remark
from qbank.exchange.service import declare_enemies
from qbank.items.models import Item, ItemEnemy, ItemState, ItemVersion, StateChange
from qbank.items.store import REPLACEABLE

CHUNK = 500
_QUIET = {"synchronize_session": False}


def publish(session: Session, run_id: int, counts: dict[str, int]) -> None:
    """Point every item of the run at its new version and mark the run as done; ``counts`` is corrected in place.

    A record whose item somebody changed while the import ran is refused after all.
    """
    _refuse_overtaken(session, run_id, counts)
    _supersede(session, run_id)
    # Joined, not looked up row by row: the run's lines are read once, each item is found by its key.
    session.execute(
        sa.update(Item)
        .where(*_of(run_id, RecordFate.IMPORTED, RecordFate.UPDATED), ImportRecord.item_id == Item.id)
        .values(draft_version_id=ImportRecord.version_id)
        .execution_options(**_QUIET)
    )
    _declare(session, run_id)
    run = session.get_one(ImportRun, run_id)
    run.state, run.counts, run.progress, run.ended_at = RunState.DONE, dict(counts), 1000, clock.now()
    session.flush()


def forget_replaced(session: Session, run_id: int, after: int) -> int | None:
    """Take replaced drafts of a run that is done out of the search index, a chunk a call; return the last record.

    No search finds them any more; so this need not be part of the transaction that must let others write soon.
    """
    query = (
        sa.select(ImportRecord.record, ImportRecord.base_version_id)
        .where(*_of(run_id, RecordFate.UPDATED), ImportRecord.record > after)
        .order_by(ImportRecord.record)
        .limit(CHUNK)
    )
    lines = session.execute(query).all()
    search.forget_unused(session, [version_id for _record, version_id in lines if version_id is not None])
    return lines[-1][0] if lines else None


def _of(run_id: int, *fates: RecordFate) -> tuple[sa.ColumnElement[bool], ...]:
    return (ImportRecord.run_id == run_id, ImportRecord.fate.in_(fates))


def _refuse_overtaken(session: Session, run_id: int, counts: dict[str, int]) -> None:
    """Turn down updates of items that no longer stand where the comparison saw them."""
    newest = sa.func.coalesce(Item.draft_version_id, Item.published_version_id)
    query = (
        sa.select(ImportRecord)
        .join(Item, Item.id == ImportRecord.item_id)
        .join(ItemVersion, ItemVersion.id == ImportRecord.base_version_id)
        .where(*_of(run_id, RecordFate.UPDATED))
        .where(sa.or_(newest != ImportRecord.base_version_id, ItemVersion.state != ImportRecord.base_state))
    )
    overtaken = list(session.scalars(query))
    versions = [line.version_id for line in overtaken if line.version_id is not None]
    for line in overtaken:
        line.fate, line.version_id, line.base_version_id, line.enemies = RecordFate.REFUSED, None, None, None
        line.cause = "somebody changed the item while the import ran: look at it, then import again"
        counts["updated"] -= 1
        counts["refused"] += 1
    session.flush()
    erasing.erase_versions(session, versions)


def _supersede(session: Session, run_id: int) -> None:
    """Let the new versions take the place of drafts that nobody has published; what learners get stays."""
    replaced = [
        *_of(run_id, RecordFate.UPDATED),
        ImportRecord.base_state.in_([str(state) for state in REPLACEABLE]),
    ]
    run = session.get_one(ImportRun, run_id)
    lines = sa.select(
        ImportRecord.base_version_id,
        sa.literal(run.person_id, sa.BigInteger),
        ImportRecord.base_state,
        sa.literal(ItemState.SUPERSEDED, sa.String),
        sa.literal("a newer draft was imported", sa.Text),
        sa.literal(clock.now(), StateChange.at.type),
    ).where(*replaced)
    columns = ["version_id", "person_id", "from_state", "to_state", "comment", "at"]
    session.execute(sa.insert(StateChange).from_select(columns, lines, include_defaults=False))
    session.execute(
        sa.update(ItemVersion)
        .where(ItemVersion.id.in_(sa.select(ImportRecord.base_version_id).where(*replaced)))
        .values(state=ItemState.SUPERSEDED)
        .execution_options(**_QUIET)
    )


def _declare(session: Session, run_id: int) -> None:
    """Note the enemies that records name, now that every item of the file is there."""
    query = sa.select(ImportRecord).where(ImportRecord.run_id == run_id, ImportRecord.enemies.is_not(None))
    naming = list(session.scalars(query))
    for start in range(0, len(naming), CHUNK):
        lines = naming[start : start + CHUNK]
        wanted = {enemy for line in lines for enemy in line.enemies or ()}
        ids = dict(session.execute(sa.select(Item.external_id, Item.id).where(Item.external_id.in_(wanted))).all())
        for line in lines:
            _declare_of(session, line, ids)
    session.flush()


def _declare_of(session: Session, line: ImportRecord, ids: dict[str, int]) -> None:
    assert line.item_id is not None
    added: list[int] = []
    for enemy in line.enemies or ():
        other = ids.get(enemy)
        if other is None:
            message = f"Its enemy {enemy} is not in the bank."
            problem = {"record": line.record, "line": line.line, "kind": Remark.UNRESOLVED, "message": message}
            session.add(ImportProblem(run_id=line.run_id, **problem))
        elif session.get(ItemEnemy, tuple(sorted((line.item_id, other)))) is None:
            declare_enemies(session, line.item_id, other)
            added.append(other)
    line.enemy_ids = added
