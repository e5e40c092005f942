"""Taking a block: looking at its items, and every action on them, each recorded once.

An action locks its block before anything is read, so that of a last answer and an end that arrive together one
comes first for everybody. What counted is appended to the log and moves the delivery's projection on; what was
stale is appended without moving anything; what was refused leaves no trace, so that sending it again is refused too.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from qbank import clock
from qbank.accounts.models import Person
from qbank.annulments import rulings
from qbank.blocks import closing, highlighting, statuses
from qbank.blocks.closing import close_if_due, locked, own_block
from qbank.blocks.highlighting import Stroke
from qbank.blocks.marking import written
from qbank.blocks.models import (
    Block,
    BlockState,
    Confidence,
    Delivery,
    DeliveryEvent,
    EventKind,
    Feedback,
    Mark,
    Note,
)
from qbank.blocks.projecting import after, store, stored, visited
from qbank.blocks.room import Ack
from qbank.blocks.showing import (
    find_delivery,
    is_marked,
    letter,
    letter_of,
    open_blocks,
    review,
    room_block,
    room_item,
    sequence,
)
from qbank.blocks.timing import closes_in, idle_cap, remaining
from qbank.db.engine import begin_write
from qbank.errors import ConflictError, InvalidError
from qbank.review import service as reviewing

__all__ = [
    "Action", "apply", "find_block", "open_blocks", "open_item", "review", "room_block", "room_item", "set_mark",
    "set_note",
]  # fmt: skip

MAX_NOTE = 10_000
MAX_NAME = 100
MAX_SEQ = 2**31 - 1
TIME_UP = "Time is up: this came too late and was not counted."
ENDED = "The block has ended: nothing in it can change."
PAUSED = "The block is paused. Go on with it first."
SUBMITTED = "This answer was submitted and is final."
NOTHING_CHOSEN = "Choose an option before you submit."
TOO_MANY_SPANS = "This text holds no more highlights. Take some off first."
NO_SUBMIT = "In this block answers are submitted together, when you end it."

# Actions that take one another's place: of one browser's, only the newest counts.
FAMILIES = {
    EventKind.CHOOSE: (EventKind.CHOOSE, EventKind.CLEAR, EventKind.SUBMIT),
    EventKind.CLEAR: (EventKind.CHOOSE, EventKind.CLEAR, EventKind.SUBMIT),
    EventKind.SUBMIT: (EventKind.CHOOSE, EventKind.CLEAR, EventKind.SUBMIT),
    EventKind.MARK: (EventKind.MARK, EventKind.UNMARK),
    EventKind.UNMARK: (EventKind.MARK, EventKind.UNMARK),
    EventKind.STRIKE: (EventKind.STRIKE, EventKind.RESTORE),
    EventKind.RESTORE: (EventKind.STRIKE, EventKind.RESTORE),
    EventKind.NOTE: (EventKind.NOTE,),
    EventKind.HIGHLIGHT: (EventKind.HIGHLIGHT,),
    EventKind.CONFIDENCE: (EventKind.CONFIDENCE,),
}
NEEDS_LETTER = frozenset({EventKind.CHOOSE, EventKind.STRIKE, EventKind.RESTORE})
ANSWERS = frozenset({EventKind.CHOOSE, EventKind.CLEAR, EventKind.SUBMIT})
FINAL = ANSWERS | {EventKind.CONFIDENCE}  # what a submit settles: nobody is sure of an answer after seeing the key
CONFIDENCES = frozenset({"", *Confidence})  # "": taken back


@dataclass(frozen=True, slots=True)
class Action:
    """One thing that a learner did to one item.

    ``event_id`` is made by the browser, another for every action and the same when it is sent again. ``client`` and
    ``client_seq`` put one browser's actions in order; without them the order of arrival counts.
    """

    event_id: str
    kind: EventKind | str
    letter: str | None = None
    text: str | None = None
    client: str = ""
    client_seq: int | None = None
    stroke: Stroke | None = None  # of the highlighter


def find_block(session: Session, person: Person, token: str) -> Block:
    """Return the learner's block, closing it first if it is due. Raises NotFoundError for anybody else's."""
    block = own_block(session, person, token)
    close_if_due(session, block)
    return block


def open_item(session: Session, block: Block, position: int) -> None:
    """Note that the learner opens this item: the visit of another one ends, one of this begins.

    Does nothing for a block that is not open. Raises NotFoundError for a position out of range.
    """
    begin_write(session)
    block = locked(session, block.id)
    close_if_due(session, block)
    delivery = find_delivery(session, block, position)
    if block.state is not BlockState.OPEN:
        return
    now, cap = clock.now(), idle_cap(block)
    query = sa.select(Delivery).where(Delivery.block_id == block.id, Delivery.visited_at.is_not(None))
    for other in session.scalars(query.execution_options(populate_existing=True)):
        if other.id != delivery.id:
            store(other, after(stored(other), EventKind.LEAVE, None, now, cap))
    store(delivery, visited(stored(delivery), now, cap))
    block.position, block.last_active_at = position, now
    session.add(
        DeliveryEvent(
            delivery_id=delivery.id, event_id=f"visit-{secrets.token_hex(16)}", body_hash="",
            kind=EventKind.VISIT, at=now,
        )
    )  # fmt: skip
    session.flush()


def apply(session: Session, person: Person, token: str, position: int, action: Action) -> Ack:
    """Take one action and return the server's word on it, with the item's state as it now is.

    - "saved": it counts, and is in the log.
    - "repeated": this very action was taken before; nothing happened now.
    - "stale": a newer action of the same browser came first; logged, without effect.
    - "refused": after the end or the deadline, or against the rules; nothing changed, ``message`` says why.

    Raises NotFoundError for a block or position that is not there, InvalidError for an action that makes no sense,
    ConflictError where the event id was used for another action.
    """
    begin_write(session)
    action = _checked(action)
    block = own_block(session, person, token, lock=True)
    close_if_due(session, block)
    delivery = find_delivery(session, block, position)
    option = _option(delivery, action)
    if action.stroke is not None:
        highlighting.check(session, delivery, action.stroke)
    body = _body_hash(delivery, action)
    known = session.scalar(sa.select(DeliveryEvent).where(DeliveryEvent.event_id == action.event_id))
    if known is not None:
        if known.body_hash != body or known.delivery_id != delivery.id:
            raise ConflictError("This event id was used for another action.", cure="Send it under a new id.")
        return _ack(session, block, delivery, action, "repeated" if known.applied else "stale")
    if block.state is not BlockState.OPEN:
        return _ack(session, block, delivery, action, "refused", _closed_message(block))
    if _is_stale(session, delivery, action, option):
        _log(session, delivery, action, option, body, applied=False)
        return _ack(session, block, delivery, action, "stale", "A newer action of this browser came first.")
    if message := _refusal(session, block, delivery, action, option):
        return _ack(session, block, delivery, action, "refused", message)
    _carry_out(session, block, delivery, action, option, body)
    return _ack(session, block, delivery, action, "saved")


def _closed_message(block: Block) -> str:
    if block.state is BlockState.PAUSED:
        return PAUSED
    return TIME_UP if block.ended_reason == "time_up" else ENDED


def _checked(action: Action) -> Action:
    """Return the action with its kind as an enum. Raises InvalidError by field."""
    problems: dict[str, str] = {}
    if action.kind not in FAMILIES:
        problems["kind"] = f"must be one of {', '.join(sorted(FAMILIES))}"
    if not 0 < len(action.event_id) <= MAX_NAME:
        problems["event_id"] = f"must have 1 to {MAX_NAME} characters"
    if len(action.client) > MAX_NAME:
        problems["client"] = f"must have at most {MAX_NAME} characters"
    if action.client_seq is not None and not 0 <= action.client_seq <= MAX_SEQ:
        problems["client_seq"] = "is out of range"
    if action.kind == EventKind.NOTE and (action.text is None or len(action.text) > MAX_NOTE):
        problems["text"] = f"must be given, with at most {MAX_NOTE} characters"
    if action.kind == EventKind.CONFIDENCE and action.text not in CONFIDENCES:
        problems["text"] = f"must be one of {', '.join(Confidence)}, or empty"
    if (action.kind == EventKind.HIGHLIGHT) != (action.stroke is not None):
        problems["field"] = "belongs to a highlight, with start and end"
    if problems:
        raise InvalidError("The action cannot be taken.", problems=problems)
    return replace(action, kind=EventKind(action.kind))


def _option(delivery: Delivery, action: Action) -> int | None:
    """Return the id of the option that the action names by its letter as shown."""
    if action.kind not in NEEDS_LETTER and not (action.kind == EventKind.SUBMIT and action.letter):
        return None
    letters = [letter(place) for place in range(len(delivery.option_order))]
    if action.letter not in letters:
        message = f"must be one of {', '.join(letters)}"
        raise InvalidError("The action cannot be taken.", problems={"letter": message})
    return delivery.option_order[letters.index(action.letter)]


def _body_hash(delivery: Delivery, action: Action) -> str:
    body: list[Any] = [delivery.id, str(action.kind), action.letter, action.text, action.client, action.client_seq]
    if action.stroke is not None:
        body.append(action.stroke.payload())
    return hashlib.sha256(json.dumps(body).encode()).hexdigest()


def _is_stale(session: Session, delivery: Delivery, action: Action, option: int | None) -> bool:
    """Return whether a newer action of the same browser and family counted already.

    Strike-outs are by option, highlights by the words that they go over.
    """
    if not action.client or action.client_seq is None:
        return False
    kind = EventKind(action.kind)
    if action.stroke is not None:
        return highlighting.is_stale(session, delivery, action.stroke, action.client, action.client_seq)
    query = sa.select(sa.func.max(DeliveryEvent.client_seq)).where(
        DeliveryEvent.delivery_id == delivery.id,
        DeliveryEvent.client == action.client,
        DeliveryEvent.kind.in_(FAMILIES[kind]),
        DeliveryEvent.applied.is_(True),
    )
    if kind in {EventKind.STRIKE, EventKind.RESTORE}:
        query = query.where(DeliveryEvent.option_id == option)
    newest = session.scalar(query)
    return newest is not None and action.client_seq < newest


def _refusal(session: Session, block: Block, delivery: Delivery, action: Action, option: int | None) -> str:
    """Return why the rules refuse this action; "" where they do not."""
    if action.stroke is not None and highlighting.too_many(session, delivery, action.stroke):
        return TOO_MANY_SPANS
    if action.kind not in FINAL:
        return ""
    if delivery.submitted_at is not None:
        return SUBMITTED
    if action.kind != EventKind.SUBMIT:
        return ""
    if block.feedback is not Feedback.TUTOR:
        return NO_SUBMIT
    return NOTHING_CHOSEN if delivery.chosen_option_id is None and option is None else ""


def _carry_out(
    session: Session, block: Block, delivery: Delivery, action: Action, option: int | None, body: str
) -> None:
    now, kind = clock.now(), EventKind(action.kind)
    if kind in {EventKind.MARK, EventKind.UNMARK}:
        _write_mark(session, block.person_id, delivery.item_id, on=kind is EventKind.MARK)
    elif kind is EventKind.NOTE:
        _write_note(session, block.person_id, delivery.item_id, action.text or "")
    elif action.stroke is not None:
        highlighting.draw(session, delivery, action.stroke, now)
    else:
        store(delivery, after(stored(delivery), kind, option, now, idle_cap(block), action.text))
    block.last_active_at = now
    chosen = delivery.chosen_option_id if kind is EventKind.SUBMIT else option
    _log(session, delivery, action, chosen, body, applied=True)
    if kind is EventKind.SUBMIT:
        late = rulings.annul(session, [delivery])
        closing.settle(session, block, [delivery], now)
        if late:
            statuses.restate(session, pass_id=block.pass_id, item_ids=late)
        reviewing.follow(session, block, [delivery], now)


def _log(session: Session, delivery: Delivery, action: Action, option: int | None, body: str, *, applied: bool) -> None:
    payload: dict[str, Any] = {} if action.text is None else {"text": action.text}
    if action.stroke is not None:
        payload = action.stroke.payload()
    event = DeliveryEvent(
        delivery_id=delivery.id, event_id=action.event_id, body_hash=body, client=action.client,
        client_seq=action.client_seq, kind=EventKind(action.kind), option_id=option, payload=payload,
        applied=applied, at=clock.now(),
    )  # fmt: skip
    session.add(event)
    try:
        session.flush()
    except IntegrityError:  # the same id under another block, at the same time
        raise ConflictError("This event id was used for another action.", cure="Send it under a new id.") from None


def _ack(session: Session, block: Block, delivery: Delivery, action: Action, status: str, message: str = "") -> Ack:
    return Ack(
        event_id=action.event_id,
        status=status,
        choice=letter_of(delivery, delivery.chosen_option_id),
        struck=tuple(sorted(letter(delivery.option_order.index(option)) for option in delivery.struck)),
        marked=is_marked(session, block, delivery),
        submitted=delivery.submitted_at is not None,
        sequence=sequence(session, delivery),
        remaining=remaining(block, clock.now()),
        message=message,
        ended=block.state is BlockState.ENDED,
        closes_in=closes_in(block, clock.now()),
        paused=block.state is BlockState.PAUSED,
        highlights=_highlights(session, delivery) if action.stroke is not None else None,
        confidence=delivery.confidence,
    )


def _highlights(session: Session, delivery: Delivery) -> dict[str, str]:
    spans = highlighting.spans_of(session, delivery)
    return {field: written(spans.get(field, ())) for field in highlighting.FIELDS}


def _insert(session: Session, table: type[Mark] | type[Note]) -> Any:
    """Return an INSERT that may meet a row that is there already: two windows mark one item at the same time."""
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    return dialect.insert(table)


def _write_mark(session: Session, person_id: int, item_id: int, *, on: bool) -> None:
    if on:
        values = {"person_id": person_id, "item_id": item_id, "at": clock.now()}
        session.execute(_insert(session, Mark).values(values).on_conflict_do_nothing())
        return
    session.execute(sa.delete(Mark).where(Mark.person_id == person_id, Mark.item_id == item_id))


def _write_note(session: Session, person_id: int, item_id: int, text: str) -> None:
    if not text.strip():
        session.execute(sa.delete(Note).where(Note.person_id == person_id, Note.item_id == item_id))
        return
    new = {"text": text, "at": clock.now()}
    insert = _insert(session, Note).values(person_id=person_id, item_id=item_id, **new)
    session.execute(insert.on_conflict_do_update(index_elements=["person_id", "item_id"], set_=new))


def set_mark(session: Session, person: Person, block: Block, position: int, *, on: bool) -> None:
    """Put the learner's mark on an item, or take it off, in the review after the block."""
    begin_write(session)
    block = own_block(session, person, block.token)
    delivery = find_delivery(session, block, position)
    _write_mark(session, person.id, delivery.item_id, on=on)
    if on and block.ended_at is not None:
        reviewing.follow(session, block, [delivery], delivery.submitted_at or block.ended_at)


def set_note(session: Session, person: Person, block: Block, position: int, text: str) -> None:
    """Write the learner's note on an item in the review after the block; an empty one removes it."""
    begin_write(session)
    if len(text) > MAX_NOTE:
        raise InvalidError("The note was not saved.", problems={"text": f"at most {MAX_NOTE} characters"})
    block = own_block(session, person, block.token)
    _write_note(session, person.id, find_delivery(session, block, position).item_id, text)
