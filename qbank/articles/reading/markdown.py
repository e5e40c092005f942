"""Markdown: lines to blocks. Headings, lists, tables, footnotes, block quotes, a YAML head."""

from __future__ import annotations

import re
from dataclasses import replace

from qbank.articles.document import Problem
from qbank.articles.reading import furniture
from qbank.articles.reading.blocks import Block, BlockKind, Source
from qbank.articles.reading.frontmatter import read_front_matter
from qbank.articles.reading.inline import strip_inline
from qbank.articles.reading.limits import MAX_BLOCKS
from qbank.articles.reading.lines import Depths, Line, read_line
from qbank.articles.reading.passage import LineIndex, Passage, cut, join, lines_of
from qbank.articles.reading.text import too_many_blocks

_ATX = re.compile(r" {0,3}(#{1,6})(?:[ \t]+|$)")
_RULE = re.compile(r" {0,3}(?:(?:\*[ \t]*){3,}|(?:-[ \t]*){3,}|(?:_[ \t]*){3,})$")
_SETEXT = re.compile(r" {0,3}(=+|-+)[ \t]*$")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_NOTE = re.compile(r" {0,3}\[\^([^\]\s]{1,80})\]:[ \t]*")
_DELIMITER = re.compile(r"[ \t]*\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*$")
_QUOTE = re.compile(r" {0,3}(?:> ?)+")
_PIPE = re.compile(r"(?<!\\)\|")
_ORDERED_TWICE = re.compile(r"\d+$")


