"""Items out of the bank: which ones, as records one after the other, and what a format would lose of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import sqlalchemy as sa
from sqlalchemy.orm import Session

from qbank import search
from qbank.errors import InvalidError
from qbank.exchange.files import put_beside
from qbank.exchange.formats import FORMATS, Format
from qbank.exchange.images import Outgoing
from qbank.items import records
from qbank.items.models import Item, ItemState, ItemVersion, VersionDiscipline
from qbank.items.record import ItemRecord
from qbank.items.taxonomy import Dimension, Taxon

CHUNK = 200  # items loaded at a time
LOOKED_AT = 2_000  # items that are asked what a format would lose of them
NAMES_STAY = "the image files: their names stay"  # as the formats say it that have no place for any
NAMED = 20  # items named where a format cannot hold them


@dataclass(frozen=True, slots=True)
class Selection:
    """Which items leave the bank. Within a field the values widen, across fields they narrow; empty means any.

    ``published`` takes the version that learners get instead of the newest one. Raises InvalidError in `check` for
    a state or a code that does not exist.
    """

    states: tuple[str, ...] = ()
    systems: tuple[str, ...] = ()
    disciplines: tuple[str, ...] = ()
    tasks: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()
    text: str = ""
    published: bool = False

    def check(self, session: Session) -> None:
        """Raise InvalidError naming every state and code that does not exist."""
        problems: dict[str, str] = {}
        if strange := sorted(set(self.states) - {state.value for state in ItemState}):
            problems["states"] = f"there is no state {', '.join(strange)}"
        for name, dimension in _DIMENSIONS.items():
            codes = set(getattr(self, name))
            query = sa.select(Taxon.code).where(Taxon.dimension == dimension, Taxon.code.in_(codes))
            if strange := sorted(codes - set(session.scalars(query) if codes else ())):
                problems[name] = f"there is no {dimension} with the code {', '.join(strange)}"
        if problems:
            raise InvalidError(f"Nothing was exported: {'; '.join(problems.values())}.", problems=problems)


_DIMENSIONS = {"systems": Dimension.SYSTEM, "disciplines": Dimension.DISCIPLINE, "tasks": Dimension.TASK}


def _matching(chosen: Selection) -> sa.Select[int, int]:
    """Return the query of (item id, version id), in the order of the items' ids."""
    shown = (
        Item.published_version_id
        if chosen.published
        else sa.func.coalesce(Item.draft_version_id, Item.published_version_id)
    )
    query: sa.Select[int, int] = sa.select(Item.id, ItemVersion.id).join(ItemVersion, ItemVersion.id == shown)
    if chosen.states:
        query = query.where(ItemVersion.state.in_([ItemState(state) for state in chosen.states]))
    for codes, column in ((chosen.systems, ItemVersion.system_id), (chosen.tasks, ItemVersion.task_id)):
        if codes:
            query = query.where(column.in_(sa.select(Taxon.id).where(Taxon.code.in_(codes))))
    if chosen.disciplines:
        linked = sa.select(VersionDiscipline.version_id).join(Taxon, Taxon.id == VersionDiscipline.taxon_id)
        query = query.where(ItemVersion.id.in_(linked.where(Taxon.code.in_(chosen.disciplines))))
    if chosen.ids:
        query = query.where(Item.external_id.in_(chosen.ids))
    return query


def _ids(session: Session, chosen: Selection) -> list[int]:
    """Return the ids of the selected items, ascending: the search is asked once, not for every chunk."""
    query = _matching(chosen)
    if chosen.text.strip():
        query = query.where(search.matching(session, chosen.text).condition)
    return list(session.scalars(query.order_by(Item.id)))


def count(session: Session, chosen: Selection) -> int:
    """Return how many items the selection holds, before tags are looked at."""
    if chosen.text.strip():
        return len(_ids(session, chosen))
    return session.scalar(sa.select(sa.func.count()).select_from(_matching(chosen).subquery())) or 0


