"""Quick starts: blocks that the front page proposes, each with the exact number of items that are eligible now."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from qbank import clock
from qbank.accounts.models import Person
from qbank.blocks import drawing
from qbank.blocks.building import LISTED
from qbank.blocks.criteria import Criteria
from qbank.blocks.models import Block, ExamPreset, Feedback, Timing
from qbank.blocks.passes import latest_pass
from qbank.errors import InvalidError
from qbank.history import heatmap
from qbank.history.breakdown import Breakdown, Cell
from qbank.settings import Settings

AGAIN = 20  # items of "more like last time"
WEAK = 10  # items on the weakest area
LOOKED_AT = 10  # last blocks among which one with filters is looked for


@dataclass(frozen=True, slots=True)
class QuickStart:
    """A block that can be started as it is. ``count`` is what it should hold, ``eligible`` what there is."""

    criteria: Criteria
    count: int
    eligible: int
    feedback: Feedback
    timing: Timing
    preset: ExamPreset | None = None
    cell: Cell | None = None  # the figures behind the weakest area

    @property
    def size(self) -> int:
        """How many items it can hold now."""
        return min(self.count, self.eligible)


def _eligible(session: Session, person: Person, criteria: Criteria) -> int:
    current = latest_pass(session, person)
    return drawing.eligible(session, person, current.id if current else 0, criteria).total


def again(session: Session, person: Person, settings: Settings) -> QuickStart | None:
    """Return a block like the last one that was built by filters: same filters, mode and exam format. Five queries.

    None where there is none. A format that is no longer in force gives way to the bank's own pace.
    """
    query = sa.select(Block).where(Block.person_id == person.id).order_by(Block.id.desc()).limit(LOOKED_AT)
    block = next((row for row in session.scalars(query) if not row.criteria.get(LISTED)), None)
    if block is None:
        return None
    try:
        criteria = Criteria.from_dict(block.criteria)
    except InvalidError:  # the stored form is of another time
        return None
    count = min(AGAIN, settings.block_max_items)
    preset = session.get(ExamPreset, block.preset_id) if block.preset_id else None
    return QuickStart(
        criteria, count, _eligible(session, person, criteria), block.feedback, block.timing,
        preset if preset and _in_force(preset) else None,
    )  # fmt: skip


def _in_force(preset: ExamPreset) -> bool:
    today = clock.now().date()
    begun = preset.valid_from is None or preset.valid_from <= today
    return preset.retired_at is None and begun and (preset.valid_to is None or today <= preset.valid_to)


def weakest(session: Session, person: Person, settings: Settings, found: Breakdown) -> QuickStart | None:
    """Return a block on the weakest area: the system and task whose interval ends lowest. Three queries.

    None where no two areas have enough first answers to be compared.
    """
    grid = heatmap.heat_map(found, settings)
    place = heatmap.weakest(grid)
    if place is None:
        return None
    criteria = Criteria(systems=frozenset({place[0]}), tasks=frozenset({place[1]}))
    count = min(WEAK, settings.block_max_items)
    eligible = _eligible(session, person, criteria)
    return QuickStart(criteria, count, eligible, Feedback.TUTOR, Timing.UNTIMED, cell=grid.cells[place])
