"""Confidence: an action like the others, never an answer, final with the submit, rebuilt from the log."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from qbank.blocks import closing, preferences
from qbank.blocks.after_models import MissReason, Reason
from qbank.blocks.models import Block, Confidence, DeliveryEvent, EventKind
from qbank.blocks.rebuild import rebuild
from qbank.blocks.reflections import confidence_counts, reason_counts
from qbank.errors import InvalidError
from qbank.settings import Settings
from tests.blocks import factories as make
from tests.conftest import START, TestClock

pytestmark = pytest.mark.usefixtures("clock")


def begun(session: Session, settings: Settings, count: int = 4, **values: object) -> tuple[object, Block]:
    make.make_items(session, count, make.make_taxa(session))
    person = make.make_person(session)
    return person, make.start(session, person, settings, count, **values)


def test_confidence_is_logged_and_stored_and_is_no_answer(session: Session, settings: Settings) -> None:
    person, block = begun(session, settings)
    ack = make.act(session, person, block, 1, "confidence", text="sure")
    assert (ack.status, ack.confidence, ack.choice) == ("saved", "sure", None)
    [row, *_] = make.deliveries(session, block)
    assert (row.confidence, row.chosen_option_id, row.changes) == (Confidence.SURE, None, 0)
    event = session.scalars(sa.select(DeliveryEvent).where(DeliveryEvent.kind == EventKind.CONFIDENCE)).one()
    assert event.payload == {"text": "sure"}
    closing.end_block(session, person, block.token)
    assert make.deliveries(session, block)[0].outcome == "omitted"


def test_confidence_is_changed_and_taken_back_without_counting_as_a_change_of_answer(
    session: Session, settings: Settings
) -> None:
    person, block = begun(session, settings)
    make.act(session, person, block, 1, "choose", "A")
    for said, kept in (("guess", "guess"), ("fairly", "fairly"), ("", None)):
        assert make.act(session, person, block, 1, "confidence", text=said).confidence == kept
    row = make.deliveries(session, block)[0]
    assert (row.confidence, row.changes, row.chosen_option_id) == (None, 0, row.option_order[0])


def test_in_tutor_feedback_confidence_is_final_with_the_submit(session: Session, settings: Settings) -> None:
    person, block = begun(session, settings, feedback="tutor")
    make.act(session, person, block, 1, "confidence", text="unsure")
    make.act(session, person, block, 1, "submit", "A")
    ack = make.act(session, person, block, 1, "confidence", text="sure")
    assert (ack.status, ack.confidence) == ("refused", "unsure")


def test_after_the_end_confidence_is_refused(session: Session, settings: Settings) -> None:
    person, block = begun(session, settings)
    closing.end_block(session, person, block.token)
    assert make.act(session, person, block, 1, "confidence", text="sure").status == "refused"
    assert make.deliveries(session, block)[0].confidence is None


@pytest.mark.parametrize("said", [None, "certain", "SURE", "sure "])
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_word_that_is_no_confidence_is_refused_by_its_field(
    session: Session, settings: Settings, said: str | None
) -> None:
    person, block = begun(session, settings)
    with pytest.raises(InvalidError) as caught:
        make.act(session, person, block, 1, "confidence", text=said)
    assert "text" in caught.value.problems


def test_an_older_word_that_arrives_late_changes_nothing_and_does_not_hold_up_an_answer(
    session: Session, settings: Settings
) -> None:
    person, block = begun(session, settings)
    make.act(session, person, block, 1, "confidence", text="guess", client="c", client_seq=5)
    late = make.act(session, person, block, 1, "confidence", text="sure", client="c", client_seq=3)
    assert (late.status, late.confidence) == ("stale", "guess")
    assert make.act(session, person, block, 1, "choose", "B", client="c", client_seq=4).status == "saved"


def test_confidence_is_rebuilt_from_the_log(session: Session, settings: Settings) -> None:
    person, block = begun(session, settings)
    make.act(session, person, block, 1, "confidence", text="sure")
    make.act(session, person, block, 2, "confidence", text="guess")
    make.act(session, person, block, 2, "confidence", text="")
    assert rebuild(session, check=True) == []
    first, second, *_ = make.deliveries(session, block)
    first.confidence, second.confidence = Confidence.GUESS, Confidence.SURE
    session.flush()
    found = {(one.where, one.stored, one.rebuilt) for one in rebuild(session) if one.field == "confidence"}
    assert found == {
        (f"block {block.id}, item 1", Confidence.GUESS, Confidence.SURE),
        (f"block {block.id}, item 2", Confidence.SURE, None),
    }
    assert [row.confidence for row in make.deliveries(session, block)[:2]] == [Confidence.SURE, None]


def test_the_question_can_be_switched_off_and_on_again(session: Session) -> None:
    person = make.make_person(session)
    assert preferences.asks_confidence(person)
    preferences.set_asks_confidence(session, person, on=False)
    session.refresh(person)
    assert not preferences.asks_confidence(person)
    preferences.set_asks_confidence(session, person, on=True)
    session.refresh(person)
    assert preferences.asks_confidence(person)


def test_confidence_is_counted_against_what_was_right_for_one_learner_and_period(
    session: Session, settings: Settings, clock: TestClock
) -> None:
    person, block = begun(session, settings)
    make.answer(session, person, block, right=2, wrong=1)
    for position, said in ((1, "sure"), (2, "guess"), (3, "sure"), (4, "sure")):  # item 4 stays unanswered
        make.act(session, person, block, position, "confidence", text=said)
    closing.end_block(session, person, block.token)
    make.start(session, person, settings, 1)  # an open block counts for nothing
    counted = [(one.confidence.value, one.correct, one.n) for one in confidence_counts(session, person.id)]
    assert counted == [("sure", 1, 2), ("fairly", 0, 0), ("unsure", 0, 0), ("guess", 1, 1)]
    later = [Block.ended_at > START + timedelta(days=1)]
    assert {one.n for one in confidence_counts(session, person.id, later)} == {0}
    assert {one.n for one in confidence_counts(session, make.make_person(session).id)} == {0}


def test_reasons_are_counted_by_system_with_the_misses_that_have_none(session: Session, settings: Settings) -> None:
    taxa = make.make_taxa(session, systems=2)
    make.make_items(session, 3, taxa, system=taxa.systems[0])
    make.make_items(session, 2, taxa, system=taxa.systems[1])
    person = make.make_person(session)
    block = closing.end_block(session, person, make.start(session, person, settings, 5).token)
    from qbank.items.models import ItemVersion

    rows = make.deliveries(session, block)
    of_first = [row for row in rows if session.get_one(ItemVersion, row.version_id).system_id == taxa.systems[0]]
    for row, reason in zip(of_first, (Reason.MISREAD, Reason.MISREAD), strict=False):
        session.add(MissReason(delivery_id=row.id, reason=reason, at=START))
    session.flush()
    first, second = reason_counts(session, person.id)
    assert (first.system_id, first.misses, first.given, first.reasons[Reason.MISREAD]) == (taxa.systems[0], 3, 2, 2)
    assert (second.misses, second.given) == (2, 0)
    assert set(second.reasons) == set(Reason)
