"""The rows of an HTML table as blocks, each with its column heads."""

from __future__ import annotations

from dataclasses import dataclass, field

from qbank.articles.reading.blocks import Block, BlockKind
from qbank.articles.reading.passage import Passage, join


@dataclass(slots=True)
class _Row:
    cells: list[Passage] = field(default_factory=list)
    heads: int = 0  # how many of the cells are head cells
    in_head: bool = False


@dataclass(slots=True)
class Table:
    """A table being read. ``layout``: it only arranges a page, so its cells are blocks of their own."""

    rows: list[_Row] = field(default_factory=list)
    layout: bool = False
    in_cell: bool = False
    _in_head: bool = False

    def open(self, name: str) -> None:
        """Note the start of a row, a cell, or the table's head."""
        if name == "tr":
            self.rows.append(_Row(in_head=self._in_head))
            self._in_head = False
        elif name == "thead":
            self._in_head = True
        else:
            self.in_cell = True

    def cell(self, passage: Passage, *, head: bool) -> None:
        """Add a cell to the current row."""
        self.in_cell = False
        if not self.rows:
            self.rows.append(_Row())
        self.rows[-1].cells.append(passage)
        self.rows[-1].heads += head

    def as_layout(self) -> list[Block]:
        """Give up the table: return the cells read so far as paragraphs."""
        self.layout = True
        self.in_cell = False
        cells = [cell for row in self.rows for cell in row.cells if cell.text]
        self.rows = []
        return [Block(BlockKind.PARAGRAPH, cell) for cell in cells]

    def blocks(self) -> list[Block]:
        """Return one block for each body row."""
        rows = [row for row in self.rows if any(cell.text for cell in row.cells)]
        heads: tuple[str, ...] = ()
        if rows and len(rows) > 1 and _is_head(rows):
            heads = tuple(cell.text for cell in rows[0].cells)
            rows = rows[1:]
        return [Block(BlockKind.ROW, join(row.cells, " | "), cells=tuple(row.cells), heads=heads) for row in rows]


def _is_head(rows: list[_Row]) -> bool:
    """Say whether the first row names the columns: by its markup, else because only the others hold numbers."""
    first = rows[0]
    if first.in_head or first.heads == len(first.cells):
        return True
    if any(row.heads for row in rows):
        return False
    digits = [any(c.isdigit() for cell in row.cells for c in cell.text) for row in rows]
    return not digits[0] and all(digits[1:])
