"""Reading a response matrix from CSV: rows are persons, columns are items, an empty cell is an item not taken."""

from __future__ import annotations

import csv
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice, pairwise
from typing import TextIO

import numpy as np

from qbank.measurement.responses import Indices, Responses

MAX_COLUMNS = 20_000
MAX_CELLS = 20_000_000
MAX_OPTIONS = 26  # different answers to one item
MAX_LINE = 10_000_000  # characters
MAX_LABEL = 80  # characters of an answer or a name that are shown or kept
_NOT_TAKEN = frozenset({"", "NA", "NaN", "nan"})
_SCORES = {"0": 0, "1": 1, "0.0": 0, "1.0": 1}
_AHEAD = 50  # rows looked at to tell names from answers
_PERSON = frozenset({"", "id", "person", "persons", "person_id", "row", "name", "student", "learner", "candidate"})


class MatrixError(Exception):
    """The file cannot be used: ``message`` says where and why, ``cure`` what to do."""

    def __init__(self, message: str, cure: str = "") -> None:
        super().__init__(f"{message} {cure}".strip())
        self.message, self.cure = message, cure


@dataclass(frozen=True, slots=True)
class ChosenOptions:
    """What was chosen, beside right and wrong: made when there is a key."""

    labels: tuple[tuple[str, ...], ...]  # of each item
    keys: tuple[int, ...]  # the key's place among them
    chosen: Indices  # of each response, its label's place


@dataclass(frozen=True, slots=True)
class Matrix:
    """A response matrix with the names of its items, and of its persons where the file gives them."""

    items: tuple[str, ...]
    persons: tuple[str, ...] | None
    responses: Responses
    options: ChosenOptions | None = None


@dataclass(slots=True)
class _Cells:
    """The cells read so far, kept small: item and value of a response in one number, and how many a person has."""

    codes: array[int] = field(default_factory=lambda: array("i"))
    taken: array[int] = field(default_factory=lambda: array("i"))

    def arrays(self) -> tuple[Indices, Indices, Indices]:
        """Return person, item and value of each response."""
        person = np.repeat(np.arange(len(self.taken)), np.array(self.taken, dtype=np.intp))
        item, value = np.divmod(np.array(self.codes, dtype=np.intp), MAX_OPTIONS)
        return person, item, value


@dataclass(frozen=True, slots=True)
class _Row:
    line: int
    cells: list[str]


def bounded_lines(stream: TextIO, what: str) -> Iterator[str]:
    """Yield the lines of a stream, and raise MatrixError at one that is too long to be a row."""
    number = 0
    while line := stream.readline(MAX_LINE + 1):
        number += 1
        if len(line) > MAX_LINE:
            raise MatrixError(f"Line {number} of the {what} has more than {MAX_LINE:,} characters.", _too_large())
        yield line


def read_matrix(lines: Iterable[str], key: Iterable[str] | None = None) -> Matrix:
    """Read a matrix of 0 and 1, or, with the lines of a key file, of chosen options.

    A first row of names is found by itself, and a first column of persons by its name (``id``, ``person``, empty, ...).
    Commas, semicolons or tabs separate; ``NA`` is an empty cell. Raises MatrixError with line and column.
    """
    rows = _rows(lines, "matrix")
    ahead = list(islice(rows, _AHEAD))
    if not ahead:
        raise MatrixError("The matrix is empty.", "Give one line a person, one column an item.")
    answers = None if key is None else _read_key(key)
    first = ahead[0]
    named = _is_score_header(first.cells) if answers is None else _is_option_header(ahead, answers)
    if named and len(ahead) == 1:
        raise MatrixError(f"Line {first.line}: there are names and no person.", "Add one line a person.")
    with_ids = named and first.cells[0].lower() in _PERSON
    names = _names(first, named, with_ids)
    reader = _ScoreReader(names) if answers is None else _OptionReader(names, _keys_of(answers, names, named))
    return _collect(chain(ahead[1:] if named else ahead, rows), len(first.cells), with_ids, reader)


def _rows(lines: Iterable[str], what: str) -> Iterator[_Row]:
    """Yield the rows that are not blank, cells stripped."""
    try:
        source = iter(lines)
        start = next(source, "").removeprefix("\ufeff")
        mark = max(",;\t", key=start.count)
        reader = csv.reader(chain([start], source), delimiter=mark, strict=True)
        for cells in reader:
            if len(cells) > MAX_COLUMNS:
                raise MatrixError(f"Line {reader.line_num} of the {what} has {len(cells)} columns.", _too_large())
            if cells and (len(cells) > 1 or cells[0].strip()):
                yield _Row(reader.line_num, [cell.strip() for cell in cells])
    except csv.Error as error:
        raise MatrixError(f"Line {reader.line_num} of the {what} is not CSV: {error}.", "Check its quotes.") from None
    except UnicodeDecodeError:
        raise MatrixError(f"The {what} is not UTF-8 text.", "Save it as UTF-8.") from None


