from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from qbank.accounts.models import Person, Role
from qbank.errors import ConflictError, InvalidError, NotFoundError
from qbank.groups import queries as group_queries
from qbank.groups import service
from qbank.groups.models import Group, GroupMember, GroupRole
from tests.conftest import START
from tests.conftest_web import Visitor, Write, check_page
from tests.history import school
from tests.history.school import Taken, make_bank, take

People = Callable[..., int]
SignIn = Callable[[int], Visitor]


def code_of(html: str) -> str:
    found = re.search(r'id="join-code">([A-Z0-9]{8})<', html)
    assert found, "the page shows no join code"
    return found.group(1)


@pytest.fixture
def eve(make_person: People, sign_in: SignIn) -> Visitor:
    """An educator before the page of a new group."""
    visitor = sign_in(make_person(Role.EDUCATOR, "Eve Educator"))
    visitor.get("/groups")
    visitor.post("/groups", name="Class of 2027")
    return visitor


def test_an_educator_makes_a_group_and_learners_join_by_its_code(
    eve: Visitor, make_person: People, sign_in: SignIn
) -> None:
    check_page(eve.html)
    group_page, code = eve.path, code_of(eve.html)
    ada, bo = sign_in(make_person(name="Ada Learner")), sign_in(make_person(name="Bo Learner"))
    for visitor, written in ((ada, code), (bo, f" {code[:4].lower()}-{code[4:].lower()} ")):
        visitor.get("/groups")
        html = visitor.post("/groups/join", code=written)
        check_page(html)
        assert "Class of 2027" in html
        assert "Eve Educator" in html  # who sees one's history is said
    assert "Bo Learner" not in ada.get("/groups")
    html = eve.get(group_page)
    check_page(html)
    assert "Ada Learner" in html
    assert "Bo Learner" in html


def test_a_code_that_no_group_has_is_refused_beside_its_field(make_person: People, sign_in: SignIn) -> None:
    ada = sign_in(make_person())
    ada.get("/groups")
    html = ada.post("/groups/join", code="NOSUCHCO")
    assert ada.status == 422
    assert "No group has this code." in html
    check_page(html)


def test_a_renewed_code_works_and_the_old_one_no_longer(eve: Visitor, make_person: People, sign_in: SignIn) -> None:
    page, old = eve.path, code_of(eve.html)
    new = code_of(eve.post(f"{page}/renew"))
    ada = sign_in(make_person())
    ada.get("/groups")
    ada.post("/groups/join", code=old)
    assert ada.status == 422
    assert "Class of 2027" in ada.post("/groups/join", code=new)


def test_an_archived_group_takes_nobody_in_and_keeps_who_is_in(
    eve: Visitor, make_person: People, sign_in: SignIn
) -> None:
    page, code = eve.path, code_of(eve.html)
    ada, bo = sign_in(make_person()), sign_in(make_person(name="Bo"))
    ada.get("/groups")
    ada.post("/groups/join", code=code)
    assert "Class of 2027" not in eve.post(f"{page}/archive").split('class="flashes"')[1].split("</div>\n</div>")[-1]
    bo.get("/groups")
    bo.post("/groups/join", code=code)
    assert bo.status == 422
    assert "archived" in ada.get("/groups")
    html = eve.get(page)
    check_page(html)
    assert "Ada Learner" in html


def test_leaving_ends_what_the_educator_sees(eve: Visitor, make_person: People, sign_in: SignIn) -> None:
    page, code = eve.path, code_of(eve.html)
    ada_id = make_person()
    ada = sign_in(ada_id)
    ada.get("/groups")
    ada.post("/groups/join", code=code)
    eve.get(f"/history/of/{ada_id}")
    assert eve.status == 200
    ada.post(f"{page}/leave")
    eve.get(f"/history/of/{ada_id}")
    assert eve.status == 404


def test_an_educator_takes_a_learner_out(eve: Visitor, make_person: People, sign_in: SignIn) -> None:
    page, code = eve.path, code_of(eve.html)
    ada_id = make_person()
    ada = sign_in(ada_id)
    ada.get("/groups")
    ada.post("/groups/join", code=code)
    eve.get(page)
    assert "Ada Learner" not in eve.post(f"{page}/learners/{ada_id}/remove")


