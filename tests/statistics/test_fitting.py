"""The fit of a bank: what its parameters are worth, and what few answers and doubtful keys do to it."""

from __future__ import annotations

import numpy as np
import pytest

from qbank.measurement.ability import Abilities, empirical_reliability
from qbank.measurement.flags import Flag
from qbank.measurement.irt import Model
from qbank.measurement.responses import Floats, Responses
from qbank.statistics.fitting import Fit, Limits, fit
from tests.statistics.bank import Numbers, simulated


def as_responses(answers: Numbers) -> Responses:
    return Responses.from_dense(np.where(answers == -2, np.nan, answers == 0))


@pytest.fixture(scope="module")
def world() -> tuple[Numbers, Floats]:
    """1,500 learners, 40 items, 20 items a learner: about 750 answers an item."""
    answers, known = simulated(1500, 40, 20, seed=3)
    answers[:, 0] = np.where(answers[:, 0] == 0, 1, np.where(answers[:, 0] > 0, 0, answers[:, 0]))  # the key is wrong
    answers[150 * 2 :, 1] = -2  # about 150 answers
    answers[100:, 2] = -2  # about 50
    return answers, known


@pytest.fixture(scope="module")
def found(world: tuple[Numbers, Floats]) -> Fit:
    return fit(as_responses(world[0]))


def test_difficulties_agree_with_the_truth_within_their_standard_errors(
    world: tuple[Numbers, Floats], found: Fit
) -> None:
    a, d = world[1]
    apart = (found.b - -d / a)[3:] / found.se_b[3:]
    assert np.corrcoef(found.b[3:], (-d / a)[3:])[0, 1] > 0.97
    assert 0.6 < np.sqrt((apart**2).mean()) < 1.5
    slopes = ((found.a - a) / found.se_a)[3:]
    assert 0.6 < np.sqrt((slopes**2).mean()) < 1.5
    assert found.converged
    assert found.model is Model.TWO_PARAMETER


def test_an_item_with_a_wrong_key_is_left_out_and_says_why(found: Fit) -> None:
    assert found.r[0] < 0
    assert np.isnan(found.a[0])
    assert found.flags[0] == (Flag.CHECK_KEY, Flag.NOT_CALIBRATED)
    assert (found.r[3:] > 0).all()


def test_between_100_and_200_answers_an_item_has_a_difficulty_and_the_common_slope(
    world: tuple[Numbers, Floats], found: Fit
) -> None:
    assert 100 <= found.n[1] < 200
    assert not found.own_slope[1]
    assert found.a[1] == pytest.approx(float(np.exp(np.log(found.a[3:]).mean())))
    assert np.isnan(found.se_a[1])
    assert abs(found.d[1] - world[1][1, 1]) < 4 * found.se_d[1]


def test_below_100_answers_there_is_no_parameter_and_no_correlation(found: Fit) -> None:
    assert found.n[2] < 100
    assert np.isnan([found.a[2], found.d[2], found.b[2], found.r[2], found.se_b[2]]).all()
    assert found.flags[2] == (Flag.TOO_FEW,)


def test_a_bank_with_few_answers_gets_one_slope_for_all() -> None:
    answers, known = simulated(150, 10, 10, seed=5)
    found = fit(as_responses(answers))
    assert found.model is Model.ONE_PARAMETER
    assert np.ptp(found.a) == pytest.approx(0, abs=1e-9)
    assert np.corrcoef(found.d, known[1])[0, 1] > 0.9
    assert not found.own_slope.any()


def test_a_fit_that_begins_where_another_stopped_has_the_same_limit(world: tuple[Numbers, Floats], found: Fit) -> None:
    """It is stopped after some steps, as a person does; the second goes on and needs fewer."""
    left: list[tuple[Floats, Floats]] = []

    def stop(_stage: str, a: Floats, d: Floats, _distance: float, _steps: int) -> None:
        left.append((a.copy(), d.copy()))
        if len(left) == 4:
            raise KeyboardInterrupt

    responses = as_responses(world[0])
    with pytest.raises(KeyboardInterrupt):
        fit(responses, watch=stop)
    again = fit(responses, start=left[-1])
    np.testing.assert_allclose(again.b, found.b, atol=1e-3)
    np.testing.assert_allclose(again.a, found.a, atol=1e-3)
    assert again.steps < found.steps


def test_without_enough_answers_nobody_gets_more_than_the_prior() -> None:
    answers, _ = simulated(20, 5, 5)
    found = fit(as_responses(answers))
    assert np.isnan(found.a).all()
    assert found.abilities.eap == pytest.approx(0)
    assert found.abilities.psd == pytest.approx(1, abs=1e-3)
    assert fit(as_responses(answers), limits=Limits(b=10, a=10)).model is Model.TWO_PARAMETER


def test_abilities_tell_learners_apart_as_well_as_they_say(found: Fit) -> None:
    reliability = empirical_reliability(Abilities(found.abilities.eap, found.abilities.psd))
    assert reliability is not None
    assert 0.5 < reliability < 0.9
