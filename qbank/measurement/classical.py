"""Classical item analysis: difficulty, correlation with the score, upper and lower groups.

An item's p is the mean of its 0/1 scores x. With X a person's number right and k the items taken, the rest score is
R = X - x where all took the same number of items, (X - x)/(k - 1) where they did not. What cannot be computed (too
few persons, no spread) is NaN in the arrays; ``or_none`` turns it into None for a reader.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy import special

from qbank.measurement.intervals import wilson
from qbank.measurement.responses import Floats, Indices, Responses

TAIL = 0.27  # T. L. Kelley, Journal of Educational Psychology 30, 1939, 17-24: best share under normality
_TABLE = 4_000_000  # cells of items x different scores that are counted in one table, 32 MB
_FLAT = 1e-12  # a variance below this share of the mean square is rounding, not spread


@dataclass(frozen=True, slots=True, eq=False)
class ItemTable:
    """One entry an item in each array, shape (items,); NaN where undefined."""

    n: Floats
    p: Floats
    p_low: Floats
    p_high: Floats
    r_total: Floats  # Pearson's r of x and X: it holds the item itself
    r_rest: Floats  # the corrected point-biserial: Pearson's r of x and R
    biserial: Floats
    rest_variance: Floats  # of R over the takers, denominator n


@dataclass(frozen=True, slots=True, eq=False)
class Tails:
    """The weight of each response in its item's upper and lower group, shape (responses,)."""

    upper: Floats
    lower: Floats


def or_none(value: float | np.floating) -> float | None:
    """Return the number, or None where it is not finite: JSON knows no NaN."""
    number = float(value)
    return number if np.isfinite(number) else None


def item_table(responses: Responses) -> ItemTable:
    """Return p with its Wilson interval and the correlations of every item.

    r_rest = cov(x, R) / (s_x s_R) over the takers of the item; r_total the same with X (X / k where persons took
    different numbers of items). Five passes over the responses when all took equally many, two more when not.
    """
    totals, taken = responses.totals(), responses.taken()
    counts = responses.by_cell()
    n, p = counts.sum(axis=1), _divide(counts[:, 1], counts.sum(axis=1))
    r_rest, rest_variance, r_total = _score_correlations(responses, counts, totals, taken)
    low, high = _wilson(counts)
    return ItemTable(n, p, low, high, r_total, r_rest, biserial(r_rest, p, n), rest_variance)


def rest_correlation(responses: Responses) -> tuple[Floats, Floats]:
    """Return p and the corrected point-biserial only, shape (items,) each: what a large bank recomputes daily."""
    counts = responses.by_cell()
    r_rest, _, _ = _score_correlations(responses, counts, responses.totals(), responses.taken())
    return _divide(counts[:, 1], counts.sum(axis=1)), r_rest


def _score_correlations(
    responses: Responses, counts: Floats, totals: Floats, taken: Floats
) -> tuple[Floats, Floats, Floats]:
    """Return r with R, the variance of R, r with X."""
    numbers = taken[taken > 0]
    if not len(numbers):
        return (np.full(responses.items, np.nan),) * 3
    # One table of two entries a person gives R for a wrong and a right answer, so that R costs one look-up.
    table = np.stack([totals, totals - 1], axis=1)
    even = bool((numbers == numbers[0]).all())
    if not even:
        table = table / np.maximum(taken - 1, 1)[:, None]
        table[taken < 2] = np.nan  # a person of one item has no rest
    sums = _sums(responses, counts, table)
    r_rest, variance = _correlate(*sums)
    if even:  # X = R + x, so its sums follow from those of R
        n, rest, squares = sums
        lifted = np.stack([rest[:, 0], rest[:, 1] + n[:, 1]], axis=1)
        more = np.stack([squares[:, 0], squares[:, 1] + 2 * rest[:, 1] + n[:, 1]], axis=1)
        return r_rest, variance, _correlate(n, lifted, more)[0]
    share = _divide(totals, taken)
    return r_rest, variance, _correlate(*_sums(responses, counts, np.stack([share, share], axis=1)))[0]


def _sums(responses: Responses, counts: Floats, table: Floats) -> tuple[Floats, Floats, Floats]:
    """Return count, sum and sum of squares by cell of a score that a person has for a wrong and a right answer."""
    gaps = np.isnan(table)
    present = table[~gaps]
    # Moved by a number near the middle, whole if scores are whole: those stay exact, and little cancels out.
    middle = present.mean() if len(present) else 0.0
    middle = np.rint(middle) if (present == np.floor(present)).all() else middle
    values = np.where(gaps, 0.0, table - middle).ravel()
    size = 2 * responses.items
    sums, squares, missing = np.zeros(size), np.zeros(size), np.zeros(size)
    for part in responses.blocks():
        cell = responses.cell[part]
        place = responses.person[part] << 1
        place |= cell & 1
        mine = values[place]
        sums += np.bincount(cell, weights=mine, minlength=size)
        squares += np.bincount(cell, weights=np.multiply(mine, mine, out=mine), minlength=size)
        if gaps.any():
            missing += np.bincount(cell, weights=gaps.ravel()[place], minlength=size)
    shape = (responses.items, 2)
    return counts - missing.reshape(shape), sums.reshape(shape), squares.reshape(shape)


def _correlate(counts: Floats, sums: Floats, squares: Floats) -> tuple[Floats, Floats]:
    """Return Pearson's r of right and a score, and the score's variance, from sums by cell."""
    n, right = counts.sum(axis=1), counts[:, 1]
    mean, mean_square, p = _divide(sums.sum(axis=1), n), _divide(squares.sum(axis=1), n), _divide(right, n)
    variance = mean_square - mean**2
    variance = np.where(variance > _FLAT * np.maximum(mean_square, 1e-300), variance, 0.0)
    variance = np.where(n > 0, variance, np.nan)
    covariance = _divide(sums[:, 1], n) - p * mean
    return np.clip(_divide(covariance, np.sqrt(variance * p * (1 - p))), -1, 1), variance


