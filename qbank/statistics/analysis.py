"""One version closely: its difficulty and discrimination, who chose which option, and how that goes with ability.

Learners are told apart by a score that does not hold their answer to this item: the ability of the current
calibration with this answer taken out; where most have none, the share right on the rest of the same block, which says
the same where everybody had the same block, and less where blocks differ.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from math import atanh, sqrt, tanh

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from qbank.annulments import rulings
from qbank.blocks.models import Block, Delivery, Outcome
from qbank.items.models import ItemVersion, Option
from qbank.measurement.classical import TAIL, or_none, tail_weights
from qbank.measurement.flags import Flag, flag_item
from qbank.measurement.intervals import wilson
from qbank.measurement.options import OptionRow, distractor_efficiency, option_table, possible_miskey
from qbank.measurement.quadrature import log_probabilities, nodes
from qbank.measurement.responses import Floats, Indices
from qbank.statistics.counters import COUNTS, first_ids
from qbank.statistics.models import CalibrationRun, ItemCalibration, LearnerAbility

OMITTED = "Omitted"
GROUPS, GROUP_LEAST = 8, 15  # ability groups at most, learners in each at least
FEWEST_GROUPS = 3
_BAND = 20_000


class Basis(StrEnum):
    """What learners are told apart by."""

    ABILITY = "ability"
    REST = "rest"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Needs:
    """From how many answers on a figure is shown."""

    figures: int = 26
    r: int = 100


@dataclass(frozen=True, slots=True)
class Share:
    """A share with its n and 95 % Wilson interval."""

    n: int
    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Group:
    """Learners of like score: their mean score, the share right, and the share of each option (omitted last)."""

    score: float
    right: Share
    options: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Analysis:
    """The figures of one version; None, or empty, where the answers are too few.

    ``scored`` is how many of the n learners have a score to be told apart by; r, D, groups and the options' columns
    for upper and lower learners rest on those.
    """

    n: int
    needs: Needs
    basis: Basis
    scored: int
    p: Share | None = None
    r: float | None = None
    r_low: float | None = None
    r_high: float | None = None
    d27: float | None = None
    d27_low: float | None = None
    d27_high: float | None = None
    tail_n: float = 0.0
    mean_seconds: float | None = None
    median_seconds: float | None = None
    options: tuple[OptionRow, ...] = ()
    efficiency: float | None = None
    miskeyed: tuple[str, ...] = ()
    groups: tuple[Group, ...] = ()
    flags: tuple[Flag, ...] = ()
    slow: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class _Takers:
    """One entry a first delivery; ``score`` is NaN where there is none."""

    chosen: Indices
    right: NDArray[np.bool_]
    seconds: Floats
    allowed: Floats
    score: Floats
    basis: Basis


def analyse(
    session: Session,
    version: ItemVersion,
    run: CalibrationRun | None,
    calibration: ItemCalibration | None,
    needs: Needs | None = None,
) -> Analysis:
    """Return the figures of a version. Three statements at most; work in proportion to its first deliveries."""
    need = needs or Needs()
    query = sa.select(Option, rulings.is_key()).where(Option.version_id == version.id).order_by(Option.ordinal)
    offered = session.execute(query).all()
    options, keys = [option for option, _key in offered], frozenset(option.id for option, key in offered if key)
    takers = _takers(session, version.id, [option.id for option in options], run, calibration)
    n, known = len(takers.chosen), np.isfinite(takers.score)
    found = Analysis(n, need, takers.basis, int(known.sum()))
    if n < need.figures:
        return replace(found, flags=(Flag.TOO_FEW,))
    right = int(takers.right.sum())
    rows = _option_rows(takers, known, options, keys)
    found = replace(
        found,
        p=_share(right, n),
        mean_seconds=float(takers.seconds.mean()),
        median_seconds=float(np.median(takers.seconds)),
        options=rows,
        efficiency=distractor_efficiency(rows[:-1]),
        slow=bool(takers.seconds.sum() > takers.allowed.sum()),
    )
    found = _discriminate(found, takers, known)
    trusted = rows[:-1] if found.scored >= need.r else tuple(_untold(row) for row in rows[:-1])
    flags = flag_item(n, right / n, found.r, trusted)
    return replace(found, miskeyed=possible_miskey(trusted), flags=flags)


def _share(k: int, n: int) -> Share:
    return Share(n, k / n, *wilson(k, n))


def _discriminate(found: Analysis, takers: _Takers, known: NDArray[np.bool_]) -> Analysis:
    """Add what rests on the learners' scores."""
    score, right = takers.score[known], takers.right[known]
    if len(score) < found.needs.figures:
        return found
    upper, lower = tail_weights(score)
    high, low = float(upper @ right / upper.sum()), float(lower @ right / lower.sum())
    reach = _difference(high, low, float(upper.sum()))
    r = r_low = r_high = None
    if len(score) >= found.needs.r:
        r = _correlation(right.astype(np.float64), score)
        r_low, r_high = _fisher(r, len(score))
    return replace(
        found, r=r, r_low=r_low, r_high=r_high, d27=high - low, d27_low=reach[0], d27_high=reach[1],
        tail_n=float(upper.sum()), groups=_groups(takers, known, len(found.options)),
    )  # fmt: skip


