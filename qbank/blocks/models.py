"""Presets, passes, blocks, deliveries, the answer log, and what a learner leaves on the paper."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from qbank.accounts.models import Person
from qbank.db.base import Base, Code, Key, Line, Prose, enum_column, link
from qbank.items.models import Item, ItemVersion


class Feedback(StrEnum):
    """When the learner sees what was right."""

    TUTOR = "tutor"  # after each submitted item
    EXAM = "exam"  # after the block


class Timing(StrEnum):
    """Whether the block has a deadline."""

    TIMED = "timed"
    UNTIMED = "untimed"


class TimeUpPolicy(StrEnum):
    """What happens to a choice that comes after the deadline."""

    LOCK = "lock"
    GRACE = "grace"
    SOFT = "soft"


class BlockState(StrEnum):
    """A block is open, paused where its preset allows that, or ended for good."""

    OPEN = "open"
    PAUSED = "paused"
    ENDED = "ended"


class EndedReason(StrEnum):
    """Why a block ended."""

    LEARNER = "learner"
    TIME_UP = "time_up"
    ABANDONED = "abandoned"


class Outcome(StrEnum):
    """How one delivery ended."""

    CORRECT = "correct"
    INCORRECT = "incorrect"
    OMITTED = "omitted"


class Confidence(StrEnum):
    """How sure of the answer the learner says to be. Optional, and never an answer."""

    SURE = "sure"
    FAIRLY = "fairly"
    UNSURE = "unsure"
    GUESS = "guess"


class EventKind(StrEnum):
    """What a learner did to one delivery."""

    CHOOSE = "choose"
    CLEAR = "clear"
    SUBMIT = "submit"
    MARK = "mark"
    UNMARK = "unmark"
    STRIKE = "strike"
    RESTORE = "restore"
    HIGHLIGHT = "highlight"
    NOTE = "note"
    VISIT = "visit"
    LEAVE = "leave"
    CONFIDENCE = "confidence"


class ExamPreset(Base):
    """The format of an exam in force between two dates. A row per change; a block keeps its own copy."""

    __tablename__ = "exam_preset"
    __table_args__ = (
        sa.UniqueConstraint("code"),
        sa.CheckConstraint("valid_to IS NULL OR valid_to >= valid_from", name="dates"),
        sa.CheckConstraint("seconds_per_item > 0", name="seconds_per_item"),
    )

    id: Mapped[Key]
    code: Mapped[Code]
    exam: Mapped[Line]
    name: Mapped[Line]
    valid_from: Mapped[date | None] = mapped_column(sa.Date)
    valid_to: Mapped[date | None] = mapped_column(sa.Date)
    blocks: Mapped[int | None]
    minutes_per_block: Mapped[int | None]
    items_per_block_min: Mapped[int | None]
    items_per_block_max: Mapped[int | None]
    items_total: Mapped[int | None]
    seconds_per_item: Mapped[int]
    time_up_policy: Mapped[TimeUpPolicy] = mapped_column(enum_column(TimeUpPolicy, "time_up_policy"))
    grace_seconds: Mapped[int] = mapped_column(default=0)
    pause_allowed: Mapped[bool] = mapped_column(default=False)
    pretest_share: Mapped[float] = mapped_column(default=0.0)
    note: Mapped[Prose] = mapped_column(default="")
    source: Mapped[Line] = mapped_column(default="")
    source_date: Mapped[date | None] = mapped_column(sa.Date)
    retired_at: Mapped[datetime | None]


class StudyPass(Base):
    """One time through the bank. A new pass begins with every item unused and erases nothing."""

    __tablename__ = "study_pass"
    __table_args__ = (sa.UniqueConstraint("person_id", "number"),)

    id: Mapped[Key]
    person_id: Mapped[int] = mapped_column(link("person.id"))
    number: Mapped[int]
    started_at: Mapped[datetime]


class Block(Base):
    """One set of questions that one learner takes. Everything that rules it is copied in at the start.

    ``deadline_at`` is fixed at the start; ``limit_seconds`` is what it was made from. ``token`` is the name in
    the address: random, so that one block's address tells nothing of another's.
    """

    __tablename__ = "block"
    __table_args__ = (
        sa.UniqueConstraint("token"),
        sa.CheckConstraint("item_count > 0", name="item_count"),
        sa.CheckConstraint("(state = 'ended') = (ended_at IS NOT NULL)", name="ended_has_time"),
        sa.CheckConstraint("(state = 'ended') = (ended_reason IS NOT NULL)", name="ended_has_reason"),
        sa.CheckConstraint("(timing = 'timed') = (limit_seconds IS NOT NULL)", name="timed_has_limit"),
        sa.Index(None, "person_id", "state", "ended_at"),
        sa.Index(None, "state", "closes_at"),
        sa.Index(None, "pass_id"),
        sa.Index(None, "preset_id"),
        # One open timed block a learner; the database decides races.
        sa.Index(
            "uq_block_one_open_timed",
            "person_id",
            unique=True,
            sqlite_where=sa.text("timing = 'timed' AND state != 'ended'"),
            postgresql_where=sa.text("timing = 'timed' AND state != 'ended'"),
        ),
    )

    id: Mapped[Key]
    token: Mapped[Code]
    person_id: Mapped[int] = mapped_column(link("person.id"))
    pass_id: Mapped[int] = mapped_column(link("study_pass.id"))
    name: Mapped[Line]
    feedback: Mapped[Feedback] = mapped_column(enum_column(Feedback, "feedback"))
    timing: Mapped[Timing] = mapped_column(enum_column(Timing, "timing"))
    preset_id: Mapped[int | None] = mapped_column(link("exam_preset.id"))
    preset_copy: Mapped[dict[str, Any]] = mapped_column(default=dict)
    criteria: Mapped[dict[str, Any]] = mapped_column(default=dict)
    seed: Mapped[Code]
    item_count: Mapped[int]
    seconds_per_item: Mapped[int]
    time_percent: Mapped[int]
    limit_seconds: Mapped[int | None]
    time_up_policy: Mapped[TimeUpPolicy] = mapped_column(enum_column(TimeUpPolicy, "time_up_policy"))
    grace_seconds: Mapped[int] = mapped_column(default=0)
    pause_allowed: Mapped[bool] = mapped_column(default=False)
    paused_seconds: Mapped[int] = mapped_column(default=0)
    paused_at: Mapped[datetime | None]
    state: Mapped[BlockState] = mapped_column(enum_column(BlockState, "state"), default=BlockState.OPEN)
    started_at: Mapped[datetime]
    deadline_at: Mapped[datetime | None]
    closes_at: Mapped[datetime]  # the last moment at which an answer counts, whether timed or not
    last_active_at: Mapped[datetime]
    position: Mapped[int] = mapped_column(default=1)  # where the learner was last
    ended_at: Mapped[datetime | None]
    ended_reason: Mapped[EndedReason | None] = mapped_column(enum_column(EndedReason, "ended_reason"))

    person: Mapped[Person] = relationship(lazy="raise")
    deliveries: Mapped[list[Delivery]] = relationship(
        lazy="raise", order_by="Delivery.position", back_populates="block"
    )
    scores: Mapped[list[BlockScore]] = relationship(lazy="raise", order_by="BlockScore.revision")


class BlockScore(Base):
    """A block's score. Revision 1 is made at the close, exactly once; a recomputation adds the next.

    Score % = correct / scored. ``scored`` excludes pretest and annulled items; omitted counts as wrong.
    """

    __tablename__ = "block_score"
    __table_args__ = (
        sa.UniqueConstraint("block_id", "revision"),
        sa.CheckConstraint("correct + incorrect + omitted = scored", name="adds_up"),
    )

    id: Mapped[Key]
    block_id: Mapped[int] = mapped_column(link("block.id"))
    revision: Mapped[int]
    correct: Mapped[int]
    incorrect: Mapped[int]
    omitted: Mapped[int]
    scored: Mapped[int]
    pretest: Mapped[int]
    annulled: Mapped[int] = mapped_column(default=0)
    seconds: Mapped[int]  # time used, by the server's clock
    partial: Mapped[bool] = mapped_column(default=False)  # abandoned: only what was answered is scored
    reason: Mapped[Line] = mapped_column(default="")
    made_at: Mapped[datetime]


class Delivery(Base):
    """One item shown to one learner in one block, with its version and option order pinned.

    ``option_order`` lists option ids as shown. ``chosen_option_id``, ``first_option_id``, ``changes``,
    ``seconds``, ``struck``, ``confidence`` are projections of the event log and can be rebuilt from it.
    """

    __tablename__ = "delivery"
    __table_args__ = (
        sa.UniqueConstraint("block_id", "position"),
        sa.UniqueConstraint("block_id", "item_id"),
        sa.Index(None, "item_id"),
        sa.Index(None, "version_id", "outcome"),
        sa.Index(None, "chosen_option_id"),
        sa.Index(None, "first_option_id"),
        sa.CheckConstraint("submitted_at IS NULL OR chosen_option_id IS NOT NULL", name="submitted_has_choice"),
    )

    id: Mapped[Key]
    block_id: Mapped[int] = mapped_column(link("block.id"))
    position: Mapped[int]
    item_id: Mapped[int] = mapped_column(link("item.id"))
    version_id: Mapped[int] = mapped_column(link("item_version.id"))
    option_order: Mapped[list[int]]
    pretest: Mapped[bool] = mapped_column(default=False)
    first: Mapped[bool] = mapped_column(default=True)  # the learner's first delivery of the item in the pass
    chosen_option_id: Mapped[int | None] = mapped_column(link("item_option.id"))
    first_option_id: Mapped[int | None] = mapped_column(link("item_option.id"))
    changes: Mapped[int] = mapped_column(default=0)
    struck: Mapped[list[int]] = mapped_column(default=list)
    seconds: Mapped[int] = mapped_column(default=0)
    visited_at: Mapped[datetime | None]  # start of the visit under way
    seen: Mapped[bool] = mapped_column(default=False)
    submitted_at: Mapped[datetime | None]  # tutor feedback: final from here on
    outcome: Mapped[Outcome | None] = mapped_column(enum_column(Outcome, "outcome"))
    annulled_at: Mapped[datetime | None]
    confidence: Mapped[Confidence | None] = mapped_column(enum_column(Confidence, "confidence"))

    block: Mapped[Block] = relationship(lazy="raise", back_populates="deliveries")
    item: Mapped[Item] = relationship(lazy="raise")
    version: Mapped[ItemVersion] = relationship(lazy="raise")


class DeliveryEvent(Base):
    """One action in a block: the append-only log that every answer and score can be rebuilt from.

    ``id`` is the server's sequence. ``event_id`` is made by the browser and makes a repeated send harmless;
    ``body_hash`` tells a repeated send from another action under the same id. ``client`` and ``client_seq``
    order the actions of one browser, so that an older save that arrives late changes nothing.
    """

    __tablename__ = "delivery_event"
    __table_args__ = (
        sa.UniqueConstraint("event_id"),
        sa.Index(None, "delivery_id", "client", "client_seq"),
        sa.Index(None, "option_id"),
    )

    id: Mapped[Key]
    delivery_id: Mapped[int] = mapped_column(link("delivery.id"))
    event_id: Mapped[Code]
    body_hash: Mapped[Code]
    client: Mapped[Code] = mapped_column(default="")
    client_seq: Mapped[int | None]
    kind: Mapped[EventKind] = mapped_column(enum_column(EventKind, "kind"))
    option_id: Mapped[int | None] = mapped_column(link("item_option.id"))
    payload: Mapped[dict[str, Any]] = mapped_column(default=dict)
    applied: Mapped[bool] = mapped_column(default=True)  # False: stale, kept for the record
    at: Mapped[datetime]


class Mark(Base):
    """A learner's mark on an item. It outlives blocks and passes and never touches a score."""

    __tablename__ = "mark"
    __table_args__ = (sa.Index(None, "item_id"),)

    person_id: Mapped[int] = mapped_column(link("person.id"), primary_key=True)
    item_id: Mapped[int] = mapped_column(link("item.id"), primary_key=True)
    at: Mapped[datetime]


