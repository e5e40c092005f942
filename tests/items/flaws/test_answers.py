"""Distractors that hardly anybody chooses."""

from __future__ import annotations

import pytest

from qbank.items.flaws.answers import check_answers
from qbank.items.flaws.finding import example

RECORD = example("A stem.", "Which?", "*Gout", "Scurvy", "Rickets")


@pytest.mark.parametrize(
    ("chosen", "options"),
    [
        ((95, 5, 0), [2]),
        ((90, 5, 5), []),
        ((91, 4, 5), [1]),
        ((2, 50, 48), []),
        ((24, 1, 0), []),  # 25 answers are too few
        ((24, 1, 1), [1, 2]),
        ((0, 0, 0), []),
    ],
)
def test_a_distractor_below_five_per_cent_is_named(chosen: tuple[int, ...], options: list[int]) -> None:
    assert [found.option for found in check_answers(RECORD, chosen)] == options


@pytest.mark.parametrize("chosen", [(1, 2), (50, -1, 3)])
def test_counts_that_fit_no_option_are_refused(chosen: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="one count"):
        check_answers(RECORD, chosen)
