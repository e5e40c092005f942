"""The queue: what enters at the end of a block, what answers do to it, what leaves it, and starting a session."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
import sqlalchemy as sa
from fsrs import Rating
from hypothesis import HealthCheck, given
from hypothesis import settings as tries
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from qbank.accounts.models import Person
from qbank.blocks import closing, taking
from qbank.blocks.models import Block
from qbank.blocks.passes import new_pass
from qbank.errors import InvalidError, NotFoundError
from qbank.items.models import ItemState
from qbank.review import queries as shown
from qbank.review import service, starting
from qbank.review.models import Departure, Reason, ReviewCard, ReviewLog, ReviewParameters
from qbank.review.scheduling import PUBLISHED
from qbank.settings import Settings
from tests.blocks import factories as make
from tests.conftest import TestClock

Queries = Callable[[], AbstractContextManager[list[str]]]


def cards(session: Session, person: Person) -> dict[int, ReviewCard]:
    """Return the learner's cards by item."""
    query = sa.select(ReviewCard).where(ReviewCard.person_id == person.id)
    return {card.item_id: card for card in session.scalars(query.execution_options(populate_existing=True))}


def items_of(session: Session, block: Block) -> list[int]:
    return [row.item_id for row in make.deliveries(session, block)]


def answer_one(
    session: Session, person: Person, conf: Settings, item: int, *, right: bool, confidence: str | None = None
) -> Block:
    """Take a tutor block of this one item, answered and submitted, and end it."""
    block = make.start(session, person, conf, 1, items=[item], feedback="tutor")
    key, distractor = make.letters(session, block)[1]
    if confidence:
        make.act(session, person, block, 1, "confidence", text=confidence)
    make.act(session, person, block, 1, "submit", key if right else distractor)
    closing.end_block(session, person, block.token)
    return block


@pytest.fixture
def bank(session: Session, clock: TestClock) -> list[int]:
    return make.make_items(session, 8, make.make_taxa(session))


@pytest.fixture
def learner(session: Session, bank: list[int]) -> Person:
    return make.make_person(session)


def test_missed_and_omitted_items_enter_when_the_block_ends_and_right_ones_do_not(
    session: Session, settings: Settings, learner: Person
) -> None:
    block = make.start(session, learner, settings, 6)
    make.answer(session, learner, block, right=2, wrong=3)
    assert cards(session, learner) == {}
    closing.end_block(session, learner, block.token)
    found = cards(session, learner)
    assert set(found) == set(items_of(session, block)[2:])
    assert {card.entered_because for card in found.values()} == {Reason.MISSED}
    assert all(card.due_at > block.started_at for card in found.values())
    logged = session.scalars(sa.select(ReviewLog)).all()
    assert [row.rating for row in logged] == [Rating.Again] * 4


def test_a_tutor_submit_puts_the_item_in_at_once_and_the_end_adds_nothing(
    session: Session, settings: Settings, learner: Person
) -> None:
    block = make.start(session, learner, settings, 2, feedback="tutor")
    _key, wrong = make.letters(session, block)[1]
    make.act(session, learner, block, 1, "submit", wrong)
    assert set(cards(session, learner)) == {items_of(session, block)[0]}
    closing.end_block(session, learner, block.token)
    assert session.scalar(sa.select(sa.func.count()).select_from(ReviewLog)) == 2
    again = make.deliveries(session, block)
    before = {item: service.memory_of(card) for item, card in cards(session, learner).items()}
    service.follow(session, block, again, block.started_at)
    assert {item: service.memory_of(card) for item, card in cards(session, learner).items()} == before
    assert session.scalar(sa.select(sa.func.count()).select_from(ReviewLog)) == 2


def test_right_answers_enter_where_the_learner_was_unsure_or_marked_them(
    session: Session, settings: Settings, learner: Person
) -> None:
    block = make.start(session, learner, settings, 4)
    make.answer(session, learner, block, right=4)
    make.act(session, learner, block, 1, "confidence", text="guess")
    make.act(session, learner, block, 2, "confidence", text="sure")
    make.act(session, learner, block, 3, "mark")
    closing.end_block(session, learner, block.token)
    one, _two, three, four = items_of(session, block)
    found = cards(session, learner)
    assert {item: card.entered_because for item, card in found.items()} == {one: Reason.UNSURE, three: Reason.MARKED}
    taking.set_mark(session, learner, block, 4, on=True)
    assert cards(session, learner)[four].entered_because is Reason.MARKED


def test_pretest_items_never_enter(session: Session, settings: Settings, learner: Person) -> None:
    taxa = make.make_taxa(session)
    pretest = set(make.make_items(session, 5, taxa, state=ItemState.PRETEST))
    make.make_items(session, 20, taxa)
    block = make.start(session, learner, settings, 20)
    closing.end_block(session, learner, block.token)
    assert pretest & set(items_of(session, block)), "the block holds pretest items, or this tests nothing"
    assert set(cards(session, learner)) == set(items_of(session, block)) - pretest


