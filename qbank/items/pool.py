"""The pool that blocks draw from: which version of which item, as one narrow table.

The one place that decides what is selectable: a published version that is live (scored) or pretest (unscored).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

import sqlalchemy as sa
from sqlalchemy.orm import Session

from qbank.annulments import rulings
from qbank.items.models import Item, ItemState, ItemVersion, PoolEntry, VersionDiscipline
from qbank.statistics import difficulty as difficulties

BATCH = 1000


def sync(session: Session, item_ids: Collection[int] | None = None) -> int:
    """Bring the pool in line with the published versions of these items (None: of all). Returns rows written."""
    session.flush()
    if item_ids is None:
        session.execute(sa.delete(PoolEntry))
        return _insert(session, None)
    written = 0
    ids = sorted(item_ids)
    for start in range(0, len(ids), BATCH):
        batch = ids[start : start + BATCH]
        session.execute(sa.delete(PoolEntry).where(PoolEntry.item_id.in_(batch)))
        written += _insert(session, batch)
    return written


def _insert(session: Session, ids: list[int] | None) -> int:
    rows = list(_entries(session, ids))
    if rows:
        session.execute(sa.insert(PoolEntry), rows)
    return len(rows)


def _entries(session: Session, ids: list[int] | None) -> Iterator[dict[str, object]]:
    query = (
        sa.select(
            Item.id,
            ItemVersion.id,
            ItemVersion.state,
            ItemVersion.system_id,
            ItemVersion.task_id,
            ItemVersion.difficulty,
        )
        .join(ItemVersion, ItemVersion.id == Item.published_version_id)
        .where(
            ItemVersion.state.in_([ItemState.LIVE, ItemState.PRETEST]),
            sa.not_(rulings.is_annulled(ItemVersion.id)),
        )
        .order_by(Item.id)
    )
    links = sa.select(VersionDiscipline.version_id, VersionDiscipline.taxon_id)
    if ids is not None:
        query = query.where(Item.id.in_(ids))
        links = links.join(Item, Item.published_version_id == VersionDiscipline.version_id).where(Item.id.in_(ids))
    disciplines: dict[int, list[int]] = {}
    for version_id, taxon_id in session.execute(links.order_by(VersionDiscipline.taxon_id)):
        disciplines.setdefault(version_id, []).append(taxon_id)
    rows = session.execute(query).all()
    measured = difficulties.of_versions(session, None if ids is None else [row[1] for row in rows])
    for item_id, version_id, state, system_id, task_id, difficulty in rows:
        yield {
            "item_id": item_id,
            "version_id": version_id,
            "pretest": state is ItemState.PRETEST,
            "system_id": system_id,
            "task_id": task_id,
            "difficulty": measured.get(version_id, str(difficulty or "")),  # answers tell more than the estimate
            "disciplines": "," + "".join(f"{taxon_id}," for taxon_id in disciplines.get(version_id, [])),
        }
