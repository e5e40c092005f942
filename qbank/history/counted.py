"""Which deliveries count: the one place that decides it for every breakdown, chart and comparison."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from qbank.blocks.models import Block, Delivery, Outcome


class Which(StrEnum):
    """Which deliveries of an item count."""

    FIRST = "first"
    LATEST = "latest"
    ALL = "all"


correct = Delivery.outcome == Outcome.CORRECT
SCORED = (Delivery.pretest.is_(False), Delivery.annulled_at.is_(None), Delivery.outcome.is_not(None))


def counted(
    conditions: Iterable[sa.ColumnElement[bool]],
    which: Which,
    columns: Iterable[sa.ColumnElement[Any]],
    *,
    within: sa.ColumnElement[Any] | None = None,
) -> sa.Subquery:
    """Return the labelled ``columns`` of each delivery that counts; ``correct`` is always among them.

    ``conditions`` are on `Block`, as `BlockFilter` gives them. First: the delivery that was the learner's first of the
    item; with several passes the earliest of them. Latest: the last one within the chosen blocks. ``within``
    keeps items of different passes (or the like) apart. Pretest, annulled and unscored deliveries never count.
    """
    chosen = [*columns, correct.label("correct")]
    query = sa.select(*chosen).join(Block, Block.id == Delivery.block_id).where(*conditions, *SCORED)
    if which is Which.ALL:
        return query.subquery("counted")
    if which is Which.FIRST:
        query = query.where(Delivery.first.is_(True))
    time = Block.started_at.asc() if which is Which.FIRST else Block.started_at.desc()
    number = Delivery.id.asc() if which is Which.FIRST else Delivery.id.desc()
    apart: list[sa.ColumnElement[Any]] = [Block.person_id.expression, Delivery.item_id.expression]
    if within is not None:
        apart.append(within)
    place = sa.func.row_number().over(partition_by=apart, order_by=(time, number)).label("place")
    met = query.add_columns(place).subquery("met")
    names = [column.name for column in met.c if column.name != "place"]
    return sa.select(*(met.c[name] for name in names)).where(met.c.place == 1).subquery("counted")


def sums(found: sa.Subquery) -> tuple[sa.ColumnElement[int], sa.ColumnElement[int]]:
    """Return the columns "how many correct" and "how many" over a group of counted deliveries."""
    return right(found), sa.func.count()


def right(found: sa.Subquery) -> sa.ColumnElement[int]:
    """Return the column "how many correct" over a group of counted deliveries."""
    return sa.func.coalesce(sa.func.sum(sa.case((found.c.correct, 1), else_=0)), 0)
