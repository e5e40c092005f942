"""XLSX: the first sheet as a table of items, the same columns as in CSV.

Before openpyxl reads a workbook it is unpacked once into nothing, with its members counted, its bytes measured and
every part refused that is not UTF-8 or declares a DOCTYPE. Texts are written as texts, never as formulas.
"""

from __future__ import annotations

import datetime
import re
import shutil
import warnings
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from tempfile import SpooledTemporaryFile
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from qbank.exchange import table_rows
from qbank.exchange.csv_table import spool, template_cells, unspool
from qbank.exchange.lines import Source, stream_of
from qbank.exchange.report import Outcome, Refused
from qbank.exchange.table_columns import MAX_COLUMNS, heads
from qbank.exchange.table_reading import Preview, Row, outcomes, preview_of
from qbank.exchange.zip_guard import UnsafeZipError, check
from qbank.items.record import ItemRecord

if TYPE_CHECKING:
    from openpyxl.workbook import Workbook

loses = table_rows.loses

MAX_CELL = 32_767  # characters that the format allows
MAX_BYTES = 200_000_000
_IN_MEMORY = 10_000_000
_CHUNK = 65_536
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_ESCAPE = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_HOUR = re.compile(rb">\d{4}-\d\d-\d\dT[\d:.]+Z<")
_DECLARATION = re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:<\?xml([^>]*)\?>)?")
_ENCODING = re.compile(rb"""encoding\s*=\s*["'](?!(?:utf-8|us-ascii)["'])""", re.IGNORECASE)


def read(source: Source, name: str = "", columns: Mapping[str, str] | None = None) -> Iterator[Outcome]:  # noqa: ARG001
    """Yield one outcome for each row behind the head of the first sheet; blank rows do not count."""
    try:
        yield from outcomes(_rows(source), columns)
    except UnsafeZipError as error:
        yield Refused(1, 0, f"the workbook cannot be read: {error}")


def preview(source: Source, columns: Mapping[str, str] | None = None, count: int = 5) -> Preview:
    """Return what the sheet's columns mean and its first rows; raise `UnsafeZipError` for what is no workbook."""
    return preview_of(_rows(source), columns, count)


def _rows(source: Source) -> Iterator[Row]:
    with SpooledTemporaryFile(max_size=_IN_MEMORY) as held:
        copy = cast(BinaryIO, held)
        if not _copied(stream_of(source), copy):
            return
        check(copy, look=_look)
        yield from _sheet_rows(copy)


def _copied(incoming: BinaryIO, copy: BinaryIO) -> int:
    """Copy a stream to where it can be read from its end; return its size."""
    size = 0
    while chunk := incoming.read(_CHUNK):
        size += len(chunk)
        if size > MAX_BYTES:
            raise UnsafeZipError(f"it is larger than {MAX_BYTES:,} bytes: split it")
        copy.write(chunk)
    copy.seek(0)
    return size


def _look(name: str, start: bytes) -> None:
    """Refuse a part that could define entities, in any encoding that could hide them."""
    if not name.lower().endswith((".xml", ".rels", ".vml")):
        return
    found = _DECLARATION.match(start)
    rest = start[found.end() :].lstrip() if found else start
    hidden = bool(found and found[1] and _ENCODING.search(found[1]))
    while rest.startswith(b"<!--") and b"-->" in rest:
        rest = rest.partition(b"-->")[2].lstrip()
    if hidden or not re.match(rb"<[A-Za-z_]", rest):
        raise UnsafeZipError(f"its part '{name[:60]}' is not plain XML in UTF-8, or has a DOCTYPE: save it again")


def _sheet_rows(copy: BinaryIO) -> Iterator[Row]:
    import openpyxl

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about styles and extensions, which do not matter here
        try:
            book = openpyxl.load_workbook(copy, read_only=True, data_only=False, keep_links=False)
            sheet: Any = book.worksheets[0] if book.worksheets else None
            if sheet is None:
                raise UnsafeZipError("it has no sheet with cells")
            sheet.reset_dimensions()  # what the file says of its size is not believed
            for number, cells in enumerate(sheet.iter_rows(max_col=MAX_COLUMNS + 1), start=1):
                yield _row(number, cells)
        except UnsafeZipError:
            raise
        except Exception as error:  # openpyxl raises whatever a damaged part provokes
            kind = type(error).__name__
            raise UnsafeZipError(f"it is damaged ({kind}): open it in a spreadsheet and save it again") from None


