"""Articles in the bank: loading a text as a revision, storing what was read, turning drafts into items."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload, selectinload

from qbank import clock
from qbank.accounts.models import Person
from qbank.articles import document
from qbank.articles.models import (
    Article,
    ArticleReference,
    ArticleRevision,
    Statement,
    StatementCitation,
)
from qbank.articles.reading import read_article
from qbank.articles.reading.decoding import decode
from qbank.errors import InvalidError, NotFoundError
from qbank.items import rechecks
from qbank.items.record import ReferenceRecord
from qbank.items.references import ensure_references
from qbank.security import audit

MAX_SLUG = 80


@dataclass(frozen=True, slots=True)
class Loaded:
    """What loading did; ``changed`` is False when the text was the current revision's already."""

    article: Article
    revision: ArticleRevision
    changed: bool
    flagged: int = 0  # items that rest on what this revision changed or dropped, counted once a statement


def slug_of(title: str) -> str:
    """Return a short name for addresses and links, made from a title or file name."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    words = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
    if len(words) > MAX_SLUG:
        words = words[:MAX_SLUG].rsplit("-", 1)[0]
    if not words:  # a title without Latin letters: two of them must not become one article
        words = f"article-{hashlib.sha256(title.encode()).hexdigest()[:8]}"
    return words


def load_bytes(
    session: Session, actor: Person | None, data: bytes, *, name: str | None = None, slug: str | None = None
) -> Loaded:
    """Decode a file and load its text; what was odd about the encoding is among the revision's problems."""
    text, noted = decode(data)
    return load_text(session, actor, text, name=name, slug=slug, noted=noted)


def load_text(
    session: Session,
    actor: Person | None,
    text: str,
    *,
    name: str | None = None,
    slug: str | None = None,
    noted: Sequence[document.Problem] = (),
) -> Loaded:
    """Read a text and store it as an article, or as the next revision of the article with this slug.

    The same text again changes nothing. Raises ArticleError for a text that cannot be read.
    """
    read = read_article(text, name=name)
    read = replace(read, problems=(*noted, *read.problems))
    slug = slug or slug_of(read.title)
    digest = hashlib.sha256(text.encode()).hexdigest()
    article = session.scalar(
        sa.select(Article).where(Article.slug == slug).options(joinedload(Article.current)).with_for_update(of=Article)
    )
    if article is not None and article.current is not None and article.current.source_hash == digest:
        return Loaded(article, article.current, changed=False)
    if article is None:
        article = Article(slug=slug, owner_id=actor.id if actor else None, created_at=clock.now())
        session.add(article)
        session.flush()
    revision = _store(session, actor, article, read, text, digest)
    article.current_id = revision.id
    session.flush()
    session.expire(article, ["current"])
    return Loaded(article, revision, changed=True, flagged=rechecks.raise_for_revision(session, revision))


def _store(
    session: Session, actor: Person | None, article: Article, read: document.Article, text: str, digest: str
) -> ArticleRevision:
    last = sa.select(sa.func.max(ArticleRevision.number)).where(ArticleRevision.article_id == article.id)
    revision = ArticleRevision(
        article_id=article.id,
        number=(session.scalar(last) or 0) + 1,
        title=read.title,
        status=read.status,
        updated=date.fromisoformat(read.updated) if read.updated else None,
        headline=read.headline,
        disclaimer=read.disclaimer,
        source_text=text,
        source_hash=digest,
        source_format=read.source_format,
        problems=[asdict(problem) for problem in read.problems],
        loaded_by_id=actor.id if actor else None,
        loaded_at=clock.now(),
    )
    session.add(revision)
    session.flush()
    entries = _store_references(session, revision, read)
    _store_statements(session, revision, read, entries)
    return revision


def _store_references(session: Session, revision: ArticleRevision, read: document.Article) -> dict[str, int]:
    kept = ensure_references(session, [reference_record(entry) for entry in read.references])
    rows = [
        ArticleReference(
            revision_id=revision.id,
            key=entry.id,
            ordinal=ordinal,
            marker=entry.marker,
            line=entry.line,
            reference_id=reference.id,
        )
        for ordinal, (entry, reference) in enumerate(zip(read.references, kept, strict=True))
    ]
    session.add_all(rows)
    session.flush()
    return {row.key: row.id for row in rows}


def reference_record(entry: document.Reference) -> ReferenceRecord:
    """Return an article's entry as a reference of the bank."""
    return ReferenceRecord(
        title=entry.title,
        authors=entry.authors,
        container=entry.container,
        year=entry.year,
        kind=entry.kind,
        doi=entry.doi,
        pmid=entry.pmid,
        url=entry.url,
    )


def _store_statements(
    session: Session, revision: ArticleRevision, read: document.Article, entries: dict[str, int]
) -> None:
    rows = [
        Statement(
            revision_id=revision.id,
            key=statement.id,
            ordinal=ordinal,
            text=statement.text,
            section=list(statement.section),
            lead_in=statement.lead_in,
            line=statement.line,
            start=statement.start,
            end=statement.end,
        )
        for ordinal, statement in enumerate(read.statements)
    ]
    session.add_all(rows)
    session.flush()
    session.add_all(
        StatementCitation(
            statement_id=row.id,
            ordinal=place,
            marker=citation.marker,
            status=citation.status,
            article_reference_id=entries[citation.reference] if citation.reference else None,
        )
        for row, statement in zip(rows, read.statements, strict=True)
        for place, citation in enumerate(statement.citations)
    )
    session.flush()


