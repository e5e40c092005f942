"""Taking rows out again that nobody has used: the versions and items that an import made.

Foreign keys are RESTRICT throughout: what somebody has used cannot be taken out, the database itself refuses.
"""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from qbank import search
from qbank.items.check_models import CheckNeeded
from qbank.items.models import (
    FlawWaiver,
    Item,
    ItemEnemy,
    ItemVersion,
    Option,
    OptionStatement,
    StateChange,
    VersionDiscipline,
    VersionMedia,
    VersionReference,
    VersionStatement,
)

CHUNK = 500


def _delete(session: Session, column: sa.orm.InstrumentedAttribute[int], ids: Sequence[int]) -> None:
    table = column.class_
    session.execute(sa.delete(table).where(column.in_(ids)).execution_options(synchronize_session=False))


def erase_versions(session: Session, version_ids: Sequence[int]) -> None:
    """Take versions out with everything that hangs off them. No item may point at them any more."""
    for start in range(0, len(version_ids), CHUNK):
        ids = version_ids[start : start + CHUNK]
        search.forget(session, ids)
        options = sa.select(Option.id).where(Option.version_id.in_(ids))
        session.execute(
            sa.delete(OptionStatement)
            .where(OptionStatement.option_id.in_(options))
            .execution_options(synchronize_session=False)
        )
        for column in (
            Option.version_id,
            VersionStatement.version_id,
            VersionReference.version_id,
            VersionDiscipline.version_id,
            VersionMedia.version_id,
            StateChange.version_id,
            CheckNeeded.version_id,
            ItemVersion.id,
        ):
            _delete(session, column, ids)


def erase_items(session: Session, item_ids: Sequence[int]) -> None:
    """Take items out that have no versions left, with the pairs of enemies that they are in."""
    for start in range(0, len(item_ids), CHUNK):
        ids = item_ids[start : start + CHUNK]
        for column in (ItemEnemy.item_id, ItemEnemy.enemy_id, FlawWaiver.item_id, Item.id):
            _delete(session, column, ids)