def selected(session: Session, chosen: Selection, *, limit: int | None = None) -> Iterator[ItemRecord]:
    """Yield the selected items as records, loaded some at a time: memory grows by a number an item, no more."""
    given, ids = 0, _ids(session, chosen)
    for start in range(0, len(ids), CHUNK):
        rows = session.execute(_matching(chosen).where(Item.id.in_(ids[start : start + CHUNK])).order_by(Item.id)).all()
        versions = records.load_versions(session, [version_id for _item_id, version_id in rows])
        enemies = records.enemies_of(session, [item_id for item_id, _version_id in rows])
        for item_id, version_id in rows:
            record = records.to_record(versions[version_id], enemies[item_id])
            if not chosen.tags or set(chosen.tags) & set(record.tags):
                if given == limit:
                    return
                given += 1
                yield record
        for version in versions.values():
            session.expunge(version)
        session.expunge_all()
        if given == limit:
            return


@dataclass(slots=True)
class Losses:
    """What a format cannot hold, over the first `LOOKED_AT` items: phrases with their number of items."""

    looked_at: int = 0
    lost: Counter[str] = field(default_factory=Counter)
    impossible: list[tuple[str, str]] = field(default_factory=list)  # item, why it cannot be written at all
    impossible_count: int = 0


def losses(
    entry: Format, items: Iterable[ItemRecord], images: Outgoing | None = None, *, beside: bool = False
) -> Losses:
    """Ask a format what it would lose of these items. A format that says nothing loses nothing.

    ``images`` are those of the bank. ``beside``: what the file itself does not carry is written beside it.
    """
    found = Losses()
    for record in items:
        record = images.named(record) if images else record
        found.looked_at += 1
        if cause := entry.cannot_hold(record):
            found.impossible_count += 1
            if len(found.impossible) < NAMED:
                found.impossible.append((record.name, cause))
        else:
            lost = set(entry.loses(record, images))
            if entry.carries_files or beside:
                lost.discard(NAMES_STAY)
            elif record.media:
                lost.add(NAMES_STAY)
            found.lost.update(lost)
    return found


def format_named(name: str) -> Format:
    """Return a format that the bank writes. Raises InvalidError where it does not."""
    entry = FORMATS.get(name)
    if entry is None or not entry.can_write:
        known = ", ".join(sorted(each.name for each in FORMATS.values() if each.can_write))
        raise InvalidError(
            f"The bank does not write a format named {name or '(none)'}.",
            problems={"format": f"choose one of {known}"},
            cure=f"Choose one of {known}.",
        )
    return entry


@dataclass(slots=True)
class Exported:
    """What went into a file: how many items, and which could not, with the reason."""

    items: int = 0
    left_out: list[tuple[str, str]] = field(default_factory=list)


def export(
    session: Session,
    chosen: Selection,
    entry: Format,
    target: BinaryIO,
    *,
    images: Outgoing | None = None,
    beside: Path | None = None,
    progress: Callable[[int], None] = lambda _items: None,
) -> Exported:
    """Write the selection to a file. Items that the format cannot hold at all are left out and named.

    ``images`` are those of the bank; a format that carries none gets them in the folder ``beside`` where that is
    named. Raises InvalidError where nothing is selected.
    """
    chosen.check(session)
    done = Exported()
    aside = beside if images and not entry.carries_files else None

    def holding() -> Iterator[ItemRecord]:
        for record in selected(session, chosen):
            if cause := entry.cannot_hold(record):
                done.left_out.append((record.name, cause))
                continue
            done.items += 1
            if images:
                record = images.named(record)
                if aside is not None:
                    # The bank's images are called by their hash: one that is there already is the same.
                    put_beside(images, [name for name in record.media if not (aside / name).exists()], aside)
            yield record
            progress(done.items)

    try:
        for part in entry.write(holding(), images):
            target.write(part)
    except ValueError as error:
        raise InvalidError(f"Nothing was exported: {error}", cure="Mend the item, or choose another format.") from None
    if not done.items:
        raise InvalidError("No item of the bank fits this selection.", cure="Choose wider, or another format.")
    return done
