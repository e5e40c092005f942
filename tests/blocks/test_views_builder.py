"""The builder's page: counts, refusals, starting, resuming."""

from __future__ import annotations

import re

import sqlalchemy as sa
from flask import Flask

from qbank.accounts.models import Person
from qbank.blocks.models import Block
from tests.blocks.classroom import Desk, make_learner, sign_in


def blocks_made(app: Flask) -> list[Block]:
    with app.extensions["qbank.sessions"]() as session:
        return list(session.scalars(sa.select(Block)))


def note_beside(html: str, label: str) -> int:
    """Return the number beside a choice, found the way a screen reader does: through aria-describedby."""
    pattern = rf'aria-describedby="(\S+)"[^>]*>\s*<label[^>]*>{re.escape(label)}</label>\s*<span[^>]*>\D*([\d,]+)'
    found = re.search(pattern, re.sub(r"<span data-n>", "", html))
    assert found, f"there is no count beside {label!r}"
    return int(found.group(2).replace(",", ""))


def test_every_choice_has_its_exact_count_beside_it(desk: Desk) -> None:
    html = desk.get("/practise")
    assert re.search(r"<strong data-total>6</strong>", html)
    assert note_beside(html, "Musculoskeletal") == 3
    assert note_beside(html, "Diagnosis") == 2
    assert note_beside(html, "Pharmacology") == 3
    assert note_beside(html, "Easy") == 6
    assert note_beside(html, "Unused") == 6
    assert note_beside(html, "Marked") == 0


def test_update_counts_counts_again_without_a_script_and_starts_nothing(desk: Desk, app: Flask) -> None:
    html = desk.get("/practise")
    system = re.search(r'value="(\d+)"[^>]*>\s*<label[^>]*>Musculoskeletal', html)
    assert system
    html = desk.post("/practise", what="count", systems=system.group(1), count=4, preset=0)
    assert desk.status == 200
    assert re.search(r"<strong data-total>3</strong>", html)
    assert note_beside(html, "Endocrine") == 3, "its own dimension does not narrow a choice's count"
    assert blocks_made(app) == []


def test_counts_for_the_script_are_those_of_the_page(desk: Desk) -> None:
    counts = desk.client.get("/practise/counts.json").get_json()
    assert counts["total"] == 6
    assert sorted(counts["systems"].values()) == [3, 3]
    assert counts["statuses"]["unused"] == 6
    assert desk.client.get("/practise/counts.json?systems=999&statuses=nonsense&count=x").status_code == 200


def test_asking_for_more_than_are_eligible_says_how_many_are_and_creates_nothing(desk: Desk, app: Flask) -> None:
    desk.get("/practise")
    html = desk.post("/practise", what="start", count=40, feedback="exam", timing="untimed", preset=0)
    assert desk.status == 422
    assert re.search(r"\b6\b[^<]*eligible|eligible[^<]*\b6\b", html)
    assert 'value="40"' in html, "what was typed is still there"
    assert blocks_made(app) == []


def test_nonsense_in_the_form_is_named_beside_its_field(desk: Desk, app: Flask) -> None:
    desk.get("/practise")
    for fields in ({"count": ""}, {"count": "many"}, {"count": -3}, {"count": 0}, {"feedback": "oral"}, {"preset": 77}):
        usual = {"what": "start", "count": 2, "feedback": "exam", "timing": "untimed", "preset": 0}
        html = desk.post("/practise", **(usual | fields))
        assert desk.status == 422, fields
        assert "Something needs correcting" in html, fields
    assert blocks_made(app) == []


def test_feedback_and_timing_are_chosen_apart(desk: Desk, app: Flask) -> None:
    for feedback in ("tutor", "exam"):
        for timing in ("untimed", "timed"):
            token = desk.start(feedback=feedback, timing=timing)
            (block,) = (block for block in blocks_made(app) if block.token == token)
            assert (block.feedback, block.timing) == (feedback, timing)
            desk.post(f"/blocks/{token}/end", confirm="yes")


def test_the_newest_format_in_force_is_offered_first_and_sets_the_number(desk: Desk) -> None:
    html = desk.get("/practise")
    assert re.search(r'<option selected value="[1-9]\d*">Test exam 2026 \(every item scored\)<', html)
    assert re.search(r'name="count"[^>]*value="4"', html)


def test_the_limit_is_worked_out_with_the_time_allowance(desk: Desk, app: Flask) -> None:
    with app.extensions["qbank.sessions"]() as session:
        session.execute(sa.update(Person).values(time_percent=150))
        session.commit()
    desk.get("/practise")
    html = desk.post("/practise", what="count", count=20, timing="timed", feedback="exam", preset=0)
    assert "20 items × 90 s = 30 min, with your time allowance 45 min" in html


def test_a_second_timed_block_is_refused_with_a_way_to_the_open_one(desk: Desk, app: Flask) -> None:
    token = desk.start(timing="timed")
    desk.get("/practise")
    html = desk.post("/practise", what="start", count=2, feedback="exam", timing="timed", preset=0)
    assert desk.status == 409
    assert f"/blocks/{token}" in html
    assert len(blocks_made(app)) == 1


def test_open_blocks_come_first_and_are_resumed_where_they_were_left(desk: Desk) -> None:
    token = desk.start()
    desk.press("goto:3")
    html = desk.get("/practise")
    assert html.index("Resume") < html.index("eligible")
    desk.get(f"/blocks/{token}")
    assert desk.path == f"/blocks/{token}/3"


def test_an_empty_bank_says_so_and_offers_no_start(app: Flask) -> None:
    with app.extensions["qbank.sessions"]() as session:
        person_id = make_learner(session).id
        session.commit()
    client = app.test_client()
    sign_in(app, client, person_id)
    html = client.get("/practise").text
    assert "No items to practise yet" in html
    assert "Start block" not in html


def test_a_link_with_filters_opens_the_builder_with_them_set(desk: Desk) -> None:
    html = desk.get("/practise")
    system = re.search(r'value="(\d+)"[^>]*>\s*<label[^>]*>Endocrine', html)
    assert system
    html = desk.get(f"/practise?systems={system.group(1)}&count=3&feedback=exam")
    assert re.search(rf'checked[^>]*value="{system.group(1)}"', html)
    assert re.search(r'name="count"[^>]*value="3"', html)
    assert re.search(r"<strong data-total>3</strong>", html)