def _row(number: int, cells: Iterable[Any]) -> Row:
    row = Row(number, [])
    texts: list[str] = []
    for cell in cells:
        if getattr(cell, "data_type", "n") == "f":
            row.fault = row.fault or f"cell {cell.coordinate} holds a formula: put its value in its place"
        if getattr(cell, "data_type", "n") == "e":
            row.fault = row.fault or f"cell {cell.coordinate} holds the error {cell.value}: correct it"
        if isinstance(cell.value, datetime.date | datetime.time | datetime.timedelta):
            row.remarks.append(f"cell {cell.coordinate} is a date or time, read as {cell.value}: look at it")
        texts.append(_text(cell.value))
    while texts and not texts[-1]:
        texts.pop()
    row.cells = texts
    return row


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), value) if isinstance(value, str) else str(value)


def write(items: Iterable[ItemRecord]) -> Iterator[bytes]:
    """Yield the parts of one workbook; no items make an empty file, as in every format.

    The rows are kept in a temporary file until the widest is known. What `cannot_hold` names raises `ValueError`.
    """
    with SpooledTemporaryFile(max_size=_IN_MEMORY) as held:
        width = spool(_checked(items), cast(BinaryIO, held))
        if width is None:
            return
        names = heads(width)
        rows = ([cells.get(name, "") for name in names] for cells in unspool(cast(BinaryIO, held)))
        yield from _saved(_book(names, rows))


def _checked(items: Iterable[ItemRecord]) -> Iterator[ItemRecord]:
    for item in items:
        cause = cannot_hold(item)
        if cause:
            raise ValueError(f"item {item.name} cannot be written as a row: {cause}")
        yield item


def cannot_hold(record: ItemRecord) -> str:
    """Return why an item cannot be a row, "" where it can."""
    cause = table_rows.cannot_hold(record)
    if cause:
        return cause
    longest = max(map(len, map(_written, table_rows.cells_of(record).values())), default=0)
    return f"a cell holds at most {MAX_CELL:,} characters" if longest > MAX_CELL else ""


def _written(cell: str) -> str:
    """Return a cell's text as the format holds it: signs that XML does not allow as _x0000_."""
    text = _ESCAPE.sub("_x005F_", table_rows.defuse(cell))
    return _ILLEGAL.sub(lambda found: f"_x{ord(found[0]):04X}_", text)


def _book(names: list[str], rows: Iterable[list[str]]) -> Workbook:
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell

    book = Workbook(write_only=True)
    sheet: Any = book.create_sheet("Items")
    sheet.freeze_panes = "A2"

    def cell(text: str) -> Any:
        if not text:
            return None
        made = WriteOnlyCell(sheet)
        made._value, made.data_type = text, "s"  # as text, whatever it looks like
        return made

    sheet.append([cell(name) for name in names])
    for row in rows:
        sheet.append([cell(_written(text)) for text in row])
    return book


def _saved(book: Workbook) -> Iterator[bytes]:
    """Yield the workbook's bytes, which depend on its cells alone and not on the hour."""
    with SpooledTemporaryFile(max_size=_IN_MEMORY) as out, SpooledTemporaryFile(max_size=_IN_MEMORY) as dated:
        book.save(cast(Any, dated))
        dated.seek(0)
        with zipfile.ZipFile(cast(BinaryIO, dated)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
            for member in old.infolist():
                _copy_member(old, new, member.filename)
        out.seek(0)
        while chunk := out.read(_CHUNK):
            yield chunk


def _copy_member(old: zipfile.ZipFile, new: zipfile.ZipFile, name: str) -> None:
    entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
    entry.compress_type = zipfile.ZIP_DEFLATED
    with old.open(name) as source, new.open(entry, "w", force_zip64=name.startswith("xl/worksheets/")) as target:
        if name == "docProps/core.xml":
            target.write(_HOUR.sub(b">2000-01-01T00:00:00Z<", source.read()))
        else:
            shutil.copyfileobj(source, target)


def template() -> bytes:
    """Return a workbook to fill in: the head, and one example row."""
    names, example = template_cells()
    return b"".join(_saved(_book(names, [example])))
