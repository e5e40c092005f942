"""The review queue: one card a learner and item, the log of its reviews, and the parameters fitted to a learner."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from qbank.db.base import Base, Code, Json, Key, enum_column, link


class Reason(StrEnum):
    """Why an item is in a learner's queue."""

    MISSED = "missed"
    UNSURE = "unsure"
    MARKED = "marked"


class Departure(StrEnum):
    """Why an item is no longer in the queue."""

    LEARNED = "learned"  # right twice on different days
    REMOVED = "removed"  # taken out by the learner


class ReviewParameters(Base):
    """One fit of the scheduler's parameters to a learner's reviews. The newest row decides.

    ``used`` is False where the published parameters foretold the later reviews as well or better: then those serve.
    ``log_loss`` and ``published_log_loss`` are over ``held_out`` reviews that the trial fit had not seen.
    """

    __tablename__ = "review_parameters"
    __table_args__ = (
        sa.Index(None, "person_id", "fitted_at"),
        sa.CheckConstraint("held_out > 0 AND held_out <= reviews", name="reviews"),
    )

    id: Mapped[Key]
    person_id: Mapped[int] = mapped_column(link("person.id"))
    fitted_at: Mapped[datetime]
    algorithm: Mapped[Code]
    reviews: Mapped[int]
    held_out: Mapped[int]
    log_loss: Mapped[float]
    published_log_loss: Mapped[float]
    used: Mapped[bool]
    weights: Mapped[list[float]] = mapped_column(Json)


class ReviewCard(Base):
    """What the scheduler knows of one learner and one item. A projection: `ReviewLog` makes it again.

    ``stability`` in days, ``difficulty`` from 1 to 10 (FSRS). ``right_day`` is the day (UTC) of the first correct
    answer since the last miss.
    """

    __tablename__ = "review_card"
    __table_args__ = (
        sa.UniqueConstraint("person_id", "item_id"),
        sa.Index(None, "item_id"),
        sa.Index(None, "person_id", "left_at", "due_at"),
        sa.CheckConstraint("(left_at IS NULL) = (left_because IS NULL)", name="left_has_reason"),
        sa.CheckConstraint("stability > 0", name="stability"),
        sa.CheckConstraint("difficulty >= 1 AND difficulty <= 10", name="difficulty"),
    )

    id: Mapped[Key]
    person_id: Mapped[int] = mapped_column(link("person.id"))
    item_id: Mapped[int] = mapped_column(link("item.id"))
    entered_because: Mapped[Reason] = mapped_column(enum_column(Reason, "entered_because"))
    entered_at: Mapped[datetime]
    stability: Mapped[float]
    difficulty: Mapped[float]
    reviewed_at: Mapped[datetime]
    due_at: Mapped[datetime]
    right_day: Mapped[date | None] = mapped_column(sa.Date)
    left_at: Mapped[datetime | None]
    left_because: Mapped[Departure | None] = mapped_column(enum_column(Departure, "left_because"))


class ReviewLog(Base):
    """One review: append-only. ``rating`` 1 again, 2 hard, 3 good, 4 easy; one row a delivery.

    ``algorithm`` and ``parameters_id`` (None: the published ones) say what scheduled it then, so that the schedule
    can be made again under others. ``elapsed_days`` is the time since the review before, None for the first.
    """

    __tablename__ = "review_log"
    __table_args__ = (
        sa.UniqueConstraint("delivery_id"),
        sa.Index(None, "card_id", "reviewed_at"),
        sa.Index(None, "parameters_id"),
        sa.CheckConstraint("rating >= 1 AND rating <= 4", name="rating"),
        sa.CheckConstraint("elapsed_days >= 0", name="elapsed_days"),
    )

    id: Mapped[Key]
    card_id: Mapped[int] = mapped_column(link("review_card.id"))
    delivery_id: Mapped[int] = mapped_column(link("delivery.id"))
    rating: Mapped[int]
    reviewed_at: Mapped[datetime]
    elapsed_days: Mapped[float | None]
    seconds: Mapped[int]
    algorithm: Mapped[Code]
    parameters_id: Mapped[int | None] = mapped_column(link("review_parameters.id"))
