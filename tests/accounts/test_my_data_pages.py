"""The pages of one's own data and of deleting an account."""

from __future__ import annotations

import json

import pytest

from qbank.accounts import service
from qbank.accounts.models import Person, PersonState, Role
from qbank.security import passwords
from tests.conftest_web import check_page

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
PASSWORD = "walnut ferry cobalt"


@pytest.fixture(scope="module")
def stored() -> str:
    return passwords.hash_password(PASSWORD, quick=True)


def test_the_account_page_leads_to_the_files(make_person, sign_in) -> None:
    visitor = sign_in(make_person())
    assert 'href="/account/data"' in visitor.get("/account")
    check_page(visitor.get("/account/data"))
    for name, kind in (("history.csv", "text/csv"), ("history.json", "json"), ("other.json", "json")):
        assert f"/account/data/{name}" in visitor.html
        response = visitor.client.get(f"/account/data/{name}")
        assert response.status_code == 200
        assert kind in response.content_type
        assert response.headers["Content-Disposition"].startswith("attachment")
        assert "no-store" in response.headers["Cache-Control"]
        assert response.text
        if kind == "json":
            json.loads(response.text)


def test_an_account_is_deleted_after_the_password_and_the_words_and_every_browser_is_out(
    make_person, sign_in, stored: str, write
) -> None:
    who = make_person(password_hash=stored)
    visitor, elsewhere = sign_in(who), sign_in(who)
    check_page(visitor.get("/account/delete"))
    visitor.post("/account/delete", password="wrong password", words="delete my account")
    assert visitor.status == 422
    check_page(visitor.html)
    assert "This is not your password." in visitor.html
    visitor.post("/account/delete", password=PASSWORD, words="delete it")
    assert visitor.status == 422
    assert "These are not the words shown above." in visitor.html
    with write() as session:
        assert session.get_one(Person, who).state is PersonState.ACTIVE
    visitor.post("/account/delete", password=PASSWORD, words=" Delete  my account ")
    assert visitor.path == "/sign-in"
    assert "Your account is deleted." in visitor.html
    elsewhere.get("/account")
    assert elsewhere.path == "/sign-in"
    with write() as session:
        assert session.get_one(Person, who).state is PersonState.ANONYMISED
        assert service.stored_password(session, "p1@example.org") is None


def test_the_only_administrator_is_told_why_not(make_person, sign_in, stored: str) -> None:
    visitor = sign_in(make_person(Role.ADMINISTRATOR, password_hash=stored))
    visitor.get("/account/delete")
    visitor.post("/account/delete", password=PASSWORD, words="delete my account")
    assert visitor.status == 422
    check_page(visitor.html)
    assert "This is the only administrator. Make somebody else administrator first." in visitor.html


def test_an_administrator_deletes_an_account_on_request_and_nobody_else_does(
    make_person, sign_in, stored: str, write
) -> None:
    who = make_person(name="Bob <b>")
    administrator = sign_in(make_person(Role.ADMINISTRATOR, "Anna", password_hash=stored))
    path = f"/people/{who}/delete"
    assert path in administrator.get(f"/people/{who}")
    check_page(administrator.get(path))
    administrator.post(path, password=PASSWORD, words="delete my account")
    assert administrator.status == 422
    administrator.post(path, password=PASSWORD, words="p1@example.org")
    assert administrator.path == "/people"
    assert "Bob" not in administrator.html
    with write() as session:
        assert session.get_one(Person, who).name == "Deleted account"
    administrator.get(path)
    administrator.post(path, password=PASSWORD, words="Deleted account")
    assert "This account was deleted already." in administrator.html
    educator = sign_in(make_person(Role.EDUCATOR, "Eve"))
    educator.get(path)
    assert educator.status == 403
