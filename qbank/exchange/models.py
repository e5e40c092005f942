"""Imports as the bank remembers them: one run a file, one line a record, and what was remarked on.

A run is what makes a file all or nothing. While it is under way its new items have neither a draft nor a published
version set, so no list, count, block or export sees them; its end is one short transaction that sets all of them at
once. A run whose process died is taken back by `qbank.exchange.undoing.recover`.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from qbank.db.base import Base, BigInt, Code, Key, Line, Prose, enum_column, link


class RunState(StrEnum):
    """Where an import is."""

    RECEIVING = "receiving"  # the file comes in parts
    READING = "reading"  # the preview is being made
    READY = "ready"  # the preview waits for a decision
    IMPORTING = "importing"
    DONE = "done"
    FAILED = "failed"  # nothing was kept
    DISCARDED = "discarded"  # somebody decided against it
    UNDOING = "undoing"
    UNDONE = "undone"


class RecordFate(StrEnum):
    """What becomes of one record of a file."""

    IMPORTED = "imported"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    REFUSED = "refused"
    UNSUPPORTED = "unsupported"


class ImportRun(Base):
    """One file on its way in. ``options`` is the target, ``counts`` the report, ``sample`` the first items."""

    __tablename__ = "import_run"
    __table_args__ = (
        sa.UniqueConstraint("token"),
        sa.CheckConstraint("progress BETWEEN 0 AND 1000", name="progress"),
        sa.Index(None, "person_id"),
        sa.Index(None, "state"),
    )

    id: Mapped[Key]
    token: Mapped[Code]
    person_id: Mapped[int | None] = mapped_column(link("person.id"))
    file_name: Mapped[Line]
    size: Mapped[int] = mapped_column(BigInt, default=0)
    format: Mapped[Code]
    state: Mapped[RunState] = mapped_column(enum_column(RunState, "state"))
    options: Mapped[dict[str, Any]] = mapped_column(default=dict)
    counts: Mapped[dict[str, Any]] = mapped_column(default=dict)
    sample: Mapped[list[dict[str, Any]]] = mapped_column(default=list)
    note: Mapped[Prose] = mapped_column(default="")
    progress: Mapped[int] = mapped_column(default=0)  # thousandths of the file
    started_at: Mapped[datetime]
    beat_at: Mapped[datetime]  # when its process last showed a sign of life
    owner: Mapped[Line] = mapped_column(default="")  # that process, as `qbank.exchange.running` names it
    ended_at: Mapped[datetime | None]


class ImportRecord(Base):
    """What became of one record. ``base_version_id`` is what an updated item stood at before."""

    __tablename__ = "import_record"
    __table_args__ = (
        sa.Index(None, "run_id", "record"),
        sa.Index(None, "item_id"),
        sa.Index(None, "version_id"),
        sa.Index(None, "base_version_id"),
    )

    id: Mapped[Key]
    run_id: Mapped[int] = mapped_column(link("import_run.id"))
    record: Mapped[int]
    line: Mapped[int]
    fate: Mapped[RecordFate] = mapped_column(enum_column(RecordFate, "fate"))
    name: Mapped[Line] = mapped_column(default="")
    cause: Mapped[Prose] = mapped_column(default="")  # of a refusal; the type's name of an unsupported record
    item_id: Mapped[int | None] = mapped_column(link("item.id"))
    version_id: Mapped[int | None] = mapped_column(link("item_version.id"))
    base_version_id: Mapped[int | None] = mapped_column(link("item_version.id"))
    base_state: Mapped[Code | None]
    enemies: Mapped[list[str] | None]  # external ids that the record names
    enemy_ids: Mapped[list[int] | None]  # the items that became its enemies through this run


class ImportProblem(Base):
    """A remark on a record that was read all the same; ``kind`` sorts them: see `qbank.exchange.planning.Remark`."""

    __tablename__ = "import_problem"
    __table_args__ = (sa.Index(None, "run_id"),)

    id: Mapped[Key]
    run_id: Mapped[int] = mapped_column(link("import_run.id"))
    record: Mapped[int]
    line: Mapped[int]
    kind: Mapped[Code]
    message: Mapped[Prose]
