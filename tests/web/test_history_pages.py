from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import url_for
from sqlalchemy.orm import Session

from qbank.accounts.models import Person, Role
from qbank.blocks.models import EndedReason, Feedback, Timing
from qbank.groups import service as groups
from tests.conftest import START, TestClock
from tests.conftest_web import Visitor, Write, check_page
from tests.history.school import Taken, make_bank, open_block, take

VIEWS = ("", "/breakdown", "/trend")
HOSTILE = ("<script>alert(1)</script>", "N" * 200, "\u202eمريم \u2066العلي", "' OR 1=1 --\"><img src=x>")


def history(write: Write, person_id: int, *blocks: Taken) -> list[str]:
    with write() as session:
        return take(session, session.get_one(Person, person_id), make_bank(session), *blocks)


def teach(session: Session, educator_id: int, *learner_ids: int) -> None:
    group = groups.create(session, session.get_one(Person, educator_id), "A group")
    for learner_id in learner_ids:
        groups.join(session, session.get_one(Person, learner_id), group.join_code)


MANY = (
    Taken("R" * 13 + "WW" + "OOO" + "pp", START - timedelta(days=9), "Mock", timing=Timing.TIMED, preset="Step 1"),
    Taken("RRRW", START - timedelta(days=8), "Small", feedback=Feedback.TUTOR),
    Taken("RWRWR--", START - timedelta(days=1), "Left", reason=EndedReason.ABANDONED),
)


@pytest.fixture
def visitor(make_person: Callable[..., int], sign_in: Callable[[int], Visitor], write: Write) -> Visitor:
    """A learner with a short history."""
    learner = make_person()
    history(write, learner, *MANY)
    return sign_in(learner)


def test_a_line_shows_the_score_with_its_n_and_the_page_prints_the_rule(visitor: Visitor) -> None:
    html = visitor.get("/history")
    check_page(html)
    assert "72.2 %" in html
    assert "n = 18" in html
    assert (
        "Score = correct / scored items; omitted counts as wrong; pretest and annulled items are left out of both"
        in html
    )


def test_fewer_than_five_scored_items_are_given_as_counts(visitor: Visitor) -> None:
    html = visitor.get("/history")
    assert "3 of 4" in html
    assert "75.0 %" not in html


@pytest.mark.parametrize("view", VIEWS)
def test_each_view_is_a_whole_page(visitor: Visitor, view: str) -> None:
    check_page(visitor.get(f"/history{view}"))
    assert visitor.status == 200


@pytest.mark.parametrize("view", VIEWS)
def test_a_new_learners_history_says_what_to_do_next(
    make_person: Callable[..., int], sign_in: Callable[[int], Visitor], view: str
) -> None:
    html = sign_in(make_person()).get(f"/history{view}")
    check_page(html)
    assert 'href="/practise"' in html.split("<main", 1)[1]


def test_the_breakdown_offers_to_practise_a_class_with_its_filter_set(visitor: Visitor, write: Write) -> None:
    html = visitor.get("/history/breakdown")
    with visitor.client.application.test_request_context():
        assert 'href="' + url_for("blocks.build", count=10, systems=1).replace("&", "&amp;") in html
    assert "95 % interval" in html


@pytest.mark.parametrize(
    "query", ["?count=latest", "?count=all", "?count=nonsense", "?feedback=tutor", "?since=2026-03-01"]
)
def test_the_breakdown_can_be_switched_and_filtered(visitor: Visitor, query: str) -> None:
    check_page(visitor.get(f"/history/breakdown{query}"))
    assert visitor.status == 200


def test_the_trend_leaves_tutor_blocks_out_until_they_are_asked_for(visitor: Visitor) -> None:
    assert "Small" not in visitor.get("/history/trend")
    assert "Small" in visitor.get("/history/trend?tutor=1")


def test_a_filter_that_makes_no_sense_is_refused_beside_its_field(visitor: Visitor) -> None:
    html = visitor.get("/history?since=2026-03-02&until=2026-03-01&feedback=exam")
    check_page(html)
    assert visitor.status == 422
    assert "before the first one" in html


@pytest.mark.parametrize(
    "query",
    ["?since=yesterday", "?since=99999-01-01", "?feedback=shouted", "?sort=x;drop&dir=up", "?page=0", "?page=99999999",
     "?size=100000", "?sort=score&dir=asc&page=2&size=25", "?since=0001-01-01&until=9999-12-31"],
)  # fmt: skip
def test_nonsense_in_the_address_is_no_server_error(visitor: Visitor, query: str) -> None:
    for view in VIEWS:
        check_page(visitor.get(f"/history{view}{query}"))
        assert visitor.status in {200, 422}


def test_a_page_beyond_the_last_shows_the_last(visitor: Visitor) -> None:
    assert "Mock" in visitor.get("/history?page=7")


def test_open_blocks_stand_apart_with_a_way_back_into_them(
    make_person: Callable[..., int], sign_in: Callable[[int], Visitor], write: Write
) -> None:
    learner = make_person()
    with write() as session:
        token = open_block(session, session.get_one(Person, learner), make_bank(session), name="Under way")
    html = sign_in(learner).get("/history")
    check_page(html)
    assert f"/blocks/{token}" in html
    assert "No ended block yet" in html


def test_a_block_whose_time_is_up_is_closed_by_a_look_at_the_history(
    make_person: Callable[..., int], sign_in: Callable[[int], Visitor], write: Write, clock: TestClock
) -> None:
    learner = make_person()
    with write() as session:
        open_block(
            session, session.get_one(Person, learner), make_bank(session), name="Forgotten",
            closes_at=START + timedelta(minutes=30),
        )  # fmt: skip
    visitor = sign_in(learner)
    assert "Open blocks" in visitor.get("/history")
    clock.advance(days=3)
    html = visitor.get("/history")
    assert "Open blocks" not in html
    assert "Time up" in html
    assert "2 Mar 2026, 09:30 UTC" in html


