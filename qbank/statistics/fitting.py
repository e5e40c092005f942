"""What a calibration of the live bank does with its responses. Pure: arrays in, arrays out.

Few answers bound few parameters: b from 100 answers, a of its own from 200, both with priors. An item between the two
has the common slope (the geometric mean of the others') and its b on the scale of the others. Where too few items have
200 answers, the whole bank gets the one-parameter model. An item whose right answers go with low ability is left out:
its key should be looked at before anything else.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from qbank.measurement import ability, irt
from qbank.measurement.classical import correlation_with
from qbank.measurement.flags import Flag
from qbank.measurement.quadrature import Rows, nodes, probabilities
from qbank.measurement.responses import Booleans, Floats, Responses

B_LEAST, A_LEAST = 100, 200  # answers
SLOPES_LEAST = 5  # items with a slope of their own, below which there is one for all
_NEWTON_STEPS = 50

Stage = Callable[[str, Floats, Floats, float, int], None]  # stage, a, d, distance from the limit, steps


@dataclass(frozen=True, slots=True, eq=False)
class Limits:
    """From how many answers on an item has a b, and an a of its own."""

    b: int = B_LEAST
    a: int = A_LEAST


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """Arrays of shape (items,), NaN where there is none; ``r`` is the correlation with the leave-one-out ability."""

    model: irt.Model
    n: Floats
    a: Floats
    d: Floats
    se_a: Floats
    se_d: Floats
    se_b: Floats
    r: Floats
    own_slope: Booleans
    flags: tuple[tuple[Flag, ...], ...]
    abilities: ability.Abilities
    log_likelihood: float
    steps: int
    converged: bool

    @property
    def b(self) -> Floats:
        """Difficulty -d / a."""
        return -self.d / np.where(self.a == 0, np.nan, self.a)


def fit(
    responses: Responses,
    *,
    limits: Limits | None = None,
    priors: irt.Priors | None = None,
    start: tuple[Floats, Floats] | None = None,
    watch: Stage | None = None,
    tolerance: float = 1e-5,
    max_steps: int = 2000,
) -> Fit:
    """Return the parameters of every item with enough answers, and the ability of every person.

    ``start`` is a and d, shape (items,), that a stopped run left; ``watch`` is told after every step. Two fits where
    an item has to be left out: the correlations that decide it come from the first.
    """
    limit, known = limits or Limits(), priors or irt.Priors()
    n = responses.by_cell().sum(axis=1)
    enough = n >= limit.b
    tell = _Teller(watch)
    model = irt.Model.TWO_PARAMETER if (n >= limit.a).sum() >= SLOPES_LEAST else irt.Model.ONE_PARAMETER
    a, d, found = _parameters(responses, enough, n, limit, known, model, start, tell, tolerance, max_steps)
    r = _correlations(responses, a, d, enough)
    negative = enough & (r < 0)
    if negative.any():
        tell.stage = "without the items whose key is in doubt"
        kept = enough & ~negative
        a, d, found = _parameters(responses, kept, n, limit, known, model, (a, d), tell, tolerance, max_steps)
        r = _correlations(responses, a, d, enough)
    own = (n >= limit.a) & np.isfinite(a) & (model is irt.Model.TWO_PARAMETER)
    se_a, se_d, se_b = standard_errors(responses, a, d, own, known)
    flags = tuple(_flags(*each) for each in zip(enough, negative, found.at_edge, strict=True))
    return Fit(
        model, n, a, d, se_a, se_d, se_b, r, own, flags, ability.estimate(responses, a, d), found.log_likelihood,
        tell.steps, found.converged,
    )  # fmt: skip


class _Teller:
    """Passes a fit's steps on, counted through."""

    def __init__(self, watch: Stage | None) -> None:
        self.watch, self.stage, self.steps, self.before = watch, "all items", 0, 0

    def begin(self) -> None:
        self.before = self.steps

    def __call__(self, a: Floats, d: Floats, distance: float, steps: int) -> None:
        self.steps = self.before + steps
        if self.watch is not None:
            self.watch(self.stage, a, d, distance, self.steps)


def _parameters(
    responses: Responses,
    chosen: Booleans,
    n: Floats,
    limit: Limits,
    priors: irt.Priors,
    model: irt.Model,
    start: tuple[Floats, Floats] | None,
    tell: _Teller,
    tolerance: float,
    max_steps: int,
) -> tuple[Floats, Floats, irt.Calibration]:
    """Return a and d of the chosen items, and the calibration of those that bound the scale, over all items."""
    full = chosen & (n >= limit.a) if model is irt.Model.TWO_PARAMETER else chosen
    numbers = np.flatnonzero(full)
    a, d = np.full(responses.items, np.nan), np.full(responses.items, np.nan)

    def spread(part_a: Floats, part_d: Floats, distance: float, steps: int) -> None:
        a[numbers], d[numbers] = part_a, part_d
        tell(a, d, distance, steps)

    tell.begin()
    found = irt.calibrate(
        responses.of_items(full), model, priors=priors, tolerance=tolerance, max_steps=max_steps,
        start=None if start is None else (start[0][full], start[1][full]), watch=spread,
    )  # fmt: skip
    a[numbers], d[numbers] = found.a, found.d
    edge = np.zeros(responses.items, dtype=np.bool_)
    edge[numbers] = found.at_edge
    rest = chosen & ~full
    if rest.any():
        slope = float(np.exp(np.log(np.maximum(found.a, 1e-3)).mean()))
        d[rest] = _intercepts(responses, a, d, np.flatnonzero(rest), slope, priors)
        a[rest] = slope
    whole = irt.Calibration(model, a, d, found.log_likelihood, found.converged, edge, found.trace)
    return a, d, whole


