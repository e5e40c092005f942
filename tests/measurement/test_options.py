import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qbank.measurement.flags import Flag, Limits, flag_item
from qbank.measurement.options import OptionRow, distractor_efficiency, option_table, possible_miskey

# Eight takers by total; the able choose B, the weak A and C, and D has no taker.
CHOSEN = np.array([1, 1, 1, 1, 0, 2, 0, 2])
REST = np.array([9.0, 8, 7, 5, 5, 3, 2, 1])


def row(
    label: str, share: float, r: float | None = None, *, key: bool = False, upper: float | None = None
) -> OptionRow:
    return OptionRow(label, key, round(100 * share), share, upper, None, r, None)


def test_an_option_has_its_choosers_their_mean_and_its_correlation_with_the_rest_score() -> None:
    total = REST + (CHOSEN == 1)
    rows = option_table(CHOSEN, "ABCD", 1, REST, total, share=0.25)
    assert [(one.label, one.n, one.share, one.key) for one in rows] == [
        ("A", 2, 0.25, False), ("B", 4, 0.5, True), ("C", 2, 0.25, False), ("D", 0, 0.0, False),
    ]  # fmt: skip
    assert [one.mean_total for one in rows] == [3.5, 8.25, 2.0, None]
    assert [one.p_upper for one in rows] == [0, 1, 0, 0]
    assert [one.p_lower for one in rows] == [0.5, 0, 0.5, 0]
    for number, one in enumerate(rows[:3]):
        assert one.r == pytest.approx(np.corrcoef(number == CHOSEN, REST)[0, 1])
    assert rows[1].r is not None
    assert rows[1].r > 0
    assert rows[3].r is None
    assert distractor_efficiency(rows) == pytest.approx(200 / 3)
    assert possible_miskey(rows) == ()


def test_a_distractor_that_does_better_than_the_key_is_a_possible_miskey() -> None:
    rows = option_table(CHOSEN, "ABCD", 0, REST, REST + (CHOSEN == 0))
    assert possible_miskey(rows) == ("B",)
    assert Flag.POSSIBLE_MISKEY in flag_item(100, 0.5, 0.3, rows)
    assert possible_miskey([row("A", 0.5, 0.2, key=True, upper=0.4), row("B", 0.5, 0.1, upper=0.6)]) == ("B",)


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 5)), max_size=40))
def test_shares_of_all_options_sum_to_one(answers: list[tuple[int, int]]) -> None:
    chosen = np.array([option for option, _ in answers], dtype=np.intp)
    rest = np.array([score for _, score in answers], dtype=np.float64)
    rows = option_table(chosen, "ABCD", 2, rest, rest + (chosen == 2))
    assert sum(one.n for one in rows) == len(answers)
    if answers:
        for figure in ("share", "p_upper", "p_lower"):
            assert sum(getattr(one, figure) for one in rows) == pytest.approx(1)
    else:
        assert all(one.share is None and one.r is None for one in rows)
        assert distractor_efficiency(rows) is None


def test_the_functional_distractor_is_chosen_by_five_in_a_hundred() -> None:
    rows = [row("A", 0.85, key=True), row("B", 0.05), row("C", 0.049), row("D", 0.051)]
    assert distractor_efficiency(rows) == pytest.approx(200 / 3)
    assert distractor_efficiency(rows[:1]) is None


@pytest.mark.parametrize(
    ("n", "p", "r", "flags"),
    [
        (26, 0.30, 0.20, ()),
        (25, 0.90, 0.20, (Flag.TOO_FEW,)),
        (100, 0.29, 0.5, (Flag.TOO_HARD,)),
        (100, 0.91, 0.5, (Flag.TOO_EASY,)),
        (100, 0.5, 0.19, (Flag.LOW_DISCRIMINATION,)),
        (100, 0.5, 0.0, (Flag.LOW_DISCRIMINATION,)),
        (100, 0.5, -0.01, (Flag.LOW_DISCRIMINATION, Flag.CHECK_KEY)),
        (8, 0.5, -0.18, (Flag.TOO_FEW, Flag.LOW_DISCRIMINATION, Flag.CHECK_KEY)),
        (100, 1.0, None, (Flag.TOO_EASY, Flag.CONSTANT)),
        (0, None, None, (Flag.TOO_FEW,)),
    ],
)
def test_flags_begin_at_their_limits(n: int, p: float | None, r: float | None, flags: tuple[Flag, ...]) -> None:
    assert flag_item(n, p, r) == flags


def test_a_rare_distractor_is_flagged_and_a_rare_key_is_not() -> None:
    assert flag_item(100, 0.5, 0.3, [row("A", 0.04), row("B", 0.96, key=True)]) == (Flag.RARE_DISTRACTOR,)
    assert flag_item(100, 0.5, 0.3, [row("A", 0.96), row("B", 0.04, key=True)]) == ()


def test_limits_can_be_set() -> None:
    assert flag_item(10, 0.5, 0.15, limits=Limits(n=5, discrimination=0.1)) == ()


def test_options_without_a_label_or_of_unequal_length_are_refused() -> None:
    with pytest.raises(ValueError, match="outside 0 to 3"):
        option_table(np.array([4]), "ABCD", 0, np.zeros(1), np.zeros(1))
    with pytest.raises(ValueError, match="one entry for each taker"):
        option_table(np.array([1]), "ABCD", 0, np.zeros(2), np.zeros(1))
