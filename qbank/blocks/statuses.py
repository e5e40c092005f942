"""A learner's standing with each item of a pass: the rules, and the rows that hold it.

The rules are pure (`settle`, `standing`). A close moves the rows on by one step; `restate` works them out again from
all deliveries. Deliveries that are annulled, or whose version had another key than the published one, are ignored;
so are the unanswered ones of an abandoned block. Pretest items have no standing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from qbank.blocks.models import Block, BlockState, Delivery, ItemStatus, LearnerItem, Outcome
from qbank.items.models import Item, Option

SETTLED = {
    Outcome.CORRECT: ItemStatus.CORRECT,
    Outcome.INCORRECT: ItemStatus.INCORRECT,
    Outcome.OMITTED: ItemStatus.OMITTED,
}
BATCH = 500


@dataclass(frozen=True, slots=True)
class Standing:
    """What one learner has done with one item in one pass: a row of `LearnerItem` as a value."""

    status: ItemStatus = ItemStatus.UNUSED
    settled: ItemStatus = ItemStatus.UNUSED
    times_seen: int = 0
    ever_incorrect: bool = False
    correct_day: date | None = None
    last_seen_at: datetime | None = None
    last_delivery_id: int | None = None


@dataclass(frozen=True, slots=True)
class Taken:
    """One delivery, as far as a standing depends on it. ``closed_at`` is None while it is open."""

    delivery_id: int
    started_at: datetime
    closed_at: datetime | None
    outcome: Outcome | None
    released: bool = False  # unanswered in an abandoned block
    stale: bool = False  # the published version has another key


def settle(before: Standing, outcome: Outcome, at: datetime) -> Standing:
    """Return the standing after a delivery closed so.

    "Ever incorrect" goes on with a miss and comes off with the second correct answer, when the two were on
    different days (UTC) and no miss came between.
    """
    ever, day = before.ever_incorrect, before.correct_day
    if outcome is not Outcome.CORRECT:
        ever, day = True, None
    elif ever and day is None:
        day = at.date()
    elif ever and day != at.date():
        ever, day = False, None
    status = SETTLED[outcome]
    return replace(before, status=status, settled=status, ever_incorrect=ever, correct_day=day)


def standing(deliveries: Iterable[Taken]) -> Standing:
    """Return the standing that deliveries of one item, oldest first, amount to. ``times_seen`` 0: no row."""
    now = Standing()
    for taken in deliveries:
        if taken.released:
            continue
        moment = taken.closed_at or taken.started_at
        now = replace(
            now,
            times_seen=now.times_seen + 1,
            last_seen_at=max(now.last_seen_at or moment, moment),
            last_delivery_id=taken.delivery_id,
        )
        if taken.closed_at is None:
            now = replace(now, status=ItemStatus.IN_PROGRESS)
        elif taken.outcome is not None and not taken.stale:
            now = settle(now, taken.outcome, taken.closed_at)
    return now


def stored(row: LearnerItem) -> Standing:
    """Return a row as a value."""
    return Standing(
        row.status, row.settled_status, row.times_seen, row.ever_incorrect, row.correct_day, row.last_seen_at,
        row.last_delivery_id,
    )  # fmt: skip


def _write(row: LearnerItem, now: Standing) -> None:
    row.status, row.settled_status, row.times_seen = now.status, now.settled, now.times_seen
    row.ever_incorrect, row.correct_day = now.ever_incorrect, now.correct_day
    row.last_delivery_id = now.last_delivery_id
    if now.last_seen_at is not None:
        row.last_seen_at = now.last_seen_at


def begin(session: Session, pass_id: int, deliveries: Mapping[int, int], at: datetime) -> None:
    """Note that these items (item id -> delivery id) are in progress from now on. Three statements."""
    known = _rows(session, pass_id, deliveries)
    for item_id, row in known.items():
        row.status, row.times_seen = ItemStatus.IN_PROGRESS, row.times_seen + 1
        row.last_seen_at, row.last_delivery_id = at, deliveries[item_id]
    fresh = [
        {
            "pass_id": pass_id, "item_id": item_id, "status": ItemStatus.IN_PROGRESS, "times_seen": 1,
            "settled_status": ItemStatus.UNUSED, "ever_incorrect": False, "last_seen_at": at,
            "last_delivery_id": delivery_id,
        }
        for item_id, delivery_id in deliveries.items()
        if item_id not in known
    ]  # fmt: skip
    session.flush()
    if fresh:
        session.execute(sa.insert(LearnerItem), fresh)


def close(session: Session, pass_id: int, deliveries: Collection[Delivery], at: datetime) -> None:
    """Move the standings on by these deliveries, whose outcomes are set. Pretest and annulled ones are passed by."""
    counted = [delivery for delivery in deliveries if not delivery.pretest and delivery.annulled_at is None]
    rows = _rows(session, pass_id, [delivery.item_id for delivery in counted])
    stale = _stale(session, {(delivery.item_id, delivery.version_id) for delivery in counted})
    for delivery in counted:
        row = rows[delivery.item_id]
        now = replace(stored(row), status=row.settled_status, last_seen_at=max(row.last_seen_at, at))
        if delivery.outcome is not None and (delivery.item_id, delivery.version_id) not in stale:
            now = settle(now, delivery.outcome, at)
        _write(row, now)
    session.flush()


def _rows(session: Session, pass_id: int, item_ids: Collection[int]) -> dict[int, LearnerItem]:
    query = sa.select(LearnerItem).where(LearnerItem.pass_id == pass_id, LearnerItem.item_id.in_(list(item_ids)))
    return {row.item_id: row for row in session.scalars(query.execution_options(populate_existing=True))}


def key_texts(session: Session, version_ids: Collection[int]) -> dict[int, frozenset[str]]:
    """Return the text of the key of each version, white space and case folded."""
    found: dict[int, set[str]] = {}
    query = sa.select(Option.version_id, Option.text).where(Option.is_key, Option.version_id.in_(list(version_ids)))
    for version_id, text in session.execute(query):
        found.setdefault(version_id, set()).add(" ".join(text.split()).casefold())
    return {version_id: frozenset(texts) for version_id, texts in found.items()}


def _stale(session: Session, pairs: Collection[tuple[int, int]]) -> set[tuple[int, int]]:
    """Return the pairs (item, version) whose key is not that of the item's published version."""
    query = sa.select(Item.id, Item.published_version_id).where(Item.id.in_({item_id for item_id, _ in pairs}))
    published = dict(session.execute(query).all())
    others = {
        (item_id, version_id, current)
        for item_id, version_id in pairs
        if (current := published.get(item_id)) is not None and current != version_id
    }
    if not others:
        return set()
    keys = key_texts(session, {version for _, old, new in others for version in (old, new)})
    return {(item_id, old) for item_id, old, new in others if keys.get(old) != keys.get(new)}


