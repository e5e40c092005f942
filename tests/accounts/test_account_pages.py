from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from qbank.accounts import service
from qbank.accounts.models import Person, Role
from qbank.security import passwords
from qbank.settings import Settings
from tests.conftest import make_settings
from tests.conftest_web import Visitor, Write, check_page

People = Callable[..., int]
SignIn = Callable[[int], Visitor]
PASSWORD = "four unrelated words here"


@pytest.fixture
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A bank in which learners make their account with a group's code."""
    return make_settings(tmp_path_factory.mktemp("data"), sign_up="join_code")


@pytest.fixture
def sam(make_person: People, sign_in: SignIn) -> Visitor:
    """An administrator."""
    return sign_in(
        make_person(Role.ADMINISTRATOR, "Sam Set-up", password_hash=passwords.hash_password(PASSWORD, quick=True))
    )


def test_the_public_pages_are_whole(client: FlaskClient) -> None:
    visitor = Visitor(client)
    for path in ("/sign-in", "/sign-up"):
        check_page(visitor.get(path))
        assert visitor.status == 200


def test_signing_in_leads_home_and_a_wrong_password_says_nothing_of_which_part(
    client: FlaskClient, make_person: People
) -> None:
    make_person(email="ada@example.org", password_hash=passwords.hash_password(PASSWORD, quick=True))
    visitor = Visitor(client)
    visitor.get("/sign-in")
    wrong = visitor.post("/sign-in", email="ada@example.org", password="not this")
    assert visitor.status == 422
    check_page(wrong)
    unknown = visitor.post("/sign-in", email="nobody@example.org", password="not this")
    assert "do not fit together" in wrong
    assert "do not fit together" in unknown
    visitor.post("/sign-in", email="Ada@Example.org", password=PASSWORD)
    assert (visitor.status, visitor.path) == (200, "/")
    check_page(visitor.html)


def test_an_invitation_makes_an_account_once(sam: Visitor, app: Any) -> None:
    check_page(sam.get("/people"))
    html = sam.post("/people/invite", email="new@example.org", roles="student")
    check_page(html)
    link = re.search(r'value="http://localhost(/join/[^"]+)"', html)
    assert link, "the page shows no link"
    newcomer = Visitor(app.test_client())
    check_page(newcomer.get(link.group(1)))
    assert "new@example.org" in newcomer.html
    short = newcomer.post(link.group(1), name="Neil", email="other@example.org", password="short")
    assert newcomer.status == 422
    check_page(short)
    newcomer.post(link.group(1), name="Neil", email="other@example.org", password=PASSWORD)
    assert (newcomer.status, newcomer.path) == (200, "/")
    assert "new@example.org" in newcomer.get("/account")
    second = Visitor(app.test_client())
    second.get(link.group(1))
    assert second.status == 404


def test_the_set_up_link_says_what_it_makes(client: FlaskClient, write: Write) -> None:
    with write() as session:
        token = service.make_setup_token(session)
    visitor = Visitor(client)
    check_page(visitor.get(f"/join/{token}"))
    assert "Set up the bank" in visitor.html
    visitor.post(f"/join/{token}", name="Sam", email="sam@example.org", password=PASSWORD)
    assert visitor.path == "/"
    check_page(visitor.html)
    assert "The bank is empty" in visitor.html


def test_a_learner_signs_up_with_the_code_of_a_group_and_only_with_it(
    client: FlaskClient, make_person: People, sign_in: SignIn
) -> None:
    eve = sign_in(make_person(Role.EDUCATOR, "Eve"))
    eve.get("/groups")
    code = re.search(r'id="join-code">(\w{8})<', eve.post("/groups", name="Class of 2027"))
    assert code
    visitor = Visitor(client)
    visitor.get("/sign-up")
    fields = {"name": "Ada", "email": "ada@example.org", "password": PASSWORD}
    refused = visitor.post("/sign-up", **fields, join_code="")
    assert visitor.status == 422
    check_page(refused)
    visitor.post("/sign-up", **fields, join_code=code.group(1))
    assert visitor.path == "/"
    assert "Class of 2027" in visitor.html


def test_an_administrator_sets_roles_and_time_and_closes_an_account(
    sam: Visitor, make_person: People, sign_in: SignIn, write: Write
) -> None:
    ada = make_person()
    visitor = sign_in(ada)
    check_page(sam.get(f"/people/{ada}"))
    sam.post(f"/people/{ada}", roles=["student", "educator"], time_percent=150)
    assert sam.path == "/people"
    assert "150 %" in sam.html
    assert "Items" in visitor.get("/")
    sam.get(f"/people/{ada}")
    check_page(sam.post(f"/people/{ada}/close"))
    visitor.get("/")
    assert visitor.path == "/sign-in"
    check_page(sam.get(f"/people/{ada}"))
    assert "The account is closed" in sam.html


def test_the_only_administrator_stays_one(sam: Visitor, write: Write) -> None:
    with write() as session:
        own = session.query(Person).filter(Person.name == "Sam Set-up").one().id
    sam.get(f"/people/{own}")
    sam.post(f"/people/{own}", roles="student", time_percent=100)
    assert sam.status == 409


@pytest.mark.parametrize("name", ["<script>alert(1)</script>", "N" * 200, "\u202eمريم"])
def test_names_are_text_in_the_list_of_people(sam: Visitor, make_person: People, name: str) -> None:
    ada = make_person(name=name)
    for path in ("/people", f"/people/{ada}", "/people?q=x", "/people?page=9"):
        check_page(sam.get(path))
        assert "<script>alert" not in sam.html


def test_the_list_of_people_takes_the_same_number_of_queries_for_one_and_for_many(
    sam: Visitor, make_person: People, queries: Callable[[], Any]
) -> None:
    counts = []
    for more in (2, 20):
        for n in range(more):
            make_person(name=f"Learner {n}")
        with queries() as seen:
            sam.get("/people")
        counts.append(len(seen))
    assert counts[0] == counts[1]


def test_a_password_is_changed_by_whoever_knows_it(sam: Visitor) -> None:
    check_page(sam.get("/account"))
    sam.post("/account", old="not this", new="five quite unrelated words here")
    assert sam.status == 422
    assert "This is not your password." in sam.html
    check_page(sam.html)
    sam.post("/account", old=PASSWORD, new="five quite unrelated words here")
    assert sam.status == 200
    assert "The password is changed" in sam.html


def test_a_new_password_that_is_too_short_is_refused_beside_its_field(sam: Visitor) -> None:
    sam.get("/account")
    check_page(sam.post("/account", old=PASSWORD, new="short"))
    assert sam.status == 422
