"""Keeping the index: which versions are in it, and what it holds of them.

It holds the versions that an item points at: the one worked on and the published one. It may for a while hold others,
as those of an import under way; a search passes over what no item points at.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from qbank.items.models import Item, ItemState, ItemVersion, Option, VersionReference, VignetteVersion
from qbank.items.references import Reference
from qbank.search.entries import Entry, compose
from qbank.search.tables import backend

BATCH = 500


def _backend(session: Session) -> ModuleType:
    return backend(session.get_bind().dialect.name)


def refresh(session: Session, item_ids: Collection[int]) -> None:
    """Bring the index in line with these items as they stand in this transaction; flushes first.

    To be called wherever a version is made or changes, an item's pointers move, or a reference or a vignette that
    items rest on reads differently.
    """
    session.flush()
    ids = sorted(set(item_ids))
    for start in range(0, len(ids), BATCH):
        some = ids[start : start + BATCH]
        versions = sa.select(ItemVersion.id).where(ItemVersion.item_id.in_(some))
        _backend(session).erase(session, list(session.scalars(versions)))
        _backend(session).write(session, _entries(session, list(session.scalars(_pointed(some)))))


def add(session: Session, entries: Iterable[Entry]) -> None:
    """Put entries into the index that it does not hold yet: those of new versions."""
    _backend(session).write(session, entries)


def forget(session: Session, version_ids: Sequence[int]) -> None:
    """Take versions out of the index. Before a version is deleted this has to be done."""
    if version_ids:
        _backend(session).erase(session, version_ids)


def forget_unused(session: Session, version_ids: Sequence[int]) -> None:
    """Take those of these versions out of the index that no item points at."""
    pointed = sa.or_(Item.draft_version_id == ItemVersion.id, Item.published_version_id == ItemVersion.id)
    unused = sa.select(ItemVersion.id).join(Item, Item.id == ItemVersion.item_id)
    unused = unused.where(ItemVersion.id.in_(version_ids), sa.not_(sa.func.coalesce(pointed, sa.false())))
    forget(session, list(session.scalars(unused)))


def ensure(session: Session, version_ids: Sequence[int]) -> None:
    """Put those of these versions into the index that it lacks."""
    held = _backend(session).ids().subquery()
    for start in range(0, len(version_ids), BATCH):
        some = version_ids[start : start + BATCH]
        known = set(session.scalars(sa.select(held.c[0]).where(held.c[0].in_(some))))
        _backend(session).write(session, _entries(session, [each for each in some if each not in known]))


def rebuild(session: Session, progress: Callable[[int], None] = lambda _items: None) -> int:
    """Make the index anew in one transaction; ``progress`` is told of each batch of items. Returns the versions."""
    own = _backend(session)
    own.clear(session)
    written = 0
    for some in _batches(session):
        entries = list(_entries(session, list(session.scalars(_pointed(some)))))
        own.write(session, entries)
        written += len(entries)
        progress(len(some))
    own.tidy(session)
    return written


def _batches(session: Session) -> Iterator[list[int]]:
    last = 0
    while True:
        query = sa.select(Item.id).where(Item.id > last).order_by(Item.id).limit(BATCH)
        some = list(session.scalars(query))
        if not some:
            return
        yield some
        last = some[-1]


@dataclass(frozen=True, slots=True)
class Disagreement:
    """How many versions the index lacks, and how many it holds that nobody gets to see any more."""

    missing: int
    stale: int

    def __bool__(self) -> bool:
        """Say whether there is any."""
        return bool(self.missing or self.stale)

    def __str__(self) -> str:
        """Return it as a phrase."""
        parts = [f"lacks {self.missing:,}"] if self.missing else []
        parts += [f"holds {self.stale:,} outdated"] if self.stale else []
        return f"the search index {' and '.join(parts)} {'version' if self.missing + self.stale == 1 else 'versions'}"


def check(session: Session) -> Disagreement:
    """Compare the index with the items' pointers. Hidden versions of an import under way are no disagreement."""
    held = _backend(session).ids().subquery()
    pointed = _pointed(None).subquery()
    missing = sa.select(sa.func.count()).select_from(pointed)
    missing = missing.where(pointed.c[0].not_in(sa.select(held.c[0])))
    state = sa.func.coalesce(ItemVersion.state, ItemState.SUPERSEDED)
    stale = (
        sa.select(sa.func.count())
        .select_from(held)
        .outerjoin(ItemVersion, ItemVersion.id == held.c[0])
        .where(state == ItemState.SUPERSEDED, held.c[0].not_in(sa.select(pointed.c[0])))
    )
    return Disagreement(session.scalar(missing) or 0, session.scalar(stale) or 0)


def _pointed(item_ids: Collection[int] | None) -> sa.CompoundSelect[int]:
    """Return the query of the versions that these items (None: all) point at; a union, so that each comes once."""
    queries = []
    for pointer in (Item.draft_version_id, Item.published_version_id):
        query = sa.select(pointer).where(pointer.is_not(None))
        queries.append(query if item_ids is None else query.where(Item.id.in_(item_ids)))
    return sa.union(*queries)


def _entries(session: Session, version_ids: Sequence[int]) -> Iterator[Entry]:
    """Yield the entries of these versions, read in three queries; at most some hundred versions."""
    if not version_ids:
        return
    rest: defaultdict[int, list[str]] = defaultdict(list)
    options = sa.select(Option.version_id, Option.text, Option.rationale).where(Option.version_id.in_(version_ids))
    for version_id, *texts in session.execute(options.order_by(Option.version_id, Option.ordinal)):
        rest[version_id] += [text for text in texts if text]
    links = sa.select(VersionReference.version_id, *_named()).join(
        Reference, Reference.id == VersionReference.reference_id
    )
    links = links.where(VersionReference.version_id.in_(version_ids))
    for version_id, *texts in session.execute(links.order_by(VersionReference.version_id, VersionReference.ordinal)):
        rest[version_id] += [text for text in texts if text]
    for row in session.execute(_versions(version_ids)):
        yield compose(
            row.id,
            question=(row.stem, row.lead_in, row.vignette, row.external_id, *row.tags),
            rest=(row.objective, row.explanation, *rest[row.id]),
        )


def _versions(version_ids: Sequence[int]) -> sa.Select[*tuple[Any, ...]]:
    return (
        sa.select(
            ItemVersion.id,
            ItemVersion.stem,
            ItemVersion.lead_in,
            ItemVersion.objective,
            ItemVersion.explanation,
            ItemVersion.tags,
            Item.external_id,
            VignetteVersion.text.label("vignette"),
        )
        .join(Item, Item.id == ItemVersion.item_id)
        .outerjoin(VignetteVersion, VignetteVersion.id == ItemVersion.vignette_version_id)
        .where(ItemVersion.id.in_(version_ids))
    )


def _named() -> tuple[Any, ...]:
    return (Reference.title, Reference.authors, Reference.doi, Reference.pmid)


def reference_texts(session: Session, reference_ids: Collection[int]) -> dict[int, tuple[str | None, ...]]:
    """Return what the index holds of these references, by id, for entries that are composed elsewhere."""
    query = sa.select(Reference.id, *_named()).where(Reference.id.in_(reference_ids))
    return {row[0]: tuple(row[1:]) for row in session.execute(query)} if reference_ids else {}
