"""What rules an adaptive block, and the log of why each of its items was chosen."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from qbank.db.base import Base, enum_column, link


class Aim(StrEnum):
    """What an adaptive block is for."""

    PRACTICE = "practice"  # items that the learner should get right about three times in four
    MEASURE = "measure"  # items that tell most of the ability


class Method(StrEnum):
    """How the ability before a step was estimated."""

    EAP = "eap"  # the mean of the posterior, from answers to calibrated items
    ELO = "elo"  # a rating, until one calibrated item of the block was answered


class AdaptivePractice(Base):
    """The rules of one adaptive block, fixed at its start.

    ``run_id`` is the calibration whose parameters hold for the whole block; none: the bank was not calibrated.
    ``targets`` is the share of each content area, by the system's id as text.
    """

    __tablename__ = "adaptive_practice"
    __table_args__ = (
        sa.CheckConstraint("most_items > 0", name="most_items"),
        sa.CheckConstraint("minutes IS NULL OR minutes > 0", name="minutes"),
        sa.Index(None, "run_id"),
    )

    block_id: Mapped[int] = mapped_column(link("block.id"), primary_key=True, autoincrement=False)
    aim: Mapped[Aim] = mapped_column(enum_column(Aim, "aim"))
    run_id: Mapped[int | None] = mapped_column(link("calibration_run.id"))
    targets: Mapped[dict[str, Any]] = mapped_column(default=dict)
    most_items: Mapped[int]
    minutes: Mapped[int | None]


class AdaptiveStep(Base):
    """Why one item was chosen: the estimate before it, and what was chosen from. One row a delivery.

    ``answers`` is how many answers the estimate rests on. ``a`` and ``d`` are what the item was taken for; ``rated``
    is empty for a calibrated item, else the number of answers behind the rating that stands for its difficulty.
    ``candidates`` are item ids, best first; the choice among them hangs on the block's seed and the position.
    """

    __tablename__ = "adaptive_step"
    __table_args__ = (
        sa.CheckConstraint("a > 0 AND information >= 0", name="item"),
        sa.CheckConstraint("answers >= 0 AND (rated IS NULL OR rated >= 0)", name="counts"),
        sa.CheckConstraint("(method = 'eap') = (se IS NOT NULL)", name="eap_has_se"),
        sa.Index(None, "system_id"),
    )

    delivery_id: Mapped[int] = mapped_column(link("delivery.id"), primary_key=True, autoincrement=False)
    system_id: Mapped[int] = mapped_column(link("taxon.id"))
    method: Mapped[Method] = mapped_column(enum_column(Method, "method"))
    ability: Mapped[float]
    se: Mapped[float | None]
    answers: Mapped[int]
    a: Mapped[float]
    d: Mapped[float]
    rated: Mapped[int | None]
    information: Mapped[float]
    candidates: Mapped[list[int]]
    at: Mapped[datetime]
