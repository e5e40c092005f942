"""How difficult an item is by its answers: the word that filters and labels use.

By b where the version is calibrated; by p from 30 first answers on, with the caveat that p also depends on who took
the item; by the author's estimate before that. The limits of b are those of p for an average learner where a is 1:
.75 of them right is b = -1.1, half of them b = 0.
"""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute, Session

from qbank.items.models import Difficulty, PoolEntry
from qbank.statistics.models import CalibrationRun, ItemCalibration, ItemCounter

EASY_B, HARD_B = -1.1, 0.0
EASY_P, HARD_P = 0.75, 0.50
P_LEAST = 30
RunId = sa.ColumnElement[int] | int | None


def current_run_id() -> sa.ScalarSelect[int]:
    """Return the newest finished calibration's id, as a subquery; NULL where there is none."""
    return sa.select(sa.func.max(CalibrationRun.id)).where(CalibrationRun.finished_at.is_not(None)).scalar_subquery()


def in_run(
    version_id: InstrumentedAttribute[int], run_id: sa.ColumnElement[int] | int | None
) -> sa.ColumnElement[bool]:
    """Return the condition that a calibration is that of this version in this run; for a join."""
    return sa.and_(ItemCalibration.version_id == version_id, ItemCalibration.run_id == run_id)


def usable(
    version_id: InstrumentedAttribute[int], run_id: sa.ColumnElement[int] | int | None
) -> sa.ColumnElement[bool]:
    """Return the condition of `in_run` for a version that was not left out of the run: one with a slope."""
    return sa.and_(in_run(version_id, run_id), ItemCalibration.a > 0)


def _by_b() -> sa.Case[str]:
    b = ItemCalibration.b
    return sa.case((b <= EASY_B, Difficulty.EASY.value), (b > HARD_B, Difficulty.HARD.value), else_="medium")


def _by_p() -> sa.Case[str]:
    # Multiplied out: a division of whole numbers would cut p off.
    correct, n = ItemCounter.correct, ItemCounter.n
    return sa.case((correct >= EASY_P * n, Difficulty.EASY.value), (correct < HARD_P * n, "hard"), else_="medium")


def of_versions(session: Session, version_ids: Collection[int] | None = None) -> dict[int, str]:
    """Return the measured difficulty of those versions that have one. Two statements."""
    counted = sa.select(ItemCounter.version_id, _by_p()).where(ItemCounter.n >= P_LEAST)
    calibrated = sa.select(ItemCalibration.version_id, _by_b()).where(
        ItemCalibration.run_id == current_run_id(), ItemCalibration.b.is_not(None)
    )
    if version_ids is not None:
        ids = list(version_ids)
        counted = counted.where(ItemCounter.version_id.in_(ids))
        calibrated = calibrated.where(ItemCalibration.version_id.in_(ids))
    found: dict[int, str] = dict(session.execute(counted).all())
    found.update(session.execute(calibrated).all())
    return found


def apply(session: Session) -> None:
    """Give the pool the difficulties that were measured. Two statements, whatever the bank's size."""
    session.flush()
    counted = sa.select(_by_p()).where(ItemCounter.version_id == PoolEntry.version_id).scalar_subquery()
    calibrated = sa.select(_by_b()).where(in_run(PoolEntry.version_id, current_run_id())).scalar_subquery()
    with_p = sa.select(ItemCounter.version_id).where(ItemCounter.n >= P_LEAST)
    with_b = sa.select(ItemCalibration.version_id).where(
        ItemCalibration.run_id == current_run_id(), ItemCalibration.b.is_not(None)
    )
    for value, known in ((counted, with_p), (calibrated, with_b)):
        update = sa.update(PoolEntry).where(PoolEntry.version_id.in_(known)).values(difficulty=value)
        session.execute(update.execution_options(synchronize_session=False))
