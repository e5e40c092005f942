"""Decisions that take a version out of the score or give it another key, and what learners are told of them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from qbank.db.base import Base, Key, Prose, enum_column, link


class AnnulmentKind(StrEnum):
    """What was decided of a version."""

    ANNULLED = "annulled"
    KEY_CHANGED = "key_changed"
    TAKEN_BACK = "taken_back"  # the decision before no longer holds


class Annulment(Base):
    """One decision on one version. Rows are never removed: a later one ends the one before.

    In force is the row without ``ended_at``; there is at most one a version, and none where the last decision was to
    take one back. ``old_option_id`` is what counted as the key until then, ``new_option_id`` what does from then on.
    """

    __tablename__ = "annulment"
    __table_args__ = (
        sa.CheckConstraint("(kind = 'key_changed') = (new_option_id IS NOT NULL)", name="key_has_option"),
        sa.CheckConstraint("kind != 'key_changed' OR old_option_id IS NOT NULL", name="key_had_option"),
        sa.CheckConstraint("new_option_id IS NULL OR new_option_id != old_option_id", name="another_option"),
        sa.CheckConstraint("kind != 'taken_back' OR ended_at IS NOT NULL", name="taken_back_is_over"),
        sa.Index(None, "version_id"),
        sa.Index(None, "old_option_id"),
        sa.Index(None, "new_option_id"),
        sa.Index(None, "person_id"),
        # Two people who decide at once: the database lets one through.
        sa.Index(
            "uq_annulment_one_in_force",
            "version_id",
            unique=True,
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        ),
    )

    id: Mapped[Key]
    version_id: Mapped[int] = mapped_column(link("item_version.id"))
    kind: Mapped[AnnulmentKind] = mapped_column(enum_column(AnnulmentKind, "kind"))
    old_option_id: Mapped[int | None] = mapped_column(link("item_option.id"))
    new_option_id: Mapped[int | None] = mapped_column(link("item_option.id"))
    reason: Mapped[Prose]
    person_id: Mapped[int] = mapped_column(link("person.id"))
    at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class ScoreNotice(Base):
    """What a learner is told when the score of an ended block became another; ``seen_at`` is when they looked."""

    __tablename__ = "score_notice"
    __table_args__ = (
        sa.UniqueConstraint("new_score_id"),
        sa.Index(None, "person_id", "seen_at"),
        sa.Index(None, "block_id"),
        sa.Index(None, "old_score_id"),
        sa.Index(None, "annulment_id"),
    )

    id: Mapped[Key]
    person_id: Mapped[int] = mapped_column(link("person.id"))
    block_id: Mapped[int] = mapped_column(link("block.id"))
    annulment_id: Mapped[int] = mapped_column(link("annulment.id"))
    old_score_id: Mapped[int] = mapped_column(link("block_score.id"))
    new_score_id: Mapped[int] = mapped_column(link("block_score.id"))
    made_at: Mapped[datetime]
    seen_at: Mapped[datetime | None]
