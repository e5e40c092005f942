"""Differential item functioning: is an item harder for one group than for another of the same ability?"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from math import log, sqrt

import numpy as np
from scipy import stats

from qbank.measurement.responses import Booleans, Floats, Indices, Responses

_BANDS = 10  # of persons, where there is no common number right to match on
_CELLS = 50_000_000  # the counts of items x strata are kept at once


class EtsClass(StrEnum):
    """Negligible, moderate, large."""

    A = "A"
    B = "B"
    C = "C"


@dataclass(frozen=True, slots=True)
class MantelHaenszel:
    """Mantel-Haenszel result of one item; ``None`` in its place where a group or a margin is empty."""

    odds_ratio: float
    delta: float  # -2.35 log of the odds ratio; negative: harder for the focal group
    standard_error: float  # of delta
    chi_square: float  # with continuity correction, 1 degree
    p_value: float
    ets_class: EtsClass


@dataclass(frozen=True, slots=True)
class LogisticDif:
    """Logistic regression result of one item."""

    uniform_chi_square: float  # group added to the score, 1 degree
    uniform_p: float
    nonuniform_chi_square: float  # their product added, 1 degree
    nonuniform_p: float
    r2_change: float  # Nagelkerke's, from score alone to all three
    size: EtsClass


def strata_of(responses: Responses, score: Floats | None = None) -> Indices:
    """Return each person's stratum, shape (persons,), numbered from 0.

    One for each number right on a form that all took; otherwise ten bands of equal size of ``score`` (an ability),
    or of the share right.
    """
    if score is None and responses.complete:
        return np.unique(responses.totals(), return_inverse=True)[1].astype(np.intp)
    if score is None:
        score = responses.totals() / np.maximum(responses.taken(), 1)
    limits = np.quantile(score, np.linspace(0, 1, _BANDS + 1)[1:-1]) if len(score) else np.zeros(0)
    return np.searchsorted(limits, score, side="right").astype(np.intp)


def mantel_haenszel(
    responses: Responses, focal: Booleans, strata: Indices | None = None
) -> list[MantelHaenszel | None]:
    """Return the Mantel-Haenszel result of every item, reference group against ``focal`` (a mask of persons).

    In stratum s the reference group has A right and B wrong, the focal group C and D, N together. Odds ratio
    sum(A D / N) / sum(B C / N); chi-square (|sum A - sum E(A)| - 0.5)^2 / sum var(A) (N. Mantel and W. Haenszel,
    Journal of the National Cancer Institute 22, 1959, 719-748); the variance of the log odds ratio after J. Robins,
    N. Breslow and S. Greenland (Biometrics 42, 1986, 311-323). ETS classes: A when delta is below 1 in size or not
    significantly different from 0, C when it is at least 1.5 and significantly above 1, else B.
    Raises ValueError when the mask or the strata have not one entry a person.
    """
    groups = strata_of(responses) if strata is None else strata
    _check(responses, focal, groups)
    count = int(groups.max()) + 1 if len(groups) else 1
    if responses.items * count * 4 > _CELLS:
        raise ValueError(f"{responses.items} items by {count} strata are too many: use fewer strata")
    place = (responses.item * count + groups[responses.person]) * 4
    place = place + 2 * focal[responses.person] + (responses.cell & 1)
    tables = np.bincount(place, minlength=responses.items * count * 4).reshape(responses.items, count, 2, 2)
    return [_one_item(table.astype(np.float64)) for table in tables]


def _check(responses: Responses, focal: Booleans, strata: Indices | Floats) -> None:
    if len(focal) != responses.persons or len(strata) != responses.persons:
        raise ValueError(f"{len(focal)} group marks and {len(strata)} strata for {responses.persons} persons")


def _one_item(table: Floats) -> MantelHaenszel | None:
    """``table`` has shape (strata, group, wrong or right)."""
    table = table[table.sum(axis=(1, 2)) > 1]
    b, a, d, c = table[:, 0, 0], table[:, 0, 1], table[:, 1, 0], table[:, 1, 1]
    n = a + b + c + d
    up, down = float((a * d / n).sum()), float((b * c / n).sum())
    spread = float(((a + b) * (c + d) * (a + c) * (b + d) / (n**2 * (n - 1))).sum())
    if up <= 0 or down <= 0 or spread <= 0:
        return None
    excess = abs(float((a - (a + b) * (a + c) / n).sum()))
    chi_square = max(0.0, excess - 0.5) ** 2 / spread
    agree, differ, right, wrong = (a + d) / n, (b + c) / n, a * d / n, b * c / n
    variance = (
        float((agree * right).sum()) / (2 * up**2)
        + float((agree * wrong + differ * right).sum()) / (2 * up * down)
        + float((differ * wrong).sum()) / (2 * down**2)
    )
    delta, error = -2.35 * log(up / down), 2.35 * sqrt(variance)
    p_value = float(stats.chi2.sf(chi_square, 1))
    return MantelHaenszel(up / down, delta, error, chi_square, p_value, _ets_class(delta, error, p_value))


def _ets_class(delta: float, error: float, p_value: float) -> EtsClass:
    if abs(delta) < 1 or p_value >= 0.05:
        return EtsClass.A
    return EtsClass.C if abs(delta) >= 1.5 and abs(delta) - 1 > 1.645 * error else EtsClass.B


def logistic_dif(responses: Responses, focal: Booleans, score: Floats | None = None) -> list[LogisticDif | None]:
    """Return the logistic regression result of every item.

    logit P = b0 + b1 S, + b2 G, + b3 S G, S the score that matches persons (shape (persons,), without it the number or
    share right), G 1 in the focal group: two likelihood ratio tests, uniform and non-uniform (H. Swaminathan and
    H. J. Rogers, Journal of Educational Measurement 27, 1990, 361-370). Size by the change of Nagelkerke's R^2
    (Biometrika 78, 1991, 691-692): A below .035, C from .07 on, and A where neither test is significant at .05
    (M. G. Jodoin and M. J. Gierl, Applied Measurement in Education 14, 2001, 329-349). None where a group is empty,
    the answers do not vary, or score and group separate them wholly. Raises ValueError as ``mantel_haenszel``.
    """
    if score is None:
        totals = responses.totals()
        score = totals if responses.complete else totals / np.maximum(responses.taken(), 1)
    _check(responses, focal, score)
    item = responses.item
    order = np.argsort(item, kind="stable")
    ends = np.cumsum(np.bincount(item, minlength=responses.items))
    parts = np.split(order, ends[:-1]) if responses.items else []
    return [_regress(score[responses.person[t]], focal[responses.person[t]], responses.cell[t] & 1) for t in parts]


def _regress(score: Floats, focal: Booleans, right: Indices) -> LogisticDif | None:
    x, group = right.astype(np.float64), focal.astype(np.float64)
    if not 0 < x.sum() < len(x) or not 0 < group.sum() < len(x) or score.std() == 0:
        return None
    s = (score - score.mean()) / score.std()
    design = np.stack([np.ones_like(s), s, group, s * group], axis=1)
    fits = [_log_likelihood(design[:, :width], x) for width in (1, 2, 3, 4)]
    if any(fit is None for fit in fits):
        return None
    null, one, two, three = (float(fit) for fit in fits if fit is not None)
    uniform, product = max(0.0, 2 * (two - one)), max(0.0, 2 * (three - two))
    change = max(0.0, _nagelkerke(three, null, len(x)) - _nagelkerke(one, null, len(x)))
    p_uniform, p_product = float(stats.chi2.sf(uniform, 1)), float(stats.chi2.sf(product, 1))
    significant = min(p_uniform, p_product) < 0.05
    size = EtsClass.A if change < 0.035 or not significant else EtsClass.B if change < 0.07 else EtsClass.C
    return LogisticDif(uniform, p_uniform, product, p_product, change, size)


def _log_likelihood(design: Floats, x: Floats) -> float | None:
    """Return the greatest log-likelihood, by Newton's method; None where there is no finite maximum."""
    beta = np.zeros(design.shape[1])
    for _ in range(50):
        p = 1 / (1 + np.exp(-np.clip(design @ beta, -35, 35)))
        weight = p * (1 - p)
        information = design.T @ (design * weight[:, None])
        if np.linalg.cond(information) > 1e12:
            return None
        move = np.linalg.solve(information, design.T @ (x - p))
        beta = beta + np.clip(move, -3, 3)
        if np.abs(move).max() < 1e-9:
            z = design @ beta
            return float((x * z - np.logaddexp(0, z)).sum())
    return None


def _nagelkerke(fitted: float, null: float, n: int) -> float:
    return float(-np.expm1(2 * (null - fitted) / n) / -np.expm1(2 * null / n))
