"""The choice of the next item of an adaptive block, and the estimate that it rests on. Pure.

Area first: the one whose share of the block is furthest below its target. Then, of the items that may be asked, the
five that serve the aim best, and one of these at random, so that no item is met by everybody. Ability is on the scale
of the calibration, theta ~ N(0, 1); the chance of a right answer is 1 / (1 + exp(-(a theta + d))).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import exp, log, sqrt
from random import Random

import numpy as np

from qbank.blocks.adaptive_models import Aim, Method
from qbank.measurement.elo import Rating, update
from qbank.measurement.quadrature import log_prior, log_probabilities, nodes

FIVE = 5  # items that the chance decides among
TARGET = 0.75  # expected success in practice
STOP_SE = 0.30
RATED_A = 1.0  # the slope of an item whose difficulty is a rating
Z_95 = 1.959963984540054


@dataclass(frozen=True, slots=True)
class Candidate:
    """One item that may be asked. ``rated`` is None for a calibrated item, else the answers behind its rating."""

    item_id: int
    a: float
    d: float
    rated: int | None = None


@dataclass(frozen=True, slots=True)
class Answered:
    """One answer of the block: what the item was taken for, and whether it was right."""

    a: float
    d: float
    rated: int | None
    correct: bool


@dataclass(frozen=True, slots=True)
class Estimate:
    """An ability. ``se`` is the posterior's standard deviation; None for a rating, which has none.

    ``answers`` is how many answers it rests on: those to calibrated items for EAP, the others for a rating.
    """

    method: Method
    ability: float
    se: float | None
    answers: int

    @property
    def interval(self) -> tuple[float, float] | None:
        """The 95 % interval, ability -+ 1.96 SE; None for a rating."""
        return None if self.se is None else (self.ability - Z_95 * self.se, self.ability + Z_95 * self.se)


def estimate(answers: Sequence[Answered]) -> Estimate:
    """Return the ability that the block's answers say.

    The mean and SD of the posterior (EAP) over the answers to calibrated items; until there is one, the Elo rating over
    the others. Before the first answer it is a rating of 0 from 0 answers.
    """
    measured = [answer for answer in answers if answer.rated is None]
    if not measured:
        return _rating(answers)
    a = np.array([answer.a for answer in measured])
    d = np.array([answer.d for answer in measured])
    cells = log_probabilities(a, d, nodes()).reshape(len(measured), 2, -1)
    taken = cells[np.arange(len(measured)), [int(answer.correct) for answer in measured]].sum(axis=0) + log_prior()
    weights = np.exp(taken - taken.max())
    weights /= weights.sum()
    mean = float(weights @ nodes())
    return Estimate(Method.EAP, mean, sqrt(max(0.0, float(weights @ nodes() ** 2) - mean**2)), len(measured))


def _rating(answers: Iterable[Answered]) -> Estimate:
    now = Rating()
    for answer in answers:
        now, _item = update(now, Rating(-answer.d / answer.a, answer.rated or 0), answer.correct)
    return Estimate(Method.ELO, now.value, None, now.n)


def rating_after(step: Answered, ability: float) -> Rating:
    """Return the rating of an item's difficulty after this answer by a learner of this ability."""
    _learner, item = update(Rating(ability), Rating(-step.d / step.a, step.rated or 0), step.correct)
    return item


def expected(a: float, d: float, ability: float) -> float:
    """Return the chance of a right answer at this ability."""
    z = a * ability + d
    return 1 / (1 + exp(-z)) if z >= 0 else exp(z) / (1 + exp(z))


def information(a: float, d: float, ability: float) -> float:
    """Return the item's information at this ability, a^2 P Q."""
    p = expected(a, d, ability)
    return a * a * p * (1 - p)


def areas(targets: Mapping[int, float], asked: Mapping[int, int], rng: Random) -> list[int]:
    """Return the content areas, the one with the largest shortfall first; equals in random order.

    ``targets`` are shares that sum to 1, ``asked`` is how many items of each area the block holds. The shortfall of an
    area is its share of the block with one more item, minus what it has.
    """
    total = sum(asked.values()) + 1
    order = sorted(targets)
    rng.shuffle(order)
    return sorted(order, key=lambda area: asked.get(area, 0) - targets[area] * total)


def best(candidates: Iterable[Candidate], aim: Aim, ability: float, count: int = FIVE) -> list[Candidate]:
    """Return the ``count`` candidates that serve the aim best, the best first; equals by their id.

    To measure: the most informative; only calibrated ones where there are any. To practise: those whose expected
    success is nearest to 75 %, the more informative of equals first.
    """

    def rank(item: Candidate) -> tuple[float, float, int]:
        known = information(item.a, item.d, ability)
        if aim is Aim.MEASURE:
            return (-known, 0.0, item.item_id)
        return (round(abs(expected(item.a, item.d, ability) - TARGET), 9), -known, item.item_id)

    found = list(candidates)
    if aim is Aim.MEASURE:
        found = [item for item in found if item.rated is None] or found
    return sorted(found, key=rank)[:count]


def nearest_difficulty(aim: Aim, ability: float) -> float:
    """Return the difficulty b that an item of slope 1 should have: where a large area is first looked at."""
    return ability if aim is Aim.MEASURE else ability - log(TARGET / (1 - TARGET))


def choice_source(seed: str, position: int) -> Random:
    """Return the source of chance of one step: the same for the same block and position."""
    return Random(f"{seed}:adaptive:{position}")  # noqa: S311  a choice that can be repeated, no secret


def pick(candidates: Sequence[int], seed: str, position: int) -> int:
    """Return one of these item ids: what the block's seed says for this position."""
    return choice_source(seed, position).choice(candidates)
