"""Pausing: where the exam format allows it, a timed block's clock is stopped and its items are hidden.

Both ends of a pause are in the log of the item at which the learner was: a "leave" begins it, a "visit" ends it, each
with a note that it is one. So the time used, the paused time and the deadline can all be made again from the log.
While a block is paused nothing in it can change; it is given up as abandoned when nobody comes back for long enough.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from qbank import clock
from qbank.accounts.models import Person
from qbank.blocks.closing import close_if_due, own_block
from qbank.blocks.models import Block, BlockState, Delivery, DeliveryEvent, EventKind, Timing
from qbank.blocks.projecting import left, store, stored, visited
from qbank.blocks.showing import find_delivery
from qbank.blocks.timing import closing_moment, idle_cap, remaining, visit_seconds
from qbank.db.engine import begin_write
from qbank.errors import ConflictError
from qbank.settings import Settings

NOTE = "pause"  # the key in an event's payload; its value is one of the two below
BEGIN, END = "begin", "end"


def pause(session: Session, person: Person, settings: Settings, token: str) -> Block:
    """Stop the clock of the learner's block and return it; a second pause changes nothing.

    Raises NotFoundError for anybody else's block, ConflictError where the block has no clock, where its exam format
    allows no pause, and where the time is up.
    """
    begin_write(session)
    block = own_block(session, person, token, lock=True)
    close_if_due(session, block)
    if block.state is not BlockState.OPEN:
        return block
    now = clock.now()
    _refuse(block, now)
    for delivery in _visited(session, block):
        store(delivery, left(stored(delivery), now, idle_cap(block)))
    _log(session, find_delivery(session, block, block.position), EventKind.LEAVE, BEGIN, now)
    block.state, block.paused_at, block.last_active_at = BlockState.PAUSED, now, now
    block.closes_at = now + timedelta(days=settings.abandon_days)
    session.flush()
    return block


def _refuse(block: Block, now: datetime) -> None:
    if block.timing is not Timing.TIMED:
        raise ConflictError("This block has no clock to stop.", cure="Leave it, and come back when you like.")
    if not block.pause_allowed:
        raise ConflictError("The clock of this block cannot be stopped.", cure="Go on with the block.")
    if remaining(block, now) == 0:
        raise ConflictError("The time is up: there is nothing left to pause.", cure="End the block.")


def resume(session: Session, person: Person, settings: Settings, token: str) -> Block:
    """Let the clock run on, with as much time left as there was; return the block. Not paused: nothing changes.

    Raises NotFoundError for anybody else's block.
    """
    begin_write(session)
    block = own_block(session, person, token, lock=True)
    close_if_due(session, block)
    if block.state is not BlockState.PAUSED or block.paused_at is None or block.deadline_at is None:
        return block
    now = clock.now()
    block.paused_seconds += visit_seconds(block.paused_at, now, None)
    block.deadline_at += max(timedelta(), now - block.paused_at)
    block.closes_at = closing_moment(
        now, block.deadline_at, block.time_up_policy,
        grace_seconds=block.grace_seconds, abandon_days=settings.abandon_days,
    )  # fmt: skip
    block.state, block.paused_at, block.last_active_at = BlockState.OPEN, None, now
    delivery = find_delivery(session, block, block.position)
    store(delivery, visited(stored(delivery), now, idle_cap(block)))
    _log(session, delivery, EventKind.VISIT, END, now)
    session.flush()
    return block


def _visited(session: Session, block: Block) -> list[Delivery]:
    query = sa.select(Delivery).where(Delivery.block_id == block.id, Delivery.visited_at.is_not(None))
    return list(session.scalars(query.execution_options(populate_existing=True)))


def _log(session: Session, delivery: Delivery, kind: EventKind, end: str, at: datetime) -> None:
    session.add(
        DeliveryEvent(
            delivery_id=delivery.id, event_id=f"pause-{secrets.token_hex(16)}", body_hash="", kind=kind,
            payload={NOTE: end}, at=at,
        )
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class BlockClock:
    """What the pauses make of a block's clock."""

    paused_at: datetime | None
    paused_seconds: int
    deadline_at: datetime | None


def stored_clock(block: Block) -> BlockClock:
    """Return the block's clock as the row holds it."""
    return BlockClock(block.paused_at, block.paused_seconds, block.deadline_at)


def store_clock(block: Block, found: BlockClock) -> None:
    """Write the clock to the row."""
    block.paused_at, block.paused_seconds, block.deadline_at = found.paused_at, found.paused_seconds, found.deadline_at


def clock_from_log(block: Block, events: Iterable[DeliveryEvent]) -> BlockClock:
    """Return the block's clock as its events (in order) have it. A pause that is not over lasts to the block's end."""
    deadline = None
    if block.limit_seconds is not None:
        deadline = block.started_at + timedelta(seconds=block.limit_seconds)
    seconds, under_way = 0, None
    for begin, end in _pauses(events):
        if end is None:
            under_way = begin
            continue
        seconds += visit_seconds(begin, end, None)
        deadline = deadline + max(timedelta(), end - begin) if deadline else None
    if under_way is not None and block.ended_at is not None:
        seconds, under_way = seconds + visit_seconds(under_way, block.ended_at, None), None
    return BlockClock(under_way, seconds, deadline)


def _pauses(events: Iterable[DeliveryEvent]) -> Iterator[tuple[datetime, datetime | None]]:
    begun = None
    for event in events:
        end = event.payload.get(NOTE)
        if end == BEGIN:
            begun = event.at
        elif end == END and begun is not None:
            yield begun, event.at
            begun = None
    if begun is not None:
        yield begun, None
