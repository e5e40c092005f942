"""The chance of reaching a cut on a form of this bank, from weighted answers to calibrated items.

Nothing here knows a real exam: without outcomes of one, a forecast is of a form drawn from this bank, no more.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import pi, sqrt

import numpy as np
from numpy.typing import ArrayLike

from qbank.measurement.ability import HALF_LIFE_DAYS, Forecast, decay, forecast, posterior
from qbank.measurement.quadrature import nodes
from qbank.measurement.responses import Floats, Responses


@dataclass(frozen=True, slots=True)
class Prediction:
    """What the answers say: the ability (posterior mean and SD), and the forecast for a form of ``items`` items.

    ``needed`` is the fewest right answers that reach the cut. ``effective`` is the sum of the weights of the answers:
    as many answers of today would weigh the same.
    """

    ability: float
    spread: float
    answers: int
    effective: float
    items: int
    needed: int
    forecast: Forecast


@dataclass(frozen=True, slots=True)
class BankPrior:
    """The parameters that stand for an item of which only the bank is known. ``a`` is smaller than an item's own."""

    a: float
    d: float


def bank_prior(a: ArrayLike, d: ArrayLike) -> BankPrior:
    """Return what an item without a calibration is taken for, from those that have one, shape (items,).

    Its intercept is as uncertain as the bank's intercepts are spread. A logistic curve averaged over a normal
    intercept with mean m and variance v is close to the logistic with a and m divided by sqrt(1 + pi v / 8)
    (D. J. C. MacKay, Neural Computation 4, 1992, 720-736), so such an answer says less of the ability and leaves
    the posterior wider. Raises ValueError where no item is calibrated.
    """
    slopes, intercepts = np.asarray(a, dtype=np.float64), np.asarray(d, dtype=np.float64)
    if not len(slopes) or len(slopes) != len(intercepts):
        raise ValueError("a prior needs a and d of at least one calibrated item")
    flat = sqrt(1 + pi * float(intercepts.var()) / 8)
    return BankPrior(float(slopes.mean()) / flat, float(intercepts.mean()) / flat)


def filled(a: ArrayLike, d: ArrayLike, prior: BankPrior) -> tuple[Floats, Floats]:
    """Return a and d, shape (items,), with the prior's where they are NaN."""
    slopes, intercepts = np.asarray(a, dtype=np.float64), np.asarray(d, dtype=np.float64)
    unknown = ~(np.isfinite(slopes) & np.isfinite(intercepts))
    return np.where(unknown, prior.a, slopes), np.where(unknown, prior.d, intercepts)


def typical_form(a: Floats, d: Floats, count: int) -> tuple[Floats, Floats]:
    """Return a and d of ``count`` items that are as hard as the bank, shape (count,).

    The items are put in the order of their chance at ability 0 and taken at even steps, so that the form has the
    bank's spread of difficulty and no luck of a draw; a form longer than the bank takes items more than once.
    Raises ValueError for an empty bank or form.
    """
    if not len(a) or count < 1:
        raise ValueError("a form needs a bank with items and at least one place")
    order = np.lexsort((a, d))
    steps = order[((np.arange(count) + 0.5) * len(a) / count).astype(np.int64)]
    return a[steps], d[steps]


def needed_right(cut_percent: int, items: int) -> int:
    """Return the fewest right answers of ``items`` that are at least ``cut_percent`` per cent, in whole numbers."""
    return -(-cut_percent * items // 100)


def predict(
    correct: ArrayLike,
    a: ArrayLike,
    d: ArrayLike,
    age_days: ArrayLike,
    form: tuple[Floats, Floats],
    cut_percent: int,
    *,
    half_life: float = HALF_LIFE_DAYS,
) -> Prediction:
    """Return the ability and the chance of at least ``cut_percent`` per cent right on the form.

    ``correct`` (0 or 1), ``a``, ``d`` and ``age_days`` have shape (answers,), one answer a place; ``form`` is a and d,
    shape (items,) each. An answer weighs 2^(-age / half-life). Chance and limits of the score are averages over the
    whole posterior of the ability (Lord-Wingersky recursion); the limits of the chance are its values at the 2.5 % and
    97.5 % points of the ability. Raises ValueError for other shapes.
    """
    right = np.asarray(correct, dtype=np.float64)
    slopes, intercepts = np.asarray(a, dtype=np.float64), np.asarray(d, dtype=np.float64)
    weights = decay(age_days, half_life)
    if not right.shape == slopes.shape == intercepts.shape == weights.shape or right.ndim != 1:
        raise ValueError("give each answer one a, one d and one age")
    spread_over = posterior(Responses.from_dense(right[None, :]), slopes, intercepts, weights=weights)[0]
    ability = float(spread_over @ nodes())
    needed = needed_right(cut_percent, len(form[0]))
    return Prediction(
        ability=ability,
        spread=sqrt(max(0.0, float(spread_over @ nodes() ** 2) - ability**2)),
        answers=len(right),
        effective=float(weights.sum()),
        items=len(form[0]),
        needed=needed,
        forecast=forecast(spread_over, form[0], form[1], needed),
    )
