"""The rows of an HTML table as blocks, each with the heads of its columns."""

from __future__ import annotations

from dataclasses import dataclass, field

from qbank.articles.reading.blocks import Block, BlockKind
from qbank.articles.reading.markers import find_marks
from qbank.articles.reading.passage import Passage, join

_WIDEST, _LONGEST = 40, 2000  # columns and rows that one cell may span
_GROUP_LABEL = 80  # a cell as wide as the table and no longer than this names the rows below it


@dataclass(frozen=True, slots=True)
class _Cell:
    passage: Passage
    head: bool
    columns: int
    rows: int


@dataclass(slots=True)
class _Row:
    cells: list[_Cell] = field(default_factory=list)
    in_head: bool = False

    @property
    def all_heads(self) -> bool:
        return all(cell.head for cell in self.cells)


@dataclass(slots=True)
class Table:
    """A table being read. ``layout``: it only arranges a page, so its cells are blocks of their own."""

    rows: list[_Row] = field(default_factory=list)
    layout: bool = False
    in_cell: bool = False
    _in_head: bool = False
    _columns: int = 1
    _rows: int = 1

    def open(self, name: str, attributes: dict[str, str]) -> None:
        """Note the start of a row, of a cell with what it spans, or of the table's head or body."""
        if name == "tr":
            self.rows.append(_Row(in_head=self._in_head))
        elif name in ("thead", "tbody"):
            self._in_head = name == "thead"
        else:
            self.in_cell = True
            self._columns = _span(attributes.get("colspan", ""), _WIDEST)
            self._rows = _span(attributes.get("rowspan", ""), _LONGEST)

    def leave_head(self) -> None:
        """Note the end of the table's head."""
        self._in_head = False

    def cell(self, passage: Passage, *, head: bool) -> None:
        """Add a cell to the current row."""
        self.in_cell = False
        if not self.rows:
            self.rows.append(_Row())
        self.rows[-1].cells.append(_Cell(passage, head, self._columns, self._rows))

    def as_layout(self) -> list[Block]:
        """Give up the table: return the cells read so far as paragraphs."""
        self.layout = True
        self.in_cell = False
        cells = [cell.passage for row in self.rows for cell in row.cells if cell.passage.text]
        self.rows = []
        return [Block(BlockKind.PARAGRAPH, cell) for cell in cells]

    def blocks(self) -> list[Block]:
        """Return one block for each body row.

        A cell that spans rows is said once, in its first row, and stands before the heads of the rows below it. So
        does a cell as wide as the table that only names the rows below.
        """
        rows = [row for row in self.rows if any(cell.passage.text for cell in row.cells)]
        grid = _Grid()
        heads = _head_rows(rows)
        for row in rows[:heads]:
            grid.add_head(row)
        found = (grid.body(row) for row in rows[heads:])
        return [block for block in found if block is not None]


def _span(text: str, most: int) -> int:
    text = text.strip()
    return min(max(int(text), 1), most) if text.isascii() and text.isdecimal() and len(text) < 6 else 1


def _head_rows(rows: list[_Row]) -> int:
    """Return how many of the first rows name columns: by their markup, else one where only the others hold numbers."""
    if len(rows) < 2:
        return 0
    marked = 0
    while marked < len(rows) - 1 and (rows[marked].in_head or rows[marked].all_heads):
        marked += 1
    if marked or any(cell.head for row in rows for cell in row.cells):
        return marked
    digits = [any(c.isdigit() for cell in row.cells for c in cell.passage.text) for row in rows]
    return int(not digits[0] and all(digits[1:]))


class _Grid:
    """The columns of a table: their heads, and the cells from above that reach into the row being read."""

    def __init__(self) -> None:
        self.heads: dict[int, list[str]] = {}
        self.reaching: dict[int, tuple[int, str]] = {}  # column -> rows still to come, the cell's text
        self.group = ""
        self.width = 0

    def _place(self, row: _Row) -> tuple[list[tuple[int, _Cell]], list[str]]:
        """Return the row's cells with their first column, and the texts that reach into it from above."""
        reaching, self.reaching = self.reaching, {}
        borrowed: list[str] = []
        placed: list[tuple[int, _Cell]] = []
        column = 0
        for cell in [*row.cells, None]:
            while column in reaching or (cell is None and any(at > column for at in reaching)):
                if column in reaching:
                    left, text = reaching.pop(column)
                    borrowed += [text] if text and text not in borrowed else []
                    if left > 1:
                        self.reaching[column] = (left - 1, text)
                column += 1
            if cell is not None:
                placed.append((column, cell))
                if cell.rows > 1:
                    span = range(column, column + cell.columns)
                    self.reaching.update(dict.fromkeys(span, (cell.rows - 1, cell.passage.squeeze().text)))
                column += cell.columns
        self.width = max(self.width, column)
        return placed, borrowed

    def add_head(self, row: _Row) -> None:
        """Read a row that names columns; a head over several columns is said of each of them."""
        for first, cell in self._place(row)[0]:
            for column in range(first, first + cell.columns):
                if cell.passage.text:
                    self.heads.setdefault(column, []).append(cell.passage.squeeze().text)

    def _head(self, first: int, columns: int) -> str:
        """Return what stands over a cell, from the top down, column by column."""
        over = (" – ".join(self.heads.get(column, [])) for column in range(first, first + columns))
        return ", ".join(dict.fromkeys(filter(None, over)))

    def body(self, row: _Row) -> Block | None:
        """Return a body row as a block; None for a row that only names the rows below it."""
        placed, borrowed = self._place(row)
        if self._names_rows(placed):
            self.group = placed[0][1].passage.squeeze().text
            return None
        heads = [self._head(column, cell.columns) for column, cell in placed]
        above = ", ".join(filter(None, [self.group, *borrowed]))
        if above:
            heads = [f"{above}: {heads[0]}" if heads and heads[0] else above, *heads[1:]]
        cells = tuple(cell.passage for _, cell in placed)
        return Block(BlockKind.ROW, join(cells, " | "), cells=cells, heads=tuple(heads) if any(heads) else ())

    def _names_rows(self, placed: list[tuple[int, _Cell]]) -> bool:
        if len(placed) != 1 or self.width < 2 or placed[0][1].columns < self.width:
            return False
        text = placed[0][1].passage.text
        return len(text) <= _GROUP_LABEL and not text.rstrip().endswith(".") and not find_marks(text)