class Note(Base):
    """A learner's own note on an item."""

    __tablename__ = "note"
    __table_args__ = (sa.Index(None, "item_id"),)

    person_id: Mapped[int] = mapped_column(link("person.id"), primary_key=True)
    item_id: Mapped[int] = mapped_column(link("item.id"), primary_key=True)
    text: Mapped[Prose]
    at: Mapped[datetime]


class Highlight(Base):
    """A highlighted span of one delivery: character offsets in the visible text of one field."""

    __tablename__ = "highlight"
    __table_args__ = (
        sa.Index(None, "delivery_id"),
        sa.CheckConstraint('"end" > start AND start >= 0', name="span"),
    )

    id: Mapped[Key]
    delivery_id: Mapped[int] = mapped_column(link("delivery.id"))
    field: Mapped[Code]
    start: Mapped[int]
    end: Mapped[int]
    at: Mapped[datetime]


class ItemStatus(StrEnum):
    """A learner's standing with an item in a pass. No row: unused."""

    IN_PROGRESS = "in_progress"
    CORRECT = "correct"
    INCORRECT = "incorrect"
    OMITTED = "omitted"
    UNUSED = "unused"  # delivered once, but the block was abandoned or the key has changed since


class LearnerItem(Base):
    """What one learner has done with one item in one pass: a projection of closed deliveries."""

    __tablename__ = "learner_item"
    __table_args__ = (sa.Index(None, "item_id"), sa.Index(None, "last_delivery_id"))

    pass_id: Mapped[int] = mapped_column(link("study_pass.id"), primary_key=True)
    item_id: Mapped[int] = mapped_column(link("item.id"), primary_key=True)
    status: Mapped[ItemStatus] = mapped_column(enum_column(ItemStatus, "status"))
    settled_status: Mapped[ItemStatus] = mapped_column(
        enum_column(ItemStatus, "settled_status"), default=ItemStatus.UNUSED
    )  # what it goes back to when a block is abandoned
    times_seen: Mapped[int] = mapped_column(default=0)
    ever_incorrect: Mapped[bool] = mapped_column(default=False)
    correct_day: Mapped[date | None] = mapped_column(sa.Date)  # day of the first correct since the last miss
    last_seen_at: Mapped[datetime]
    last_delivery_id: Mapped[int | None] = mapped_column(link("delivery.id"))
