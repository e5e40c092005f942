"""What ships, read once for all tests of this folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from qbank import paths
from qbank.articles.document import Article
from qbank.articles.reading import read_article
from qbank.exchange import bank_markdown
from qbank.items.record import ItemRecord

SLUG = "postmenopausal-bone-resorption"
SOURCE = Path(__file__).parents[1] / "articles" / "fixtures" / f"{SLUG}.txt"


@pytest.fixture(scope="session")
def article() -> Article:
    """The article that ships."""
    file = paths.questions_dir() / "articles" / f"{SLUG}.md"
    return read_article(file.read_text(encoding="utf-8"), name=file.name)


@pytest.fixture(scope="session")
def source() -> Article:
    """The article that the one that ships restates."""
    return read_article(SOURCE.read_text(encoding="utf-8"), name=SOURCE.name)


@pytest.fixture(scope="session")
def items() -> dict[str, ItemRecord]:
    """The items that ship, by external id; a file that does not read fails here."""
    found: dict[str, ItemRecord] = {}
    for file in sorted((paths.questions_dir() / "items").rglob("*.md")):
        for record in bank_markdown.read(file.read_bytes(), file.name):
            assert isinstance(record, ItemRecord), f"{file.name}: {record}"
            assert record.external_id, f"{file.name}: an item without id"
            assert record.external_id not in found, f"{file.name}: {record.external_id} is used twice"
            found[record.external_id] = record
    return found


@pytest.fixture(scope="session")
def live(items: dict[str, ItemRecord]) -> dict[str, ItemRecord]:
    """Those of the items that learners see."""
    return {name: item for name, item in items.items() if item.status == "live"}
