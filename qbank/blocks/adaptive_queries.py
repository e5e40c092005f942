"""What an ended adaptive block says: the ability step by step, why each item came, and the picture of it."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, floor

import numpy as np
import sqlalchemy as sa
from sqlalchemy.orm import Session

from qbank.blocks import adaptive, choosing
from qbank.blocks.adaptive_models import AdaptiveStep, Aim
from qbank.blocks.choosing import Estimate
from qbank.blocks.models import Block, BlockState, Delivery
from qbank.errors import NotAllowedError
from qbank.history import calibrated
from qbank.items.taxonomy import Taxon
from qbank.measurement.ability import characteristic
from qbank.statistics.curves import Line as CurveLine
from qbank.statistics.curves import Plot, Point, Tick
from qbank.statistics.models import CalibrationRun

LEAST = 5  # answers to calibrated items below which no estimate is shown
WIDTH, HEIGHT = 640.0, 300.0
LEFT, RIGHT, TOP, BOTTOM = 44.0, 12.0, 12.0, 42.0
MINUS = "\N{MINUS SIGN}"
STILL_OPEN = "The estimate is shown once the block has ended."


@dataclass(frozen=True, slots=True)
class Line:
    """One step: why the item came, how it was answered, and the estimate after it. Shares run from 0 to 1."""

    position: int
    area: str
    asked_with: Estimate  # before the answer
    expected: float
    information: float
    measured: bool
    among: int  # candidates
    outcome: str | None
    annulled: bool
    after: Estimate


@dataclass(frozen=True, slots=True)
class Share:
    """The share of the bank's live items that a learner of this ability is expected to answer right, 0 to 1."""

    value: float
    low: float
    high: float
    items: int  # live items it is worked out from


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that the page of the estimate shows. ``share`` and ``picture`` are None where data are too thin."""

    aim: Aim
    final: Estimate
    enough: bool
    measured: int
    rated: int
    lines: tuple[Line, ...]
    picture: Plot | None
    share: Share | None
    calibration: CalibrationRun | None


def report(session: Session, block: Block) -> Report:
    """Return what an ended adaptive block says. At most seven queries.

    Raises NotFoundError for a block of another kind, NotAllowedError while it is open: what an item was chosen for
    tells its difficulty.
    """
    practice = adaptive.practice_of(session, block)
    if block.state is not BlockState.ENDED:
        raise NotAllowedError(STILL_OPEN)
    taken = adaptive.steps(session, block)
    final = choosing.estimate(adaptive.answers_of(taken))
    measured = final.answers if final.se is not None else 0
    run = session.get(CalibrationRun, practice.run_id) if practice.run_id is not None else None
    lines = _lines(session, taken)
    enough = measured >= LEAST
    return Report(
        practice.aim, final, enough, measured, sum(line.outcome is not None and not line.measured for line in lines),
        lines, _picture(lines) if enough else None, _share(session, run, final) if enough and run else None, run,
    )  # fmt: skip


def _lines(session: Session, taken: list[tuple[AdaptiveStep, Delivery]]) -> tuple[Line, ...]:
    areas = {step.system_id for step, _delivery in taken}
    names = dict(session.execute(sa.select(Taxon.id, Taxon.name).where(Taxon.id.in_(areas))).all())
    return tuple(
        Line(
            position=delivery.position,
            area=names[step.system_id],
            asked_with=Estimate(step.method, step.ability, step.se, step.answers),
            expected=choosing.expected(step.a, step.d, step.ability),
            information=step.information,
            measured=step.rated is None,
            among=len(step.candidates),
            outcome=str(delivery.outcome) if delivery.outcome and delivery.submitted_at else None,
            annulled=delivery.annulled_at is not None,
            after=choosing.estimate(adaptive.answers_of(taken[: place + 1])),
        )
        for place, (step, delivery) in enumerate(taken)
    )


def _share(session: Session, run: CalibrationRun, final: Estimate) -> Share | None:
    if final.interval is None or run.finished_at is None:
        return None
    a, d = calibrated.bank(session, calibrated.Calibration(run.id, run.finished_at))
    known = np.isfinite(a) & np.isfinite(d)
    if not known.any():
        return None
    low, high = final.interval
    found = characteristic(a[known], d[known], [final.ability, low, high]) / int(known.sum())
    return Share(float(found[0]), float(found[1]), float(found[2]), int(known.sum()))


def _picture(lines: tuple[Line, ...]) -> Plot:
    """Return the ability with its 95 % interval after each answer, from the first to a calibrated item on."""
    shown = [(line.position, line.after.ability, line.after.interval) for line in lines if line.after.interval]
    low, high = floor(min(ends[0] for _, _, ends in shown)), ceil(max(ends[1] for _, _, ends in shown))
    first, last = shown[0][0], shown[-1][0]
    right, ground = WIDTH - RIGHT, HEIGHT - BOTTOM

    def x(position: int) -> float:
        return round(LEFT + (right - LEFT) * (position - first + 0.5) / (last - first + 1), 1)

    def y(ability: float) -> float:
        return round(TOP + (ground - TOP) * (high - ability) / (high - low), 1)

    points = tuple(Point(x(place), y(now), y(ends[0]), y(ends[1])) for place, now, ends in shown)
    path = CurveLine("Ability", " ".join(f"{point.x:g},{point.y:g}" for point in points), 1)
    every = max(1, ceil((last - first + 1) / 12))
    across = tuple(Tick(x(place), str(place)) for place in range(first, last + 1, every))
    up = tuple(Tick(y(level), f"{level:+d}".replace("-", MINUS) if level else "0") for level in range(low, high + 1))
    return Plot(
        "Item of the block", "Ability", across, up, points, (path,), width=WIDTH, height=HEIGHT, left=LEFT, right=right,
        top=TOP, ground=ground,
    )  # fmt: skip
