"""The simulated world: the same from the same seed, and as its model says."""

from __future__ import annotations

from datetime import UTC, datetime

from qbank.demo import world
from qbank.demo.world import Learner, Size, TrueItem

SIZE = Size(learners=200, months=4, items=50, seed=7, until=datetime(2026, 6, 1, tzinfo=UTC))


def test_the_share_of_right_answers_is_the_chance_of_the_model() -> None:
    learner, item = Learner(1, 0.5, 1.0, 0.5, 1), TrueItem(1.3, -0.2, 60)
    rng, n = world.source(3, "answers"), 4000
    taken = [world.respond(learner, item, 4, rng) for _ in range(n)]
    answered = [each for each in taken if each.final is not None]
    share = sum(each.final == 0 for each in answered) / len(answered)
    chance = item.chance(0.5)
    assert abs(share - chance) < 4 * (chance * (1 - chance) / n) ** 0.5
    assert all(each.first != each.final for each in taken if each.first is not None)
    assert all(each.final is None or 0 <= each.final < 4 for each in taken)


def test_a_seed_gives_the_same_world_and_another_seed_another() -> None:
    assert world.learners(SIZE) == world.learners(SIZE)
    other = Size(learners=200, months=4, items=50, seed=8, until=SIZE.until)
    assert world.true_items(SIZE, 5) != world.true_items(other, 5)


def test_blocks_lie_within_the_months_before_the_last_day_and_a_day_holds_one() -> None:
    for learner in world.learners(SIZE):
        days = world.starts(learner, SIZE)
        assert days == sorted(days)
        assert len({day.date() for day in days}) == learner.blocks
        assert all(0 < (SIZE.until - day).total_seconds() < 125 * 86_400 for day in days)


def test_a_draw_takes_unseen_items_first_and_none_twice() -> None:
    rng, waiting = world.source(1, "draw"), [4, 5, 6]
    taken = world.draw(waiting, range(8), 6, rng)
    assert taken[:3] == [6, 5, 4]
    assert len(set(taken)) == 6
    assert waiting == []
