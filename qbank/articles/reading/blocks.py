"""The one shape into which text, Markdown and HTML are first taken apart."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from qbank.articles.document import Problem
from qbank.articles.reading.passage import LineIndex, Passage


class BlockKind(StrEnum):
    """What a block is."""

    HEADING = "heading"
    PARAGRAPH = "paragraph"
    BULLET = "bullet"
    ROW = "row"
    NOTE = "note"  # the definition of a footnote


@dataclass(frozen=True, slots=True)
class Block:
    """One heading, paragraph, bullet, table row or footnote.

    ``level``: of a heading 1 to 6, or 0 where plain text does not tell; of a bullet its depth from 0.
    ``label``: the number or name printed before it (ordered list, footnote). ``cells`` and ``heads``: of a
    row. ``gap``: an empty line (or the like) stands before it. ``current``: the page marks it as the
    current one of several.
    """

    kind: BlockKind
    passage: Passage
    level: int = 0
    label: str | None = None
    cells: tuple[Passage, ...] = ()
    heads: tuple[str, ...] = ()
    gap: bool = True
    current: bool = False


@dataclass(frozen=True, slots=True)
class Source:
    """A source taken apart: its blocks, what its head says, what was left out of the blocks."""

    text: str
    format: str  # "text", "markdown", "html"
    index: LineIndex
    blocks: tuple[Block, ...]
    meta: dict[str, str]  # title, status, updated, headline, disclaimer
    problems: tuple[Problem, ...] = ()

    def line(self, block: Block) -> int:
        """Return the line where a block begins."""
        return self.index.line(block.passage.start)
