"""The list of blocks as a CSV file."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator

from qbank.exchange.table_rows import defuse
from qbank.history.blocks import BlockLine

HEADS = (
    "ended_at", "started_at", "block", "feedback", "timing", "exam_format", "items", "correct", "incorrect", "omitted",
    "scored", "pretest", "annulled", "score_percent", "seconds", "ended", "partial", "score_revision",
)  # fmt: skip
MOST = 20_000  # lines of one file


def rows(lines: Iterable[BlockLine]) -> Iterator[str]:
    """Yield the file line by line, the head first. Times are UTC; what a spreadsheet would compute is defused."""
    yield _row(HEADS)
    for line in lines:
        yield _row(_cells(line))


def _cells(line: BlockLine) -> Iterator[object]:
    yield line.ended_at.isoformat(timespec="seconds")
    yield line.started_at.isoformat(timespec="seconds")
    yield defuse(line.name)
    yield line.feedback.value
    yield line.timing.value
    yield defuse(line.preset)
    yield from (line.items, line.correct, line.incorrect, line.omitted, line.scored, line.pretest, line.annulled)
    yield "" if line.share is None else f"{100 * line.share:.1f}"
    yield from (line.seconds, line.ended_reason.value, "yes" if line.partial else "no", line.revision)


def _row(cells: Iterable[object]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer).writerow(["" if cell is None else cell for cell in cells])
    return buffer.getvalue()
