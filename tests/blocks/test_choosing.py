"""The choice of the next item and the estimate behind it, on plain values."""

from __future__ import annotations

import math
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qbank.blocks import choosing
from qbank.blocks.adaptive_models import Aim, Method
from qbank.blocks.choosing import Answered, Candidate
from qbank.measurement.ability import estimate as estimate_of
from qbank.measurement.elo import Rating, update
from qbank.measurement.responses import Responses

ITEMS = st.builds(
    Candidate,
    item_id=st.integers(1, 10_000),
    a=st.floats(0.3, 2.5),
    d=st.floats(-4, 4),
    rated=st.sampled_from([None, None, 0, 7]),
)


def test_the_estimate_is_that_of_the_calibration_for_the_same_answers() -> None:
    rng = Random(5)
    answers = [Answered(rng.uniform(0.5, 2), rng.uniform(-2, 2), None, rng.random() < 0.6) for _ in range(25)]
    count = len(answers)
    responses = Responses.from_dense([[int(each.correct) for each in answers]])
    right = estimate_of(responses, np.array([each.a for each in answers]), np.array([each.d for each in answers]))
    found = choosing.estimate(answers)
    assert (found.method, found.answers) == (Method.EAP, count)
    assert found.ability == pytest.approx(right.eap[0], abs=1e-12)
    assert found.se == pytest.approx(right.psd[0], abs=1e-12)


def test_until_a_measured_item_is_answered_the_ability_is_a_rating_without_an_interval() -> None:
    answers = [Answered(1.0, -0.5, 3, True), Answered(1.0, 0.2, 0, False)]
    expected, _ = update(Rating(), Rating(0.5, 3), True)
    expected, _ = update(expected, Rating(-0.2, 0), False)
    found = choosing.estimate(answers)
    assert (found.method, found.ability, found.se, found.interval) == (Method.ELO, expected.value, None, None)
    assert choosing.estimate([*answers, Answered(1.2, 0.0, None, True)]).answers == 1


@given(st.lists(ITEMS, min_size=1, max_size=30, unique_by=lambda item: item.item_id), st.floats(-3, 3))
def test_to_practise_no_item_left_out_is_nearer_to_three_in_four_than_one_taken(
    items: list[Candidate], ability: float
) -> None:
    def away(item: Candidate) -> float:
        return abs(choosing.expected(item.a, item.d, ability) - 0.75)

    taken = choosing.best(items, Aim.PRACTICE, ability)
    assert len(taken) == min(5, len(items))
    left = [item for item in items if item not in taken]
    assert all(away(one) <= away(other) + 1e-8 for one in taken for other in left)


@given(st.lists(ITEMS, min_size=1, max_size=30, unique_by=lambda item: item.item_id), st.floats(-3, 3))
def test_to_measure_the_most_informative_measured_items_come_before_all_others(
    items: list[Candidate], ability: float
) -> None:
    taken = choosing.best(items, Aim.MEASURE, ability)
    left = [item for item in items if item not in taken and item.rated is None]
    if left:
        assert all(item.rated is None for item in taken)
        least = min(choosing.information(item.a, item.d, ability) for item in taken)
        assert least >= max(choosing.information(item.a, item.d, ability) for item in left)


def test_the_areas_of_a_block_follow_their_targets() -> None:
    targets, asked = {1: 0.5, 2: 0.3, 3: 0.2}, {1: 0, 2: 0, 3: 0}
    for step in range(1, 101):
        asked[choosing.areas(targets, asked, Random(step))[0]] += 1
        assert all(abs(asked[area] - share * step) < 1.5 for area, share in targets.items()), step
    assert asked == {1: 50, 2: 30, 3: 20}


def test_areas_that_lack_equally_much_come_in_an_order_of_chance() -> None:
    even = dict.fromkeys(range(4), 0.25)
    first = {choosing.areas(even, {}, Random(seed))[0] for seed in range(60)}
    assert first == {0, 1, 2, 3}


def test_the_same_seed_and_position_choose_the_same_item_and_others_spread_over_all_five() -> None:
    five = [3, 1, 4, 15, 9]
    assert choosing.pick(five, "seed", 7) == choosing.pick(five, "seed", 7)
    assert {choosing.pick(five, f"seed{n}", 7) for n in range(80)} == set(five)


def _simulated(aim: Aim, theta: float, bank: list[Candidate], rng: Random, length: int) -> list[Answered]:
    answers: list[Answered] = []
    left = {item.item_id: item for item in bank}
    for position in range(1, length + 1):
        now = choosing.estimate(answers)
        five = [item.item_id for item in choosing.best(left.values(), aim, now.ability)]
        item = left.pop(choosing.pick(five, str(theta), position))
        right = rng.random() < choosing.expected(item.a, item.d, theta)
        answers.append(Answered(item.a, item.d, None, right))
    return answers


def test_the_errors_of_simulated_learners_are_as_large_as_their_standard_errors_say() -> None:
    """150 learners from the prior, 20 items each: with z = error / SE, mean 0 and SD 1 within four standard errors."""
    rng = Random(20)
    bank = [Candidate(n, rng.lognormvariate(0.1, 0.3), rng.gauss(0, 1.2)) for n in range(150)]
    z, errors, inside = [], [], 0
    for _learner in range(150):
        theta = rng.gauss(0, 1)
        found = choosing.estimate(_simulated(Aim.MEASURE, theta, bank, rng, 20))
        assert found.se is not None and found.interval is not None  # noqa: PT018
        errors.append((found.ability - theta) ** 2)
        z.append((found.ability - theta) / found.se)
        inside += found.interval[0] <= theta <= found.interval[1]
    mean = sum(z) / len(z)
    spread = math.sqrt(sum((each - mean) ** 2 for each in z) / (len(z) - 1))
    assert abs(mean) < 4 / math.sqrt(150)
    assert abs(spread - 1) < 4 / math.sqrt(300)
    assert 0.87 < inside / 150 <= 1  # 95 % -+ four standard errors
    assert math.sqrt(sum(errors) / 150) < 0.45


def test_practice_comes_out_near_three_in_four_right_for_weak_and_strong_learners() -> None:
    rng = Random(8)
    bank = [Candidate(n, rng.lognormvariate(0.1, 0.3), rng.gauss(0.5, 1.6)) for n in range(250)]
    for theta in (-1.0, 0.0, 1.0):
        answers = [each for _ in range(5) for each in _simulated(Aim.PRACTICE, theta, bank, rng, 40)[5:]]
        share = sum(each.correct for each in answers) / len(answers)
        assert abs(share - 0.75) < 0.09, (theta, share)
