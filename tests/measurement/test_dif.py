import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import optimize

from qbank.measurement.dif import EtsClass, logistic_dif, mantel_haenszel, strata_of
from qbank.measurement.responses import Responses

# Admissions to six departments at Berkeley, 1973: admitted and rejected men, admitted and rejected women
# (P. J. Bickel, E. A. Hammel and J. W. O'Connell, Science 187, 1975, 398-404).
BERKELEY = [
    (512, 313, 89, 19), (353, 207, 17, 8), (120, 205, 202, 391),
    (138, 279, 131, 244), (53, 138, 94, 299), (22, 351, 24, 317),
]  # fmt: skip


def one_item(strata: list[tuple[int, int, int, int]]) -> tuple[Responses, NDArray[np.bool_], NDArray[np.intp]]:
    """Return persons of one item from counts: reference right, wrong, focal right, wrong in each stratum."""
    right, focal, where = [], [], []
    for stratum, counts in enumerate(strata):
        for (group, score), count in zip(((0, 1), (0, 0), (1, 1), (1, 0)), counts, strict=True):
            right += [score] * count
            focal += [group == 1] * count
            where += [stratum] * count
    return Responses.from_dense(np.array(right)[:, None]), np.array(focal), np.array(where, dtype=np.intp)


def biased(shift: float, persons: int = 4000, items: int = 20) -> tuple[Responses, NDArray[np.bool_]]:
    """Return answers by the 1PL model where item 0 is harder by ``shift`` logits for the focal group."""
    random = np.random.default_rng(11)
    focal = np.arange(persons) % 2 == 1
    theta = random.normal(size=persons) - 0.5 * focal
    difficulty = np.tile(random.normal(size=items), (persons, 1))
    difficulty[focal, 0] += shift
    return Responses.from_dense(random.random((persons, items)) < 1 / (1 + np.exp(difficulty - theta[:, None]))), focal


def test_the_admissions_at_berkeley_have_their_known_common_odds_ratio_and_interval() -> None:
    found = mantel_haenszel(*one_item(BERKELEY))[0]
    assert found is not None
    assert found.odds_ratio == pytest.approx(0.9046968, abs=5e-8)
    reach = 1.959964 * found.standard_error / 2.35
    assert np.exp(np.log(found.odds_ratio) + np.array([-reach, reach])) == pytest.approx([0.7719074, 1.0603298])


def test_with_one_stratum_the_odds_ratio_is_the_crossed_product_and_its_variance_woolfs() -> None:
    found = mantel_haenszel(*one_item([(60, 40, 45, 55)]))[0]
    assert found is not None
    assert found.odds_ratio == pytest.approx(60 * 55 / (40 * 45))
    assert found.standard_error == pytest.approx(2.35 * np.sqrt(1 / 60 + 1 / 40 + 1 / 45 + 1 / 55))
    expected = (abs(60 - 52.5) - 0.5) ** 2 / (100 * 100 * 105 * 95 / (200**2 * 199))
    assert found.chi_square == pytest.approx(expected)


def test_groups_that_change_places_turn_the_sign_of_delta() -> None:
    responses, focal, strata = one_item(BERKELEY)
    one, other = mantel_haenszel(responses, focal, strata)[0], mantel_haenszel(responses, ~focal, strata)[0]
    assert one is not None
    assert other is not None
    assert one.delta == pytest.approx(-other.delta)
    assert one.chi_square == pytest.approx(other.chi_square)


@pytest.mark.parametrize(("shift", "expected"), [(0.0, "A"), (0.55, "B"), (1.2, "C")])
def test_a_harder_item_for_one_group_is_classed_by_its_size(shift: float, expected: str) -> None:
    responses, focal = biased(shift)
    found = mantel_haenszel(responses, focal)[0]
    assert found is not None
    assert found.ets_class == EtsClass(expected)
    assert shift == 0 or found.delta < -1


def test_the_items_without_bias_are_nearly_all_negligible() -> None:
    responses, focal = biased(1.2)
    others = [one.ets_class for one in mantel_haenszel(responses, focal)[1:] if one is not None]
    assert others.count(EtsClass.A) >= 18


def test_logistic_regression_agrees_with_a_general_optimiser() -> None:
    responses, focal = biased(1.2, persons=1200, items=8)
    found = logistic_dif(responses, focal)[0]
    assert found is not None
    score = (responses.totals() - responses.totals().mean()) / responses.totals().std()
    right = responses.dense()[:, 0]

    def best(columns: list[NDArray[np.float64]]) -> float:
        design = np.stack(columns, axis=1)

        def loss(beta: NDArray[np.float64]) -> float:
            z = design @ beta
            return float((np.logaddexp(0, z) - right * z).sum())

        return -float(optimize.minimize(loss, np.zeros(design.shape[1]), method="BFGS").fun)

    one, group = np.ones_like(score), focal.astype(np.float64)
    alone, both = best([one, score]), best([one, score, group])
    whole = best([one, score, group, score * group])
    assert found.uniform_chi_square == pytest.approx(2 * (both - alone), abs=1e-4)
    assert found.nonuniform_chi_square == pytest.approx(2 * (whole - both), abs=1e-4)
    assert found.uniform_p < 0.001


def test_a_slope_that_differs_between_groups_is_non_uniform() -> None:
    random = np.random.default_rng(2)
    focal, theta = np.arange(3000) % 2 == 1, random.normal(size=3000)
    slopes = np.ones((3000, 15))
    slopes[focal, 0] = -1.0
    table = random.random((3000, 15)) < 1 / (1 + np.exp(-slopes * theta[:, None]))
    found = logistic_dif(Responses.from_dense(table), focal)
    assert found[0] is not None
    assert found[0].nonuniform_p < 1e-6
    assert found[0].size == EtsClass.C


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    ("table", "focal"),
    [
        (np.ones((6, 2)), [0, 1, 0, 1, 0, 1]),
        (np.eye(4), [0, 0, 0, 0]),
        (np.array([[1.0, 0], [0, 0], [1, 0], [0, 0]]), [1, 0, 1, 0]),
        (np.array([[1.0, np.nan], [np.nan, 0]]), [1, 0]),
        (np.zeros((0, 2)), []),
    ],
)
def test_groups_that_cannot_be_compared_give_no_result_and_no_warning(
    table: NDArray[np.float64], focal: list[int]
) -> None:
    marks = np.array(focal, dtype=np.bool_)
    responses = Responses.from_dense(table)
    assert mantel_haenszel(responses, marks) == [None] * table.shape[1]
    assert logistic_dif(responses, marks) == [None] * table.shape[1]


def test_persons_of_different_items_are_matched_in_ten_bands() -> None:
    table = np.random.default_rng(0).integers(0, 2, (500, 10)).astype(np.float64)
    assert len(set(strata_of(Responses.from_dense(table)).tolist())) == len(set(table.sum(axis=1)))
    table[np.random.default_rng(1).random(table.shape) < 0.3] = np.nan
    assert len(set(strata_of(Responses.from_dense(table)).tolist())) <= 10
    assert len(set(strata_of(Responses.from_dense(table), np.arange(500.0)).tolist())) == 10


def test_a_mask_of_other_persons_is_refused() -> None:
    with pytest.raises(ValueError, match="for 2 persons"):
        mantel_haenszel(Responses.from_dense(np.eye(2)), np.array([True]))
