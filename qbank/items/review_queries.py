"""The review queue: what waits for reviewers, oldest first. A fixed number of statements whatever waits."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased, joinedload

from qbank.items.lifecycle import PUBLISHED
from qbank.items.models import Item, ItemState, ItemVersion, ReviewVote


class Part(StrEnum):
    """Whose part is asked for."""

    ANY = ""
    MINE = "mine"  # this person may approve it and has not voted on it
    WRITTEN = "written"  # this person wrote it


@dataclass(frozen=True, slots=True)
class QueueFilter:
    """What the review queue is narrowed to."""

    part: Part = Part.ANY
    system_id: int | None = None


@dataclass(frozen=True, slots=True)
class Waiting:
    """An item in review; ``wrote`` and ``voted`` say what the person who looks has to do with this version."""

    item: Item
    version: ItemVersion
    wrote: bool
    voted: bool


def _wrote(person_id: int) -> sa.ColumnElement[bool]:
    """Return the condition that this person changed the item since it was last approved (see ``lifecycle``)."""
    earlier, own = aliased(ItemVersion), aliased(ItemVersion)
    approved = (
        sa.select(sa.func.coalesce(sa.func.max(earlier.number), 0))
        .where(
            earlier.item_id == ItemVersion.item_id,
            earlier.number < ItemVersion.number,
            earlier.state.in_([*PUBLISHED, ItemState.APPROVED]),
        )
        .correlate(ItemVersion)
        .scalar_subquery()
    )
    return (
        sa.select(own.id)
        .where(
            own.item_id == ItemVersion.item_id,
            own.author_id == person_id,
            own.number <= ItemVersion.number,
            own.number > approved,
        )
        .correlate(ItemVersion)
        .exists()
    )


def _voted(person_id: int) -> sa.ColumnElement[bool]:
    return sa.exists().where(ReviewVote.version_id == ItemVersion.id, ReviewVote.reviewer_id == person_id)


def waiting(
    session: Session, person_id: int, chosen: QueueFilter, *, four_eyes: bool, limit: int, offset: int
) -> tuple[list[Waiting], int]:
    """Return one page of what is in review, oldest first, and how many wait. Two queries.

    Without ``four_eyes`` (no approvals are needed) what a person wrote is theirs to approve, too.
    """
    wrote = _wrote(person_id) if four_eyes else sa.false()
    conditions = [ItemVersion.state == ItemState.IN_REVIEW, ItemVersion.id == Item.draft_version_id]
    if chosen.system_id is not None:
        conditions.append(ItemVersion.system_id == chosen.system_id)
    if chosen.part is Part.MINE:
        conditions += [sa.not_(wrote), sa.not_(_voted(person_id))]
    elif chosen.part is Part.WRITTEN:
        conditions.append(_wrote(person_id))
    joined = sa.and_(Item.id == ItemVersion.item_id, *conditions)
    total = session.scalar(sa.select(sa.func.count()).select_from(ItemVersion).join(Item, joined)) or 0
    query = (
        sa.select(Item, ItemVersion, wrote, _voted(person_id))
        .select_from(ItemVersion)
        .join(Item, joined)
        .options(joinedload(ItemVersion.system))
        .order_by(ItemVersion.id)
    )
    rows = session.execute(query.limit(limit).offset(offset))
    return [Waiting(item, version, bool(own), bool(done)) for item, version, own, done in rows], total