def worked_out(
    session: Session, *, pass_id: int | None = None, item_ids: Collection[int] | None = None
) -> dict[tuple[int, int], Standing]:
    """Return the standings, by pass and item, that the deliveries of a pass or of items amount to."""
    query = (
        sa.select(
            Block.pass_id, Delivery.item_id, Delivery.version_id, Delivery.id, Block.started_at, Block.state,
            Block.ended_at, Delivery.submitted_at, Delivery.outcome,
        )
        .join(Block, Block.id == Delivery.block_id)
        .where(Delivery.pretest.is_(False), Delivery.annulled_at.is_(None))
        .order_by(Delivery.id)
    )  # fmt: skip
    if pass_id is not None:
        query = query.where(Block.pass_id == pass_id)
    if item_ids is not None:
        query = query.where(Delivery.item_id.in_(list(item_ids)))
    rows = session.execute(query).all()
    stale = _stale(session, {(row.item_id, row.version_id) for row in rows})
    found: dict[tuple[int, int], list[Taken]] = {}
    for row in rows:
        ended = row.state is BlockState.ENDED
        taken = Taken(
            delivery_id=row.id,
            started_at=row.started_at,
            closed_at=row.submitted_at or (row.ended_at if ended else None),
            outcome=row.outcome,
            released=ended and row.outcome is None,
            stale=(row.item_id, row.version_id) in stale,
        )
        found.setdefault((row.pass_id, row.item_id), []).append(taken)
    return {key: now for key, taken in found.items() if (now := standing(taken)).times_seen}


def differences(
    session: Session, *, pass_id: int | None = None, item_ids: Collection[int] | None = None
) -> dict[tuple[int, int], tuple[Standing | None, Standing | None]]:
    """Return, by pass and item, where the stored standing is not the worked-out one: (stored, worked out)."""
    query = sa.select(LearnerItem).execution_options(populate_existing=True)
    if pass_id is not None:
        query = query.where(LearnerItem.pass_id == pass_id)
    if item_ids is not None:
        query = query.where(LearnerItem.item_id.in_(list(item_ids)))
    session.flush()
    held = {(row.pass_id, row.item_id): stored(row) for row in session.scalars(query)}
    right = worked_out(session, pass_id=pass_id, item_ids=item_ids)
    keys = sorted(held.keys() | right.keys())
    return {key: (held.get(key), right.get(key)) for key in keys if held.get(key) != right.get(key)}


def restate(session: Session, *, pass_id: int | None = None, item_ids: Collection[int] | None = None) -> int:
    """Make the stored standings of a pass, or of items in every pass, what the deliveries amount to.

    For an abandoned block, an annulled item, and a new version whose key is another. Returns how many changed.
    """
    wrong = differences(session, pass_id=pass_id, item_ids=item_ids)
    for (where, item_id), (_held, right) in wrong.items():
        row = session.get(LearnerItem, (where, item_id))
        if right is None:
            session.delete(row)
            continue
        if row is None:
            row = LearnerItem(pass_id=where, item_id=item_id)
            session.add(row)
        _write(row, right)
    session.flush()
    return len(wrong)


def row_values(now: Standing) -> dict[str, Any]:
    """Return a standing's fields as text, for reports."""
    return {
        "status": str(now.status), "settled": str(now.settled), "times_seen": now.times_seen,
        "ever_incorrect": now.ever_incorrect, "correct_day": str(now.correct_day) if now.correct_day else None,
        "last_seen_at": now.last_seen_at.isoformat() if now.last_seen_at else None,
        "last_delivery_id": now.last_delivery_id,
    }  # fmt: skip
