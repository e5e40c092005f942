"""The end of the time: the policies "grace" and "soft", a server that was down, and days on which clocks change."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from qbank.accounts.models import Person
from qbank.app import create_app
from qbank.blocks import closing, taking
from qbank.blocks.models import Block, BlockScore, DeliveryEvent, TimeUpPolicy
from qbank.blocks.rebuild import rebuild
from qbank.blocks.timing import remaining
from qbank.db.engine import make_engine, make_sessions
from qbank.settings import Settings
from tests.blocks import factories as make
from tests.blocks.classroom import Desk, sign_in
from tests.blocks.test_views_room import send
from tests.conftest import TestClock

pytestmark = pytest.mark.usefixtures("clock")


@pytest.fixture
def person(session: Session) -> Person:
    make.make_items(session, 8, make.make_taxa(session))
    return make.make_person(session)


def start(session: Session, settings: Settings, person: Person, policy: TimeUpPolicy) -> Block:
    preset = make.make_preset(session, time_up_policy=policy, grace_seconds=30)
    return make.start(session, person, settings, 4, timing="timed", preset=preset)


def test_under_grace_answers_count_until_the_grace_is_over_and_not_after(
    session: Session, settings: Settings, person: Person, clock: TestClock
) -> None:
    block = start(session, settings, person, TimeUpPolicy.GRACE)
    known = make.letters(session, block)
    clock.advance(seconds=360 + 1)
    ack = make.act(session, person, block, 1, "choose", known[1][0])
    assert (ack.status, ack.remaining, ack.closes_in) == ("saved", 0.0, 29.0)
    clock.advance(seconds=29)
    assert make.act(session, person, block, 2, "choose", known[2][0]).status == "saved"
    clock.advance(milliseconds=1)
    late = make.act(session, person, block, 3, "choose", known[3][0])
    assert (late.status, late.ended, late.message) == ("refused", True, taking.TIME_UP)
    assert (block.ended_reason, block.ended_at) == ("time_up", block.started_at + timedelta(seconds=390))
    score = session.scalars(sa.select(BlockScore)).one()
    assert (score.correct, score.omitted, score.scored) == (2, 2, 4)
    assert rebuild(session, check=True) == []


def test_under_soft_answers_count_after_the_deadline_until_the_learner_ends(
    session: Session, settings: Settings, person: Person, clock: TestClock
) -> None:
    block = start(session, settings, person, TimeUpPolicy.SOFT)
    known = make.letters(session, block)
    clock.advance(hours=3)
    assert closing.close_due(session) == 0
    ack = make.act(session, person, block, 1, "choose", known[1][0])
    assert (ack.status, ack.remaining, ack.closes_in) == ("saved", 0.0, None)
    closing.end_block(session, person, block.token)
    assert (block.ended_reason, block.ended_at) == ("learner", clock.moment)
    assert session.scalars(sa.select(BlockScore.correct)).one() == 1


def test_under_soft_a_block_that_is_left_alone_is_abandoned(
    session: Session, settings: Settings, person: Person, clock: TestClock
) -> None:
    block = start(session, settings, person, TimeUpPolicy.SOFT)
    make.answer(session, person, block, right=1)
    clock.advance(days=settings.abandon_days, seconds=1)
    assert closing.close_due(session) == 1
    assert block.ended_reason == "abandoned"
    score = session.scalars(sa.select(BlockScore)).one()
    assert (score.scored, score.partial) == (1, True)


def _desk_with(desk: Desk, app: Flask, policy: TimeUpPolicy) -> str:
    with app.extensions["qbank.sessions"]() as session:
        preset_id = make.make_preset(session, time_up_policy=policy, grace_seconds=30).id
        session.commit()
    return desk.start(timing="timed", preset=preset_id)


@pytest.mark.parametrize(
    ("policy", "late", "closes_in", "words"),
    [(TimeUpPolicy.GRACE, 10, 20.0, "10 s"), (TimeUpPolicy.SOFT, 125, None, "2 min 05 s")],
)
def test_the_page_tells_the_policy_and_the_result_how_long_after_the_deadline_it_ended(
    desk: Desk, app: Flask, clock: TestClock, policy: TimeUpPolicy, late: int, closes_in: float | None, words: str
) -> None:
    token = _desk_with(desk, app, policy)
    clock.advance(seconds=360 + late)
    desk.get(f"/blocks/{token}/1")
    assert f'data-policy="{policy}"' in desk.html
    assert f'data-closes-in="{"" if closes_in is None else closes_in}"' in desk.html
    state = desk.client.get(f"/blocks/{token}/state.json").get_json()
    assert (state["remaining"], state["closes_in"], state["ended"]) == (0.0, closes_in, False)
    assert send(desk, token, 1, event_id="late-choice", kind="choose", letter="A")["status"] == "saved"
    desk.get(f"/blocks/{token}/end")
    desk.post(f"/blocks/{token}/end", confirm="yes")
    assert "After the deadline" in desk.html
    assert words in desk.html


def test_under_lock_no_time_after_the_deadline_is_shown(desk: Desk, app: Flask, clock: TestClock) -> None:
    token = _desk_with(desk, app, TimeUpPolicy.LOCK)
    clock.advance(hours=9)
    desk.get(f"/blocks/{token}/1")
    assert desk.path.endswith("/result")
    assert "After the deadline" not in desk.html


def test_a_server_that_was_down_over_the_deadline_closes_the_block_as_of_the_deadline(
    desk: Desk, app: Flask, settings: Settings, clock: TestClock
) -> None:
    token = desk.start(timing="timed")
    send(desk, token, 1, event_id="before-the-stop", kind="choose", letter="B")
    with desk.client.session_transaction() as cookie:
        sign_in_token = cookie["_user_id"]
    old: sa.Engine = app.extensions["qbank.engine"]
    url = old.url.render_as_string(hide_password=False)
    old.dispose()  # nothing of the old process is left but the database
    clock.advance(days=2)
    engine = make_engine(url)
    try:
        restarted = create_app(settings, engine)
        client = restarted.test_client()
        with client.session_transaction() as cookie:
            cookie["_user_id"] = sign_in_token
        response = client.get(f"/blocks/{token}/1", follow_redirects=True)
        assert response.request.path == f"/blocks/{token}/result"
        with make_sessions(engine)() as session:
            block = session.scalars(sa.select(Block)).one()
            score = session.scalars(sa.select(BlockScore)).one()
            assert (block.ended_reason, block.ended_at) == ("time_up", block.started_at + timedelta(seconds=360))
            assert (score.correct + score.incorrect, score.omitted) == (1, 3)
    finally:
        engine.dispose()


def test_a_restart_before_the_deadline_changes_nothing_for_the_learner(
    desk: Desk, app: Flask, settings: Settings, clock: TestClock
) -> None:
    token = desk.start(timing="timed")
    desk.press("next", choice="C")
    before = desk.get(f"/blocks/{token}/2")
    with app.extensions["qbank.sessions"]() as session:
        person_id = session.scalars(sa.select(Block.person_id)).one()
    engine = make_engine(app.extensions["qbank.engine"].url.render_as_string(hide_password=False))
    clock.advance(seconds=100)
    try:
        restarted = create_app(settings, engine)
        other = Desk(restarted.test_client())
        sign_in(restarted, other.client, person_id)
        after = other.get(f"/blocks/{token}")
        assert other.path == f"/blocks/{token}/2"
        assert before.count("option__text") == after.count("option__text") == 4
        order = [page.split('class="options"')[1].split("</fieldset>")[0] for page in (before, after)]
        assert order[0] == order[1]
        assert other.client.get(f"/blocks/{token}/state.json").get_json()["remaining"] == 260.0
    finally:
        engine.dispose()


@pytest.fixture
def berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The server, and its connections to PostgreSQL, keep the time of a place that changes its clocks."""
    monkeypatch.setenv("TZ", "Europe/Berlin")
    monkeypatch.setenv("PGTZ", "Europe/Berlin")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    "begin",
    [datetime(2026, 3, 29, 0, 57, tzinfo=UTC), datetime(2026, 10, 25, 0, 57, tzinfo=UTC)],
    ids=["an hour is skipped", "an hour comes twice"],
)
def test_a_change_of_the_clocks_neither_gives_nor_takes_time(
    berlin: None, session: Session, settings: Settings, person: Person, clock: TestClock, begin: datetime
) -> None:
    clock.set(begin)
    block = make.start(session, person, settings, 4, timing="timed")
    session.commit()
    clock.advance(seconds=300)  # over the change
    session.expire_all()
    assert block.deadline_at == begin + timedelta(seconds=360)
    assert remaining(block, clock.moment) == 60.0
    assert closing.close_due(session) == 0
    clock.advance(seconds=60)
    assert make.act(session, person, block, 1, "choose", "A").status == "saved"
    clock.advance(milliseconds=1)
    assert make.act(session, person, block, 1, "choose", "B").status == "refused"
    assert block.ended_at == begin + timedelta(seconds=360)
    assert block.ended_at.utcoffset() == timedelta()


