"""System by task: the heat map, which is a table."""

from __future__ import annotations

from dataclasses import dataclass

from qbank.history.breakdown import Breakdown, Cell, make_cell
from qbank.items.taxonomy import Dimension
from qbank.settings import Settings


@dataclass(frozen=True, slots=True)
class HeatMap:
    """Rows of systems, columns of tasks, and a cell where items were scored; others are not there."""

    systems: list[Cell]
    tasks: list[Cell]
    cells: dict[tuple[int, int], Cell]


def heat_map(found: Breakdown, settings: Settings) -> HeatMap:
    """Return the heat map of a breakdown; cells below the smallest n hold counts only. No query."""
    systems, tasks = found.cells[Dimension.SYSTEM], found.cells[Dimension.TASK]
    names = {cell.taxon_id: cell.name for cell in (*systems, *tasks)}
    cells = {
        (system_id, task_id): make_cell(0, f"{names[system_id]}, {names[task_id]}", correct, scored, settings)
        for (system_id, task_id), (correct, scored) in found.pairs.items()
        if system_id in names and task_id in names
    }
    return HeatMap(systems, tasks, cells)


def weakest(found: HeatMap) -> tuple[int, int] | None:
    """Return the (system, task) that is most surely weak: the lowest upper limit of the interval.

    None where fewer than two cells have enough items to compare. A low share of few items has a high upper limit, so
    chance does not put it first.
    """
    ready = {place: cell.high for place, cell in found.cells.items() if cell.high is not None}
    if len(ready) < 2:
        return None
    return min(ready, key=lambda place: (ready[place], place))
