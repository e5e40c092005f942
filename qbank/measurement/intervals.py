"""Intervals for a share: how far the true value may be from the one observed."""

from __future__ import annotations

from functools import cache
from math import sqrt
from statistics import NormalDist


@cache
def _quantile(confidence: float) -> float:
    return NormalDist().inv_cdf(0.5 + confidence / 2)


def wilson(k: int, n: int, confidence: float = 0.95) -> tuple[float, float]:
    """Return the Wilson score interval of the share k / n, as two shares from 0 to 1.

    With z the normal quantile and p = k / n:
    (p + z²/2n ± z sqrt(p(1 - p)/n + z²/4n²)) / (1 + z²/n), clipped to 0 and 1 where rounding leaves them
    (E. B. Wilson, "Probable inference, the law of succession, and statistical inference", Journal of the
    American Statistical Association 22, 1927, 209-212). Unlike p ± 1.96 SE it stays inside 0 to 1 and is of
    use at 0 and n successes.

    Raises ValueError when n is below 1, k is not within 0 to n, or the confidence is not inside 0 to 1.
    """
    if n < 1 or not 0 <= k <= n:
        raise ValueError(f"{k} of {n} is no share: k must be 0 to n, n at least 1")
    if not 0 < confidence < 1:
        raise ValueError(f"a confidence of {confidence} is not between 0 and 1")
    z = _quantile(confidence)
    share, spread = k / n, z * z / n
    centre = share + spread / 2
    reach = z * sqrt(share * (1 - share) / n + spread / (4 * n))
    low = 0.0 if k == 0 else max(0.0, (centre - reach) / (1 + spread))
    high = 1.0 if k == n else min(1.0, (centre + reach) / (1 + spread))
    return low, high
