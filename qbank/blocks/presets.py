"""Exam formats, as dated rows: what the builder offers, the list, and adding to it."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import Session

from qbank import clock
from qbank.blocks.models import ExamPreset, TimeUpPolicy
from qbank.db.engine import begin_write
from qbank.errors import InvalidError, NotFoundError
from qbank.items.models import PoolEntry

SHORTEST_PACE = 5  # seconds an item


def in_force(session: Session, day: date) -> list[ExamPreset]:
    """Return the presets in force on a day, the newest first. One query."""
    query = sa.select(ExamPreset).where(
        ExamPreset.retired_at.is_(None),
        sa.or_(ExamPreset.valid_from.is_(None), ExamPreset.valid_from <= day),
        sa.or_(ExamPreset.valid_to.is_(None), ExamPreset.valid_to >= day),
    )
    presets = session.scalars(query).all()
    return sorted(presets, key=lambda preset: (preset.valid_from or date.min, -preset.id), reverse=True)


def to_come(session: Session, day: date) -> list[ExamPreset]:
    """Return the presets that come into force after a day, the next one first. One query."""
    query = sa.select(ExamPreset).where(ExamPreset.retired_at.is_(None), ExamPreset.valid_from > day)
    return list(session.scalars(query.order_by(ExamPreset.valid_from, ExamPreset.id)))


def listing(session: Session) -> list[ExamPreset]:
    """Return every preset, retired ones last, by exam and the newest first. One query."""
    rows = session.scalars(sa.select(ExamPreset)).all()
    newest = sorted(rows, key=lambda row: (row.valid_from or date.min, row.id), reverse=True)
    return sorted(newest, key=lambda row: (row.retired_at is not None, row.exam.casefold()))


@dataclass(frozen=True, slots=True)
class NewPreset:
    """What an educator writes down of an exam's format. Counts are None where unknown; ``pretest_share`` 0 to 0.5."""

    exam: str
    name: str
    valid_from: date | None
    valid_to: date | None
    blocks: int | None
    minutes_per_block: int
    items_per_block: int
    items_total: int | None
    time_up_policy: TimeUpPolicy
    grace_seconds: int
    pause_allowed: bool
    pretest_share: float
    note: str
    source: str
    source_date: date


def add(session: Session, new: NewPreset) -> ExamPreset:
    """Add a preset. Its pace is the minutes of a block over its items. InvalidError by field where it cannot be."""
    begin_write(session)
    problems: dict[str, str] = {}
    pace = new.minutes_per_block * 60 // new.items_per_block
    if pace < SHORTEST_PACE:
        problems["minutes_per_block"] = f"That leaves less than {SHORTEST_PACE} seconds an item."
    if new.valid_from and new.valid_to and new.valid_to < new.valid_from:
        problems["valid_to"] = "The last day lies before the first."
    if new.items_total and new.blocks and new.items_total > new.blocks * new.items_per_block:
        problems["items_total"] = "The blocks cannot hold so many items."
    if (new.time_up_policy is TimeUpPolicy.GRACE) != (new.grace_seconds > 0):
        problems["grace_seconds"] = "Give seconds where there is a time of grace, and 0 where there is none."
    if problems:
        raise InvalidError("The exam format cannot be added.", problems=problems)
    row = ExamPreset(
        code=f"own-{secrets.token_hex(6)}", exam=new.exam, name=new.name, valid_from=new.valid_from,
        valid_to=new.valid_to, blocks=new.blocks, minutes_per_block=new.minutes_per_block, items_per_block_min=None,
        items_per_block_max=new.items_per_block, items_total=new.items_total, seconds_per_item=pace,
        time_up_policy=new.time_up_policy, grace_seconds=new.grace_seconds, pause_allowed=new.pause_allowed,
        pretest_share=new.pretest_share, note=new.note, source=new.source, source_date=new.source_date,
    )  # fmt: skip
    session.add(row)
    session.flush()
    return row


def retire(session: Session, preset_id: int, *, on: bool) -> ExamPreset:
    """Take a preset out of the builder, or offer it again; blocks keep their copy. NotFoundError for none."""
    begin_write(session)
    row = session.get(ExamPreset, preset_id)
    if row is None:
        raise NotFoundError("There is no such exam format.")
    row.retired_at = (row.retired_at or clock.now()) if on else None
    session.flush()
    return row


def has_live_items(session: Session) -> bool:
    """Return whether the bank holds any item that a block may draw. One query that stops at the first."""
    return session.scalar(sa.select(PoolEntry.item_id).where(PoolEntry.pretest.is_(False)).limit(1)) is not None
