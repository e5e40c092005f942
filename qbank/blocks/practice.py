"""Trying an item again after its block, with the first answer hidden.

What is answered here goes into a table of its own and nowhere else: no score, status or statistic changes by it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from qbank import clock
from qbank.accounts.models import Person
from qbank.blocks.after_models import PracticeAnswer
from qbank.blocks.closing import close_if_due, keys_of, own_block
from qbank.blocks.models import Block, BlockState, Delivery, Outcome
from qbank.blocks.room import Explanation, RoomItem
from qbank.blocks.showing import find_delivery, letter, letter_of, room_item
from qbank.db.engine import begin_write
from qbank.errors import ConflictError, InvalidError, NotAllowedError

MAX_EVENT = 100
_EVENT = re.compile(r"[A-Za-z0-9._-]{8,100}\Z")
STILL_OPEN = "An item can be tried again once its block has ended."
TWICE = "This form was sent for another item before."


@dataclass(frozen=True, slots=True)
class Practised:
    """One answer given again: the letter as shown, whether it was right, and which attempt it was, from 1."""

    id: int
    letter: str
    correct: bool
    number: int


def clean_item(session: Session, block: Block, position: int) -> RoomItem:
    """Return the item as it was first shown: no choice, no strike-outs, no highlights, no note, no confidence.

    The version and the order of the options are those of the delivery. Raises NotAllowedError before the block's end.
    """
    _ended(block)
    item = room_item(session, block, position, highlights=False)
    options = tuple(replace(option, struck=False) for option in item.options)
    return replace(item, options=options, choice=None, submitted=False, note="", confidence=None)


def answer(session: Session, person: Person, token: str, position: int, shown: str | None, event_id: str) -> int:
    """Store an answer, named by its letter as shown, and return its id. The same event id again changes nothing.

    Raises NotFoundError for a block that is not this person's and for a position out of range, NotAllowedError
    before the end of the block, InvalidError for no letter of this item, ConflictError for a used event id.
    """
    begin_write(session)
    block = own_block(session, person, token)
    close_if_due(session, block)
    _ended(block)
    delivery = find_delivery(session, block, position)
    letters = [letter(place) for place in range(len(delivery.option_order))]
    if shown not in letters:
        raise InvalidError("Nothing was stored.", problems={"choice": "Choose one of the options first."})
    if not _EVENT.match(event_id):
        raise InvalidError("Nothing was stored.", problems={"choice": "Load this page again, then answer."})
    if known := session.scalar(sa.select(PracticeAnswer).where(PracticeAnswer.event_id == event_id)):
        if known.delivery_id != delivery.id:
            raise ConflictError(TWICE, cure="Load the page again, then answer.")
        return known.id
    made = PracticeAnswer(
        delivery_id=delivery.id,
        option_id=delivery.option_order[letters.index(shown)],
        event_id=event_id,
        at=clock.now(),
    )
    session.add(made)
    try:
        session.flush()
    except IntegrityError:  # the same form from two windows at the same moment
        raise ConflictError(TWICE, cure="Load the page again: your answer is stored.") from None
    return made.id


def practised(session: Session, block: Block, position: int) -> list[Practised]:
    """Return the answers given again to this item of the block, oldest first. Three queries."""
    delivery = find_delivery(session, block, position)
    key = keys_of(session, [delivery.version_id]).get(delivery.version_id, frozenset())
    query = sa.select(PracticeAnswer.id, PracticeAnswer.option_id).where(PracticeAnswer.delivery_id == delivery.id)
    return [
        Practised(row.id, letter_of(delivery, row.option_id) or "", row.option_id in key, number)
        for number, row in enumerate(session.execute(query.order_by(PracticeAnswer.id)), start=1)
    ]


def as_practised(explained: Explanation, again: Practised) -> Explanation:
    """Return the explanation with the answer given again in the place of the block's own."""
    options = tuple(replace(option, chosen=option.letter == again.letter) for option in explained.options)
    outcome = Outcome.CORRECT if again.correct else Outcome.INCORRECT
    return replace(explained, options=options, outcome=outcome.value, confidence=None)


def first_choice(session: Session, block: Block, position: int) -> str | None:
    """Return the letter chosen in the block itself; None for an omission."""
    delivery: Delivery = find_delivery(session, block, position)
    return letter_of(delivery, delivery.chosen_option_id)


def _ended(block: Block) -> None:
    if block.state is not BlockState.ENDED:
        raise NotAllowedError(STILL_OPEN)
