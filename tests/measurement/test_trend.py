import pytest
from hypothesis import given
from hypothesis import strategies as st

from qbank.measurement.trend import moving_average


def test_the_average_of_five_blocks_is_weighted_by_their_scored_items() -> None:
    last = moving_average([(10, 20), (12, 20), (8, 10), (15, 20), (5, 10)])[-1]
    assert last is not None
    assert (last.share, last.scored, last.blocks) == (0.625, 80, 5)


def test_a_sixth_block_pushes_the_first_out() -> None:
    last = moving_average([(10, 20), (12, 20), (8, 10), (15, 20), (5, 10), (40, 40)])[-1]
    assert last is not None
    assert (last.share, last.scored, last.blocks) == (80 / 100, 100, 5)


def test_the_first_blocks_say_on_how_few_they_rest() -> None:
    averages = moving_average([(1, 2), (2, 2)])
    assert [(point.share, point.blocks) for point in averages if point] == [(0.5, 1), (0.75, 2)]


def test_a_block_without_scored_items_takes_no_place_in_the_window() -> None:
    averages = moving_average([(0, 0), (1, 2), (0, 0), (2, 2)], window=2)
    assert averages[0] is None
    assert averages[2] == averages[1]
    assert averages[3] is not None
    assert averages[3].share == 0.75


@st.composite
def histories(draw: st.DrawFn) -> list[tuple[int, int]]:
    sizes = draw(st.lists(st.integers(1, 60), max_size=40))
    return [(draw(st.integers(0, size)), size) for size in sizes]


@given(histories(), st.integers(1, 8))
def test_each_point_is_the_plain_sum_over_its_window(scores: list[tuple[int, int]], window: int) -> None:
    for index, average in enumerate(moving_average(scores, window)):
        part = scores[max(0, index - window + 1) : index + 1]
        assert average is not None
        assert average.share == sum(right for right, _ in part) / sum(asked for _, asked in part)
        assert average.blocks == len(part)


@pytest.mark.parametrize(("scores", "window"), [([(3, 2)], 5), ([(-1, 2)], 5), ([(1, 2)], 0)])
def test_what_is_no_score_is_refused(scores: list[tuple[int, int]], window: int) -> None:
    with pytest.raises(ValueError, match=r"no score|at least one"):
        moving_average(scores, window)
