"""Rebuilding what is worked out: projections, outcomes, standings and scores, from the answer log.

The log and the pinned versions are the truth; everything here can be thrown away and made again. `check` only tells
where what is stored is not what the log says. A score that was wrong is kept; the right one becomes its next revision.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from qbank import clock
from qbank.annulments import rulings
from qbank.blocks import highlighting, pausing, statuses
from qbank.blocks.closing import keys_of, make_score
from qbank.blocks.marking import written
from qbank.blocks.models import (
    Block,
    BlockScore,
    BlockState,
    Delivery,
    DeliveryEvent,
    EndedReason,
    EventKind,
    Outcome,
    StudyPass,
)
from qbank.blocks.projecting import Projection, after, left, store, stored
from qbank.blocks.scoring import outcome_of
from qbank.blocks.timing import idle_cap
from qbank.db.engine import begin_write
from qbank.statistics import counters

BATCH = 100  # blocks read at a time: memory stays flat however long the log is
COUNTS = ("correct", "incorrect", "omitted", "scored", "pretest", "annulled", "seconds", "partial")


@dataclass(frozen=True, slots=True)
class Difference:
    """One value that is not what the log says. ``where`` names its row: "block 7, item 3"."""

    where: str
    field: str
    stored: Any
    rebuilt: Any


def rebuild(session: Session, *, check: bool = False) -> list[Difference]:
    """Make every worked-out value what the log says, and return what was different.

    ``check`` does the same work behind a savepoint and takes it back: nothing is changed, and what hangs on a wrong
    value is compared with what would follow from the right one.
    """
    begin_write(session)
    session.flush()
    if not check:
        return _rebuild_all(session)
    savepoint = session.begin_nested()
    try:
        return _rebuild_all(session)
    finally:
        savepoint.rollback()


def _rebuild_all(session: Session) -> list[Difference]:
    found: list[Difference] = []
    for blocks in _batches(session):
        found += _rebuild_blocks(session, blocks)
    for pass_id in session.scalars(sa.select(StudyPass.id).order_by(StudyPass.id)).all():
        found += _rebuild_standings(session, pass_id)
    for change in counters.rebuild(session):
        where = f"statistics of version id {change.version_id}"
        found.append(Difference(where, change.field, change.stored, change.rebuilt))
    return found


def _batches(session: Session) -> Iterator[Sequence[Block]]:
    last = 0
    while True:
        query = sa.select(Block).where(Block.id > last).order_by(Block.id).limit(BATCH).with_for_update()
        blocks = session.scalars(query.execution_options(populate_existing=True)).all()
        if not blocks:
            return
        yield blocks
        last = blocks[-1].id


def _rebuild_blocks(session: Session, blocks: Sequence[Block]) -> list[Difference]:
    ids = [block.id for block in blocks]
    query = sa.select(Delivery).where(Delivery.block_id.in_(ids)).order_by(Delivery.block_id, Delivery.position)
    deliveries: dict[int, list[Delivery]] = {block_id: [] for block_id in ids}
    for delivery in session.scalars(query.execution_options(populate_existing=True)):
        deliveries[delivery.block_id].append(delivery)
    versions = sorted({row.version_id for rows in deliveries.values() for row in rows})
    keys, annulled = keys_of(session, versions), rulings.annulled_since(session, versions)
    events = _events(session, ids)
    scores = _newest_scores(session, ids)
    found: list[Difference] = []
    for block in blocks:
        rows = deliveries[block.id]
        log = events.get(block.id, [])
        held = [_delivery_values(row) for row in rows]
        with session.no_autoflush:
            _replay(block, rows, log, keys)
            _rebuild_annulled(rows, annulled)
            found += _rebuild_clock(block, log)
        for row, before in zip(rows, held, strict=True):
            found += _compare(f"block {block.id}, item {row.position}", before, _delivery_values(row))
        found += _rebuild_highlights(session, block, rows, log)
        found += _rebuild_score(session, block, rows, scores.get(block.id))
    session.flush()
    return found


def _events(session: Session, block_ids: Sequence[int]) -> dict[int, list[DeliveryEvent]]:
    """Return what counted, by block, in the order in which it did."""
    query = (
        sa.select(Delivery.block_id, DeliveryEvent)
        .join(Delivery, Delivery.id == DeliveryEvent.delivery_id)
        .where(Delivery.block_id.in_(block_ids), DeliveryEvent.applied.is_(True))
        .order_by(DeliveryEvent.id)
    )
    found: dict[int, list[DeliveryEvent]] = {}
    for block_id, event in session.execute(query):
        found.setdefault(block_id, []).append(event)
    return found


def _replay(
    block: Block, rows: Sequence[Delivery], events: Sequence[DeliveryEvent], keys: dict[int, frozenset[int]]
) -> None:
    """Play the block's log again: a visit of one item ends the visit of another, the end of the block ends all."""
    cap = idle_cap(block)
    now = {row.id: Projection() for row in rows}
    for event in events:
        if event.kind is EventKind.VISIT:
            for other, projection in now.items():
                if other != event.delivery_id:
                    now[other] = left(projection, event.at, cap)
        said = event.payload.get("text")
        now[event.delivery_id] = after(now[event.delivery_id], event.kind, event.option_id, event.at, cap, said)
    for row in rows:
        projection = now[row.id]
        if block.ended_at is not None:
            projection = left(projection, block.ended_at, cap)
        store(row, projection)
        row.outcome = _outcome(block, projection, keys.get(row.version_id, frozenset()))


