"""The place where a text holds what was searched for, with the hits marked. Pure.

The text is folded word by word, so that what is shown is the text as it was written.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from markupsafe import Markup

from qbank.search.folding import tokens
from qbank.search.words import Term, Wanted

BEFORE, LENGTH = 50, 180  # characters shown before the first hit, and altogether
MOST_PARTS = 5  # of a compound
SCANNED = 20_000  # characters of one text that are looked through
# Markdown's own signs; links keep their text.
_MARKS = re.compile(r"[*`]+|^[ \t]*[#>]+|\[(?=[^\]\n]{0,500}\]\()|\]\([^)\n]{0,500}\)|</?su[bp]>", re.MULTILINE)
_WORD = re.compile(r"[^\W_]+(?:[\u0300-\u036f][^\W_]*)*")

Span = tuple[int, int]


def snippet(texts: Iterable[str], wanted: Wanted) -> Markup | None:
    """Return an excerpt of the first text that holds a searched word, as safe HTML with ``<mark>`` around the hits.

    None where no text holds any: the hit is in a version that is not shown.
    """
    for text in texts:
        plain = " ".join(_MARKS.sub("", text[:SCANNED]).split())
        if spans := list(hits(plain, wanted)):
            return _excerpt(plain, spans)
    return None


def marked(text: str, wanted: Wanted) -> Markup:
    """Return a short text as safe HTML with the hits marked."""
    return _with_marks(text, hits(text, wanted))


def hits(text: str, wanted: Wanted) -> Iterator[Span]:
    """Yield where the searched words stand, from left to right, without overlap."""
    words = [(token, found.span()) for found in _WORD.finditer(text) for token in tokens(found[0])]
    place = 0
    while place < len(words):
        length = max((_length_at(words, place, term) for term in wanted.present), default=0)
        if length:
            yield words[place][1][0], words[place + length - 1][1][1]
        place += max(1, length)


def _length_at(words: list[tuple[str, Span]], place: int, term: Term) -> int:
    """Return how many words from this place on are the term; 0 where it does not stand here."""
    for run in term.spellings:
        here = [token for token, _span in words[place : place + len(run)]]
        if here[:-1] == list(run[:-1]) and len(here) == len(run) and _is(here[-1], run[-1], term.begins):
            return len(run)
        if len(run) == 1 and (length := _joined_length(words, place, run[0], term.begins)):
            return length
    return 0


def _joined_length(words: list[tuple[str, Span]], place: int, wanted: str, begins: bool) -> int:
    """Return how many parts of a compound, run together, are the word: IL-6 is IL6."""
    joined, end = "", None
    for length, (token, span) in enumerate(words[place : place + MOST_PARTS], 1):
        if end is not None and span[0] > end + 1:
            return 0
        joined, end = joined + token, span[1]
        if length > 1 and _is(joined, wanted, begins):
            return length
    return 0


def _is(word: str, wanted: str, begins: bool) -> bool:
    return word.startswith(wanted) if begins else word == wanted


def _excerpt(text: str, spans: list[Span]) -> Markup:
    start = 0 if spans[0][0] <= BEFORE else text.rfind(" ", 0, spans[0][0] - BEFORE) + 1
    end = len(text) if len(text) - start <= LENGTH else max(text.rfind(" ", start, start + LENGTH), spans[0][1])
    shown = [(left - start, right - start) for left, right in spans if left >= start and right <= end]
    before, after = "… " if start else "", " …" if end < len(text) else ""
    return Markup("{}{}{}").format(before, _with_marks(text[start:end], shown), after)


def _with_marks(text: str, spans: Iterable[Span]) -> Markup:
    parts: list[Markup] = []
    last = 0
    for left, right in spans:
        if left >= last:
            parts.append(Markup("{}<mark>{}</mark>").format(text[last:left], text[left:right]))
            last = right
    return Markup("").join([*parts, Markup("{}").format(text[last:])])
