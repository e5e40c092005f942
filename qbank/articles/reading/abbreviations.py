"""Abbreviations that an article explains itself: "bone mineral density (BMD)", "OPG (osteoprotegerin)".

The letters of the short form must be found in the words before the bracket, read from the right, its first letter at
the beginning of a word: the method of Schwartz and Hearst (Pacific Symposium on Biocomputing 8, 2003, 451-462).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from qbank.articles.document import Abbreviation, Statement

_PAIR = re.compile(r"([^()\n]{1,200}?)\s?\(([^()\n]{2,100})\)")
_SHORT = re.compile(r"[A-Za-zα-ωΑ-Ω0-9][\w/β-ω-]{1,9}")
_LAST_WORD = re.compile(r"\S+$")


def find_abbreviations(title: str, statements: Iterable[Statement]) -> tuple[Abbreviation, ...]:
    """Return what title, headings and statements explain, in order, each short form once: the first counts."""
    found: dict[str, Abbreviation] = {}
    headings: set[str] = set()
    for short, long in _explained(title):
        found.setdefault(short, Abbreviation(short, long, None))
    for statement in statements:
        for heading in statement.section:
            if heading not in headings:
                headings.add(heading)
                for short, long in _explained(heading):
                    found.setdefault(short, Abbreviation(short, long, None))
        for text in (statement.lead_in or "", statement.text):
            for short, long in _explained(text):
                found.setdefault(short, Abbreviation(short, long, statement.id))
    return tuple(found.values())


def _explained(text: str) -> Iterator[tuple[str, str]]:
    """Yield (short form, long form) of each bracket that explains one, whichever of the two stands inside it."""
    for match in _PAIR.finditer(text):
        before, inside = match.group(1).strip(), re.split(r"[;,]", match.group(2))[0].strip()
        if is_short_form(inside):
            if long := long_form(inside, before):
                yield inside, long
        elif (last := _LAST_WORD.search(before)) and is_short_form(last.group()):
            words = inside.split()
            if len(words) <= _most_words(last.group()) and long_form(last.group(), inside) == inside:
                yield last.group(), inside


def is_short_form(text: str) -> bool:
    """Say whether a word looks like an abbreviation: 2 to 10 signs, two capitals or a capital and a digit."""
    capitals = sum(c.isupper() for c in text)
    return bool(_SHORT.fullmatch(text)) and (capitals >= 2 or (capitals == 1 and any(c.isdigit() for c in text)))


def _most_words(short: str) -> int:
    letters = sum(c.isalnum() for c in short)
    return min(letters + 5, 2 * letters)


def long_form(short: str, before: str) -> str | None:
    """Return the end of ``before`` that ``short`` stands for, None where its letters are not all found."""
    within = " ".join(before.split()[-_most_words(short) :])
    at = len(within)
    letters = [c.lower() for c in short if c.isalnum()]
    for left, letter in zip(range(len(letters) - 1, -1, -1), reversed(letters), strict=True):
        at -= 1
        while at >= 0 and (within[at].lower() != letter or (left == 0 and at and within[at - 1].isalnum())):
            at -= 1
        if at < 0:
            return None
    long = within[at:]
    return long if len(long) > len(short) and short not in long.split() else None
