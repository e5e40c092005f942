"""Passes: one time through the bank. A new pass begins with every item unused and erases nothing."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from qbank import clock
from qbank.accounts.models import Person
from qbank.blocks.models import Block, BlockState, StudyPass
from qbank.errors import ConflictError


def lock_learner(session: Session, person: Person) -> None:
    """Make whatever starts blocks or passes of this learner wait for its turn, until the transaction ends."""
    query = sa.select(Person.id).where(Person.id == person.id).with_for_update(key_share=True)
    session.execute(query)


def latest_pass(session: Session, person: Person) -> StudyPass | None:
    """Return the pass that the learner is in; None before the first block."""
    query = sa.select(StudyPass).where(StudyPass.person_id == person.id).order_by(StudyPass.number.desc()).limit(1)
    return session.scalar(query)


def current_pass(session: Session, person: Person) -> StudyPass:
    """Return the pass that the learner is in, making the first one where there is none."""
    found = latest_pass(session, person)
    if found is None:
        lock_learner(session, person)
        found = latest_pass(session, person) or _add(session, person, 1)
    return found


def new_pass(session: Session, person: Person) -> StudyPass:
    """Begin another pass. Raises ConflictError while a block is open: it belongs to the pass it began in."""
    lock_learner(session, person)
    query = sa.select(sa.func.count()).where(Block.person_id == person.id, Block.state != BlockState.ENDED)
    if session.scalar(query):
        raise ConflictError("A block is still open.", cure="End your open blocks, then begin a new pass.")
    return _add(session, person, current_pass(session, person).number + 1)


def _add(session: Session, person: Person, number: int) -> StudyPass:
    made = StudyPass(person_id=person.id, number=number, started_at=clock.now())
    session.add(made)
    session.flush()
    return made
