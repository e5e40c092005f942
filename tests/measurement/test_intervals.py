import pytest
from hypothesis import given
from hypothesis import strategies as st

from qbank.measurement.intervals import wilson


@pytest.mark.parametrize(
    ("k", "n", "low", "high"),
    [(3, 5, 23.1, 88.2), (27, 40, 52.0, 79.9), (13, 20, 43.3, 81.9), (130, 200, 58.2, 71.3), (0, 4, 0.0, 49.0)],
)
def test_the_interval_agrees_with_the_published_worked_numbers(k: int, n: int, low: float, high: float) -> None:
    found = wilson(k, n)
    assert (round(100 * found[0], 1), round(100 * found[1], 1)) == (low, high)


@st.composite
def shares(draw: st.DrawFn) -> tuple[int, int]:
    n = draw(st.integers(1, 100_000))
    return draw(st.integers(0, n)), n


@given(shares())
def test_the_interval_holds_the_share_and_stays_within_0_and_1(share: tuple[int, int]) -> None:
    k, n = share
    low, high = wilson(k, n)
    assert 0 <= low <= k / n <= high <= 1


@given(shares())
def test_right_and_wrong_mirror_each_other(share: tuple[int, int]) -> None:
    k, n = share
    low, high = wilson(k, n)
    other_low, other_high = wilson(n - k, n)
    assert low == pytest.approx(1 - other_high, abs=1e-12)
    assert high == pytest.approx(1 - other_low, abs=1e-12)


@given(shares())
def test_the_bounds_solve_the_score_equation_that_defines_them(share: tuple[int, int]) -> None:
    k, n = share
    for bound in wilson(k, n):
        if 0 < bound < 1:
            z = (k / n - bound) / (bound * (1 - bound) / n) ** 0.5
            assert abs(z) == pytest.approx(1.959964, rel=1e-5)


def test_more_answers_or_less_confidence_make_the_interval_narrower() -> None:
    def width(bounds: tuple[float, float]) -> float:
        return bounds[1] - bounds[0]

    assert width(wilson(130, 200)) < width(wilson(13, 20))
    assert width(wilson(13, 20, 0.8)) < width(wilson(13, 20)) < width(wilson(13, 20, 0.99))


@pytest.mark.parametrize(("k", "n", "confidence"), [(0, 0, 0.95), (-1, 4, 0.95), (5, 4, 0.95), (1, 2, 0), (1, 2, 1)])
def test_what_is_no_share_is_refused(k: int, n: int, confidence: float) -> None:
    with pytest.raises(ValueError, match=r"no share|not between"):
        wilson(k, n, confidence)
