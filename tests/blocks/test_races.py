"""Races, with real threads and sessions of their own: whoever comes first, there is one result."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session, sessionmaker

from qbank.accounts.models import Person
from qbank.blocks import closing, taking
from qbank.blocks.models import Block, BlockScore, Delivery, DeliveryEvent
from qbank.blocks.rebuild import rebuild
from qbank.db.engine import begin_write
from qbank.errors import ConflictError
from qbank.settings import Settings
from tests.blocks import factories as make
from tests.conftest import TestClock
from tests.threads import together

pytestmark = pytest.mark.usefixtures("clock")
Sessions = sessionmaker[Session]


@pytest.fixture
def taken(sessions: Sessions, settings: Settings) -> tuple[int, str]:
    """A learner's open timed block of six, one of them answered right: (person id, token)."""
    with sessions() as session:
        begin_write(session)
        make.make_items(session, 20, make.make_taxa(session))
        person = make.make_person(session)
        block = make.start(session, person, settings, 6, timing="timed")
        make.answer(session, person, block, right=1)
        session.commit()
        return person.id, block.token


def test_twenty_ends_at_once_make_one_score(sessions: Sessions, taken: tuple[int, str], clock: TestClock) -> None:
    person_id, token = taken
    clock.advance(days=1)

    def end(session: Session) -> object:
        return closing.end_block(session, session.get_one(Person, person_id), token).ended_reason

    def sweep(session: Session) -> object:
        closing.close_due(session)
        return "time_up"

    def look(session: Session) -> object:
        return taking.find_block(session, session.get_one(Person, person_id), token).ended_reason

    results = together(sessions, [end] * 8 + [sweep] * 6 + [look] * 6)
    assert [str(result) for result in results] == ["time_up"] * 20
    with sessions() as session:
        scores = session.scalars(sa.select(BlockScore)).all()
        assert [(score.revision, score.correct, score.omitted) for score in scores] == [(1, 1, 5)]
        assert rebuild(session, check=True) == []


def test_of_a_last_answer_and_an_end_one_comes_first_for_everybody(sessions: Sessions, taken: tuple[int, str]) -> None:
    person_id, token = taken

    def answer(position: int) -> Callable[[Session], object]:
        action = taking.Action(event_id=f"last{position}", kind="choose", letter="A")
        return lambda session: taking.apply(session, session.get_one(Person, person_id), token, position, action).status

    def end(session: Session) -> object:
        return closing.end_block(session, session.get_one(Person, person_id), token).state

    results = together(sessions, [answer(2), answer(3), end, answer(4), answer(5), end])
    saved = {position for position, place in ((2, 0), (3, 1), (4, 3), (5, 4)) if results[place] == "saved"}
    assert {str(results[place]) for place in (0, 1, 3, 4)} <= {"saved", "refused"}
    with sessions() as session:
        rows = session.scalars(sa.select(Delivery).order_by(Delivery.position)).all()
        assert {row.position for row in rows if row.chosen_option_id is not None} == saved | {1}
        score = session.scalars(sa.select(BlockScore)).one()
        assert score.omitted == 5 - len(saved)
        assert rebuild(session, check=True) == []


def test_one_action_sent_twenty_times_at_once_is_recorded_once(sessions: Sessions, taken: tuple[int, str]) -> None:
    person_id, token = taken

    def send(session: Session) -> object:
        action = taking.Action(event_id="same", kind="choose", letter="B", client="c", client_seq=3)
        return taking.apply(session, session.get_one(Person, person_id), token, 2, action).status

    results = sorted(str(result) for result in together(sessions, [send] * 20))
    assert results == ["repeated"] * 19 + ["saved"]
    with sessions() as session:
        query = sa.select(sa.func.count()).select_from(DeliveryEvent).where(DeliveryEvent.event_id == "same")
        assert session.scalar(query) == 1


def test_two_timed_blocks_started_at_once_are_one(
    sessions: Sessions, taken: tuple[int, str], settings: Settings
) -> None:
    with sessions() as session:
        begin_write(session)
        person_id = make.make_person(session).id
        session.commit()

    def begin(session: Session) -> object:
        return make.start(session, session.get_one(Person, person_id), settings, 3, timing="timed").token

    results = together(sessions, [begin] * 6)
    assert sum(isinstance(result, str) for result in results) == 1
    assert sum(isinstance(result, ConflictError) for result in results) == 5
    with sessions() as session:
        query = sa.select(sa.func.count()).select_from(Block).where(Block.person_id == person_id)
        assert session.scalar(query) == 1


def test_untimed_blocks_started_at_once_share_no_item(
    sessions: Sessions, taken: tuple[int, str], settings: Settings
) -> None:
    with sessions() as session:
        begin_write(session)
        person_id = make.make_person(session).id
        session.commit()

    def begin(session: Session) -> object:
        return make.start(session, session.get_one(Person, person_id), settings, 5).token

    results = together(sessions, [begin] * 4)
    assert all(isinstance(result, str) for result in results), results
    with sessions() as session:
        query = sa.select(Delivery.item_id).join(Block).where(Block.person_id == person_id)
        drawn = session.scalars(query).all()
        assert len(drawn) == len(set(drawn)) == 20


def test_of_submits_at_once_one_is_final_and_it_is_the_one_that_is_scored(
    sessions: Sessions, taken: tuple[int, str], settings: Settings
) -> None:
    with sessions() as session:
        begin_write(session)
        person = make.make_person(session)
        person_id, token = person.id, make.start(session, person, settings, 3, feedback="tutor").token
        session.commit()

    def submit(number: int) -> Callable[[Session], object]:
        action = taking.Action(event_id=f"submit-{number}", kind="submit", letter="ABCD"[number % 4])
        return lambda session: taking.apply(session, session.get_one(Person, person_id), token, 1, action).status

    results = [str(result) for result in together(sessions, [submit(number) for number in range(12)])]
    assert sorted(set(results)) == ["refused", "saved"]
    assert results.count("saved") == 1
    with sessions() as session:
        query = sa.select(Delivery).join(Block).where(Block.token == token, Delivery.position == 1)
        delivery = session.scalars(query).one()
        assert delivery.submitted_at is not None
        assert delivery.chosen_option_id == delivery.option_order[results.index("saved") % 4]
        assert rebuild(session, check=True) == []
