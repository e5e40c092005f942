"""Files of items on the command line: opened, their format found, read with a progress bar on a terminal."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import BinaryIO, TypeVar, cast

import click

from qbank.exchange.formats import FORMATS, SNIFF_BYTES, Format, find_format

Record = TypeVar("Record")
_IN_MEMORY = 10_000_000  # bytes of a pipe; what is longer goes to a temporary file
_STEP = 50  # records between two looks at how far the file is read


@contextmanager
def opened(path: Path) -> Iterator[tuple[BinaryIO, str]]:
    """Yield a stream that can be read twice, and its name; ``-`` is standard input, a pipe is kept aside first."""
    if str(path) == "-":
        with _kept(sys.stdin.buffer) as copy:
            yield copy, "standard input"
        return
    with path.open("rb") as stream:
        if stream.seekable():
            yield stream, path.name
            return
        with _kept(stream) as copy:
            yield copy, path.name


@contextmanager
def _kept(stream: BinaryIO) -> Iterator[BinaryIO]:
    with SpooledTemporaryFile(max_size=_IN_MEMORY) as copy:
        shutil.copyfileobj(stream, copy)
        copy.seek(0)
        yield cast(BinaryIO, copy)


def format_of(stream: BinaryIO, name: str, given: str | None, option: str = "--format") -> Format:
    """Return the format that was given, else the one that name and content tell; `click.UsageError` for none."""
    start = stream.read(SNIFF_BYTES)
    stream.seek(0)
    chosen = FORMATS[given] if given else find_format(name, start)
    if chosen is None:
        known = ", ".join(entry for entry in FORMATS if FORMATS[entry].can_read)
        raise click.UsageError(f"{name}: the format is not known from its name or content; add {option} ({known}).")
    if not chosen.can_read:
        raise click.UsageError(f"{chosen.title} is written, but not read: choose another file.")
    return chosen


def followed(records: Iterable[Record], stream: BinaryIO, name: str) -> Iterator[Record]:
    """Yield the records that are read from ``stream``; on a terminal a bar on standard error shows how far it is."""
    if not sys.stderr.isatty():
        yield from records
        return
    size = stream.seek(0, 2)
    stream.seek(0)
    with click.progressbar(length=size, label=name, file=sys.stderr) as bar:
        for number, record in enumerate(records):
            if number % _STEP == 0 and not stream.closed:
                bar.update(max(0, stream.tell() - bar.pos))
            yield record
        bar.update(size - bar.pos)
