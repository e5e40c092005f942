"""Score bands: three words for a percentage."""

from __future__ import annotations

from enum import StrEnum


class Band(StrEnum):
    """Where a score lies against the two limits."""

    LOW = "low"
    MIDDLE = "middle"
    HIGH = "high"


def band(correct: int, scored: int, low: float = 60.0, high: float = 70.0) -> Band:
    """Return the band of a score: below ``low`` per cent, from there to below ``high``, or at least ``high``.

    Compared by multiplication, so that 3 of 5 is 60 % and not a hair less. Raises ValueError for no score.
    """
    if scored < 1 or not 0 <= correct <= scored:
        raise ValueError(f"{correct} of {scored} is no score")
    if 100 * correct < low * scored:
        return Band.LOW
    return Band.MIDDLE if 100 * correct < high * scored else Band.HIGH
