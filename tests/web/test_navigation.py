from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from qbank.accounts.models import Role
from tests.conftest_web import Visitor, Write
from tests.history.school import make_bank

People = Callable[..., int]
SignIn = Callable[[int], Visitor]
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def _current(html: str) -> list[str]:
    main = html.split('id="site-nav"', 1)[1].split("</nav>", 1)[0]
    return re.findall(r'aria-current="page">([^<]+)<', main)


@pytest.mark.parametrize(
    ("path", "place"),
    [("/statistics", "Items"), ("/statistics/forms", "Items"), ("/review", "Practise"), ("/items", "Items")],
)
def test_pages_without_a_place_of_their_own_stand_within_the_one_that_leads_to_them(
    make_person: People, sign_in: SignIn, path: str, place: str
) -> None:
    visitor = sign_in(make_person(Role.EDUCATOR))
    assert _current(visitor.get(path)) == [place]


def test_the_account_menu_leads_to_ones_own_reports_from_every_page(make_person: People, sign_in: SignIn) -> None:
    visitor = sign_in(make_person())
    menu = visitor.get("/account").split("data-menu", 1)[1].split("</details>", 1)[0]
    assert '<a class="menu__item" href="/reports">' in menu
    visitor.get("/reports")
    assert visitor.status == 200


def test_enter_in_a_field_of_the_builder_presses_a_button_that_changes_nothing(
    make_person: People, sign_in: SignIn, write: Write
) -> None:
    with write() as session:
        make_bank(session, 4)
    html = sign_in(make_person()).get("/practise")
    form = html.split("data-builder", 1)[1].split("</form>", 1)[0]
    first = re.search(r'<button[^>]*type="submit"[^>]*>', form)
    assert first
    assert 'value="count"' in first[0]
