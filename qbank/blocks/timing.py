"""The clock of a block. Pure: times in, times out; the server's clock is the only one."""

from __future__ import annotations

from datetime import datetime, timedelta

from qbank.blocks.models import Block, BlockState, EndedReason, TimeUpPolicy, Timing

IDLE_SECONDS = 3600  # of an untimed block: a page left open overnight is not time spent on its item


def limit_seconds(items: int, seconds_per_item: int, time_percent: int) -> int:
    """Return a timed block's limit: items x seconds per item x the learner's time allowance in per cent."""
    return items * seconds_per_item * time_percent // 100


def closing_moment(
    started_at: datetime,
    deadline_at: datetime | None,
    policy: TimeUpPolicy,
    *,
    grace_seconds: int,
    abandon_days: int,
) -> datetime:
    """Return the last moment at which an answer counts; just after it the block closes without the learner.

    The deadline under the policy "lock", the deadline plus the grace under "grace". A block without a hard end
    (untimed, or "soft") is given up after ``abandon_days``.
    """
    if deadline_at is not None and policy is TimeUpPolicy.LOCK:
        return deadline_at
    if deadline_at is not None and policy is TimeUpPolicy.GRACE:
        return deadline_at + timedelta(seconds=grace_seconds)
    return started_at + timedelta(days=abandon_days)


def has_hard_end(block: Block) -> bool:
    """Return whether time can be up; other blocks are abandoned."""
    return block.timing is Timing.TIMED and block.time_up_policy is not TimeUpPolicy.SOFT


def is_due(block: Block, now: datetime) -> bool:
    """Return whether the block must close now. At exactly the closing moment an answer still counts.

    A paused block has its closing moment too, but a distant one: when it is given up as abandoned.
    """
    return block.state is not BlockState.ENDED and now > block.closes_at


def remaining(block: Block, now: datetime) -> float | None:
    """Return the seconds left until the deadline, never negative; None for an untimed block."""
    if block.deadline_at is None:
        return None
    if block.state is BlockState.ENDED:
        return 0.0
    reference = block.paused_at if block.paused_at is not None else now
    return max(0.0, (block.deadline_at - reference).total_seconds())


def paused_for(block: Block, now: datetime) -> int:
    """Return the whole seconds of the pause under way; 0 where there is none."""
    return 0 if block.paused_at is None else visit_seconds(block.paused_at, now, None)


def late_seconds(block: Block) -> int:
    """Return how long after its deadline an ended block went on; 0 where time-up locks, and for a block given up."""
    if block.deadline_at is None or block.ended_at is None or block.ended_reason is EndedReason.ABANDONED:
        return 0
    return visit_seconds(block.deadline_at, block.ended_at, None)


def closes_in(block: Block, now: datetime) -> float | None:
    """Return the seconds in which an answer still counts: the time left, and the grace where the policy has one.

    None for a block without a hard end (untimed, or under the policy "soft").
    """
    left = remaining(block, now)
    if left is None or not has_hard_end(block):
        return None
    if block.time_up_policy is TimeUpPolicy.LOCK or block.state is BlockState.PAUSED:
        return left
    return 0.0 if block.state is BlockState.ENDED else max(0.0, (block.closes_at - now).total_seconds())


def idle_cap(block: Block) -> int | None:
    """Return how many seconds one visit may count; None where the deadline bounds it."""
    return IDLE_SECONDS if block.timing is Timing.UNTIMED else None


def visit_seconds(start: datetime, end: datetime, cap: int | None) -> int:
    """Return the whole seconds of one visit, never negative even if the server's clock was set back."""
    spent = max(0.0, (end - start).total_seconds())
    return round(spent if cap is None else min(spent, cap))
