"""Whose history: the one place that decides it, for every page, export and script."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from qbank.accounts.models import Person
from qbank.blocks.models import Block, BlockState
from qbank.errors import NotFoundError
from qbank.groups.service import may_see_history


def learner(session: Session, actor: Person, person_id: int | None) -> Person:
    """Return the person whose history is asked for; None means the actor's own.

    Raises NotFoundError when there is no such person or the actor may not see them: the two look alike.
    """
    if person_id is None or person_id == actor.id:
        return actor
    found = session.get(Person, person_id) if may_see_history(session, actor, person_id) else None
    if found is None:
        raise NotFoundError("There is no such history.")
    return found


def ended_block(session: Session, person: Person, token: str) -> Block:
    """Return a learner's ended block. Raises NotFoundError for an open one too: it is in no history yet."""
    found = session.scalar(
        sa.select(Block).where(Block.token == token, Block.person_id == person.id, Block.state == BlockState.ENDED)
    )
    if found is None:
        raise NotFoundError("There is no such block in this history.")
    return found
