from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from qbank.measurement import ability
from qbank.measurement.irt import calibrate
from qbank.measurement.quadrature import nodes, probabilities
from qbank.measurement.responses import Responses
from tests.measurement.tables import from_patterns, lsat6, rows_of, simulated, tables

CHANCES = st.lists(st.floats(0, 1), min_size=1, max_size=8)


def parameters(items: int, seed: int = 2) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    random = np.random.default_rng(seed)
    return random.lognormal(0, 0.3, items), random.normal(0, 1, items)


def test_every_pattern_of_lsat6_has_the_published_ability() -> None:
    reference = rows_of("lsat6_eap_2pl.csv")
    items = calibrate(lsat6())
    found = ability.estimate(from_patterns([row["pattern"] for row in reference]), items.a, items.d)
    assert len(reference) == 32
    np.testing.assert_allclose(found.eap, [float(row["eap"]) for row in reference], atol=1e-5)
    np.testing.assert_allclose(found.psd, [float(row["psd"]) for row in reference], atol=1e-5)


@given(tables(1, 6))
def test_an_item_not_taken_is_as_if_it_were_not_there(table: NDArray[np.float64]) -> None:
    a, d = parameters(table.shape[1])
    found = ability.estimate(Responses.from_dense(table), a, d)
    for number, person in enumerate(table):
        took = ~np.isnan(person)
        alone = ability.estimate(Responses.from_dense(person[None, took]), a[took], d[took])
        assert found.eap[number] == pytest.approx(alone.eap[0], abs=1e-10)
        assert found.psd[number] == pytest.approx(alone.psd[0], abs=1e-10)


@given(tables(1, 6))
def test_an_item_without_parameters_says_nothing(table: NDArray[np.float64]) -> None:
    a, d = parameters(table.shape[1])
    a[0] = np.nan
    found = ability.estimate(Responses.from_dense(table), a, d)
    rest = ability.estimate(Responses.from_dense(table[:, 1:]), a[1:], d[1:])
    np.testing.assert_allclose(found.eap, rest.eap, atol=1e-10)


@given(tables(1, 6))
def test_leaving_a_response_out_equals_estimating_without_it(table: NDArray[np.float64]) -> None:
    a, d = parameters(table.shape[1])
    if len(a) > 2:
        a[2] = np.nan
    responses = Responses.from_dense(table)
    found = ability.left_out(responses, a, d)
    for place, (person, item) in enumerate(zip(responses.person, responses.item, strict=True)):
        without = table[person].copy()
        without[item] = np.nan
        expected = ability.estimate(Responses.from_dense(without[None]), a, d).eap[0]
        assert found[place] == pytest.approx(expected, abs=1e-8)


def test_nobody_and_nothing_taken_give_the_prior() -> None:
    a, d = parameters(2)
    found = ability.estimate(Responses.from_dense([[np.nan, np.nan]]), a, d)
    assert found.eap[0] == pytest.approx(0, abs=1e-12)
    assert found.psd[0] == pytest.approx(1, abs=1e-6)
    assert len(ability.estimate(Responses.from_dense(np.zeros((0, 2))), a, d).eap) == 0


def test_a_weight_of_two_counts_a_response_twice_and_a_weight_of_zero_not_at_all() -> None:
    a, d = parameters(3)
    weighted = ability.estimate(Responses.from_dense([[1, 0, 1]]), a, d, weights=np.array([2.0, 1.0, 0.0]))
    twice = ability.estimate(Responses.from_dense([[1, 1, 0]]), a[[0, 0, 1]], d[[0, 0, 1]])
    assert weighted.eap[0] == pytest.approx(twice.eap[0])
    with pytest.raises(ValueError, match="not negative"):
        ability.estimate(Responses.from_dense([[1, 0, 1]]), a, d, weights=np.array([1.0, -1.0, 1.0]))


def test_a_response_of_ninety_days_ago_weighs_half() -> None:
    np.testing.assert_allclose(ability.decay([0, 90, 180]), [1, 0.5, 0.25])
    with pytest.raises(ValueError, match="negative"):
        ability.decay([-1])


