"""What the builder offers: exam formats, and whether there is anything to practise."""

from __future__ import annotations

from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import Session

from qbank.blocks.models import ExamPreset
from qbank.items.models import PoolEntry


def in_force(session: Session, day: date) -> list[ExamPreset]:
    """Return the presets in force on a day, the newest first. One query."""
    query = sa.select(ExamPreset).where(
        ExamPreset.retired_at.is_(None),
        sa.or_(ExamPreset.valid_from.is_(None), ExamPreset.valid_from <= day),
        sa.or_(ExamPreset.valid_to.is_(None), ExamPreset.valid_to >= day),
    )
    presets = session.scalars(query).all()
    return sorted(presets, key=lambda preset: (preset.valid_from or date.min, -preset.id), reverse=True)


def has_live_items(session: Session) -> bool:
    """Return whether the bank holds any item that a block may draw. One query that stops at the first."""
    return session.scalar(sa.select(PoolEntry.item_id).where(PoolEntry.pretest.is_(False)).limit(1)) is not None
