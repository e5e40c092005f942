"""Counts of first deliveries by item version, and calibrations of items and learners.

The counts move with every block that ends (`qbank.statistics.counters`); a calibration is one run over all responses
(`qbank.statistics.calibrating`). The current calibration is that of the newest run that finished.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from qbank.db.base import Base, Key, enum_column, link
from qbank.measurement.irt import Model

Sum = Annotated[int, mapped_column(sa.BigInteger)]


class ItemCounter(Base):
    """What first deliveries of one version amount to, one a learner: a projection of ended blocks.

    ``seconds`` is the sum of the times spent, ``allowed_seconds`` of the times that the blocks gave an item.
    ``rarest`` is the number of answers of the distractor that fewest chose. No row: never counted.
    """

    __tablename__ = "item_counter"
    __table_args__ = (
        sa.CheckConstraint("correct >= 0 AND omitted >= 0 AND correct + omitted <= n", name="adds_up"),
        sa.CheckConstraint("seconds >= 0 AND allowed_seconds >= 0 AND rarest >= 0", name="not_negative"),
    )

    version_id: Mapped[int] = mapped_column(link("item_version.id"), primary_key=True, autoincrement=False)
    n: Mapped[int]
    correct: Mapped[int]
    omitted: Mapped[int]
    seconds: Mapped[Sum]
    allowed_seconds: Mapped[Sum]
    rarest: Mapped[int] = mapped_column(default=0)


class OptionCounter(Base):
    """How many learners chose an option at their first delivery of its version. No row: nobody."""

    __tablename__ = "option_counter"
    __table_args__ = (sa.CheckConstraint("n >= 0", name="n"), sa.Index(None, "version_id"))

    option_id: Mapped[int] = mapped_column(link("item_option.id"), primary_key=True, autoincrement=False)
    version_id: Mapped[int] = mapped_column(link("item_version.id"))
    n: Mapped[int]


class CalibrationRun(Base):
    """One calibration of the bank. Until ``finished_at`` is set it is under way, or was stopped and can be resumed.

    ``state`` is where it stands: version ids with their a and d. ``log_likelihood`` is of the responses to the
    calibrated items, without the priors.
    """

    __tablename__ = "calibration_run"
    __table_args__ = (
        sa.CheckConstraint("items >= 0 AND persons >= 0 AND responses >= 0 AND iterations >= 0", name="not_negative"),
        sa.CheckConstraint("finished_at IS NULL OR log_likelihood IS NOT NULL", name="finished_has_likelihood"),
        sa.Index(None, "finished_at"),
    )

    id: Mapped[Key]
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    model: Mapped[Model] = mapped_column(enum_column(Model, "model"))
    items: Mapped[int] = mapped_column(default=0)
    persons: Mapped[int] = mapped_column(default=0)
    responses: Mapped[Sum] = mapped_column(default=0)
    iterations: Mapped[int] = mapped_column(default=0)
    log_likelihood: Mapped[float | None]
    reliability: Mapped[float | None]  # empirical, of the abilities
    converged: Mapped[bool] = mapped_column(default=False)
    settings: Mapped[dict[str, Any]] = mapped_column(default=dict)
    state: Mapped[dict[str, Any]] = mapped_column(default=dict)


class ItemCalibration(Base):
    """One version in one run: P = 1 / (1 + exp(-(a theta + d))), b = -d / a, theta ~ N(0, 1).

    ``a``, ``d`` and ``b`` are empty for a version that was left out; ``flags`` says why. ``own_slope`` is false where
    the answers were enough for b only and ``a`` is the common one. ``r`` is the correlation of right answers with the
    ability estimated from the learner's other answers.
    """

    __tablename__ = "item_calibration"
    __table_args__ = (
        sa.CheckConstraint("(a IS NULL) = (d IS NULL) AND (b IS NULL OR a IS NOT NULL)", name="whole"),
        sa.CheckConstraint("n >= 0", name="n"),
        sa.CheckConstraint("r IS NULL OR (r >= -1 AND r <= 1)", name="r"),
        sa.Index(None, "version_id"),
    )

    run_id: Mapped[int] = mapped_column(link("calibration_run.id"), primary_key=True, autoincrement=False)
    version_id: Mapped[int] = mapped_column(link("item_version.id"), primary_key=True, autoincrement=False)
    n: Mapped[int]
    a: Mapped[float | None]
    d: Mapped[float | None]
    b: Mapped[float | None]
    se_a: Mapped[float | None]
    se_d: Mapped[float | None]
    se_b: Mapped[float | None]
    own_slope: Mapped[bool] = mapped_column(default=True)
    r: Mapped[float | None]
    flags: Mapped[list[str]] = mapped_column(default=list)


class LearnerAbility(Base):
    """A learner's ability in one run: the mean and standard deviation of the posterior, and the responses behind it."""

    __tablename__ = "learner_ability"
    __table_args__ = (
        sa.CheckConstraint("psd >= 0", name="psd"),
        sa.CheckConstraint("n >= 0", name="n"),
        sa.Index(None, "person_id"),
    )

    run_id: Mapped[int] = mapped_column(link("calibration_run.id"), primary_key=True, autoincrement=False)
    person_id: Mapped[int] = mapped_column(link("person.id"), primary_key=True, autoincrement=False)
    eap: Mapped[float]
    psd: Mapped[float]
    n: Mapped[int]
