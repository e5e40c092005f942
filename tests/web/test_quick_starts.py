"""Quick starts of the front page: exact numbers, two clicks, kind refusals; paused blocks say that the clock stands."""

from __future__ import annotations

import re
from collections.abc import Callable

from qbank.accounts.models import Person
from qbank.blocks import building, closing, pausing
from qbank.blocks.criteria import Criteria
from qbank.settings import Settings
from tests.blocks import factories as make
from tests.conftest import START, TestClock
from tests.conftest_web import Visitor, Write, check_page
from tests.history.school import Taken, make_bank, take

People = Callable[..., int]
SignIn = Callable[[int], Visitor]


def test_more_like_last_time_starts_the_same_filters_mode_and_format_in_two_clicks(
    make_person: People, sign_in: SignIn, write: Write, settings: Settings, clock: TestClock
) -> None:
    learner = make_person()
    with write() as session:
        taxa = make.make_taxa(session)
        make.make_items(session, 60, taxa)
        who = session.get_one(Person, learner)
        preset = make.make_preset(session, name="Our board", seconds_per_item=60)
        only = Criteria(systems=frozenset(taxa.systems[:1]), statuses=frozenset({"unused"}))
        block = building.start_block(
            session, who, settings, criteria=only, count=5, feedback="exam", timing="timed", preset=preset
        )
        closing.end_block(session, who, block.token)
        make.start(session, who, settings, 1, items=[make.deliveries(session, block)[0].item_id], feedback="tutor")
    visitor = sign_in(learner)
    html = visitor.get("/")
    check_page(html)
    assert "20 more like last time" in html
    html = visitor.get("/quick/again")
    check_page(html)
    assert "Only 15 of the 20 are eligible now" in html
    assert "15 min 00 s; the clock starts at once" in html
    assert "Our board" in html
    builder = re.search(r'href="(/practise\?[^"]+)"', html)
    assert builder
    assert "data-total>15<" in visitor.get(builder.group(1).replace("&amp;", "&"))
    visitor.get("/quick/again")
    visitor.post("/quick/again", count=15)
    assert re.fullmatch(r"/blocks/[^/]+/1", visitor.path)
    html = visitor.get("/quick/again")
    assert "No item is eligible now" in html
    assert "Start 0" not in html
    visitor.post("/quick/again", count=20)
    assert visitor.status in {409, 422}
    assert "Go on with the open block" in visitor.html


def test_the_weakest_area_is_said_with_n_and_interval_and_absent_where_nothing_can_be_compared(
    make_person: People, sign_in: SignIn, write: Write, clock: TestClock
) -> None:
    learner, other = make_person(), make_person()
    with write() as session:
        bank = make_bank(session, 40)
        take(session, session.get_one(Person, learner), bank, Taken("RWRWRWRWRWRW", START, "Block"))
        take(session, session.get_one(Person, other), bank, Taken("RWRW", START, "Block"))
    visitor = sign_in(learner)
    html = visitor.get("/")
    assert "Endocrine, Management" in html
    assert "0.0 % (0.0–39.0) correct so far, n = 6" in html
    check_page(visitor.get("/quick/weakest"))
    visitor.post("/quick/weakest", count=10)
    assert re.fullmatch(r"/blocks/[^/]+/1", visitor.path)
    stranger = sign_in(other)
    assert "Weakest area" not in stranger.get("/")
    stranger.get("/quick/weakest")
    assert stranger.status == 404


def test_a_paused_block_says_that_its_clock_stands_still(
    make_person: People, sign_in: SignIn, write: Write, settings: Settings, clock: TestClock
) -> None:
    learner = make_person()
    with write() as session:
        make.make_items(session, 5, make.make_taxa(session))
        who = session.get_one(Person, learner)
        preset = make.make_preset(session, pause_allowed=True)
        block = make.start(session, who, settings, 2, timing="timed", preset=preset)
    assert "the clock runs until" in sign_in(learner).get("/")
    with write() as session:
        pausing.pause(session, session.get_one(Person, learner), settings, block.token)
    html = sign_in(learner).get("/")
    assert "its clock is stopped" in html
    assert "the clock runs until" not in html
