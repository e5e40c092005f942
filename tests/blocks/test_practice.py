"""Trying an item again: stored apart, shown at once, and nothing else in the bank changes by it."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given
from hypothesis import settings as how
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from qbank.blocks import closing, explaining, practice
from qbank.blocks.after_models import PracticeAnswer
from qbank.blocks.models import Block, BlockScore, Delivery, DeliveryEvent, LearnerItem
from qbank.blocks.rebuild import rebuild
from qbank.errors import ConflictError, InvalidError, NotAllowedError, NotFoundError
from qbank.settings import Settings
from tests.blocks import factories as make

pytestmark = pytest.mark.usefixtures("clock")


def ended(session: Session, settings: Settings, count: int = 3) -> tuple[Any, Block]:
    make.make_items(session, count, make.make_taxa(session), shuffle=True)
    person = make.make_person(session)
    block = make.start(session, person, settings, count)
    make.answer(session, person, block, right=1, wrong=1)
    return person, closing.end_block(session, person, block.token)


def everything(session: Session) -> dict[str, list[tuple[Any, ...]]]:
    """Return every row that scores, statuses and statistics are made from."""
    session.flush()
    return {
        table.name: sorted(tuple(map(str, row)) for row in session.execute(sa.select(table)))
        for table in (m.__table__ for m in (Block, BlockScore, Delivery, DeliveryEvent, LearnerItem))
    }


def test_the_clean_item_is_the_version_and_option_order_that_were_met_without_what_was_done(
    session: Session, settings: Settings
) -> None:
    make.make_items(session, 1, make.make_taxa(session), shuffle=True)
    person = make.make_person(session)
    block = make.start(session, person, settings, 1)
    make.act(session, person, block, 1, "choose", "B")
    make.act(session, person, block, 1, "strike", "A")
    make.act(session, person, block, 1, "note", text="mine")
    make.act(session, person, block, 1, "confidence", text="sure")
    with pytest.raises(NotAllowedError):
        practice.clean_item(session, block, 1)
    closing.end_block(session, person, block.token)
    item = practice.clean_item(session, block, 1)
    assert (item.choice, item.note, item.submitted, item.confidence) == (None, "", False, None)
    assert not any(option.struck for option in item.options)
    explained = explaining.explanation(session, make.deliveries(session, block)[0])
    assert [o.html for o in item.options] == [o.html for o in explained.options]


def test_an_answer_given_again_is_shown_with_the_explanation_and_the_first_one_beside_it(
    session: Session, settings: Settings
) -> None:
    person, block = ended(session, settings)
    right, _wrong = make.letters(session, block)[2]
    first = practice.first_choice(session, block, 2)
    made = practice.answer(session, person, block.token, 2, right, "again-000001")
    [given_again] = practice.practised(session, block, 2)
    assert (given_again.id, given_again.letter, given_again.correct, given_again.number) == (made, right, True, 1)
    explained = practice.as_practised(explaining.explanation(session, make.deliveries(session, block)[1]), given_again)
    assert explained.outcome == "correct"
    assert [o.letter for o in explained.options if o.chosen] == [right]
    assert practice.first_choice(session, block, 2) == first != right


def test_the_same_form_sent_twice_is_stored_once_and_another_time_is_another_answer(
    session: Session, settings: Settings
) -> None:
    person, block = ended(session, settings)
    one = practice.answer(session, person, block.token, 1, "A", "again-000001")
    assert practice.answer(session, person, block.token, 1, "B", "again-000001") == one
    assert practice.answer(session, person, block.token, 1, "B", "again-000002") != one
    assert [each.letter for each in practice.practised(session, block, 1)] == ["A", "B"]
    with pytest.raises(ConflictError):
        practice.answer(session, person, block.token, 2, "A", "again-000001")


def test_practice_is_for_own_ended_blocks_and_for_options_that_are_there(session: Session, settings: Settings) -> None:
    person, block = ended(session, settings)
    with pytest.raises(NotFoundError):
        practice.answer(session, make.make_person(session), block.token, 1, "A", "again-000001")
    with pytest.raises(NotFoundError):
        practice.answer(session, person, block.token, 9, "A", "again-000001")
    for letter, event in ((None, "again-000001"), ("Z", "again-000001"), ("A", "x"), ("A", "é" * 20)):
        with pytest.raises(InvalidError):
            practice.answer(session, person, block.token, 1, letter, event)
    make.make_items(session, 1, make.make_taxa(session))
    fresh = make.start(session, person, settings, 1)
    with pytest.raises(NotAllowedError):
        practice.answer(session, person, fresh.token, 1, "A", "again-000001")
    assert session.scalar(sa.select(sa.func.count()).select_from(PracticeAnswer)) == 0


@how(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tries=st.lists(st.tuples(st.integers(1, 3), st.sampled_from("ABCD")), min_size=1, max_size=8))
def test_however_often_items_are_tried_again_no_score_status_or_log_changes(
    session: Session, settings: Settings, tries: list[tuple[int, str]]
) -> None:
    savepoint = session.begin_nested()
    person, block = ended(session, settings)
    before = everything(session)
    assert rebuild(session, check=True) == []
    for number, (position, letter) in enumerate(tries):
        practice.answer(session, person, block.token, position, letter, f"again-{number:06d}")
    assert everything(session) == before
    assert rebuild(session, check=True) == []
    assert session.scalar(sa.select(sa.func.count()).select_from(PracticeAnswer)) == len(tries)
    savepoint.rollback()
    session.expunge_all()
