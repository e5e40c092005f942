"""A block from start to result by plain forms alone, and the addresses that the room's script uses."""

from __future__ import annotations

import re
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from qbank.blocks.models import Block, Delivery, DeliveryEvent
from tests.blocks.classroom import DRUGS, Desk, form_token, make_learner, sign_in
from tests.conftest import TestClock


def title_of(html: str) -> str:
    found = re.search(r"<title>([^<]*)</title>", html)
    assert found
    return found.group(1).strip()


def checked(html: str) -> str | None:
    found = re.search(r'<input[^>]*name="choice"[^>]*value="(\w)"[^>]*\schecked', html)
    return found.group(1) if found else None


def send(desk: Desk, token: str, position: int, **body: object) -> dict[str, object]:
    """Send one action as the script does; return the answer with its HTTP status under "http"."""
    head = {"X-CSRFToken": form_token(desk.html)}
    response = desk.client.post(f"/blocks/{token}/{position}/events", json=body, headers=head)
    return {"http": response.status_code, **(response.get_json() or {})}


def rows(app: Flask, what: Any) -> list[Any]:
    with app.extensions["qbank.sessions"]() as session:
        return list(session.scalars(sa.select(what).order_by(what.id)))


def key_letter(app: Flask, token: str, position: int) -> str:
    """Return the letter of the key as this delivery shows it."""
    with app.extensions["qbank.sessions"]() as session:
        block = session.scalars(sa.select(Block).where(Block.token == token)).one()
        query = sa.select(Delivery).where(Delivery.block_id == block.id, Delivery.position == position)
        delivery = session.scalars(query).one()
        key = session.scalar(
            sa.text("SELECT id FROM item_option WHERE version_id = :v AND is_key"), {"v": delivery.version_id}
        )
        return chr(ord("A") + delivery.option_order.index(key))


def test_a_whole_exam_block_goes_without_any_script(desk: Desk, app: Flask) -> None:
    token = desk.start(count=4)
    assert title_of(desk.html).startswith("Question 1 of 4 - unanswered - ")
    desk.press("next", choice="B")
    assert desk.path.endswith("/2")
    desk.press("previous", choice="C")
    assert desk.path.endswith("/1")
    assert checked(desk.html) == "B"
    assert title_of(desk.html).startswith("Question 1 of 4 - answered - ")
    desk.press("goto:4")
    desk.press("mark", choice="A")
    desk.press("review")
    assert desk.path.endswith("/review")
    assert re.search(r"3\s+answered", re.sub(r"<[^>]+>", "", desk.html))
    desk.get(f"/blocks/{token}/end")
    assert "1 item is unanswered" in re.sub(r"<[^>]+>", "", desk.html)
    desk.post(f"/blocks/{token}/end")
    assert rows(app, Block)[0].state == "open", "without the second confirmation nothing ends"
    desk.post(f"/blocks/{token}/end", confirm="yes")
    assert desk.path.endswith("/result")
    assert rows(app, Block)[0].ended_reason == "learner"
    assert "omitted counts as wrong" in desk.html
    desk.get(f"/blocks/{token}/result/1")
    assert "Rationale first" in desk.html
    assert desk.html.count("Rationale first") == len(DRUGS)


def test_clear_mark_strike_and_note_are_kept_by_plain_forms(desk: Desk) -> None:
    desk.start()
    desk.press("strike:C", choice="A")
    assert re.search(r'data-strike="C"[^>]*aria-pressed="true"|aria-pressed="true"[^>]*data-strike="C"', desk.html)
    assert checked(desk.html) == "A", "the choice on the page is kept with every button"
    desk.press("save", choice="C")
    assert checked(desk.html) == "C", "a struck option can be chosen"
    desk.press("restore:C", choice="C")
    assert not re.search(r'data-strike="C"[^>]*aria-pressed="true"', desk.html)
    desk.press("clear", choice="C")
    assert checked(desk.html) is None
    desk.press("mark", note="Ask about\r\nestrogen")
    assert "Ask about\nestrogen" in desk.html
    desk.press("unmark", note="Ask about\r\nestrogen")
    assert 'value="mark"' in desk.html


