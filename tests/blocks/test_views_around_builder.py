"""Saved filters in the builder, formats by the day of the exam, a new pass, and the educator's exam formats."""

from __future__ import annotations

import re
from datetime import date

from flask import Flask

from qbank.accounts.models import PersonRole, Role
from qbank.blocks.models import ExamPreset
from tests.blocks import factories as make
from tests.blocks.classroom import Desk, make_learner, sign_in
from tests.conftest_web import check_page

USUAL = {"count": 4, "feedback": "exam", "timing": "untimed", "preset": 0}


def test_filters_are_saved_loaded_made_the_default_renamed_deleted_and_brought_back(desk: Desk) -> None:
    desk.get("/practise")
    html = desk.post("/practise", what="save", statuses=["unused", "marked"], saved_as="My filters", **USUAL)
    assert "saved as “My filters”" in html
    assert re.search(r'checked[^>]*value="marked"|value="marked"[^>]*checked', html)
    html = desk.post("/practise", what="save", saved_as="My filters", **USUAL)
    assert desk.status == 422
    assert "Choose another one" in html
    html = desk.get("/practise/filters")
    check_page(html)
    assert "Unused; Marked" in html
    address = re.search(r'action="(/practise/filters/\d+)"', html)
    assert address
    desk.post(address.group(1), what="default")
    html = desk.get("/practise")
    check_page(html)
    assert re.search(r'checked[^>]*value="marked"|value="marked"[^>]*checked', html), "the default one is loaded"
    html = desk.get("/practise?saved=none")
    assert not re.search(r'checked[^>]*value="marked"|value="marked"[^>]*checked', html)
    desk.get("/practise/filters")
    html = desk.post(address.group(1), what="rename", saved_as=" ")
    assert desk.status == 422
    check_page(html)
    desk.post(address.group(1), what="rename", saved_as="Better <name>")
    assert "Better &lt;name&gt;" in desk.html
    html = desk.post(address.group(1), what="delete")
    check_page(html)
    assert "No saved filter yet" in html
    html = desk.post(address.group(1), what="undelete")
    assert "Better &lt;name&gt;" in html


def test_the_formats_follow_the_day_of_the_exam(desk: Desk, app: Flask) -> None:
    with app.extensions["qbank.sessions"]() as session:
        make.make_preset(session, exam="Board", name="Board, old", valid_to=date(2026, 5, 13), pretest_share=0.1)
        new = make.make_preset(
            session, exam="Board", name="Board, new", valid_from=date(2026, 5, 14), pause_allowed=True
        )
        session.commit()
        new_id = new.id
    html = desk.get("/practise")
    assert "Board, old" in html, "what is in force today and what is to come are offered"
    assert "Board, new (can be paused, every item scored)" in html
    assert '<optgroup label="Board">' in html
    html = desk.post("/practise", what="count", exam_on="2026-06-01", **USUAL)
    assert "Board, old" not in html
    assert "Board, new" in html
    desk.post("/practise", what="start", exam_on="2026-06-01", **(USUAL | {"preset": new_id}))
    assert re.fullmatch(r"/blocks/[^/]+/1", desk.path)


def test_a_new_pass_is_confirmed_refused_while_a_block_is_open_and_makes_everything_unused(desk: Desk) -> None:
    assert "your first block" in desk.get("/practise/new-pass").lower()
    token = desk.start(count=4)
    html = desk.get("/practise/new-pass")
    check_page(html)
    assert f"/blocks/{token}" in html
    desk.post("/practise/new-pass", confirm="yes")
    assert "End your open blocks" in desk.html
    desk.get(f"/blocks/{token}/end")
    desk.post(f"/blocks/{token}/end", confirm="yes")
    assert desk.client.get("/practise/counts.json").get_json()["statuses"]["unused"] == 2
    html = desk.get("/practise/new-pass")
    check_page(html)
    assert "Pass 2 begins now" in html
    html = desk.post("/practise/new-pass", confirm="yes")
    assert "every item is unused again" in html
    assert desk.client.get("/practise/counts.json").get_json()["statuses"]["unused"] == 6
    assert desk.get(f"/blocks/{token}/result").count("Omitted") >= 4, "earlier blocks stay"


def test_educators_add_exam_formats_and_learners_cannot(desk: Desk, app: Flask) -> None:
    desk.get("/exam-formats")
    assert desk.status == 403
    with app.extensions["qbank.sessions"]() as session:
        educator = make_learner(session, "Ed Educator")
        session.add(PersonRole(person_id=educator.id, role=Role.EDUCATOR, granted_at=educator.created_at))
        session.commit()
        educator_id = educator.id
    client = app.test_client()
    sign_in(app, client, educator_id)
    teacher = Desk(client)
    check_page(teacher.get("/exam-formats/new"))
    fields = {
        "exam": "Board", "name": "Board 2027", "items_per_block": 40, "minutes_per_block": 60, "blocks": "",
        "time_up_policy": "lock", "grace_seconds": 0, "pretest_percent": 5, "source_date": "2026-02-01",
    }  # fmt: skip
    html = teacher.post("/exam-formats/new", **fields)
    assert teacher.status == 422
    assert "Say where the figures come from" in html
    html = teacher.post("/exam-formats/new", source="Bulletin", valid_from="2026-02-01", **fields)
    check_page(html)
    assert "Bulletin" in html
    with app.extensions["qbank.sessions"]() as session:
        made = session.query(ExamPreset).filter_by(name="Board 2027").one()
        assert (made.seconds_per_item, made.pretest_share) == (90, 0.05)
        address = f"/exam-formats/{made.id}"
    assert "Board 2027" in desk.get("/practise")
    teacher.post(address, what="retire")
    assert "Board 2027" not in desk.get("/practise")