def _correlation(x: Floats, score: Floats) -> float | None:
    if len(x) < 3 or x.std() == 0 or score.std() == 0:
        return None
    return or_none(np.clip(np.corrcoef(x, score)[0, 1], -1, 1))


def _fisher(r: float | None, n: int) -> tuple[float | None, float | None]:
    """Return the 95 % interval of a correlation by Fisher's transformation, tanh(atanh r +- 1.96 / sqrt(n - 3))."""
    if r is None or n < 4 or abs(r) >= 1:
        return None, None
    reach = 1.959964 / sqrt(n - 3)
    return tanh(atanh(r) - reach), tanh(atanh(r) + reach)


def _difference(high: float, low: float, n: float) -> tuple[float, float]:
    """Return the 95 % interval of a difference of two shares of n each, from their Wilson intervals.

    R. G. Newcombe, Statistics in Medicine 17, 1998, 873-890, method 10. The groups' weights are rounded to learners.
    """
    whole = max(1, round(n))
    k_high, k_low = round(high * whole), round(low * whole)
    (l1, u1), (l2, u2) = wilson(k_high, whole), wilson(k_low, whole)
    p1, p2 = k_high / whole, k_low / whole
    return (
        high - low - sqrt((p1 - l1) ** 2 + (u2 - p2) ** 2),
        high - low + sqrt((u1 - p1) ** 2 + (p2 - l2) ** 2),
    )


def _untold(row: OptionRow) -> OptionRow:
    """Return the row without what few learners cannot bound."""
    return OptionRow(row.label, row.key, row.n, row.share, None, None, None, None)


def _option_rows(
    takers: _Takers, known: NDArray[np.bool_], options: list[Option], keys: frozenset[int]
) -> tuple[OptionRow, ...]:
    """Return a row an option, then one for omitted: n and share over all learners, the rest over those with a score."""
    labels = [*(chr(65 + place) for place in range(len(options))), OMITTED]
    key = next((place for place, option in enumerate(options) if option.id in keys), -1)
    score = takers.score[known]
    rows = option_table(takers.chosen[known], labels, key, score, score)
    counts = np.bincount(takers.chosen, minlength=len(labels))
    return tuple(
        OptionRow(
            row.label, row.key, int(count), float(count) / len(takers.chosen), row.p_upper, row.p_lower, row.r,
            row.mean_total,
        )
        for row, count in zip(rows, counts, strict=True)
    )  # fmt: skip


