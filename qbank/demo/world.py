"""A simulated world: learners of known ability, items of known difficulty, and what happens when they meet. Pure.

Everything comes from the seed, in an order that does not depend on anything else. A learner answers right with the
chance 1 / (1 + exp(-a (theta - b))), theta ~ N(0, 1) and constant; the seconds of an answer are lognormal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import exp
from random import Random

ITEMS_A_BLOCK = 20
SECONDS_AN_ITEM = 90
PRETEST_A_BLOCK = 2
BLOCKS_A_MONTH = 1.6
OPTION_PULL = (0.55, 0.3, 0.15)  # how wrong answers fall on the distractors, the most attractive first
TUTOR_SHARE, UNTIMED_SHARE = 0.25, 0.2
CONFIDENCES = ("guess", "unsure", "fairly", "sure")
REASONS = ("did_not_know", "misread", "wrong_reasoning", "no_time", "guessed")


@dataclass(frozen=True, slots=True)
class Size:
    """How large the demo is. ``until`` is the day after the last block."""

    learners: int
    months: int
    items: int
    seed: int
    until: datetime


@dataclass(frozen=True, slots=True)
class Learner:
    """One simulated learner: true ability, pace (1: average), share of answers with a confidence, blocks taken."""

    number: int
    theta: float
    pace: float
    says: float
    blocks: int


@dataclass(frozen=True, slots=True)
class TrueItem:
    """The truth of one item, P = 1 / (1 + exp(-a (theta - b)))."""

    a: float
    b: float
    seconds: float  # of an average learner

    def chance(self, theta: float) -> float:
        """Return the chance of a right answer."""
        z = self.a * (theta - self.b)
        return 1 / (1 + exp(-z)) if z >= 0 else exp(z) / (1 + exp(z))


@dataclass(frozen=True, slots=True)
class Response:
    """What a learner does with an item, before any clock cuts it short. Places are those of options; 0 is the key."""

    first: int | None  # the choice before it was changed; None: never changed
    final: int | None  # None: left out
    seconds: int
    confidence: str | None
    marked: bool
    reason: str | None  # for a miss


def source(seed: int, what: str) -> Random:
    """Return the source of chance of one part of the world."""
    return Random(f"{seed}:{what}")  # noqa: S311  a simulation that can be repeated, no secret


def learners(size: Size) -> list[Learner]:
    """Return the learners, whose abilities are a sample of N(0, 1)."""
    rng = source(size.seed, "learners")
    usual = max(1.0, size.months * BLOCKS_A_MONTH)
    return [
        Learner(
            number, rng.gauss(0, 1), rng.lognormvariate(0, 0.2), rng.choice((0.0, 0.5, 0.9)),
            max(1, round(usual * rng.uniform(0.7, 1.3))),
        )
        for number in range(1, size.learners + 1)
    ]  # fmt: skip


def true_items(size: Size, count: int) -> list[TrueItem]:
    """Return the truth of so many items, a lognormal around 1.1, b ~ N(-0.4, 1)."""
    rng = source(size.seed, "items")
    return [
        TrueItem(min(2.5, max(0.4, rng.lognormvariate(0.1, 0.3))), rng.gauss(-0.4, 1.0), rng.uniform(40, 70))
        for _item in range(count)
    ]


def starts(learner: Learner, size: Size) -> list[datetime]:
    """Return when the learner's blocks begin, in order, at least a day apart, in the months before ``until``."""
    rng = source(size.seed, f"days of {learner.number}")
    span = max(learner.blocks, round(size.months * 30.4))
    days = sorted(rng.sample(range(1, span + 1), learner.blocks), reverse=True)
    return [
        size.until - timedelta(days=day) + timedelta(minutes=rng.randrange(6 * 60, 20 * 60), seconds=rng.randrange(60))
        for day in days
    ]


def respond(learner: Learner, item: TrueItem, options: int, rng: Random) -> Response:
    """Return one response. Hesitation goes with the chance: sure where it is high, changed where it is near even."""
    chance = item.chance(learner.theta)
    right = rng.random() < chance
    seconds = max(3, round(item.seconds * learner.pace * rng.lognormvariate(0, 0.45)))
    if rng.random() < 0.01:
        return Response(None, None, seconds, None, False, None)
    pull = OPTION_PULL[: options - 1]
    final = 0 if right else 1 + rng.choices(range(len(pull)), pull)[0]
    first = None
    if rng.random() < 0.25 * (1 - abs(2 * chance - 1)):
        first = rng.choice([place for place in range(options) if place != final])
    level = min(3, max(0, round(3 * (chance + rng.gauss(0.05 if right else -0.05, 0.2)))))
    says = CONFIDENCES[level] if rng.random() < learner.says else None
    reason = None if right or rng.random() > 0.4 else rng.choices(REASONS, (5, 2, 3, 1, 2))[0]
    return Response(first, final, seconds, says, rng.random() < 0.08, reason)


def draw(waiting: list[int], again: Sequence[int], count: int, rng: Random) -> list[int]:
    """Take ``count`` items off those not yet seen; where they do not last, seen ones follow, none twice."""
    taken = [waiting.pop() for _ in range(min(count, len(waiting)))]
    short = count - len(taken)
    if short > 0:
        others = [item for item in again if item not in set(taken)]
        taken += rng.sample(others, min(short, len(others)))
    return taken
