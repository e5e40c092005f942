"""Storing records that a format's reader gave: new items, new versions, or nothing where nothing changed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Session

from qbank.accounts.models import Person
from qbank.items import lifecycle, pool, store
from qbank.items.content import Provenance, VersionContent
from qbank.items.models import Item, ItemEnemy, ItemState, ItemVersion, Origin
from qbank.items.record import ItemRecord
from qbank.items.records import Resolver


class Fate(StrEnum):
    """What became of one record."""

    IMPORTED = "imported"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    KEPT = "kept"  # changed in the file, but a person has edited the item here since


@dataclass
class Stored:
    """The report of a run: how many records had which fate, and what could not be resolved."""

    counts: dict[Fate, int] = field(default_factory=lambda: dict.fromkeys(Fate, 0))
    problems: list[tuple[str, str]] = field(default_factory=list)  # record's name, what is wrong
    item_ids: dict[str, int] = field(default_factory=dict)  # by external id


def store_records(
    session: Session,
    actor: Person | None,
    records: Iterable[ItemRecord],
    *,
    origin: Origin,
    keep_status: bool = False,
) -> Stored:
    """Store records by their external id. With ``keep_status`` a record marked live goes live at once.

    Only the content that ships keeps its status; everything else enters as a draft. A record without an external
    id is named after what it says.
    """
    report = Stored()
    resolver = Resolver(session)
    enemies: list[tuple[str, str]] = []
    for record in records:
        content = resolver.content(record)
        name = record.external_id or record.id or f"import-{content.digest()[:12]}"
        report.problems += [(name, problem) for problem in resolver.problems]
        saved, fate = _store_one(session, actor, name, record, content, origin)
        report.counts[fate] += 1
        report.item_ids[name] = saved.item.id
        if keep_status and saved.changed and record.status == ItemState.LIVE:
            _go_live(session, saved)
        enemies += [(name, enemy) for enemy in record.enemies]
    _store_enemies(session, report, enemies)
    pool.sync(session, set(report.item_ids.values()))
    return report


def _store_one(
    session: Session,
    actor: Person | None,
    name: str,
    record: ItemRecord,
    content: VersionContent,
    origin: Origin,
) -> tuple[store.Saved, Fate]:
    provenance = Provenance(rule=record.rule or "")
    item = session.scalar(sa.select(Item).where(Item.external_id == name))
    if item is None:
        return (
            store.create_item(session, actor, content, external_id=name, origin=origin, provenance=provenance),
            Fate.IMPORTED,
        )
    current = store.newest_version(session, item)
    seen = sa.select(ItemVersion.id).where(ItemVersion.item_id == item.id, ItemVersion.content_hash == content.digest())
    if session.scalar(seen.limit(1)) is not None:
        return store.Saved(item, current, changed=False), Fate.UNCHANGED
    if origin is Origin.SHIPPED and current.origin is not Origin.SHIPPED:
        return store.Saved(item, current, changed=False), Fate.KEPT
    saved = store.save_version(
        session, actor, item.id, content, base_version_id=current.id, origin=origin, provenance=provenance
    )
    return saved, Fate.UPDATED


def _go_live(session: Session, saved: store.Saved) -> None:
    for state in (ItemState.IN_REVIEW, ItemState.APPROVED, ItemState.LIVE):
        store.note_change(session, None, saved.version, state, "shipped with the program")
        session.flush()
    lifecycle.publish(session, None, saved.item, saved.version)
    session.flush()


def _store_enemies(session: Session, report: Stored, pairs: list[tuple[str, str]]) -> None:
    unknown = {enemy for _name, enemy in pairs} - set(report.item_ids)
    query = sa.select(Item.external_id, Item.id).where(Item.external_id.in_(sorted(unknown)))
    ids = report.item_ids | dict(session.execute(query).all()) if unknown else report.item_ids
    for name, enemy in pairs:
        if enemy not in ids:
            report.problems.append((name, f"its enemy {enemy} is not in the bank"))
            continue
        declare_enemies(session, ids[name], ids[enemy])


def declare_enemies(session: Session, one: int, other: int) -> None:
    """Note that two items may not meet in one block. Doing so twice changes nothing."""
    low, high = sorted((one, other))
    if low != high and session.get(ItemEnemy, (low, high)) is None:
        session.add(ItemEnemy(item_id=low, enemy_id=high))
        session.flush()
