"""Whether a learner has seen how an item ended: what may be shown of it elsewhere hangs on that."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from qbank.accounts.models import Person
from qbank.blocks.models import Block, BlockState, Delivery


def has_closed(session: Session, person: Person, item_id: int) -> bool:
    """Return whether the item was in a block of this person that has ended, and is in none that is open."""
    query = (
        sa.select(Block.state)
        .join(Delivery, Delivery.block_id == Block.id)
        .where(Block.person_id == person.id, Delivery.item_id == item_id)
    )
    states = set(session.scalars(query))
    return states == {BlockState.ENDED}
