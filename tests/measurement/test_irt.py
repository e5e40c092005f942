import numpy as np
import pytest
from hypothesis import given, settings
from numpy.typing import NDArray
from scipy import optimize

from qbank.measurement.irt import A_EDGE, Model, Priors, calibrate
from qbank.measurement.quadrature import log_prior, nodes
from qbank.measurement.responses import Responses, stack
from tests.measurement.tables import complete_tables, from_patterns, lsat6, simulated, tables

A = [0.8256595, 0.7227442, 0.8908745, 0.6883680, 0.6568559]
D = [2.7732344, 0.9902012, 0.2491475, 1.2847569, 2.0532704]
B = [-3.3588111, -1.3700576, -0.2796662, -1.8663810, -3.1259068]


def test_the_two_parameter_model_of_lsat6_has_the_published_parameters_and_likelihood() -> None:
    found = calibrate(lsat6())
    np.testing.assert_allclose(found.a, A, atol=1e-6)
    np.testing.assert_allclose(found.d, D, atol=1e-6)
    np.testing.assert_allclose(found.b, B, atol=5e-6)
    assert found.log_likelihood == pytest.approx(-2466.65337740, abs=1e-6)
    assert found.converged


def test_the_one_parameter_model_of_lsat6_has_the_published_slope_and_likelihood() -> None:
    found = calibrate(lsat6(), Model.ONE_PARAMETER)
    np.testing.assert_allclose(found.a, 0.7551346167, atol=1e-6)
    assert found.log_likelihood == pytest.approx(-2466.93759958, abs=1e-6)


def _marginal(table: NDArray[np.float64], a: NDArray[np.float64], d: NDArray[np.float64]) -> float:
    """The marginal log-likelihood, person by person and node by node."""
    total = 0.0
    for person in table:
        whole = 0.0
        for theta, weight in zip(nodes(), np.exp(log_prior()), strict=True):
            p = 1 / (1 + np.exp(-(a * theta + d)))
            whole += weight * np.prod(np.where(np.isnan(person), 1, np.where(person == 1, p, 1 - p)))
        total += np.log(whole)
    return total


def test_the_result_is_the_maximum_that_a_general_optimiser_finds() -> None:
    responses, _ = simulated(300, 6, seed=4, share=0.8)
    found = calibrate(responses)
    table = responses.dense()
    assert found.log_likelihood == pytest.approx(_marginal(table, found.a, found.d), abs=1e-8)

    def loss(x: NDArray[np.float64]) -> float:
        p = 1 / (1 + np.exp(-(x[:6, None] * nodes() + x[6:, None])))
        right, wrong = table == 1, table == 0
        likelihood = np.exp(right @ np.log(p) + wrong @ np.log(1 - p) + log_prior())
        return -float(np.log(likelihood.sum(axis=1)).sum())

    best = optimize.minimize(loss, np.concatenate([np.ones(6), np.zeros(6)]), method="BFGS", options={"gtol": 1e-5})
    assert -best.fun == pytest.approx(found.log_likelihood, abs=1e-5)
    np.testing.assert_allclose(np.concatenate([found.a, found.d]), best.x, atol=1e-3)


@settings(max_examples=20, deadline=None)
@given(tables(2))
def test_the_likelihood_never_falls(table: NDArray[np.float64]) -> None:
    for model in Model:
        for priors in (None, Priors()):
            found = calibrate(Responses.from_dense(table), model, priors=priors, tolerance=1e-4, max_steps=40)
            steps = np.diff(found.trace)
            assert (steps >= -1e-7).all()
            assert np.isfinite(found.log_likelihood)


