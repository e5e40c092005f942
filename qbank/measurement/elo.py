"""Elo ratings: ability and difficulty before there is enough for a calibration.

R. Pelánek, Computers & Education 98, 2016, 169-179. After each answer x (1 or 0) with expected
P = 1 / (1 + exp(-(theta - b))): theta rises by K (x - P), b falls by K (x - P), each with its own
K = 1 / (1 + 0.1 n), n the answers counted so far. Both are on the logit scale of the 1PL model with a = 1.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import exp

STEP, SLOWING = 1.0, 0.1


@dataclass(frozen=True, slots=True)
class Rating:
    """A learner's ability or an item's difficulty in logits, and the answers it rests on."""

    value: float = 0.0
    n: int = 0

    def __post_init__(self) -> None:
        if self.n < 0:
            raise ValueError(f"a rating cannot rest on {self.n} answers")


def chance(learner: Rating, item: Rating) -> float:
    """Return the expected share right, 1 / (1 + exp(b - theta))."""
    away = learner.value - item.value
    return 1 / (1 + exp(-away)) if away >= 0 else exp(away) / (1 + exp(away))


def step(n: int) -> float:
    """Return K after n answers, 1 / (1 + 0.1 n)."""
    return STEP / (1 + SLOWING * n)


def update(learner: Rating, item: Rating, correct: bool) -> tuple[Rating, Rating]:
    """Return both ratings after one answer."""
    surprise = (1.0 if correct else 0.0) - chance(learner, item)
    return (
        Rating(learner.value + step(learner.n) * surprise, learner.n + 1),
        Rating(item.value - step(item.n) * surprise, item.n + 1),
    )


def replay(answers: Iterable[tuple[str, str, bool]]) -> tuple[dict[str, Rating], dict[str, Rating]]:
    """Return the ratings of learners and of items after (learner, item, correct) in the order of time."""
    learners: dict[str, Rating] = {}
    items: dict[str, Rating] = {}
    for learner, item, correct in answers:
        learners[learner], items[item] = update(learners.get(learner, Rating()), items.get(item, Rating()), correct)
    return learners, items
