"""What the pictures are drawn from: plain JSON values, the same figures as in the tables beside them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from qbank.blocks.models import Feedback
from qbank.history.breakdown import Cell
from qbank.history.cohort import Step
from qbank.history.pace import PaceRow
from qbank.history.trend import Trend


def trend_data(trend: Trend, steps: Iterable[Step] = ()) -> dict[str, object]:
    """Return the points, the line of the moving average and the band of the group, by UTC day.

    A step of the band stands at its first and its last day; steps that are hidden are not in it.
    """
    points = [
        {
            "date": point.block.ended_at.date().isoformat(),
            "value": point.block.share,
            "n": point.block.scored,
            "label": point.block.name,
            "kind": "tutor" if point.block.feedback is Feedback.TUTOR else "exam",
        }
        for point in trend.points
    ]
    line = [{"date": point.block.ended_at.date().isoformat(), "value": point.average.share} for point in trend.points]
    band = [
        {"date": day.isoformat(), "low": step.low, "median": step.median, "high": step.high}
        for step in steps
        if step.median is not None
        for day in (step.since, step.until - timedelta(days=1))
    ]
    labels = {"y_label": "Score", "average_label": "Average of the last 5 blocks"}
    return {"points": points, "average": line, "band": band, **labels}


def interval_data(cells: Iterable[Cell], *, cut: float) -> dict[str, object]:
    """Return a row per class; where n is too small for a share, only n."""
    rows = [
        {"label": cell.name, "value": cell.share, "low": cell.low, "high": cell.high, "n": cell.scored}
        for cell in cells
    ]
    return {"rows": rows, "cut": cut, "x_label": "Correct"}


def seconds_data(rows: Iterable[PaceRow]) -> dict[str, object]:
    """Return a bar a row with its mean seconds; rows with too few answers have none and are left out."""
    bars = [
        {"label": row.cell.name, "value": round(row.seconds.value), "note": f"n = {row.seconds.n}"}
        for row in rows
        if row.seconds
    ]
    return {"rows": bars, "x_label": "Mean seconds an answered item", "count": True}
