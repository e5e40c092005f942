"""Option analysis: who chose which option, and whether the distractors do their work."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from qbank.measurement.classical import TAIL, or_none, tail_weights
from qbank.measurement.responses import Floats, Indices

FUNCTIONAL = 0.05  # M. Tarrant, J. Ware and A. M. Mohammed, BMC Medical Education 9, 2009, 40


@dataclass(frozen=True, slots=True)
class OptionRow:
    """One option of one item; None where there are too few answers or no spread."""

    label: str
    key: bool
    n: int
    share: float | None
    p_upper: float | None
    p_lower: float | None
    r: float | None  # Pearson's r of choosing it with the rest score
    mean_total: float | None  # mean number right of those who chose it


def option_table(
    chosen: Indices, labels: Sequence[str], key: int, rest: Floats, total: Floats, share: float = TAIL
) -> tuple[OptionRow, ...]:
    """Return one row an option of one item.

    Arrays have one entry a taker: ``chosen`` the number of the option, ``rest`` the score without this item, ``total``
    the score with it, which also makes the upper and lower groups (ties weighted). A key has r > 0, a working
    distractor r < 0. Raises ValueError for unequal lengths or an option number without a label.
    """
    if not len(chosen) == len(rest) == len(total):
        raise ValueError("chosen options, rest scores and totals must have one entry for each taker")
    if len(chosen) and not 0 <= int(chosen.min()) <= int(chosen.max()) < len(labels):
        raise ValueError(f"an option number lies outside 0 to {len(labels) - 1}")
    upper, lower = tail_weights(total, share)
    rows = []
    for number, label in enumerate(labels):
        mine = chosen == number
        n = int(mine.sum())
        rows.append(
            OptionRow(
                label,
                number == key,
                n,
                n / len(chosen) if len(chosen) else None,
                _share(upper, mine),
                _share(lower, mine),
                _correlation(mine.astype(np.float64), rest),
                float(total[mine].mean()) if n else None,
            )
        )
    return tuple(rows)


def distractor_efficiency(rows: Sequence[OptionRow], least: float = FUNCTIONAL) -> float | None:
    """Return 100 x functional distractors / distractors; functional is chosen by at least 5 %. None without any."""
    distractors = [row for row in rows if not row.key]
    if not distractors or all(row.n == 0 for row in rows):
        return None
    return 100 * sum((row.share or 0.0) >= least for row in distractors) / len(distractors)


def possible_miskey(rows: Sequence[OptionRow]) -> tuple[str, ...]:
    """Return the labels of distractors whose r, or whose share of the upper group, exceeds the key's."""
    key = next((row for row in rows if row.key), None)
    if key is None:
        return ()
    return tuple(
        row.label for row in rows if not row.key and (_above(row.r, key.r) or _above(row.p_upper, key.p_upper))
    )


def _above(value: float | None, limit: float | None) -> bool:
    return value is not None and limit is not None and value > limit + 1e-12


def _share(weights: Floats, mine: np.ndarray) -> float | None:
    whole = float(weights.sum())
    return float(weights[mine].sum()) / whole if whole > 0 else None


def _correlation(first: Floats, second: Floats) -> float | None:
    if len(first) < 2:
        return None
    one, other = first - first.mean(), second - second.mean()
    spread = float(np.sqrt((one @ one) * (other @ other)))
    return or_none(np.clip(one @ other / spread, -1, 1)) if spread > 1e-12 * len(first) else None
