"""What a learner is working towards: the exam, its date and the cut."""

from __future__ import annotations

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from qbank.db.base import Base, link


class ExamTarget(Base):
    """One learner's target. A row is replaced when they think otherwise; no preset means a form of this bank."""

    __tablename__ = "exam_target"
    __table_args__ = (
        sa.CheckConstraint("cut_percent BETWEEN 1 AND 99", name="cut_percent"),
        sa.Index(None, "preset_id"),
    )

    person_id: Mapped[int] = mapped_column(link("person.id"), primary_key=True, autoincrement=False)
    preset_id: Mapped[int | None] = mapped_column(link("exam_preset.id"))
    exam_day: Mapped[date] = mapped_column(sa.Date)
    cut_percent: Mapped[int]
    set_at: Mapped[datetime]