@pytest.mark.parametrize("action", ["renew", "archive", "learners/1/remove"])
def test_another_educators_group_looks_like_none(
    eve: Visitor, make_person: People, sign_in: SignIn, action: str
) -> None:
    page = eve.path
    mallory = sign_in(make_person(Role.EDUCATOR, "Mallory"))
    mallory.get(page)
    assert mallory.status == 404
    mallory.get("/groups")
    assert "Class of 2027" not in mallory.html
    mallory.post(f"{page}/{action}")
    assert mallory.status == 404


def test_a_learner_makes_no_group_and_opens_no_groups_page(eve: Visitor, make_person: People, sign_in: SignIn) -> None:
    page, code = eve.path, code_of(eve.html)
    ada = sign_in(make_person())
    ada.get("/groups")
    ada.post("/groups/join", code=code)
    ada.get(page)
    assert ada.status == 403
    ada.get("/groups")
    ada.post("/groups", name="Mine")
    assert ada.status == 403


@pytest.mark.parametrize("name", ["", "   ", "x" * 201])
def test_a_group_needs_a_name_that_can_be_read(eve: Visitor, name: str) -> None:
    eve.get("/groups")
    check_page(eve.post("/groups", name=name))
    assert eve.status == 422


def test_the_list_of_learners_takes_the_same_number_of_queries_for_one_and_for_many(
    eve: Visitor, write: Write, queries: Callable[[], Any]
) -> None:
    page, counts = eve.path, []
    for more in (1, 40):
        with write() as session:
            group = session.query(Group).one()
            for n in range(more):
                session.add(
                    GroupMember(
                        group_id=group.id, person_id=school.make_person(session, f"Learner {n}").id,
                        role=GroupRole.LEARNER, joined_at=START,
                    )
                )  # fmt: skip
        with queries() as seen:
            eve.get(page)
        counts.append(len(seen))
    assert counts[0] == counts[1]


def test_learners_are_listed_with_what_they_did(session: Session) -> None:
    educator = school.make_person(session, "Eve", (Role.EDUCATOR,))
    group = service.create(session, educator, "Group")
    busy, idle = school.make_person(session, "busy"), school.make_person(session, "Idle")
    for learner in (busy, idle):
        service.join(session, learner, group.join_code)
    bank = make_bank(session)
    take(session, busy, bank, Taken("RW", START), Taken("RW", START + timedelta(days=1)))
    school.open_block(session, busy, bank, name="open")
    rows, total = group_queries.learners(session, group.id)
    assert total == 2
    assert [(row.name, row.blocks_done, row.last_active_at) for row in rows] == [
        ("busy", 2, START + timedelta(days=1)),
        ("Idle", 0, None),
    ]


def test_the_only_educator_cannot_leave_a_group_alone(session: Session) -> None:
    educator = school.make_person(session, "Eve", (Role.EDUCATOR,))
    group = service.create(session, educator, "Group")
    with pytest.raises(ConflictError):
        service.leave(session, educator, group.id, educator.id)


def test_who_is_in_no_such_group_cannot_leave_it(session: Session) -> None:
    with pytest.raises(NotFoundError):
        service.leave(session, learner := school.make_person(session), 999, learner.id)


def test_joining_twice_changes_nothing(session: Session) -> None:
    educator, learner = school.make_person(session, "Eve", (Role.EDUCATOR,)), school.make_person(session)
    group = service.create(session, educator, "Group")
    for _ in range(2):
        service.join(session, learner, group.join_code)
        service.join(session, educator, group.join_code)
    assert group_queries.learners(session, group.id)[1] == 1
    assert service.teaches(session, educator, group.id)


def test_a_history_is_open_to_its_owner_and_to_the_educators_of_the_learners_groups(session: Session) -> None:
    eve, other = (school.make_person(session, name, (Role.EDUCATOR,)) for name in ("Eve", "Other"))
    admin = school.make_person(session, "Sam", (Role.ADMINISTRATOR,))
    learner, classmate = school.make_person(session), school.make_person(session, "Bo")
    group = service.create(session, eve, "Group")
    for person in (learner, classmate):
        service.join(session, person, group.join_code)
    service.create(session, other, "Another")
    may: dict[str, bool] = {
        person.name: service.may_see_history(session, person, learner.id)
        for person in (learner, eve, other, classmate, admin)
    }
    assert may == {"Ada Learner": True, "Eve": True, "Other": False, "Bo": False, "Sam": False}
    assert not service.may_see_history(session, learner, eve.id)


def test_an_unknown_code_is_an_error_with_its_field(session: Session) -> None:
    with pytest.raises(InvalidError) as caught:
        service.join(session, Person(id=1), "WRONG")
    assert "code" in caught.value.problems
