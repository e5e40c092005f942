"""Accuracy and seconds by place in the block and by hour of the day."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from qbank.blocks.models import Block, Delivery, Outcome
from qbank.history.breakdown import Cell, make_cell
from qbank.history.counted import Which, counted, right
from qbank.history.filters import BlockFilter
from qbank.measurement.means import Mean, mean
from qbank.settings import Settings

WIDTHS = (5, 10, 20, 25, 50, 100)  # places that one row may cover
ROWS = 20  # rows at most


@dataclass(frozen=True, slots=True)
class PaceRow:
    """One row: how right, and how long. Seconds are those of answered items, with n of their own."""

    cell: Cell
    seconds: Mean | None


@dataclass(frozen=True, slots=True)
class Sums:
    """What rows are added up from."""

    correct: int = 0
    scored: int = 0
    answered: int = 0
    seconds: float = 0.0
    squares: float = 0.0

    def __add__(self, other: Sums) -> Sums:
        return Sums(
            self.correct + other.correct,
            self.scored + other.scored,
            self.answered + other.answered,
            self.seconds + other.seconds,
            self.squares + other.squares,
        )


def time_columns() -> list[sa.ColumnElement[Any]]:
    """Return the columns that `time_sums` adds up; an omitted item has no time of an answer."""
    answered = Delivery.outcome != Outcome.OMITTED
    seconds = sa.cast(Delivery.seconds, sa.Float)
    return [sa.case((answered, seconds), else_=sa.null()).label("seconds")]


def time_sums(found: sa.Subquery) -> list[sa.ColumnElement[Any]]:
    """Return correct, scored, answered, the sum of seconds and of their squares over a group: what `Sums` holds."""
    seconds = found.c.seconds
    return [
        right(found),
        sa.func.count(),
        sa.func.count(seconds),
        sa.func.coalesce(sa.func.sum(seconds), 0.0),
        sa.func.coalesce(sa.func.sum(seconds * seconds), 0.0),
    ]


def make_row(taxon_id: int, name: str, sums: Sums, settings: Settings) -> PaceRow:
    """Return the row; below the smallest n it has counts only and no mean."""
    enough = sums.answered >= max(1, settings.min_group_n)
    found = mean(sums.answered, float(sums.seconds), float(sums.squares)) if enough else None
    return PaceRow(make_cell(taxon_id, name, int(sums.correct), int(sums.scored), settings), found)


def _grouped(rows: Iterable[tuple[Any, ...]], group: Callable[[Any], int]) -> dict[int, Sums]:
    found: dict[int, Sums] = {}
    for key, *values in rows:
        found[group(key)] = found.get(group(key), Sums()) + Sums(*values)
    return dict(sorted(found.items()))


def width_for(last: int) -> int:
    """Return how many places a row covers when blocks go up to place ``last``."""
    return next((width for width in WIDTHS if last <= width * ROWS), WIDTHS[-1])


def by_position(
    session: Session, person_id: int, blocks: BlockFilter, which: Which, settings: Settings
) -> list[PaceRow]:
    """Return accuracy and seconds by place in the block, several places a row. One query."""
    columns = [Delivery.position.label("position"), *time_columns()]
    found = counted(blocks.conditions(person_id), which, columns)
    rows = session.execute(sa.select(found.c.position, *time_sums(found)).group_by(found.c.position)).all()
    width = width_for(max((row[0] for row in rows), default=1))
    grouped = _grouped((tuple(row) for row in rows), lambda position: (position - 1) // width)
    return [
        make_row(place, f"{place * width + 1} to {(place + 1) * width}", sums, settings)
        for place, sums in grouped.items()
    ]


def by_hour(session: Session, person_id: int, blocks: BlockFilter, which: Which, settings: Settings) -> list[PaceRow]:
    """Return accuracy and seconds by the UTC hour in which the block began; idle hours are left out. One query."""
    found = counted(blocks.conditions(person_id), which, [Block.started_at.label("started"), *time_columns()])
    rows = session.execute(sa.select(found.c.started, *time_sums(found)).group_by(found.c.started))
    grouped = _grouped((tuple(row) for row in rows), _hour)
    return [make_row(hour, f"{hour:02d}:00 to {hour:02d}:59", sums, settings) for hour, sums in grouped.items()]


def _hour(moment: datetime) -> int:
    return moment.hour
