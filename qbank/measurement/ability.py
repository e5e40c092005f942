"""Ability of persons from calibrated items, and what it says about their score on a form.

Ability theta has the prior N(0, 1); estimates are the mean of the posterior (EAP; R. D. Bock and R. J. Mislevy,
Applied Psychological Measurement 6, 1982, 431-444) with its standard deviation (PSD). Items not taken, and items
without parameters, are simply not summed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import optimize

from qbank.measurement.quadrature import Rows, log_prior, log_probabilities, nodes, probabilities
from qbank.measurement.responses import Floats, Responses

HALF_LIFE_DAYS = 90.0


@dataclass(frozen=True, slots=True, eq=False)
class Abilities:
    """Shape (persons,) each; a person without responses has the prior's 0 and (almost) 1."""

    eap: Floats
    psd: Floats


@dataclass(frozen=True, slots=True)
class Forecast:
    """What the posterior of one person says about a form."""

    expected: float  # number right
    low: float  # 95 % limits of the number right
    high: float
    chance: float  # of at least the cut
    chance_low: float  # the chance at the 2.5 % and 97.5 % points of the ability
    chance_high: float


def decay(age_days: ArrayLike, half_life: float = HALF_LIFE_DAYS) -> Floats:
    """Return the weight of responses by age, 2^(-age / half-life), same shape: people learn, old answers tell less.

    Raises ValueError for a negative age or a half-life that is not above 0.
    """
    ages = np.asarray(age_days, dtype=np.float64)
    if half_life <= 0 or (ages < 0).any():
        raise ValueError("ages must not be negative, and the half-life must be above 0")
    return np.exp2(-ages / half_life)


def estimate(responses: Responses, a: Floats, d: Floats, *, weights: Floats | None = None) -> Abilities:
    """Return EAP and PSD of every person.

    ``a`` and ``d`` have shape (items,), NaN for items without parameters; ``weights``, shape (responses,), multiplies
    each response's log-likelihood. Raises ValueError for other shapes or negative weights.
    """
    kept, slopes, intercepts, weights = _usable(responses, a, d, weights)
    eap, psd = np.zeros(responses.persons), np.zeros(responses.persons)
    theta = nodes()
    for cut, _, posterior, _ in Rows(kept, weights).posteriors(
        log_probabilities(slopes, intercepts, theta), log_prior()
    ):
        eap[cut] = posterior @ theta
        psd[cut] = np.sqrt(np.maximum(posterior @ theta**2 - eap[cut] ** 2, 0))
    return Abilities(eap, psd)


def posterior(responses: Responses, a: Floats, d: Floats, *, weights: Floats | None = None) -> Floats:
    """Return the posterior of every person at the nodes, shape (persons, 41), rows summing to 1."""
    kept, slopes, intercepts, weights = _usable(responses, a, d, weights)
    cells = log_probabilities(slopes, intercepts, nodes())
    parts = [part for _, _, part, _ in Rows(kept, weights).posteriors(cells, log_prior())]
    return np.concatenate(parts) if parts else np.zeros((0, len(nodes())))


def _usable(
    responses: Responses, a: Floats, d: Floats, weights: Floats | None
) -> tuple[Responses, Floats, Floats, Floats | None]:
    """Return the responses to items that have parameters, those parameters, and the responses' weights."""
    if len(a) != responses.items or len(d) != responses.items:
        raise ValueError(f"{len(a)} and {len(d)} parameters for {responses.items} items")
    if weights is not None and (len(weights) != len(responses) or (weights < 0).any()):
        raise ValueError("give each response one weight that is not negative")
    known = np.isfinite(a) & np.isfinite(d)
    if known.all():
        return responses, a, d, weights
    kept = weights[known[responses.item]] if weights is not None else None
    return responses.of_items(known), a[known], d[known], kept


def left_out(responses: Responses, a: Floats, d: Floats) -> Floats:
    """Return for every response the person's EAP from the other responses, shape (responses,).

    Taking a response out divides the posterior by its P (or Q), so no posterior is computed anew. A response to an
    item without parameters was never in. Work: 41 numbers a response, by bands of responses.
    """
    theta, band = nodes(), 50_000
    kept = posterior(responses, a, d)
    known = np.isfinite(a) & np.isfinite(d)
    likelihood = np.exp(log_probabilities(np.where(known, a, 0.0), np.where(known, d, 0.0), theta))
    result = np.empty(len(responses))
    for start in range(0, len(responses), band):
        part = slice(start, start + band)
        weight = kept[responses.person[part]] / np.maximum(likelihood[responses.cell[part]], 1e-300)
        result[part] = weight @ theta / weight.sum(axis=1)
    return result


