"""How well the calibration of a demo found again what was simulated: correlation and error, each with its n."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import sqlalchemy as sa
from sqlalchemy.orm import Session

from qbank.errors import InvalidError
from qbank.measurement.responses import Floats
from qbank.statistics import calibrating
from qbank.statistics.models import ItemCalibration, LearnerAbility

LEAST = 3


@dataclass(frozen=True, slots=True)
class Agreement:
    """Estimates against the truth. ``rmse`` is the root of the mean squared difference; None below three pairs."""

    n: int
    r: float | None
    rmse: float | None
    bias: float | None


def correlation(one: Floats, other: Floats) -> float:
    """Return Pearson's correlation of two arrays of one shape, neither of them constant."""
    away, apart = one - one.mean(), other - other.mean()
    return float((away @ apart) / np.sqrt((away @ away) * (apart @ apart)))


def agreement(pairs: Sequence[tuple[float, float]]) -> Agreement:
    """Return how pairs (estimate, truth) agree."""
    if len(pairs) < LEAST:
        return Agreement(len(pairs), None, None, None)
    table = np.asarray(pairs, dtype=np.float64).reshape(-1, 2)
    found, true = table[:, 0], table[:, 1]
    away = found - true
    flat = not (found.std() > 0 and true.std() > 0)
    r = None if flat else correlation(found, true)
    return Agreement(len(pairs), r, float(np.sqrt((away**2).mean())), float(away.mean()))


def compare(session: Session, truth_file: Path) -> dict[str, Agreement]:
    """Return the agreement of difficulty b, discrimination a (where it is the item's own) and ability theta.

    Raises InvalidError where there is no truth to compare with or no calibration.
    """
    try:
        truth = json.loads(truth_file.read_text(encoding="utf-8"))
        items = {int(each["version"]): (float(each["a"]), float(each["b"])) for each in truth["items"]}
        thetas = {int(each["person"]): float(each["theta"]) for each in truth["learners"]}
    except (OSError, ValueError, KeyError, TypeError):
        raise InvalidError(
            f"{truth_file} is not the truth of a demo.", cure="Make the demo first: qbank demo"
        ) from None
    run = calibrating.current_run(session)
    if run is None:
        raise InvalidError(
            "This demo has no calibration: its items have too few answers.",
            cure="Make it with more learners or more months.",
        )
    found = session.execute(
        sa.select(ItemCalibration.version_id, ItemCalibration.a, ItemCalibration.b, ItemCalibration.own_slope).where(
            ItemCalibration.run_id == run.id, ItemCalibration.b.is_not(None)
        )
    ).all()
    known = [row for row in found if row.version_id in items]
    abilities = session.execute(
        sa.select(LearnerAbility.person_id, LearnerAbility.eap).where(LearnerAbility.run_id == run.id)
    )
    return {
        "b": agreement([(row.b, items[row.version_id][1]) for row in known if row.b is not None]),
        "a": agreement([(row.a, items[row.version_id][0]) for row in known if row.own_slope and row.a is not None]),
        "theta": agreement([(eap, thetas[person]) for person, eap in abilities if person in thetas]),
    }
