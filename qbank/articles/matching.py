"""Which statement of an older revision is which statement of a newer one. Pure.

Statements that read alike are matched first, in order, wherever they stand; of the others the most similar pairs,
the most alike first. What is left over was dropped, or is new.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from rapidfuzz import fuzz
from rapidfuzz.distance import Indel

# Half the words and letters in the same order: below that two statements merely share a subject.
ALIKE = 0.5
# What keeps a comparison within seconds, whatever is loaded: of two long lists that have nothing in common each
# statement is compared with those near its place only, and of an endless statement the beginning is.
MAX_PAIRS = 250_000
MAX_CHARS = 1_000

# Not the signs of comparison, per cent, plus and minus: those are what a statement says.
_PUNCTUATION = re.compile(r"[,;:!?\"'\u2018\u2019\u201c\u201d`*_()\[\]{}]|[.-](?!\d)")
_DASHES = str.maketrans(dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212", "-"))
# Pairs that share fewer letters in order than this are not worth a look at their words.
_FAR = 40.0


class Change(StrEnum):
    """What became of a statement."""

    UNCHANGED = "unchanged"
    CHANGED = "changed"
    NEW = "new"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True)
class Saying:
    """What a statement says: its text, and the line that leads to it."""

    text: str
    lead_in: str = ""


@dataclass(frozen=True, slots=True)
class Pair:
    """A statement in both lists, by its places there; ``old`` is None for a new one, ``new`` for a dropped one."""

    change: Change
    old: int | None
    new: int | None


def normalised(text: str) -> str:
    """Return a text without what does not change its meaning: case, white space, forms of dashes, punctuation.

    Numbers keep their points and their minus. Superscripts stay what they are: ten to the ninth is not 109.
    """
    folded = unicodedata.normalize("NFC", text).casefold().translate(_DASHES)
    return " ".join(_PUNCTUATION.sub(" ", folded).split())


def match(old: Sequence[Saying], new: Sequence[Saying]) -> tuple[Pair, ...]:
    """Return every statement of both lists once, in the order of the newer; a dropped one follows its neighbour."""
    before = [_reading(each) for each in old]
    after = [_reading(each) for each in new]
    partner = _equal(before, after)
    taken = set(partner.values())
    left = [place for place in range(len(old)) if place not in partner]
    right = [place for place in range(len(new)) if place not in taken]
    alike = _similar(left, right, [text for text, _lead in before], [text for text, _lead in after])
    return tuple(_in_order(partner, alike, len(old), len(new)))


def _reading(saying: Saying) -> tuple[str, str]:
    return normalised(saying.text), normalised(saying.lead_in)


def _equal(before: list[tuple[str, str]], after: list[tuple[str, str]]) -> dict[int, int]:
    """Return the places of statements that read alike, the first with the first, the second with the second."""
    waiting: dict[tuple[str, str], deque[int]] = defaultdict(deque)
    for place, reading in enumerate(after):
        waiting[reading].append(place)
    return {place: waiting[reading].popleft() for place, reading in enumerate(before) if waiting.get(reading)}


def similarity(one: str, other: str) -> float:
    """Return how alike two normalised texts are, from 0 to 1: the mean over their letters and over their words."""
    one, other = one[:MAX_CHARS], other[:MAX_CHARS]
    letters = fuzz.ratio(one, other, score_cutoff=_FAR) / 100
    if not letters:
        return 0.0
    return (letters + Indel.normalized_similarity(one.split(), other.split())) / 2


def _similar(left: list[int], right: list[int], before: list[str], after: list[str]) -> dict[int, int]:
    """Return the most similar of the places that are left, each used once."""
    scored = []
    for at, old, new in _candidates(left, right):
        score = similarity(before[old], after[new])
        if score >= ALIKE:
            scored.append((-score, at, old, new))
    found: dict[int, int] = {}
    used: set[int] = set()
    for _score, _at, old, new in sorted(scored):
        if old not in found and new not in used:
            found[old] = new
            used.add(new)
    return found


def _candidates(left: list[int], right: list[int]) -> Iterator[tuple[int, int, int]]:
    """Yield the pairs to look at, with how far apart they stand in what is left of either list."""
    if not left or not right:
        return
    reach = max(1, MAX_PAIRS // (2 * len(left)))
    for order, old in enumerate(left):
        middle = order * len(right) // len(left)
        whole = len(left) * len(right) <= MAX_PAIRS
        start, end = (0, len(right)) if whole else (max(0, middle - reach), middle + reach)
        for place, new in enumerate(right[start:end], start):
            yield abs(place - middle), old, new


def _in_order(same: dict[int, int], alike: dict[int, int], old: int, new: int) -> Iterator[Pair]:
    came_from = {after: before for before, after in (same | alike).items()}
    dropped: dict[int, list[int]] = defaultdict(list)  # by the kept statement that they stood behind
    last = -1
    for place in range(old):
        if place in same or place in alike:
            last = place
        else:
            dropped[last].append(place)
    yield from (Pair(Change.DROPPED, place, None) for place in dropped[-1])
    for place in range(new):
        before = came_from.get(place)
        if before is None:
            yield Pair(Change.NEW, None, place)
            continue
        yield Pair(Change.UNCHANGED if before in same else Change.CHANGED, before, place)
        yield from (Pair(Change.DROPPED, each, None) for each in dropped[before])
