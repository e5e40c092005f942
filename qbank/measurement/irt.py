"""Calibration of items: the one- and two-parameter logistic models by marginal maximum likelihood.

P = 1 / (1 + exp(-(a theta + d))), b = -d / a, theta ~ N(0, 1). The EM algorithm of R. D. Bock and M. Aitkin
(Psychometrika 46, 1981, 443-459) on the nodes of ``quadrature``, accelerated by SQUAREM (R. Varadhan and C. Roland,
Scandinavian Journal of Statistics 35, 2008, 335-353) with a check that the likelihood does not fall.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from qbank.measurement.quadrature import Rows, log_prior, log_probabilities, nodes, probabilities
from qbank.measurement.responses import Booleans, Floats, Responses

A_EDGE, D_EDGE = 12.0, 40.0  # where a parameter runs off to infinity it stops here and is reported
_NEWTON_STEPS = 12
_FIRST_STEPS = 8
_FALL = 1e-12  # relative loss of likelihood that is rounding

# Told after every accepted step: a and d of all items, the estimated distance from the limit, the steps so far.
Watch = Callable[[Floats, Floats, float, int], None]


class Model(StrEnum):
    """One discrimination for all items, or one for each."""

    ONE_PARAMETER = "1pl"
    TWO_PARAMETER = "2pl"


@dataclass(frozen=True, slots=True)
class Priors:
    """Independent normal priors on a and d. They keep parameters of rarely answered items within reason."""

    a_mean: float = 1.0
    a_sd: float = 0.5
    d_mean: float = 0.0
    d_sd: float = 2.5

    def __post_init__(self) -> None:
        if not (self.a_sd > 0 and self.d_sd > 0):
            raise ValueError("a prior's standard deviation must be above 0")


@dataclass(frozen=True, slots=True, eq=False)
class Calibration:
    """Item parameters, shape (items,); NaN for items that were left out because nobody's answer tells about them."""

    model: Model
    a: Floats
    d: Floats
    log_likelihood: float  # of the responses to the calibrated items, without the priors
    converged: bool
    at_edge: Booleans  # the parameter ran to the edge: the data do not bound it
    trace: tuple[float, ...]  # the (penalised) log-likelihood after each accepted step; never falls

    @property
    def b(self) -> Floats:
        """Difficulty -d / a; NaN where a is 0."""
        return -self.d / np.where(self.a == 0, np.nan, self.a)

    @property
    def calibrated(self) -> Booleans:
        """Which items have parameters."""
        return np.isfinite(self.a)


@dataclass(slots=True)
class _State:
    """Parameters, and what the expectation step found at them."""

    a: Floats
    d: Floats
    likelihood: float = 0.0
    penalised: float = 0.0
    expected: Floats | None = None  # (items, 2, nodes): expected wrong and right answers at each node
    persons: Floats | None = None  # (nodes,): expected persons at each node

    @property
    def vector(self) -> Floats:
        return np.concatenate([self.a, self.d])


def calibrate(
    responses: Responses,
    model: Model = Model.TWO_PARAMETER,
    *,
    priors: Priors | None = None,
    tolerance: float = 1e-7,
    max_steps: int = 2000,
    node_count: int = 41,
    start: tuple[Floats, Floats] | None = None,
    watch: Watch | None = None,
) -> Calibration:
    """Return the parameters that maximise the marginal likelihood (times the priors).

    Items that nobody took, and, without priors, items that all takers got right or all wrong, have no finite
    estimate: their entries are NaN. Work and memory: two products of the persons x 2 items matrix with 41 columns an
    iteration. ``tolerance`` bounds the estimated distance of every parameter from its limit; ``max_steps`` the
    expectation steps, after which ``converged`` is false. ``start`` is a and d to begin at, as an earlier run left
    them, NaN where there is none; the limit is the same. Raises ValueError when tolerance or steps are not above 0.
    """
    if tolerance <= 0 or max_steps < 1:
        raise ValueError("tolerance and number of steps must be above 0")
    counts = responses.by_cell()
    n, right = counts.sum(axis=1), counts[:, 1]
    used = (n > 0) if priors else (right > 0) & (right < n)
    a, d = np.full(responses.items, np.nan), np.full(responses.items, np.nan)
    edge = np.zeros(responses.items, dtype=np.bool_)
    if not used.any():
        return Calibration(model, a, d, 0.0, True, edge, ())
    chosen = responses if used.all() else responses.of_items(used)
    work = _Estimation(chosen, Model(model), priors, node_count)
    begin = _start(counts[used], None if start is None else (start[0][used], start[1][used]))
    if Model(model) is Model.ONE_PARAMETER:
        begin.a = np.full(len(begin.a), begin.a.mean())  # one slope from the start on: all move together

    def tell(state: _State, distance: float, steps: int) -> None:
        if watch is not None:
            a[used], d[used] = state.a, state.d
            watch(a, d, distance, steps)

    state, converged, trace = _accelerate(work, begin, tolerance, max_steps, tell)
    a[used], d[used] = state.a, state.d
    edge[used] = (np.abs(state.a) >= A_EDGE) | (np.abs(state.d) >= D_EDGE)
    return Calibration(Model(model), a, d, state.likelihood, converged, edge, tuple(trace))