def test_a_mistake_leaves_when_right_twice_on_different_days_not_by_one_lucky_hit(
    session: Session, settings: Settings, learner: Person, bank: list[int], clock: TestClock
) -> None:
    answer_one(session, learner, settings, bank[0], right=False)
    clock.advance(hours=1)
    answer_one(session, learner, settings, bank[0], right=True)
    answer_one(session, learner, settings, bank[0], right=True)
    assert cards(session, learner)[bank[0]].left_at is None, "twice on one day is one day"
    clock.advance(days=1)
    answer_one(session, learner, settings, bank[0], right=False)
    clock.advance(days=1)
    answer_one(session, learner, settings, bank[0], right=True)
    assert cards(session, learner)[bank[0]].left_at is None, "a miss between begins anew"
    clock.advance(days=1)
    answer_one(session, learner, settings, bank[0], right=True)
    assert cards(session, learner)[bank[0]].left_because is Departure.LEARNED
    clock.advance(days=30)
    answer_one(session, learner, settings, bank[0], right=False)
    assert cards(session, learner)[bank[0]].left_at is None, "a new miss puts it back"


def test_a_marked_item_stays_until_the_mark_is_off(
    session: Session, settings: Settings, learner: Person, bank: list[int], clock: TestClock
) -> None:
    block = answer_one(session, learner, settings, bank[0], right=True)
    taking.set_mark(session, learner, block, 1, on=True)
    for _ in range(3):
        clock.advance(days=2)
        answer_one(session, learner, settings, bank[0], right=True)
    assert cards(session, learner)[bank[0]].left_at is None
    taking.set_mark(session, learner, block, 1, on=False)
    clock.advance(days=2)
    answer_one(session, learner, settings, bank[0], right=True)
    assert cards(session, learner)[bank[0]].left_because is Departure.LEARNED


def test_what_the_learner_took_out_comes_back_by_undo_or_by_a_new_miss_only(
    session: Session, settings: Settings, learner: Person, bank: list[int], clock: TestClock
) -> None:
    block = answer_one(session, learner, settings, bank[0], right=False)
    taking.set_mark(session, learner, block, 1, on=True)
    card = cards(session, learner)[bank[0]]
    due_at = card.due_at
    clock.advance(minutes=1)
    service.remove(session, learner, card.id)
    service.put_back(session, learner, card.id)
    assert (card.left_at, card.due_at) == (None, due_at)
    service.remove(session, learner, card.id)
    clock.advance(days=1)
    answer_one(session, learner, settings, bank[0], right=True)
    assert cards(session, learner)[bank[0]].left_because is Departure.REMOVED, "the old mark does not bring it back"
    answer_one(session, learner, settings, bank[0], right=False)
    assert cards(session, learner)[bank[0]].left_at is None


def test_nobody_touches_another_ones_card(
    session: Session, settings: Settings, learner: Person, bank: list[int]
) -> None:
    answer_one(session, learner, settings, bank[0], right=False)
    card = cards(session, learner)[bank[0]]
    other = make.make_person(session)
    for change in (service.remove, service.put_back):
        with pytest.raises(NotFoundError):
            change(session, other, card.id)


def test_a_session_takes_the_due_items_reschedules_them_and_respects_what_is_open_retired_or_an_enemy(
    session: Session, settings: Settings, learner: Person, bank: list[int], clock: TestClock
) -> None:
    with pytest.raises(InvalidError, match="Nothing is due"):
        starting.start(session, learner, settings)
    block = make.start(session, learner, settings, 6)
    closing.end_block(session, learner, block.token)
    items = items_of(session, block)
    clock.advance(days=30)
    make.retire(session, items[:1])
    make.make_enemies(session, items[1], items[2])
    busy = make.start(session, learner, settings, 1, items=items[3:4])
    due = shown.due(session, learner, clock.moment)
    assert (due.cards, due.ready) == (6, 4)
    review = starting.start(session, learner, settings)
    drawn = set(items_of(session, review))
    assert (review.feedback, review.timing) == ("tutor", "untimed")
    assert items[0] not in drawn
    assert items[3] not in drawn
    assert set(items[4:]) <= drawn
    assert len(drawn & set(items[1:3])) == 1
    before = cards(session, learner)[items[4]].due_at
    place = items_of(session, review).index(items[4]) + 1
    make.act(session, learner, review, place, "submit", make.letters(session, review)[place][0])
    assert cards(session, learner)[items[4]].due_at > max(before, clock.moment)
    assert busy.token != review.token


def test_a_session_has_at_most_so_many_items_the_longest_overdue_first(
    session: Session, settings: Settings, learner: Person, clock: TestClock
) -> None:
    make.make_items(session, 30, make.make_taxa(session))
    first = make.start(session, learner, settings, 10)
    closing.end_block(session, learner, first.token)
    clock.advance(days=1)
    second = make.start(session, learner, settings, 20)
    closing.end_block(session, learner, second.token)
    clock.advance(days=9)
    drawn = items_of(session, starting.start(session, learner, settings))
    assert len(drawn) == starting.MOST
    assert set(items_of(session, first)) <= set(drawn)