def correlation_with(responses: Responses, score: Floats) -> Floats:
    """Return Pearson's r of each item with a score given for every response, shape (responses,).

    For the leave-one-out ability estimate, where everybody has a different block. NaN without spread.
    """
    values = score - (score.mean() if len(score) else 0.0)
    return _correlate(responses.by_cell(), responses.by_cell(values), responses.by_cell(values * values))[0]


def biserial(r: Floats, p: Floats, n: Floats) -> Floats:
    """Return the biserial correlation (M_1 - M_0) p q / (s phi(z)), z the normal quantile of p, shapes (items,).

    It corrects the point-biserial r for the cut of a normal trait into right and wrong (K. Pearson, Biometrika 7,
    1909, 96-105) and may exceed 1. The score's s has the denominator n - 1, as in the usual programs, so it equals
    r sqrt(p q) / phi(z) times sqrt((n - 1) / n). NaN where p is 0 or 1.
    """
    inside = (p > 0) & (p < 1)
    safe, many = np.where(inside, p, 0.5), np.where(inside, n, 1)
    density = np.exp(-0.5 * special.ndtri(safe) ** 2) / np.sqrt(2 * np.pi)
    return np.where(inside, r * np.sqrt(safe * (1 - safe) * (many - 1) / many) / density, np.nan)


def tail_weights(score: Floats, share: float = TAIL) -> tuple[Floats, Floats]:
    """Return each person's weight in the upper and the lower group, shape (persons,) each, summing to share * n.

    Whole score groups count from the extreme inward; the group that straddles the limit gets the fraction that is
    still needed. So nothing hangs on the order of persons with equal scores: the result is the mean over all ways
    to break the ties at random. Raises ValueError when the share is not above 0 and at most one half.
    """
    if not 0 < share <= 0.5:
        raise ValueError(f"a tail of {share} is not above 0 and at most 0.5")
    if not len(score):
        return np.zeros(0), np.zeros(0)
    _, group, sizes = np.unique(score, return_inverse=True, return_counts=True)
    upper, lower = _group_weights(sizes, share)
    return upper[group], lower[group]


def _group_weights(sizes: Indices, share: float) -> tuple[Floats, Floats]:
    """Return the weight of each score group in the upper and the lower tail; the groups rise along the last axis."""
    total = sizes.sum(axis=-1, keepdims=True)
    below = np.cumsum(sizes, axis=-1) - sizes
    above = total - below - sizes
    filled = np.maximum(sizes, 1)
    lower = np.clip((share * total - below) / filled, 0, 1)
    upper = np.clip((share * total - above) / filled, 0, 1)
    return upper, lower


def tails(responses: Responses, score: Floats | None = None, share: float = TAIL) -> Tails:
    """Return the weight of each response in the upper and lower group of those who took its item.

    ``score``, shape (persons,), sorts the persons; without it the number right, or its share where not everybody took
    everything. One sorting for a form that all took; otherwise a count over items x different scores, or, where these
    are too many for memory, one sorting an item.
    """
    if score is None:
        totals = responses.totals()
        score = totals if responses.complete else _divide(totals, responses.taken())
    if responses.complete:
        upper, lower = tail_weights(score, share)
        return Tails(upper[responses.person], lower[responses.person])
    values, group = np.unique(score, return_inverse=True)
    if responses.items * len(values) <= max(len(responses), _TABLE):
        place = responses.item * len(values) + group[responses.person]
        sizes = np.bincount(place, minlength=responses.items * len(values)).reshape(responses.items, len(values))
        upper, lower = _group_weights(sizes, share)
        return Tails(upper.ravel()[place], lower.ravel()[place])
    high, low = np.zeros(len(responses)), np.zeros(len(responses))
    for takers in _takers(responses):
        high[takers], low[takers] = tail_weights(score[responses.person[takers]], share)
    return Tails(high, low)


def _takers(responses: Responses) -> Iterator[Indices]:
    """Yield the places of the responses to each item that was taken."""
    item = responses.item
    order = np.argsort(item, kind="stable")
    ends = np.cumsum(np.bincount(item, minlength=responses.items))
    yield from (part for part in np.split(order, ends[:-1]) if len(part))


def upper_lower(responses: Responses, groups: Tails | None = None) -> Floats:
    """Return the discrimination index D = p_U - p_L of each item, shape (items,); NaN below two takers.

    p_U and p_L are the shares right in the upper and lower 27 % by score (A. P. Johnson, Journal of Educational
    Psychology 42, 1951, 499-504), ties weighted as in ``tail_weights``.
    """
    groups = groups or tails(responses)
    upper, lower = responses.by_cell(groups.upper), responses.by_cell(groups.lower)
    index = _divide(upper[:, 1], upper.sum(axis=1)) - _divide(lower[:, 1], lower.sum(axis=1))
    return np.where(responses.by_cell().sum(axis=1) >= 2, index, np.nan)


def _wilson(counts: Floats) -> tuple[Floats, Floats]:
    bounds = [wilson(int(k), int(k + wrong)) if k + wrong else (np.nan, np.nan) for wrong, k in counts]
    low, high = np.array(bounds, dtype=np.float64).reshape(-1, 2).T
    return low, high


def _divide(upper: Floats, lower: Floats) -> Floats:
    """Return the quotient, NaN where the divisor is 0."""
    result = np.full(np.broadcast(upper, lower).shape, np.nan)
    np.divide(upper, lower, out=result, where=np.asarray(lower) > 0)
    return result