def test_an_educator_sees_the_history_of_a_learner_of_their_group(
    make_person: Callable[..., int], sign_in: Callable[[int], Visitor], write: Write
) -> None:
    learner, educator = make_person(), make_person(Role.EDUCATOR, "Eve")
    token, *_rest = history(write, learner, *MANY)
    with write() as session:
        teach(session, educator, learner)
    visitor = sign_in(educator)
    for path in (*VIEWS, f"/blocks/{token}"):
        html = visitor.get(f"/history/of/{learner}{path}")
        check_page(html)
        assert visitor.status == 200
        assert "Ada Learner" in html
    assert f"/history/of/{learner}/blocks/{token}" in visitor.get(f"/history/of/{learner}")
    assert f"/history/of/{learner}/trend?feedback=exam" in visitor.get(f"/history/of/{learner}?feedback=exam")


def main_of(html: str) -> str:
    """Return what a page says, without its frame and its tokens."""
    return html.split("<main", 1)[1].split("</main>", 1)[0]


@pytest.mark.parametrize("role", list(Role))
def test_nobody_else_sees_it_and_cannot_tell_it_from_one_that_is_not_there(
    make_person: Callable[..., int], sign_in: Callable[[int], Visitor], write: Write, role: Role
) -> None:
    learner, stranger, classmate = make_person(), make_person(role, "Mallory"), make_person(name="Bo")
    owner = make_person(Role.EDUCATOR, "Eve")
    token, *_rest = history(write, learner, *MANY)
    with write() as session:
        # a classmate sees no more than a stranger, and teaching one learner of a group opens no other
        teach(session, owner, learner, classmate, *([stranger] if role is Role.STUDENT else []))
        if role is Role.EDUCATOR:
            teach(session, stranger, classmate)
    visitor = sign_in(stranger)
    for path in (*VIEWS, f"/blocks/{token}"):
        html = visitor.get(f"/history/of/{learner}{path}")
        assert visitor.status == 404
        assert "Ada" not in html
        assert main_of(visitor.get(f"/history/of/999999{path}")) == main_of(html)
    visitor.get(f"/history/blocks/{token}")
    assert visitor.status == 404


def test_losing_the_role_or_the_learner_ends_the_view_at_once(
    make_person: Callable[..., int], sign_in: Callable[[int], Visitor], write: Write
) -> None:
    learner, educator = make_person(), make_person(Role.EDUCATOR, "Eve", Role.STUDENT)
    with write() as session:
        teach(session, educator, learner)
    visitor = sign_in(educator)
    visitor.get(f"/history/of/{learner}")
    assert visitor.status == 200
    with write() as session:
        who = session.get_one(Person, educator)
        who.role_rows = [row for row in who.role_rows if row.role is Role.STUDENT]
    visitor.get(f"/history/of/{learner}")
    assert visitor.status == 404


@pytest.mark.parametrize("name", HOSTILE)
def test_names_that_people_made_are_text_wherever_they_stand(
    make_person: Callable[..., int], sign_in: Callable[[int], Visitor], write: Write, name: str
) -> None:
    learner, educator = make_person(name=name), make_person(Role.EDUCATOR, name)
    with write() as session:
        bank = make_bank(session, systems=(name, name + "2"), stem=name)
        token, *_rest = take(
            session, session.get_one(Person, learner), bank,
            Taken("RWRWRWRWRW", name=name, preset=name), Taken("RRRRR", name=name, feedback=Feedback.TUTOR),
        )  # fmt: skip
        open_block(session, session.get_one(Person, learner), bank, name=name)
        group = groups.create(session, session.get_one(Person, educator), name)
        groups.join(session, session.get_one(Person, learner), group.join_code)
        group_id = group.id
    own, eve = sign_in(learner), sign_in(educator)
    pages = [
        own.get(path)
        for path in ("/", "/history", "/history/breakdown", "/history/trend?tutor=1", "/groups", "/account")
    ]
    pages += [own.get(f"/history/blocks/{token}"), eve.get(f"/history/of/{learner}"), eve.get("/groups"), eve.get("/")]
    pages += [eve.get(f"/groups/{group_id}"), eve.get(f"/history/of/{learner}/blocks/{token}")]
    for html in pages:
        check_page(html)
        assert "<script>alert" not in html
        assert "<img src=x" not in html


@pytest.mark.parametrize(
    "path", ["/history", "/history/breakdown", "/history/trend?tutor=1", "/", "/history?sort=score"]
)
def test_a_long_history_takes_no_more_queries_than_a_short_one(
    make_person: Callable[..., int], sign_in: Callable[[int], Visitor], write: Write, path: str,
    queries: Callable[[], object],
) -> None:  # fmt: skip
    short, long = make_person(), make_person(name="Bo")
    with write() as session:
        bank = make_bank(session)
        take(session, session.get_one(Person, short), bank, Taken("RWRW", START))
        many = [Taken("RWRW", START - timedelta(days=n), f"Block {n}") for n in range(60)]
        take(session, session.get_one(Person, long), bank, *many)
    counts = []
    for visitor in (sign_in(short), sign_in(long)):
        with queries() as seen:  # type: ignore[attr-defined]
            visitor.get(path)
        assert visitor.status == 200
        counts.append(len(seen))
    # The front page also counts what the quick starts hold; the weakest area is there only after enough answers.
    more, limit = (1, 20) if path == "/" else (0, 14)
    assert counts[0] <= counts[1] <= counts[0] + more
    assert counts[1] <= limit