class _MarkdownReader:
    """Walks the lines once and collects blocks."""

    def __init__(self, source: str, begin: int, index: LineIndex) -> None:
        self.source = source
        self.index = index
        self.lines = list(lines_of(source, begin))
        self.blocks: list[Block] = []
        self.problems: list[Problem] = []
        self.depths = Depths()
        self.open: list[Line] = []
        self.note: str | None = None  # the label of the footnote being read
        self.gap = True
        self.in_references = False
        self.comment = False

    def read(self) -> list[Block]:
        at = 0
        while at < len(self.lines):
            if len(self.blocks) > MAX_BLOCKS:
                raise too_many_blocks(self.index.line(self.lines[at][0]))
            at = self._take(at)
        self._close()
        return _renumbered(self.blocks)

    def _raw(self, at: int) -> str:
        begin, end = self.lines[at]
        return self.source[begin:end]

    def _take(self, at: int) -> int:
        """Take the line ``at`` (and what belongs to it) and return the next line."""
        raw = self._raw(at)
        if not raw.strip():
            self._close()
            self.gap = True
            return at + 1
        if _FENCE.match(raw):
            return self._fence(at)
        if raw.lstrip().startswith("<!--"):
            return self._comment(at)
        if self._heading(at, raw) or self._footnote(at, raw):
            return at + 1
        if "|" in raw and at + 1 < len(self.lines) and self._is_table(at):
            return self._table(at)
        self._line(at)
        return at + 1

    def _heading(self, at: int, raw: str) -> bool:
        begin = self.lines[at][0]
        if (match := _ATX.match(raw)) is not None:
            self._close()
            text = raw.rstrip()
            closed = text.rstrip("#")  # "## Heading ##"
            last = len(closed) if closed.endswith((" ", "\t")) else len(text)
            passage = cut(self.source, begin + match.end(), max(begin + match.end(), begin + last))
            self._add_heading(passage.strip(), len(match.group(1)))
            return True
        setext = _SETEXT.match(raw)
        if setext and len(self.open) == 1 and not self.open[0].sign and self.note is None:
            passage = self.open.pop().content
            self._add_heading(passage, 1 if setext.group(1)[0] == "=" else 2)
            return True
        if _RULE.match(raw):
            self._close()
            self.gap = True
            return True
        return False

    def _add_heading(self, passage: Passage, level: int) -> None:
        passage = strip_inline(passage).strip()
        self.depths.reset()
        if passage.text:
            self.in_references = furniture.is_references_heading(passage.text)
            self._add(Block(BlockKind.HEADING, passage, level, gap=self.gap))

    def _footnote(self, at: int, raw: str) -> bool:
        match = _NOTE.match(raw)
        if match is None:
            return False
        self._close()
        begin, end = self.lines[at]
        self.note = match.group(1)
        self.open.append(Line(begin, end, 0, 4, cut(self.source, begin + match.end(), end).strip()))
        return True

    def _fence(self, at: int) -> int:
        """Leave out a code block: it is no statement. It ends with its fence or with the file."""
        self._close()
        sign = _FENCE.match(self._raw(at)).group(1)  # type: ignore[union-attr]
        close = at + 1
        while close < len(self.lines) and not self._raw(close).lstrip().startswith(sign):
            close += 1
        message = "a code block was left out; write its content as text if it belongs to the article."
        self.problems.append(Problem(self.index.line(self.lines[at][0]), "code_left_out", message))
        return close + 1

    def _comment(self, at: int) -> int:
        self._close()
        begin = self.lines[at][0]
        close = self.source.find("-->", begin)
        if close < 0:
            close = len(self.source)
        while at < len(self.lines) and self.lines[at][0] <= close:
            at += 1
        return at

    def _is_table(self, at: int) -> bool:
        below = self._raw(at + 1)
        return "-" in below and "|" in below and _DELIMITER.match(below) is not None

    def _table(self, at: int) -> int:
        self._close()
        heads = tuple(cell.text for cell in self._cells(at))
        at += 2
        while at < len(self.lines) and "|" in self._raw(at):
            cells = self._cells(at)
            passage = join(cells, " | ")
            if passage.text:
                self._add(Block(BlockKind.ROW, passage, cells=cells, heads=heads, gap=self.gap))
            at += 1
        return at

    def _cells(self, at: int) -> tuple[Passage, ...]:
        begin, end = self.lines[at]
        row = cut(self.source, begin, end).strip().strip("|") if self._bordered(at) else cut(self.source, begin, end)
        ends = [m.start() for m in _PIPE.finditer(row.text)]
        starts = [0, *(e + 1 for e in ends)]
        cells = [row.piece(b, e) for b, e in zip(starts, [*ends, len(row.text)], strict=True)]
        return tuple(strip_inline(cell).squeeze() for cell in cells)

    def _bordered(self, at: int) -> bool:
        text = self._raw(at).strip()
        return text.startswith("|") or text.endswith("|")

    def _line(self, at: int) -> None:
        begin, end = self.lines[at]
        quote = _QUOTE.match(self._raw(at))
        line = read_line(self.source, begin + (quote.end() if quote else 0), end)
        if line.blank:
            self._close()
        elif line.sign and not (self.note is not None and line.indent >= 4):
            self._close()
            self.open.append(line)
        elif self.open or not self._resumes(line):
            self.open.append(line)

    def _resumes(self, line: Line) -> bool:
        """Add a paragraph that is set in under a bullet to that bullet; say whether it was one."""
        last = self.blocks[-1] if self.blocks else None
        if line.indent < 2 or last is None or last.kind not in (BlockKind.BULLET, BlockKind.NOTE):
            return False
        passage = join([last.passage, self._inline(line)], "\n")
        self.blocks[-1] = replace(last, passage=passage)
        return True

    def _inline(self, line: Line) -> Passage:
        return strip_inline(line.content, keep_urls=self.in_references or self.note is not None)

    def _close(self) -> None:
        if not self.open:
            return
        first = self.open[0]
        passage = self._inlined(self.open)
        self.open = []
        if self.note is not None:
            self._add(Block(BlockKind.NOTE, passage, label=self.note, gap=self.gap))
            self.note = None
        elif first.sign:
            level = self.depths.depth(first.indent)
            self._add(Block(BlockKind.BULLET, passage, level, first.label, gap=self.gap))
        else:
            self.depths.reset()
            self._add_paragraph(passage)

    def _inlined(self, lines: list[Line]) -> Passage:
        """Strip the markup of the lines together, since emphasis and links may span a line end."""
        keep = self.in_references or self.note is not None
        return strip_inline(join([line.content for line in lines], "\n"), keep_urls=keep).strip()

    def _add_paragraph(self, passage: Passage) -> None:
        """Add a paragraph; in a reference list each line by itself, since the lines mean different things."""
        if not self.in_references or "\n" not in passage.text:
            if passage.text:
                self._add(Block(BlockKind.PARAGRAPH, passage, gap=self.gap))
            return
        at = 0
        for piece in passage.text.split("\n"):
            part = passage.piece(at, at + len(piece)).strip()
            at += len(piece) + 1
            if part.text:
                self._add(Block(BlockKind.PARAGRAPH, part, gap=self.gap))

    def _add(self, block: Block) -> None:
        self.blocks.append(block)
        self.gap = False


def _renumbered(blocks: list[Block]) -> list[Block]:
    """Give ordered lists written as 1. 1. 1. the numbers that a page shows."""
    result: list[Block] = []
    shown = 0
    for block in blocks:
        if block.kind is not BlockKind.BULLET or block.label is None or not block.label.isdigit() or block.level:
            shown = shown if block.kind is BlockKind.BULLET and block.level else 0
            result.append(block)
            continue
        shown = shown + 1 if shown and block.label == "1" else int(block.label)
        result.append(replace(block, label=str(shown)))
    return result


def take_apart(source: str) -> Source:
    """Return the blocks and the head of a Markdown text. Raises `ArticleError` for a broken head."""
    meta, begin, problems = read_front_matter(source)
    index = LineIndex(source)
    reader = _MarkdownReader(source, begin, index)
    blocks = tuple(reader.read())
    return Source(source, "markdown", index, blocks, meta, (*problems, *reader.problems))
