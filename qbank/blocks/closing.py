"""Closing blocks: by the learner, at the deadline, or as abandoned; exactly once, whoever comes first.

The close is one conditional UPDATE: the caller whose UPDATE hits the row scores the block, everybody else finds it
ended. The score's unique revision stands behind it. What a close writes is one transaction with it, so that a crash
half-way leaves the block open, to be closed by the next request or sweep.
"""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from qbank import clock
from qbank.accounts.models import Person
from qbank.annulments import rulings
from qbank.blocks import statuses
from qbank.blocks.models import Block, BlockScore, BlockState, Delivery, EndedReason, Outcome
from qbank.blocks.projecting import left, store, stored
from qbank.blocks.scoring import Ended, outcome_of, score
from qbank.blocks.timing import has_hard_end, idle_cap, is_due, paused_for
from qbank.db.engine import begin_write
from qbank.errors import NotFoundError
from qbank.review import service as review
from qbank.statistics import counters

SWEEP = 100  # blocks closed in one transaction

keys_of = rulings.keys_of


def locked(session: Session, block_id: int) -> Block:
    """Return the block as it is now, locked until the transaction ends. Whatever changes a delivery comes here first.

    PostgreSQL locks the row; on SQLite the writing transaction itself is the lock.
    """
    query = sa.select(Block).where(Block.id == block_id).with_for_update()
    return session.scalars(query.execution_options(populate_existing=True)).one()


def own_block(session: Session, person: Person, token: str, *, lock: bool = False) -> Block:
    """Return the learner's block with this token. Raises NotFoundError for anybody else's, as for none."""
    query = sa.select(Block).where(Block.token == token, Block.person_id == person.id)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    block = session.scalar(query)
    if block is None:
        raise NotFoundError("There is no such block.")
    return block


def end_block(session: Session, person: Person, token: str) -> Block:
    """End the learner's block now and return it; after its deadline, as time up. A second end changes nothing."""
    begin_write(session)
    block = own_block(session, person, token, lock=True)
    if not close_if_due(session, block):
        close(session, block, EndedReason.LEARNER, clock.now())
    return block


def close_if_due(session: Session, block: Block) -> bool:
    """Close a block whose time is over, as of its closing moment. Return whether this call did it."""
    if not is_due(block, clock.now()):
        return False
    begin_write(session)
    block = locked(session, block.id)
    if not is_due(block, clock.now()):
        return False
    return close(session, block, _reason(block), block.closes_at)


def _reason(block: Block) -> EndedReason:
    hard = has_hard_end(block) and block.state is not BlockState.PAUSED
    return EndedReason.TIME_UP if hard else EndedReason.ABANDONED


def close_due(session: Session, *, now: datetime | None = None, limit: int = SWEEP) -> int:
    """Close the blocks that are due, oldest first, ``limit`` at most; return how many this call closed.

    Call again until it returns 0, with a commit in between. Sweepers that run at once share the work.
    """
    begin_write(session)
    query = (
        sa.select(Block)
        .where(Block.state.in_([BlockState.OPEN, BlockState.PAUSED]), Block.closes_at < (now or clock.now()))
        .order_by(Block.closes_at, Block.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    )
    due = session.scalars(query).all()
    ended = [block for block in due if _close(session, block, _reason(block), block.closes_at)]
    counters.count_ended(session, ended)  # once for all, so that its lock is held only at the end
    return len(ended)


def close(session: Session, block: Block, reason: EndedReason, at: datetime) -> bool:
    """End the block as of this moment, settle its items, write its score. Return False where it had ended already."""
    if not _close(session, block, reason, at):
        return False
    counters.count_ended(session, [block])
    return True


def _close(session: Session, block: Block, reason: EndedReason, at: datetime) -> bool:
    session.flush()
    update = (
        sa.update(Block)
        .where(Block.id == block.id, Block.state != BlockState.ENDED)
        .values(
            state=BlockState.ENDED,
            ended_at=at,
            ended_reason=reason,
            paused_at=None,
            paused_seconds=Block.paused_seconds + paused_for(block, at),
        )
        .execution_options(synchronize_session=False)
    )
    won = session.execute(update).rowcount == 1  # type: ignore[attr-defined]
    session.refresh(block)
    if not won:
        return False
    query = sa.select(Delivery).where(Delivery.block_id == block.id).order_by(Delivery.position)
    deliveries = list(session.scalars(query.execution_options(populate_existing=True)))
    late = rulings.annul(session, deliveries)  # annulled in the moment in which it was drawn
    _settle_all(session, block, deliveries, at)
    if late:
        statuses.restate(session, pass_id=block.pass_id, item_ids=late)
    review.follow(session, block, deliveries, at)
    _write_score(session, block, deliveries)
    return True


def _settle_all(session: Session, block: Block, deliveries: list[Delivery], at: datetime) -> None:
    for delivery in deliveries:
        store(delivery, left(stored(delivery), at, idle_cap(block)))
    waiting = [delivery for delivery in deliveries if delivery.outcome is None]
    if block.ended_reason is not EndedReason.ABANDONED:
        settle(session, block, waiting, at)
        return
    settle(session, block, [delivery for delivery in waiting if delivery.chosen_option_id is not None], at)
    released = [delivery for delivery in waiting if delivery.chosen_option_id is None]
    for delivery in released:
        delivery.first = False  # it never counted, so a later one is the first
    session.flush()
    if items := [delivery.item_id for delivery in released if not delivery.pretest]:
        statuses.restate(session, pass_id=block.pass_id, item_ids=items)


def settle(session: Session, block: Block, deliveries: list[Delivery], at: datetime) -> None:
    """Give these deliveries their outcomes and move the learner's standings on. Three queries, however many."""
    keys = keys_of(session, [delivery.version_id for delivery in deliveries])
    for delivery in deliveries:
        delivery.outcome = outcome_of(delivery.chosen_option_id, keys.get(delivery.version_id, frozenset()))
    statuses.close(session, block.pass_id, deliveries, at)


def make_score(block: Block, deliveries: list[Delivery], *, revision: int, reason: str = "") -> BlockScore:
    """Return the score of an ended block as a new row, not yet added."""
    counts = score(
        Ended(Outcome(row.outcome) if row.outcome else None, row.pretest, row.annulled_at is not None)
        for row in deliveries
    )
    return BlockScore(
        block_id=block.id,
        revision=revision,
        correct=counts.correct,
        incorrect=counts.incorrect,
        omitted=counts.omitted,
        scored=counts.scored,
        pretest=counts.pretest,
        annulled=counts.annulled,
        seconds=sum(row.seconds for row in deliveries),
        partial=block.ended_reason is EndedReason.ABANDONED,
        reason=reason,
        made_at=clock.now(),
    )


def _write_score(session: Session, block: Block, deliveries: list[Delivery]) -> None:
    session.add(make_score(block, deliveries, revision=1))
    session.flush()
