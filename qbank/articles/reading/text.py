"""Plain text, as pasted from a page: lines to blocks."""

from __future__ import annotations

import re
from collections.abc import Iterator

from qbank.articles.reading import furniture
from qbank.articles.reading.bare import find_bare, highest_marker
from qbank.articles.reading.blocks import Block, BlockKind, Source
from qbank.articles.reading.errors import ArticleError
from qbank.articles.reading.limits import MAX_BLOCKS
from qbank.articles.reading.lines import Depths, Line, is_title_case, looks_like_heading, read_line
from qbank.articles.reading.markers import find_marks
from qbank.articles.reading.passage import LineIndex, Passage, join, lines_of

_WRAPPED = 45  # a line shorter than this was not broken to fit a width
_CLOSED = re.compile(r"[.?!:;][\"'”’)\]]{0,2}(?:\s?(?:\[[^\[\]]{1,60}\]|\d{1,3}(?:\s?[,–-]\s?\d{1,3}){0,9}))?$")
_CELL = re.compile(r"[^\t]+")


def _continues(before: Line, line: Line) -> bool:
    """Say whether ``line`` is the rest of the line before, broken to fit a width."""
    text, first = before.content.text, line.content.text[0]
    if furniture.is_furniture(text) or furniture.is_furniture(line.content.text):
        return False
    if first.islower() or (text[-1] in ",(" and len(text) >= _WRAPPED):
        return not text.endswith(":")
    if len(text) < _WRAPPED or _CLOSED.search(text[-80:]):
        return False
    return not is_title_case(text)


class _TextReader:
    """Walks the lines once and collects blocks."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.blocks: list[Block] = []
        self.depths = Depths()
        self.open: list[Line] = []  # lines of the block being put together
        self.gap = True  # an empty line came before
        self.heads: tuple[str, ...] = ()
        self.in_references = False

    def read(self) -> list[Block]:
        for number, (begin, end) in enumerate(lines_of(self.source)):
            if len(self.blocks) > MAX_BLOCKS:
                raise too_many_blocks(number + 1)
            if self.source[begin:end].strip():
                self._take(read_line(self.source, begin, end))
            else:
                self._close()
                self.gap = True
        self._close()
        return list(_with_headings(self.blocks))

    def _take(self, line: Line) -> None:
        cells = _cells(line)
        if cells:
            self._close()
            self._row(line, cells)
        elif self.open and not line.sign and self._joins(line):
            self.open.append(line)
            return
        else:
            self._close()
            self.open.append(line)
            self.in_references = self.in_references or furniture.is_references_heading(line.content.text)
        if not cells:
            self.heads = ()

    def _joins(self, line: Line) -> bool:
        first = self.open[0]
        if self.in_references and not first.sign:
            return False  # the lines of an entry mean different things
        if first.sign and line.indent > first.indent:
            return True
        return _continues(self.open[-1], line)

    def _row(self, line: Line, cells: tuple[Passage, ...]) -> None:
        if not self.heads or len(cells) > len(self.heads):
            self.heads = tuple(cell.text for cell in cells)
            self.gap = False
            return
        self._add(Block(BlockKind.ROW, join(cells, " | "), cells=cells, heads=self.heads, gap=self.gap))

    def _close(self) -> None:
        if not self.open:
            return
        first, passage = self.open[0], join([line.content for line in self.open], "\n")
        self.open = []
        if first.sign:
            level = self.depths.depth(first.indent)
            self._add(Block(BlockKind.BULLET, passage, level, first.label, gap=self.gap))
        else:
            if first.indent == 0:
                self.depths.reset()
            self._add(Block(BlockKind.PARAGRAPH, passage, gap=self.gap))

    def _add(self, block: Block) -> None:
        self.blocks.append(block)
        self.gap = False


def _cells(line: Line) -> tuple[Passage, ...]:
    """Return the cells of a line that is a row of a table pasted with tabs; empty for any other line."""
    if line.sign or "\t" not in line.content.text:
        return ()
    content = line.content
    return tuple(cell for m in _CELL.finditer(content.text) if (cell := content.piece(m.start(), m.end()).strip()).text)


def _with_headings(blocks: list[Block]) -> Iterator[Block]:
    """Tell headings from paragraphs and from numbered bullets."""
    for at, block in enumerate(blocks):
        after = blocks[at + 1] if at + 1 < len(blocks) else None
        if _is_heading(block, after, blocks[at - 1] if at else None):
            yield Block(BlockKind.HEADING, block.passage, label=block.label, gap=block.gap)
        else:
            yield block


def _is_heading(block: Block, after: Block | None, before: Block | None) -> bool:
    text = block.passage.text
    if furniture.is_references_heading(text) and block.kind is not BlockKind.ROW:
        return True
    if not looks_like_heading(text):
        return False
    if find_bare(text, highest_marker(0, [])) is not None or find_marks(text):
        return False  # what cites says something
    if block.kind is BlockKind.PARAGRAPH:
        return True
    if block.kind is not BlockKind.BULLET or block.label is None or block.level or after is None:
        return False
    # "2. Treatment" is a heading where no list goes on around it.
    listed = [b for b in (before, after) if b and b.kind is BlockKind.BULLET and b.label and not b.level]
    return not listed and block.gap and len(text) <= 80


def too_many_blocks(line: int) -> ArticleError:
    """Return the error for a text with far more parts than an article has."""
    return ArticleError(
        line,
        "too_many_parts",
        f"the text has more than {MAX_BLOCKS} paragraphs and list entries, so it is no article.",
        cure="Load one article at a time.",
    )


def take_apart(source: str) -> Source:
    """Return the blocks of a plain text."""
    return Source(source, "text", LineIndex(source), tuple(_TextReader(source).read()), {})
