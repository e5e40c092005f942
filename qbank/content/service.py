"""Loading the content that ships: taxonomy, presets, articles, items. Loading it again changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.orm import Session

from qbank import paths
from qbank.articles.service import load_text
from qbank.blocks.models import ExamPreset, TimeUpPolicy
from qbank.content import load_presets, load_taxonomy
from qbank.errors import InvalidError
from qbank.exchange import bank_markdown
from qbank.exchange.images import Incoming, incoming
from qbank.exchange.report import Outcome
from qbank.exchange.service import Fate, store_records
from qbank.items.models import Origin
from qbank.items.record import ItemRecord
from qbank.items.taxonomy import Dimension, Taxon
from qbank.media import service as media
from qbank.media.shelf import Shelf


def load_shipped(session: Session, folder: Path | None = None, *, shelf: Shelf | None = None) -> Iterator[str]:
    """Load everything under the content folder; yield one line a step for the person who waits.

    Images of the folder ``media`` in it go to the ``shelf``.
    """
    folder = folder or paths.questions_dir()
    yield f"taxonomy: {_load_taxonomy(session, folder / 'taxonomy.yaml')} classes"
    yield f"exam presets: {_load_presets(session, folder / 'presets.yaml')}"
    for file in sorted((folder / "articles").glob("*.md")):
        loaded = load_text(session, None, file.read_text(encoding="utf-8"), name=file.name, slug=file.stem)
        yield f"article {file.stem}: revision {loaded.revision.number}{'' if loaded.changed else ' (unchanged)'}"
    with incoming(shelf, (folder / "media",)) as images:
        records = _records(session, folder / "items", images)
        report = store_records(session, None, records, origin=Origin.SHIPPED, keep_status=True)
    counts = ", ".join(f"{count} {fate}" for fate, count in report.counts.items() if count)
    yield f"items: {counts or 'none'}"
    if report.counts[Fate.KEPT]:
        yield f"{report.counts[Fate.KEPT]} items were edited here and stay as they are"
    yield from (f"{name}: {problem}" for name, problem in report.problems)


def _records(session: Session, folder: Path, images: Incoming | None) -> Iterator[ItemRecord]:
    for file in sorted(folder.rglob("*.md")):
        outcomes: Iterator[Outcome] = bank_markdown.read(file.read_bytes(), file.name)
        for record in images.settle(outcomes) if images else outcomes:
            if not isinstance(record, ItemRecord):
                raise InvalidError(f"{file.name}: {record}")
            if images and images.kept:  # the rows come before the item that shows them
                media.note(session, images.kept.values(), None)
                images.kept.clear()
            yield record


def _load_taxonomy(session: Session, file: Path) -> int:
    records = load_taxonomy(file)
    known = {(taxon.dimension, taxon.code): taxon for taxon in session.scalars(sa.select(Taxon))}
    for ordinal, record in enumerate(records):
        values = {"name": record.name, "ordinal": ordinal, "source": record.source}
        taxon = known.get((Dimension(record.dimension), record.code))
        if taxon is None:
            session.add(Taxon(dimension=Dimension(record.dimension), code=record.code, **values))
        else:
            for name, value in values.items():
                setattr(taxon, name, value)
    session.flush()
    return len(records)


def _load_presets(session: Session, file: Path) -> int:
    records = load_presets(file)
    known = {preset.code: preset for preset in session.scalars(sa.select(ExamPreset))}
    for record in records:
        values = asdict(record) | {"time_up_policy": TimeUpPolicy(record.time_up_policy)}
        preset = known.get(record.code)
        if preset is None:
            session.add(ExamPreset(**values))
        else:
            for name, value in values.items():
                setattr(preset, name, value)
    session.flush()
    return len(records)