def _intercepts(
    responses: Responses, a: Floats, d: Floats, numbers: np.ndarray, slope: float, priors: irt.Priors
) -> Floats:
    """Return d of items with a given slope, on the scale of those calibrated: Newton on their expected answers."""
    expected = _expected(responses, a, d, numbers)
    n, right = expected.sum(axis=1), expected[:, 1]
    slopes, value = np.full(len(numbers), slope), np.zeros(len(numbers))
    for _ in range(_NEWTON_STEPS):
        p = probabilities(slopes, value, nodes())
        gradient = (right - n * p).sum(axis=1) - (value - priors.d_mean) / priors.d_sd**2
        move = np.clip(gradient / ((n * p * (1 - p)).sum(axis=1) + 1 / priors.d_sd**2), -2, 2)
        value = value + move
        if np.abs(move).max() < 1e-9:
            break
    return value


def _expected(responses: Responses, a: Floats, d: Floats, numbers: np.ndarray) -> Floats:
    """Return the wrong and right answers to some items at each ability, shape (items, 2, nodes).

    A person's place is the posterior from the calibrated items.
    """
    wanted = responses.of_items(numbers)
    total = np.zeros((2 * len(numbers), len(nodes())))
    rows = Rows(wanted)
    place = ability.posterior(responses, a, d)
    for cut, matrix in rows.bands:
        total += matrix.T @ place[cut]
    return total.reshape(len(numbers), 2, -1)


def _correlations(responses: Responses, a: Floats, d: Floats, enough: Booleans) -> Floats:
    r = correlation_with(responses, ability.left_out(responses, a, d))
    return np.where(enough, r, np.nan)


def standard_errors(
    responses: Responses, a: Floats, d: Floats, own_slope: Booleans, priors: irt.Priors, band: int = 50_000
) -> tuple[Floats, Floats, Floats]:
    """Return the standard errors of a, d and b, shape (items,) each; of a only where the slope is the item's own.

    From the cross-products of the persons' scores, item by item, with the priors' precision added
    (the empirical information; K. Yuan, Y. Cheng and J. Patton, Psychometrika 79, 2014, 232-254). b by the delta
    method. Work: 41 numbers a response, by bands.
    """
    known = np.isfinite(a) & np.isfinite(d)
    place = ability.posterior(responses, a, d)
    theta = nodes()
    slopes, intercepts = np.where(known, a, 0.0), np.where(known, d, 0.0)
    p = probabilities(slopes, intercepts, theta)
    sums = np.zeros((3, responses.items))
    for start in range(0, len(responses), band):
        cell = responses.cell[start : start + band]
        item, weight = cell >> 1, place[responses.person[start : start + band]]
        surplus = weight * ((cell & 1)[:, None] - p[item])
        s_d, s_a = surplus.sum(axis=1), surplus @ theta
        for number, values in enumerate((s_a * s_a, s_a * s_d, s_d * s_d)):
            sums[number] += np.bincount(item, weights=values, minlength=responses.items)
    i_aa, i_ad, i_dd = sums[0] + 1 / priors.a_sd**2, sums[1], sums[2] + 1 / priors.d_sd**2
    determinant = i_aa * i_dd - i_ad**2
    with np.errstate(divide="ignore", invalid="ignore"):
        v_a, v_d, c_ad = i_dd / determinant, i_aa / determinant, -i_ad / determinant
        v_a, c_ad = np.where(own_slope, v_a, 0.0), np.where(own_slope, c_ad, 0.0)
        v_d = np.where(own_slope, v_d, 1 / i_dd)
        b = -intercepts / np.where(slopes == 0, np.nan, slopes)
        v_b = (v_d + 2 * b * c_ad + b * b * v_a) / slopes**2
        se = [np.sqrt(np.where(known & (v >= 0), v, np.nan)) for v in (v_a, v_d, v_b)]
    return np.where(own_slope, se[0], np.nan), se[1], se[2]


def _flags(enough: np.bool_, negative: np.bool_, edge: np.bool_) -> tuple[Flag, ...]:
    if not enough:
        return (Flag.TOO_FEW,)
    if negative:
        return (Flag.CHECK_KEY, Flag.NOT_CALIBRATED)
    return (Flag.UNBOUNDED,) if edge else ()
