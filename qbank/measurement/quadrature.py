"""The normal ability and its posterior on a grid of nodes: what calibration and ability estimates share.

The model is P = 1 / (1 + exp(-(a theta + d))), ability theta ~ N(0, 1). Integrals over theta are sums over 41 equally
spaced nodes from -6 to 6; 21 are too coarse once a person has 60 items or more, as the posterior gets narrower than
the grid.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np

from qbank.measurement.responses import Floats, Responses

NODES, EDGE = 41, 6.0
_ROWS = 16_384  # persons at a time: the posterior of that many takes 5 MB, however many there are


@cache
def nodes(count: int = NODES) -> Floats:
    """Return the nodes, shape (count,), in steps from -6 to 6; not to be changed. Raises ValueError below three."""
    if count < 3:
        raise ValueError(f"{count} nodes are too few to integrate over")
    points = np.linspace(-EDGE, EDGE, count)
    points.setflags(write=False)
    return points


@cache
def log_prior(count: int = NODES) -> Floats:
    """Return the log of the normal density at the nodes, scaled so that the weights sum to 1; not to be changed."""
    density = -0.5 * nodes(count) ** 2
    weights: Floats = density - np.log(np.exp(density).sum())
    weights.setflags(write=False)
    return weights


def probabilities(a: Floats, d: Floats, theta: Floats) -> Floats:
    """Return P of a right answer, shape (items, abilities)."""
    with np.errstate(over="ignore"):  # exp of a large number is inf, and 1 / inf the right answer
        return 1 / (1 + np.exp(-(a[:, None] * theta + d[:, None])))


def log_probabilities(a: Floats, d: Floats, theta: Floats) -> Floats:
    """Return the logs of Q and P in the order of cells (wrong, right of each item), shape (2 * items, abilities)."""
    z = a[:, None] * theta + d[:, None]
    # log P = -log(1 + exp(-z)), written so that neither tail overflows
    log_p = np.minimum(z, 0) - np.log1p(np.exp(-np.abs(z)))
    return np.stack([log_p - z, log_p], axis=1).reshape(2 * z.shape[0], z.shape[1])


class Rows:
    """The persons x 2 items matrix in bands of rows, made once for all passes."""

    def __init__(self, responses: Responses, weights: Floats | None = None) -> None:
        whole = responses.matrix(weights)
        self.persons, self.items = responses.persons, responses.items
        if self.persons <= _ROWS:
            self.bands: list[tuple[slice, Any]] = [(slice(0, self.persons), whole)]
        else:
            cuts = [slice(start, min(start + _ROWS, self.persons)) for start in range(0, self.persons, _ROWS)]
            self.bands = [(cut, whole[cut.start : cut.stop]) for cut in cuts]

    def posteriors(self, log_cells: Floats, prior: Floats) -> Iterator[tuple[slice, Any, Floats, float]]:
        """Yield band, its matrix, its persons' posterior (persons, nodes; rows sum to 1), and its log-likelihood."""
        for cut, matrix in self.bands:
            weight = matrix @ log_cells
            weight += prior
            top = weight.max(axis=1, keepdims=True) if len(weight) else np.zeros((0, 1))
            weight -= top
            np.exp(weight, out=weight)
            total = weight.sum(axis=1, keepdims=True)
            weight /= total
            yield cut, matrix, weight, float((top + np.log(total)).sum())
