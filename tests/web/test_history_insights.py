"""The views of a history that say what next, how fast, how sure, how much better, and how ready."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from qbank.accounts.models import Person, Role
from qbank.blocks.models import Delivery, Feedback, Timing
from qbank.groups import service as groups
from qbank.history.models import ExamTarget
from qbank.items.models import ItemVersion
from tests.conftest import START
from tests.conftest_web import Visitor, Write, check_page
from tests.history.school import Taken, make_bank, open_block, take

VIEWS = ("/overview", "/pace", "/answers", "/passes", "/readiness")
HOSTILE = ("<script>alert(1)</script>", "\u202eمريم \u2066العلي", "' OR 1=1 --\"><img src=x>")

MakePerson = Callable[..., int]
SignIn = Callable[[int], Visitor]


def teach(session: Session, educator_id: int, *learner_ids: int, name: str = "A group") -> int:
    group = groups.create(session, session.get_one(Person, educator_id), name)
    for learner_id in learner_ids:
        groups.join(session, session.get_one(Person, learner_id), group.join_code)
    return group.id


def history(write: Write, person_id: int) -> list[str]:
    """Write two ended blocks and an open one; return their tokens in this order."""
    with write() as session:
        bank = make_bank(session)
        blocks = [
            Taken("RWRRWRWRRW" * 2, START - timedelta(days=9), "Mock", timing=Timing.TIMED, preset="Step 1"),
            Taken("RRWWOORRRR", START - timedelta(days=2), "Small", feedback=Feedback.TUTOR, start=20),
        ]
        person = session.get_one(Person, person_id)
        tokens = take(session, person, bank, *blocks)
        # the second item of each block was right at first
        session.execute(sa.update(Delivery).where(Delivery.position == 2).values(first_option_id=bank.keys[1]))
        return [*tokens, open_block(session, person, bank)]


@pytest.fixture
def learner(make_person: MakePerson, write: Write) -> int:
    person_id = make_person()
    history(write, person_id)
    return person_id


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("view", VIEWS)
def test_each_view_is_a_whole_page_for_a_new_learner_and_for_one_with_a_history(
    make_person: MakePerson, sign_in: SignIn, learner: int, view: str
) -> None:
    for person_id in (make_person(), learner):
        visitor = sign_in(person_id)
        html = visitor.get(f"/history{view}")
        check_page(html)
        assert visitor.status == 200
        assert "/practise" in html.split("<main", 1)[1], "nothing to do next"


def test_the_overview_says_what_to_do_next_with_its_figures(sign_in: SignIn, learner: int) -> None:
    html = sign_in(learner).get("/history/overview")
    assert "Do next" in html
    assert "Weakest area" in html
    assert "Set a target" in html
    assert "n = 30 items" in html
    assert "95 % interval" in html


def test_the_heat_map_is_a_table_whose_cells_lead_to_the_builder(sign_in: SignIn, learner: int) -> None:
    html = sign_in(learner).get("/history/breakdown")
    check_page(html)
    assert "Results by system and task" in html
    assert html.count("Practise<span") == 2  # two systems, each with one task


def test_the_list_is_filtered_by_format_and_system_and_downloads_as_filtered(sign_in: SignIn, learner: int) -> None:
    visitor = sign_in(learner)
    html = visitor.get("/history", preset="is:Step 1", system="1")
    check_page(html)
    assert "Mock" in html
    assert ">Small<" not in html
    file = visitor.get("/history/blocks.csv", preset="is:Step 1")
    assert "Mock" in file
    assert "Small" not in file
    assert visitor.client.get("/history/blocks.csv").mimetype == "text/csv"
    for query in ({"preset": "Step 1"}, {"system": "99999"}, {"system": "x"}):
        visitor.get("/history", **query)
        assert visitor.status == 422


def test_a_target_is_set_refused_beside_its_field_and_removed(sign_in: SignIn, learner: int, write: Write) -> None:
    visitor = sign_in(learner)
    visitor.get("/history/readiness")
    html = visitor.post("/history/readiness", preset="0", exam_day="2026-01-01", cut_percent="65")
    check_page(html)
    assert visitor.status == 422
    assert "This day is past." in html
    html = visitor.post("/history/readiness", preset="0", exam_day="2026-06-01", cut_percent="65")
    check_page(html)
    assert "Your target is set." in html
    assert "20 of 80" in html
    with write() as session:
        assert session.get_one(ExamTarget, learner).cut_percent == 65
    assert "Your target is removed." in visitor.post("/history/readiness/clear")
    with write() as session:
        assert session.get(ExamTarget, learner) is None


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("address", ["/history/readiness", "/history/readiness/clear"])
def test_a_target_cannot_be_changed_without_the_form_token(sign_in: SignIn, learner: int, address: str) -> None:
    fields = {"preset": "0", "exam_day": "2026-06-01", "cut_percent": "65"}
    assert sign_in(learner).client.post(address, data=fields).status_code == 400


def test_an_educator_sees_every_view_and_sets_nothing(
    make_person: MakePerson, sign_in: SignIn, write: Write, learner: int
) -> None:
    educator = make_person(Role.EDUCATOR, "Eve")
    with write() as session:
        teach(session, educator, learner)
    visitor = sign_in(educator)
    for view in VIEWS:
        html = visitor.get(f"/history/of/{learner}{view}")
        check_page(html)
        assert visitor.status == 200
        assert "Ada Learner" in html
        assert "Set the target" not in html
        assert "/practise?" not in html.split("<main", 1)[1]
    assert "Mock" in visitor.get(f"/history/of/{learner}/blocks.csv")


def test_staff_see_the_explanation_as_the_learner_saw_it_and_nobody_else_does(
    make_person: MakePerson, sign_in: SignIn, write: Write
) -> None:
    learner, educator, stranger = make_person(), make_person(Role.EDUCATOR, "Eve"), make_person(Role.EDUCATOR, "Max")
    token, _tutor, still = history(write, learner)
    with write() as session:
        teach(session, educator, learner)
        session.execute(sa.update(ItemVersion).values(stem_html=ItemVersion.stem))
    visitor = sign_in(educator)
    address = f"/history/of/{learner}/blocks/{token}"
    assert f"{address}/2" in visitor.get(address)
    html = visitor.get(f"{address}/2")
    check_page(html)
    assert "Stem 1" in html
    assert "As the learner saw it: version 1" in html
    assert "Key: A · Your choice: B" in html
    elsewhere = f"/history/of/{learner}/blocks/{still}/1", f"/history/of/{educator}/blocks/{token}/2"
    for other in (f"{address}/99", *elsewhere):
        visitor.get(other)
        assert visitor.status == 404, other
    unknown = sign_in(stranger)
    unknown.get(f"{address}/2")
    assert unknown.status == 404
    own = sign_in(learner)
    own.get(f"{address}/2")
    assert own.status in {403, 404}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("name", HOSTILE)
def test_names_that_people_made_are_text_in_every_view(
    make_person: MakePerson, sign_in: SignIn, write: Write, name: str
) -> None:
    learner, educator = make_person(name=name), make_person(Role.EDUCATOR, name)
    with write() as session:
        bank = make_bank(session, systems=(name, name + "2"), stem=name)
        take(
            session, session.get_one(Person, learner), bank,
            Taken("RWRWRWRWRWRW", name=name, preset=name, timing=Timing.TIMED),
        )  # fmt: skip
        teach(session, educator, learner, name=name)
    visitor = sign_in(learner)
    for view in (*VIEWS, "", "/breakdown", "/trend"):
        html = visitor.get(f"/history{view}")
        check_page(html)
        assert "<script>alert" not in html
        assert "<img src=x" not in html


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_long_history_takes_no_more_queries_than_a_short_one(
    make_person: MakePerson, sign_in: SignIn, write: Write,
    queries: Callable[[], AbstractContextManager[list[str]]],
) -> None:  # fmt: skip
    short, long = make_person(), make_person(name="Bo")
    with write() as session:
        bank = make_bank(session)
        for person_id, count in ((short, 2), (long, 60)):
            blocks = [Taken("RWRW", START - timedelta(days=n), timing=Timing.TIMED) for n in range(count)]
            take(session, session.get_one(Person, person_id), bank, *blocks)
    visitors = sign_in(short), sign_in(long)
    for view in VIEWS:
        counts = []
        for visitor in visitors:
            with queries() as seen:
                visitor.get(f"/history{view}")
            counts.append(len(seen))
        assert counts[0] == counts[1] <= 24, view
