from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qbank.measurement.standing import quantile, share_below

values = st.lists(st.floats(0, 1), min_size=1, max_size=40)


def test_an_own_score_of_50_among_40_50_60_70_stands_at_the_25th_percentile() -> None:
    assert share_below(50, [40, 50, 60, 70]) == 0.25


def test_equal_scores_of_different_length_are_not_below_one_another() -> None:
    assert share_below(Fraction(13, 20), [Fraction(26, 40), Fraction(12, 20)]) == 0.5


def test_nobody_to_compare_with_is_refused() -> None:
    with pytest.raises(ValueError, match="nobody"):
        share_below(50, [])


@given(values, st.floats(0, 1), st.floats(0, 1))
def test_a_higher_score_never_stands_lower(others: list[float], one: float, another: float) -> None:
    low, high = sorted((one, another))
    assert 0 <= share_below(low, others) <= share_below(high, others) <= 1


@given(values, st.floats(0, 1))
def test_quantiles_are_those_of_the_usual_definition(found: list[float], level: float) -> None:
    assert quantile(found, level) == pytest.approx(float(np.quantile(found, level)), abs=1e-9)


@pytest.mark.parametrize(("found", "level"), [([], 0.5), ([1.0], 1.5), ([1.0], -0.1)])
def test_a_quantile_of_nothing_or_beyond_the_ends_is_refused(found: list[float], level: float) -> None:
    with pytest.raises(ValueError, match="a quantile needs"):
        quantile(found, level)
