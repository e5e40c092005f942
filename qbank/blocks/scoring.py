"""The score rule. Pure.

Score % = correct / scored items. Omitted counts as wrong; pretest and annulled items are on neither side. There is
no negative marking. An abandoned block is scored "partial": only what was answered.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from qbank.blocks.models import Outcome


@dataclass(frozen=True, slots=True)
class Ended:
    """How one delivery ended. ``outcome`` is None for an unanswered item of an abandoned block."""

    outcome: Outcome | None
    pretest: bool = False
    annulled: bool = False


@dataclass(frozen=True, slots=True)
class Score:
    """The counts of a block; correct + incorrect + omitted = scored."""

    correct: int
    incorrect: int
    omitted: int
    pretest: int
    annulled: int

    @property
    def scored(self) -> int:
        """How many items count."""
        return self.correct + self.incorrect + self.omitted

    @property
    def percent(self) -> float | None:
        """The score in per cent, not rounded; None where nothing counts."""
        return 100 * self.correct / self.scored if self.scored else None


def outcome_of(chosen: int | None, keys: frozenset[int]) -> Outcome:
    """Return how a delivery ends with this choice (an option's id, or None), given the ids of the key."""
    if chosen is None:
        return Outcome.OMITTED
    return Outcome.CORRECT if chosen in keys else Outcome.INCORRECT


def score(deliveries: Iterable[Ended]) -> Score:
    """Return the score of a block from how its deliveries ended."""
    counts = dict.fromkeys(Outcome, 0)
    pretest = annulled = 0
    for delivery in deliveries:
        if delivery.pretest:
            pretest += 1
        elif delivery.annulled:
            annulled += 1
        elif delivery.outcome is not None:
            counts[delivery.outcome] += 1
    return Score(counts[Outcome.CORRECT], counts[Outcome.INCORRECT], counts[Outcome.OMITTED], pretest, annulled)
