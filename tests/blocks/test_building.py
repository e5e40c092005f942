"""Counting, drawing and starting: worked numbers and properties."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from random import Random
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from qbank.accounts.models import Person
from qbank.blocks import building, closing, drawing, taking
from qbank.blocks.criteria import Criteria
from qbank.blocks.models import Block, Delivery, Mark, StudyPass, Timing
from qbank.blocks.passes import current_pass, new_pass
from qbank.errors import ConflictError, InvalidError
from qbank.items.models import ItemEnemy, ItemState, Option
from qbank.settings import Settings
from tests.blocks import factories as make
from tests.conftest import TestClock, make_settings

pytestmark = pytest.mark.usefixtures("clock")


def test_only_live_items_are_counted_and_more_than_are_eligible_creates_nothing(
    session: Session, settings: Settings
) -> None:
    taxa = make.make_taxa(session)
    make.make_items(session, 27, taxa)
    make.make_items(session, 5, taxa, state=ItemState.DRAFT)
    make.retire(session, make.make_items(session, 3, taxa))
    make.make_items(session, 4, taxa, state=ItemState.PRETEST)
    person = make.make_person(session)
    counts = building.count_eligible(session, person, Criteria())
    assert counts.total == 27
    assert sum(counts.systems.values()) == sum(counts.tasks.values()) == sum(counts.disciplines.values()) == 27
    with pytest.raises(InvalidError, match="27 are eligible") as refused:
        make.start(session, person, settings, 40)
    assert "27 are eligible" in refused.value.problems["count"]
    assert session.scalar(sa.select(sa.func.count()).select_from(Block)) == 0
    assert make.start(session, person, settings, 27).item_count == 27


@pytest.mark.parametrize("count", [0, -1, 101])
def test_a_block_of_no_items_or_of_too_many_is_refused(session: Session, settings: Settings, count: int) -> None:
    make.make_items(session, 5, make.make_taxa(session))
    with pytest.raises(InvalidError):
        make.start(session, make.make_person(session), settings, count)


def test_unused_items_come_first_and_then_the_least_often_seen(session: Session, settings: Settings) -> None:
    taxa = make.make_taxa(session)
    seen = make.make_items(session, 10, taxa)
    person = make.make_person(session)
    closing.end_block(session, person, make.start(session, person, settings, 10).token)
    again = make.start(session, person, settings, 5)
    often = {row.item_id for row in make.deliveries(session, again)}
    closing.end_block(session, person, again.token)
    unused = make.make_items(session, 10, taxa)
    drawn = {row.item_id for row in make.deliveries(session, make.start(session, person, settings, 12))}
    assert set(unused) <= drawn
    assert len(drawn) == 12
    assert drawn - set(unused) <= set(seen) - often


def test_no_block_holds_two_enemies(session: Session, settings: Settings) -> None:
    items = make.make_items(session, 6, make.make_taxa(session))
    make.make_enemies(session, items[0], items[1])
    make.make_enemies(session, items[1], items[2])
    person = make.make_person(session)
    with pytest.raises(InvalidError, match="6 are eligible, but only"):
        make.start(session, person, settings, 6)
    for seed in "abcdef":
        learner = make.make_person(session)
        drawn = {row.item_id for row in make.deliveries(session, make.start(session, learner, settings, 4, seed=seed))}
        assert not {items[0], items[1]} <= drawn
        assert not {items[1], items[2]} <= drawn


@pytest.mark.parametrize(
    ("items", "percent", "limit"), [(20, 100, 1800), (13, 100, 1170), (20, 150, 2700), (20, 125, 2250), (4, 200, 720)]
)
def test_the_limit_is_items_times_seconds_times_allowance(
    session: Session, settings: Settings, clock: TestClock, items: int, percent: int, limit: int
) -> None:
    make.make_items(session, 20, make.make_taxa(session))
    person = make.make_person(session, time_percent=percent)
    block = make.start(session, person, settings, items, timing="timed", preset=make.make_preset(session))
    assert block.limit_seconds == limit
    assert block.deadline_at == block.closes_at == clock.moment + timedelta(seconds=limit)
    person.time_percent = 200
    assert taking.room_block(session, taking.find_block(session, person, block.token)).remaining == limit


@pytest.mark.parametrize("feedback", ["tutor", "exam"])
@pytest.mark.parametrize("timing", ["timed", "untimed"])
def test_feedback_and_timing_are_independent(session: Session, settings: Settings, feedback: str, timing: str) -> None:
    make.make_items(session, 4, make.make_taxa(session))
    block = make.start(session, make.make_person(session), settings, feedback=feedback, timing=timing)
    assert (block.feedback, block.timing) == (feedback, timing)
    assert (block.deadline_at is None) == (timing == "untimed")


def test_a_second_timed_block_is_refused_with_the_way_to_the_first(
    session: Session, settings: Settings, clock: TestClock
) -> None:
    make.make_items(session, 12, make.make_taxa(session))
    person = make.make_person(session)
    first = make.start(session, person, settings, timing=Timing.TIMED)
    with pytest.raises(ConflictError) as refused:
        make.start(session, person, settings, timing=Timing.TIMED)
    assert getattr(refused.value, "token", None) == first.token
    make.start(session, person, settings, timing=Timing.UNTIMED)
    clock.advance(days=1)
    second = make.start(session, person, settings, timing=Timing.TIMED)
    session.refresh(first)
    assert (first.ended_reason, second.state) == ("time_up", "open")


def test_pretest_items_fill_their_share_of_exam_blocks_only(session: Session, settings: Settings) -> None:
    taxa = make.make_taxa(session)
    make.make_items(session, 30, taxa)
    pretest = set(make.make_items(session, 5, taxa, state=ItemState.PRETEST))
    tutor = make.start(session, make.make_person(session), settings, 20, feedback="tutor")
    assert not any(row.pretest for row in make.deliveries(session, tutor))
    person = make.make_person(session)
    for size, share in ((20, 2), (9, 0)):
        block = make.start(session, person, settings, size)
        rows = make.deliveries(session, block)
        assert len(rows) == size
        assert {row.item_id for row in rows if row.pretest} <= pretest
        assert sum(row.pretest for row in rows) == share


def test_a_preset_edited_later_leaves_the_block_alone(session: Session, settings: Settings) -> None:
    make.make_items(session, 4, make.make_taxa(session))
    preset = make.make_preset(session)
    block = make.start(session, make.make_person(session), settings, timing="timed", preset=preset)
    preset.seconds_per_item, preset.name = 10, "Other"
    session.flush()
    session.refresh(block)
    assert (block.seconds_per_item, block.limit_seconds, block.preset_copy["name"]) == (90, 360, "Test")


def test_option_order_is_pinned_shuffled_only_where_it_may_be_and_blind_to_the_key(
    session: Session, settings: Settings
) -> None:
    taxa = make.make_taxa(session)
    fixed, free = make.make_items(session, 20, taxa), make.make_items(session, 20, taxa, shuffle=True)
    block = make.start(session, make.make_person(session), settings, 40, seed="pinned")
    rows = {row.item_id: row for row in make.deliveries(session, block)}
    assert all(rows[item].option_order == sorted(rows[item].option_order) for item in fixed)
    assert any(rows[item].option_order != sorted(rows[item].option_order) for item in free)
    session.execute(sa.update(Option).values(is_key=sa.case((Option.ordinal == 3, True), else_=False)))
    twin = make.start(session, make.make_person(session), settings, 40, seed="pinned")
    first, second = make.deliveries(session, block), make.deliveries(session, twin)
    assert [row.option_order for row in first] == [row.option_order for row in second]


def test_statuses_combine_and_old_sightings_can_be_asked_for(
    session: Session, settings: Settings, clock: TestClock
) -> None:
    make.make_items(session, 10, make.make_taxa(session))
    person = make.make_person(session)
    block = make.start(session, person, settings, 4)
    make.answer(session, person, block, right=1, wrong=2)
    for position in (2, 4):
        make.act(session, person, block, position, "mark")
    closing.end_block(session, person, block.token)
    both = Criteria(statuses=frozenset({"marked", "ever_incorrect"}))
    assert building.count_eligible(session, person, both).total == 2
    assert building.count_eligible(session, person, Criteria(statuses=frozenset({"correct", "omitted"}))).total == 2
    late = Criteria(statuses=both.statuses, not_seen_days=14)
    assert building.count_eligible(session, person, late).total == 0
    clock.advance(days=15)
    assert building.count_eligible(session, person, late).total == 2
    counts = building.count_eligible(session, person, Criteria())
    assert counts.statuses == {
        "unused": 6, "correct": 1, "incorrect": 2, "omitted": 1, "in_progress": 0, "marked": 2, "ever_incorrect": 3,
    }  # fmt: skip


def drawable(session: Session, person: Person, pass_id: int, criteria: Criteria) -> int:
    """Return how many items there are to draw, having drawn them all."""
    found = drawing.eligible(session, person, pass_id, criteria)
    drawn = list(found.ranked(session, Random(1), 3))
    assert len(drawn) == len(set(drawn)) == found.total
    return found.total


def test_every_number_next_to_a_choice_is_what_choosing_it_gives(session: Session, settings: Settings) -> None:
    taxa = make.make_taxa(session)
    items = make.make_items(session, 47, taxa)
    person = make.make_person(session)
    block = make.start(session, person, settings, 20)
    make.answer(session, person, block, right=7, wrong=6)
    closing.end_block(session, person, block.token)
    make.start(session, person, settings, 5)
    session.execute(
        sa.insert(Mark),
        [{"person_id": person.id, "item_id": item, "at": block.started_at} for item in items[::3]],
    )
    pass_id = current_pass(session, person).id
    asked = (
        Criteria(),
        Criteria(systems=frozenset(taxa.systems[:2]), difficulties=frozenset({"easy", "hard"})),
        Criteria(disciplines=frozenset(taxa.disciplines[1:]), statuses=frozenset({"unused", "marked"})),
        Criteria(tasks=frozenset(taxa.tasks[:1]), statuses=frozenset({"incorrect", "omitted", "ever_incorrect"})),
        Criteria(statuses=frozenset({"marked", "ever_incorrect"}), not_seen_days=1),
    )
    for criteria in asked:
        counts = building.count_eligible(session, person, criteria)
        assert counts.total == drawable(session, person, pass_id, criteria)
        for dimension in ("systems", "disciplines", "tasks", "difficulties"):
            for value, n in getattr(counts, dimension).items():
                only = _with(criteria, **{dimension: frozenset({value})})
                assert n == drawable(session, person, pass_id, only), (criteria, dimension, value)
        for status in ("unused", "correct", "incorrect", "omitted"):
            kept = criteria.statuses - {"unused", "correct", "incorrect", "omitted"}
            only = _with(criteria, statuses=kept | {status})
            assert counts.statuses[status] == drawable(session, person, pass_id, only), status
        for status in ("marked", "ever_incorrect"):
            only = _with(criteria, statuses=criteria.statuses | {status})
            assert counts.statuses[status] == drawable(session, person, pass_id, only), status


def _with(criteria: Criteria, **values: Any) -> Criteria:
    whole = {name: getattr(criteria, name) for name in Criteria.__dataclass_fields__}
    return Criteria(**(whole | values))


def test_filters_survive_their_stored_form() -> None:
    criteria = Criteria(systems=frozenset({3, 1}), statuses=frozenset({"marked"}), not_seen_days=14)
    assert Criteria.from_dict(criteria.to_dict()) == criteria
    for wrong in ({"systems": "3"}, {"systems": ["x"]}, {"statuses": ["lost"]}, {"not_seen_days": "x"}):
        with pytest.raises(InvalidError):
            Criteria.from_dict(wrong)


def test_a_new_pass_begins_with_everything_unused_and_erases_nothing(session: Session, settings: Settings) -> None:
    make.make_items(session, 6, make.make_taxa(session))
    person = make.make_person(session)
    block = make.start(session, person, settings, 4)
    with pytest.raises(ConflictError):
        new_pass(session, person)
    closing.end_block(session, person, block.token)
    assert building.count_eligible(session, person, Criteria()).statuses["unused"] == 2
    assert new_pass(session, person).number == 2
    assert building.count_eligible(session, person, Criteria()).statuses["unused"] == 6
    again = make.start(session, person, settings, 6)
    assert all(row.first for row in make.deliveries(session, again))
    assert session.scalar(sa.select(sa.func.count()).select_from(StudyPass)) == 2
    assert session.scalar(sa.select(sa.func.count()).select_from(Delivery)) == 10


def test_an_item_of_an_open_block_is_in_no_other_block(session: Session, settings: Settings) -> None:
    make.make_items(session, 6, make.make_taxa(session))
    person = make.make_person(session)
    make.start(session, person, settings, 4)
    counts = building.count_eligible(session, person, Criteria())
    assert (counts.total, counts.statuses["in_progress"]) == (2, 4)
    with pytest.raises(InvalidError, match="2 are eligible"):
        make.start(session, person, settings, 3, feedback="tutor")


def test_starting_takes_no_more_queries_with_more_items(session: Session, settings: Settings, queries: Any) -> None:
    taxa = make.make_taxa(session)
    make.make_items(session, 60, taxa)
    wide = make_settings(settings.data_dir, block_max_items=100)
    sent = []
    for size in (10, 50):  # both have places for pretest items
        person = make.make_person(session)
        with queries() as seen:
            make.start(session, person, wide, size)
        sent.append(len(seen))
    assert sent[0] == sent[1] <= 19


def test_the_number_proposed_can_be_drawn_whatever_the_seed(session: Session, settings: Settings) -> None:
    """A path of enemies: how many items stand together depends on where the draw begins."""
    items = make.make_items(session, 9, make.make_taxa(session))
    session.add_all(ItemEnemy(item_id=one, enemy_id=other) for one, other in pairwise(sorted(items)))
    person = make.make_person(session)
    session.flush()
    proposed = building.usual_count(session, person, Criteria(), 20)
    assert 3 <= proposed <= 5
    assert building.usual_count(session, person, Criteria(), 2) == 2
    for seed in range(8):
        block = make.start(session, person, settings, proposed, seed=str(seed))
        assert block.item_count == proposed
        closing.end_block(session, person, block.token)
