"""More like this: a few other items on what an item of an ended block was about."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from qbank.accounts.models import Person
from qbank.blocks.building import start_block
from qbank.blocks.closing import own_block
from qbank.blocks.criteria import Criteria
from qbank.blocks.models import Block, Delivery, Feedback, ItemStatus, LearnerItem, Timing
from qbank.blocks.passes import latest_pass
from qbank.blocks.showing import find_delivery, may_explain
from qbank.db.engine import begin_write
from qbank.errors import InvalidError, NotAllowedError
from qbank.items.models import ItemVersion, PoolEntry, VersionStatement
from qbank.settings import Settings

FEW = 5  # items of such a block
LOOKED_AT = 100  # the most alike, of which enemies may bar some
NONE_LEFT = "No other live item is on the same system and task, or on the same statements."


def _alike(session: Session, person: Person, delivery: Delivery) -> sa.Select[int]:
    """Return the query of the items alike: those on the same statements first, then the least often seen."""
    version = session.get_one(ItemVersion, delivery.version_id)
    found = latest_pass(session, person)
    own = sa.select(VersionStatement.statement_id).where(VersionStatement.version_id == version.id)
    same_statement = PoolEntry.version_id.in_(
        sa.select(VersionStatement.version_id).where(VersionStatement.statement_id.in_(own))
    )
    same_class = sa.and_(PoolEntry.system_id == version.system_id, PoolEntry.task_id == version.task_id)
    mine = sa.and_(LearnerItem.item_id == PoolEntry.item_id, LearnerItem.pass_id == (found.id if found else 0))
    return (
        sa.select(PoolEntry.item_id)
        .outerjoin(LearnerItem, mine)
        .where(
            PoolEntry.pretest.is_(False),
            PoolEntry.item_id != delivery.item_id,
            sa.or_(same_class, same_statement),
            sa.or_(LearnerItem.status.is_(None), LearnerItem.status != ItemStatus.IN_PROGRESS),
        )
        .order_by(
            sa.case((same_statement, 0), else_=1),
            sa.func.coalesce(LearnerItem.times_seen, 0),
            PoolEntry.item_id,
        )
    )


def count_alike(session: Session, person: Person, delivery: Delivery) -> int:
    """Return how many other live items are on the same system and task or the same statements, in no open block."""
    query = _alike(session, person, delivery).order_by(None).subquery()
    return session.scalar(sa.select(sa.func.count()).select_from(query)) or 0


def start_alike(session: Session, person: Person, settings: Settings, token: str, position: int) -> Block:
    """Start a small block on what this item is about, in tutor feedback and untimed, and return it.

    Raises NotFoundError for a block that is not this person's, NotAllowedError while the item's answer can change,
    InvalidError where no other item is eligible.
    """
    begin_write(session)
    block = own_block(session, person, token)
    delivery = find_delivery(session, block, position)
    if not may_explain(block, delivery):
        raise NotAllowedError("This is offered once the answer can no longer change.")
    items = session.scalars(_alike(session, person, delivery).limit(LOOKED_AT)).all()
    if not items:
        raise InvalidError(NONE_LEFT, cure="Build a block with wider filters.")
    return start_block(
        session,
        person,
        settings,
        criteria=Criteria(),
        count=min(FEW, len(items), settings.block_max_items),
        feedback=Feedback.TUTOR,
        timing=Timing.UNTIMED,
        name=f"More like item {position} of {block.name}",
        items=items,
    )
