"""The learner's own reason for a miss: one of five, changed or taken back at any time. It touches no score."""

from __future__ import annotations

from sqlalchemy.orm import Session

from qbank import clock
from qbank.accounts.models import Person
from qbank.blocks.after_models import MissReason, Reason
from qbank.blocks.closing import close_if_due, own_block
from qbank.blocks.models import Block, Outcome
from qbank.blocks.showing import find_delivery, may_explain
from qbank.db.engine import begin_write
from qbank.errors import ConflictError, InvalidError, NotAllowedError

MISSES = frozenset({Outcome.INCORRECT, Outcome.OMITTED})
REASON_NAMES = {
    Reason.DID_NOT_KNOW: "Did not know",
    Reason.MISREAD: "Misread it",
    Reason.WRONG_REASONING: "Wrong reasoning",
    Reason.NO_TIME: "Ran out of time",
    Reason.GUESSED: "Guessed",
}


def miss(session: Session, block: Block, position: int) -> tuple[bool, Reason | None]:
    """Return whether the item at this position was missed, and the reason given for it. Two queries."""
    delivery = find_delivery(session, block, position)
    found = session.get(MissReason, delivery.id, populate_existing=True)
    missed = may_explain(block, delivery) and delivery.outcome in MISSES
    return missed, found.reason if missed and found else None


def set_reason(session: Session, person: Person, token: str, position: int, reason: str) -> Reason | None:
    """Give a miss its reason, change it, or take it back with ""; return what now holds.

    For an own item whose explanation may be seen. Raises NotFoundError for a block that is not this person's,
    NotAllowedError while the answer can still change, ConflictError for an item that was not missed, InvalidError
    for a reason that there is not.
    """
    begin_write(session)
    block = own_block(session, person, token, lock=True)  # two clicks at once: the second waits, and changes the first
    close_if_due(session, block)
    delivery = find_delivery(session, block, position)
    if not may_explain(block, delivery):
        raise NotAllowedError("A reason can be given once the answer can no longer change.")
    if delivery.outcome not in MISSES:
        raise ConflictError("This item was not missed: there is no reason to give.")
    if reason not in {"", *Reason}:
        raise InvalidError("The reason was not noted.", problems={"reason": "Choose one of the reasons."})
    held = session.get(MissReason, delivery.id, populate_existing=True)
    if not reason:
        if held is not None:
            session.delete(held)
    elif held is None:
        session.add(MissReason(delivery_id=delivery.id, reason=Reason(reason), at=clock.now()))
    else:
        held.reason, held.at = Reason(reason), clock.now()
    session.flush()
    return Reason(reason) if reason else None