@given(CHANCES)
def test_the_score_distribution_equals_the_sum_over_all_patterns(chances: list[float]) -> None:
    expected = np.zeros(len(chances) + 1)
    for pattern in product((0, 1), repeat=len(chances)):
        expected[sum(pattern)] += np.prod([p if x else 1 - p for x, p in zip(pattern, chances, strict=True)])
    found = ability.score_distribution(chances)[:, 0]
    np.testing.assert_allclose(found, expected, atol=1e-12)
    assert found.sum() == pytest.approx(1)


def test_a_chance_above_one_is_refused() -> None:
    with pytest.raises(ValueError, match="within 0 to 1"):
        ability.score_distribution([0.5, 1.5])
    with pytest.raises(ValueError, match="within 0 to 1"):
        ability.score_distribution([np.nan])


@given(st.integers(1, 12), st.integers(-2, 15), st.integers(0, 100))
def test_a_forecast_averages_over_the_posterior(items: int, cut: int, seed: int) -> None:
    a, d = parameters(items, seed)
    answers = Responses.from_dense(np.random.default_rng(seed).integers(0, 2, (1, items)))
    weights = ability.posterior(answers, a, d)[0]
    found = ability.forecast(weights, a, d, cut)
    scores = ability.score_distribution(probabilities(a, d, nodes())) @ weights
    assert found.chance == pytest.approx(scores[max(0, cut) :].sum(), abs=1e-9)
    assert found.expected == pytest.approx(np.arange(items + 1) @ scores, abs=1e-9)
    assert 0 <= found.chance_low <= found.chance_high <= 1
    assert 0 <= found.low <= found.expected <= found.high <= items


def test_more_answers_narrow_the_chance_of_reaching_the_cut() -> None:
    def width(count: int) -> float:
        a, d = np.ones(count), np.zeros(count)
        weights = ability.posterior(Responses.from_dense([[1.0, 0.0] * (count // 2)]), a, d)[0]
        found = ability.forecast(weights, np.ones(20), np.zeros(20), 10)
        return found.chance_high - found.chance_low

    assert width(4) > width(40) > width(400)
    with pytest.raises(ValueError, match="posterior"):
        ability.forecast(np.ones(41), np.ones(2), np.zeros(2), 1)


def test_quantiles_of_the_prior_are_those_of_the_normal() -> None:
    prior = ability.posterior(Responses.from_dense([[np.nan]]), np.ones(1), np.zeros(1))[0]
    found = [ability.ability_quantile(prior, level) for level in (0.025, 0.5, 0.975)]
    assert found == pytest.approx([-1.96, 0, 1.96], abs=0.03)


@given(st.integers(0, 50), st.floats(0.05, 0.95))
def test_a_cut_mapped_to_ability_gives_back_the_cut(seed: int, share: float) -> None:
    a, d = parameters(10, seed)
    theta = ability.ability_at(a, d, 10 * share)
    assert theta is not None
    assert ability.characteristic(a, d, theta)[0] == pytest.approx(10 * share, abs=1e-6)


def test_a_cut_that_no_ability_reaches_has_none() -> None:
    a, d = parameters(3)
    assert ability.ability_at(a, d, 3.5) is None
    assert ability.ability_at(a, d, -1) is None
    assert ability.ability_at(-a, d, 1.5) is None
    assert ability.ability_at(a[:0], d[:0], 0) is None


def test_information_is_greatest_at_the_difficulty_and_grows_with_the_slope() -> None:
    a, d = np.array([1.0, 2.0]), np.array([-1.0, -2.0])
    at = ability.information(a, d, [0.0, 1.0, 2.0])
    np.testing.assert_allclose(at[:, 1], a**2 / 4)
    assert (at[:, 1] > at[:, 0]).all()
    assert (at[:, 1] > at[:, 2]).all()


def test_more_items_make_the_abilities_more_reliable() -> None:
    def of(items: int) -> float:
        responses, known = simulated(400, items, seed=1)
        found = ability.empirical_reliability(ability.estimate(responses, known[0], known[1]))
        assert found is not None
        return found

    assert 0 < of(5) < of(20) < of(80) < 1
    assert ability.empirical_reliability(ability.Abilities(np.zeros(1), np.ones(1))) is None


def test_parameters_of_other_items_are_refused() -> None:
    with pytest.raises(ValueError, match="parameters for 2 items"):
        ability.estimate(Responses.from_dense([[1, 0]]), np.ones(3), np.ones(3))
