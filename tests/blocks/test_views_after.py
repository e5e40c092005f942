"""The pages after a block, through a browser without scripts."""

from __future__ import annotations

import re

import pytest
import sqlalchemy as sa
from flask import Flask

from qbank.accounts.models import Person, PersonRole, Role
from qbank.blocks import building
from qbank.blocks.criteria import Criteria
from qbank.blocks.models import Block, Delivery, Feedback, Timing
from qbank.clock import now
from qbank.db.engine import begin_write
from tests.blocks.classroom import Desk, make_learner, sign_in
from tests.conftest_web import check_page

HOSTILE = "\"'><script>alert(1)</script>\n2nd line"


@pytest.fixture
def token(app: Flask, desk: Desk) -> str:
    """An exam block of the learner, four items, still open."""
    with app.extensions["qbank.sessions"]() as session:
        begin_write(session)
        person = session.scalars(sa.select(Person)).one()
        block = building.start_block(
            session, person, app.extensions["qbank.settings"], criteria=Criteria(), count=4, feedback=Feedback.EXAM,
            timing=Timing.UNTIMED, seed="s",
        )  # fmt: skip
        session.commit()
        return block.token


def colleague(app: Flask, name: str = "Eve Educator", role: Role = Role.EDUCATOR) -> Desk:
    with app.extensions["qbank.sessions"]() as session:
        person = make_learner(session, name)
        person.role_rows = [PersonRole(role=role, granted_at=now())]
        session.commit()
        person_id = person.id
    client = app.test_client()
    sign_in(app, client, person_id)
    return Desk(client)


def end(desk: Desk, token: str) -> None:
    desk.get(f"/blocks/{token}/end")
    desk.post(f"/blocks/{token}/end", confirm="yes")
    assert desk.path == f"/blocks/{token}/result"


def wrong_letter(app: Flask, token: str, position: int) -> tuple[str, str]:
    from qbank.blocks.closing import keys_of

    with app.extensions["qbank.sessions"]() as session:
        row = session.scalars(
            sa.select(Delivery).join(Block).where(Block.token == token, Delivery.position == position)
        ).one()
        key = keys_of(session, [row.version_id])[row.version_id]
        places = [chr(65 + place) for place, option in enumerate(row.option_order) if option in key]
        return next(letter for letter in "ABCD" if letter not in places), places[0]


def test_confidence_is_said_by_plain_forms_kept_and_switched_off(desk: Desk, token: str) -> None:
    desk.get(f"/blocks/{token}/1")
    desk.press("confidence:sure", choice="B")
    pressed = r'value="confidence:" aria-pressed="true" data-level="sure"'
    assert re.search(pressed, desk.html)
    assert 'value="B" checked' in desk.html
    check_page(desk.html)
    desk.press("confidence:")
    assert not re.search(pressed, desk.html)
    desk.press("confidence:nonsense")
    assert desk.status == 422
    desk.get(f"/blocks/{token}/1")
    desk.press("hide-confidence")
    assert "data-level" not in desk.html
    assert "no longer asked" in desk.html


def test_the_lists_of_an_ended_block_count_lead_on_and_stay_in_their_order(app: Flask, desk: Desk, token: str) -> None:
    for position, sure in ((2, "confidence:fairly"), (3, "confidence:sure")):
        desk.get(f"/blocks/{token}/{position}")
        desk.press(sure, choice=wrong_letter(app, token, position)[0])
    desk.get(f"/blocks/{token}/items")
    assert "still open" in desk.html
    end(desk, token)
    page = desk.get(f"/blocks/{token}/items?show=incorrect")
    check_page(page)
    assert re.search(r'Incorrect <span class="count">2</span>', page)
    assert re.search(r'Sure but wrong <span class="count">1</span>', page)
    assert "1 answer that you were sure of was wrong" in page
    listed = re.findall(r'outcomes__item" href="/blocks/[^/]+/result/(\d)\?show=incorrect"', page)
    assert listed == ["3", "2"]
    item = desk.get(f"/blocks/{token}/result/3?show=incorrect")
    check_page(item)
    assert f'href="/blocks/{token}/result/2?show=incorrect" rel="next"' in item
    assert "How sure: sure" in item
    for show in ("all", "sure-wrong", "omitted", "marked", "changed", "slow", "nonsense"):
        check_page(desk.get(f"/blocks/{token}/items?show={show}"))
        assert desk.status == 200


