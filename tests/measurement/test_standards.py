import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qbank.measurement.standards import EbelCell, angoff, ebel, hofstee

JUDGES = [[0.60, 0.75, 0.50, 0.80, 0.40], [0.70, 0.65, 0.55, 0.85, 0.45], [0.50, 0.70, 0.60, 0.75, 0.35]]
SCORES = [38, 45, 48, 52, 54, 55, 57, 58, 60, 61, 62, 63, 65, 66, 68, 70, 72, 75, 80, 85]


def test_angoff_of_three_judges_has_the_worked_numbers() -> None:
    found = angoff(JUDGES)
    assert found.judge_sums == pytest.approx((3.05, 3.20, 2.90))
    assert found.cut == pytest.approx(3.05)
    assert found.cut_percent == pytest.approx(61.0)
    assert found.standard_error == pytest.approx(0.087, abs=5e-4)
    assert found.wide_items == ()
    assert angoff(JUDGES, wide=0.15).wide_items == (0,)


@given(st.integers(2, 6), st.integers(2, 8), st.integers(0, 1000))
def test_the_components_of_angoff_add_up_to_the_squares_of_the_table(judges: int, items: int, seed: int) -> None:
    table = np.random.default_rng(seed).random((judges, items))
    found = angoff(table)
    assert found.sd == pytest.approx(table.sum(axis=1).std(ddof=1))
    left = table - table.mean(axis=1, keepdims=True) - table.mean(axis=0) + table.mean()
    residual = (left**2).sum() / ((judges - 1) * (items - 1))
    assert found.variance_residual == pytest.approx(residual)
    between = table.mean(axis=0).var(ddof=1) - residual / judges
    assert found.variance_items == pytest.approx(max(0, between), abs=1e-12)


def test_judges_who_differ_by_a_constant_have_no_residual() -> None:
    found = angoff(np.array([[0.2, 0.5, 0.6]]) + np.array([[0.0], [0.1], [0.2]]))
    assert found.variance_residual == pytest.approx(0, abs=1e-12)
    assert found.variance_judges == pytest.approx(0.01)


def test_one_judge_has_a_cut_and_no_error() -> None:
    found = angoff([[0.5, 0.7]])
    assert found.cut == pytest.approx(1.2)
    assert found.standard_error is found.variance_judges is None


@pytest.mark.parametrize("value", [1.2, -0.1, float("nan")])
def test_a_rating_that_is_no_chance_is_refused_with_judge_and_item(value: float) -> None:
    with pytest.raises(ValueError, match="judge 2, item 1"):
        angoff([[0.5, 0.6], [value, 0.6]])
    with pytest.raises(ValueError, match="at least one"):
        angoff([])


def test_ebel_has_the_worked_number() -> None:
    assert ebel([EbelCell(8, 0.9), EbelCell(6, 0.7), EbelCell(4, 0.5), EbelCell(2, 0.3)]) == pytest.approx(14.0)
    for cells in ([], [EbelCell(0, 0.5)], [EbelCell(3, 1.5)], [EbelCell(-1, 0.5)]):
        with pytest.raises(ValueError, match=r"cell"):
            ebel(cells)


def test_hofstee_has_the_worked_numbers() -> None:
    found = hofstee(SCORES, 50, 70, 5, 30)
    assert (found.cut, found.fail_percent, found.line_percent) == (55.0, 25.0, 23.75)
    assert found.warnings == ()
    before = hofstee(SCORES, 54, 70, 5, 25.0)
    assert (before.cut, before.line_percent) == (55.0, 23.75)


def test_hofstee_without_a_crossing_takes_the_nearer_limit_and_says_so() -> None:
    weak = hofstee([10.0] * 20, 50, 70, 5, 30)
    assert (weak.cut, weak.fail_percent) == (50.0, 100.0)
    assert "the least cut stands" in weak.warnings[0]
    strong = hofstee([90.0] * 20, 50, 70, 5, 30)
    assert (strong.cut, strong.fail_percent) == (70.0, 0.0)
    assert "the greatest cut stands" in strong.warnings[0]


@given(st.lists(st.integers(0, 100), min_size=1, max_size=50))
def test_the_hofstee_cut_is_the_least_at_which_enough_fail(scores: list[int]) -> None:
    found = hofstee(scores, 50, 70, 5, 30)

    def fails(cut: int) -> float:
        return 100 * sum(score < cut for score in scores) / len(scores)

    enough = [cut for cut in range(50, 71) if fails(cut) >= 30 - 25 * (cut - 50) / 20 - 1e-9]
    assert found.cut == (enough[0] if enough else 70)
    assert found.fail_percent == pytest.approx(fails(int(found.cut)))
    assert bool(found.warnings) == (not enough or fails(50) > 30 + 1e-9)


@pytest.mark.parametrize(
    ("scores", "limits", "cause"),
    [
        ([], (50, 70, 5, 30), "needs scores"),
        ([float("nan")], (50, 70, 5, 30), "needs scores"),
        ([60], (70, 50, 5, 30), "below the greatest"),
        ([60], (50, 70, 30, 5), "below the greatest"),
        ([60], (50, 70, 5, 130), "below the greatest"),
        ([60], (0, 1e9, 5, 30), "100,000 cuts"),
    ],
)
def test_hofstee_refuses_what_makes_no_line(
    scores: list[float], limits: tuple[float, float, float, float], cause: str
) -> None:
    with pytest.raises(ValueError, match=cause):
        hofstee(scores, *limits)
