"""The calendar of activity: items met by day, week by week."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from qbank.blocks.models import Block
from qbank.history.filters import BlockFilter

WEEKS = 16
LEVELS = 4  # shades of a day with items


@dataclass(frozen=True, slots=True)
class Day:
    """One UTC day: blocks ended on it and their items; ``level`` runs from 0 (none) to 4 (close to the busiest)."""

    day: date
    blocks: int
    items: int
    level: int
    ahead: bool  # after the last day shown


@dataclass(frozen=True, slots=True)
class Calendar:
    """The weeks, newest first, each of seven days from Monday on."""

    weeks: list[list[Day]]
    blocks: int
    items: int
    days: int  # days with a block
    since: date
    until: date


def calendar(session: Session, person_id: int, which: BlockFilter, today: date) -> Calendar:
    """Return the last `WEEKS` weeks up to today, or up to the last day of the filter if that is earlier. One query."""
    last = min(today, which.until or today)
    ordinal = max(last.toordinal(), 7 * WEEKS + 1)  # a filter may end in the first weeks of the calendar itself
    last = date.fromordinal(ordinal)
    monday = last - timedelta(days=last.weekday())
    first = monday - timedelta(weeks=WEEKS - 1)
    query = sa.select(Block.ended_at, Block.item_count).where(
        *which.conditions(person_id),
        Block.ended_at >= datetime.combine(first, time.min, UTC),
        Block.ended_at <= datetime.combine(last, time.max, UTC),
    )
    met: dict[date, tuple[int, int]] = {}
    for ended_at, items in session.execute(query):
        if ended_at is not None:
            blocks, before = met.get(ended_at.date(), (0, 0))
            met[ended_at.date()] = (blocks + 1, before + items)
    busiest = max((items for _blocks, items in met.values()), default=0)
    weeks = [
        [_day(first + timedelta(weeks=week, days=place), last, met, busiest) for place in range(7)]
        for week in reversed(range(WEEKS))
    ]
    totals = [sum(part) for part in zip(*met.values(), strict=True)] or [0, 0]
    return Calendar(weeks, totals[0], totals[1], len(met), first, last)


def _day(day: date, last: date, met: dict[date, tuple[int, int]], busiest: int) -> Day:
    blocks, items = met.get(day, (0, 0))
    level = -(-LEVELS * items // busiest) if items else 0
    return Day(day, blocks, items, level, ahead=day > last)