def test_a_double_click_is_recorded_once_and_going_back_loses_nothing(desk: Desk, app: Flask) -> None:
    token = desk.start()
    first = desk.html
    for choice in ("A", "A", "B", "A"):
        desk.html, desk.path = first, f"/blocks/{token}/1"  # the page as the Back button shows it
        desk.press("next", choice=choice)
        assert desk.status == 200
    desk.get(f"/blocks/{token}/1")
    assert checked(desk.html) == "A"
    chosen = [event for event in rows(app, DeliveryEvent) if event.kind == "choose"]
    assert len(chosen) == 3


def test_nothing_on_the_page_is_lost_when_a_form_is_sent_twice_or_with_nonsense(desk: Desk) -> None:
    desk.start()
    for action in ("strike:Z", "restore:", "goto:99999999999", "goto:x", "dance", "strike:AA"):
        page = desk.html
        path = desk.path
        desk.press(action, choice="B")
        assert desk.status in (200, 422), action
        desk.html, desk.path = page, path
    desk.get(desk.path)
    assert checked(desk.html) == "B"


def test_tutor_feedback_explains_a_submitted_item_and_only_that(desk: Desk, app: Flask) -> None:
    token = desk.start(feedback="tutor")
    desk.press("submit")
    assert "Rationale" not in desk.html, "nothing is submitted without a choice"
    key = key_letter(app, token, 1)
    wrong = "B" if key == "A" else "A"
    desk.press("submit", choice=wrong)
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", desk.html))
    assert "Incorrect" in text
    assert f"Key: {key}" in text
    assert f"Your choice: {wrong}" in text
    assert desk.html.count("Rationale first") == len(DRUGS)
    assert "Objective first" in desk.html
    assert "Textbook of bone" in desk.html
    assert "Quoted statement" in desk.html
    assert "Not enough answers yet" in text
    desk.press("submit", choice=key)
    assert "Incorrect" in desk.html, "a submitted answer is final"
    desk.press("next")
    assert "Rationale" not in desk.html


def test_the_result_of_an_open_block_is_not_shown(desk: Desk) -> None:
    token = desk.start(feedback="exam")
    desk.press("next", choice="A")
    for address in (f"/blocks/{token}/result", f"/blocks/{token}/result/1"):
        html = desk.get(address)
        assert "Rationale" not in html
        assert "still open" in html


def test_another_learner_finds_nothing_at_any_address_of_a_block(desk: Desk, app: Flask) -> None:
    token = desk.start()
    page = desk.html
    with app.extensions["qbank.sessions"]() as session:
        other = make_learner(session, "Eve Other").id
        session.commit()
    client = app.test_client()
    sign_in(app, client, other)
    for path in ("", "/1", "/state.json", "/review", "/end", "/result", "/result/1"):
        assert client.get(f"/blocks/{token}{path}").status_code == 404, path
    eve = Desk(client)
    eve.get("/practise")
    event = {"event_id": "0123456789", "kind": "choose", "letter": "A"}
    assert send(eve, token, 1, **event)["http"] == 404
    eve.post(f"/blocks/{token}/1", action="next", choice="A", event_id="00112233")
    assert eve.status == 404
    eve.get("/practise")
    eve.post(f"/blocks/{token}/end", confirm="yes")
    assert eve.status == 404
    desk.html, desk.path = page, f"/blocks/{token}/1"
    desk.get(f"/blocks/{token}/1")
    assert checked(desk.html) is None


def test_an_action_sent_again_is_recorded_once_with_the_same_reply(desk: Desk, app: Flask) -> None:
    token = desk.start()
    body = {"event_id": "a" * 32, "kind": "choose", "letter": "B", "client": "b" * 32, "client_seq": 1}
    first = send(desk, token, 1, **body)
    again = send(desk, token, 1, **body)
    assert (first["http"], first["status"], first["choice"]) == (200, "saved", "B")
    assert (again["http"], again["status"], again["choice"]) == (200, "repeated", "B")
    assert len([event for event in rows(app, DeliveryEvent) if event.kind == "choose"]) == 1
    assert send(desk, token, 1, **(body | {"letter": "C"}))["http"] == 409


