import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from qbank.measurement import classical, reliability
from qbank.measurement.responses import Responses, stack
from tests.measurement.tables import SMALL, complete_tables, from_patterns, lsat6


def test_lsat6_has_the_published_reliability() -> None:
    form = reliability.form_statistics(lsat6())
    assert form.alpha == pytest.approx(0.2949971922, abs=5e-11)
    assert form.kr21 == pytest.approx(0.1964411687, abs=5e-11)
    assert form.sem == pytest.approx(0.8690666124, abs=5e-11)
    assert form.split_half == pytest.approx(0.2033603598, abs=5e-11)
    assert form.spearman_brown == pytest.approx(0.3379874668, abs=5e-11)
    assert (round(form.alpha_low or 0, 3), round(form.alpha_high or 0, 3)) == (0.223, 0.362)


def test_alpha_of_lsat6_without_each_item_is_the_published_one() -> None:
    responses = lsat6()
    found = reliability.alpha_if_deleted(responses, classical.item_table(responses))
    np.testing.assert_allclose(found, [0.27535621, 0.23758390, 0.21679946, 0.24593271, 0.26629441], atol=5e-9)


def test_the_small_matrix_has_its_worked_reliability() -> None:
    form = reliability.form_statistics(from_patterns(SMALL))
    assert form.alpha == pytest.approx(0.504, abs=5e-4)
    assert form.sem_population == pytest.approx(0.980, abs=5e-4)


@given(complete_tables())
def test_alpha_is_at_most_one_and_kr21_at_most_alpha(table: NDArray[np.float64]) -> None:
    form = reliability.form_statistics(Responses.from_dense(table))
    if form.alpha is not None:
        assert form.kr21 is not None
        assert form.kr21 <= form.alpha + 1e-9 <= 1 + 1e-9


@given(complete_tables(3))
def test_alpha_without_an_item_is_the_alpha_of_the_other_items(table: NDArray[np.float64]) -> None:
    responses = Responses.from_dense(table)
    found = reliability.alpha_if_deleted(responses, classical.item_table(responses))
    for item in range(table.shape[1]):
        others = Responses.from_dense(np.delete(table, item, axis=1))
        expected = reliability.alpha(others)
        assert classical.or_none(found[item]) == (None if expected is None else pytest.approx(expected, abs=1e-9))


@given(complete_tables(), st.integers(2, 4))
def test_everybody_taken_several_times_leaves_alpha_as_it_is(table: NDArray[np.float64], times: int) -> None:
    one = Responses.from_dense(table)
    before = reliability.alpha(one)
    after = reliability.alpha(stack([one] * times))
    assert after == (None if before is None else pytest.approx(before, abs=1e-9))


def test_items_that_always_agree_make_a_form_without_error() -> None:
    form = reliability.form_statistics(from_patterns(("1111", "0000", "1111")))
    assert form.alpha == pytest.approx(1)
    assert form.sem == pytest.approx(0, abs=1e-7)
    assert form.split_half == pytest.approx(1)


def test_a_form_that_not_everybody_took_whole_has_no_reliability() -> None:
    form = reliability.form_statistics(Responses.from_dense(np.array([[1, 0, 1], [1, np.nan, 0], [0, 0, 1]])))
    assert form.mean is not None
    assert form.alpha is form.kr21 is form.sem is form.split_half is form.alpha_low is None


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    "patterns",
    [("101",), ("1", "0"), ("11", "11"), ("10", "01"), ("00", "00", "00")],
    ids=lambda value: "/".join(value),
)
def test_forms_that_tell_nothing_have_none_and_no_warning(patterns: tuple[str, ...]) -> None:
    assert reliability.form_statistics(from_patterns(patterns)).alpha is None


def test_the_conditional_error_is_lords_and_largest_in_the_middle() -> None:
    found = [reliability.conditional_sem(score, 5) for score in range(6)]
    assert found == pytest.approx([0, 1, np.sqrt(1.5), np.sqrt(1.5), 1, 0])
    assert reliability.conditional_sem(1, 1) is None
    with pytest.raises(ValueError, match="no score"):
        reliability.conditional_sem(6, 5)


@given(st.floats(-1, 1), st.floats(0.01, 100), st.floats(-50, 50))
def test_livingstons_coefficient_is_alpha_at_the_mean_and_grows_away_from_it(
    alpha: float, variance: float, away: float
) -> None:
    at_mean = reliability.livingston(alpha, 10, variance, 10)
    elsewhere = reliability.livingston(alpha, 10, variance, 10 + away)
    assert at_mean == pytest.approx(alpha)
    assert at_mean is not None
    assert elsewhere is not None
    assert at_mean - 1e-9 <= elsewhere <= 1 + 1e-9
    assert reliability.livingston(0.5, 1, 0, 1) is None


def test_the_interval_of_alpha_narrows_with_more_persons() -> None:
    few, many = (reliability.feldt_interval(0.8, persons, 20) for persons in (20, 2000))
    assert few[0] is not None and few[1] is not None and many[0] is not None and many[1] is not None  # noqa: PT018
    assert few[0] < many[0] < 0.8 < many[1] < few[1]
    assert reliability.feldt_interval(0.8, 1, 20) == (None, None)
    with pytest.raises(ValueError, match="confidence"):
        reliability.feldt_interval(0.8, 10, 20, 1.0)


def test_a_form_twice_as_long_and_halved_again_has_its_first_reliability() -> None:
    longer = reliability.spearman_brown(0.6, 2)
    assert longer == pytest.approx(0.75)
    assert reliability.spearman_brown(longer, 0.5) == pytest.approx(0.6)
    assert reliability.spearman_brown(None) is None
    assert reliability.spearman_brown(-1.0) is None
    with pytest.raises(ValueError, match="as long"):
        reliability.spearman_brown(0.5, 0)