def test_what_the_learner_and_the_format_are_given_later_moves_no_open_deadline(
    session: Session, settings: Settings, person: Person, clock: TestClock
) -> None:
    preset = make.make_preset(session, time_up_policy=TimeUpPolicy.LOCK)
    block = make.start(session, person, settings, 4, timing="timed", preset=preset)
    before = block.deadline_at
    clock.advance(seconds=100)
    person.time_percent = 200
    preset.seconds_per_item, preset.time_up_policy, preset.grace_seconds = 900, TimeUpPolicy.GRACE, 600
    session.flush()
    session.expire_all()
    assert taking.find_block(session, person, block.token).deadline_at == before
    assert make.act(session, person, block, 1, "choose", "A").remaining == 260.0
    clock.advance(seconds=260, milliseconds=1)
    assert make.act(session, person, block, 1, "choose", "B").status == "refused"
    assert (block.ended_reason, block.ended_at) == ("time_up", before)
    later = make.start(session, person, settings, 4, timing="timed", preset=preset)
    assert later.limit_seconds == 4 * 900 * 2


def test_of_two_tabs_the_last_to_write_before_the_deadline_wins_and_what_comes_after_is_no_answer(
    session: Session, settings: Settings, person: Person, clock: TestClock
) -> None:
    block = start(session, settings, person, TimeUpPolicy.LOCK)
    (right, wrong), clocks = make.letters(session, block)[1][:2], (359, 1, 0.001)
    said = []
    for tab, letter, seconds in zip(("first", "second", "first"), (right, wrong, right), clocks, strict=True):
        clock.advance(seconds=seconds)
        action = taking.Action(event_id=f"{tab}-{letter}-{seconds}", kind="choose", letter=letter, client=tab)
        said.append(taking.apply(session, person, block.token, 1, action).status)
    assert said == ["saved", "saved", "refused"]
    chosen = sa.select(DeliveryEvent.client).where(DeliveryEvent.kind == "choose", DeliveryEvent.applied)
    assert session.scalars(chosen.order_by(DeliveryEvent.id)).all() == ["first", "second"]
    score = session.scalars(sa.select(BlockScore)).one()
    assert (score.correct, score.incorrect, score.omitted) == (0, 1, 3)
    assert rebuild(session, check=True) == []
