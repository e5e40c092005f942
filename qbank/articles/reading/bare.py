"""Bare trailing numbers: ``... in response to therapy 1, 3``. Most numbers at the end of a line are none.

A number list is taken for a citation only where it closes a statement, is small enough for the reference
list, and stands behind a word that does not itself call for a number ("over 50", "type 2", "score of 3").
"""

from __future__ import annotations

import re

from qbank.articles.reading.markers import Mark, expand_numbers
from qbank.articles.reading.vocabulary import words

_TRAILING = re.compile(r"\s(\d{1,3}(?:\s?[,–-]\s?\d{1,3}){0,20})[.]?$")
_AFTER_STOP = re.compile(
    r"[.!?][\"'”’)]{0,2}(?:\s|(?<=[^\W\d_][.])|(?<=[%)][.]))(\d{1,3}(?:\s?[,–-]\s?\d{1,3}){0,20})$"
)
_CALLS_FOR_A_NUMBER = words(
    # comparison, place, time
    "about above after approximately around at before below beneath beyond between by circa down during equals"
    " every exceeding exceeds for from in into least less more most nearly of on over per plus minus than times"
    " to toward towards under until up versus vs with within without and or nor but the a an"
    # age, degree, kind, place in a series
    " age aged ages box case category chapter class cohort column cycle day days dose example exhibit figure fig"
    " footnote grade group item level line month months no nos number numbers page part phase point points"
    " question reference rule score scores scale section stage step table tables tier trimester type types"
    " version visit week weeks year years zone"
    # verbs that give a value
    " is was are were be been equal equaled had has have reached reaches averaged averages totalled totaled"
    " remained became scored scores approximates"
    # names that end in a number
    " interleukin il brca her cov covid hiv hpv glp sglt pd cd omega factor collagen complement apolipoprotein"
    " calbindin cox cyp fgf tgf igf vegf sirt smad foxp vitamin"
)
# a time that is complete: "for 3 months 1", "2 g per day 1", where "on day 1" would be no citation
_WHOLE_TIME = re.compile(
    r"\b(?:\d{1,3}|per|a|each|every|two|three|four|five|six|several)\s+(?:days?|weeks?|months?|years?)$", re.IGNORECASE
)
_WORD_BEFORE = re.compile(r"(\S+)\s*$")
_OPERATOR_AT_END = tuple("<>=≤≥±×~+/:,–—-(&·")
_VITAMIN_B = re.compile(r"\bvitamins?\s+b$", re.IGNORECASE)
_SLACK = 10  # how far a marker may lie beyond the reference list and still be one (its entry is missing)
_LEAST = 20


def highest_marker(entries: int, printed: list[int]) -> int:
    """Return the largest bare number that may be a citation, for a list of so many entries."""
    return max([_LEAST, entries + _SLACK, *(n + _SLACK for n in printed)])


def _may_follow(before: str) -> bool:
    found = _WORD_BEFORE.search(before[-80:])
    if not found or before.rstrip().endswith(_OPERATOR_AT_END) or _VITAMIN_B.search(before[-12:].rstrip()):
        return False
    if _WHOLE_TIME.search(before[-40:].rstrip()):
        return True
    word = found.group(1).strip("()[]\"'“”‘’").lower().rstrip(".,;")
    return word not in _CALLS_FOR_A_NUMBER


def find_bare(text: str, highest: int) -> Mark | None:
    """Return the bare marker that closes ``text``, or None.

    Behind a full stop any number up to ``highest`` is a marker; without one the word before decides.
    """
    tail_from = max(0, len(text) - 160)
    tail = text[tail_from:]
    match = _AFTER_STOP.search(tail)
    closed = match is not None
    match = match or _TRAILING.search(tail)
    if match is None:
        return None
    numbers = expand_numbers(match.group(1))
    before = tail[: match.start(1)]
    if not numbers or int(numbers[-1]) > highest or max(map(int, numbers)) > highest:
        return None
    if not re.search(r"[^\W\d_]", before) or (not closed and not _may_follow(before)):
        return None
    return Mark(tail_from + match.start(1), tail_from + match.end(1), numbers, "bare")
