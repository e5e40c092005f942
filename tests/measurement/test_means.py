from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from qbank.measurement.means import mean


@given(st.lists(st.integers(0, 4000), min_size=2, max_size=60))
def test_the_interval_is_students(times: list[int]) -> None:
    found = mean(len(times), sum(times), sum(time * time for time in times))
    assert found is not None
    assert found.low is not None
    assert found.high is not None
    assert found.value == pytest.approx(sum(times) / len(times))
    error = stats.sem(times)
    if error > 0:
        low, high = stats.t.interval(0.95, len(times) - 1, loc=found.value, scale=error)
        assert found.low == pytest.approx(max(0.0, low), abs=1e-5)
        assert found.high == pytest.approx(high, abs=1e-5)


def test_one_value_has_no_interval_and_none_no_mean() -> None:
    single = mean(1, 30, 900)
    assert single is not None
    assert (single.value, single.low, single.high) == (30, None, None)
    assert mean(0, 0, 0) is None
    with pytest.raises(ValueError, match="no mean"):
        mean(-1, 0, 0)
