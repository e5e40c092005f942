"""Where one score stands among others."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import floor

Score = Fraction | float


def share_below(own: Score, others: Sequence[Score]) -> float:
    """Return the share of the others that is strictly lower, from 0 to 1.

    Strictly: those with the same score are not below. Give scores as fractions, so that 13/20 and 26/40 are equal.
    Raises ValueError where there is nobody to compare with.
    """
    if not others:
        raise ValueError("there is nobody to compare with")
    return sum(other < own for other in others) / len(others)


def quantile(values: Sequence[float], level: float) -> float:
    """Return the value below which about ``level`` of the values lie, linear between the two nearest in order.

    The definition that most programs take by default (number 7 of R. J. Hyndman and Y. Fan, "Sample quantiles in
    statistical packages", The American Statistician 50, 1996, 361-365). Raises ValueError for no value or a level
    outside 0 to 1.
    """
    if not values or not 0 <= level <= 1:
        raise ValueError("a quantile needs a value, and a level from 0 to 1")
    ordered = sorted(values)
    place = level * (len(ordered) - 1)
    below = floor(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (place - below) * (ordered[above] - ordered[below])
