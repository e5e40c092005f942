"""The formats that the bank reads and writes, each a module of one shape. To add one, add a line here.

A module has ``read(source, name) -> Iterator[Outcome]`` and, where it can write, ``write(items) ->
Iterator[bytes]``; both stream, and know neither Flask nor the database. It is imported when it is needed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from qbank.exchange.lines import Source
from qbank.exchange.report import Outcome
from qbank.items.record import ItemRecord

SNIFF_BYTES = 4_096


@dataclass(frozen=True, slots=True)
class Format:
    """One format. ``looks_like`` judges the first bytes of a file whose name tells nothing."""

    name: str  # what --format takes
    title: str  # what people call it
    module: str
    suffixes: tuple[str, ...]
    looks_like: re.Pattern[bytes]

    def _part(self, name: str) -> Any:
        return getattr(import_module(self.module), name, None)

    @property
    def can_write(self) -> bool:
        """Say whether the bank can export to this format."""
        return self._part("write") is not None

    def read(self, source: Source, name: str = "") -> Iterator[Outcome]:
        """Yield one outcome for each record of the file."""
        reader: Callable[[Source, str], Iterator[Outcome]] = self._part("read")
        return reader(source, name)

    def write(self, items: Iterable[ItemRecord]) -> Iterator[bytes]:
        """Yield the parts of one file that holds the items."""
        writer: Callable[[Iterable[ItemRecord]], Iterator[bytes]] | None = self._part("write")
        if writer is None:
            raise ValueError(f"the bank reads {self.title}, but does not write it")
        return writer(items)


_ALL = (
    Format(
        "markdown",
        "Bank Markdown",
        "qbank.exchange.bank_markdown",
        (".md", ".markdown"),
        re.compile(rb"\s*---[ \t\r]*\n"),
    ),
    Format("jsonl", "JSON Lines", "qbank.exchange.json_lines", (".jsonl", ".ndjson"), re.compile(rb"\s*\{")),
)
FORMATS: dict[str, Format] = {entry.name: entry for entry in _ALL}


def find_format(name: str, start: bytes = b"") -> Format | None:
    """Return the format that a file's name tells, else the one its first bytes look like, else None."""
    lowered = name.lower()
    for entry in FORMATS.values():
        if lowered.endswith(entry.suffixes):
            return entry
    start = start.removeprefix(b"\xef\xbb\xbf")
    return next((entry for entry in FORMATS.values() if entry.looks_like.match(start)), None)
