"""The pause: where the format allows it the clock stands still, the items are hidden, and the log knows it all."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session, sessionmaker

from qbank.accounts.models import Person
from qbank.blocks import closing, pausing, taking
from qbank.blocks.models import Block, BlockScore, DeliveryEvent, TimeUpPolicy
from qbank.blocks.rebuild import rebuild
from qbank.blocks.timing import remaining
from qbank.db.engine import begin_write
from qbank.errors import ConflictError, NotFoundError
from qbank.settings import Settings
from tests.blocks import factories as make
from tests.blocks.classroom import Desk, form_token, make_learner, sign_in
from tests.blocks.test_views_room import checked, send
from tests.conftest import TestClock

pytestmark = pytest.mark.usefixtures("clock")


@pytest.fixture
def person(session: Session) -> Person:
    make.make_items(session, 12, make.make_taxa(session))
    return make.make_person(session)


def start(session: Session, settings: Settings, person: Person, **preset: object) -> Block:
    row = make.make_preset(session, **({"pause_allowed": True} | preset))
    return make.start(session, person, settings, 4, timing="timed", preset=row)


def test_a_pause_stops_the_clock_and_going_on_leaves_as_much_time_as_there_was(
    session: Session, settings: Settings, person: Person, clock: TestClock
) -> None:
    block = start(session, settings, person)
    deadline = block.deadline_at
    assert deadline is not None
    clock.advance(seconds=100)
    pausing.pause(session, person, settings, block.token)
    assert (block.state, remaining(block, clock.moment)) == ("paused", 260.0)
    clock.advance(hours=5, milliseconds=250)
    assert remaining(block, clock.moment) == 260.0
    pausing.resume(session, person, settings, block.token)
    assert (block.state, remaining(block, clock.moment), block.paused_seconds) == ("open", 260.0, 18_000)
    assert block.deadline_at == block.closes_at == deadline + timedelta(hours=5, milliseconds=250)
    clock.advance(seconds=260)
    assert make.act(session, person, block, 1, "choose", "A").status == "saved", "exactly at the moved deadline"
    clock.advance(milliseconds=1)
    assert make.act(session, person, block, 1, "choose", "B").status == "refused"
    assert (block.ended_reason, block.ended_at) == ("time_up", block.deadline_at)
    assert rebuild(session, check=True) == []


def test_the_time_of_a_pause_is_no_time_spent_on_the_item(
    session: Session, settings: Settings, person: Person, clock: TestClock
) -> None:
    block = start(session, settings, person)
    taking.open_item(session, block, 2)
    clock.advance(seconds=30)
    pausing.pause(session, person, settings, block.token)
    clock.advance(seconds=5000)
    assert rebuild(session, check=True) == []
    pausing.resume(session, person, settings, block.token)
    clock.advance(seconds=20)
    closing.end_block(session, person, block.token)
    assert [row.seconds for row in make.deliveries(session, block)] == [0, 50, 0, 0]
    assert block.position == 2, "the learner goes on where the pause began"
    assert session.scalars(sa.select(BlockScore.seconds)).one() == 50
    assert rebuild(session, check=True) == []


def test_nothing_can_change_while_the_block_is_paused(
    session: Session, settings: Settings, person: Person, clock: TestClock
) -> None:
    block = start(session, settings, person)
    make.act(session, person, block, 1, "choose", "A")
    pausing.pause(session, person, settings, block.token)
    for kind, letter in (("choose", "B"), ("clear", None), ("mark", None), ("strike", "C")):
        ack = make.act(session, person, block, 1, kind, letter)
        assert (ack.status, ack.message, ack.choice, ack.paused) == ("refused", taking.PAUSED, "A", True)
    taking.open_item(session, block, 3)
    assert block.position == 1
    assert not make.deliveries(session, block)[2].seen


def test_a_second_pause_and_a_second_going_on_change_nothing(
    session: Session, settings: Settings, person: Person, clock: TestClock
) -> None:
    block = start(session, settings, person)
    pausing.resume(session, person, settings, block.token)
    first = pausing.pause(session, person, settings, block.token).paused_at
    clock.advance(seconds=50)
    assert pausing.pause(session, person, settings, block.token).paused_at == first
    pausing.resume(session, person, settings, block.token)
    deadline = block.deadline_at
    pausing.resume(session, person, settings, block.token)
    assert (block.deadline_at, block.paused_seconds) == (deadline, 50)
    assert session.scalar(sa.select(sa.func.count()).select_from(DeliveryEvent)) == 2


def test_only_a_timed_block_whose_format_allows_it_can_be_paused_and_only_before_its_time_is_up(
    session: Session, settings: Settings, person: Person, clock: TestClock
) -> None:
    strict = start(session, settings, person, pause_allowed=False)
    untimed = make.start(session, person, settings, 2)
    for block, cause in ((strict, "cannot be stopped"), (untimed, "no clock")):
        with pytest.raises(ConflictError, match=cause):
            pausing.pause(session, person, settings, block.token)
    closing.end_block(session, person, strict.token)
    assert pausing.pause(session, person, settings, strict.token).state == "ended"
    graced = start(session, settings, person, time_up_policy=TimeUpPolicy.GRACE, grace_seconds=60)
    clock.advance(seconds=370)
    with pytest.raises(ConflictError, match="time is up"):
        pausing.pause(session, person, settings, graced.token)
    with pytest.raises(NotFoundError):
        pausing.pause(session, make.make_person(session), settings, graced.token)


def test_the_sweeper_leaves_a_paused_block_alone_until_nobody_has_come_back_for_long_enough(
    session: Session, settings: Settings, person: Person, clock: TestClock
) -> None:
    block = start(session, settings, person)
    make.answer(session, person, block, right=1)
    clock.advance(seconds=100)
    pausing.pause(session, person, settings, block.token)
    clock.advance(days=settings.abandon_days)
    assert closing.close_due(session) == 0
    assert taking.find_block(session, person, block.token).state == "paused"
    clock.advance(seconds=1)
    assert closing.close_due(session) == 1
    assert (block.state, block.ended_reason, block.paused_at) == ("ended", "abandoned", None)
    assert block.paused_seconds == settings.abandon_days * 86_400
    score = session.scalars(sa.select(BlockScore)).one()
    assert (score.correct, score.scored, score.partial) == (1, 1, True)
    assert rebuild(session, check=True) == []


def test_a_paused_block_still_counts_as_the_one_timed_block_and_can_be_ended(
    session: Session, settings: Settings, person: Person, clock: TestClock
) -> None:
    block = start(session, settings, person)
    pausing.pause(session, person, settings, block.token)
    clock.advance(days=1)
    with pytest.raises(ConflictError, match="still open"):
        start(session, settings, person)
    closing.end_block(session, person, block.token)
    assert (block.ended_reason, block.paused_seconds, block.paused_at) == ("learner", 86_400, None)
    assert rebuild(session, check=True) == []
    start(session, settings, person)


@pytest.mark.parametrize("policy", list(TimeUpPolicy))
def test_after_a_pause_the_block_closes_by_its_policy(
    session: Session, settings: Settings, person: Person, clock: TestClock, policy: TimeUpPolicy
) -> None:
    block = start(session, settings, person, time_up_policy=policy, grace_seconds=30)
    pausing.pause(session, person, settings, block.token)
    clock.advance(days=29)
    pausing.resume(session, person, settings, block.token)
    assert block.deadline_at is not None
    expected = {
        TimeUpPolicy.LOCK: block.deadline_at,
        TimeUpPolicy.GRACE: block.deadline_at + timedelta(seconds=30),
        TimeUpPolicy.SOFT: clock.moment + timedelta(days=settings.abandon_days),
    }[policy]
    assert block.closes_at == expected


def test_a_clock_that_was_spoiled_is_found_and_made_again_from_the_log(
    session: Session, settings: Settings, person: Person, clock: TestClock
) -> None:
    block = start(session, settings, person)
    for _ in range(2):
        clock.advance(seconds=10)
        pausing.pause(session, person, settings, block.token)
        clock.advance(seconds=40)
        pausing.resume(session, person, settings, block.token)
    right = block.deadline_at
    session.execute(sa.update(Block).values(paused_seconds=3, deadline_at=block.started_at))
    assert {one.field for one in rebuild(session, check=True)} == {"paused_seconds", "deadline_at"}
    rebuild(session)
    session.refresh(block)
    assert (block.paused_seconds, block.deadline_at) == (80, right)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_many_who_go_on_at_once_move_the_deadline_once(
    sessions: sessionmaker[Session], settings: Settings, clock: TestClock
) -> None:
    with sessions() as session:
        begin_write(session)
        make.make_items(session, 4, make.make_taxa(session))
        learner = make.make_person(session)
        block = start(session, settings, learner)
        pausing.pause(session, learner, settings, block.token)
        session.commit()
        token, deadline, person_id = block.token, block.deadline_at, learner.id
    clock.advance(seconds=500)
    gate = threading.Barrier(8)
    failed: list[BaseException] = []

    def go_on() -> None:
        try:
            with sessions() as session:
                person = session.get_one(Person, person_id)
                gate.wait(timeout=30)
                pausing.resume(session, person, settings, token)
                session.commit()
        except BaseException as error:  # shown by the assertion below
            failed.append(error)

    threads = [threading.Thread(target=go_on) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert failed == []
    with sessions() as session:
        found = session.scalars(sa.select(Block)).one()
        assert deadline is not None
        assert (found.deadline_at, found.paused_seconds) == (deadline + timedelta(seconds=500), 500)


# ---- the pages


@pytest.fixture
def paused_desk(desk: Desk, app: Flask) -> tuple[Desk, str]:
    """A learner in a timed block that may be paused."""
    with app.extensions["qbank.sessions"]() as session:
        preset = make.make_preset(session, pause_allowed=True, name="With pauses")
        session.commit()
        preset_id = preset.id
    return desk, desk.start(timing="timed", preset=preset_id)


def test_the_pause_button_keeps_what_is_chosen_hides_the_items_and_leads_back_to_the_same_one(
    paused_desk: tuple[Desk, str], clock: TestClock
) -> None:
    desk, token = paused_desk
    desk.press("next", choice="A")
    clock.advance(seconds=60)
    desk.press("pause", choice="C")
    assert desk.path == f"/blocks/{token}/pause"
    assert "5:00" in desk.html
    clock.advance(hours=2)
    for path in ("", "/1", "/2", "/review", "/end", "/pause", "/result", "/result/1"):
        page = desk.get(f"/blocks/{token}{path}")
        assert desk.path == f"/blocks/{token}/pause", path
        assert "year-old" not in page
        assert "Estrogen" not in page
    state = desk.client.get(f"/blocks/{token}/state.json").get_json()
    assert (state["paused"], state["remaining"]) == (True, 300.0)
    desk.post(f"/blocks/{token}/pause")
    assert desk.path == f"/blocks/{token}/2"
    assert checked(desk.html) == "C"
    assert desk.client.get(f"/blocks/{token}/state.json").get_json()["remaining"] == 300.0


def test_an_action_or_a_form_that_arrives_during_the_pause_is_refused_and_says_why(
    paused_desk: tuple[Desk, str],
) -> None:
    desk, token = paused_desk
    room = desk.html
    desk.press("pause")
    answer = send(desk, token, 1, event_id="late-action", kind="choose", letter="A")
    assert (answer["status"], answer["paused"], answer["message"]) == ("refused", True, taking.PAUSED)
    desk.html, desk.path = room, f"/blocks/{token}/1"
    desk.press("next", choice="B")
    assert desk.path == f"/blocks/{token}/pause"
    desk.post(f"/blocks/{token}/end", confirm="yes")
    assert desk.path == f"/blocks/{token}/pause", "the end is asked for from the room"


def test_there_is_no_pause_button_where_the_clock_cannot_be_stopped_and_the_address_refuses(desk: Desk) -> None:
    desk.get("/practise")
    assert "The clock cannot be stopped." in desk.html
    token = desk.start(timing="timed")
    assert "data-pause" not in desk.html
    desk.press("pause", choice="A")
    assert desk.status == 409
    assert "cannot be stopped" in desk.html
    desk.get(f"/blocks/{token}/pause")
    assert desk.path == f"/blocks/{token}/1"


def test_the_builder_says_which_formats_can_be_paused_and_lists_a_paused_block(
    paused_desk: tuple[Desk, str],
) -> None:
    desk, _token = paused_desk
    desk.press("pause")
    page = desk.get("/practise")
    assert "With pauses (can be paused" in page
    assert "unless the exam format allows a pause" in page
    assert "paused, its clock is stopped" in page


def test_another_learner_can_neither_see_nor_end_the_pause(paused_desk: tuple[Desk, str], app: Flask) -> None:
    desk, token = paused_desk
    desk.press("pause")
    with app.extensions["qbank.sessions"]() as session:
        stranger_id = make_learner(session, "Eve Other").id
        session.commit()
    client = app.test_client()
    sign_in(app, client, stranger_id)
    assert client.get(f"/blocks/{token}/pause").status_code == 404
    token_of_form = form_token(client.get("/practise").text)
    assert client.post(f"/blocks/{token}/pause", data={"csrf_token": token_of_form}).status_code == 404
    assert desk.client.get(f"/blocks/{token}/state.json").get_json()["paused"] is True