def empirical_reliability(abilities: Abilities) -> float | None:
    """Return var(EAP) / (var(EAP) + mean PSD^2): how well the estimates tell persons apart. None below two."""
    if len(abilities.eap) < 2:
        return None
    spread, noise = float(abilities.eap.var()), float((abilities.psd**2).mean())
    return spread / (spread + noise) if spread + noise > 0 else None


def information(a: Floats, d: Floats, theta: ArrayLike) -> Floats:
    """Return the information of each item at each ability, a^2 P Q, shape (items, abilities).

    Summed over items it is the test's; 1 / sqrt of that is the standard error of a maximum likelihood estimate.
    """
    p = probabilities(a, d, np.atleast_1d(np.asarray(theta, dtype=np.float64)))
    gained: Floats = a[:, None] ** 2 * p * (1 - p)
    return gained


def characteristic(a: Floats, d: Floats, theta: ArrayLike) -> Floats:
    """Return the expected number right at each ability, the sum of P over the items (test characteristic curve)."""
    expected: Floats = probabilities(a, d, np.atleast_1d(np.asarray(theta, dtype=np.float64))).sum(axis=0)
    return expected


def ability_at(a: Floats, d: Floats, score: float) -> float | None:
    """Return the ability at which the expected number right is ``score``, so that a cut moves to any form.

    None where no ability from -12 to 12 has it, or an item's a is not above 0, which lets several have it.
    """
    edge = 12.0
    if not len(a) or not (a > 0).all():
        return None
    low, high = characteristic(a, d, [-edge, edge])
    if not low <= score <= high:
        return None
    return float(optimize.brentq(lambda theta: characteristic(a, d, theta)[0] - score, -edge, edge, xtol=1e-10))


def score_distribution(p: ArrayLike) -> Floats:
    """Return the distribution of the number right: the chance of 0, 1, ..., k, shape (k + 1, abilities).

    ``p``, shape (items, abilities) or (items,), holds the chances of a right answer. The recursion of F. M. Lord and
    M. S. Wingersky (Applied Psychological Measurement 8, 1984, 453-461): each item splits every score into itself and
    one more. Raises ValueError for chances outside 0 to 1.
    """
    chances = np.asarray(p, dtype=np.float64)
    chances = chances[:, None] if chances.ndim == 1 else chances
    if not ((chances >= 0) & (chances <= 1)).all():
        raise ValueError("a chance lies within 0 to 1")
    scores = np.zeros((len(chances) + 1, chances.shape[1]))
    scores[0] = 1
    for taken, chance in enumerate(chances):
        scores[1 : taken + 2] = scores[1 : taken + 2] * (1 - chance) + scores[: taken + 1] * chance
        scores[0] *= 1 - chance
    return scores


def forecast(weights: Floats, a: Floats, d: Floats, cut: float, confidence: float = 0.95) -> Forecast:
    """Return the expected score on a form and the chance of at least ``cut`` right, from a whole posterior.

    ``weights``, shape (41,), is the person's posterior at the nodes; ``a`` and ``d`` are the form's items. Chance and
    limits of the score average the score distributions over the posterior; the limits of the chance are its values at
    the limits of the ability. Raises ValueError for a form without items or weights that do not sum to 1.
    """
    if not len(a) or len(weights) != len(nodes()) or not np.isclose(weights.sum(), 1):
        raise ValueError("a forecast needs a form with items and a posterior that sums to 1")
    tail = (1 - confidence) / 2
    scores = score_distribution(probabilities(a, d, nodes()))
    mixed = np.cumsum(scores @ weights)
    reached = scores[max(0, int(np.ceil(cut))) :].sum(axis=0)
    limits = [ability_quantile(weights, level) for level in (tail, 1 - tail)]
    at_limits = [float(np.interp(theta, nodes(), reached)) for theta in limits]
    return Forecast(
        expected=float(characteristic(a, d, nodes()) @ weights),
        low=float(np.searchsorted(mixed, tail)),
        high=float(min(int(np.searchsorted(mixed, 1 - tail)), len(a))),
        chance=float(np.clip(reached @ weights, 0, 1)),
        chance_low=min(1.0, max(0.0, min(at_limits))),
        chance_high=min(1.0, max(0.0, *at_limits)),
    )


def ability_quantile(weights: Floats, level: float) -> float:
    """Return the ability below which ``level`` of a posterior lies, weights spread evenly around their nodes."""
    theta = nodes()
    half = (theta[1] - theta[0]) / 2
    edges = np.concatenate([[theta[0] - half], theta + half])
    return float(np.interp(level, np.concatenate([[0.0], np.cumsum(weights)]), edges))
