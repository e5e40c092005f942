"""The laboratory reference ranges of adults: conventional and SI units, each row with its source and date."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator, StringConstraints

from qbank import paths
from qbank.content.reading import ClassCode, ContentError, Name, Shape, read_model
from qbank.exchange.strict_yaml import Document

_MONTH = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])(-[0-3][0-9])?")


@dataclass(frozen=True, slots=True)
class LabSource:
    """Where a range was published. ``date`` is a month or a day: "2025-03"."""

    title: str
    url: str
    date: str


@dataclass(frozen=True, slots=True)
class LabRange:
    """One reference range. ``of`` narrows it ("Female", "Fasting"); ``si`` is "" where the source is not followed."""

    test: str
    of: str
    conventional: str
    si: str
    also: tuple[str, ...]  # other names, for the search
    source: LabSource


@dataclass(frozen=True, slots=True)
class LabGroup:
    """Ranges of one specimen, in the order in which they are shown."""

    code: str
    name: str
    ranges: tuple[LabRange, ...]


def _month(value: object) -> object:
    if isinstance(value, str) and not _MONTH.fullmatch(value):
        raise ValueError("write a month or a day, as 2025-03 or 2025-03-14")
    return value


Month = Annotated[str, BeforeValidator(_month)]
Short = Annotated[str, StringConstraints(max_length=100)]
Address = Annotated[str, StringConstraints(pattern=r"^https://\S+$", max_length=500)]


class _Source(Shape):
    code: ClassCode
    title: Name
    url: Address
    date: Month


class _Range(Shape):
    test: Name
    of: Short = ""
    conventional: Name
    si: Short = ""
    also: tuple[Name, ...] = ()
    source: ClassCode


class _Group(Shape):
    code: ClassCode
    name: Name
    ranges: tuple[_Range, ...]


class _LabRanges(Shape):
    sources: tuple[_Source, ...]
    groups: tuple[_Group, ...]


def load_lab_ranges(path: Path | None = None) -> tuple[LabGroup, ...]:
    """Return the groups in the order of the file (the shipped file unless another is given).

    Raises `ContentError` with file and line for an unknown key, a source that is not listed, or a row given twice.
    """
    path = path or paths.questions_dir() / "lab_ranges.yaml"
    content, document = read_model(path, _LabRanges)
    sources = {entry.code: LabSource(entry.title, entry.url, entry.date) for entry in content.sources}
    groups = []
    for place, group in enumerate(content.groups):
        _check(path, document, place, group, sources)
        rows = (
            LabRange(row.test, row.of, row.conventional, row.si, row.also, sources[row.source]) for row in group.ranges
        )
        groups.append(LabGroup(group.code, group.name, tuple(rows)))
    return tuple(groups)


def _check(path: Path, document: Document, place: int, group: _Group, sources: dict[str, LabSource]) -> None:
    seen: set[tuple[str, str]] = set()
    for index, row in enumerate(group.ranges):
        line = document.line_of(("groups", place, "ranges", index))
        if row.source not in sources:
            raise ContentError(
                path.name,
                line,
                f"the source '{row.source}' is not listed",
                cure="List it under sources, with its date.",
            )
        if (row.test, row.of) in seen:
            cause = f"'{' '.join(filter(None, (row.test, row.of)))}' is given twice in '{group.name}'"
            raise ContentError(path.name, line, cause, cure="Keep one of the two rows.")
        seen.add((row.test, row.of))


@cache
def shipped_lab_ranges() -> tuple[LabGroup, ...]:
    """Return the ranges that ship, read once."""
    return load_lab_ranges()
