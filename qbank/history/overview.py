"""What to do next: the first view of a history, made to be read in ten seconds."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from qbank.accounts.models import Person
from qbank.blocks.models import LearnerItem, StudyPass
from qbank.history import blocks, cohort, heatmap, readiness
from qbank.history.blocks import OpenBlock
from qbank.history.breakdown import Breakdown, Cell, breakdown, make_cell
from qbank.history.cohort import Standing
from qbank.history.counted import Which
from qbank.history.filters import BlockFilter
from qbank.history.readiness import Readiness
from qbank.history.trend import Point, trend
from qbank.items.models import PoolEntry
from qbank.settings import Settings


@dataclass(frozen=True, slots=True)
class Weak:
    """The area to practise: a system and a task, with the learner's first answers in it."""

    system_id: int
    task_id: int
    cell: Cell


@dataclass(frozen=True, slots=True)
class Overview:
    """The figures and the next steps. ``to_mend`` counts live items missed in this pass and not yet mended."""

    open_blocks: list[OpenBlock]
    to_mend: int
    weak: Weak | None
    found: Breakdown
    last: Cell | None  # the last exam blocks together, `last_blocks` of them
    last_blocks: int
    readiness: Readiness
    standing: Standing | None


def overview(session: Session, actor: Person, who: Person, settings: Settings) -> Overview:
    """Return what a learner, or an educator of theirs, sees first. At most fifteen queries, whatever the history."""
    everything = BlockFilter()
    found = breakdown(session, who.id, everything, Which.FIRST, settings)
    grid = heatmap.heat_map(found, settings)
    place = heatmap.weakest(grid)
    points = trend(session, who.id, everything).points
    groups = cohort.cohorts(session, actor, who)
    return Overview(
        open_blocks=blocks.open_blocks(session, who.id),
        to_mend=_to_mend(session, who.id),
        weak=Weak(*place, grid.cells[place]) if place else None,
        found=found,
        last=_together(points[-1], settings) if points else None,
        last_blocks=points[-1].average.blocks if points else 0,
        readiness=readiness.readiness(session, who),
        standing=cohort.standing(session, who, groups[0], everything, settings) if groups else None,
    )


def _together(point: Point, settings: Settings) -> Cell:
    """Return the moving average as a cell, so that it comes with its interval."""
    scored = point.average.scored
    return make_cell(0, "Last exam blocks", round(point.average.share * scored), scored, settings)


def _to_mend(session: Session, person_id: int) -> int:
    newest = sa.select(sa.func.max(StudyPass.id)).where(StudyPass.person_id == person_id).scalar_subquery()
    query = (
        sa.select(sa.func.count())
        .select_from(LearnerItem)
        .join(PoolEntry, PoolEntry.item_id == LearnerItem.item_id)
        .where(LearnerItem.pass_id == newest, LearnerItem.ever_incorrect.is_(True), PoolEntry.pretest.is_(False))
    )
    return session.scalar(query) or 0