def test_a_miss_takes_a_reason_that_shows_and_is_taken_back(desk: Desk, token: str) -> None:
    end(desk, token)
    desk.get(f"/blocks/{token}/result/1")
    desk.post(f"/blocks/{token}/1/reason", reason="no_time")
    assert re.search(r'value="no_time" aria-pressed="true"', desk.html)
    assert "Ran out of time" in desk.get(f"/blocks/{token}/items?show=omitted")
    desk.post(f"/blocks/{token}/1/reason", reason="")
    desk.get(f"/blocks/{token}/result/1")
    assert 'aria-pressed="true"' not in desk.html.split('id="after"')[1]
    desk.post(f"/blocks/{token}/1/reason", reason="nonsense")
    assert desk.status == 422


def test_an_item_is_tried_again_clean_and_its_answer_shown_at_once(app: Flask, desk: Desk, token: str) -> None:
    wrong, right = wrong_letter(app, token, 1)
    desk.get(f"/blocks/{token}/1")
    desk.press("save", choice=wrong)
    desk.get(f"/blocks/{token}/again/1")
    assert "still open" in desk.html
    end(desk, token)
    page = desk.get(f"/blocks/{token}/again/1")
    check_page(page)
    assert "Rationale" not in page
    assert "checked" not in page
    assert "Correct answer" not in page
    event = re.search(r'name="event_id" value="([0-9a-f]+)"', page)
    assert event
    desk.post(f"/blocks/{token}/again/1", event_id=event.group(1))
    assert (desk.status, "Choose one of the options first" in desk.html) == (422, True)
    desk.get(f"/blocks/{token}/again/1")
    desk.post(f"/blocks/{token}/again/1", choice=right, event_id=event.group(1))
    check_page(desk.html)
    assert "verdict--correct" in desk.html
    assert f"This time: {right} · In the block: {wrong}" in desk.html
    result = desk.get(f"/blocks/{token}/result")
    assert re.search(r"badge--incorrect.*?Incorrect</span> <strong class=\"num\">1</strong>", result, re.S)
    assert "Tried again 1 time, 1 right" in desk.get(f"/blocks/{token}/result/1")


def test_more_like_this_starts_a_small_block_or_says_that_there_is_none(desk: Desk, token: str) -> None:
    end(desk, token)
    page = desk.get(f"/blocks/{token}/result/1")
    assert "More like this (5)" in page
    desk.post(f"/blocks/{token}/result/1/more")
    assert re.fullmatch(r"/blocks/[^/]+/1", desk.path)
    assert token not in desk.path
    assert "No other live item is like this one" in desk.get(f"/blocks/{token}/result/1")
    desk.post(f"/blocks/{token}/result/1/more")
    assert "No other live item" in desk.html


def test_a_block_is_printed_with_everything_or_as_a_worksheet_without_answers(desk: Desk, token: str) -> None:
    desk.get(f"/blocks/{token}/print")
    assert "still open" in desk.html
    end(desk, token)
    page = desk.get(f"/blocks/{token}/print")
    check_page(page)
    assert page.count("– key") == 4
    assert page.count("Textbook of bone") == 4
    assert page.count("Rationale first") == 16
    sheet = desk.get(f"/blocks/{token}/print?answers=no")
    check_page(sheet)
    for secret in ("– key", "Textbook", "Rationale", "Explanation first", "Objective", "is-key", "Omitted"):
        assert secret not in sheet, secret
    assert sheet.count("Estrogen deficiency") == 4


