"""A calibration of the bank as a run in the database: begun, saved as it goes, resumed, written in one transaction."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

import numpy as np
import sqlalchemy as sa
from sqlalchemy.orm import Session

from qbank import clock
from qbank.errors import ConflictError, InvalidError
from qbank.measurement.ability import Abilities, empirical_reliability
from qbank.measurement.classical import or_none
from qbank.measurement.irt import Model, Priors
from qbank.measurement.responses import Floats
from qbank.statistics import difficulty
from qbank.statistics.fitting import Fit, Limits
from qbank.statistics.models import CalibrationRun, ItemCalibration, LearnerAbility
from qbank.statistics.reading import Read

BATCH = 5_000  # rows written at a time


def current_run(session: Session) -> CalibrationRun | None:
    """Return the newest run that finished: whose parameters hold."""
    return session.scalar(sa.select(CalibrationRun).where(CalibrationRun.id == difficulty.current_run_id()))


def unfinished(session: Session) -> CalibrationRun | None:
    """Return the newest run that was stopped, or is under way."""
    query = sa.select(CalibrationRun).where(CalibrationRun.finished_at.is_(None)).order_by(CalibrationRun.id.desc())
    return session.scalar(query.limit(1))


def check_enough(read: Read, limits: Limits) -> None:
    """Raise InvalidError where no item has enough answers to be calibrated."""
    n = read.responses.by_cell().sum(axis=1)
    most = int(n.max()) if len(n) else 0
    if most < limits.b:
        raise InvalidError(
            f"There is nothing to calibrate yet: the item answered most has {most} first answers.",
            cure=f"An item is calibrated from {limits.b} first answers in ended blocks on.",
        )


def begin(session: Session, *, anew: bool = False) -> CalibrationRun:
    """Return the run that was stopped, to go on with it, or a new one. ``anew`` forgets the stopped one first."""
    stopped = unfinished(session)
    if stopped is not None and anew:
        session.delete(stopped)
        session.flush()
        stopped = None
    if stopped is not None:
        return stopped
    run = CalibrationRun(started_at=clock.now(), model=Model.TWO_PARAMETER, settings={}, state={})
    session.add(run)
    session.flush()
    return run


def start_of(run: CalibrationRun, version_ids: np.ndarray) -> tuple[Floats, Floats] | None:
    """Return where a stopped run stood, a and d of shape (versions,), NaN for what it had not; None for a new run.

    Answers that came meanwhile are calibrated with: what was saved only says where to begin.
    """
    if not run.state:
        return None
    saved = {
        version: (a, d) for version, a, d in zip(run.state["versions"], run.state["a"], run.state["d"], strict=True)
    }
    nothing = (np.nan, np.nan)
    table = np.array([saved.get(int(version), nothing) for version in version_ids], dtype=np.float64).reshape(-1, 2)
    return table[:, 0], table[:, 1]


def save(session: Session, run_id: int, version_ids: np.ndarray, a: Floats, d: Floats, steps: int) -> None:
    """Save where a run stands. Raises ConflictError where it has ended, or was given up, meanwhile."""
    known = np.flatnonzero(np.isfinite(a) & np.isfinite(d))
    state = {"versions": version_ids[known].tolist(), "a": a[known].tolist(), "d": d[known].tolist()}
    _of(session, run_id).state = state
    _of(session, run_id).iterations = steps
    session.flush()


def _of(session: Session, run_id: int) -> CalibrationRun:
    query = sa.select(CalibrationRun).where(CalibrationRun.id == run_id).with_for_update()
    run = session.scalar(query)
    if run is None or run.finished_at is not None:
        raise ConflictError("This calibration was ended or given up meanwhile.", cure="Start it again.")
    return run


def finish(
    session: Session, run_id: int, read: Read, fit: Fit, *, limits: Limits | None = None, priors: Priors | None = None
) -> CalibrationRun:
    """Write parameters, abilities and the difficulties of the pool, and make this the current run.

    Earlier runs keep their item parameters; their abilities, which are superseded, go. Raises ConflictError where the
    run has ended or was given up meanwhile.
    """
    limit, prior = limits or Limits(), priors or Priors()
    run = _of(session, run_id)
    session.execute(sa.delete(LearnerAbility))
    counts = _ability_counts(read, fit)
    _insert(session, ItemCalibration, _item_rows(run_id, read, fit, limit))
    _insert(session, LearnerAbility, _ability_rows(run_id, read, fit, counts))
    taken = counts > 0
    run.finished_at, run.model, run.state = clock.now(), fit.model, {}
    run.items, run.persons = int(np.isfinite(fit.a).sum()), int(taken.sum())
    run.responses, run.iterations = int(counts.sum()), fit.steps
    run.log_likelihood, run.converged = fit.log_likelihood, fit.converged
    run.reliability = empirical_reliability(Abilities(fit.abilities.eap[taken], fit.abilities.psd[taken]))
    run.settings = {
        "b_least": limit.b, "a_least": limit.a, "a_prior": [prior.a_mean, prior.a_sd],
        "d_prior": [prior.d_mean, prior.d_sd],
    }  # fmt: skip
    session.flush()
    difficulty.apply(session)
    return run


def _insert(session: Session, table: type[Any], rows: Iterator[dict[str, object]]) -> None:
    while part := list(islice(rows, BATCH)):
        session.execute(sa.insert(table), part)


def _item_rows(run_id: int, read: Read, fit: Fit, limit: Limits) -> Iterator[dict[str, object]]:
    b = fit.b
    for number in np.flatnonzero(fit.n >= limit.b):
        a = or_none(fit.a[number])
        yield {
            "run_id": run_id, "version_id": int(read.version_ids[number]), "n": int(fit.n[number]), "a": a,
            "d": or_none(fit.d[number]), "b": None if a is None else or_none(b[number]),
            "se_a": or_none(fit.se_a[number]), "se_d": or_none(fit.se_d[number]), "se_b": or_none(fit.se_b[number]),
            "own_slope": bool(fit.own_slope[number]), "r": or_none(fit.r[number]),
            "flags": [str(flag) for flag in fit.flags[number]],
        }  # fmt: skip


def _ability_counts(read: Read, fit: Fit) -> np.ndarray:
    """Return how many of each person's responses are to calibrated items, shape (persons,)."""
    counted = np.isfinite(fit.a)[read.responses.item]
    return np.bincount(read.responses.person[counted], minlength=read.responses.persons)


def _ability_rows(run_id: int, read: Read, fit: Fit, counts: np.ndarray) -> Iterator[dict[str, object]]:
    for number in np.flatnonzero(counts > 0):
        yield {
            "run_id": run_id, "person_id": int(read.person_ids[number]), "eap": float(fit.abilities.eap[number]),
            "psd": float(fit.abilities.psd[number]), "n": int(counts[number]),
        }  # fmt: skip
