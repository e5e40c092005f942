"""What a learner leaves behind after a block: answers given again, reasons for misses, reports of problems."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from qbank.accounts.models import Person
from qbank.blocks.models import Delivery
from qbank.db.base import Base, Code, Key, Prose, enum_column, link


class Reason(StrEnum):
    """Why the learner missed an item, in the learner's own judgement."""

    DID_NOT_KNOW = "did_not_know"
    MISREAD = "misread"
    WRONG_REASONING = "wrong_reasoning"
    NO_TIME = "no_time"
    GUESSED = "guessed"


class Problem(StrEnum):
    """What a report says is wrong with an item."""

    WRONG_KEY = "wrong_key"
    UNCLEAR = "unclear"
    TYPING_ERROR = "typing_error"
    OUTDATED = "outdated"
    IMAGE = "image"
    OTHER = "other"


class Resolution(StrEnum):
    """What became of a report."""

    CORRECTED = "corrected"
    KEY_CHANGED = "key_changed"
    NO_CHANGE = "no_change"
    DUPLICATE = "duplicate"


class PracticeAnswer(Base):
    """An answer given again, with the first one hidden, to a delivery whose explanation was open already.

    Append-only, and outside the answer log: nothing that scores, states a status or makes a statistic reads it.
    The delivery pins the version and the order of its options. ``event_id`` makes a repeated send harmless.
    """

    __tablename__ = "practice_answer"
    __table_args__ = (sa.UniqueConstraint("event_id"), sa.Index(None, "delivery_id"), sa.Index(None, "option_id"))

    id: Mapped[Key]
    delivery_id: Mapped[int] = mapped_column(link("delivery.id"))
    option_id: Mapped[int] = mapped_column(link("item_option.id"))
    event_id: Mapped[Code]
    at: Mapped[datetime]


class MissReason(Base):
    """The learner's reason for one missed delivery. It can be changed, and taken back: then there is no row."""

    __tablename__ = "miss_reason"

    delivery_id: Mapped[int] = mapped_column(link("delivery.id"), primary_key=True)
    reason: Mapped[Reason] = mapped_column(enum_column(Reason, "reason"))
    at: Mapped[datetime]


class ProblemReport(Base):
    """A learner's report that something is wrong with an item, and what became of it.

    The delivery pins the version that the report is about. ``seen_at`` is when the learner saw the resolution.
    One report of a delivery is open at a time.
    """

    __tablename__ = "problem_report"
    __table_args__ = (
        sa.CheckConstraint("(resolved_at IS NULL) = (resolution IS NULL)", name="resolved_has_resolution"),
        sa.CheckConstraint("(resolved_at IS NULL) = (resolved_by_id IS NULL)", name="resolved_has_person"),
        sa.CheckConstraint("seen_at IS NULL OR resolved_at IS NOT NULL", name="seen_after_resolved"),
        sa.Index(None, "person_id", "made_at"),
        sa.Index(None, "delivery_id"),
        sa.Index(None, "resolved_at", "made_at"),
        sa.Index(None, "resolved_by_id"),
        # The database decides the race of a double click.
        sa.Index(
            "uq_problem_report_one_open",
            "delivery_id",
            unique=True,
            sqlite_where=sa.text("resolved_at IS NULL"),
            postgresql_where=sa.text("resolved_at IS NULL"),
        ),
    )

    id: Mapped[Key]
    person_id: Mapped[int] = mapped_column(link("person.id"))
    delivery_id: Mapped[int] = mapped_column(link("delivery.id"))
    problem: Mapped[Problem] = mapped_column(enum_column(Problem, "problem"))
    text: Mapped[Prose]
    made_at: Mapped[datetime]
    resolved_at: Mapped[datetime | None]
    resolved_by_id: Mapped[int | None] = mapped_column(link("person.id"))
    resolution: Mapped[Resolution | None] = mapped_column(enum_column(Resolution, "resolution"))
    reply: Mapped[Prose] = mapped_column(default="")
    seen_at: Mapped[datetime | None]

    person: Mapped[Person] = relationship(foreign_keys=[person_id], lazy="raise")
    resolved_by: Mapped[Person | None] = relationship(foreign_keys=[resolved_by_id], lazy="raise")
    delivery: Mapped[Delivery] = relationship(lazy="raise")
