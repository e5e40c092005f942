"""Scores over time."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

WINDOW = 5


@dataclass(frozen=True, slots=True)
class Average:
    """A moving average at one point: the share, and how much it rests on."""

    share: float
    scored: int
    blocks: int


def moving_average(scores: Iterable[tuple[int, int]], window: int = WINDOW) -> list[Average | None]:
    """Return, for each (correct, scored) in the order of time, the average over the last ``window`` of them.

    Weighted by scored items: the sum of correct over the sum of scored. Near the start it rests on the
    points there are; ``blocks`` says how many. A point with nothing scored takes no place in the window, and
    its average is that of the points before it, None where there is none. One pass, O(points).

    Raises ValueError when the window is below 1 or a point is not 0 <= correct <= scored.
    """
    if window < 1:
        raise ValueError("the window must hold at least one point")
    kept: deque[tuple[int, int]] = deque()
    averages: list[Average | None] = []
    right = asked = 0
    for correct, scored in scores:
        if not 0 <= correct <= scored:
            raise ValueError(f"{correct} of {scored} is no score")
        if scored:
            kept.append((correct, scored))
            right, asked = right + correct, asked + scored
            if len(kept) > window:
                old_correct, old_scored = kept.popleft()
                right, asked = right - old_correct, asked - old_scored
        averages.append(Average(right / asked, asked, len(kept)) if asked else None)
    return averages
