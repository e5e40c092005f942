"""Word-level differences between two texts, and between two item records. Pure."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass

from qbank.items.record import ItemRecord

_TOKENS = re.compile(r"\s+|\w+|[^\w\s]")
MAX_TOKENS = 20_000  # beyond this a line-level difference is quick enough and fine enough


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of text: "same", "gone" (only in the older) or "new" (only in the newer)."""

    kind: str
    text: str


def words(old: str, new: str) -> tuple[Piece, ...]:
    """Return the pieces that turn the old text into the new one."""
    if old == new:
        return (Piece("same", old),) if old else ()
    before, after = _split(old), _split(new)
    pieces: list[Piece] = []
    matcher = difflib.SequenceMatcher(None, before, after, autojunk=False)
    for kind, a, b, c, d in matcher.get_opcodes():
        if kind == "equal":
            pieces.append(Piece("same", "".join(before[a:b])))
            continue
        if b > a:
            pieces.append(Piece("gone", "".join(before[a:b])))
        if d > c:
            pieces.append(Piece("new", "".join(after[c:d])))
    return tuple(pieces)


def _split(text: str) -> list[str]:
    tokens = _TOKENS.findall(text)
    return tokens if len(tokens) <= MAX_TOKENS else text.splitlines(keepends=True)


@dataclass(frozen=True, slots=True)
class FieldDifference:
    """One field of two versions; ``changed`` is False when they agree."""

    name: str
    pieces: tuple[Piece, ...]
    changed: bool


def _lines(record: ItemRecord) -> dict[str, str]:
    shown = {"Stem": record.stem, "Lead-in": record.lead_in or ""}
    for place, option in enumerate(record.options):
        letter = chr(65 + place)
        shown[f"Option {letter}"] = option.text
        shown[f"Rationale {letter}"] = option.rationale or ""
    shown["Key"] = ", ".join(chr(65 + place) for place, option in enumerate(record.options) if option.key)
    shown["Objective"] = record.objective or ""
    shown["Explanation"] = record.explanation or ""
    shown["Statements"] = "\n".join(f"{link.article} {link.id}: {link.quote or ''}" for link in record.statements)
    shown["References"] = "\n".join(reference.title for reference in record.references)
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