def test_a_report_goes_to_the_educators_and_its_outcome_comes_back(app: Flask, desk: Desk, token: str) -> None:
    end(desk, token)
    check_page(desk.get(f"/blocks/{token}/1/report"))
    desk.post(f"/blocks/{token}/1/report", text=HOSTILE)
    assert (desk.status, "Say what is wrong." in desk.html) == (422, True)
    check_page(desk.html)
    desk.post(f"/blocks/{token}/1/report", problem="wrong_key", text=HOSTILE)
    assert "Your report is open" in desk.html
    assert "You have reported this item" in desk.get(f"/blocks/{token}/1/report")
    eve = colleague(app)
    assert "Reports (1)" in eve.get("/items")
    queue = eve.get("/items/reports")
    check_page(queue)
    assert "Ada Learner" in queue
    assert "<script>alert" not in queue
    assert "&lt;script&gt;alert(1)&lt;/script&gt;<br>2nd line" in queue
    number = re.search(r"/items/reports/(\d+)/resolve", queue)
    assert number
    eve.post(f"/items/reports/{number.group(1)}/resolve", resolution="corrected", reply="")
    assert (eve.status, "Write what the reporter should know." in eve.html) == (422, True)
    check_page(eve.html)
    eve.post(f"/items/reports/{number.group(1)}/resolve", resolution="corrected", reply=HOSTILE)
    assert "Eve Educator" in eve.get("/items/reports?tab=resolved")
    check_page(eve.html)
    assert "A problem that you reported is resolved" in desk.get("/")
    mine = desk.get("/reports")
    check_page(mine)
    assert "New" in mine
    assert "Corrected" in mine
    assert "Eve Educator" not in mine
    assert "<script>alert" not in mine
    assert "A problem that you reported is resolved" not in desk.get("/")


def test_another_learner_finds_nothing_and_no_student_sees_the_queue(app: Flask, desk: Desk, token: str) -> None:
    end(desk, token)
    other = colleague(app, "Bob Learner", Role.STUDENT)
    other.get("/practise")
    for path in ("/items", "/again/1", "/print", "/1/report"):
        assert other.client.get(f"/blocks/{token}{path}").status_code == 404, path
    for path in ("/again/1", "/1/report", "/1/reason", "/result/1/more"):
        other.get("/reports")
        other.post(f"/blocks/{token}{path}", choice="A", event_id="again-000001", problem="other", text="x", reason="")
        assert other.status == 404, path
        other.get("/account")
    assert other.client.get("/items/reports").status_code == 403
    for path in ("/items", "/again/1", "/print", "/1/report", "/result/1"):
        assert desk.client.get(f"/blocks/{token}{path}").status_code == 200, path
    for path in ("/again/9", "/9/report", "/result/9"):
        assert desk.client.get(f"/blocks/{token}{path}").status_code == 404, path


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_after_a_submit_in_tutor_feedback_the_item_takes_a_reason_and_a_report(app: Flask, desk: Desk) -> None:
    with app.extensions["qbank.sessions"]() as session:
        begin_write(session)
        person = session.scalars(sa.select(Person)).one()
        block = building.start_block(
            session, person, app.extensions["qbank.settings"], criteria=Criteria(), count=2, feedback=Feedback.TUTOR,
            timing=Timing.UNTIMED,
        )  # fmt: skip
        session.commit()
        token = block.token
    assert desk.client.get(f"/blocks/{token}/1/report").status_code == 403
    desk.get(f"/blocks/{token}/1")
    desk.press("submit", choice=wrong_letter(app, token, 1)[0])
    check_page(desk.html)
    assert "Why did you miss it?" in desk.html
    desk.post(f"/blocks/{token}/1/reason", reason="guessed")
    assert re.search(r'value="guessed" aria-pressed="true"', desk.html)
    desk.get(f"/blocks/{token}/1/report")
    desk.post(f"/blocks/{token}/1/report", problem="unclear", text="What is asked?")
    assert desk.path == f"/blocks/{token}/1"
    assert "Your report is open" in desk.html
