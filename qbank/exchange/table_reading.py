"""Rows of any table as items: the first row names the columns, each other row is a record."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from qbank.exchange.report import Outcome, Problem, Refused
from qbank.exchange.table_columns import HeaderMap, map_headers
from qbank.exchange.table_rows import RowError, record_of_row


@dataclass(slots=True)
class Row:
    """One row as the file has it. ``fault`` says why it cannot be used, ``remarks`` what was changed in it."""

    line: int
    cells: Sequence[str]
    fault: str = ""
    remarks: list[str] = field(default_factory=list)

    @property
    def blank(self) -> bool:
        """Say whether nothing is in it."""
        return not self.fault and not any(cell.strip() for cell in self.cells)


@dataclass(slots=True)
class Preview:
    """What a table looks like before it is imported: its columns, its first rows, how it was decoded."""

    head: HeaderMap
    rows: list[Row]
    encoding: str = ""
    delimiter: str = ""


def outcomes(rows: Iterator[Row], columns: Mapping[str, str] | None) -> Iterator[Outcome]:
    """Yield one outcome for each row behind the head; ``columns`` maps headers to fields by hand."""
    first = next((row for row in rows if not row.blank), None)
    if first is None:
        return
    if first.fault:
        yield Refused(1, first.line, first.fault)
        return
    head = map_headers(first.cells, columns)
    if head.faults:
        yield Refused(1, first.line, "; ".join(head.faults[:5]))
        return
    if head.unknown:
        names = ", ".join(f"'{name[:60]}'" for name in head.unknown[:20])
        yield Problem(0, first.line, f"columns without a meaning here are left out: {names}")
    number = 0
    for row in rows:
        if row.blank:
            continue
        number += 1
        yield from _row_outcomes(row, head, number)


def _row_outcomes(row: Row, head: HeaderMap, number: int) -> Iterator[Outcome]:
    fault = row.fault or ("a cell holds a NUL character: remove it" if any("\0" in cell for cell in row.cells) else "")
    if fault:
        yield Refused(number, row.line, fault)
        return
    try:
        yield record_of_row(row.cells, head, row.line)
    except RowError as error:
        yield Refused(number, row.line, str(error))
        return
    for remark in row.remarks:
        yield Problem(number, row.line, remark)


def preview_of(rows: Iterator[Row], columns: Mapping[str, str] | None, count: int) -> Preview:
    """Return the head and the first rows of a table."""
    first = next((row for row in rows if not row.blank), Row(1, []))
    shown: list[Row] = []
    for row in rows:
        if len(shown) == count:
            break
        if not row.blank:
            shown.append(row)
    return Preview(map_headers(first.cells, columns), shown)