def _too_large() -> str:
    return f"At most {MAX_COLUMNS:,} columns and {MAX_CELLS:,} cells can be read."


def _candidates(cells: Sequence[str]) -> list[str]:
    """Return what would be the items' names if this row held names; nothing if it cannot: empty or repeated ones."""
    names = list(cells[1:] if cells[0].lower() in _PERSON else cells)
    return names if all(names) and len(set(names)) == len(names) else []


def _is_score_header(cells: Sequence[str]) -> bool:
    """Whether the first row of a 0/1 matrix holds names: none is a score, or they count up (1, 2, 3)."""
    names = _candidates(cells)
    scores = [name for name in names if name in _SCORES]
    return bool(names) and (not scores or (len(scores) < len(names) and _counting(names)))


def _is_option_header(ahead: Sequence[_Row], answers: Sequence[Sequence[str]]) -> bool:
    """Whether the first row of a matrix of options holds names. Where it could be answers, it is taken for them."""
    names = set(_candidates(ahead[0].cells))
    if not names:
        return False
    listed = names & {row[0] for row in answers} if all(len(row) == 2 for row in answers) else set()
    if listed and (len(answers) > 1 or any(len(name) > 1 for name in listed)):  # lines of item,key
        return ahead[0].cells[0].lower() in _PERSON or not names <= {row[1] for row in answers}
    if len(answers) == 2 and names == set(answers[0]):
        return True
    seen = {cell for row in ahead[1:] for cell in row.cells} | {cell for row in answers for cell in row}
    return not names & seen and any(len(name) > 1 for name in names)


def _counting(names: Sequence[str]) -> bool:
    """Whether the names are whole numbers that count up by one."""
    if not all(name.isascii() and name.isdigit() and len(name) < 10 for name in names):
        return False
    numbers = [int(name) for name in names]
    return all(after == before + 1 for before, after in pairwise(numbers))


def _names(first: _Row, named: bool, with_ids: bool) -> tuple[str, ...]:
    cells = first.cells[1:] if with_ids else first.cells
    if named:
        return tuple(cell[:MAX_LABEL] for cell in cells)
    return tuple(str(number) for number in range(1, len(cells) + 1))


class _ScoreReader:
    """Reads cells of 0 and 1."""

    cure = "Score the answers as 0 and 1, or give the right options with --key."

    def __init__(self, names: tuple[str, ...]) -> None:
        self.names = names
        self.tables: list[dict[str, int]] = [_SCORES] * len(names)

    def new(self, item: int, cell: str) -> int:
        """Refuse a cell that is not in the table."""
        raise ValueError(f"“{_shown(cell)}” is neither 0, 1 nor empty")

    def finish(self, cells: _Cells, persons: int, ids: tuple[str, ...] | None) -> Matrix:
        """Return the matrix."""
        person, item, value = cells.arrays()
        return Matrix(self.names, ids, Responses(persons, len(self.names), person, 2 * item + value))


class _OptionReader:
    """Reads chosen options: whatever text stands there, the key's being right."""

    cure = "Check the column, or leave the cell empty for an item not taken."

    def __init__(self, names: tuple[str, ...], keys: Sequence[str]) -> None:
        self.names, self.keys = names, keys
        self.tables: list[dict[str, int]] = [{key: 0} for key in keys]

    def new(self, item: int, cell: str) -> int:
        """Take up an option that is met for the first time."""
        places = self.tables[item]
        if len(places) >= MAX_OPTIONS:
            raise ValueError(f"more than {MAX_OPTIONS} different answers to one item")
        if len(cell) > MAX_LABEL:
            raise ValueError(f"an answer of {len(cell)} characters; {MAX_LABEL} is the most")
        place = places[cell] = len(places)
        return place

    def finish(self, cells: _Cells, persons: int, ids: tuple[str, ...] | None) -> Matrix:
        """Return the matrix, options in the order of the alphabet."""
        person, item, met = cells.arrays()
        labels = [tuple(sorted(places)) for places in self.tables]
        order = np.zeros((len(labels), MAX_OPTIONS), dtype=np.intp)  # place of meeting -> place in the alphabet
        for number, (names, places) in enumerate(zip(labels, self.tables, strict=True)):
            for place, name in enumerate(names):
                order[number, places[name]] = place
        options = ChosenOptions(tuple(labels), tuple(order[:, 0].tolist()), order[item, met])
        right = (met == 0).astype(np.intp)  # the key's place of meeting is 0
        return Matrix(self.names, ids, Responses(persons, len(self.names), person, 2 * item + right), options)


