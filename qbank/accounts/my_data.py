"""Deleting an account: what told whose it was goes, what the statistics of the questions rest on stays.

What becomes of which rows is in `qbank.accounts.personal`. The person's row stays without name, address and password:
answers and work point to it, and nobody can sign in as it again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from qbank import clock
from qbank.accounts.models import AuditEvent, Invitation, Person, PersonState, Role
from qbank.accounts.personal import HANDLERS, Fate, Handler
from qbank.accounts.service import keep_one_administrator
from qbank.blocks import closing
from qbank.blocks.models import Block, BlockState, Delivery, DeliveryEvent, EndedReason, EventKind
from qbank.db.base import Base
from qbank.db.engine import begin_write
from qbank.errors import ConflictError
from qbank.security import audit

NOBODY = "Deleted account"


@dataclass(frozen=True, slots=True)
class Holding:
    """How many rows of a kind the bank holds of a person, and what a deletion does with them."""

    handler: Handler
    rows: int


def table_of(handler: Handler) -> sa.Table:
    """Return the table of a handler."""
    return Base.metadata.tables[handler.table]


def belongs(handler: Handler, person_id: int) -> sa.ColumnElement[bool]:
    """Return the condition on a handler's table that its rows are this person's."""
    column = table_of(handler).c[handler.column]
    if not handler.through:
        return column == person_id
    owner = Base.metadata.tables[handler.through]
    return column.in_(sa.select(owner.c.id).where(owner.c.person_id == person_id))


def holdings(session: Session, person_id: int) -> list[Holding]:
    """Return what the bank holds of a person, kinds without rows left out. One query."""
    counts = [
        sa.select(sa.literal(place), sa.func.count()).select_from(table_of(handler)).where(belongs(handler, person_id))
        for place, handler in enumerate(HANDLERS)
    ]
    found = dict(session.execute(sa.union_all(*counts)).all())
    return [Holding(handler, found[place]) for place, handler in enumerate(HANDLERS) if found[place]]


def erase(session: Session, actor: Person, person: Person) -> None:
    """Delete a person's account for good; the caller has asked for the actor's password and a confirmation.

    Blocks under way end as abandoned, sign-ins end at once. Raises ConflictError for the last administrator, and
    for an account that was deleted already.
    """
    begin_write(session)
    session.refresh(person, with_for_update=True)
    if person.state is PersonState.ANONYMISED:
        raise ConflictError("This account was deleted already.")
    if Role.ADMINISTRATOR in person.roles:
        keep_one_administrator(session, person)
    _end_blocks(session, person)
    for_whom = "own" if actor.id == person.id else "on request"
    audit.record(session, "account deleted", person_id=actor.id, subject=f"person {person.id}", how=for_whom)
    email = person.email
    _forget_texts(session, person.id, email)
    order = {table.name: place for place, table in enumerate(Base.metadata.sorted_tables)}
    for handler in sorted(HANDLERS, key=lambda each: -order[each.table]):  # rows that point to others go first
        _apply(session, handler, person.id)
    person.email = person.password_hash = None
    person.name, person.preferences, person.time_percent = NOBODY, {}, 100
    person.state = PersonState.ANONYMISED
    session.flush()
    session.expire(person)


def _end_blocks(session: Session, person: Person) -> None:
    query = sa.select(Block.id).where(Block.person_id == person.id, Block.state != BlockState.ENDED).order_by(Block.id)
    for block_id in session.scalars(query).all():
        block = closing.locked(session, block_id)
        if not closing.close_if_due(session, block):
            closing.close(session, block, EndedReason.ABANDONED, clock.now())


def _forget_texts(session: Session, person_id: int, email: str | None) -> None:
    """Empty what is written elsewhere: notes in the log of answers, and the address where others typed it."""
    own = sa.select(Delivery.id).join(Block, Block.id == Delivery.block_id).where(Block.person_id == person_id)
    _run(
        session,
        sa.update(DeliveryEvent)
        .where(DeliveryEvent.kind == EventKind.NOTE, DeliveryEvent.delivery_id.in_(own))
        .values(payload={}),
    )
    if email is not None:
        # without its address an invitation that was not used would serve anybody: it ends
        ended = {"email": None, "expires_at": clock.now()}
        _run(session, sa.update(Invitation).where(Invitation.email == email).values(ended))
        _run(session, sa.update(AuditEvent).where(AuditEvent.subject == email).values(subject=""))


def _apply(session: Session, handler: Handler, person_id: int) -> None:
    table, mine = table_of(handler), belongs(handler, person_id)
    if handler.fate is Fate.DELETE:
        _run(session, sa.delete(table).where(mine))
    elif handler.fate is Fate.BLANK:
        _run(session, sa.update(table).where(mine).values(dict(handler.blank)))


def _run(session: Session, statement: Any) -> None:
    session.execute(statement.execution_options(synchronize_session=False))
