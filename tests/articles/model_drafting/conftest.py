"""A server that plays the language model, and articles to draft from."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from qbank.articles.document import Article
from qbank.articles.model_drafting import ModelDrafter, ModelService
from qbank.articles.reading import read_article
from tests.articles.drafting.conftest import article_of
from tests.articles.model_drafting.service import KEY, Server, serving


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as running:
        yield running


@pytest.fixture
def ask(server: Server) -> Callable[..., ModelService]:
    """Make the client of the running server."""

    def make(timeout: float = 20.0) -> ModelService:
        return ModelService(server.url, "a-model", KEY, timeout)

    return make


@pytest.fixture
def drafter(ask: Callable[..., ModelService]) -> ModelDrafter:
    return ModelDrafter(ask())


@pytest.fixture(scope="session")
def real_article() -> Article:
    from tests.articles.conftest import ARTICLE

    return read_article(ARTICLE.read_text(encoding="utf-8"))


@pytest.fixture
def make() -> Callable[..., Article]:
    return article_of
