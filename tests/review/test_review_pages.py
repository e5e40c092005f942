"""The review's page: empty, filled, taking out and putting back, starting a session."""

from __future__ import annotations

import re

from flask import Flask

from tests.blocks.classroom import Desk, make_learner, sign_in
from tests.conftest import TestClock
from tests.conftest_web import check_page


def missed_block(desk: Desk) -> None:
    token = desk.start(feedback="exam")
    desk.get(f"/blocks/{token}/end")
    desk.post(f"/blocks/{token}/end", confirm="yes")


def test_an_empty_review_says_how_items_get_there(desk: Desk) -> None:
    html = desk.get("/review")
    check_page(html)
    assert "Nothing to review yet" in html


def test_missed_items_stand_with_reason_and_day_and_can_be_taken_out_and_put_back(desk: Desk, clock: TestClock) -> None:
    missed_block(desk)
    html = desk.get("/review")
    check_page(html)
    assert html.count("Missed, ") >= 4
    assert "wrong or omitted" in html
    assert "Come back when something is due" in html
    address = re.search(r'action="(/review/cards/\d+/remove)"', html)
    assert address
    before = html.count("/remove")
    desk.post(address.group(1))
    assert desk.html.count("/remove") == before - 1
    html = desk.get("/review?show=left")
    check_page(html)
    assert "Taken out" in html
    desk.post(address.group(1).replace("remove", "put-back"))
    assert desk.html.count("/remove") == before


def test_due_items_are_started_from_the_page_as_a_tutor_block(desk: Desk, clock: TestClock) -> None:
    missed_block(desk)
    clock.advance(days=10)
    html = desk.get("/review")
    assert "Review 4 now" in html
    desk.post("/review/start")
    assert re.fullmatch(r"/blocks/[^/]+/1", desk.path)
    assert "Review of 12 March" in desk.html
    html = desk.get("/review")
    assert "4 more are due, but in an open block" in html
    assert "/review/start" not in html
    desk.post("/review/start")
    assert desk.path == "/review", "what is in an open block is refused kindly"
    assert "Nothing is due for review that can be taken now" in desk.html


def test_others_cards_are_not_there(desk: Desk, app: Flask) -> None:
    missed_block(desk)
    address = re.search(r'action="(/review/cards/\d+/remove)"', desk.get("/review"))
    assert address
    with app.extensions["qbank.sessions"]() as session:
        other = make_learner(session, "Other Learner")
        session.commit()
        other_id = other.id
    client = app.test_client()
    sign_in(app, client, other_id)
    stranger = Desk(client)
    stranger.get("/practise")
    stranger.post(address.group(1))
    assert stranger.status == 404