def _start(counts: Floats, known: tuple[Floats, Floats] | None) -> _State:
    """Return what is known; else a = 1 and the d that fits the share right when theta is normal (1.2 x its logit)."""
    share = (counts[:, 1] + 0.5) / (counts.sum(axis=1) + 1)
    a, d = np.ones(len(counts)), 1.2 * np.log(share / (1 - share))
    if known is None:
        return _State(a, d)
    there = np.isfinite(known[0]) & np.isfinite(known[1])
    return _State(np.where(there, known[0], a), np.where(there, known[1], d))


class _Estimation:
    """The two steps of the EM algorithm for one set of responses."""

    def __init__(self, responses: Responses, model: Model, priors: Priors | None, node_count: int) -> None:
        self.rows = Rows(responses)
        self.theta, self.prior = nodes(node_count), log_prior(node_count)
        self.model, self.priors = model, priors

    def expect(self, state: _State) -> _State:
        """Fill in the likelihood and the expected answers at each node (E step)."""
        expected = np.zeros((2 * self.rows.items, len(self.theta)))
        likelihood, persons = 0.0, np.zeros(len(self.theta))
        for _, matrix, posterior, part in self.rows.posteriors(
            log_probabilities(state.a, state.d, self.theta), self.prior
        ):
            expected += matrix.T @ posterior
            persons += posterior.sum(axis=0)
            likelihood += part
        state.expected = expected.reshape(self.rows.items, 2, -1)
        state.persons, state.likelihood = persons, likelihood
        state.penalised = likelihood + self._log_priors(state)
        return state

    def _log_priors(self, state: _State) -> float:
        if self.priors is None:
            return 0.0
        known = self.priors
        slopes = state.a[:1] if self.model is Model.ONE_PARAMETER else state.a
        return float(
            -0.5 * (((slopes - known.a_mean) / known.a_sd) ** 2).sum()
            - 0.5 * (((state.d - known.d_mean) / known.d_sd) ** 2).sum()
        )

    def maximise(self, state: _State) -> _State:
        """Return the parameters that fit the expected answers best (M step): Newton on a concave function."""
        assert state.expected is not None
        n, right = state.expected.sum(axis=1), state.expected[:, 1]
        a, d = state.a, state.d
        for _ in range(_NEWTON_STEPS):
            move_a, move_d = self._newton(a, d, n, right)
            a, d = a + move_a, np.clip(d + move_d, -D_EDGE, D_EDGE)
            if max(np.abs(move_a).max(), np.abs(move_d).max()) < 1e-9:
                break
        # At the edge, or on a curve gone flat, Newton may end lower than it began; what began there then stays.
        gain = self._fit(a, d, state.expected) - self._fit(state.a, state.d, state.expected)
        better = gain >= 0 if self.model is Model.TWO_PARAMETER else np.full(len(a), gain.sum() >= 0)
        return _State(np.where(better, a, state.a), np.where(better, d, state.d))

    def rescale(self, state: _State, persons: Floats) -> _State:
        """Return the parameters that give the expected persons mean 0 and variance 1, all P unchanged.

        EM is slow to move all items together; with the ability's mean and variance as parameters of the step that is
        one move (C. Liu, D. B. Rubin and Y. N. Wu, Biometrika 85, 1998, 755-770).
        """
        mean = persons @ self.theta / persons.sum()
        deviation = np.sqrt(max(persons @ self.theta**2 / persons.sum() - mean**2, 0.01))
        a = np.clip(state.a * deviation, -A_EDGE, A_EDGE)
        return _State(a, np.clip(state.d + state.a * mean, -D_EDGE, D_EDGE))

    def _fit(self, a: Floats, d: Floats, expected: Floats) -> Floats:
        """Return the expected log-likelihood of each item with its priors (a common slope's shared out)."""
        cells = log_probabilities(a, d, self.theta).reshape(expected.shape)
        fit: Floats = (expected * cells).sum(axis=(1, 2))
        if self.priors is None:
            return fit
        known, share = self.priors, len(a) if self.model is Model.ONE_PARAMETER else 1
        slope = ((a - known.a_mean) / known.a_sd) ** 2 / share
        return fit - 0.5 * slope - 0.5 * ((d - known.d_mean) / known.d_sd) ** 2

    def _newton(self, a: Floats, d: Floats, n: Floats, right: Floats) -> tuple[Floats, Floats]:
        """Return the Newton step for a and d from gradient and information of the expected log-likelihood."""
        p = probabilities(a, d, self.theta)
        surplus, weight = right - n * p, n * p * (1 - p)
        g_d, g_a = surplus.sum(axis=1), surplus @ self.theta
        h_dd, h_da, h_aa = weight.sum(axis=1), weight @ self.theta, weight @ self.theta**2
        if self.priors:
            known = self.priors
            g_d, h_dd = g_d - (d - known.d_mean) / known.d_sd**2, h_dd + 1 / known.d_sd**2
        h_dd = np.maximum(h_dd, 1e-10)  # rounding must not make a flat curve's information 0
        # Along the best d for each a, one equation is left for a (for the common a, the sum over the items).
        gradient, information = g_a - h_da * g_d / h_dd, h_aa - h_da**2 / h_dd
        shared = self.model is Model.ONE_PARAMETER
        if shared:
            gradient, information = gradient.sum(keepdims=True), information.sum(keepdims=True)
        if self.priors:
            gradient = gradient - (a[: len(gradient)] - self.priors.a_mean) / self.priors.a_sd**2
            information = information + 1 / self.priors.a_sd**2
        # A step across a saturated curve overshoots; a bounded one comes back.
        step = np.clip(gradient / np.maximum(information, 1e-10), -1, 1)
        move_a = np.clip(a + step, -A_EDGE, A_EDGE) - a
        return move_a, np.clip((g_d - h_da * move_a) / h_dd, -3, 3)


