"""What the pages of the review show: how many items are due, the queue a page at a time, and the schedule by day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import sqlalchemy as sa
from fsrs import Rating
from sqlalchemy.orm import Session

from qbank.accounts.models import Person
from qbank.blocks.models import ItemStatus, LearnerItem
from qbank.blocks.passes import latest_pass
from qbank.items.models import Item, ItemVersion, PoolEntry
from qbank.items.taxonomy import Taxon
from qbank.markup import plain
from qbank.review.models import Departure, Reason, ReviewCard, ReviewLog

DAYS = 14  # of the schedule shown day by day
RATINGS = 5  # last reviews shown of a card
EXCERPT = 110  # characters of a stem


@dataclass(frozen=True, slots=True)
class Due:
    """How many cards are due, and how many of those can be taken now: live, and in no open block."""

    cards: int
    ready: int


@dataclass(frozen=True, slots=True)
class CardLine:
    """One item of the queue. ``ratings`` are the last ones, newest last. ``live``: it can be asked at present."""

    id: int
    excerpt: str
    system: str
    reason: Reason
    entered_at: datetime
    reviewed_at: datetime
    due_at: datetime
    live: bool
    ratings: tuple[Rating, ...]
    left_at: datetime | None
    left_because: Departure | None


@dataclass(frozen=True, slots=True)
class Schedule:
    """Reviews to come: (day, how many) for each of the next `DAYS` days, today with what is overdue, and later."""

    days: list[tuple[date, int]]
    later: int

    @property
    def most(self) -> int:
        """The largest number on one day."""
        return max((n for _day, n in self.days), default=0)


def _waiting(person_id: int) -> sa.ColumnElement[bool]:
    return sa.and_(ReviewCard.person_id == person_id, ReviewCard.left_at.is_(None))


def _busy(session: Session, person: Person) -> sa.Select[Any]:
    current = latest_pass(session, person)
    return sa.select(LearnerItem.item_id).where(
        LearnerItem.pass_id == (current.id if current else 0), LearnerItem.status == ItemStatus.IN_PROGRESS
    )


def _ready() -> sa.ColumnElement[bool]:
    return sa.exists().where(PoolEntry.item_id == ReviewCard.item_id, PoolEntry.pretest.is_(False))


def due(session: Session, person: Person, now: datetime) -> Due:
    """Return how many items are due. Two queries."""
    ready = sa.and_(_ready(), ReviewCard.item_id.not_in(_busy(session, person)))
    query = sa.select(sa.func.count(), sa.func.coalesce(sa.func.sum(sa.case((ready, 1), else_=0)), 0))
    cards, can = session.execute(query.where(_waiting(person.id), ReviewCard.due_at <= now)).one()
    return Due(cards, int(can))


def due_items(session: Session, person: Person, now: datetime, limit: int) -> list[int]:
    """Return the items due that can be taken now, longest overdue first, ``limit`` at most. Two queries."""
    query = (
        sa.select(ReviewCard.item_id)
        .where(_waiting(person.id), ReviewCard.due_at <= now, _ready())
        .where(ReviewCard.item_id.not_in(_busy(session, person)))
        .order_by(ReviewCard.due_at, ReviewCard.id)
        .limit(limit)
    )
    return list(session.scalars(query))


def count(session: Session, person: Person, *, left: bool = False) -> int:
    """Return how many cards wait in the queue, or have left it. One query."""
    where = _waiting(person.id) if not left else _gone(person.id)
    return session.scalar(sa.select(sa.func.count()).select_from(ReviewCard).where(where)) or 0


def _gone(person_id: int) -> sa.ColumnElement[bool]:
    return sa.and_(ReviewCard.person_id == person_id, ReviewCard.left_at.is_not(None))


def cards(session: Session, person: Person, *, left: bool = False, limit: int, offset: int = 0) -> list[CardLine]:
    """Return cards of the queue by due time, or those that left it, the last to leave first. Two queries."""
    order = (ReviewCard.left_at.desc(), ReviewCard.id.desc()) if left else (ReviewCard.due_at, ReviewCard.id)
    query = (
        sa.select(ReviewCard, ItemVersion.stem_html, Taxon.name, _ready())
        .join(Item, Item.id == ReviewCard.item_id)
        .outerjoin(ItemVersion, ItemVersion.id == Item.published_version_id)
        .outerjoin(Taxon, Taxon.id == ItemVersion.system_id)
        .where(_gone(person.id) if left else _waiting(person.id))
        .order_by(*order)
        .limit(limit)
        .offset(offset)
    )
    rows = session.execute(query).all()
    ratings = _ratings(session, [card.id for card, *_rest in rows])
    return [
        CardLine(
            card.id, _excerpt(stem or ""), system or "", card.entered_because, card.entered_at, card.reviewed_at,
            card.due_at, bool(live), ratings.get(card.id, ()), card.left_at, card.left_because,
        )
        for card, stem, system, live in rows
    ]  # fmt: skip


def _ratings(session: Session, card_ids: list[int]) -> dict[int, tuple[Rating, ...]]:
    """Return the last ratings of each card, oldest first. One query that reads no more than is shown."""
    place = sa.func.row_number().over(partition_by=ReviewLog.card_id, order_by=ReviewLog.id.desc()).label("place")
    numbered = sa.select(ReviewLog.card_id, ReviewLog.rating, place).where(ReviewLog.card_id.in_(card_ids)).subquery()
    query = sa.select(numbered.c.card_id, numbered.c.rating).where(numbered.c.place <= RATINGS)
    found: dict[int, tuple[Rating, ...]] = {}
    for card_id, rating in session.execute(query.order_by(numbered.c.card_id, numbered.c.place.desc())):
        found[card_id] = (*found.get(card_id, ()), Rating(rating))
    return found


def _excerpt(html: str) -> str:
    text = plain(html)
    return text if len(text) <= EXCERPT else text[:EXCERPT].rsplit(" ", 1)[0] + " …"


def schedule(session: Session, person: Person, now: datetime) -> Schedule:
    """Return the reviews to come by day (UTC). One query, answered from the index."""
    days = [now.date() + timedelta(days=n) for n in range(DAYS)]
    ends = [datetime.combine(day + timedelta(days=1), time.min, UTC) for day in days]
    until = [sa.func.coalesce(sa.func.sum(sa.case((ReviewCard.due_at < end, 1), else_=0)), 0) for end in ends]
    *sums, whole = session.execute(sa.select(*until, sa.func.count()).where(_waiting(person.id))).one()
    counts = [int(n) - int(before) for n, before in zip(sums, (0, *sums), strict=False)]
    return Schedule(list(zip(days, counts, strict=True)), whole - int(sums[-1]))


def reviews_logged(session: Session, person_id: int) -> int:
    """Return how many reviews a learner's log holds. One query."""
    query = sa.select(sa.func.count()).select_from(ReviewLog).join(ReviewCard, ReviewCard.id == ReviewLog.card_id)
    return session.scalar(query.where(ReviewCard.person_id == person_id)) or 0
