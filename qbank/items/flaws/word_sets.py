"""How alike two questions are by their words, and which words of a question find its likes. Pure.

A set of words is a row of different numbers. Source of the measure: P. Jaccard, Etude comparative de la distribution
florale, 1901 (shared words over all words).
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence

SIMILAR = 0.8  # shared words over all words of two questions
MIN_WORDS = 4  # a shorter question is like too many


def shared(one: frozenset[int] | set[int], other: Collection[int]) -> float:
    """Return the Jaccard index of two sets of words, from 0 to 1; ``other`` holds each word once."""
    common = len(one.intersection(other))
    union = len(one) + len(other) - common
    return common / union if union else 0.0


def may_be_alike(one: int, other: int) -> bool:
    """Say whether sets of so many words are near enough in size to share `SIMILAR` of them."""
    return SIMILAR * max(one, other) <= min(one, other)


def finding_words(rare_first: Sequence[int]) -> Sequence[int]:
    """Return the rarest words of a set: two sets as alike as `SIMILAR` have one of these in common."""
    return rare_first[: len(rare_first) - math.ceil(SIMILAR * len(rare_first)) + 1]