def _accelerate(
    work: _Estimation,
    start: _State,
    tolerance: float,
    max_steps: int,
    tell: Callable[[_State, float, int], None],
) -> tuple[_State, bool, list[float]]:
    """Return the last state, whether it is the limit, and the likelihood after each accepted step.

    From two EM steps r = x1 - x0 and v = (x2 - x1) - r the next point is x0 + 2 s r + s^2 v with s = |r| / |v|.
    It is kept if its likelihood is not below that of x1, which EM guarantees for x2; else x2 takes its place.
    The rate of EM makes about s |r| the distance that is left, which decides when to stop.
    """
    trace: list[float] = []
    state = _approach(work, work.expect(start), trace)
    steps, longest = len(trace), 4.0
    while steps < max_steps:
        first = work.expect(work.maximise(state))
        second = work.maximise(first)
        steps += 1
        r = first.vector - state.vector
        v = second.vector - first.vector - r
        bend = float(np.linalg.norm(v))
        stretch = float(np.linalg.norm(r)) / bend if bend > 0 else 1.0
        distance = float(np.abs(second.vector - first.vector).max()) * max(1.0, stretch)
        tell(second, distance, steps)
        if distance < tolerance:
            last = work.expect(second)
            trace += [first.penalised, last.penalised]
            return last, True, trace
        longest = longest * 2 if stretch >= longest else longest
        stretch = min(max(stretch, 1.0), longest)
        leap = work.expect(_leap(state, r, v, stretch))
        steps += 1
        if not leap.penalised >= first.penalised - _FALL * abs(first.penalised):
            leap, longest = work.expect(second), max(4.0, longest / 2)
            steps += 1
        trace += [first.penalised, leap.penalised]
        state = leap
    return state, False, trace


def _approach(work: _Estimation, state: _State, trace: list[float]) -> _State:
    """Return the state after a few rescaled steps, as long as they are large and the likelihood rises."""
    trace.append(state.penalised)
    for _ in range(_FIRST_STEPS):
        assert state.persons is not None
        moved = work.expect(work.rescale(work.maximise(state), state.persons))
        if moved.penalised <= state.penalised:
            break
        far = np.abs(moved.vector - state.vector).max()
        state = moved
        trace.append(state.penalised)
        if far < 1e-4:
            break
    return state


def _leap(state: _State, r: Floats, v: Floats, stretch: float) -> _State:
    moved = state.vector + 2 * stretch * r + stretch**2 * v
    a, d = np.split(moved, 2)
    return _State(np.clip(a, -A_EDGE, A_EDGE), np.clip(d, -D_EDGE, D_EDGE))
