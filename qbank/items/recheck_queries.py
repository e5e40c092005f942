"""What the pages show of checks needed; each a fixed number of statements whatever the bank holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload
from sqlalchemy.orm.interfaces import ORMOption

from qbank.articles.models import ArticleRevision, Statement
from qbank.items.check_models import CheckNeeded
from qbank.items.compare import Piece, words
from qbank.items.models import Item, ItemVersion
from qbank.items.rechecks import AT_REST


@dataclass(frozen=True, slots=True)
class Shown:
    """A flag with the difference between what the item rests on and what stands there now; () for a retraction."""

    flag: CheckNeeded
    pieces: tuple[Piece, ...]


def whole(statement: Statement | None) -> str:
    """Return a statement with the line that leads to it; "" for none."""
    if statement is None:
        return ""
    return f"{statement.lead_in} {statement.text}" if statement.lead_in else statement.text


def _parts() -> tuple[ORMOption, ...]:
    return (
        joinedload(CheckNeeded.item),
        joinedload(CheckNeeded.version),
        joinedload(CheckNeeded.revision).joinedload(ArticleRevision.article),
        joinedload(CheckNeeded.statement).joinedload(Statement.revision),
        joinedload(CheckNeeded.new_statement),
        joinedload(CheckNeeded.reference),
        joinedload(CheckNeeded.cleared_by),
    )


def _awake() -> sa.ColumnElement[bool]:
    """Return the condition that learners get the item, or may get it: what is at rest asks for no check."""
    return sa.exists().where(
        Item.id == CheckNeeded.item_id,
        ItemVersion.id.in_([Item.draft_version_id, Item.published_version_id]),
        ItemVersion.state.not_in(AT_REST),
    )


def _waiting(owner_id: int | None) -> list[sa.ColumnElement[bool]]:
    conditions = [CheckNeeded.cleared_at.is_(None), _awake()]
    if owner_id is not None:
        owned = sa.select(Item.id).where(Item.owner_id == owner_id)
        conditions.append(CheckNeeded.item_id.in_(owned))
    return conditions


def waiting(session: Session, *, owner_id: int | None, limit: int, offset: int) -> list[Shown]:
    """Return one page of the open flags, oldest first; of one owner's items, or of all. One query."""
    query = sa.select(CheckNeeded).where(*_waiting(owner_id)).options(*_parts()).order_by(CheckNeeded.id)
    return _shown(session.scalars(query.limit(limit).offset(offset)).all())


def count_waiting(session: Session, owner_id: int | None = None) -> int:
    """Return how many flags are open; of one owner's items, or of all."""
    return session.scalar(sa.select(sa.func.count()).select_from(CheckNeeded).where(*_waiting(owner_id))) or 0


def of_item(session: Session, item_id: int) -> list[Shown]:
    """Return every flag of an item, open and cleared, newest first. One query."""
    query = sa.select(CheckNeeded).where(CheckNeeded.item_id == item_id).options(*_parts())
    return _shown(session.scalars(query.order_by(CheckNeeded.id.desc())).all())


def _shown(flags: Sequence[CheckNeeded]) -> list[Shown]:
    return [
        Shown(flag, words(whole(flag.statement), whole(flag.new_statement)) if flag.statement else ()) for flag in flags
    ]
