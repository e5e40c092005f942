"""Queries of the article pages."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from qbank.articles.models import Article, ArticleRevision, Statement
from qbank.items.models import Item, ItemState, ItemVersion, VersionStatement


@dataclass(frozen=True)
class ArticleRow:
    """One line of the list of articles."""

    article: Article
    revision: ArticleRevision
    statements: int
    covered: int  # statements that an item rests on
    live: int  # live items that rest on the revision


def choices(session: Session) -> list[tuple[str, str]]:
    """Return slug and title of every article, by title."""
    query = (
        sa.select(Article.slug, ArticleRevision.title)
        .join(ArticleRevision, ArticleRevision.id == Article.current_id)
        .order_by(ArticleRevision.title)
    )
    return [(slug, title) for slug, title in session.execute(query)]


def articles(session: Session) -> list[ArticleRow]:
    """Return every article with its current revision and coverage. Three queries."""
    newest = sa.func.coalesce(Item.draft_version_id, Item.published_version_id)
    statements = dict(
        session.execute(
            sa.select(Statement.revision_id, sa.func.count())
            .join(Article, Article.current_id == Statement.revision_id)
            .group_by(Statement.revision_id)
        ).all()
    )
    used = (
        sa.select(
            Statement.revision_id,
            sa.func.count(sa.distinct(Statement.id)),
            sa.func.count(sa.distinct(sa.case((ItemVersion.state == ItemState.LIVE, Item.id)))),
        )
        .join(VersionStatement, VersionStatement.statement_id == Statement.id)
        .join(ItemVersion, ItemVersion.id == VersionStatement.version_id)
        .join(Item, ItemVersion.id == newest)
        .join(Article, Article.current_id == Statement.revision_id)
        .where(ItemVersion.state != ItemState.REJECTED)
        .group_by(Statement.revision_id)
    )
    coverage = {revision: (covered, live) for revision, covered, live in session.execute(used)}
    rows = session.execute(
        sa.select(Article, ArticleRevision)
        .join(ArticleRevision, ArticleRevision.id == Article.current_id)
        .order_by(ArticleRevision.title)
    )
    return [
        ArticleRow(article, revision, statements.get(revision.id, 0), *coverage.get(revision.id, (0, 0)))
        for article, revision in rows
    ]


def revisions(session: Session, article_id: int) -> list[ArticleRevision]:
    """Return every revision of an article, newest first, without its parts."""
    query = (
        sa.select(ArticleRevision)
        .where(ArticleRevision.article_id == article_id)
        .order_by(ArticleRevision.number.desc())
    )
    return list(session.scalars(query))
