import numpy as np
import pytest
from hypothesis import given
from numpy.typing import NDArray

from qbank.measurement.responses import Responses, stack
from tests.measurement.tables import tables


@given(tables())
def test_a_table_comes_back_as_it_was_given(table: NDArray[np.float64]) -> None:
    responses = Responses.from_dense(table)
    np.testing.assert_array_equal(responses.dense(), table)
    assert responses.complete == (not np.isnan(table).any())


@given(tables())
def test_triples_in_any_order_make_the_same_table_as_the_array(table: NDArray[np.float64]) -> None:
    person, item = np.nonzero(~np.isnan(table))
    order = np.random.default_rng(0).permutation(len(person))
    found = Responses.from_triples(
        person[order], item[order], table[person, item][order], persons=table.shape[0], items=table.shape[1]
    )
    np.testing.assert_array_equal(found.dense(), table)


@given(tables())
def test_totals_and_counts_are_the_sums_of_the_array(table: NDArray[np.float64]) -> None:
    responses = Responses.from_dense(table)
    np.testing.assert_array_equal(responses.totals(), np.nansum(table, axis=1))
    np.testing.assert_array_equal(responses.taken(), (~np.isnan(table)).sum(axis=1))
    np.testing.assert_array_equal(responses.by_cell()[:, 1], np.nansum(table, axis=0))
    np.testing.assert_array_equal(responses.by_cell()[:, 0], (table == 0).sum(axis=0))
    np.testing.assert_array_equal(responses.matrix().toarray()[:, 1::2], table == 1)


def test_some_items_are_numbered_anew_in_the_order_asked_for() -> None:
    table = np.array([[1, 0, np.nan], [0, np.nan, 1]])
    responses = Responses.from_dense(table)
    np.testing.assert_array_equal(responses.of_items([2, 0]).dense(), table[:, [2, 0]])
    np.testing.assert_array_equal(responses.of_items(np.array([False, True, True])).dense(), table[:, 1:])


def test_tables_of_the_same_items_are_stacked_person_by_person() -> None:
    table = np.array([[1, 0, np.nan], [0, np.nan, 1]])
    both = stack([Responses.from_dense(table), Responses.from_dense(table[::-1])])
    np.testing.assert_array_equal(both.dense(), np.vstack([table, table[::-1]]))
    with pytest.raises(ValueError, match="same items"):
        stack([Responses.from_dense(table), Responses.from_dense(table[:, :2])])


@pytest.mark.parametrize(
    ("person", "item", "right", "cause"),
    [
        ([0, 0], [1, 1], [1, 0], "person 0 has two responses to item 1"),
        ([0, -1], [0, 1], [1, 0], "must lie within"),
        ([0, 1], [0, 7], [1, 0], "must lie within 0 to 1"),
        ([0, 1], [0, 1], [1, 2], "right \\(1\\) or wrong \\(0\\)"),
        ([0, 1], [0, 1], [1, np.nan], "right \\(1\\) or wrong \\(0\\)"),
        ([0, 1], [0], [1, 1], "lengths must agree"),
        ([0.5, 1], [0, 1], [1, 1], "whole numbers"),
    ],
)
def test_triples_that_are_no_table_are_refused_with_the_place(
    person: list[float], item: list[int], right: list[float], cause: str
) -> None:
    with pytest.raises(ValueError, match=cause):
        Responses.from_triples(person, item, right, persons=2, items=2)


def test_an_array_with_another_value_is_refused_with_the_place() -> None:
    with pytest.raises(ValueError, match="person 1, item 0: 2 is neither"):
        Responses.from_dense(np.array([[0, 1], [2, np.nan]]))
    with pytest.raises(ValueError, match="two dimensions"):
        Responses.from_dense([0, 1])
