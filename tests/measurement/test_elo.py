import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qbank.measurement.elo import Rating, chance, replay, step, update

RATINGS = st.builds(Rating, st.floats(-5, 5), st.integers(0, 500))


@given(RATINGS, RATINGS, st.booleans())
def test_an_answer_moves_learner_and_item_apart_or_together_by_the_surprise(
    learner: Rating, item: Rating, correct: bool
) -> None:
    after, item_after = update(learner, item, correct)
    surprise = correct - 1 / (1 + np.exp(item.value - learner.value))
    assert after.value == pytest.approx(learner.value + surprise / (1 + 0.1 * learner.n))
    assert item_after.value == pytest.approx(item.value - surprise / (1 + 0.1 * item.n))
    assert (after.n, item_after.n) == (learner.n + 1, item.n + 1)


def test_the_step_shrinks_with_the_answers_counted() -> None:
    assert [step(n) for n in (0, 10, 90)] == pytest.approx([1.0, 0.5, 0.1])
    assert chance(Rating(), Rating()) == 0.5
    assert chance(Rating(-2000), Rating()) == 0.0
    assert chance(Rating(2000), Rating()) == 1.0


def test_ratings_find_the_order_of_known_difficulties() -> None:
    random = np.random.default_rng(5)
    known = np.linspace(-2, 2, 9)
    answers = []
    for number in range(600):
        theta = random.normal()
        for item in random.permutation(9):
            right = bool(random.random() < 1 / (1 + np.exp(known[item] - theta)))
            answers.append((f"learner {number}", f"item {item}", right))
    learners, items = replay(answers)
    found = [items[f"item {item}"].value for item in range(9)]
    assert np.corrcoef(found, known)[0, 1] > 0.95
    assert len(learners) == 600
    assert all(rating.n == 9 for rating in learners.values())


def test_a_rating_on_fewer_than_no_answers_is_refused() -> None:
    with pytest.raises(ValueError, match="-1 answers"):
        Rating(0, -1)
