"""Where each entry of a reference list begins: by number, by bullet, by kind label, by gap, or line by line."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from qbank.articles.reading.blocks import Block, BlockKind
from qbank.articles.reading.passage import Passage
from qbank.articles.reading.vocabulary import words

KINDS = words(
    "guideline;guidelines;research;review;systematic review;meta-analysis;book;book chapter;textbook;chapter;"
    "website;web page;trial;clinical trial;randomized controlled trial;randomised controlled trial;cohort study;"
    "case report;case series;label;drug label;fda label;consensus;consensus statement;position statement;"
    "journal article;article;report;editorial;thesis;preprint;dataset;practice guideline",
    ";",
)
_LABEL = re.compile(r"(?:\[(\d{1,3})\]|\((\d{1,3})\)|(\d{1,3})[.)])\s+(?=\S)")
_BARE_LABEL = re.compile(r"(\d{1,3})\s+(?=[^\W\d_])")
_NAMED = re.compile(r"\[[@^]([^\]\s]{1,80})\]:?\s+")
_IDENTIFIER_ONLY = re.compile(
    r"(?:(?:doi|pmid|pmcid|url|link|available (?:at|from))\s*[: ].*|https?://\S+|10\.\d{4,9}/\S+)$", re.IGNORECASE
)
_COMPLETE = re.compile(r"(?:\b(?:19|20)\d\d[a-z]?\b|https?://|\b10\.\d{4,9}/)")


@dataclass(slots=True)
class Entry:
    """The lines of one entry, the number or name printed before it, and where it begins."""

    label: str | None
    start: int
    lines: list[str] = field(default_factory=list)
    kind: str | None = None


@dataclass(frozen=True, slots=True)
class _Line:
    text: str
    start: int
    label: str | None
    bullet: bool
    gap: bool


def _lines(blocks: list[Block]) -> list[_Line]:
    lines: list[_Line] = []
    expected = 1
    for block in blocks:
        label, passage = block.label, block.passage
        if label is None and block.kind in (BlockKind.PARAGRAPH, BlockKind.HEADING, BlockKind.BULLET):
            label, passage = _printed_label(passage, expected)
        if label and label.isdigit():
            expected = int(label) + 1
        first = True
        for text in passage.text.split("\n"):
            if text.strip():
                lines.append(
                    _Line(
                        " ".join(text.split()),
                        block.passage.start,
                        label if first else None,
                        first and block.kind in (BlockKind.BULLET, BlockKind.NOTE),
                        block.gap and first,
                    )
                )
                first = False
    return lines


def _printed_label(passage: Passage, expected: int) -> tuple[str | None, Passage]:
    """Take the number or name off the front of an entry; a number without sign only where it is the next."""
    text = passage.text
    match = _NAMED.match(text) or _LABEL.match(text)
    if match is None:
        match = _BARE_LABEL.match(text)
        if match is None or int(match.group(1)) != expected:
            return None, passage
    label = next(g for g in match.groups() if g)
    return label, passage.piece(match.end(), len(text))


def _begins(lines: list[_Line]) -> list[bool]:
    """Say for each line whether an entry begins there."""
    kinds = [line.text.lower().rstrip(":") in KINDS for line in lines]
    if any(line.label for line in lines):
        # What stands before the first number is an entry of its own rather than lost.
        return [line.label is not None or at == 0 for at, line in enumerate(lines)]
    if kinds[0] and len(lines) > 1:
        return kinds
    if lines[0].bullet:
        return [line.bullet for line in lines]
    gaps = [line.gap or at == 0 for at, line in enumerate(lines)]
    alone = [gap and (at + 1 == len(lines) or gaps[at + 1]) for at, gap in enumerate(gaps)]
    if not all(alone) and any(gaps[1:]):
        return gaps
    return _begins_by_content(lines)


def _begins_by_content(lines: list[_Line]) -> list[bool]:
    """Tell entries apart where each line stands alone: one a line, or each up to the line with its year."""
    complete = [_COMPLETE.search(line.text) is not None for line in lines]
    one_a_line = sum(complete) >= 0.6 * len(lines) or not any(complete)
    begins: list[bool] = []
    for at, line in enumerate(lines):
        after_end = at == 0 or one_a_line or complete[at - 1]
        begins.append(after_end and (at == 0 or not _IDENTIFIER_ONLY.match(line.text)))
    return begins


def split_entries(blocks: list[Block]) -> list[Entry]:
    """Return the entries of a reference list in order; every line of the list is in exactly one of them."""
    lines = _lines(blocks)
    if not lines:
        return []
    entries: list[Entry] = []
    for line, begins in zip(lines, _begins(lines), strict=True):
        if begins or not entries:
            entries.append(Entry(line.label, line.start))
        entry = entries[-1]
        if entry.kind is None and line.text.lower().rstrip(":") in KINDS and not entry.lines:
            entry.kind = line.text.rstrip(":")
        else:
            entry.lines.append(line.text)
    return entries
