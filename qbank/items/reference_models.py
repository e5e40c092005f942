"""What happened to a reference: its history, kept beside it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from qbank.accounts.models import Person
from qbank.db.base import Base, Key, Prose, enum_column, link


class ReferenceStep(StrEnum):
    """What somebody did to a reference."""

    ADDED = "added"
    EDITED = "edited"
    MERGED = "merged"  # another row that meant the same work was taken in
    RETRACTED = "retracted"
    RESTORED = "restored"  # the retraction was taken back


class ReferenceChange(Base):
    """One step in the life of a reference. Append-only.

    ``detail`` of an edit maps a field to [before, after]; of a merge it holds every field of the row taken in,
    under "merged", and how many links moved.
    """

    __tablename__ = "reference_change"
    __table_args__ = (sa.Index(None, "reference_id"), sa.Index(None, "person_id"))

    id: Mapped[Key]
    reference_id: Mapped[int] = mapped_column(link("reference.id"))
    person_id: Mapped[int | None] = mapped_column(link("person.id"))
    kind: Mapped[ReferenceStep] = mapped_column(enum_column(ReferenceStep, "kind"))
    reason: Mapped[Prose] = mapped_column(default="")
    detail: Mapped[dict[str, Any]] = mapped_column(default=dict)
    at: Mapped[datetime]

    person: Mapped[Person | None] = relationship(lazy="raise")
