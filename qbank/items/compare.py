"""Word-level differences between two texts, and between two item records. Pure."""

from __future__ import annotations

import difflib
import re
from collections import Counter
from dataclasses import dataclass

from qbank.items.record import ItemRecord, ReferenceRecord

_TOKENS = re.compile(r"\w+\s*|[^\w\s]\s*|\s+")
# Pairs of equal tokens that the matcher may have to look at: what keeps a difference under a second. A text of
# ten thousand equal brackets has a hundred million; it is then compared by lines, or as a whole.
MAX_PAIRS = 2_000_000


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of text: "same", "gone" (only in the older) or "new" (only in the newer)."""

    kind: str
    text: str


def words(old: str, new: str) -> tuple[Piece, ...]:
    """Return the pieces that turn the old text into the new one."""
    if old == new:
        return (Piece("same", old),) if old else ()
    before, after = _tokens(old, new)
    start = _common(before, after)
    end = _common(before[start:][::-1], after[start:][::-1])
    pieces = [("same", "".join(before[:start]))]
    pieces += _changes(before[start : len(before) - end], after[start : len(after) - end])
    pieces.append(("same", "".join(before[len(before) - end :])))
    return tuple(Piece(kind, text) for kind, text in _merged(pieces))


def _tokens(old: str, new: str) -> tuple[list[str], list[str]]:
    """Return both texts in words, in lines where words would take too long, or whole."""
    for cut in (_TOKENS.findall, lambda text: text.splitlines(keepends=True)):
        before, after = cut(old), cut(new)
        theirs = Counter(after)
        if sum(count * theirs[token] for token, count in Counter(before).items()) <= MAX_PAIRS:
            return before, after
    return [old] if old else [], [new] if new else []


def _common(one: list[str], other: list[str]) -> int:
    """Return how many tokens are equal at the beginning."""
    return next(
        (place for place, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other))
    )


def _changes(before: list[str], after: list[str]) -> list[tuple[str, str]]:
    matcher = difflib.SequenceMatcher(None, before, after, autojunk=False)
    pieces = []
    for kind, a, b, c, d in matcher.get_opcodes():
        if kind == "equal":
            pieces.append(("same", "".join(before[a:b])))
        else:
            pieces += [("gone", "".join(before[a:b])), ("new", "".join(after[c:d]))]
    return pieces


def _merged(pieces: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return the pieces without empty ones, neighbours of one kind joined."""
    found: list[tuple[str, str]] = []
    for kind, text in pieces:
        if text and found and found[-1][0] == kind:
            found[-1] = (kind, found[-1][1] + text)
        elif text:
            found.append((kind, text))
    return found


@dataclass(frozen=True, slots=True)
class FieldDifference:
    """One field of two versions; ``changed`` is False when they agree."""

    name: str
    pieces: tuple[Piece, ...]
    changed: bool


def _cited(reference: ReferenceRecord) -> str:
    parts = (reference.title, reference.authors, reference.container, reference.year, reference.doi, reference.pmid)
    return ", ".join(str(part) for part in parts if part)


def _lines(record: ItemRecord) -> dict[str, str]:
    shown = {"Vignette": record.vignette or "", "Stem": record.stem, "Lead-in": record.lead_in or ""}
    for place, option in enumerate(record.options):
        letter = chr(65 + place)
        shown[f"Option {letter}"] = option.text
        shown[f"Rationale {letter}"] = option.rationale or ""
    shown["Key"] = ", ".join(chr(65 + place) for place, option in enumerate(record.options) if option.key)
    shown["Objective"] = record.objective or ""
    shown["Explanation"] = record.explanation or ""
    shown["Statements"] = "\n".join(f"{link.article} {link.id}: {link.quote or ''}" for link in record.statements)
    shown["References"] = "\n".join(map(_cited, record.references))
    tags = (*record.systems, *record.disciplines, *record.tasks, record.difficulty or "", *record.tags)
    shown["Classification"] = ", ".join(tag for tag in tags if tag)
    shown["Doubts"] = record.doubt or ""
    return shown


def records(old: ItemRecord, new: ItemRecord) -> list[FieldDifference]:
    """Return every field that either record fills, in reading order, with its differences."""
    before, after = _lines(old), _lines(new)
    names = list(dict.fromkeys([*before, *after]))
    found = []
    for name in names:
        left, right = before.get(name, ""), after.get(name, "")
        if left or right:
            found.append(FieldDifference(name, words(left, right), left != right))
    return found
