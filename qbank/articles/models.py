"""Articles, their revisions, statements, citations and reference lists, as stored."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from qbank.articles.document import CitationStatus
from qbank.db.base import Base, Code, Key, Line, Prose, enum_column, link
from qbank.items.references import Reference


class Article(Base):
    """An article's identity. What it says is in its revisions; the newest is the current one."""

    __tablename__ = "article"
    __table_args__ = (sa.UniqueConstraint("slug"), sa.Index(None, "owner_id"), sa.Index(None, "current_id"))

    id: Mapped[Key]
    slug: Mapped[Code]
    owner_id: Mapped[int | None] = mapped_column(link("person.id"))
    created_at: Mapped[datetime]
    current_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("article_revision.id", ondelete="RESTRICT", use_alter=True)
    )

    current: Mapped[ArticleRevision | None] = relationship(foreign_keys=[current_id], lazy="raise", post_update=True)


class ArticleRevision(Base):
    """An article's text as loaded once, and what was read from it. Never changed."""

    __tablename__ = "article_revision"
    __table_args__ = (
        sa.UniqueConstraint("article_id", "number"),
        sa.Index(None, "loaded_by_id"),
    )

    id: Mapped[Key]
    article_id: Mapped[int] = mapped_column(link("article.id"))
    number: Mapped[int]
    title: Mapped[Prose]
    status: Mapped[Code | None]
    updated: Mapped[date | None] = mapped_column(sa.Date)
    headline: Mapped[Prose | None]
    disclaimer: Mapped[Prose | None]
    source_text: Mapped[Prose]
    source_hash: Mapped[Code]
    source_format: Mapped[Code]
    problems: Mapped[list[dict[str, Any]]] = mapped_column(default=list)
    drafting_report: Mapped[dict[str, Any]] = mapped_column(default=dict)
    loaded_by_id: Mapped[int | None] = mapped_column(link("person.id"))
    loaded_at: Mapped[datetime]

    article: Mapped[Article] = relationship(foreign_keys=[article_id], lazy="raise")
    statements: Mapped[list[Statement]] = relationship(
        lazy="raise", order_by="Statement.ordinal", back_populates="revision"
    )
    references: Mapped[list[ArticleReference]] = relationship(lazy="raise", order_by="ArticleReference.ordinal")


class ArticleReference(Base):
    """One entry of a revision's reference list, tied to the bank's reference."""

    __tablename__ = "article_reference"
    __table_args__ = (sa.UniqueConstraint("revision_id", "key"), sa.Index(None, "reference_id"))

    id: Mapped[Key]
    revision_id: Mapped[int] = mapped_column(link("article_revision.id"))
    key: Mapped[Code]
    ordinal: Mapped[int]
    marker: Mapped[Code | None]
    line: Mapped[int]
    reference_id: Mapped[int] = mapped_column(link("reference.id"))

    reference: Mapped[Reference] = relationship(lazy="raise")


class Statement(Base):
    """One statement of a revision. ``key`` is its name there ("s07"); offsets point into the source text."""

    __tablename__ = "statement"
    __table_args__ = (sa.UniqueConstraint("revision_id", "key"),)

    id: Mapped[Key]
    revision_id: Mapped[int] = mapped_column(link("article_revision.id"))
    key: Mapped[Code]
    ordinal: Mapped[int]
    text: Mapped[Prose]
    section: Mapped[list[str]]
    lead_in: Mapped[Prose | None]
    line: Mapped[int]
    start: Mapped[int]
    end: Mapped[int]

    revision: Mapped[ArticleRevision] = relationship(lazy="raise", back_populates="statements")
    citations: Mapped[list[StatementCitation]] = relationship(lazy="raise", order_by="StatementCitation.ordinal")


class StatementCitation(Base):
    """One marker behind a statement, and apart from it the reference that it is taken to mean."""

    __tablename__ = "statement_citation"
    __table_args__ = (
        sa.UniqueConstraint("statement_id", "ordinal"),
        sa.Index(None, "article_reference_id"),
        sa.Index(None, "confirmed_by_id"),
        sa.CheckConstraint("(status = 'missing') = (article_reference_id IS NULL)", name="missing_has_no_reference"),
    )

    id: Mapped[Key]
    statement_id: Mapped[int] = mapped_column(link("statement.id"))
    ordinal: Mapped[int]
    marker: Mapped[Line]
    status: Mapped[CitationStatus] = mapped_column(enum_column(CitationStatus, "status"))
    article_reference_id: Mapped[int | None] = mapped_column(link("article_reference.id"))
    confirmed_by_id: Mapped[int | None] = mapped_column(link("person.id"))
    confirmed_at: Mapped[datetime | None]

    article_reference: Mapped[ArticleReference | None] = relationship(lazy="raise")
