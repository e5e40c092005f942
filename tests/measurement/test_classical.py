from itertools import pairwise, permutations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from qbank.measurement import classical
from qbank.measurement.responses import Responses, stack
from tests.measurement.tables import SMALL, complete_tables, from_patterns, lsat6, tables

LSAT6 = {
    "p": [0.924, 0.709, 0.553, 0.763, 0.870],
    "r_total": [0.36201044, 0.56677210, 0.61843975, 0.53441833, 0.43536643],
    "r_rest": [0.11283269, 0.15317812, 0.17277894, 0.14442810, 0.12159640],
    "biserial": [0.20900200, 0.20283241, 0.21713762, 0.19882834, 0.19321097],
}


@pytest.mark.parametrize("figure", list(LSAT6))
def test_the_items_of_lsat6_have_the_published_figures(figure: str) -> None:
    np.testing.assert_allclose(getattr(classical.item_table(lsat6()), figure), LSAT6[figure], atol=5e-9)


def test_the_upper_lower_index_of_lsat6_weights_the_group_that_straddles_the_limit() -> None:
    found = classical.upper_lower(lsat6())
    np.testing.assert_allclose(found, [0.19662447, 0.63145804, 0.81087670, 0.53699015, 0.32034693], atol=5e-9)


def test_the_small_matrix_has_its_worked_figures() -> None:
    table = classical.item_table(from_patterns(SMALL))
    np.testing.assert_array_equal(from_patterns(SMALL).totals(), [5, 4, 4, 3, 2, 2, 1, 1])
    np.testing.assert_allclose(table.p, [0.750, 0.625, 0.500, 0.375, 0.500])
    np.testing.assert_allclose(table.r_total, [0.518, 0.788, 0.718, 0.696, 0.180], atol=5e-4)
    np.testing.assert_allclose(table.r_rest, [0.236, 0.582, 0.459, 0.436, -0.180], atol=5e-4)


def _pearson(x: NDArray[np.float64], y: NDArray[np.float64]) -> float:
    taken = ~np.isnan(x) & ~np.isnan(y)
    if taken.sum() < 2 or np.ptp(x[taken]) == 0 or np.ptp(y[taken]) < 1e-9:
        return float("nan")
    return float(np.corrcoef(x[taken], y[taken])[0, 1])


@given(tables())
def test_sparse_correlations_equal_those_of_the_dense_array(table: NDArray[np.float64]) -> None:
    found = classical.item_table(Responses.from_dense(table))
    totals, taken = np.nansum(table, axis=1), (~np.isnan(table)).sum(axis=1)
    uneven = len(set(taken[taken > 0].tolist())) > 1
    for item in range(table.shape[1]):
        column = table[:, item]
        rest = totals - np.nan_to_num(column)
        share = totals
        if uneven:
            rest = np.where(taken > 1, rest / np.maximum(taken - 1, 1), np.nan)
            share = totals / np.maximum(taken, 1)
        np.testing.assert_allclose(found.r_total[item], _pearson(column, share), atol=1e-7)
        np.testing.assert_allclose(found.r_rest[item], _pearson(column, rest), atol=1e-7)


@given(tables(), st.randoms(use_true_random=False))
def test_the_order_of_persons_and_items_changes_nothing(table: NDArray[np.float64], random: object) -> None:
    generator = np.random.default_rng(random.getrandbits(32))  # type: ignore[attr-defined]
    persons, items = generator.permutation(table.shape[0]), generator.permutation(table.shape[1])
    one, other = Responses.from_dense(table), Responses.from_dense(table[np.ix_(persons, items)])
    for figure in ("n", "p", "p_low", "r_total", "r_rest", "biserial"):
        first, second = (getattr(classical.item_table(part), figure) for part in (one, other))
        np.testing.assert_allclose(second, first[items], atol=1e-9)
    np.testing.assert_allclose(classical.upper_lower(other), classical.upper_lower(one)[items], atol=1e-12)


@given(tables(), st.integers(2, 5))
def test_everybody_taken_several_times_changes_n_and_nothing_else(table: NDArray[np.float64], times: int) -> None:
    one = Responses.from_dense(table)
    many = stack([one] * times)
    before, after = classical.item_table(one), classical.item_table(many)
    np.testing.assert_allclose(after.n, times * before.n)
    for figure in ("p", "r_total", "r_rest"):
        np.testing.assert_allclose(getattr(after, figure), getattr(before, figure), atol=1e-9)
    enough = before.n >= 2
    np.testing.assert_allclose(classical.upper_lower(many)[enough], classical.upper_lower(one)[enough], atol=1e-12)


