"""Reliability of one fixed form that all persons took. For a bank, see the empirical reliability of abilities."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np
from scipy import stats

from qbank.measurement.classical import ItemTable
from qbank.measurement.responses import Floats, Responses


@dataclass(frozen=True, slots=True)
class FormStatistics:
    """The figures of a form; None where they do not exist."""

    mean: float | None  # of the number right
    sd: float | None  # denominator N - 1
    alpha: float | None  # equal to KR-20 on 0/1 scores
    alpha_low: float | None
    alpha_high: float | None
    kr21: float | None
    sem: float | None  # with the standard deviation of denominator N - 1
    sem_population: float | None  # with denominator N
    split_half: float | None
    spearman_brown: float | None


def form_statistics(responses: Responses) -> FormStatistics:
    """Return the figures of a form. All but mean and SD are None unless every person took every item."""
    totals = responses.totals()
    n, k = responses.persons, responses.items
    mean = float(totals.mean()) if n else None
    sd = float(totals.std(ddof=1)) if n > 1 else None
    if mean is None or sd is None or not responses.complete:
        return FormStatistics(mean, sd, None, None, None, None, None, None, None, None)
    reliability = alpha(responses)
    low, high = feldt_interval(reliability, n, k) if reliability is not None else (None, None)
    half = split_half(responses)
    return FormStatistics(
        mean,
        sd,
        reliability,
        low,
        high,
        kr21(mean, float(totals.var()), k),
        standard_error(sd, reliability),
        standard_error(float(totals.std()), reliability),
        half,
        spearman_brown(half),
    )


def alpha(responses: Responses) -> float | None:
    """Return Cronbach's alpha, on 0/1 scores the same as KR-20: k/(k-1) (1 - sum of s_i^2 / s_X^2).

    (G. F. Kuder and M. W. Richardson, Psychometrika 2, 1937, 151-160; L. J. Cronbach, Psychometrika 16, 1951,
    297-334.) Both variances have the denominator N; with N - 1 in both the quotient is the same. None for fewer than
    two items or persons, no spread in the totals, or where not everybody took everything.
    """
    k = responses.items
    if not responses.complete or k < 2 or responses.persons < 2:
        return None
    spread = float(responses.totals().var())
    if spread <= 0:
        return None
    p = responses.by_cell()[:, 1] / responses.persons
    return float(k / (k - 1) * (1 - (p * (1 - p)).sum() / spread))


def alpha_if_deleted(responses: Responses, table: ItemTable) -> Floats:
    """Return alpha of the form without each item, shape (items,); NaN where it does not exist.

    The variance of the rest score is that of the shorter form's total, so no second count is needed.
    """
    k = responses.items - 1
    if not responses.complete or k < 2 or responses.persons < 2:
        return np.full(responses.items, np.nan)
    own = table.p * (1 - table.p)
    spread = np.where(table.rest_variance > 0, table.rest_variance, np.nan)
    shorter: Floats = k / (k - 1) * (1 - (own.sum() - own) / spread)
    return shorter


def kr21(mean: float, variance: float, items: int) -> float | None:
    """Return KR-21, k/(k-1) (1 - M(k - M) / (k s^2)), s^2 with denominator N.

    It takes all items as equally hard, so it is at most KR-20 (Kuder and Richardson, 1937). None for fewer than two
    items or no spread.
    """
    if items < 2 or variance <= 0:
        return None
    return items / (items - 1) * (1 - mean * (items - mean) / (items * variance))


def standard_error(sd: float, reliability: float | None) -> float | None:
    """Return the standard error of measurement in items, s sqrt(1 - reliability); None without a reliability."""
    return None if reliability is None else sd * sqrt(max(0.0, 1 - reliability))


def conditional_sem(score: float, items: int) -> float | None:
    """Return Lord's standard error at a number right, sqrt(x (k - x) / (k - 1)).

    Binomial error (F. M. Lord, Educational and Psychological Measurement 15, 1955, 325-336). None for fewer than two
    items. Raises ValueError for a score that is not within 0 to k.
    """
    if not 0 <= score <= items:
        raise ValueError(f"{score:g} right of {items} is no score")
    return sqrt(score * (items - score) / (items - 1)) if items > 1 else None


def feldt_interval(
    reliability: float, persons: int, items: int, confidence: float = 0.95
) -> tuple[float | None, float | None]:
    """Return the interval of alpha: 1 - (1 - alpha) F at the two quantiles, with N - 1 and (N - 1)(k - 1) degrees.

    L. S. Feldt, Psychometrika 30, 1965, 357-370. (None, None) for fewer than two persons or items. Raises ValueError
    for a confidence that is not between 0 and 1.
    """
    if not 0 < confidence < 1:
        raise ValueError(f"a confidence of {confidence} is not between 0 and 1")
    if persons < 2 or items < 2:
        return None, None
    first, second = persons - 1, (persons - 1) * (items - 1)
    tail = (1 - confidence) / 2
    low, high = (float(stats.f.ppf(level, first, second)) for level in (1 - tail, tail))
    return 1 - (1 - reliability) * low, 1 - (1 - reliability) * high


def split_half(responses: Responses) -> float | None:
    """Return Pearson's r of the number right on the odd and on the even items (the first item is odd).

    None for an incomplete table, fewer than two items or persons, or a half without spread.
    """
    if not responses.complete or responses.items < 2 or responses.persons < 2:
        return None
    even_half = (responses.cell >> 1) & 1 == 1
    score = (responses.cell & 1).astype(np.float64)
    second = np.bincount(responses.person, weights=score * even_half, minlength=responses.persons)
    first = responses.totals() - second
    if first.std() == 0 or second.std() == 0:
        return None
    return float(np.corrcoef(first, second)[0, 1])


def spearman_brown(r: float | None, factor: float = 2) -> float | None:
    """Return the reliability of a form ``factor`` times as long, f r / (1 + (f - 1) r).

    C. Spearman and W. Brown, British Journal of Psychology 3, 1910, 271-295 and 296-322. None without r or where the
    formula has no value. Raises ValueError when the factor is not above 0.
    """
    if factor <= 0:
        raise ValueError(f"a form cannot be {factor} times as long")
    if r is None or 1 + (factor - 1) * r <= 0:
        return None
    return factor * r / (1 + (factor - 1) * r)


def livingston(reliability: float, mean: float, variance: float, cut: float) -> float | None:
    """Return Livingston's K2 at a cut, (alpha s^2 + (M - C)^2) / (s^2 + (M - C)^2).

    The reliability of the decision on which side of the cut C a person lies (S. A. Livingston, Journal of
    Educational Measurement 9, 1972, 13-26): alpha when the cut is the mean, more the farther it is away. None where
    there is neither spread nor distance.
    """
    far = (mean - cut) ** 2
    return (reliability * variance + far) / (variance + far) if variance + far > 0 else None