@settings(max_examples=15, deadline=None)
@given(complete_tables(4))
def test_priors_keep_parameters_of_any_table_finite_and_the_order_changes_nothing(table: NDArray[np.float64]) -> None:
    order = np.random.default_rng(1).permutation(table.shape[1])
    one = calibrate(Responses.from_dense(table), priors=Priors(), tolerance=1e-8)
    other = calibrate(Responses.from_dense(table[::-1, order]), priors=Priors(), tolerance=1e-8)
    assert one.converged
    assert one.calibrated.all()
    assert not one.at_edge.any()
    np.testing.assert_allclose(other.a, one.a[order], atol=1e-4)
    np.testing.assert_allclose(other.d, one.d[order], atol=1e-4)
    assert one.log_likelihood == pytest.approx(other.log_likelihood, abs=1e-5)


def test_everybody_taken_twice_leaves_the_parameters_and_doubles_the_likelihood() -> None:
    one, two = calibrate(lsat6()), calibrate(stack([lsat6()] * 2))
    np.testing.assert_allclose(two.a, one.a, atol=1e-5)
    assert two.log_likelihood == pytest.approx(2 * one.log_likelihood, abs=1e-5)


def test_bands_of_persons_add_up_to_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = calibrate(lsat6())
    monkeypatch.setattr("qbank.measurement.quadrature._ROWS", 170)
    banded = calibrate(lsat6())
    np.testing.assert_allclose(banded.a, whole.a, atol=1e-9)
    assert banded.log_likelihood == pytest.approx(whole.log_likelihood, abs=1e-8)


@pytest.mark.parametrize(("model", "least"), [(Model.TWO_PARAMETER, 0.9), (Model.ONE_PARAMETER, 0.0)])
def test_known_parameters_are_found_again_from_a_sparse_table(model: Model, least: float) -> None:
    responses, known = simulated(3000, 40, seed=9, share=0.5)
    found = calibrate(responses, model)
    assert np.corrcoef(found.d, known[1])[0, 1] > 0.99
    assert np.abs(found.d - known[1]).mean() < 0.15
    if least:
        assert np.corrcoef(found.a, known[0])[0, 1] > least


def test_items_that_all_got_right_or_nobody_took_are_left_without_parameters() -> None:
    table = np.array([[1, 1, 0, np.nan], [1, 0, 0, np.nan], [1, 1, 1, np.nan], [1, 0, 1, np.nan]])
    found = calibrate(Responses.from_dense(table))
    np.testing.assert_array_equal(found.calibrated, [False, True, True, False])
    with_priors = calibrate(Responses.from_dense(table), priors=Priors())
    np.testing.assert_array_equal(with_priors.calibrated, [True, True, True, False])


@pytest.mark.filterwarnings("error")
def test_a_slope_that_the_answers_do_not_bound_is_reported() -> None:
    perfect = from_patterns(("111",) * 40 + ("110",) * 40 + ("100",) * 40 + ("000",) * 40)
    found = calibrate(perfect)
    assert np.isfinite(found.a).all()
    assert (np.abs(found.a) <= A_EDGE).all()
    assert found.at_edge.any()
    assert not calibrate(perfect, priors=Priors()).at_edge.any()


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("table", [np.zeros((0, 2)), np.full((2, 2), np.nan), np.ones((3, 2)), np.zeros((2, 0))])
def test_tables_that_tell_nothing_calibrate_nothing(table: NDArray[np.float64]) -> None:
    for model in Model:
        found = calibrate(Responses.from_dense(table), model)
        assert not found.calibrated.any()
        assert found.log_likelihood == 0


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("table", [[[1, 0]], [[1], [0]], [[1, 0], [0, 1]], [[1, np.nan], [0, 1]]])
def test_tiny_tables_end_without_a_warning(table: list[list[float]]) -> None:
    for model in Model:
        found = calibrate(Responses.from_dense(table), model, max_steps=200)
        assert np.isfinite(found.log_likelihood)


def test_too_few_steps_are_said_and_senseless_settings_refused() -> None:
    assert not calibrate(lsat6(), max_steps=3).converged
    with pytest.raises(ValueError, match="above 0"):
        calibrate(lsat6(), tolerance=0)
    with pytest.raises(ValueError, match="above 0"):
        Priors(a_sd=0)
    with pytest.raises(ValueError, match="too few"):
        calibrate(lsat6(), node_count=2)
