"""How sure the learner was against how right, and why items were missed: the counts with what they are worth."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from qbank.blocks import reflections
from qbank.blocks.after_models import Reason
from qbank.blocks.models import Confidence
from qbank.blocks.reflections import ReasonCount
from qbank.history.breakdown import Cell, make_cell
from qbank.history.filters import BlockFilter
from qbank.settings import Settings

CONFIDENCE_WORDS = {
    Confidence.SURE: "Sure",
    Confidence.FAIRLY: "Fairly sure",
    Confidence.UNSURE: "Unsure",
    Confidence.GUESS: "Guess",
}
REASON_WORDS = {
    Reason.DID_NOT_KNOW: "Did not know",
    Reason.MISREAD: "Misread",
    Reason.WRONG_REASONING: "Wrong reasoning",
    Reason.NO_TIME: "Ran out of time",
    Reason.GUESSED: "Guessed",
}


@dataclass(frozen=True, slots=True)
class Reasons:
    """The misses of the period by system, and the sums; ``given`` is the n of the reasons."""

    systems: list[ReasonCount]
    misses: int
    given: int
    totals: dict[Reason, int]

    @property
    def foremost(self) -> Reason | None:
        """The reason given most often; None where two lead together, or none is given."""
        most = max(self.totals.values(), default=0)
        leading = [reason for reason, n in self.totals.items() if n == most]
        return leading[0] if most and len(leading) == 1 else None


def calibration(session: Session, person_id: int, blocks: BlockFilter, settings: Settings) -> list[Cell]:
    """Return how right the answers were at each level of confidence, surest first. One query."""
    counts = reflections.confidence_counts(session, person_id, blocks.of_blocks())
    return [make_cell(0, CONFIDENCE_WORDS[each.confidence], each.correct, each.n, settings) for each in counts]


def reasons(session: Session, person_id: int, blocks: BlockFilter) -> Reasons:
    """Return the misses and their reasons by system, over the chosen blocks. One query."""
    systems = reflections.reason_counts(session, person_id, blocks.of_blocks())
    totals = {reason: sum(each.reasons[reason] for each in systems) for reason in Reason}
    return Reasons(systems, sum(each.misses for each in systems), sum(totals.values()), totals)


def overconfident(cells: list[Cell], low: float) -> bool:
    """Return whether "sure" is surely too sure: the whole interval lies below ``low`` (0 to 1)."""
    sure = next(iter(cells), None)
    return sure is not None and sure.high is not None and sure.high < low
