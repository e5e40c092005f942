"""Results by system, discipline and task, with what they are worth."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from qbank.blocks.models import Delivery
from qbank.history.counted import Which as Which
from qbank.history.counted import counted, sums
from qbank.history.filters import BlockFilter
from qbank.items.models import ItemVersion, VersionDiscipline
from qbank.items.taxonomy import Dimension, Taxon
from qbank.measurement.bands import Band, band
from qbank.measurement.intervals import wilson
from qbank.settings import Settings


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
    """The cells of each dimension in the order of the taxonomy, and the whole.

    ``pairs`` holds correct and scored items by (system, task): what the heat map is made from.
    """

    cells: dict[Dimension, list[Cell]]
    whole: Cell
    pairs: dict[tuple[int, int], tuple[int, int]]


def make_cell(taxon_id: int, name: str, correct: int, scored: int, settings: Settings) -> Cell:
    """Return the cell: with Wilson 95 % interval and band from ``min_group_n`` scored items on."""
    if scored < max(1, settings.min_group_n):
        return Cell(taxon_id, name, correct, scored, None, None, None, None)
    low, high = wilson(correct, scored)
    where = band(correct, scored, settings.band_low, settings.band_high)
    return Cell(taxon_id, name, correct, scored, correct / scored, low, high, where)


def breakdown(session: Session, person_id: int, blocks: BlockFilter, which: Which, settings: Settings) -> Breakdown:
    """Return a learner's results by system, discipline and task. Three queries, whatever the history.

    An item has one system and one task but may have several disciplines, so the disciplines may add up to
    more than the whole. Classes without a scored item are not listed.
    """
    scored = counted(blocks.conditions(person_id), which, [Delivery.version_id.label("version_id")])
    both = (
        sa.select(ItemVersion.system_id, ItemVersion.task_id, *sums(scored))
        .join(scored, scored.c.version_id == ItemVersion.id)
        .group_by(ItemVersion.system_id, ItemVersion.task_id)
    )
    disciplines = (
        sa.select(VersionDiscipline.taxon_id, *sums(scored))
        .join(scored, scored.c.version_id == VersionDiscipline.version_id)
        .group_by(VersionDiscipline.taxon_id)
    )
    found: dict[int, tuple[int, int]] = {}
    pairs: dict[tuple[int, int], tuple[int, int]] = {}
    right = asked = 0
    for system_id, task_id, correct, count in session.execute(both):
        right, asked = right + correct, asked + count
        if system_id is not None and task_id is not None:
            pairs[system_id, task_id] = (correct, count)
        for taxon_id in (system_id, task_id):
            if taxon_id is not None:
                before = found.get(taxon_id, (0, 0))
                found[taxon_id] = (before[0] + correct, before[1] + count)
    found |= {taxon_id: (correct, count) for taxon_id, correct, count in session.execute(disciplines)}
    whole = make_cell(0, "All", right, asked, settings)
    return Breakdown(cells=_cells(session, found, settings), whole=whole, pairs=pairs)


def _cells(session: Session, found: dict[int, tuple[int, int]], settings: Settings) -> dict[Dimension, list[Cell]]:
    cells: dict[Dimension, list[Cell]] = {dimension: [] for dimension in Dimension}
    query = sa.select(Taxon.id, Taxon.dimension, Taxon.name).order_by(Taxon.ordinal, Taxon.id)
    for taxon_id, dimension, name in session.execute(query):  # retired classes too: answers keep them
        if taxon_id in found:
            cells[dimension].append(make_cell(taxon_id, name, *found[taxon_id], settings))
    return cells
