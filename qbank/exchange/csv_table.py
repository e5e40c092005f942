"""CSV: one item a row. Encoding and delimiter are found from the file; the head's names have many spellings.

Read: UTF-8 with or without byte order mark, UTF-16 with one, Windows-1252; comma, semicolon, tab or bar, and the
``sep=;`` line of spreadsheets. Written: UTF-8 with a byte order mark, which spreadsheets need, and commas.
"""

from __future__ import annotations

import csv
import io
import itertools
import json
from collections.abc import Iterable, Iterator, Mapping
from tempfile import SpooledTemporaryFile
from typing import BinaryIO, cast

from qbank.exchange import table_rows
from qbank.exchange.lines import Source, stream_of
from qbank.exchange.report import Outcome
from qbank.exchange.table_columns import heads, map_headers
from qbank.exchange.table_decoding import Decoder
from qbank.exchange.table_reading import Preview, Row, outcomes, preview_of
from qbank.items.record import ItemRecord

cannot_hold = table_rows.cannot_hold
loses = table_rows.loses

_DELIMITERS = ",;\t|"
_IN_MEMORY = 10_000_000
_TEMPLATE = {
    "external_id": "heart-001",
    "stem": "A 64-year-old man has had crushing chest pain for an hour.",
    "lead_in": "Which test comes first?",
    "option_1": "Electrocardiogram",
    "rationale_1": "Why this is right.",
    "option_2": "Chest radiograph",
    "rationale_2": "Why this is wrong.",
    "option_3": "Exercise test",
    "rationale_3": "Why this is wrong.",
    "key": "A",
    "explanation": "What the learner should take along.",
    "references": "Title of the source. https://example.org/source",
    "tags": "chest pain; emergency",
    "difficulty": "easy",
}


def read(source: Source, name: str = "", columns: Mapping[str, str] | None = None) -> Iterator[Outcome]:  # noqa: ARG001
    """Yield one outcome for each row behind the head; blank rows do not count.

    ``columns`` maps headers to fields by hand, as `table_columns.map_headers` describes.
    """
    decoder = Decoder(stream_of(source))
    return outcomes(_rows(decoder, columns), columns)


def preview(source: Source, columns: Mapping[str, str] | None = None, count: int = 5) -> Preview:
    """Return what the file's columns mean and its first rows, before anything is imported."""
    decoder = Decoder(stream_of(source))
    lines = iter(decoder)
    delimiter, lines = _delimiter(lines, columns)
    found = preview_of(_parsed(decoder, lines, delimiter), columns, count)
    found.delimiter, found.encoding = delimiter, decoder.encoding
    return found


def _rows(decoder: Decoder, columns: Mapping[str, str] | None) -> Iterator[Row]:
    delimiter, lines = _delimiter(iter(decoder), columns)
    return _parsed(decoder, lines, delimiter)


def _delimiter(lines: Iterator[str], columns: Mapping[str, str] | None) -> tuple[str, Iterator[str]]:
    """Return the delimiter under which the first row names most columns, and all lines from there on."""
    first = next((line for line in lines if line.strip()), "")
    said = first.strip().lower()
    if len(said) == 5 and said.startswith("sep="):
        return said[4], lines
    if said == "sep=":  # a tab, stripped away
        return "\t", lines

    def known(delimiter: str) -> tuple[int, int]:
        cells = next(csv.reader([first[:100_000]], delimiter=delimiter), [])
        return len(map_headers(cells, columns).columns), len(cells)

    return max(_DELIMITERS, key=known), itertools.chain([first] if first else [], lines)


def _parsed(decoder: Decoder, lines: Iterator[str], delimiter: str) -> Iterator[Row]:
    reader = csv.reader(lines, delimiter=delimiter, strict=True)  # an open quote would swallow rows
    while True:
        before = decoder.line
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            swallowed = "limit" in str(error) or "unexpected end" in str(error)
            cause = "a quotation mark is not closed, or a cell is too long" if swallowed else str(error)
            yield Row(before + 1, [], f"the row is not readable as CSV: {cause}")
            continue
        first = before + 1 if reader.line_num > 1 else decoder.line
        yield Row(first, cells, decoder.take_fault(), decoder.take_remarks())


def write(items: Iterable[ItemRecord]) -> Iterator[bytes]:
    """Yield the parts of one file; no items make an empty file.

    The rows are kept in a temporary file until the widest is known. What `cannot_hold` names raises `ValueError`.
    """
    with SpooledTemporaryFile(max_size=_IN_MEMORY) as held:
        width = spool(items, cast(BinaryIO, held))
        if width is None:
            return
        names = heads(width)
        yield b"\xef\xbb\xbf" + _line(names)
        for cells in unspool(cast(BinaryIO, held)):
            yield _line([table_rows.defuse(cells.get(name, "")) for name in names])


def spool(items: Iterable[ItemRecord], held: BinaryIO) -> int | None:
    """Write the items' cells aside, one JSON line each; return how many option columns they need, None for none."""
    width: int | None = None
    for item in items:
        cause = cannot_hold(item)
        if cause:
            raise ValueError(f"item {item.name} cannot be written as a row: {cause}")
        cells = table_rows.cells_of(item)
        width = max(width or 0, table_rows.option_places(cells))
        held.write(json.dumps(cells).encode("ascii") + b"\n")
    held.seek(0)
    return width


def unspool(held: BinaryIO) -> Iterator[dict[str, str]]:
    """Yield the cells that `spool` has put aside."""
    for line in held:
        yield json.loads(line)


def _line(cells: Iterable[str]) -> bytes:
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerow(cells)
    return out.getvalue().encode("utf-8")


def template() -> bytes:
    """Return a file to fill in: the head, and one example row."""
    names = heads(0)
    return b"\xef\xbb\xbf" + _line(names) + _line([_TEMPLATE.get(name, "") for name in names])


def template_cells() -> list[list[str]]:
    """Return head and example row of the template, for tables of another kind."""
    names = heads(0)
    return [names, [_TEMPLATE.get(name, "") for name in names]]