def _groups(takers: _Takers, known: NDArray[np.bool_], labels: int) -> tuple[Group, ...]:
    """Return learners in groups of like size by score, lowest first; equal scores stay together."""
    score, right, chosen = takers.score[known], takers.right[known], takers.chosen[known]
    wanted = min(GROUPS, len(score) // GROUP_LEAST)
    if wanted < FEWEST_GROUPS:
        return ()
    edges = np.unique(np.quantile(score, np.linspace(0, 1, wanted + 1)[1:-1]))
    number = np.searchsorted(edges, score, side="right")
    groups = []
    for place in np.unique(number):
        mine = number == place
        n = int(mine.sum())
        shares = np.bincount(chosen[mine], minlength=labels) / n
        groups.append(Group(float(score[mine].mean()), _share(int(right[mine].sum()), n), tuple(shares.tolist())))
    return tuple(groups)


def _takers(
    session: Session,
    version_id: int,
    option_ids: list[int],
    run: CalibrationRun | None,
    calibration: ItemCalibration | None,
) -> _Takers:
    firsts = first_ids([version_id])
    query = (
        sa.select(
            Delivery.block_id, Delivery.chosen_option_id, Delivery.outcome, Delivery.seconds, Block.seconds_per_item,
            Block.ended_at, LearnerAbility.eap, LearnerAbility.psd,
        )
        .select_from(firsts)
        .join(Delivery, Delivery.id == firsts.c.id)
        .join(Block, Block.id == Delivery.block_id)
        .outerjoin(
            LearnerAbility,
            sa.and_(LearnerAbility.person_id == Block.person_id, LearnerAbility.run_id == (run.id if run else -1)),
        )
        .order_by(Delivery.id)
    )  # fmt: skip
    rows = session.execute(query).all()
    places = {option: place for place, option in enumerate(option_ids)}
    chosen = np.array([places.get(row.chosen_option_id, len(option_ids)) for row in rows], dtype=np.intp)
    right = np.array([row.outcome is Outcome.CORRECT for row in rows], dtype=np.bool_)
    seconds = np.array([row.seconds for row in rows], dtype=np.float64)
    allowed = np.array([row.seconds_per_item for row in rows], dtype=np.float64)
    eap = np.array([np.nan if row.eap is None else row.eap for row in rows], dtype=np.float64)
    if np.isfinite(eap).sum() * 2 >= max(1, len(rows)):
        psd = np.array([np.nan if row.psd is None else row.psd for row in rows], dtype=np.float64)
        done = run.finished_at if run else None
        inside = np.array([done is not None and row.ended_at <= done for row in rows], dtype=np.bool_)
        score, basis = _leave_out(eap, psd, right, inside, calibration), Basis.ABILITY
    else:  # not calibrated yet, or most of these learners came after it
        score, basis = _rest_shares(session, version_id, [row.block_id for row in rows], right), Basis.REST
    if not np.isfinite(score).any():
        basis = Basis.NOTHING
    return _Takers(chosen, right, seconds, allowed, score, basis)


def _leave_out(
    eap: Floats, psd: Floats, right: NDArray[np.bool_], inside: NDArray[np.bool_], calibration: ItemCalibration | None
) -> Floats:
    """Return abilities without what this very answer added, shape (takers,).

    The posterior, taken as normal, is divided by the chance of the answer. An answer to a version without parameters,
    or from after the calibration, was never in.
    """
    if calibration is None or calibration.a is None or calibration.d is None:
        return eap
    theta = nodes()
    cells = log_probabilities(np.array([calibration.a]), np.array([calibration.d]), theta)
    result = eap.copy()
    places = np.flatnonzero(inside & np.isfinite(eap))
    for start in range(0, len(places), _BAND):
        part = places[start : start + _BAND]
        weight = -0.5 * ((theta - eap[part, None]) / np.maximum(psd[part, None], 0.05)) ** 2
        weight -= cells[right[part].astype(np.intp)]
        weight = np.exp(weight - weight.max(axis=1, keepdims=True))
        result[part] = weight @ theta / weight.sum(axis=1)
    return result


def _rest_shares(session: Session, version_id: int, block_ids: list[int], right: NDArray[np.bool_]) -> Floats:
    """Return the share right on the other scored items of each taker's block; NaN for a block of one."""
    firsts = first_ids([version_id])
    mine = sa.select(Delivery.block_id).join(firsts, firsts.c.id == Delivery.id)
    query = (
        sa.select(
            Delivery.block_id, sa.func.count(), sa.func.sum(sa.case((Delivery.outcome == Outcome.CORRECT, 1), else_=0))
        )
        .join(Block, Block.id == Delivery.block_id)
        .where(*COUNTS, Delivery.block_id.in_(mine))
        .group_by(Delivery.block_id)
    )
    totals = {block_id: (n, int(correct)) for block_id, n, correct in session.execute(query)}
    shares = np.full(len(block_ids), np.nan)
    for place, block_id in enumerate(block_ids):
        n, correct = totals[block_id]
        if n > 1:
            shares[place] = (correct - bool(right[place])) / (n - 1)
    return shares


def tail_percent() -> int:
    """Return the share of learners in the upper and in the lower group, in per cent."""
    return round(100 * TAIL)
