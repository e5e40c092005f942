"""The review queue of a learner: what enters it, how answers move it, what leaves it.

Missed items, right ones of low confidence, and marked ones enter when their delivery closes; every later answer to an
item that has a card is a review of it, in whichever block it was given. An item leaves by itself when it was right
twice on different days without a miss between, and is not marked. What the learner took out comes back only with a
new miss, a new doubt or a new mark.

Cards are a projection: `restate` makes them again from the log, under the parameters in force.
"""

from __future__ import annotations

import statistics
from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from fsrs import Rating
from sqlalchemy.orm import Session

from qbank import clock
from qbank.accounts.models import Person
from qbank.blocks.models import Block, Delivery, Mark, Outcome
from qbank.errors import NotFoundError
from qbank.review import scheduling
from qbank.review.models import Departure, Reason, ReviewCard, ReviewLog, ReviewParameters
from qbank.review.scheduling import ALGORITHM, PACE_FROM, PUBLISHED, UNSURE, Answer, Memory, Review

PACE_BLOCKS = 10  # the learner's own pace is the median over so many last blocks
DAY_SECONDS = 86_400


@dataclass(frozen=True, slots=True)
class Parameters:
    """The scheduler's parameters in force for a learner; ``row_id`` is None for the published ones."""

    row_id: int | None
    weights: tuple[float, ...]


@dataclass(slots=True)
class _Held:
    """What the database holds of the deliveries' items before they are reviewed."""

    cards: dict[int, ReviewCard]
    marks: dict[int, datetime]
    logged: set[int]


def follow(session: Session, block: Block, deliveries: Collection[Delivery], at: datetime) -> None:
    """Let closed deliveries of the block into the queue, or review the cards that are there.

    Pretest and annulled deliveries and those without an outcome are passed by; one that was reviewed already is not
    reviewed again, so that a repeated call changes nothing. The block must be locked by the caller.
    """
    counted = {
        row.item_id: row
        for row in deliveries
        if row.outcome is not None and not row.pretest and row.annulled_at is None
    }
    if not counted:
        return
    session.flush()
    held = _held(session, block.person_id, counted)
    reasons = {item_id: _reason(row, held) for item_id, row in counted.items()}
    rows = [
        row
        for item_id, row in counted.items()
        if row.id not in held.logged and (item_id in held.cards or reasons[item_id])
    ]
    if rows:
        _review_all(session, block.person_id, rows, reasons, held, at)
    for item_id, reason in reasons.items():
        if reason and item_id in held.cards:
            _enter(held.cards[item_id], reason, at)
    for row in rows:
        if (card := held.cards.get(row.item_id)) is not None:
            _let_go(card, marked=row.item_id in held.marks, at=at)
    session.flush()


def _held(session: Session, person_id: int, counted: dict[int, Delivery]) -> _Held:
    items = list(counted)
    cards = sa.select(ReviewCard).where(ReviewCard.person_id == person_id, ReviewCard.item_id.in_(items))
    cards = cards.order_by(ReviewCard.id).with_for_update().execution_options(populate_existing=True)
    marks = sa.select(Mark.item_id, Mark.at).where(Mark.person_id == person_id, Mark.item_id.in_(items))
    found = {card.item_id: card for card in session.scalars(cards)}
    logged: set[int] = set()
    if found:
        deliveries = [row.id for row in counted.values()]
        logged.update(session.scalars(sa.select(ReviewLog.delivery_id).where(ReviewLog.delivery_id.in_(deliveries))))
    return _Held(found, dict(session.execute(marks).all()), logged)


def _reason(row: Delivery, held: _Held) -> Reason | None:
    """Return why this delivery lets its item in; None where it does not."""
    card, marked_at = held.cards.get(row.item_id), held.marks.get(row.item_id)
    if row.id not in held.logged:
        if row.outcome is not Outcome.CORRECT:
            return Reason.MISSED
        if row.confidence in UNSURE:
            return Reason.UNSURE
    if marked_at is None or (card is not None and card.left_at is not None and marked_at <= card.left_at):
        return None
    return Reason.MARKED


def _review_all(
    session: Session, person_id: int, rows: Collection[Delivery], reasons: dict[int, Reason | None], held: _Held,
    at: datetime,
) -> None:  # fmt: skip
    """Review the cards of these deliveries, making those that are new, and write the log."""
    parameters = parameters_of(session, person_id)
    pace = _pace(session, person_id) if any(row.outcome is Outcome.CORRECT for row in rows) else None
    new: list[dict[str, Any]] = []
    logs: dict[int, dict[str, Any]] = {}
    for row in rows:
        card = held.cards.get(row.item_id)
        before = memory_of(card) if card else None
        if before is not None and at < before.reviewed_at:
            continue  # an older answer than the last review tells the scheduler nothing
        rating = scheduling.rate(Answer(Outcome(str(row.outcome)), row.changes, row.seconds, row.confidence), pace)
        now = scheduling.review(before, Review(rating, at), parameters.weights)
        if card is not None:
            _store(card, now)
        else:
            entry = {"person_id": person_id, "entered_because": reasons[row.item_id], "entered_at": at}
            new.append(entry | {"item_id": row.item_id} | asdict(now))
        logs[row.item_id] = {
            "delivery_id": row.id, "rating": int(rating), "reviewed_at": at, "seconds": row.seconds,
            "elapsed_days": (at - before.reviewed_at).total_seconds() / DAY_SECONDS if before else None,
            "algorithm": ALGORITHM, "parameters_id": parameters.row_id,
        }  # fmt: skip
    _write(session, person_id, new, logs)


