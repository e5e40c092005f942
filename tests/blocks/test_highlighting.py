"""Highlights: recorded like every action, kept as a projection of the log, never an answer."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from qbank.accounts.models import Person
from qbank.blocks import closing, highlighting, taking
from qbank.blocks.highlighting import Stroke
from qbank.blocks.marking import written
from qbank.blocks.models import Block, DeliveryEvent, Highlight
from qbank.blocks.rebuild import rebuild
from qbank.blocks.room import Ack
from qbank.errors import InvalidError
from qbank.settings import Settings
from tests.blocks import factories as make
from tests.blocks.classroom import Desk
from tests.blocks.test_views_room import send

pytestmark = pytest.mark.usefixtures("clock")
LENGTH = len("Stem 0")


@pytest.fixture
def person(session: Session) -> Person:
    make.make_items(session, 4, make.make_taxa(session))
    return make.make_person(session)


@pytest.fixture
def block(session: Session, settings: Settings, person: Person) -> Block:
    return make.start(session, person, settings, 4)


def stroke(session: Session, person: Person, block: Block, start: int, end: int, **values: Any) -> Ack:
    on, field = values.pop("on", True), values.pop("field", "stem")
    return make.act(session, person, block, 1, "highlight", stroke=Stroke(field, start, end, on), **values)


def test_overlapping_highlights_merge_and_a_removal_leaves_the_rest(
    session: Session, person: Person, block: Block
) -> None:
    stroke(session, person, block, 0, 3)
    assert stroke(session, person, block, 2, 5).highlights == {"vignette": "", "stem": "0-5", "lead_in": ""}
    ack = stroke(session, person, block, 1, 2, on=False)
    assert (ack.status, ack.highlights) == ("saved", {"vignette": "", "stem": "0-1 2-5", "lead_in": ""})
    rows = session.scalars(sa.select(Highlight).order_by(Highlight.start)).all()
    assert [(row.field, row.start, row.end) for row in rows] == [("stem", 0, 1), ("stem", 2, 5)]
    assert taking.room_item(session, block, 1).highlights["stem"] == "0-1 2-5"
    assert taking.room_item(session, block, 2).highlights["stem"] == ""
    assert '<mark class="highlight" data-span="0-1">S</mark>' in taking.room_item(session, block, 1).stem_html


def test_a_highlight_is_no_answer(session: Session, person: Person, block: Block) -> None:
    ack = stroke(session, person, block, 0, 4)
    assert ack.choice is None
    closing.end_block(session, person, block.token)
    delivery = make.deliveries(session, block)[0]
    assert (delivery.chosen_option_id, delivery.changes, delivery.outcome) == (None, 0, "omitted")
    assert "<mark" in taking.room_item(session, block, 1).stem_html, "the review after the block shows it"
    assert stroke(session, person, block, 4, 5).status == "refused"


@pytest.mark.parametrize(
    ("field", "start", "end"),
    [
        ("stem", 0, LENGTH + 1),
        ("stem", 3, 3),
        ("stem", -1, 2),
        ("vignette", 0, 1),
        ("options", 0, 1),
        ("lead_in", 0, 1),
    ],
)
def test_a_span_outside_the_text_is_refused(
    session: Session, person: Person, block: Block, field: str, start: int, end: int
) -> None:
    with pytest.raises(InvalidError, match="cannot be taken"):
        stroke(session, person, block, start, end, field=field)
    assert session.scalar(sa.select(sa.func.count()).select_from(DeliveryEvent)) == 0


def test_the_same_stroke_sent_again_counts_once_and_an_older_one_over_the_same_words_not_at_all(
    session: Session, person: Person, block: Block
) -> None:
    first = {"event_id": "same", "client": "browser-1", "client_seq": 5}
    assert stroke(session, person, block, 0, 4, **first).status == "saved"
    assert stroke(session, person, block, 0, 4, **first).status == "repeated"
    assert stroke(session, person, block, 2, 3, on=False, client="browser-1", client_seq=4).status == "stale"
    assert stroke(session, person, block, 5, 6, client="browser-1", client_seq=3).status == "saved", "other words"
    assert taking.room_item(session, block, 1).highlights["stem"] == "0-4 5-6"
    assert rebuild(session, check=True) == []


def test_what_was_spoiled_is_found_and_made_again_from_the_log(session: Session, person: Person, block: Block) -> None:
    stroke(session, person, block, 0, 2)
    stroke(session, person, block, 3, 5)
    assert rebuild(session, check=True) == []
    session.execute(sa.delete(Highlight).where(Highlight.start == 3))
    session.execute(sa.update(Highlight).values(end=6))
    found = rebuild(session, check=True)
    assert [(one.field, one.stored, one.rebuilt) for one in found] == [("highlights of stem", "0-6", "0-2 3-5")]
    rebuild(session)
    assert rebuild(session, check=True) == []
    delivery = make.deliveries(session, block)[0]
    assert written(highlighting.spans_of(session, delivery)["stem"]) == "0-2 3-5"


def test_there_is_an_end_to_the_highlights_of_one_text(
    session: Session, person: Person, block: Block, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(highlighting, "MAX_SPANS", 2)
    stroke(session, person, block, 0, 1)
    stroke(session, person, block, 2, 3)
    ack = stroke(session, person, block, 4, 5)
    assert (ack.status, ack.message) == ("refused", taking.TOO_MANY_SPANS)
    assert stroke(session, person, block, 0, 5).status == "saved", "one that joins the others makes fewer"


@pytest.mark.parametrize(
    "span",
    [None, {}, [], "0-3", {"field": "stem", "start": 0, "end": 3},
     {"field": "stem", "start": "0", "end": 3, "on": True},
     {"field": "stem", "start": 3, "end": 0, "on": True}, {"field": "nothing", "start": 0, "end": 3, "on": True},
     {"field": "stem", "start": 0, "end": 2**40, "on": True}, {"field": "stem", "start": False, "end": 3, "on": 1}],
)  # fmt: skip
def test_a_highlight_that_cannot_be_read_is_refused_with_its_field(desk: Desk, span: object) -> None:
    token = desk.start()
    answer = send(desk, token, 1, event_id="highlight-1", kind="highlight", span=span)
    assert answer["http"] == 422
    assert "span" in str(answer)


def test_a_highlight_by_the_page_is_stored_and_drawn_into_the_next_one(desk: Desk, app: Flask) -> None:
    token = desk.start()
    span = {"field": "stem", "start": 0, "end": 4, "on": True}
    answer = send(desk, token, 1, event_id="highlight-1", kind="highlight", span=span)
    assert (answer["status"], answer["highlights"]) == ("saved", {"vignette": "", "stem": "0-4", "lead_in": ""})
    desk.get(f"/blocks/{token}/1")
    assert 'data-spans="0-4"' in desk.html
    assert '<mark class="highlight" data-span="0-4">A 5' in desk.html
    desk.get(f"/blocks/{token}/end")
    desk.post(f"/blocks/{token}/end", confirm="yes")
    assert '<mark class="highlight" data-span="0-4">A 5' in desk.get(f"/blocks/{token}/result/1")