def test_an_older_action_that_arrives_late_changes_nothing_and_says_stale(desk: Desk) -> None:
    token = desk.start()
    send(desk, token, 1, event_id="e" * 32, kind="choose", letter="C", client="b" * 32, client_seq=2)
    late = send(desk, token, 1, event_id="f" * 32, kind="choose", letter="A", client="b" * 32, client_seq=1)
    assert (late["http"], late["status"], late["choice"]) == (200, "stale", "C")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"event_id": "short", "kind": "choose", "letter": "A"},
        {"event_id": "a" * 32, "kind": "visit"},
        {"event_id": "a" * 32, "kind": "choose"},
        {"event_id": "a" * 32, "kind": "choose", "letter": "AB"},
        {"event_id": "a" * 32, "kind": "choose", "letter": "Z"},
        {"event_id": "a" * 32, "kind": "choose", "letter": 1},
        {"event_id": "a" * 32, "kind": "note", "text": "x" * 10_001},
        {"event_id": "a" * 32, "kind": "note"},
        {"event_id": "a" * 32, "kind": "clear", "client": "b" * 32, "client_seq": 2**40},
        {"event_id": "a" * 32, "kind": "clear", "client_seq": True},
        {"event_id": "a" * 32, "kind": ["choose"]},
    ],
)
def test_an_action_that_cannot_be_read_is_refused_by_field_and_changes_nothing(
    desk: Desk, app: Flask, body: dict[str, object]
) -> None:
    token = desk.start()
    before = len(rows(app, DeliveryEvent))
    answer = send(desk, token, 1, **body)
    assert answer["http"] == 422
    assert answer["cause"]
    assert len(rows(app, DeliveryEvent)) == before


def test_a_body_that_is_no_object_is_refused(desk: Desk) -> None:
    token = desk.start()
    head = {"X-CSRFToken": form_token(desk.html), "Content-Type": "application/json", "Accept": "application/json"}
    for body in ("[1, 2]", "nonsense", '"text"', "null", ""):
        response = desk.client.post(f"/blocks/{token}/1/events", data=body, headers=head)
        assert response.status_code == 422, body
    assert desk.client.post(f"/blocks/{token}/1/events", data="x" * 70_000, headers=head).status_code == 413


def test_an_action_without_the_form_token_is_refused(desk: Desk) -> None:
    token = desk.start()
    body = {"event_id": "a" * 32, "kind": "choose", "letter": "A"}
    assert desk.client.post(f"/blocks/{token}/1/events", json=body).status_code == 400
    fresh = desk.client.get(f"/blocks/{token}/state.json").get_json()["csrf_token"]
    head = {"X-CSRFToken": fresh}
    assert desk.client.post(f"/blocks/{token}/1/events", json=body, headers=head).status_code == 200


def test_the_remaining_time_is_the_servers_with_every_answer(desk: Desk, clock: TestClock) -> None:
    token = desk.start(timing="timed", count=4)

    def shown() -> float:
        found = re.search(r'data-remaining="([\d.]+)"', desk.get(f"/blocks/{token}/1"))
        assert found
        return float(found.group(1))

    assert shown() == 360
    clock.advance(seconds=30)
    assert shown() == 330
    assert desk.client.get(f"/blocks/{token}/state.json").get_json()["remaining"] == 330
    clock.advance(seconds=30)
    ack = send(desk, token, 1, event_id="a" * 32, kind="choose", letter="A")
    assert ack["remaining"] == 300


def test_at_the_deadline_a_choice_counts_and_later_it_is_refused(desk: Desk, clock: TestClock) -> None:
    token = desk.start(timing="timed", count=2)
    clock.advance(seconds=180)
    assert send(desk, token, 1, event_id="a" * 32, kind="choose", letter="A")["status"] == "saved"
    clock.advance(seconds=0.001)
    late = send(desk, token, 1, event_id="c" * 32, kind="choose", letter="B")
    assert (late["http"], late["status"], late["ended"], late["choice"]) == (200, "refused", True, "A")


def test_any_page_after_the_deadline_closes_the_block_and_shows_the_result(
    desk: Desk, app: Flask, clock: TestClock
) -> None:
    token = desk.start(timing="timed", count=4)
    desk.press("next", choice="A")
    room = desk.html
    clock.advance(days=3)
    desk.get(f"/blocks/{token}/2")
    assert desk.path.endswith("/result")
    assert "Time is up" in desk.html
    (block,) = rows(app, Block)
    assert block.ended_reason == "time_up"
    assert block.ended_at == block.deadline_at
    desk.html, desk.path = room, f"/blocks/{token}/2"
    desk.press("next", choice="B")
    assert desk.path.endswith("/result")


