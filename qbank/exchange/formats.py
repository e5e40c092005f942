"""The formats that the bank reads and writes, each a module of one shape. To add one, add a line here.

A module has ``read(source, name) -> Iterator[Outcome]`` and, where it can write, ``write(items) ->
Iterator[bytes]``; both stream, and know neither Flask nor the database. It is imported when it is needed. Those
that carry images take a `qbank.exchange.files.Files` as their argument ``files``. ``cannot_hold(record) -> str``
says why an item cannot be written at all, ``loses(record) -> list[str]`` what of it is not in the file.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from qbank.exchange.files import Files
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

    @property
    def can_read(self) -> bool:
        """Say whether the bank can import from this format."""
        return self._part("read") is not None

    def read(self, source: Source, name: str = "", files: Files | None = None) -> Iterator[Outcome]:
        """Yield one outcome for each record of the file; images go to ``files`` where the format carries any."""
        reader: Callable[..., Iterator[Outcome]] | None = self._part("read")
        if reader is None:
            raise ValueError(f"the bank writes {self.title}, but does not read it")
        return reader(source, name, files=files) if _takes_files(reader) else reader(source, name)

    def write(self, items: Iterable[ItemRecord], files: Files | None = None) -> Iterator[bytes]:
        """Yield the parts of one file that holds the items, with the images that ``files`` has of them."""
        writer: Callable[..., Iterator[bytes]] | None = self._part("write")
        if writer is None:
            raise ValueError(f"the bank reads {self.title}, but does not write it")
        return writer(items, files=files) if _takes_files(writer) else writer(items)

    @property
    def carries_files(self) -> bool:
        """Say whether what is written holds the images themselves."""
        writer = self._part("write")
        return writer is not None and _takes_files(writer)

    def cannot_hold(self, record: ItemRecord) -> str:
        """Return why an item cannot be written in this format, "" where it can."""
        judge: Callable[[ItemRecord], str] | None = self._part("cannot_hold")
        return judge(record) if judge else ""

    def loses(self, record: ItemRecord, files: Files | None = None) -> list[str]:
        """Return what of an item is not in a file of this format, in words."""
        judge: Callable[..., list[str]] | None = self._part("loses")
        if judge is None:
            return []
        return judge(record, files=files) if _takes_files(judge) else judge(record)


def _takes_files(part: Callable[..., Any]) -> bool:
    return "files" in inspect.signature(part).parameters


_GIFT = re.compile(rb"(?:\s*(?://[^\n]*\n|\$CATEGORY:[^\n]*\n))*\s*(?:::|[^{}]{1,3000}?(?<!\\)\{\s*[=~#TF}])")
_AIKEN = re.compile(rb"(?s).{1,3900}?\n\s*[Aa][.)]\s.{1,3900}?\n\s*ANSWER\s*:", re.IGNORECASE)
_QTI = re.compile(
    rb"PK\x03\x04|\s*(?:<[?!][^>]*>\s*)*<(?:[\w.-]+:)?(?:questestinterop|objectbank|assessmentItem|qti-assessment-item)[\s>/]"
)
_ALL = (
    Format(
        "markdown",
        "Bank Markdown",
        "qbank.exchange.bank_markdown",
        (".md", ".markdown"),
        re.compile(rb"\s*---[ \t\r]*\n"),
    ),
    Format(
        "markdown-zip",
        "Bank Markdown with images",
        "qbank.exchange.bank_package",
        (".qbank.zip",),
        re.compile(rb"(?s)PK\x03\x04.{26}items\.md"),
    ),
    Format("jsonl", "JSON Lines", "qbank.exchange.json_lines", (".jsonl", ".ndjson"), re.compile(rb"\s*\{")),
    Format("moodle", "Moodle XML", "qbank.exchange.moodle_xml", (), re.compile(rb"\s*(?:<[?!][^>]*>\s*)*<quiz[\s>]")),
    Format("xlsx", "XLSX", "qbank.exchange.xlsx_table", (".xlsx",), re.compile(rb"PK\x03\x04.{26,64}xl/", re.DOTALL)),
    Format("csv", "CSV", "qbank.exchange.csv_table", (".csv", ".tsv"), re.compile(rb"(?!)")),
    Format("gift", "GIFT", "qbank.exchange.gift", (".gift",), _GIFT),
    Format("aiken", "Aiken", "qbank.exchange.aiken", (".aiken",), _AIKEN),
    Format("qti", "IMS QTI 1.2 to 3.0", "qbank.exchange.qti.reading", (".zip", ".imscc", ".qti"), _QTI),
    Format("qti21", "IMS QTI 2.1", "qbank.exchange.qti.version_2_1", (), re.compile(rb"(?!)")),
    Format("qti22", "IMS QTI 2.2", "qbank.exchange.qti.version_2_2", (), re.compile(rb"(?!)")),
    Format("qti30", "IMS QTI 3.0", "qbank.exchange.qti.version_3_0", (), re.compile(rb"(?!)")),
    Format("anki", "Anki package", "qbank.exchange.anki", (".apkg",), re.compile(rb"(?!)")),
    Format("html-paper", "Paper form (HTML)", "qbank.exchange.html_paper", (".paper.html",), re.compile(rb"(?!)")),
    Format("html-key", "Answer key (HTML)", "qbank.exchange.html_key", (".key.html",), re.compile(rb"(?!)")),
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
