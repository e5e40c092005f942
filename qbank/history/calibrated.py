"""Item parameters of the calibration in force, for a learner's answers and for a form like the bank."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from math import nan

import numpy as np
import sqlalchemy as sa
from sqlalchemy.orm import Session

from qbank.items.models import PoolEntry
from qbank.measurement.responses import Floats
from qbank.statistics.difficulty import current_run_id, usable
from qbank.statistics.models import CalibrationRun, ItemCalibration

SAMPLE = 2000  # items of the bank that stand for it


@dataclass(frozen=True, slots=True)
class Calibration:
    """The run in force."""

    run_id: int
    finished_at: datetime


def in_force(session: Session) -> Calibration | None:
    """Return the newest finished calibration; None where the bank has never been calibrated. One query."""
    query = sa.select(CalibrationRun.id, CalibrationRun.finished_at).where(CalibrationRun.id == current_run_id())
    row = session.execute(query).first()
    return None if row is None or row.finished_at is None else Calibration(row.id, row.finished_at)


def parameters(session: Session, run: Calibration, versions: Collection[int]) -> dict[int, tuple[float, float]]:
    """Return (a, d) of those of these versions that the run calibrated. One query for each 10,000 versions."""
    found: dict[int, tuple[float, float]] = {}
    wanted = sorted(versions)
    for start in range(0, len(wanted), 10_000):
        query = sa.select(ItemCalibration.version_id, ItemCalibration.a, ItemCalibration.d).where(
            ItemCalibration.run_id == run.run_id,
            ItemCalibration.version_id.in_(wanted[start : start + 10_000]),
            ItemCalibration.a > 0,
        )
        found.update({version: (a, d) for version, a, d in session.execute(query) if a is not None and d is not None})
    return found


def bank(session: Session, run: Calibration) -> tuple[Floats, Floats]:
    """Return a and d of the live items, shape (items,), NaN where an item has none. Two queries.

    Of a large bank every n-th item stands for the rest, `SAMPLE` to twice as many, always the same ones.
    """
    live = sa.select(sa.func.count()).select_from(PoolEntry).where(PoolEntry.pretest.is_(False))
    step = max(1, (session.scalar(live) or 0) // SAMPLE)
    query = (
        sa.select(ItemCalibration.a, ItemCalibration.d)
        .select_from(PoolEntry)
        .outerjoin(ItemCalibration, usable(PoolEntry.version_id, run.run_id))
        .where(PoolEntry.pretest.is_(False), PoolEntry.item_id % step == 0)
        .order_by(PoolEntry.item_id)
    )
    rows = [(nan if a is None else a, nan if d is None else d) for a, d in session.execute(query)]
    table = np.asarray(rows, dtype=np.float64).reshape(len(rows), 2)
    return table[:, 0], table[:, 1]
