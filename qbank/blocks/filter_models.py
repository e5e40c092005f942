"""Filters of the builder that a learner keeps under a name."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from qbank.db.base import Base, Key, link

NAME_MAX = 80


class SavedFilter(Base):
    """Named filters of one learner; at most one of them is loaded by itself when the builder opens.

    A deleted one stays until the next is saved, so that deleting can be undone.
    """

    __tablename__ = "saved_filter"
    __table_args__ = (
        sa.UniqueConstraint("person_id", "name"),
        sa.CheckConstraint("deleted_at IS NULL OR NOT is_default", name="default_is_kept"),
        sa.Index(
            "uq_saved_filter_one_default",
            "person_id",
            unique=True,
            sqlite_where=sa.text("is_default"),
            postgresql_where=sa.text("is_default"),
        ),
    )

    id: Mapped[Key]
    person_id: Mapped[int] = mapped_column(link("person.id"))
    name: Mapped[str] = mapped_column(sa.String(NAME_MAX))
    criteria: Mapped[dict[str, Any]]
    is_default: Mapped[bool] = mapped_column(default=False)
    saved_at: Mapped[datetime]
    deleted_at: Mapped[datetime | None]
