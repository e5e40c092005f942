"""Looking back over an ended block: its items by what is worth another look, those sure and wrong first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import median

import sqlalchemy as sa
from sqlalchemy.orm import Session

from qbank.blocks.after_models import MissReason, Reason
from qbank.blocks.closing import keys_of
from qbank.blocks.models import Block, BlockState, Confidence, Delivery, Outcome
from qbank.blocks.showing import ReviewEntry, review
from qbank.errors import NotAllowedError

SLOW = 1.5  # times the learner's own median of the block


class Show(StrEnum):
    """Which items of the block are listed."""

    ALL = "all"
    SURE_WRONG = "sure-wrong"
    INCORRECT = "incorrect"
    OMITTED = "omitted"
    MARKED = "marked"
    CHANGED = "changed"
    SLOW = "slow"


SHOW_NAMES = {
    Show.ALL: "All",
    Show.SURE_WRONG: "Sure but wrong",
    Show.INCORRECT: "Incorrect",
    Show.OMITTED: "Omitted",
    Show.MARKED: "Marked",
    Show.CHANGED: "Changed",
    Show.SLOW: "Slow",
}


@dataclass(frozen=True, slots=True)
class Looked:
    """One item of the block. ``change`` is what a changed answer was worth: "right to wrong", "" for no change."""

    entry: ReviewEntry
    confidence: Confidence | None
    reason: Reason | None
    change: str
    slow: bool

    @property
    def sure_wrong(self) -> bool:
        """Whether the learner said to be sure, and was wrong. Not of an annulled item: its key may be what is wrong."""
        wrong = self.entry.outcome == Outcome.INCORRECT and not self.entry.annulled
        return wrong and self.confidence is Confidence.SURE

    def fits(self, show: Show) -> bool:
        """Return whether the item is listed under this filter."""
        tests: dict[Show, bool] = {
            Show.ALL: True,
            Show.SURE_WRONG: self.sure_wrong,
            Show.INCORRECT: self.entry.outcome == Outcome.INCORRECT,
            Show.OMITTED: self.entry.outcome == Outcome.OMITTED,
            Show.MARKED: self.entry.marked,
            Show.CHANGED: bool(self.change),
            Show.SLOW: self.slow,
        }
        return tests[show]


@dataclass(frozen=True, slots=True)
class LookBack:
    """The items of a block, those sure and wrong first and the others in the block's order.

    ``median_seconds`` is the learner's own over the ``timed`` items that were seen; None where these are too few for
    one to be called slow.
    """

    items: tuple[Looked, ...]
    median_seconds: float | None
    timed: int

    @property
    def counts(self) -> Mapping[Show, int]:
        """How many items each filter lists."""
        return {show: sum(1 for item in self.items if item.fits(show)) for show in Show}

    def shown(self, show: Show) -> list[Looked]:
        """Return the items under a filter, in the order of the page."""
        return [item for item in self.items if item.fits(show)]

    def around(self, show: Show, position: int) -> tuple[int | None, int | None]:
        """Return the positions before and after this one under a filter; where it is not listed, the first after."""
        places = [item.entry.position for item in self.shown(show)]
        if position not in places:
            return None, places[0] if places else None
        at = places.index(position)
        return (places[at - 1] if at else None), (places[at + 1] if at + 1 < len(places) else None)


def worth(first: int | None, final: int | None, key: frozenset[int]) -> str:
    """Say what a changed answer was worth: the first selection against the last, as option ids. "" for no change."""
    if first is None or final is None or first == final:
        return ""
    if first in key:
        return "right to wrong"
    return "wrong to right" if final in key else "wrong to wrong"


def pace(seconds: Sequence[int], *, enough: int) -> float | None:
    """Return the median of the seconds over seen items; None for fewer than ``enough`` of them, or for no time."""
    return (median(seconds) or None) if len(seconds) >= enough else None


def look_back(session: Session, block: Block, *, enough: int) -> LookBack:
    """Return the items of an ended block. Five queries, however many there are.

    ``enough``: how many seen items a median needs. Raises NotAllowedError before the end of the block.
    """
    if block.state is not BlockState.ENDED:
        raise NotAllowedError("This is shown once the block has ended.")
    query = (
        sa.select(
            Delivery.position, Delivery.version_id, Delivery.first_option_id, Delivery.chosen_option_id,
            Delivery.confidence, MissReason.reason,
        )
        .outerjoin(MissReason, MissReason.delivery_id == Delivery.id)
        .where(Delivery.block_id == block.id)
    )  # fmt: skip
    rows = {row.position: row for row in session.execute(query)}
    keys = keys_of(session, [row.version_id for row in rows.values()])
    entries = review(session, block)
    seconds = [entry.seconds for entry in entries if entry.seen]
    usual = pace(seconds, enough=enough)
    found = []
    for entry in entries:
        row = rows[entry.position]
        key = keys.get(row.version_id, frozenset())
        slow = usual is not None and entry.seen and entry.seconds > SLOW * usual
        change = worth(row.first_option_id, row.chosen_option_id, key)
        reason = row.reason if entry.outcome in (Outcome.INCORRECT, Outcome.OMITTED) else None
        found.append(Looked(entry, row.confidence, reason, change, slow))
    found.sort(key=lambda item: (not item.sure_wrong, item.entry.position))
    return LookBack(tuple(found), usual, len(seconds))
