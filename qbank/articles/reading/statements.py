"""From body blocks to statements: one a bullet, a sentence or a table row, each with its lead-in and markers."""

from __future__ import annotations

from dataclasses import dataclass

from qbank.articles.reading.bare import find_bare
from qbank.articles.reading.blocks import Block, BlockKind
from qbank.articles.reading.markers import Mark, bare_text, find_marks, lower_raised, take_out
from qbank.articles.reading.passage import Passage, join
from qbank.articles.reading.sentences import split_sentences
from qbank.articles.reading.vocabulary import words

_REFERENCE_HEADS = words("ref refs reference references citation citations source sources")


@dataclass(frozen=True, slots=True)
class Unit:
    """A statement before its markers are taken out: usually one part, for a table row one a cell.

    ``parent``: the place, among the units, of the bullet above it, whose text is then its lead-in.
    """

    parts: tuple[Passage, ...]
    section: tuple[str, ...]
    lead_in: str | None
    parent: int | None = None
    extra: tuple[str, ...] = ()  # markers from a column of references


@dataclass(frozen=True, slots=True)
class Found:
    """A statement's text without markers, and its markers as written."""

    passage: Passage
    section: tuple[str, ...]
    lead_in: str | None
    markers: tuple[str, ...]


@dataclass(slots=True)
class Gathered:
    """What the body holds: the units, and the lead-in lines that carry markers of their own."""

    units: list[Unit]
    lead_ins: list[Passage]


class _Gatherer:
    def __init__(self) -> None:
        self.gathered = Gathered([], [])
        self.section: tuple[str, ...] | None = None
        self.lead_in: str | None = None
        self.parents: list[tuple[int, int]] = []  # depth and place of each open bullet

    def take(self, section: tuple[str, ...], block: Block, after: Block | None) -> None:
        if section != self.section:
            self.section, self.lead_in, self.parents = section, None, []
        if block.kind is BlockKind.PARAGRAPH:
            self._paragraph(section, block, after)
        elif block.kind is BlockKind.BULLET:
            self._bullet(section, block)
        elif block.kind is BlockKind.ROW:
            self._row(section, block)

    def _paragraph(self, section: tuple[str, ...], block: Block, after: Block | None) -> None:
        self.lead_in, self.parents = None, []
        sentences = split_sentences(block.passage.squeeze())
        introduces = after is not None and after.kind in (BlockKind.BULLET, BlockKind.ROW)
        if sentences and introduces and bare_text(sentences[-1]).endswith(":"):
            last = sentences.pop()
            self.lead_in = bare_text(last)
            if find_marks(last.text):
                self.gathered.lead_ins.append(last)
        for sentence in sentences:
            self.gathered.units.append(Unit((sentence,), section, None))

    def _bullet(self, section: tuple[str, ...], block: Block) -> None:
        passage = block.passage.squeeze()
        while self.parents and self.parents[-1][0] >= block.level:
            self.parents.pop()
        parent = self.parents[-1][1] if self.parents else None
        self.parents.append((block.level, len(self.gathered.units)))
        self.gathered.units.append(Unit((passage,), section, self.lead_in, parent))

    def _row(self, section: tuple[str, ...], block: Block) -> None:
        self.parents = []
        parts: list[Passage] = []
        extra: list[str] = []
        for at, cell in enumerate(block.cells):
            head = block.heads[at] if at < len(block.heads) else ""
            markers = _cell_markers(cell.text) if _is_reference_head(head) else ()
            extra += markers
            if not markers:
                parts.append(cell.squeeze())
        heads = [head for head in block.heads if head and not _is_reference_head(head)]
        lead_in = " | ".join(heads) or self.lead_in
        if any(part.text for part in parts):
            self.gathered.units.append(Unit(tuple(parts), section, lead_in, extra=tuple(extra)))


def _is_reference_head(head: str) -> bool:
    return head.lower().strip(" .#") in _REFERENCE_HEADS


def _cell_markers(text: str) -> tuple[str, ...]:
    """Return the markers of a cell in a column of references, bare or not."""
    text = text.strip()
    marks = find_marks(text) or find_marks(f"[{text}]")
    return tuple(marker for mark in marks for marker in mark.markers)


def gather(body: list[tuple[tuple[str, ...], Block]]) -> Gathered:
    """Return the statements of a body with section and lead-in, markers still in them."""
    gatherer = _Gatherer()
    for at, (section, block) in enumerate(body):
        after = body[at + 1] if at + 1 < len(body) else None
        gatherer.take(section, block, after[1] if after and after[0] == section else None)
    return gatherer.gathered


def _part_marks(part: Passage, highest: int | None) -> list[Mark]:
    marks = find_marks(part.text)
    if highest is not None and part.text and not (marks and marks[-1].end >= len(part.text) - 1):
        bare = find_bare(part.text, highest)
        if bare:
            marks.append(bare)
    return marks


def _uses_bare(units: list[Unit], highest: int) -> bool:
    """Say whether bare trailing numbers are this article's way to cite: they outnumber all other markers."""
    bare = shown = 0
    for unit in units:
        for part in unit.parts:
            marks = find_marks(part.text)
            shown += len(marks)
            bare += not marks and find_bare(part.text, highest) is not None
    return bare > shown


def finish(gathered: Gathered, highest: int) -> list[Found]:
    """Take the markers out. ``highest`` is the largest bare number that may be a citation."""
    limit = highest if _uses_bare(gathered.units, highest) else None
    found: list[Found] = []
    texts: list[str] = []  # of every unit, for the bullets under it
    for unit in gathered.units:
        passages: list[Passage] = []
        markers: list[str] = []
        for part in unit.parts:
            marks = _part_marks(part, limit)
            passages.append(take_out(part, marks) if marks else lower_raised(part))
            markers += [marker for mark in marks for marker in mark.markers]
        passage = join(passages, " | ")
        texts.append(passage.text)
        lead_in = unit.lead_in if unit.parent is None else texts[unit.parent]
        if passage.text:
            cited = tuple(dict.fromkeys([*markers, *unit.extra]))
            found.append(Found(passage, unit.section, lead_in, cited))
    return found
