"""Articles for drafting: the real one, and small ones made by hand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from qbank.articles.document import Article, Citation, CitationStatus, Reference, Statement
from qbank.articles.drafting import DraftReport, draft_items
from qbank.articles.reading import read_article

SOURCE = Path(__file__).parents[1] / "fixtures" / "postmenopausal-bone-resorption.txt"
Made = str | tuple[str, str] | tuple[str, str, str]  # text, or heading and text, or heading, lead-in and text


@pytest.fixture(scope="session")
def real_article() -> Article:
    return read_article(SOURCE.read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def real_report(real_article: Article) -> DraftReport:
    return draft_items(real_article)


def article_of(*made: Made, title: str = "What should one know?") -> Article:
    statements = []
    for number, one in enumerate(made, start=1):
        heading, lead_in, text = ("", None, one) if isinstance(one, str) else (one[0], None, one[1])
        if not isinstance(one, str) and len(one) == 3:
            heading, lead_in, text = one
        section = (heading,) if heading else ()
        cited = (Citation("1", CitationStatus.BY_NUMBER, "r1"),)
        statements.append(Statement(f"s{number:02}", text, section, lead_in, number, 0, len(text), cited))
    reference = Reference("r1", "1", "Research", "A study of bones", container="A journal", year=2010)
    return Article(title, None, None, None, tuple(statements), (reference,), ())


@pytest.fixture
def make() -> Callable[..., Article]:
    return article_of


@pytest.fixture
def draft() -> Callable[..., DraftReport]:
    def run(rule: str, *made: Made, title: str = "What should one know?") -> DraftReport:
        return draft_items(article_of(*made, title=title), rules=[rule])

    return run
