"""Which items must not meet in one block: they test the same fact, or one gives another away."""

from __future__ import annotations

from dataclasses import dataclass

from qbank.articles.drafting.values import Candidate
from qbank.articles.drafting.wording import content_stems, padded

TOLD = 0.7  # share of a key's words that gives it away
SAME_QUESTION = 0.6  # share of the shorter stem's content words


@dataclass(frozen=True, slots=True)
class Drafted:
    """An accepted candidate with its item id."""

    id: str
    candidate: Candidate


def enemy_sets(drafted: list[Drafted]) -> dict[str, str]:
    """Return the name of the enemy set of each item that has enemies; a set is named after its first item."""
    leader = {one.id: one.id for one in drafted}

    def root(name: str) -> str:
        while leader[name] != name:
            name = leader[name]
        return name

    for bucket in _buckets(drafted):
        for here, one in enumerate(bucket):
            for other in bucket[here + 1 :]:
                if root(one.id) != root(other.id) and _are_enemies(one.candidate, other.candidate):
                    leader[root(other.id)] = root(one.id)
    sizes: dict[str, int] = {}
    for one in drafted:
        sizes[root(one.id)] = sizes.get(root(one.id), 0) + 1
    return {one.id: f"set-{root(one.id)}" for one in drafted if sizes[root(one.id)] > 1}


def _buckets(drafted: list[Drafted]) -> list[list[Drafted]]:
    """Return the groups within which enemies can be: one fact, one statement, one key."""
    groups: dict[tuple[str, str], list[Drafted]] = {}
    for one in drafted:
        candidate = one.candidate
        for name in (
            ("fact", candidate.fact or ""),
            ("statement", candidate.statement.id),
            ("key", padded(candidate.key)),
        ):
            if name[1].strip():
                groups.setdefault(name, []).append(one)
    return list(groups.values())


def _are_enemies(one: Candidate, other: Candidate) -> bool:
    if one.fact is not None and one.fact == other.fact:
        return True
    if one.statement.id == other.statement.id:
        overlap = one.start < other.end and other.start < one.end
        return overlap or _tells(one, other) or _tells(other, one)
    return padded(one.key) == padded(other.key) and _alike(one.stem, other.stem)


def _tells(one: Candidate, other: Candidate) -> bool:
    """Return whether the first item's stem holds the second's key, or nearly all of its words."""
    if padded(other.key).strip() and padded(other.key) in padded(one.stem):
        return True
    words = set(content_stems(other.key))
    return len(words) >= 4 and len(words & set(content_stems(one.stem))) / len(words) >= TOLD


def _alike(first: str, second: str) -> bool:
    one, two = set(content_stems(first)), set(content_stems(second))
    small = min(len(one), len(two))
    return small > 0 and len(one & two) / small >= SAME_QUESTION
