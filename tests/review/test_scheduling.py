"""The scheduler: published vectors to their digits, ratings, replay."""

from __future__ import annotations

import csv
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from fsrs import Card, Rating, Scheduler
from hypothesis import given, settings
from hypothesis import strategies as st

from qbank.blocks.models import Confidence, Outcome
from qbank.review import scheduling
from qbank.review.scheduling import Answer, Memory, Review, log_loss, rate, recall, replay, review

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
VECTORS = list(csv.DictReader((Path(__file__).parent / "data" / "fsrs6_default_vectors.csv").open()))
ratings = st.lists(st.tuples(st.sampled_from(list(Rating)), st.integers(0, 200_000)), min_size=1, max_size=15)


def vectors(sequence: str) -> list[dict[str, str]]:
    return [row for row in VECTORS if row["sequence"] == sequence]


def test_the_schedule_without_steps_is_the_published_one_to_its_digits() -> None:
    now: Memory | None = None
    at = BEGIN
    rows = vectors("C_no_steps")
    assert len(rows) == 7
    for row in rows:
        at += timedelta(days=int(row["elapsed_days"]))
        if now is not None:
            assert recall(now, at) == pytest.approx(float(row["retrievability_before"]), rel=1e-14)
        now = review(now, Review(Rating(int(row["rating"])), at))
        assert now.stability == pytest.approx(float(row["stability_after"]), rel=1e-14)
        assert now.difficulty == pytest.approx(float(row["difficulty_after"]), rel=1e-14)
        assert now.due_at - at == timedelta(days=float(row["next_interval_days"]))


@pytest.mark.parametrize("sequence", ["A_default_steps", "B_default_steps"])
def test_the_installed_library_gives_the_published_vectors_with_its_usual_steps(sequence: str) -> None:
    scheduler, card, at = Scheduler(enable_fuzzing=False), Card(card_id=1), BEGIN
    for row in vectors(sequence):
        at += timedelta(days=int(row["elapsed_days"]))
        before = card
        card, _log = scheduler.review_card(card, Rating(int(row["rating"])), at)
        # the vectors count whole days since the last review, and steps are minutes: both are the library's own
        if row["retrievability_before"]:
            assert scheduler.get_card_retrievability(before, at) == pytest.approx(float(row["retrievability_before"]))
        assert card.stability == pytest.approx(float(row["stability_after"]), rel=1e-12)
        assert card.difficulty == pytest.approx(float(row["difficulty_after"]), rel=1e-12)
        assert card.state.name == row["state_after"]
        assert (card.due - at) / timedelta(days=1) == pytest.approx(float(row["next_interval_days"]))


RIGHT = Outcome.CORRECT


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (Answer(Outcome.INCORRECT, confidence=Confidence.SURE), Rating.Again),
        (Answer(Outcome.OMITTED), Rating.Again),
        (Answer(RIGHT, confidence=Confidence.UNSURE), Rating.Hard),
        (Answer(RIGHT, confidence=Confidence.GUESS), Rating.Hard),
        (Answer(RIGHT, changes=1, confidence=Confidence.SURE), Rating.Hard),
        (Answer(RIGHT, seconds=121), Rating.Hard),
        (Answer(RIGHT, seconds=120), Rating.Good),
        (Answer(RIGHT, confidence=Confidence.FAIRLY), Rating.Good),
        (Answer(RIGHT, seconds=30, confidence=Confidence.SURE), Rating.Easy),
    ],
)
def test_an_answer_is_rated_by_outcome_doubt_change_and_pace(answer: Answer, expected: Rating) -> None:
    assert rate(answer, 60.0) is expected


def test_nobody_is_called_slow_before_their_pace_is_known() -> None:
    assert rate(Answer(RIGHT, seconds=3000), None) is Rating.Good


def log_of(steps: list[tuple[Rating, int]]) -> list[Review]:
    at, found = BEGIN, []
    for rating, gap in steps:
        at += timedelta(seconds=gap * 7)
        found.append(Review(rating, at))
    return found


@settings(max_examples=60, deadline=None)
@given(ratings)
def test_replaying_the_log_gives_what_the_steps_gave_and_stays_in_bounds(steps: list[tuple[Rating, int]]) -> None:
    now: Memory | None = None
    log = log_of(steps)
    for one in log:
        now = review(now, one)
        assert now.stability > 0
        assert 1 <= now.difficulty <= 10
        assert now.due_at - one.at >= timedelta(days=1)
    assert replay(log) == now
    assert now is not None
    assert 0 < recall(now, now.due_at) <= 1


@settings(max_examples=60, deadline=None)
@given(ratings)
def test_an_item_is_learned_exactly_when_right_on_two_days_since_its_last_miss(steps: list[tuple[Rating, int]]) -> None:
    log = log_of(steps)
    now = replay(log)
    days: set[object] = set()
    for one in log:
        days = set() if one.rating is Rating.Again else days | {one.at.date()}
    assert now is not None
    assert now.learned is (len(days) > 1)


def test_a_better_rating_never_brings_the_item_back_sooner() -> None:
    first = review(None, Review(Rating.Again, BEGIN))
    later = BEGIN + timedelta(days=3)
    due = [review(first, Review(rating, later)).due_at for rating in Rating]
    assert due == sorted(due)


def test_log_loss_is_that_of_the_chances_given_and_ignores_reviews_of_the_same_day() -> None:
    days = [Review(Rating.Good, BEGIN), Review(Rating.Good, BEGIN + timedelta(hours=2)),
            Review(Rating.Again, BEGIN + timedelta(days=5))]  # fmt: skip
    before = replay(days[:2])
    assert before is not None
    chance = recall(before, days[2].at)
    loss, n = log_loss([days], scheduling.PUBLISHED, BEGIN)
    assert n == 1
    from math import log

    assert loss == pytest.approx(-log(1 - chance))
    with pytest.raises(ValueError, match="no review"):
        log_loss([days[:2]], scheduling.PUBLISHED, BEGIN)
