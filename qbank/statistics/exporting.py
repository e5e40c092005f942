"""Item statistics as CSV, a line a version; cells that a spreadsheet would take for formulas are defused."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator

from qbank.exchange.table_rows import defuse
from qbank.statistics.queries import Figures

HEADS = (
    "item", "version", "state", "system", "n", "correct", "omitted", "p", "p_low", "p_high", "mean_seconds",
    "discrimination_r", "r_n", "b", "b_se", "a", "a_se", "needs_a_look",
)  # fmt: skip


def rows(figures: Iterable[Figures]) -> Iterator[str]:
    """Yield the table's lines, the head first. Empty cells are figures that too few answers bound."""
    yield "\ufeff" + _line(HEADS)
    for one in figures:
        yield _line(
            (
                defuse(one.external_id), str(one.number), str(one.state), defuse(one.system), str(one.n),
                str(one.correct), str(one.omitted), _number(one.p), _number(one.p_low), _number(one.p_high),
                _number(one.mean_seconds, 1), _number(one.r), str(one.r_n or ""), _number(one.b), _number(one.se_b),
                _number(one.a), _number(one.se_a), " ".join(map(str, one.looks)),
            )
        )  # fmt: skip


def _number(value: float | None, places: int = 4) -> str:
    return "" if value is None else f"{value:.{places}f}"


def _line(cells: Iterable[str]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer).writerow(cells)
    return buffer.getvalue()