def find(session: Session, slug: str, number: int | None = None) -> ArticleRevision:
    """Return a revision, whole, in a fixed number of queries; the current one by default. Raises NotFoundError."""
    query = (
        sa.select(ArticleRevision)
        .join(Article, Article.id == ArticleRevision.article_id)
        .where(Article.slug == slug)
        .options(
            joinedload(ArticleRevision.article),
            selectinload(ArticleRevision.references).joinedload(ArticleReference.reference),
            selectinload(ArticleRevision.statements)
            .selectinload(Statement.citations)
            .joinedload(StatementCitation.article_reference)
            .joinedload(ArticleReference.reference),
        )
    )
    if number is None:
        query = query.where(ArticleRevision.id == Article.current_id)
    else:
        query = query.where(ArticleRevision.number == number)
    revision = session.scalar(query)
    if revision is None:
        raise NotFoundError("There is no such article.")
    return revision


def find_article(session: Session, slug: str) -> Article:
    """Return an article without its text. Raises NotFoundError."""
    article = session.scalar(sa.select(Article).where(Article.slug == slug))
    if article is None:
        raise NotFoundError("There is no such article.")
    return article


def check_names(session: Session, slug: str, reference_id: int) -> None:
    """Raise NotFoundError unless some revision of the article has this reference in its list."""
    query = (
        sa.select(ArticleReference.id)
        .join(ArticleRevision, ArticleRevision.id == ArticleReference.revision_id)
        .join(Article, Article.id == ArticleRevision.article_id)
        .where(Article.slug == slug, ArticleReference.reference_id == reference_id)
    )
    if session.scalar(query.limit(1)) is None:
        raise NotFoundError("There is no such reference in this article.")


def as_document(revision: ArticleRevision) -> document.Article:
    """Return a whole stored revision as the reader's plain value, with the links that people confirmed."""
    return document.Article(
        title=revision.title,
        status=revision.status,
        updated=revision.updated.isoformat() if revision.updated else None,
        headline=revision.headline,
        disclaimer=revision.disclaimer,
        source_format=revision.source_format,
        problems=tuple(document.Problem(**problem) for problem in revision.problems),
        references=tuple(_plain_reference(entry) for entry in revision.references),
        statements=tuple(_plain_statement(statement) for statement in revision.statements),
    )


def _plain_reference(entry: ArticleReference) -> document.Reference:
    known = entry.reference
    return document.Reference(
        id=entry.key,
        marker=entry.marker,
        kind=known.kind,
        title=known.title,
        authors=known.authors,
        container=known.container,
        year=known.year,
        doi=known.doi,
        pmid=known.pmid,
        url=known.url,
        line=entry.line,
    )


def _plain_statement(statement: Statement) -> document.Statement:
    return document.Statement(
        id=statement.key,
        text=statement.text,
        section=tuple(statement.section),
        lead_in=statement.lead_in,
        line=statement.line,
        start=statement.start,
        end=statement.end,
        citations=tuple(
            document.Citation(
                marker=citation.marker,
                status=citation.status,
                reference=citation.article_reference.key if citation.article_reference else None,
            )
            for citation in statement.citations
        ),
    )


def confirm_citation(
    session: Session, actor: Person, slug: str, citation_id: int, reference_key: str | None
) -> StatementCitation:
    """Say which entry a marker means (None: no entry). Only a person can; it is written in the audit log.

    Raises NotFoundError for a citation that is not in the article's current revision, InvalidError for an entry
    that is not in its list.
    """
    citation = session.scalar(
        sa.select(StatementCitation)
        .join(Statement, Statement.id == StatementCitation.statement_id)
        .join(Article, Article.current_id == Statement.revision_id)
        .where(StatementCitation.id == citation_id, Article.slug == slug)
        .with_for_update(of=StatementCitation)
    )
    if citation is None:
        raise NotFoundError("There is no such citation in the article as it is now.")
    statement = session.get_one(Statement, citation.statement_id)
    entry = None
    if reference_key:
        entry = session.scalar(
            sa.select(ArticleReference).where(
                ArticleReference.revision_id == statement.revision_id, ArticleReference.key == reference_key
            )
        )
        if entry is None:
            raise InvalidError("Choose an entry of this article.", problems={"reference": "not in this article's list"})
    before = citation.status
    confirmed = document.CitationStatus.CONFIRMED if entry else document.CitationStatus.MISSING
    citation.status = confirmed
    citation.article_reference_id = entry.id if entry else None
    citation.confirmed_by_id = actor.id
    citation.confirmed_at = clock.now()
    session.flush()
    audit.record(
        session,
        "citation confirmed",
        person_id=actor.id,
        subject=f"statement {statement.id} marker {citation.marker}",
        before=str(before),
        reference=reference_key or "",
    )
    return citation