def test_a_new_pass_keeps_the_review(session: Session, settings: Settings, learner: Person, bank: list[int]) -> None:
    answer_one(session, learner, settings, bank[0], right=False)
    new_pass(session, learner)
    assert cards(session, learner)[bank[0]].left_at is None


def test_ending_takes_no_more_statements_with_more_items(
    session: Session, settings: Settings, queries: Queries, clock: TestClock
) -> None:
    make.make_items(session, 60, make.make_taxa(session))
    sent = []
    for size in (6, 40):
        block = make.start(session, make.make_person(session), settings, size)
        with queries() as seen:
            service.follow(session, block, _settled(session, block), clock.moment)
        sent.append(len(seen))
    assert sent[0] == sent[1] <= 8


def _settled(session: Session, block: Block) -> list[object]:
    rows = make.deliveries(session, block)
    for row in rows:
        row.outcome = "omitted"  # type: ignore[assignment]
    session.flush()
    return rows


def test_the_pages_queries_do_not_grow_with_the_queue(
    session: Session, settings: Settings, learner: Person, queries: Queries, clock: TestClock
) -> None:
    make.make_items(session, 60, make.make_taxa(session))
    sent = []
    for _ in range(2):
        block = make.start(session, learner, settings, 20)
        closing.end_block(session, learner, block.token)
        with queries() as seen:
            lines = shown.cards(session, learner, limit=50)
            week = shown.schedule(session, learner, clock.moment)
            shown.due(session, learner, clock.moment)
        assert len(lines) == week.later + sum(n for _day, n in week.days)
        assert all(line.ratings == (Rating.Again,) for line in lines)
        sent.append(len(seen))
    assert len(lines) == 40
    assert sent[0] == sent[1] <= 6


def check_replay(session: Session, person: Person) -> None:
    """Assert that each card is what its log amounts to under the parameters in force."""
    weights = service.parameters_of(session, person.id).weights
    logs = service.histories(session, person.id)
    found = cards(session, person)
    assert set(logs) == {card.id for card in found.values()}
    for card in found.values():
        assert service.replay(logs[card.id], weights) == service.memory_of(card)


STEPS = st.lists(
    st.tuples(st.integers(0, 2), st.booleans(), st.sampled_from([None, "sure", "guess"]), st.integers(0, 90)),
    min_size=1, max_size=8,
)  # fmt: skip


@tries(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS, fitted=st.booleans())
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_after_any_history_the_log_replayed_gives_exactly_what_is_stored(
    session: Session, settings: Settings, clock: TestClock, steps: list[tuple[int, bool, str | None, int]], fitted: bool
) -> None:
    bank = make.make_items(session, 3, make.make_taxa(session))
    person = make.make_person(session)
    for place, (item, right, confidence, hours) in enumerate(steps):
        answer_one(session, person, settings, bank[item], right=right, confidence=confidence)
        clock.advance(hours=hours)
        check_replay(session, person)
        if fitted and place == 1:
            session.add(_fit(person))
            session.flush()
            service.restate(session, person.id)
            check_replay(session, person)
    assert service.restate(session, person.id) == 0


def _fit(person: Person, *, used: bool = True) -> ReviewParameters:
    weights = [value * 1.05 for value in PUBLISHED[:4]] + list(PUBLISHED[4:])
    return ReviewParameters(
        person_id=person.id, fitted_at=person.created_at, algorithm="fsrs-6", reviews=400, held_out=80, log_loss=0.3,
        published_log_loss=0.4, used=used, weights=weights,
    )  # fmt: skip


def test_parameters_that_are_not_used_leave_the_published_ones_in_force(
    session: Session, settings: Settings, learner: Person, bank: list[int]
) -> None:
    session.add(_fit(learner, used=False))
    session.flush()
    answer_one(session, learner, settings, bank[0], right=False)
    assert service.parameters_of(session, learner.id).weights == PUBLISHED
    check_replay(session, learner)
    session.add(_fit(learner))
    session.flush()
    assert service.restate(session, learner.id) == 1
    check_replay(session, learner)


def test_the_schedule_survives_the_database_to_the_last_digit(
    session: Session, settings: Settings, learner: Person, bank: list[int], clock: TestClock
) -> None:
    for day in (0, 3, 11):
        clock.advance(days=day, microseconds=day)
        answer_one(session, learner, settings, bank[0], right=day != 3, confidence="fairly")
        answer_one(session, learner, settings, bank[1], right=day == 3)
    session.expire_all()
    check_replay(session, learner)


def test_annulled_reviews_no_longer_move_the_schedule(
    session: Session, settings: Settings, learner: Person, bank: list[int], clock: TestClock
) -> None:
    block = answer_one(session, learner, settings, bank[0], right=False)
    clock.advance(days=3)
    answer_one(session, learner, settings, bank[1], right=False)
    (row,) = make.deliveries(session, block)
    row.annulled_at = clock.moment
    session.flush()
    assert service.restate(session, learner.id) == 1
    found = cards(session, learner)
    assert found[bank[0]].left_because is Departure.REMOVED
    assert found[bank[1]].left_at is None
