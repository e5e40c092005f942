"""Scores by date, with the moving average that they wander about."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sqlalchemy.orm import Session

from qbank.blocks.models import Feedback
from qbank.history import blocks
from qbank.history.blocks import BlockLine
from qbank.history.filters import BlockFilter
from qbank.measurement.trend import Average, moving_average

MOST = 500  # points that a chart and its table can still show


@dataclass(frozen=True, slots=True)
class Point:
    """One ended block with its average: the last five blocks shown, weighted by scored items."""

    block: BlockLine
    average: Average


@dataclass(frozen=True, slots=True)
class Trend:
    """The points in the order of time; ``cut`` says that there are older ones than these."""

    points: list[Point]
    cut: bool


def trend(session: Session, person_id: int, which: BlockFilter, *, tutor: bool = False) -> Trend:
    """Return the scores by date, the newest ``MOST`` blocks with a score. One query.

    Tutor-feedback blocks are left out unless ``tutor``, or unless the filter asks for them alone: what was
    answered with the explanations open beside it is not the same measure.
    """
    if not tutor and which.feedback is None:
        which = replace(which, feedback=Feedback.EXAM)
    newest = blocks.lines(session, person_id, which, limit=MOST + 1)
    shown = [line for line in reversed(newest[:MOST]) if line.scored]
    averages = moving_average((line.correct or 0, line.scored or 0) for line in shown)
    points = [Point(line, average) for line, average in zip(shown, averages, strict=True) if average]
    return Trend(points, cut=len(newest) > MOST)