@settings(max_examples=40, deadline=None)
@given(complete_tables(4, 6), st.integers(1, 3))
def test_fractional_weights_are_the_mean_over_every_way_to_break_ties(table: NDArray[np.float64], size: int) -> None:
    n = len(table)
    assume(size <= n // 2)
    totals = table.sum(axis=1)
    found = []
    for order in permutations(range(n)):
        if all(totals[one] <= totals[two] for one, two in pairwise(order)):
            found.append(table[list(order[-size:])].mean(axis=0) - table[list(order[:size])].mean(axis=0))
    responses = Responses.from_dense(table)
    groups = classical.tails(responses, share=size / n)
    np.testing.assert_allclose(classical.upper_lower(responses, groups), np.mean(found, axis=0), atol=1e-9)


@given(st.lists(st.integers(0, 6), min_size=1, max_size=60), st.floats(0.01, 0.5))
def test_tail_weights_sum_to_their_share_and_are_alike_within_a_score(scores: list[int], share: float) -> None:
    score = np.array(scores, dtype=np.float64)
    for weight in classical.tail_weights(score, share):
        assert weight.sum() == pytest.approx(share * len(score))
        assert ((weight >= 0) & (weight <= 1)).all()
        for value in set(scores):
            assert np.ptp(weight[score == value]) == 0


def test_groups_are_made_of_those_who_took_the_item() -> None:
    table = np.array([[1, 1, 1], [1, 1, np.nan], [1, 0, np.nan], [0, 1, 1], [0, 0, 0], [0, np.nan, 0]])
    alone = classical.tails(Responses.from_dense(table), share=0.25)
    took = ~np.isnan(table[:, 2])
    responses = Responses.from_dense(table)
    mine = responses.item == 2
    assert alone.upper[mine].sum() == pytest.approx(0.25 * took.sum())
    assert classical.upper_lower(responses, alone)[2] == 1.0


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    "table",
    [
        np.zeros((0, 3)), np.zeros((3, 0)), np.full((2, 2), np.nan), np.ones((1, 1)), np.ones((4, 3)), np.zeros((4, 1)),
        np.array([[1.0, np.nan], [np.nan, 0.0]]), np.array([[1.0, 0.0, 1.0]]),
    ],
)  # fmt: skip
def test_tables_that_tell_nothing_give_no_number_and_no_warning(table: NDArray[np.float64]) -> None:
    responses = Responses.from_dense(table)
    found = classical.item_table(responses)
    assert np.isnan(found.r_rest).all()
    assert len(found.p) == len(classical.upper_lower(responses)) == table.shape[1]
    assert classical.or_none(np.float64("nan")) is None


def test_the_correlation_with_a_given_score_is_pearsons() -> None:
    table = np.array([[1, 0, 1], [0, np.nan, 1], [1, 1, np.nan], [0, 0, 0.0]])
    responses = Responses.from_dense(table)
    score = np.random.default_rng(3).normal(size=len(responses)) + 5
    found = classical.correlation_with(responses, score)
    for item in range(3):
        mine = responses.item == item
        assert found[item] == pytest.approx(np.corrcoef(responses.right[mine], score[mine])[0, 1])


def test_a_tail_beyond_one_half_is_refused() -> None:
    with pytest.raises(ValueError, match=r"at most 0\.5"):
        classical.tail_weights(np.arange(4.0), 0.6)


def test_counting_by_score_and_sorting_item_by_item_give_the_same_tails(monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(3)
    table = np.where(random.random((90, 12)) < 0.3, np.nan, random.integers(0, 2, (90, 12)))
    responses, score = Responses.from_dense(table), random.integers(0, 9, 90).astype(float)
    counted = classical.tails(responses, score)
    monkeypatch.setattr(classical, "_TABLE", 0)
    many_items = Responses(90, 400, responses.person, responses.cell)  # too many for a table
    one_by_one = classical.tails(many_items, score)
    np.testing.assert_allclose(counted.upper, one_by_one.upper)
    np.testing.assert_allclose(counted.lower, one_by_one.lower)
