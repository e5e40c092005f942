"""Articles in the bank: loading, revisions, citations that a person confirms."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from qbank.accounts.models import Person
from qbank.articles import queries as article_queries
from qbank.articles import service
from qbank.articles.document import CitationStatus
from qbank.articles.models import Article, ArticleRevision, Statement
from qbank.articles.reading import ArticleError, read_article
from qbank.db.models import metadata
from qbank.errors import InvalidError, NotFoundError
from qbank.items.references import Reference

Educator = Callable[..., Person]
Queries = Callable[[], AbstractContextManager[list[str]]]
SHORT = (
    "# What is it?\n\n- Estrogen suppresses RANKL [1]\n- Calcium is a mineral\n\n## References\n\n[1] Bones. 2010.\n"
)


def test_a_real_article_is_stored_as_the_reader_read_it(session: Session, article_text: str) -> None:
    loaded = service.load_text(session, None, article_text)
    assert loaded.changed
    stored = service.as_document(service.find(session, loaded.article.slug))
    read = read_article(article_text)
    assert stored.statements == read.statements
    assert [each.title for each in stored.references] == [each.title for each in read.references]
    assert (stored.title, stored.problems, stored.disclaimer) == (read.title, read.problems, read.disclaimer)
    for statement in stored.statements:
        assert statement.text.split()[0] in article_text[statement.start : statement.end]


def test_the_same_text_again_changes_nothing(session: Session, educator: Educator, article_text: str) -> None:
    first = service.load_text(session, educator(), article_text)
    before = _rows(session)
    again = service.load_text(session, None, article_text)
    assert (again.changed, again.revision.id) == (False, first.revision.id)
    assert _rows(session) == before


def _rows(session: Session) -> dict[str, int | None]:
    """Count the rows of every table."""
    return {
        table.name: session.scalar(sa.select(sa.func.count()).select_from(table)) for table in metadata.sorted_tables
    }


def test_a_changed_text_becomes_the_next_revision_and_the_old_one_stays(session: Session) -> None:
    first = service.load_text(session, None, SHORT)
    second = service.load_text(session, None, SHORT.replace("a mineral", "an element"), slug=first.article.slug)
    assert second.article.id == first.article.id
    assert [each.number for each in article_queries.revisions(session, first.article.id)] == [2, 1]
    current = service.find(session, first.article.slug)
    assert current.number == 2
    assert "Calcium is an element" in [each.text for each in current.statements]
    old = service.find(session, first.article.slug, 1)
    assert "Calcium is a mineral" in [each.text for each in old.statements]


def test_two_revisions_share_the_references_that_did_not_change(session: Session) -> None:
    first = service.load_text(session, None, SHORT)
    service.load_text(session, None, SHORT + "\n", slug=first.article.slug)
    assert session.scalar(sa.select(sa.func.count()).select_from(Reference)) == 1


def test_titles_without_latin_letters_do_not_fall_together() -> None:
    names = {service.slug_of(title) for title in ("العظام", "骨", "Кости", "骨折")}
    assert len(names) == 4
    assert all(name.startswith("article-") for name in names)


def test_a_long_title_gives_a_short_name_cut_between_words() -> None:
    name = service.slug_of("bone resorption " * 20)
    assert len(name) <= service.MAX_SLUG
    assert name.endswith(("bone", "resorption"))


def test_a_text_that_cannot_be_read_leaves_nothing_behind(session: Session) -> None:
    with pytest.raises(ArticleError, match="no text"):
        service.load_text(session, None, " \n ")
    with pytest.raises(ArticleError, match="PDF"):
        service.load_bytes(session, None, b"%PDF-1.7 ...")
    assert session.scalar(sa.select(sa.func.count()).select_from(Article)) == 0


def test_an_odd_encoding_is_among_the_problems_of_the_revision(session: Session) -> None:
    loaded = service.load_bytes(session, None, SHORT.replace("mineral", "min\xe9ral").encode("cp1252"), name="a.md")
    assert loaded.revision.problems[0]["code"] == "encoding_guessed"
    assert any("min\xe9ral" in each.text for each in service.find(session, loaded.article.slug).statements)


def test_an_unknown_article_or_revision_is_not_found(session: Session) -> None:
    loaded = service.load_text(session, None, SHORT)
    for slug, number in (("nothing", None), (loaded.article.slug, 2)):
        with pytest.raises(NotFoundError):
            service.find(session, slug, number)


def _citation(session: Session, slug: str, status: CitationStatus) -> tuple[int, Statement]:
    found = service.find(session, slug)
    return next((each.id, row) for row in found.statements for each in row.citations if each.status is status)


def test_a_person_confirms_what_was_guessed_by_position(
    session: Session, educator: Educator, article_text: str
) -> None:
    eve, slug = educator(), service.load_text(session, None, article_text).article.slug
    citation_id, statement = _citation(session, slug, CitationStatus.BY_POSITION)
    before = next(each for each in statement.citations if each.id == citation_id)
    key = before.article_reference.key if before.article_reference else ""
    done = service.confirm_citation(session, eve, slug, citation_id, key)
    assert (done.status, done.confirmed_by_id, done.marker) == (CitationStatus.CONFIRMED, eve.id, before.marker)
    session.expire_all()
    plain = service.as_document(service.find(session, slug)).statement(statement.key)
    assert CitationStatus.CONFIRMED in {each.status for each in plain.citations}


def test_a_marker_without_entry_is_linked_to_the_entry_that_a_person_names_and_unlinked_again(
    session: Session, educator: Educator, article_text: str
) -> None:
    eve, slug = educator(), service.load_text(session, None, article_text).article.slug
    citation_id, _ = _citation(session, slug, CitationStatus.MISSING)
    entry = service.find(session, slug).references[3]
    done = service.confirm_citation(session, eve, slug, citation_id, entry.key)
    assert (done.status, done.article_reference_id) == (CitationStatus.CONFIRMED, entry.id)
    undone = service.confirm_citation(session, eve, slug, citation_id, None)
    assert (undone.status, undone.article_reference_id) == (CitationStatus.MISSING, None)


def test_only_citations_and_entries_of_the_article_as_it_is_now_can_be_confirmed(
    session: Session, educator: Educator, article_text: str
) -> None:
    eve = educator()
    slug = service.load_text(session, None, article_text).article.slug
    other = service.load_text(session, None, SHORT).article.slug
    citation_id, _ = _citation(session, slug, CitationStatus.BY_POSITION)
    with pytest.raises(NotFoundError):
        service.confirm_citation(session, eve, other, citation_id, None)
    with pytest.raises(InvalidError):
        service.confirm_citation(session, eve, slug, citation_id, "r99")
    service.load_text(session, None, article_text + "\nOne more line.", slug=slug)
    with pytest.raises(NotFoundError):
        service.confirm_citation(session, eve, slug, citation_id, None)


def test_an_article_is_found_in_as_many_queries_whatever_its_length(
    session: Session, queries: Queries, article_text: str
) -> None:
    short = service.load_text(session, None, SHORT).article.slug
    long = service.load_text(session, None, article_text).article.slug
    counts = []
    for slug in (short, long):
        session.expunge_all()
        with queries() as seen:
            service.as_document(service.find(session, slug))
        counts.append(len(seen))
    assert counts[0] == counts[1] <= 8


def test_the_list_of_articles_counts_statements_and_takes_three_queries(
    session: Session, queries: Queries, article_text: str
) -> None:
    service.load_text(session, None, SHORT)
    service.load_text(session, None, article_text)
    with queries() as seen:
        rows = article_queries.articles(session)
    assert len(seen) == 3
    assert Counter(row.statements for row in rows) == Counter((32, 2))
    assert {row.covered for row in rows} == {0}
    assert session.scalar(sa.select(sa.func.count()).select_from(ArticleRevision)) == 2