def test_a_plain_form_that_comes_too_late_changes_nothing(desk: Desk, app: Flask, clock: TestClock) -> None:
    token = desk.start(timing="timed", count=2)
    clock.advance(seconds=181)
    desk.press("next", choice="A")
    assert desk.path == f"/blocks/{token}/result"
    assert "Time is up" in desk.html
    assert [delivery.chosen_option_id for delivery in rows(app, Delivery)] == [None, None]
    assert rows(app, Block)[0].state == "ended"


def test_after_the_end_no_answer_can_change(desk: Desk) -> None:
    token = desk.start(count=2)
    desk.press("next", choice="A")
    desk.post(f"/blocks/{token}/end", confirm="yes")
    late = send(desk, token, 1, event_id="c" * 32, kind="choose", letter="B")
    assert late["http"] in (200, 409)
    assert late.get("status") != "saved"


def test_a_position_outside_the_block_is_not_found(desk: Desk) -> None:
    token = desk.start(count=2)
    for position in (0, 3, 10**6, 10**30):
        desk.get(f"/blocks/{token}/{position}")
        assert desk.status == 404, position


def test_the_review_screen_counts_and_links_every_item(desk: Desk) -> None:
    token = desk.start(count=4)
    desk.press("mark", choice="A")
    html = desk.get(f"/blocks/{token}/review")
    words = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))
    assert re.search(r"\b1 answered\b", words)
    assert re.search(r"\b3 unanswered\b", words)
    assert re.search(r"\b1 marked\b", words)
    for position in range(1, 5):
        assert f'href="/blocks/{token}/{position}"' in html


def test_the_score_rule_is_printed_with_n_and_interval(desk: Desk, app: Flask) -> None:
    token = desk.start(count=5)
    for position in (1, 2, 3):
        desk.press("next", choice=key_letter(app, token, position))
    desk.post(f"/blocks/{token}/end", confirm="yes")
    words = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", desk.html))
    assert "Score = correct / scored items; omitted counts as wrong" in words
    assert "60.0 %" in words
    assert "n = 5" in words
    assert "23.1–88.2 %" in words  # Wilson 95 % of 3 of 5
    assert "2 of 2" in words or "1 of 2" in words, "small groups show counts only"


def test_mark_and_note_can_still_be_changed_after_the_block(desk: Desk) -> None:
    token = desk.start(count=2)
    desk.post(f"/blocks/{token}/end", confirm="yes")
    desk.get(f"/blocks/{token}/result/1")
    desk.post(f"/blocks/{token}/result/1", action="mark")
    assert 'value="unmark"' in desk.html
    desk.post(f"/blocks/{token}/result/1", action="note", note="read this again")
    assert "read this again" in desk.html
    desk.post(f"/blocks/{token}/result/1", action="note", note="x" * 10_001)
    assert desk.status == 422


def test_pages_of_a_block_are_never_kept_in_a_cache(desk: Desk) -> None:
    token = desk.start()
    for path in ("/1", "/state.json", "/review", "/end"):
        assert desk.client.get(f"/blocks/{token}{path}").headers["Cache-Control"] == "no-store"


def test_no_page_carries_inline_script_or_style(desk: Desk) -> None:
    token = desk.start(feedback="tutor")
    pages = [desk.html, desk.press("submit", choice="A")]
    pages += [desk.get(f"/blocks/{token}/review"), desk.get(f"/blocks/{token}/end"), desk.get("/practise")]
    desk.post(f"/blocks/{token}/end", confirm="yes")
    pages += [desk.html, desk.get(f"/blocks/{token}/result/1")]
    for html in pages:
        assert not re.search(r"\sstyle=|<style|\son\w+=", html)
        assert all("src=" in tag or "application/json" in tag for tag in re.findall(r"<script[^>]*>", html))
        assert len(re.findall(r"<h1[\s>]", html)) == 1
        ids = re.findall(r'\sid="([^"]+)"', html)
        assert len(ids) == len(set(ids))
