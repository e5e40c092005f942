"""The taxonomy file: organ systems, disciplines and physician tasks, each with its source and date."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from qbank import paths
from qbank.content.reading import ClassCode, ContentError, Day, Name, Shape, read_model
from qbank.exchange.strict_yaml import Document

DIMENSIONS = {"systems": "system", "disciplines": "discipline", "tasks": "task"}  # key of the file -> dimension


@dataclass(frozen=True, slots=True)
class TaxonRecord:
    """One class in one dimension (``system``, ``discipline`` or ``task``); ``order`` counts from 1 in it."""

    dimension: str
    code: str
    name: str
    order: int
    source: str
    source_date: date | None  # None where the source bears no day


class _Class(Shape):
    code: ClassCode
    name: Name


class _Dimension(Shape):
    source: Name
    source_date: Day | None
    classes: tuple[_Class, ...]


class _Taxonomy(Shape):
    systems: _Dimension
    disciplines: _Dimension
    tasks: _Dimension


def load_taxonomy(path: Path | None = None) -> tuple[TaxonRecord, ...]:
    """Return the classes of all dimensions in the order of the file (the shipped file unless another is given).

    Raises `ContentError` with file and line for an unknown key, a missing value or a code given twice.
    """
    path = path or paths.questions_dir() / "taxonomy.yaml"
    taxonomy, document = read_model(path, _Taxonomy)
    records: list[TaxonRecord] = []
    for key, dimension in DIMENSIONS.items():
        content: _Dimension = getattr(taxonomy, key)
        _refuse_repeats(path, document, key, content)
        records += [
            TaxonRecord(dimension, entry.code, entry.name, order, content.source, content.source_date)
            for order, entry in enumerate(content.classes, start=1)
        ]
    return tuple(records)


def _refuse_repeats(path: Path, document: Document, key: str, content: _Dimension) -> None:
    seen: set[str] = set()
    for index, entry in enumerate(content.classes):
        if entry.code in seen:
            line = document.line_of((key, "classes", index))
            cause = f"the code '{entry.code}' is given twice among the {key}"
            raise ContentError(path.name, line, cause, cure="Give each class a code of its own.")
        seen.add(entry.code)