def _collect(rows: Iterable[_Row], width: int, with_ids: bool, reader: _ScoreReader | _OptionReader) -> Matrix:
    cells, ids, persons = _Cells(), [], 0
    for row in rows:
        if len(row.cells) != width:
            raise MatrixError(
                f"Line {row.line} has {len(row.cells)} columns, the first line {width}.",
                "Leave a cell empty for an item not taken.",
            )
        if (persons + 1) * width > MAX_CELLS:
            raise MatrixError(f"Line {row.line}: the matrix is too large.", _too_large())
        if with_ids:
            ids.append(row.cells[0][:MAX_LABEL])
        _take(cells, row, 1 if with_ids else 0, reader)
        persons += 1
    return reader.finish(cells, persons, tuple(ids) if with_ids else None)


def _take(cells: _Cells, row: _Row, first: int, reader: _ScoreReader | _OptionReader) -> None:
    tables, before = reader.tables, len(cells.codes)
    for item, cell in enumerate(row.cells[first:]):
        if cell in _NOT_TAKEN:
            continue
        value = tables[item].get(cell)
        if value is None:
            try:
                value = reader.new(item, cell)
            except ValueError as error:
                place = f"Line {row.line}, column {item + first + 1} (item {_shown(reader.names[item])})"
                raise MatrixError(f"{place}: {error}.", reader.cure) from None
        cells.codes.append(MAX_OPTIONS * item + value)
    cells.taken.append(len(cells.codes) - before)


def _shown(text: str) -> str:
    """Return a text as an error shows it: short and printable."""
    short = text if len(text) <= 40 else text[:40] + "…"
    return "".join(sign if sign.isprintable() else "\ufffd" for sign in short)


def _read_key(lines: Iterable[str]) -> list[list[str]]:
    rows = [row.cells for row in _rows(lines, "key")]
    if not rows:
        raise MatrixError("The key file is empty.", "Give one line item,key for each item, or all keys in one line.")
    return rows


def _keys_of(rows: list[list[str]], names: tuple[str, ...], named: bool) -> list[str]:
    """Return the key of each item, from any of the three forms of a key file.

    One line of keys in the order of the items, a line of names before it if wanted; lines of ``item,key``; or one key
    a line.
    """
    count = len(names)
    if len(rows) == 2 and len(rows[0]) == len(rows[1]) and set(rows[0]) == set(names):
        return _checked([rows[1][rows[0].index(name)] for name in names], names)
    if all(len(row) == 2 for row in rows):
        found = _keys_by_item(rows, names, named)
        if found is not None:
            return _checked(found, names)
    if len(rows) == 1 and len(rows[0]) == count:
        return _checked(rows[0], names)
    if len(rows) == count and all(len(row) == 1 for row in rows):
        return _checked([row[0] for row in rows], names)
    raise MatrixError(
        f"The key file has {len(rows)} lines, the first of {len(rows[0])} columns, for {count} items.",
        "Give one line item,key for each item, or all keys in one line.",
    )


def _keys_by_item(rows: list[list[str]], names: tuple[str, ...], named: bool) -> list[str] | None:
    """Return the keys of lines ``item,key``, or None when the lines are something else.

    The items of a matrix without names are taken in the order of the lines, unless they are called 1, 2, 3.
    """
    listed = Counter(item for item, _ in rows)
    missing = [name for name in names if name not in listed]
    if len(missing) == len(names):
        by_order = not named and len(rows) in (len(names), len(names) + 1)
        return [key for _, key in rows[-len(names) :]] if by_order else None
    if missing:
        raise MatrixError(
            f"The key file has no key for item {_shown(missing[0])}.", "Give one line item,key for each item."
        )
    twice = next((name for name in names if listed[name] > 1), None)
    if twice is not None:
        raise MatrixError(f"The key file has item {_shown(twice)} twice.", "Keep one line an item.")
    given = dict(rows)
    return [given[name] for name in names]


def _checked(keys: list[str], names: tuple[str, ...]) -> list[str]:
    for key, name in zip(keys, names, strict=True):
        if key in _NOT_TAKEN:
            raise MatrixError(f"The key of item {_shown(name)} is empty.", "Give the option that is right.")
        if len(key) > MAX_LABEL:
            raise MatrixError(f"The key of item {_shown(name)} has {len(key)} characters.", f"{MAX_LABEL} is the most.")
    return keys
