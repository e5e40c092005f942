"""The pages of adaptive practice: from the builder through the room to the estimate."""

from __future__ import annotations

import re

import pytest
from flask import Flask

from qbank.db.engine import begin_write
from tests.blocks.classroom import Desk, form_token, make_learner, sign_in
from tests.blocks.test_adaptive import calibrate


def begin(desk: Desk, **values: object) -> str:
    """Start an adaptive block from the builder and return its token."""
    data = {"csrf_token": form_token(desk.client.get("/practise").text), "what": "adaptive", "count": "5"}
    data |= {"preset": "0", "feedback": "tutor", "timing": "untimed", "aim": "practice"} | values
    answer = desk.client.post("/practise", data=data)
    assert answer.status_code == 302, answer.text
    found = re.search(r"/blocks/([^/]+)/1$", answer.location)
    assert found is not None
    return found.group(1)


def post(desk: Desk, path: str, **data: str) -> str:
    """Send a form with its token and return where it leads."""
    token = form_token(desk.client.get("/practise").text)
    answer = desk.client.post(path, data={"csrf_token": token} | data)
    assert answer.status_code == 302, answer.text
    return answer.location


@pytest.fixture
def measured(app: Flask, desk: Desk) -> Desk:
    """The learner before a bank that is calibrated."""
    with app.extensions["qbank.sessions"]() as session:
        begin_write(session)
        calibrate(session)
        session.commit()
    return desk


def test_a_learner_takes_an_adaptive_block_without_a_script_and_reads_the_estimate(measured: Desk) -> None:
    token = begin(measured)
    for position in range(1, 6):
        path = f"/blocks/{token}/{position}"
        page = measured.client.get(path).text
        assert f"Question {position}" in page
        assert f"of {position}" not in page
        assert "Next item" not in page
        assert post(measured, path, event_id=f"e{position:031d}", action="submit", choice="A").startswith(path)
        page = measured.client.get(path).text
        if position < 5:
            assert "Next item" in page
            for _twice in range(2):
                location = post(measured, f"/blocks/{token}/next", after=str(position))
                assert location == f"/blocks/{token}/{position + 1}"
    assert "You have answered as many items as you asked for." in page
    assert "Next item" not in page
    assert measured.client.get(f"/blocks/{token}/estimate").location == f"/blocks/{token}/5"
    post(measured, f"/blocks/{token}/end", confirm="yes")
    assert f"/blocks/{token}/estimate" in measured.client.get(f"/blocks/{token}/result").text
    report = measured.client.get(f"/blocks/{token}/estimate").text
    assert "n = 5 answers to measured items" in report
    assert "What it does not mean" in report
    assert "<svg" in report


def test_asking_for_the_next_item_too_early_or_with_nonsense_moves_nowhere(measured: Desk) -> None:
    token = begin(measured)
    assert post(measured, f"/blocks/{token}/next", after="1") == f"/blocks/{token}"
    assert "Submit your answer first" in measured.client.get(f"/blocks/{token}/1").text
    data = {"csrf_token": form_token(measured.client.get("/practise").text)}
    for nonsense in ("", "x", "-1", "0", "2", "99999999999999999999", "²"):
        answer = measured.client.post(f"/blocks/{token}/next", data=data | {"after": nonsense})
        assert answer.status_code == 404, nonsense


def test_a_form_that_cannot_be_started_says_why_beside_the_field(measured: Desk) -> None:
    token = form_token(measured.client.get("/practise").text)
    data = {"csrf_token": token, "what": "adaptive", "count": "5", "minutes": "9999", "preset": "0", "aim": "practice"}
    answer = measured.client.post("/practise", data=data | {"feedback": "tutor", "timing": "untimed"})
    assert answer.status_code == 422
    assert "Give a number of minutes from 1 to 600." in answer.text


def test_nobody_else_reaches_the_block_or_its_estimate(app: Flask, measured: Desk) -> None:
    token = begin(measured)
    with app.extensions["qbank.sessions"]() as session:
        begin_write(session)
        other_id = make_learner(session, name="Bo Other").id
        session.commit()
    client = app.test_client()
    sign_in(app, client, other_id)
    other = Desk(client)
    data = {"csrf_token": form_token(other.client.get("/practise").text), "after": "1"}
    assert other.client.post(f"/blocks/{token}/next", data=data).status_code == 404
    assert other.client.get(f"/blocks/{token}/estimate").status_code == 404
