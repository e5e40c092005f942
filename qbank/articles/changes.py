"""What changed between two revisions of an article, statement by statement."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload, selectinload

from qbank.articles.matching import Change, match
from qbank.articles.models import Article, ArticleRevision, Statement
from qbank.errors import NotFoundError
from qbank.items.compare import Piece, words
from qbank.items.recheck_queries import whole
from qbank.items.rechecks import saying


@dataclass(frozen=True, slots=True)
class Line:
    """One statement of either revision, or of both, with the difference in words."""

    change: Change
    old: Statement | None
    new: Statement | None
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Changes:
    """Two revisions of an article and what became of each statement, in the order of the newer."""

    older: ArticleRevision
    newer: ArticleRevision
    lines: Sequence[Line]

    def count(self, change: str) -> int:
        """Return how many statements met this fate."""
        return sum(1 for line in self.lines if line.change == change)


def between(session: Session, slug: str, older: int, newer: int) -> Changes:
    """Return what changed from one revision of an article to another. Two queries. Raises NotFoundError."""
    query = (
        sa.select(ArticleRevision)
        .join(Article, Article.id == ArticleRevision.article_id)
        .where(Article.slug == slug, ArticleRevision.number.in_([older, newer]))
        .options(joinedload(ArticleRevision.article), selectinload(ArticleRevision.statements))
    )
    found = {revision.number: revision for revision in session.scalars(query)}
    if older == newer or len(found) != 2:
        raise NotFoundError("There are no two such revisions of this article.")
    before, after = found[older].statements, found[newer].statements
    pairs = match([saying(row) for row in before], [saying(row) for row in after])
    lines = []
    for pair in pairs:
        old = before[pair.old] if pair.old is not None else None
        new = after[pair.new] if pair.new is not None else None
        pieces = (Piece("same", whole(new)),) if pair.change is Change.UNCHANGED else words(whole(old), whole(new))
        lines.append(Line(pair.change, old, new, pieces))
    return Changes(found[older], found[newer], lines)
