from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from qbank.accounts.models import Person, Role
from qbank.articles.models import Article
from qbank.history.breakdown import Cell, make_cell
from qbank.home import queries as home
from qbank.items.models import Item, ItemState, ItemVersion, Origin
from qbank.settings import load
from tests.conftest import START
from tests.conftest_web import Visitor, Write, check_page
from tests.history.school import Taken, make_bank, open_block, take

BANK = load(environ={}, data_dir="/nowhere", secret_key="only-for-the-tests")
People = Callable[..., int]
SignIn = Callable[[int], Visitor]


@pytest.mark.parametrize("role", list(Role))
def test_an_empty_bank_tells_each_role_what_to_do_next(make_person: People, sign_in: SignIn, role: Role) -> None:
    visitor = sign_in(make_person(role))
    html = visitor.get("/")
    check_page(html)
    says = {
        Role.STUDENT: "No question is live yet",
        Role.EDUCATOR: "The bank is empty",
        Role.ADMINISTRATOR: "invite the first of them",
    }
    assert says[role] in html
    for link in {part.split('"', 1)[0] for part in html.split("<main", 1)[1].split('href="')[1:]}:
        visitor.get(link)
        assert visitor.status == 200, link


def test_a_learner_sees_the_open_block_first_then_results_with_their_n(
    make_person: People, sign_in: SignIn, write: Write
) -> None:
    learner = make_person()
    with write() as session:
        who, bank = session.get_one(Person, learner), make_bank(session)
        token = open_block(session, who, bank, name="Under way")
        take(session, who, bank, *(Taken("RRRRRWWWWO", START - timedelta(days=n), f"Block {n}") for n in range(7)))
    html = sign_in(learner).get("/")
    check_page(html)
    assert 0 < html.index(f"/blocks/{token}") < html.index("Block 0")
    assert "50.0 %" in html
    assert "n = 10" in html
    assert "Block 4" in html
    assert "Block 5" not in html


def test_the_first_block_is_offered_where_items_are_live(make_person: People, sign_in: SignIn, write: Write) -> None:
    with write() as session:
        make_bank(session, 12)
    html = sign_in(make_person()).get("/")
    check_page(html)
    assert "Your first block" in html
    assert "12 items are live" in html


def cell(name: str, correct: int, scored: int) -> Cell:
    return make_cell(1, name, correct, scored, BANK)


def test_the_weakest_system_is_named_only_among_those_with_enough_answers() -> None:
    found = home.weakest([cell("few", 0, 9), cell("low", 4, 10), cell("high", 9, 10)], cell("All", 13, 29))
    assert found.cell is not None
    assert found.cell.name == "low"


def test_a_difference_that_may_be_chance_is_not_called_clear() -> None:
    cells = [cell("low", 4, 10), cell("high", 9, 10)]
    assert not home.weakest(cells, cell("All", 13, 20)).clear
    sure = [cell("low", 20, 100), cell("high", 90, 100)]
    assert home.weakest(sure, cell("All", 110, 200)).clear


def test_too_few_answers_say_how_many_are_missing() -> None:
    found = home.weakest([cell("a", 3, 7), cell("b", 2, 4), cell("c", 9, 12)], cell("All", 14, 23))
    assert found.cell is None
    assert found.closest is not None
    assert (found.closest.name, found.missing) == ("a", 3)
    nothing = home.weakest([], cell("All", 0, 0))
    assert (nothing.cell, nothing.closest) == (None, None)


def _version(session: Session, number: int, state: ItemState, **fields: object) -> None:
    item = Item(external_id=f"x-{number}", created_at=START, versions_made=1, owner_id=fields.pop("owner", None))
    session.add(item)
    session.flush()
    version = ItemVersion(
        item_id=item.id, number=1, state=state, content_hash="h", created_at=START, stem="S", stem_html="", **fields
    )
    session.add(version)
    session.flush()
    item.draft_version_id = version.id


def test_an_educator_sees_what_waits(make_person: People, sign_in: SignIn, write: Write) -> None:
    eve = make_person(Role.EDUCATOR, "Eve")
    with write() as session:
        for number in range(3):
            _version(session, number, ItemState.DRAFT, origin=Origin.DRAFTED)
        _version(session, 4, ItemState.DRAFT, owner=eve)
        _version(session, 5, ItemState.IN_REVIEW, owner=eve)
        session.add(Article(slug="a", created_at=START))
        session.flush()
        found = home.authoring(session, session.get_one(Person, eve))
    assert (found.proposed, found.drafts, found.in_review, found.live, found.articles) == (3, 1, 1, 0, 1)
    html = sign_in(eve).get("/")
    check_page(html)
    assert "state=proposed" in html


def test_a_learner_sees_nothing_of_authoring_or_people(make_person: People, sign_in: SignIn) -> None:
    html = sign_in(make_person()).get("/")
    assert "Authoring" not in html
    assert "/people" not in html
