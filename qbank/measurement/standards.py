"""Standard setting: where judges put the cut of a fixed form."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import ArrayLike

WIDE = 0.30  # judges of one item further apart than this should talk about it


@dataclass(frozen=True, slots=True)
class Angoff:
    """Result of one round. Numbers of items, but for ``cut_percent`` and the components, which are shares."""

    cut: float
    cut_percent: float
    judge_sums: tuple[float, ...]
    sd: float | None  # over judges, denominator J - 1; None for one judge
    standard_error: float | None
    item_means: tuple[float, ...]
    item_ranges: tuple[float, ...]
    wide_items: tuple[int, ...]  # numbers from 0 of items on which judges are far apart
    variance_judges: float | None
    variance_items: float | None
    variance_residual: float | None


@dataclass(frozen=True, slots=True)
class EbelCell:
    """Items of one relevance and difficulty, and the share of them that a borderline person gets right."""

    items: int
    share: float


@dataclass(frozen=True, slots=True)
class Hofstee:
    """The cut, the share in per cent that fails at it, and what was wrong, if anything."""

    cut: float
    fail_percent: float
    line_percent: float  # of the judges' line at the cut
    warnings: tuple[str, ...] = ()


def angoff(ratings: ArrayLike, wide: float = WIDE) -> Angoff:
    """Return the Angoff cut: the sum over items of the judges' mean.

    ``ratings``, shape (judges, items), holds the chance that a borderline person gets the item right (W. H. Angoff, in
    R. L. Thorndike, ed., Educational Measurement, 2nd edition, 1971, 508-600). SD is over the judges' sums, the
    standard error SD / sqrt(J). Components are those of judges x items without repeats: with mean squares MS,
    residual MS_r, judges (MS_j - MS_r) / k, items (MS_i - MS_r) / J, negative ones set to 0.
    Raises ValueError without judges or items, or for a rating outside 0 to 1 or missing, naming judge and item.
    """
    table = np.asarray(ratings, dtype=np.float64)
    if table.ndim != 2 or not table.size:
        raise ValueError("ratings are a table of judges by items, with at least one of each")
    bad = ~((table >= 0) & (table <= 1))
    if bad.any():
        judge, item = (int(place[0]) for place in np.nonzero(bad))
        raise ValueError(f"judge {judge + 1}, item {item + 1}: {table[judge, item]:g} is no chance from 0 to 1")
    judges, items = table.shape
    sums = table.sum(axis=1)
    sd = float(sums.std(ddof=1)) if judges > 1 else None
    ranges = table.max(axis=0) - table.min(axis=0)
    between_judges, between_items, residual = _components(table)
    return Angoff(
        cut=float(sums.mean()),
        cut_percent=100 * float(sums.mean()) / items,
        judge_sums=tuple(sums.tolist()),
        sd=sd,
        standard_error=sd / sqrt(judges) if sd is not None else None,
        item_means=tuple(table.mean(axis=0).tolist()),
        item_ranges=tuple(ranges.tolist()),
        wide_items=tuple(np.flatnonzero(ranges > wide + 1e-9).tolist()),
        variance_judges=between_judges,
        variance_items=between_items,
        variance_residual=residual,
    )


def _components(table: np.ndarray) -> tuple[float | None, float | None, float | None]:
    judges, items = table.shape
    if judges < 2 or items < 2:
        return None, None, None
    rows, columns, grand = table.mean(axis=1), table.mean(axis=0), table.mean()
    judge_square = items * float(((rows - grand) ** 2).sum()) / (judges - 1)
    item_square = judges * float(((columns - grand) ** 2).sum()) / (items - 1)
    left = table - rows[:, None] - columns + grand
    residual = float((left**2).sum()) / ((judges - 1) * (items - 1))
    return max(0.0, (judge_square - residual) / items), max(0.0, (item_square - residual) / judges), residual


def ebel(cells: Sequence[EbelCell]) -> float:
    """Return the Ebel cut: the sum over cells of items x share, in items.

    R. L. Ebel, Essentials of Educational Measurement, 1972. Raises ValueError without items, for a negative number of
    items or a share outside 0 to 1.
    """
    if any(cell.items < 0 or not 0 <= cell.share <= 1 for cell in cells):
        raise ValueError("a cell has 0 or more items and a share from 0 to 1")
    if not sum(cell.items for cell in cells):
        raise ValueError("there is no item in any cell")
    return sum(cell.items * cell.share for cell in cells)


def hofstee(scores: ArrayLike, k_min: float, k_max: float, f_min: float, f_max: float, step: float = 1.0) -> Hofstee:
    """Return the Hofstee cut: the least one at which as many fail as the judges' line allows.

    The line runs from (k_min, f_max) to (k_max, f_min); a person fails whose score is below the cut; cuts are
    k_min, k_min + step, ... up to k_max (W. K. B. Hofstee, in S. B. Anderson and J. S. Helmick, eds., On Educational
    Testing, 1983, 109-127). ``f_min`` and ``f_max`` are in per cent; scores and cuts share one scale. Where line and
    failures do not cross, the nearer limit is the cut, with a warning. Raises ValueError without scores, for limits
    in the wrong order, per cents outside 0 to 100, or more than 100,000 cuts.
    """
    values = np.sort(np.asarray(scores, dtype=np.float64).reshape(-1))
    if not len(values) or not np.isfinite(values).all():
        raise ValueError("Hofstee's method needs scores, all of them numbers")
    if not (k_min < k_max and 0 <= f_min < f_max <= 100):
        raise ValueError(
            "the least cut must be below the greatest, the least failures below the greatest, within 0-100 %"
        )
    if not step > 0 or (k_max - k_min) / step > 100_000:
        raise ValueError("the step between cuts must be above 0 and not give more than 100,000 cuts")
    count = int(np.floor((k_max - k_min) / step + 1e-9)) + 1
    cuts = k_min + step * np.arange(count)
    fails = 100 * np.searchsorted(values, cuts - 1e-9, side="left") / len(values)
    line = f_max - (f_max - f_min) * (cuts - k_min) / (k_max - k_min)
    reached = np.flatnonzero(fails >= line - 1e-9)
    if not len(reached):
        text = (
            f"Even a cut of {k_max:g} fails fewer than {f_min:g} %: the line is not crossed, the greatest cut stands."
        )
        fail = 100 * float(np.searchsorted(values, k_max - 1e-9)) / len(values)
        return Hofstee(float(k_max), fail, float(f_min), (text,))
    place = int(reached[0])
    warnings: tuple[str, ...] = ()
    if place == 0 and fails[0] > f_max + 1e-9:
        text = f"A cut of {k_min:g} fails more than {f_max:g} %: the line is not crossed, the least cut stands."
        warnings = (text,)
    return Hofstee(float(cuts[place]), float(fails[place]), float(line[place]), warnings)
