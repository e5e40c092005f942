"""Results by system, discipline and task, with what they are worth."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from qbank.blocks.models import Block, Delivery, Outcome
from qbank.history.filters import BlockFilter
from qbank.items.models import ItemVersion, VersionDiscipline
from qbank.items.taxonomy import Dimension, Taxon
from qbank.measurement.bands import Band, band
from qbank.measurement.intervals import wilson
from qbank.settings import Settings


class Which(StrEnum):
    """Which deliveries of an item count."""

    FIRST = "first"
    LATEST = "latest"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Cell:
    """Correct and scored items of one class. Below the minimum n there is no share, interval or band."""

    taxon_id: int
    name: str
    correct: int
    scored: int
    share: float | None
    low: float | None
    high: float | None
    band: Band | None


@dataclass(frozen=True, slots=True)
class Breakdown:
    """The cells of each dimension in the order of the taxonomy, and the whole."""

    cells: dict[Dimension, list[Cell]]
    whole: Cell


def make_cell(taxon_id: int, name: str, correct: int, scored: int, settings: Settings) -> Cell:
    """Return the cell: with Wilson 95 % interval and band from ``min_group_n`` scored items on."""
    if scored < max(1, settings.min_group_n):
        return Cell(taxon_id, name, correct, scored, None, None, None, None)
    low, high = wilson(correct, scored)
    where = band(correct, scored, settings.band_low, settings.band_high)
    return Cell(taxon_id, name, correct, scored, correct / scored, low, high, where)


def _scored(person_id: int, blocks: BlockFilter, which: Which) -> sa.CTE:
    """Return version and outcome of each counted delivery.

    First: the delivery that was the learner's first of the item; with several passes the earliest of them.
    Latest: the last one within the chosen blocks. Pretest, annulled and unscored deliveries never count.
    """
    conditions = [
        *blocks.conditions(person_id),
        Delivery.pretest.is_(False),
        Delivery.annulled_at.is_(None),
        Delivery.outcome.is_not(None),
    ]
    if which is Which.FIRST:
        conditions.append(Delivery.first.is_(True))
    columns: list[sa.ColumnElement[Any]] = [
        Delivery.version_id.label("version_id"),
        (Delivery.outcome == Outcome.CORRECT).label("correct"),
    ]
    if which is not Which.ALL:
        time = Block.started_at.asc() if which is Which.FIRST else Block.started_at.desc()
        number = Delivery.id.asc() if which is Which.FIRST else Delivery.id.desc()
        columns.append(sa.func.row_number().over(partition_by=Delivery.item_id, order_by=(time, number)).label("place"))
    return sa.select(*columns).join(Block, Block.id == Delivery.block_id).where(*conditions).cte("scored")


def _counted(scored: sa.CTE) -> list[sa.ColumnElement[bool]]:
    return [scored.c.place == 1] if "place" in scored.c else []


def _sums(scored: sa.CTE) -> tuple[sa.ColumnElement[int], sa.ColumnElement[int]]:
    return sa.func.coalesce(sa.func.sum(sa.case((scored.c.correct, 1), else_=0)), 0), sa.func.count()


def breakdown(session: Session, person_id: int, blocks: BlockFilter, which: Which, settings: Settings) -> Breakdown:
    """Return a learner's results by system, discipline and task. Three queries, whatever the history.

    An item has one system and one task but may have several disciplines, so the disciplines may add up to
    more than the whole. Classes without a scored item are not listed.
    """
    scored = _scored(person_id, blocks, which)
    both = (
        sa.select(ItemVersion.system_id, ItemVersion.task_id, *_sums(scored))
        .join(scored, scored.c.version_id == ItemVersion.id)
        .where(*_counted(scored))
        .group_by(ItemVersion.system_id, ItemVersion.task_id)
    )
    disciplines = (
        sa.select(VersionDiscipline.taxon_id, *_sums(scored))
        .join(scored, scored.c.version_id == VersionDiscipline.version_id)
        .where(*_counted(scored))
        .group_by(VersionDiscipline.taxon_id)
    )
    found: dict[int, tuple[int, int]] = {}
    right = asked = 0
    for system_id, task_id, correct, count in session.execute(both):
        right, asked = right + correct, asked + count
        for taxon_id in (system_id, task_id):
            if taxon_id is not None:
                before = found.get(taxon_id, (0, 0))
                found[taxon_id] = (before[0] + correct, before[1] + count)
    found |= {taxon_id: (correct, count) for taxon_id, correct, count in session.execute(disciplines)}
    return Breakdown(cells=_cells(session, found, settings), whole=make_cell(0, "All", right, asked, settings))


def _cells(session: Session, found: dict[int, tuple[int, int]], settings: Settings) -> dict[Dimension, list[Cell]]:
    cells: dict[Dimension, list[Cell]] = {dimension: [] for dimension in Dimension}
    query = sa.select(Taxon.id, Taxon.dimension, Taxon.name).order_by(Taxon.ordinal, Taxon.id)
    for taxon_id, dimension, name in session.execute(query):  # retired classes too: answers keep them
        if taxon_id in found:
            cells[dimension].append(make_cell(taxon_id, name, *found[taxon_id], settings))
    return cells
