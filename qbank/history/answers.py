"""Changed answers over all blocks, what they were worth, and how long answers took."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from qbank.annulments import rulings
from qbank.blocks.models import Delivery, Outcome
from qbank.history.changes import Change
from qbank.history.counted import Which, counted
from qbank.history.filters import BlockFilter
from qbank.history.pace import PaceRow, Sums, make_row, time_columns, time_sums
from qbank.items.models import Option
from qbank.measurement.intervals import wilson
from qbank.settings import Settings

ENOUGH = 20  # changes that gained or lost, before they say anything


class Advice(StrEnum):
    """What the changed answers support."""

    THIN = "thin"
    CHANGE = "change"
    KEEP = "keep"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class Changes:
    """Changed answers by kind, out of ``answered`` scored items with an answer.

    ``low`` and ``high``: the 95 % interval of the share that gained, among those that gained or lost.
    """

    kinds: Mapping[Change, int]
    answered: int
    low: float | None
    high: float | None

    @property
    def gained(self) -> int:
        """Answers changed from wrong to right."""
        return self.kinds[Change.WRONG_TO_RIGHT]

    @property
    def lost(self) -> int:
        """Answers changed from right to wrong."""
        return self.kinds[Change.RIGHT_TO_WRONG]

    @property
    def decided(self) -> int:
        """Changes that gained or lost: the n of the share that gained."""
        return self.gained + self.lost

    @property
    def total(self) -> int:
        """Changes of every kind."""
        return sum(self.kinds.values())

    @property
    def advice(self) -> Advice:
        """What the interval supports; below `ENOUGH` changes, nothing."""
        if self.low is None or self.high is None:
            return Advice.THIN
        if self.low > 0.5:
            return Advice.CHANGE
        return Advice.KEEP if self.high < 0.5 else Advice.OPEN


def make_changes(kinds: Mapping[Change, int], answered: int) -> Changes:
    """Return the changes with the interval where there are enough of them."""
    gained, lost = kinds[Change.WRONG_TO_RIGHT], kinds[Change.RIGHT_TO_WRONG]
    low, high = wilson(gained, gained + lost) if gained + lost >= ENOUGH else (None, None)
    return Changes(dict(kinds), answered, low, high)


def changes(session: Session, person_id: int, blocks: BlockFilter, which: Which) -> Changes:
    """Count the changed answers of the scored items by kind, first choice against last. One query.

    As in `qbank.history.changes.change`: an answer that came back to where it began is no change.
    """
    begun, ended = aliased(Option), aliased(Option)
    columns: list[sa.ColumnElement[Any]] = [
        Delivery.first_option_id.label("begun"),
        Delivery.chosen_option_id.label("ended"),
    ]
    found = counted(blocks.conditions(person_id), which, columns)
    kind = sa.case(
        (begun.id == ended.id, None),
        (rulings.is_key(begun), Change.RIGHT_TO_WRONG.value),
        (rulings.is_key(ended), Change.WRONG_TO_RIGHT.value),
        else_=Change.WRONG_TO_WRONG.value,
    ).label("kind")
    kinds = (
        sa.select(kind)
        .select_from(found)
        .join(begun, begun.id == found.c.begun)
        .join(ended, ended.id == found.c.ended)
        .subquery()
    )
    rows = {
        name: int(n) for name, n in session.execute(sa.select(kinds.c.kind, sa.func.count()).group_by(kinds.c.kind))
    }
    return make_changes({each: rows.get(each.value, 0) for each in Change}, sum(rows.values()))


def by_outcome(
    session: Session, person_id: int, blocks: BlockFilter, which: Which, settings: Settings
) -> list[PaceRow]:
    """Return how long right and wrong answers took. One query; omitted items have no time of an answer."""
    columns = [Delivery.outcome.label("outcome"), *time_columns()]
    found = counted(blocks.conditions(person_id), which, columns)
    query = sa.select(found.c.outcome, *time_sums(found)).group_by(found.c.outcome)
    sums = {outcome: Sums(*values) for outcome, *values in session.execute(query)}
    words = {Outcome.CORRECT: "Correct", Outcome.INCORRECT: "Incorrect"}
    return [make_row(0, name, sums[outcome], settings) for outcome, name in words.items() if outcome in sums]
