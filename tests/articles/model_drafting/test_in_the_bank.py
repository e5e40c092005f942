"""A language model behind the bank: off by default, never in the way of an article, of learners or of reviewers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from sqlalchemy.orm import Session

from qbank.accounts.models import Person, Role
from qbank.articles import drafts, service
from qbank.articles.drafting import RuleBasedDrafter, draft_items
from qbank.articles.model_drafting import drafter_of
from qbank.articles.models import Article, ArticleRevision
from qbank.cli.article import article as command
from qbank.items.checks import shipped_lexicon
from qbank.items.models import Item, ItemState, ItemVersion, Origin
from qbank.settings import Settings
from tests.articles.conftest import ARTICLE
from tests.articles.model_drafting.service import KEY, Server, item, reply
from tests.conftest import make_settings
from tests.conftest_web import Visitor, Write, make_person

__all__ = ["make_person"]

SHORT = (
    "# What treats osteoporosis?\n\n"
    "- Teriparatide may be used for severe osteoporosis [2]\n"
    "- Denosumab (60 mg every 6 months) can prevent bone loss in women with breast cancer [1]\n\n"
    "## References\n\n[1] Bones and drugs. 2010.\n"
)
SLUG = "what-treats-osteoporosis"
DRUG = item(
    "s01",
    "Which of the following may be used for severe osteoporosis?",
    "Teriparatide",
    "Levothyroxine",
    "Metformin",
)
DOSE = item(
    "s02",
    "Denosumab (what every 6 months) can prevent bone loss in women with breast cancer?",
    "60 mg",
    "120 mg",
    "30 mg",
)


def with_model(server: Server, folder: Path, **more: object) -> Settings:
    chosen = {"drafter": "both", "drafter_url": server.url, "drafter_model": "a-model", "drafter_key": KEY}
    return make_settings(folder / "data", **(chosen | more))


@pytest.fixture
def settings(server: Server, tmp_path: Path) -> Settings:
    return with_model(server, tmp_path)


@pytest.fixture
def eve(make_person: Callable[..., int], sign_in: Callable[[int], Visitor]) -> Visitor:
    return sign_in(make_person(Role.EDUCATOR, "Eve"))


def load(visitor: Visitor, text: str = SHORT) -> str:
    visitor.get("/articles/new")
    html = visitor.post("/articles/new", text=text, article="")
    assert (visitor.status, visitor.path) == (200, f"/articles/{SLUG}/desk")
    return html


def models_drafts(write: Write) -> list[tuple[str, ItemState, Origin, int | None]]:
    query = (
        sa.select(ItemVersion.stem, ItemVersion.state, ItemVersion.origin, Item.owner_id)
        .join(Item, Item.id == ItemVersion.item_id)
        .where(ItemVersion.rule == "model")
        .order_by(ItemVersion.id)
    )
    with write() as session:
        return [(stem, state, origin, owner) for stem, state, origin, owner in session.execute(query)]


def report_of(write: Write) -> dict[str, Any]:
    with write() as session:
        return dict(session.scalars(sa.select(ArticleRevision.drafting_report)).one())


def test_a_models_drafts_wait_on_the_desk_as_drafts_of_nobody(server: Server, eve: Visitor, write: Write) -> None:
    server.says(DRUG, DOSE)
    html = load(eve)
    assert "Read 2 statements" in html
    assert (DOSE["stem"], ItemState.DRAFT, Origin.DRAFTED, None) in models_drafts(write)
    assert KEY not in str(report_of(write))


def test_while_the_model_is_asked_the_article_is_stored_and_others_write(
    server: Server, eve: Visitor, write: Write
) -> None:
    seen: list[str] = []

    def answers(_asked: dict[str, Any]) -> bytes:
        with write() as session:  # fails where the request still holds its transaction
            seen.extend(session.scalars(sa.select(Article.slug)))
            session.add(Person(email="meanwhile@example.org", name="Mo", created_at=session.scalar(STARTED)))
        return reply([DOSE])

    server.body = answers
    load(eve)
    assert seen == [SLUG]
    with write() as session:
        assert session.scalar(sa.select(Person.name).where(Person.email == "meanwhile@example.org")) == "Mo"


STARTED = sa.select(sa.func.min(Person.created_at))


def test_a_failing_model_loses_neither_the_article_nor_the_rules_drafts(
    server: Server, eve: Visitor, write: Write
) -> None:
    server.status = 503
    html = load(eve)
    assert "answered 503" in html
    with write() as session:
        document = service.as_document(service.find(session, SLUG))
        made = session.scalar(sa.select(sa.func.count()).select_from(Item))
    assert made == len(draft_items(document).items) > 0
    assert [problem["code"] for problem in report_of(write)["problems"]] == ["model_failed"]


def test_what_was_dropped_is_in_the_stored_report_with_its_reason(server: Server, eve: Visitor, write: Write) -> None:
    server.says({**DRUG, "key": "Estrogen"}, DOSE)
    load(eve)
    (problem,) = report_of(write)["problems"]
    assert "does not stand in the statement" in problem["message"]


def test_an_article_whose_drafting_was_interrupted_is_drafted_when_loaded_again(
    server: Server, eve: Visitor, write: Write
) -> None:
    server.says(DOSE)
    with write() as session:
        service.load_text(session, None, SHORT)
    assert "Read 2 statements" in load(eve)
    assert len(models_drafts(write)) == 1
    assert "loaded already" in load(eve)
    assert len(server.asked) == 1


def test_a_models_drafts_follow_a_repaired_citation_without_asking_again(
    server: Server, session: Session, settings: Settings, educator: Callable[..., Person]
) -> None:
    server.says(DRUG, DOSE)
    slug = service.load_text(session, None, SHORT).article.slug
    report = drafter_of(settings, shipped_lexicon()).draft(service.as_document(service.find(session, slug)))
    drafts.draft(session, slug, number=1, report=report)
    before = {row.item.id: row for row in drafts.proposals(session, service.find(session, slug))}
    bare = [row for row in before.values() if row.version.rule == "model" and not row.version.references]
    assert bare
    (citation,) = service.find(session, slug).statements[0].citations
    service.confirm_citation(session, educator(), slug, citation.id, "r1")
    session.expire_all()
    drafts.follow_citation(session, educator("Ian"), slug)
    after = {row.item.id: row for row in drafts.proposals(session, service.find(session, slug))}
    assert set(after) == set(before)
    assert all(after[row.item.id].version.references for row in bare)
    assert len(server.asked) == 1


def test_the_command_loads_with_the_model_and_says_what_failed(
    server: Server, tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.status = 500
    file = tmp_path / "article.txt"
    file.write_bytes(ARTICLE.read_bytes())
    names = {"DATA_DIR": str(tmp_path / "data"), "DATABASE_URL": database_url, "DRAFTER": "model"}
    for name, value in (names | {"DRAFTER_URL": server.url, "DRAFTER_MODEL": "a", "DRAFTER_KEY": KEY}).items():
        monkeypatch.setenv(f"QBANK_{name}", value)
    result = CliRunner().invoke(command, ["load", str(file)])
    assert result.exit_code == 0, result.output
    assert "revision 1, 32 statements" in result.output
    assert "answered 500" in result.output
    assert KEY not in result.output
    again = CliRunner().invoke(command, ["load", str(file)])
    assert "loaded already" in again.output
    assert len(server.asked) == 1


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_by_default_nobody_is_asked_and_nothing_differs(
    server: Server, session: Session, tmp_path: Path, database_url: str
) -> None:
    default = make_settings(tmp_path / "other", drafter_url=server.url, drafter_model="a-model")
    assert isinstance(drafter_of(default), RuleBasedDrafter)
    slug = service.load_text(session, None, SHORT).article.slug
    drafts.draft(session, slug)
    assert set(service.find(session, slug).drafting_report) == {"without_item", "problems"}
    assert server.asked == []
