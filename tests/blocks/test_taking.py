"""Taking a block: the clock, every action once, what is final, and who may look."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from qbank.accounts.models import Person
from qbank.blocks import closing, taking
from qbank.blocks.models import Block, DeliveryEvent, LearnerItem, Mark, TimeUpPolicy
from qbank.errors import ConflictError, InvalidError, NotFoundError
from qbank.settings import Settings
from tests.blocks import factories as make
from tests.conftest import TestClock

pytestmark = pytest.mark.usefixtures("clock")


@pytest.fixture
def person(session: Session) -> Person:
    make.make_items(session, 12, make.make_taxa(session))
    return make.make_person(session)


@pytest.fixture
def exam(session: Session, person: Person, settings: Settings) -> Block:
    """Four items, timed: 360 s."""
    return make.start(session, person, settings, timing="timed")


@pytest.fixture
def tutor(session: Session, person: Person, settings: Settings) -> Block:
    return make.start(session, person, settings, feedback="tutor")


def events(session: Session) -> list[DeliveryEvent]:
    query = sa.select(DeliveryEvent).where(DeliveryEvent.kind != "visit").order_by(DeliveryEvent.id)
    return list(session.scalars(query))


def test_two_reads_thirty_seconds_apart_differ_by_thirty_seconds(
    session: Session, exam: Block, clock: TestClock
) -> None:
    before = taking.room_block(session, exam).remaining
    clock.advance(seconds=30)
    after = taking.room_block(session, exam).remaining
    assert before is not None
    assert after is not None
    assert before - after == 30


def test_an_answer_at_the_deadline_counts_and_a_millisecond_later_does_not(
    session: Session, person: Person, exam: Block, clock: TestClock
) -> None:
    clock.advance(seconds=360)
    assert make.act(session, person, exam, 1, "choose", "B").status == "saved"
    clock.advance(milliseconds=1)
    late = make.act(session, person, exam, 1, "choose", "C")
    assert (late.status, late.choice, late.ended, late.remaining) == ("refused", "B", True, 0.0)
    assert "Time is up" in late.message
    assert (exam.ended_reason, exam.ended_at) == ("time_up", exam.deadline_at)
    assert [event.kind for event in events(session)] == ["choose"]


def test_what_was_refused_is_refused_again(session: Session, person: Person, exam: Block, clock: TestClock) -> None:
    clock.advance(seconds=361)
    for _ in range(2):
        assert make.act(session, person, exam, 1, "mark", event_id="late").status == "refused"
    assert session.scalar(sa.select(sa.func.count()).select_from(Mark)) == 0


def test_a_clock_set_back_neither_fails_nor_takes_time_away(
    session: Session, person: Person, exam: Block, clock: TestClock
) -> None:
    taking.open_item(session, exam, 1)
    clock.advance(seconds=-50)
    taking.open_item(session, exam, 2)
    assert make.deliveries(session, exam)[0].seconds == 0
    assert make.act(session, person, exam, 1, "choose", "A").status == "saved"


def test_grace_counts_for_so_long_and_soft_has_no_hard_end(
    session: Session, person: Person, settings: Settings, clock: TestClock
) -> None:
    grace = make.make_preset(session, time_up_policy=TimeUpPolicy.GRACE, grace_seconds=20)
    block = make.start(session, person, settings, timing="timed", preset=grace)
    clock.advance(seconds=380)
    assert make.act(session, person, block, 1, "choose", "A").status == "saved"
    clock.advance(seconds=1)
    assert make.act(session, person, block, 1, "choose", "B").status == "refused"
    soft = make.make_preset(session, time_up_policy=TimeUpPolicy.SOFT)
    block = make.start(session, person, settings, timing="timed", preset=soft)
    clock.advance(days=1)
    ack = make.act(session, person, block, 1, "choose", "A")
    assert (ack.status, ack.remaining) == ("saved", 0.0)


def test_the_same_action_sent_again_is_applied_once_with_the_same_reply(
    session: Session, person: Person, exam: Block
) -> None:
    sent = {"event_id": "one", "client": "c", "client_seq": 1}
    first = make.act(session, person, exam, 1, "choose", "B", **sent)
    again = make.act(session, person, exam, 1, "choose", "B", **sent)
    assert (first.status, again.status) == ("saved", "repeated")
    same = ("choice", "struck", "marked", "submitted", "sequence", "remaining", "ended")
    assert [getattr(first, name) for name in same] == [getattr(again, name) for name in same]
    assert len(events(session)) == 1


def test_what_was_saved_before_the_end_is_acknowledged_after_it(session: Session, person: Person, exam: Block) -> None:
    make.act(session, person, exam, 1, "choose", "B", event_id="one")
    closing.end_block(session, person, exam.token)
    again = make.act(session, person, exam, 1, "choose", "B", event_id="one")
    assert (again.status, again.choice, again.ended) == ("repeated", "B", True)
    assert make.act(session, person, exam, 1, "choose", "C").status == "refused"
    assert make.deliveries(session, exam)[0].chosen_option_id == make.deliveries(session, exam)[0].option_order[1]


@pytest.mark.parametrize(
    "other",
    [{"letter": "C"}, {"kind": "strike"}, {"position": 2}, {"client_seq": 9}],
    ids=lambda value: next(iter(value)),
)
def test_the_same_event_id_with_another_body_is_refused(
    session: Session, person: Person, exam: Block, other: dict[str, Any]
) -> None:
    sent: dict[str, Any] = {"position": 1, "kind": "choose", "letter": "B", "event_id": "one", "client_seq": 1}
    make.act(session, person, exam, **sent)
    with pytest.raises(ConflictError):
        make.act(session, person, exam, **(sent | other))
    assert len(events(session)) == 1


def test_an_older_action_of_the_same_browser_changes_nothing(session: Session, person: Person, exam: Block) -> None:
    make.act(session, person, exam, 1, "choose", "C", client="c", client_seq=7)
    stale = make.act(session, person, exam, 1, "choose", "A", client="c", client_seq=6, event_id="old")
    assert (stale.status, stale.choice) == ("stale", "C")
    assert [event.applied for event in events(session)] == [True, False]
    again = make.act(session, person, exam, 1, "choose", "A", client="c", client_seq=6, event_id="old")
    assert (again.status, again.choice) == ("stale", "C")


def test_older_actions_of_another_kind_item_or_option_still_count(
    session: Session, person: Person, exam: Block
) -> None:
    make.act(session, person, exam, 1, "strike", "A", client="c", client_seq=9)
    assert make.act(session, person, exam, 1, "choose", "A", client="c", client_seq=3).status == "saved"
    assert make.act(session, person, exam, 1, "strike", "B", client="c", client_seq=4).status == "saved"
    assert make.act(session, person, exam, 2, "choose", "A", client="c", client_seq=2).status == "saved"
    assert make.act(session, person, exam, 1, "restore", "A", client="c", client_seq=8).status == "stale"


def test_of_two_browsers_the_last_to_arrive_wins_and_both_are_logged(
    session: Session, person: Person, exam: Block
) -> None:
    make.act(session, person, exam, 1, "choose", "A", client="tab1", client_seq=50)
    ack = make.act(session, person, exam, 1, "choose", "B", client="tab2", client_seq=1)
    assert (ack.status, ack.choice) == ("saved", "B")
    assert [event.applied for event in events(session)] == [True, True]


def test_strikes_marks_and_notes_survive_a_reload_and_a_struck_option_can_be_chosen(
    session: Session, person: Person, exam: Block
) -> None:
    make.act(session, person, exam, 1, "strike", "D")
    make.act(session, person, exam, 1, "strike", "B")
    make.act(session, person, exam, 1, "mark")
    make.act(session, person, exam, 1, "note", text="look it up")
    ack = make.act(session, person, exam, 1, "choose", "B")
    assert (ack.choice, ack.struck, ack.marked) == ("B", ("B", "D"), True)
    item = taking.room_item(session, exam, 1)
    assert [option.struck for option in item.options] == [False, True, False, True]
    assert (item.choice, item.marked, item.note, item.sequence) == ("B", True, "look it up", ack.sequence)
    make.act(session, person, exam, 1, "restore", "B")
    make.act(session, person, exam, 1, "unmark")
    make.act(session, person, exam, 1, "note", text=" ")
    item = taking.room_item(session, exam, 1)
    assert [option.struck for option in item.options] == [False, False, False, True]
    assert (item.choice, item.marked, item.note) == ("B", False, "")


def test_neither_a_strike_nor_a_mark_is_an_answer(session: Session, person: Person, exam: Block) -> None:
    make.act(session, person, exam, 1, "strike", "A")
    make.act(session, person, exam, 1, "mark")
    assert taking.room_block(session, exam).unanswered == 4


def test_first_selection_and_changes_are_kept(session: Session, person: Person, exam: Block) -> None:
    for letter in "BCB":
        make.act(session, person, exam, 1, "choose", letter)
    make.act(session, person, exam, 1, "choose", "B")
    make.act(session, person, exam, 2, "choose", "A")
    make.act(session, person, exam, 2, "clear")
    one, two = make.deliveries(session, exam)[:2]
    assert (one.first_option_id, one.chosen_option_id, one.changes) == (one.option_order[1], one.option_order[1], 2)
    assert (two.first_option_id, two.chosen_option_id, two.changes) == (two.option_order[0], None, 1)


def test_time_on_an_item_is_the_sum_of_its_visits(
    session: Session, person: Person, exam: Block, clock: TestClock
) -> None:
    for position, seconds in ((1, 10), (2, 20), (1, 5), (1, 7)):
        taking.open_item(session, exam, position)
        clock.advance(seconds=seconds)
    closing.end_block(session, person, exam.token)
    assert [row.seconds for row in make.deliveries(session, exam)] == [22, 20, 0, 0]
    assert [row.seen for row in make.deliveries(session, exam)] == [True, True, False, False]


def test_a_page_left_open_overnight_is_not_time_spent(session: Session, tutor: Block, clock: TestClock) -> None:
    taking.open_item(session, tutor, 1)
    clock.advance(hours=15)
    taking.open_item(session, tutor, 1)
    assert make.deliveries(session, tutor)[0].seconds == 3600


def test_an_untimed_block_is_resumed_where_it_was_left(
    session: Session, person: Person, tutor: Block, clock: TestClock
) -> None:
    taking.open_item(session, tutor, 3)
    clock.advance(days=10)
    assert taking.find_block(session, person, tutor.token).position == 3
    assert taking.open_blocks(session, person) == [tutor]


def test_a_tutor_submit_needs_a_choice_and_is_final(session: Session, person: Person, tutor: Block) -> None:
    right, wrong = make.letters(session, tutor)[1]
    assert make.act(session, person, tutor, 1, "submit").status == "refused"
    make.act(session, person, tutor, 1, "choose", right)
    ack = make.act(session, person, tutor, 1, "submit")
    assert (ack.status, ack.submitted, ack.choice) == ("saved", True, right)
    for kind, letter in (("choose", wrong), ("clear", None), ("submit", None), ("submit", wrong)):
        assert make.act(session, person, tutor, 1, kind, letter).status == "refused"
    delivery = make.deliveries(session, tutor)[0]
    assert (delivery.outcome, make.act(session, person, tutor, 1, "mark").status) == ("correct", "saved")
    row = session.scalars(sa.select(LearnerItem).where(LearnerItem.item_id == delivery.item_id)).one()
    assert (row.status, row.settled_status) == ("correct", "correct")
    assert taking.room_block(session, tutor).navigator[0].outcome == "correct"


def test_a_submit_may_carry_its_choice(session: Session, person: Person, tutor: Block) -> None:
    assert make.act(session, person, tutor, 1, "submit", "C").choice == "C"


def test_exam_feedback_has_no_submit_and_shows_no_outcome(session: Session, person: Person, exam: Block) -> None:
    make.act(session, person, exam, 1, "choose", "A")
    assert make.act(session, person, exam, 1, "submit").status == "refused"
    assert {entry.outcome for entry in taking.room_block(session, exam).navigator} == {None}
    assert {(entry.outcome, entry.pretest) for entry in taking.review(session, exam)} == {(None, False)}


def test_anybody_elses_block_does_not_exist(session: Session, exam: Block) -> None:
    stranger = make.make_person(session)
    with pytest.raises(NotFoundError):
        taking.find_block(session, stranger, exam.token)
    with pytest.raises(NotFoundError):
        make.act(session, stranger, exam, 1, "choose", "A")
    with pytest.raises(NotFoundError):
        closing.end_block(session, stranger, exam.token)


@pytest.mark.parametrize("position", [0, 5, -1, 10**6])
def test_a_position_out_of_range_does_not_exist(session: Session, person: Person, exam: Block, position: int) -> None:
    with pytest.raises(NotFoundError):
        make.act(session, person, exam, position, "choose", "A")
    with pytest.raises(NotFoundError):
        taking.room_item(session, exam, position)


@pytest.mark.parametrize(
    "wrong",
    [
        {"letter": "E"}, {"letter": None}, {"letter": "a"}, {"kind": "visit"}, {"kind": "destroy"}, {"event_id": ""},
        {"event_id": "x" * 101}, {"client": "x" * 101}, {"client_seq": -1}, {"client_seq": 2**40},
        {"kind": "note", "text": "x" * 10_001}, {"kind": "note"},
    ],
    ids=str,
)  # fmt: skip
def test_an_action_that_makes_no_sense_is_refused_by_field(
    session: Session, person: Person, exam: Block, wrong: dict[str, Any]
) -> None:
    sent: dict[str, Any] = {"position": 1, "kind": "choose", "letter": "A"}
    with pytest.raises(InvalidError) as refused:
        make.act(session, person, exam, **(sent | wrong))
    assert refused.value.problems
    assert events(session) == []


def test_review_lists_every_item_as_it_stands(session: Session, person: Person, exam: Block) -> None:
    make.act(session, person, exam, 2, "choose", "C")
    make.act(session, person, exam, 3, "mark")
    entries = taking.review(session, exam)
    assert [(entry.answered, entry.marked, entry.choice) for entry in entries] == [
        (False, False, None), (True, False, "C"), (False, True, None), (False, False, None),
    ]  # fmt: skip
    assert all(entry.excerpt.startswith("Stem") for entry in entries)
