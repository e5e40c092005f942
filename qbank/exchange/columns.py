"""What the columns of a table mean: as found from its head, and as a person corrects it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import BinaryIO

from qbank.exchange.files import Files
from qbank.exchange.formats import Format
from qbank.exchange.report import Outcome
from qbank.exchange.table_columns import heads

OFFERED_OPTIONS = 8
EXAMPLE = 80  # characters of a cell that are shown
NO_COLUMNS: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class ColumnShown:
    """One column: what its head says, what it was taken for ("" for nothing), a cell of it."""

    header: str
    field: str
    example: str


def has_columns(entry: Format) -> bool:
    """Say whether files of this format have a head that can be mapped by hand."""
    return hasattr(import_module(entry.module), "preview")


def fields_offered() -> list[str]:
    """Return the names of the fields that a column can be mapped to."""
    return heads(OFFERED_OPTIONS)


def columns_of(entry: Format, path: Path, chosen: Mapping[str, str] = NO_COLUMNS) -> list[ColumnShown]:
    """Return the columns of a file; none where the format has no columns or the file cannot be read as a table."""
    if not has_columns(entry):
        return []
    try:
        with path.open("rb") as stream:
            found = import_module(entry.module).preview(stream, chosen or None, 1)
    except (ValueError, OSError):
        return []
    shown = []
    cells = found.rows[0].cells if found.rows else []
    for index, header in enumerate(found.head.headers):
        column = found.head.columns.get(index)
        name = (f"{column.field}_{column.place}" if column.place else column.field) if column else ""
        if header:
            shown.append(ColumnShown(header, name, cells[index][:EXAMPLE] if index < len(cells) else ""))
    return shown


def read(
    entry: Format, stream: BinaryIO, name: str, chosen: Mapping[str, str] = NO_COLUMNS, files: Files | None = None
) -> Iterator[Outcome]:
    """Read a file with its columns as somebody mapped them, or as any reader does where nobody has.

    ``files`` takes the images of a format that carries them; one with columns carries none.
    """
    if not chosen or not has_columns(entry):
        return entry.read(stream, name, files)
    outcomes: Iterator[Outcome] = import_module(entry.module).read(stream, name, columns=chosen)
    return outcomes


def template(entry: Format) -> bytes | None:
    """Return a file of this format to fill in, None where there is none."""
    make = getattr(import_module(entry.module), "template", None)
    return bytes(make()) if make else None
