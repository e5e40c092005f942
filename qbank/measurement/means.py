"""The mean of a measure such as seconds, from its sums, with its interval."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

from scipy.special import stdtrit


@dataclass(frozen=True, slots=True)
class Mean:
    """A mean, the number of values behind it, and its interval; without one where it rests on one value."""

    value: float
    n: int
    low: float | None
    high: float | None


def mean(n: int, total: float, squares: float, confidence: float = 0.95) -> Mean | None:
    """Return the mean of n values from their sum and their sum of squares; None for no value.

    The interval is Student's: mean +- t s / sqrt(n) with n - 1 degrees of freedom, cut off at 0, since times and
    counts are not negative. Raises ValueError for a negative n or a confidence outside 0 to 1.
    """
    if n < 0 or not 0 < confidence < 1:
        raise ValueError(f"{n} values and a confidence of {confidence} give no mean")
    if n == 0:
        return None
    value = total / n
    if n == 1:
        return Mean(value, n, None, None)
    spread = max(0.0, (squares - n * value * value) / (n - 1))  # rounding may leave it a hair below 0
    reach = float(stdtrit(n - 1, 0.5 + confidence / 2)) * sqrt(spread / n)
    return Mean(value, n, max(0.0, value - reach), value + reach)
