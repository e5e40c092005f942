"""What the decisions in force say: which versions are out of the score, and which have another key than they say.

A version itself never changes. Whatever scores or shows a key asks here, so that a change of key is one row.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute, Session

from qbank.annulments.models import Annulment, AnnulmentKind
from qbank.blocks.models import Delivery
from qbank.items.models import Option


def in_force(session: Session, version_ids: Collection[int]) -> dict[int, Annulment]:
    """Return the decision that holds for each of these versions; versions without one are left out. One query."""
    query = sa.select(Annulment).where(Annulment.version_id.in_(list(version_ids)), Annulment.ended_at.is_(None))
    return {row.version_id: row for row in session.scalars(query.execution_options(populate_existing=True))}


def is_key(option: type[Option] = Option) -> sa.ColumnElement[bool]:
    """Return the column that says whether an option counts as the key: by the change of key in force, if any."""
    changed = (
        sa.select(Annulment.new_option_id == option.id)
        .where(
            Annulment.version_id == option.version_id,
            Annulment.ended_at.is_(None),
            Annulment.kind == AnnulmentKind.KEY_CHANGED,
        )
        .correlate(option)
        .scalar_subquery()
    )
    return sa.func.coalesce(changed, option.is_key, type_=sa.Boolean)


def is_annulled(version_id: sa.ColumnElement[int] | InstrumentedAttribute[int]) -> sa.ColumnElement[bool]:
    """Return the column that says whether a version is out of the score."""
    return sa.exists().where(
        Annulment.version_id == version_id, Annulment.ended_at.is_(None), Annulment.kind == AnnulmentKind.ANNULLED
    )


def keys_of(session: Session, version_ids: Collection[int]) -> dict[int, frozenset[int]]:
    """Return the option ids that count as the key of each version. One query."""
    found: dict[int, set[int]] = {}
    query = sa.select(Option.version_id, Option.id).where(Option.version_id.in_(list(version_ids)), is_key())
    for version_id, option_id in session.execute(query):
        found.setdefault(version_id, set()).add(option_id)
    return {version_id: frozenset(ids) for version_id, ids in found.items()}


def annulled_since(session: Session, version_ids: Collection[int]) -> dict[int, datetime]:
    """Return since when each of these versions is annulled; the others are left out. One query."""
    found = in_force(session, version_ids)
    return {version_id: row.at for version_id, row in found.items() if row.kind is AnnulmentKind.ANNULLED}


def annul(session: Session, deliveries: Iterable[Delivery]) -> list[int]:
    """Set on each delivery whether its version is annulled, and since when. One query.

    Return the items of those for which that was not known yet: they were drawn while the decision was being made.
    """
    rows = list(deliveries)
    since = annulled_since(session, {row.version_id for row in rows})
    late = [row for row in rows if row.annulled_at != since.get(row.version_id)]
    for row in late:
        row.annulled_at = since.get(row.version_id)
    return [row.item_id for row in late]
