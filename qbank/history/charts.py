"""What the pictures are drawn from: plain JSON values, the same figures as in the tables beside them."""

from __future__ import annotations

from collections.abc import Iterable

from qbank.blocks.models import Feedback
from qbank.history.breakdown import Cell
from qbank.history.trend import Trend


def trend_data(trend: Trend) -> dict[str, object]:
    """Return the points and the line of the moving average, by UTC day."""
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
    return {"points": points, "average": line, "y_label": "Score", "average_label": "Average of the last 5 blocks"}


def interval_data(cells: Iterable[Cell], *, cut: float) -> dict[str, object]:
    """Return a row per class; where n is too small for a share, only n."""
    rows = [
        {"label": cell.name, "value": cell.share, "low": cell.low, "high": cell.high, "n": cell.scored}
        for cell in cells
    ]
    return {"rows": rows, "cut": cut, "x_label": "Correct"}