def _write(session: Session, person_id: int, new: list[dict[str, Any]], logs: dict[int, dict[str, Any]]) -> None:
    """Insert new cards and the log, by item, in bulk: one statement each, however many."""
    if new:
        session.execute(sa.insert(ReviewCard), new)
    if logs:
        query = sa.select(ReviewCard.item_id, ReviewCard.id)
        query = query.where(ReviewCard.person_id == person_id, ReviewCard.item_id.in_(list(logs)))
        numbers = dict(session.execute(query).all())
        rows = [{"card_id": numbers[item_id]} | values for item_id, values in logs.items()]
        # without this, rows with and without a first review would go in pieces
        session.execute(sa.insert(ReviewLog).execution_options(render_nulls=True), rows)


def _enter(card: ReviewCard, reason: Reason, at: datetime) -> None:
    """Put a card that had left back; of one that is there, a miss is the reason that counts from now on."""
    if card.left_at is not None:
        card.entered_because, card.entered_at = reason, at
        card.left_at = card.left_because = None
    elif reason is Reason.MISSED:
        card.entered_because = reason


def _let_go(card: ReviewCard, *, marked: bool, at: datetime) -> None:
    if card.left_at is None and memory_of(card).learned and not marked:
        card.left_at, card.left_because = at, Departure.LEARNED


def _pace(session: Session, person_id: int) -> float | None:
    """Return the learner's median seconds an answered item over their last blocks; None below `PACE_FROM` items."""
    last = sa.select(Block.id).where(Block.person_id == person_id).order_by(Block.id.desc()).limit(PACE_BLOCKS)
    query = sa.select(Delivery.seconds).where(
        Delivery.block_id.in_(last.subquery().select()),
        Delivery.outcome.in_([Outcome.CORRECT, Outcome.INCORRECT]),
        Delivery.seconds > 0,
    )
    seconds = session.scalars(query).all()
    return statistics.median(seconds) if len(seconds) >= PACE_FROM else None


def parameters_of(session: Session, person_id: int) -> Parameters:
    """Return the parameters in force for a learner: the newest fit where it is used, else the published ones."""
    newest = newest_fit(session, person_id)
    if newest is None or not newest.used:
        return Parameters(None, PUBLISHED)
    return Parameters(newest.id, tuple(newest.weights))


def newest_fit(session: Session, person_id: int) -> ReviewParameters | None:
    """Return the last fit to this learner's reviews, whether it is used or not. One query."""
    query = sa.select(ReviewParameters).where(ReviewParameters.person_id == person_id)
    return session.scalar(query.order_by(ReviewParameters.fitted_at.desc(), ReviewParameters.id.desc()).limit(1))


def memory_of(card: ReviewCard) -> Memory:
    """Return a card's state as a value."""
    return Memory(card.stability, card.difficulty, card.reviewed_at, card.due_at, card.right_day)


def _store(card: ReviewCard, now: Memory) -> None:
    card.stability, card.difficulty = now.stability, now.difficulty
    card.reviewed_at, card.due_at = now.reviewed_at, now.due_at
    card.right_day = now.right_day


def replay(log: Iterable[ReviewLog], parameters: Sequence[float] = PUBLISHED) -> Memory | None:
    """Return the state that a card's log (oldest first) amounts to under these parameters; None for an empty one."""
    return scheduling.replay((Review(Rating(row.rating), row.reviewed_at) for row in log), parameters)


def histories(session: Session, person_id: int) -> dict[int, list[ReviewLog]]:
    """Return the learner's reviews by card, oldest first, without those of annulled deliveries. One query."""
    query = (
        sa.select(ReviewLog)
        .join(ReviewCard, ReviewCard.id == ReviewLog.card_id)
        .join(Delivery, Delivery.id == ReviewLog.delivery_id)
        .where(ReviewCard.person_id == person_id, Delivery.annulled_at.is_(None))
        .order_by(ReviewLog.id)
    )
    found: dict[int, list[ReviewLog]] = {}
    for row in session.scalars(query):
        found.setdefault(row.card_id, []).append(row)
    return found


def restate(session: Session, person_id: int) -> int:
    """Make a learner's cards what the log says under the parameters in force; return how many changed.

    After a fit, and after an annulment. A card whose reviews are all annulled leaves the queue.
    """
    parameters, now = parameters_of(session, person_id), clock.now()
    logs, changed = histories(session, person_id), 0
    cards = sa.select(ReviewCard).where(ReviewCard.person_id == person_id).order_by(ReviewCard.id).with_for_update()
    for card in session.scalars(cards.execution_options(populate_existing=True)).all():
        right = replay(logs.get(card.id, ()), parameters.weights)
        if right is None and card.left_at is None:
            card.left_at, card.left_because = now, Departure.REMOVED
        elif right is None or right == memory_of(card):
            continue
        else:
            _store(card, right)
        changed += 1
    session.flush()
    return changed


def _own(session: Session, person: Person, card_id: int) -> ReviewCard:
    query = sa.select(ReviewCard).where(ReviewCard.id == card_id, ReviewCard.person_id == person.id).with_for_update()
    card = session.scalar(query.execution_options(populate_existing=True))
    if card is None:
        raise NotFoundError("There is no such item in your review.")
    return card


def remove(session: Session, person: Person, card_id: int) -> ReviewCard:
    """Take an item out of the learner's queue; its log stays. Again: nothing changes. NotFoundError for others'."""
    card = _own(session, person, card_id)
    if card.left_at is None:
        card.left_at, card.left_because = clock.now(), Departure.REMOVED
        session.flush()
    return card


def put_back(session: Session, person: Person, card_id: int) -> ReviewCard:
    """Put an item that left back into the learner's queue, with the schedule that it had. NotFoundError for others'.

    One that left because it was learned leaves again with the next right answer.
    """
    card = _own(session, person, card_id)
    if card.left_at is not None:
        card.left_at = card.left_because = None
        session.flush()
    return card