def _rebuild_annulled(rows: Sequence[Delivery], annulled: dict[int, datetime]) -> None:
    for row in rows:
        # One still to be answered may have been drawn while its version was annulled: its close looks again.
        if row.outcome is not None or row.annulled_at is not None:
            row.annulled_at = annulled.get(row.version_id)


def _rebuild_clock(block: Block, events: Sequence[DeliveryEvent]) -> list[Difference]:
    held, right = pausing.stored_clock(block), pausing.clock_from_log(block, events)
    pausing.store_clock(block, right)
    return _compare(f"block {block.id}, clock", asdict(held), asdict(right))


def _rebuild_highlights(
    session: Session, block: Block, rows: Sequence[Delivery], events: Sequence[DeliveryEvent]
) -> list[Difference]:
    position = {row.id: row.position for row in rows}
    found = highlighting.restore(session, list(position), events, clock.now())
    return [
        Difference(
            f"block {block.id}, item {position[delivery_id]}", f"highlights of {field}", written(was), written(now)
        )
        for delivery_id, field, was, now in found
    ]


def _outcome(block: Block, projection: Projection, keys: frozenset[int]) -> Outcome | None:
    if projection.submitted_at is None and block.state is not BlockState.ENDED:
        return None
    if block.ended_reason is EndedReason.ABANDONED and projection.chosen is None:
        return None
    return outcome_of(projection.chosen, keys)


def _delivery_values(row: Delivery) -> dict[str, Any]:
    projection = stored(row)
    values: dict[str, Any] = {item.name: getattr(projection, item.name) for item in fields(projection)}
    return values | {"outcome": row.outcome, "annulled_at": row.annulled_at}


def _compare(where: str, before: dict[str, Any], now: dict[str, Any]) -> list[Difference]:
    return [Difference(where, name, before[name], now[name]) for name in before if before[name] != now[name]]


def _newest_scores(session: Session, block_ids: Sequence[int]) -> dict[int, BlockScore]:
    query = sa.select(BlockScore).where(BlockScore.block_id.in_(block_ids)).order_by(BlockScore.revision)
    return {score.block_id: score for score in session.scalars(query)}


def _rebuild_score(session: Session, block: Block, rows: list[Delivery], held: BlockScore | None) -> list[Difference]:
    if block.state is not BlockState.ENDED:
        return []
    right = make_score(block, rows, revision=1 if held is None else held.revision + 1, reason="rebuilt from the log")
    now = {name: getattr(right, name) for name in COUNTS}
    before = {name: getattr(held, name) if held else None for name in COUNTS}
    found = _compare(f"block {block.id}, score", before, now)
    if found:
        session.add(right)
    return found


def _rebuild_standings(session: Session, pass_id: int) -> list[Difference]:
    found: list[Difference] = []
    nothing = statuses.row_values(statuses.Standing())
    for (_pass, item_id), (held, right) in statuses.differences(session, pass_id=pass_id).items():
        before = statuses.row_values(held) if held else nothing
        now = statuses.row_values(right) if right else nothing
        found += _compare(f"pass {pass_id}, item id {item_id}", before, now)
    if found:
        statuses.restate(session, pass_id=pass_id)
    return found
