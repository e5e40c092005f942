"""The page of what changed between two revisions of an article."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from sqlalchemy.orm import Session

from qbank.articles import changes, service
from qbank.articles.matching import Change
from qbank.errors import NotFoundError
from tests.conftest_web import Visitor
from tests.conftest_web import check_page as check
from tests.items.bank import ARTICLE, Bank, bank, eve

__all__ = ["bank", "eve"]

Queries = Callable[[], AbstractContextManager[list[str]]]
SECOND = ARTICLE.replace("suppresses RANKL", "strongly suppresses RANKL").replace(
    "- Calcium is a mineral [2]", "- Vitamin D helps the gut to take calcium up [1]"
)


def test_every_statement_of_both_revisions_is_told_with_its_fate(session: Session) -> None:
    slug = service.load_text(session, None, ARTICLE).article.slug
    service.load_text(session, None, SECOND, slug=slug)
    found = changes.between(session, slug, 1, 2)
    assert [line.change for line in found.lines] == [Change.CHANGED, Change.DROPPED, Change.NEW]
    assert [(piece.kind, piece.text) for piece in found.lines[0].pieces] == [
        ("same", "Estrogen "), ("new", "strongly "), ("same", "suppresses RANKL"),
    ]  # fmt: skip
    back = changes.between(session, slug, 2, 1)
    assert [back.count(change) for change in Change] == [0, 1, 1, 1]


def test_comparing_takes_the_same_number_of_queries_whatever_the_articles_hold(
    session: Session, queries: Queries
) -> None:
    counts = []
    for statements in (2, 30):
        body = "\n".join(f"- Statement number {place} of them" for place in range(statements))
        slug = service.load_text(session, None, f"# What of {statements}?\n\n{body}\n").article.slug
        service.load_text(session, None, f"# What of {statements}?\n\n{body}\n- And one more\n", slug=slug)
        session.expire_all()
        with queries() as seen:
            assert changes.between(session, slug, 1, 2).count("new") == 1
        counts.append(len(seen))
    assert counts[0] == counts[1] == 2


def test_a_revision_is_not_compared_with_itself_or_with_one_that_is_not_there(session: Session) -> None:
    slug = service.load_text(session, None, ARTICLE).article.slug
    for older, newer in ((1, 1), (1, 2), (0, 1)):
        with pytest.raises(NotFoundError):
            changes.between(session, slug, older, newer)


def test_the_page_shows_the_differences_and_who_rests_on_them_and_is_linked(bank: Bank, eve: Visitor) -> None:
    address = bank.new(eve)
    assert "What changed" not in eve.get(f"/articles/{bank.slug}")
    eve.get("/articles/new")
    html = eve.post("/articles/new", text=SECOND, article=bank.slug)
    assert eve.path.endswith("/desk")
    assert "Items flagged for a check, because their statement changed or is gone: 1" in html
    page = f"/articles/{bank.slug}/changes?from=1&amp;to=2"
    assert page in html
    assert page in eve.get(f"/articles/{bank.slug}")
    html = eve.get(page.replace("&amp;", "&"))
    check(html)
    assert "1 changed, 1 new, 1 dropped, 0 unchanged" in html
    assert "<ins>strongly </ins>" in html
    assert "<del>Calcium is a mineral</del>" in html
    assert f'href="{address}"' in html
    assert "Drafts of this statement" in html
    assert eve.get(f"/articles/{bank.slug}/changes") == html


def test_revisions_that_differ_in_no_statement_say_so(bank: Bank, eve: Visitor) -> None:
    with bank.write() as session:
        service.load_text(session, None, ARTICLE + "\n", slug=bank.slug)
    html = eve.get(f"/articles/{bank.slug}/changes", **{"from": "1", "to": "2"})
    check(html)
    assert "Every statement reads the same" in html


@pytest.mark.parametrize(
    "query", [{"from": "x", "to": "2"}, {"from": "1", "to": "9" * 40}, {"from": "-1", "to": "1"}, {}]
)
def test_revisions_that_are_not_there_are_not_found(bank: Bank, eve: Visitor, query: dict[str, str]) -> None:
    html = eve.get(f"/articles/{bank.slug}/changes", **query)
    assert eve.status == 404
    check(html)


def test_learners_see_no_changes(bank: Bank) -> None:
    ada = bank.visitor("ada")
    ada.get(f"/articles/{bank.slug}/changes")
    assert ada.status == 403
