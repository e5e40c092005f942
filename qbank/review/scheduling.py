"""What the scheduler makes of a learner's reviews of one item. Pure: ratings and times in, memory out.

FSRS-6 through the `fsrs` package, without learning steps and without chance in the intervals, so that the same
reviews always give the same schedule. An interval is a number of days; a day is 24 hours from the last review.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from math import log

from fsrs import Card, Rating, Scheduler, State
from fsrs.scheduler import DEFAULT_PARAMETERS

from qbank.blocks.models import Confidence, Outcome

ALGORITHM = "fsrs-6"
PUBLISHED = tuple(DEFAULT_PARAMETERS)
# A right answer that took this many times the learner's own median is "much slower".
SLOW = 2.0
# Below so many answers a median says too little about the learner's pace.
PACE_FROM = 10
UNSURE = frozenset({Confidence.UNSURE, Confidence.GUESS})
_TINY = 1e-6  # keeps the logarithm finite


@dataclass(frozen=True, slots=True)
class Memory:
    """What is known of one item after a review: ``stability`` in days, ``difficulty`` 1 to 10.

    ``right_day`` is the day (UTC) of the first correct answer since the last miss; None after a miss.
    """

    stability: float
    difficulty: float
    reviewed_at: datetime
    due_at: datetime
    right_day: date | None

    @property
    def learned(self) -> bool:
        """Whether the item was right on two different days without a miss between them."""
        return self.right_day is not None and self.right_day != self.reviewed_at.date()


@dataclass(frozen=True, slots=True)
class Review:
    """One rated review."""

    rating: Rating
    at: datetime


@dataclass(frozen=True, slots=True)
class Answer:
    """How one delivery ended, as far as a rating depends on it. ``confidence`` is None where none was given."""

    outcome: Outcome
    changes: int = 0
    seconds: int = 0
    confidence: Confidence | None = None


def rate(answer: Answer, median_seconds: float | None) -> Rating:
    """Return the rating of an answer.

    Wrong or omitted: again. Right but unsure, changed, or slower than `SLOW` times the learner's own median (None:
    not known yet): hard. Right and sure: easy. Right: good.
    """
    if answer.outcome is not Outcome.CORRECT:
        return Rating.Again
    slow = median_seconds is not None and answer.seconds > SLOW * median_seconds
    if answer.confidence in UNSURE or answer.changes or slow:
        return Rating.Hard
    return Rating.Easy if answer.confidence is Confidence.SURE else Rating.Good


def review(before: Memory | None, one: Review, parameters: Sequence[float] = PUBLISHED) -> Memory:
    """Return the memory after one more review; ``before`` is None for the first."""
    card, _log = _scheduler(tuple(parameters)).review_card(_card(before), one.rating, one.at)
    if card.stability is None or card.difficulty is None:  # the library's types allow it, its rules do not
        raise ValueError("the scheduler gave no memory")
    return Memory(card.stability, card.difficulty, one.at, card.due, _right_day(before, one))


def replay(log: Iterable[Review], parameters: Sequence[float] = PUBLISHED) -> Memory | None:
    """Return the memory that reviews, oldest first, amount to under these parameters; None where there are none."""
    now: Memory | None = None
    for one in log:
        now = review(now, one, parameters)
    return now


def recall(before: Memory, at: datetime, parameters: Sequence[float] = PUBLISHED) -> float:
    """Return the chance, 0 to 1, that the item is recalled at this time."""
    return _scheduler(tuple(parameters)).get_card_retrievability(_card(before), at)


def log_loss(histories: Iterable[Sequence[Review]], parameters: Sequence[float], since: datetime) -> tuple[float, int]:
    """Return how badly the parameters foretold the reviews from ``since`` on, and how many those are.

    The mean of -log of the chance given to what happened, over reviews a day or more after the one before: of
    shorter gaps the model says nothing. Raises ValueError where there are none.
    """
    total, n = 0.0, 0
    for history in histories:
        now: Memory | None = None
        for one in history:
            if now is not None and one.at >= since and (one.at - now.reviewed_at).days >= 1:
                chance = min(max(recall(now, one.at, parameters), _TINY), 1 - _TINY)
                total -= log(chance if one.rating is not Rating.Again else 1 - chance)
                n += 1
            now = review(now, one, parameters)
    if not n:
        raise ValueError("no review to foretell")
    return total / n, n


def _right_day(before: Memory | None, one: Review) -> date | None:
    if one.rating is Rating.Again:
        return None
    return before.right_day if before and before.right_day else one.at.date()


@lru_cache(maxsize=64)
def _scheduler(parameters: tuple[float, ...]) -> Scheduler:
    return Scheduler(parameters, learning_steps=(), relearning_steps=(), enable_fuzzing=False)


def _card(before: Memory | None) -> Card:
    """Return the library's card; its number is given, because making one up takes the clock."""
    if before is None:
        return Card(card_id=0, due=datetime.min)  # noqa: DTZ901  never read: a first review sets it
    return Card(
        card_id=0, state=State.Review, stability=before.stability, difficulty=before.difficulty,
        due=before.due_at, last_review=before.reviewed_at,
    )  # fmt: skip
