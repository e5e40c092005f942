from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qbank.measurement import readiness
from qbank.measurement.quadrature import probabilities
from qbank.measurement.responses import Floats

FORM = (np.ones(40), np.linspace(-1.5, 2.5, 40))


def simulated(rng: np.random.Generator, learners: int, taken: int) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    """Return a and d of the items taken, the right answers (learners, taken), and the chances and a score on FORM."""
    a, d = rng.uniform(0.6, 1.6, taken), rng.normal(0.5, 1.0, taken)
    theta = rng.normal(size=learners)
    right = (rng.random((learners, taken)) < probabilities(a, d, theta).T).astype(np.float64)
    on_form = (rng.random((learners, 40)) < probabilities(*FORM, theta).T).sum(axis=1)
    return a, d, right, theta, on_form.astype(np.float64)


def chances(learners: int, taken: int, cut: int, seed: int) -> tuple[Floats, Floats]:
    """Return the predicted chance of each simulated learner, and whether each then reached the cut."""
    a, d, right, _theta, scores = simulated(np.random.default_rng(seed), learners, taken)
    told = [readiness.predict(row, a, d, np.zeros(taken), FORM, cut).forecast.chance for row in right]
    return np.asarray(told), scores >= readiness.needed_right(cut, 40)


def test_of_learners_given_about_70_percent_about_70_percent_pass() -> None:
    told, passed = chances(2500, 80, 62, seed=11)
    for low, high in ((0.6, 0.8), (0.2, 0.4), (0.4, 0.6)):
        band = (told >= low) & (told < high)
        n = int(band.sum())
        assert n > 100
        # three standard errors of a share of n: what chance alone may do
        assert abs(passed[band].mean() - told[band].mean()) < 3 * np.sqrt(0.25 / n)
    assert abs(passed.mean() - told.mean()) < 3 * np.sqrt(0.25 / 2500)


def test_old_answers_weigh_less_and_leave_the_interval_wider() -> None:
    a, d, right, _theta, _scores = simulated(np.random.default_rng(2), 1, 100)
    new, old = (readiness.predict(right[0], a, d, np.full(100, age), FORM, 60) for age in (0.0, 180.0))
    assert (new.effective, old.effective) == (100, pytest.approx(25))
    assert old.spread > new.spread
    assert old.forecast.chance_high - old.forecast.chance_low > new.forecast.chance_high - new.forecast.chance_low


def test_an_item_of_which_only_the_bank_is_known_says_less() -> None:
    a, d, right, _theta, _scores = simulated(np.random.default_rng(3), 1, 60)
    prior = readiness.bank_prior(a, d)
    assert 0 < prior.a < a.mean()
    assert abs(prior.d) < abs(d.mean())
    unknown = readiness.filled(np.full(60, np.nan), np.full(60, np.nan), prior)
    known = readiness.predict(right[0], a, d, np.zeros(60), FORM, 60)
    assert readiness.predict(right[0], *unknown, np.zeros(60), FORM, 60).spread > known.spread


def test_known_parameters_are_kept_when_the_others_are_filled() -> None:
    a, d = readiness.filled([1.5, np.nan], [0.3, np.nan], readiness.BankPrior(0.8, 0.1))
    assert (list(a), list(d)) == ([1.5, 0.8], [0.3, 0.1])


@pytest.mark.parametrize(("cut", "items", "needed"), [(60, 40, 24), (65, 100, 65), (66, 50, 33), (61, 5, 4), (1, 7, 1)])
def test_the_fewest_right_answers_that_reach_a_cut_are_counted_in_whole_numbers(
    cut: int, items: int, needed: int
) -> None:
    assert readiness.needed_right(cut, items) == needed


@given(st.integers(1, 60), st.integers(1, 150), st.integers(0, 20))
def test_a_typical_form_is_as_hard_as_the_bank_and_as_long_as_asked(bank: int, count: int, seed: int) -> None:
    d = np.random.default_rng(seed).normal(size=bank)
    slopes, intercepts = readiness.typical_form(np.ones(bank), d, count)
    assert len(slopes) == len(intercepts) == count
    assert set(intercepts) <= set(d)
    if count % bank == 0:
        assert intercepts.mean() == pytest.approx(d.mean())


def test_what_cannot_be_predicted_from_is_refused() -> None:
    one = np.ones(1)
    with pytest.raises(ValueError, match="a bank with items"):
        readiness.typical_form(one[:0], one[:0], 5)
    with pytest.raises(ValueError, match="at least one calibrated"):
        readiness.bank_prior([], [])
    with pytest.raises(ValueError, match="one a, one d and one age"):
        readiness.predict([1, 0], one, one, one, FORM, 60)
