"""What the pages of references show; each a fixed number of statements whatever the bank holds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from qbank.articles.models import Article, ArticleReference, ArticleRevision
from qbank.items.models import Item, ItemVersion, VersionReference
from qbank.items.reference_models import ReferenceChange
from qbank.items.references import Reference, ReferenceAlias, is_merged, same_work

SHOWN_DUPLICATES = 20
MAX_WORDS = 8


class Show(StrEnum):
    """What the list of references is narrowed to."""

    ALL = ""
    UNUSED = "unused"
    RETRACTED = "retracted"
    INCOMPLETE = "incomplete"
    DUPLICATES = "duplicates"


@dataclass(frozen=True, slots=True)
class ReferenceRow:
    """One line of the list, with how many items (newest or published version) and articles name it."""

    reference: Reference
    items: int
    articles: int


def _unused() -> sa.ColumnElement[bool]:
    return sa.and_(
        ~sa.exists().where(VersionReference.reference_id == Reference.id),
        ~sa.exists().where(ArticleReference.reference_id == Reference.id),
    )


def _lacks(column: sa.orm.InstrumentedAttribute[str | None]) -> sa.ColumnElement[bool]:
    return sa.or_(column.is_(None), column == "")


def _incomplete() -> sa.ColumnElement[bool]:
    """Return the condition that a reader could not look the work up: see `lacking`."""
    nowhere = sa.and_(_lacks(Reference.doi), _lacks(Reference.pmid), _lacks(Reference.url))
    return sa.or_(_lacks(Reference.authors), _lacks(Reference.container), Reference.year.is_(None), nowhere)


def lacking(reference: Reference) -> list[str]:
    """Return what an entry lacks to be looked up, each as a phrase; [] when it is complete."""
    found = (
        (reference.authors, "authors"),
        (reference.container, "journal or book"),
        (reference.year, "year"),
        (reference.doi or reference.pmid or reference.url, "DOI, PMID or web address"),
    )
    return [phrase for value, phrase in found if not value]


def _words(text: str) -> list[sa.ColumnElement[bool]]:
    columns = (Reference.title, Reference.authors, Reference.container, Reference.doi, Reference.pmid)
    found = []
    for word in text.split()[:MAX_WORDS]:
        pattern = word.lower()
        found.append(sa.or_(*(sa.func.lower(column).contains(pattern, autoescape=True) for column in columns)))
    return found


def duplicate_groups(session: Session) -> list[list[int]]:
    """Return the ids of the references that look like one work, group by group, the oldest of each first.

    Reads five columns of every reference: titles are compared as words, whatever their case and punctuation.
    """
    query = sa.select(Reference.id, Reference.title, Reference.year, Reference.doi, Reference.pmid)
    groups: dict[str, list[int]] = defaultdict(list)
    for row_id, title, year, doi, pmid in session.execute(query.where(sa.not_(is_merged())).order_by(Reference.id)):
        for key in same_work(title, year, doi, pmid):
            groups[key].append(row_id)
    leader: dict[int, int] = {}

    def lead(row_id: int) -> int:
        while row_id in leader:
            row_id = leader[row_id]
        return row_id

    for ids in groups.values():
        for other in ids[1:]:
            first, second = sorted((lead(ids[0]), lead(other)))
            if first != second:
                leader[second] = first
    found: dict[int, list[int]] = defaultdict(list)
    for row_id in sorted({*leader, *leader.values()}):
        found[lead(row_id)].append(row_id)
    return list(found.values())


def _conditions(show: Show, text: str) -> list[sa.ColumnElement[bool]]:
    narrowed = {
        Show.UNUSED: _unused,
        Show.RETRACTED: lambda: Reference.retracted_at.is_not(None),
        Show.INCOMPLETE: _incomplete,
    }
    more = [narrowed[show]()] if show in narrowed else []
    return [sa.not_(is_merged()), *more, *_words(text)]


def listed(session: Session, show: Show, text: str, *, limit: int, offset: int) -> tuple[list[ReferenceRow], int]:
    """Return one page of references by title, and how many match. Possible duplicates stand side by side."""
    if show is Show.DUPLICATES:
        return _listed_duplicates(session, text, limit, offset)
    conditions = _conditions(show, text)
    total = session.scalar(sa.select(sa.func.count()).select_from(Reference).where(*conditions))
    query = sa.select(Reference).where(*conditions).order_by(sa.func.lower(Reference.title), Reference.id)
    return with_uses(session, list(session.scalars(query.limit(limit).offset(offset)))), total or 0


def _listed_duplicates(session: Session, text: str, limit: int, offset: int) -> tuple[list[ReferenceRow], int]:
    order = [row_id for group in duplicate_groups(session) for row_id in group]
    if words := _words(text):
        matching = set(session.scalars(sa.select(Reference.id).where(*words)))
        order = [row_id for row_id in order if row_id in matching]
    page = order[offset : offset + limit]
    rows = {row.id: row for row in session.scalars(sa.select(Reference).where(Reference.id.in_(page)))}
    return with_uses(session, [rows[row_id] for row_id in page]), len(order)


def with_uses(session: Session, references: Sequence[Reference]) -> list[ReferenceRow]:
    """Return these references with how many items and articles name them. Two queries."""
    ids = [reference.id for reference in references]
    items = dict(
        session.execute(
            sa.select(VersionReference.reference_id, sa.func.count(sa.distinct(ItemVersion.item_id)))
            .join(ItemVersion, ItemVersion.id == VersionReference.version_id)
            .join(Item, _pointed_at())
            .where(VersionReference.reference_id.in_(ids))
            .group_by(VersionReference.reference_id)
        ).all()
    )
    articles = dict(
        session.execute(
            sa.select(ArticleReference.reference_id, sa.func.count(sa.distinct(ArticleRevision.article_id)))
            .join(ArticleRevision, ArticleRevision.id == ArticleReference.revision_id)
            .where(ArticleReference.reference_id.in_(ids))
            .group_by(ArticleReference.reference_id)
        ).all()
    )
    return [ReferenceRow(each, items.get(each.id, 0), articles.get(each.id, 0)) for each in references]


def _pointed_at() -> sa.ColumnElement[bool]:
    """Return the condition that joins an item to the versions that it points at."""
    return sa.and_(
        Item.id == ItemVersion.item_id,
        sa.or_(Item.draft_version_id == ItemVersion.id, Item.published_version_id == ItemVersion.id),
    )


def counts(session: Session) -> dict[str, int]:
    """Return how many references there are, and how many are unused, retracted and incomplete. One query."""

    def tally(condition: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
        return sa.func.coalesce(sa.func.sum(sa.case((condition, 1), else_=0)), 0)

    query = sa.select(
        sa.func.count(), tally(_unused()), tally(Reference.retracted_at.is_not(None)), tally(_incomplete())
    ).where(sa.not_(is_merged()))
    names = (Show.ALL, Show.UNUSED, Show.RETRACTED, Show.INCOMPLETE)
    return dict(zip(map(str, names), session.execute(query.select_from(Reference)).one(), strict=True))


def duplicates_of(session: Session, reference: Reference) -> list[Reference]:
    """Return the references that look like the same work, at most twenty. Two queries."""
    keys = same_work(reference.title, reference.year, reference.doi, reference.pmid)
    like = [Reference.year == reference.year if reference.year is not None else Reference.year.is_(None)]
    if reference.doi:
        like.append(sa.func.lower(Reference.doi).contains(reference.doi.lower(), autoescape=True))
    if reference.pmid:
        like.append(Reference.pmid.contains(reference.pmid.lstrip("0"), autoescape=True))
    query = sa.select(Reference.id, Reference.title, Reference.year, Reference.doi, Reference.pmid).where(
        sa.or_(*like), Reference.id != reference.id, sa.not_(is_merged())
    )
    found = [
        row_id
        for row_id, title, year, doi, pmid in session.execute(query.order_by(Reference.id))
        if keys & same_work(title, year, doi, pmid)
    ]
    rows = session.scalars(sa.select(Reference).where(Reference.id.in_(found[:SHOWN_DUPLICATES])))
    return sorted(rows, key=lambda row: row.id)


def items_naming(session: Session, reference_id: int, *, limit: int, offset: int) -> list[tuple[Item, ItemVersion]]:
    """Return a page of the items whose newest or published version names a reference, each such version once."""
    query = (
        sa.select(Item, ItemVersion)
        .join(ItemVersion, _pointed_at())
        .join(VersionReference, VersionReference.version_id == ItemVersion.id)
        .where(VersionReference.reference_id == reference_id)
        .order_by(Item.id, ItemVersion.number.desc())
    )
    return [(item, version) for item, version in session.execute(query.limit(limit).offset(offset))]


def versions_naming(session: Session, reference_id: int) -> tuple[int, int]:
    """Return how many versions name a reference: those that an item points at, and earlier ones."""
    named = sa.select(VersionReference.version_id).where(VersionReference.reference_id == reference_id)
    total = session.scalar(sa.select(sa.func.count()).select_from(named.subquery())) or 0
    current = session.scalar(
        sa.select(sa.func.count()).select_from(Item).join(ItemVersion, _pointed_at()).where(ItemVersion.id.in_(named))
    )
    return current or 0, total - (current or 0)


@dataclass(frozen=True, slots=True)
class ArticleUse:
    """An article that lists a reference; ``current`` is False where only earlier revisions do."""

    slug: str
    title: str
    current: bool


def articles_naming(session: Session, reference_id: int) -> list[ArticleUse]:
    """Return the articles that list a reference in some revision, by title."""
    listing = sa.select(ArticleReference.revision_id).where(ArticleReference.reference_id == reference_id)
    some = sa.select(ArticleRevision.article_id).where(ArticleRevision.id.in_(listing))
    query = (
        sa.select(Article.slug, ArticleRevision.title, Article.current_id.in_(listing))
        .join(ArticleRevision, ArticleRevision.id == Article.current_id)
        .where(Article.id.in_(some))
        .order_by(ArticleRevision.title)
    )
    return [ArticleUse(slug, title, bool(current)) for slug, title, current in session.execute(query)]


def history(session: Session, reference_id: int) -> list[ReferenceChange]:
    """Return what happened to a reference and to those it took in, newest first, with who did it."""
    taken_in = sa.select(ReferenceAlias.merged_id).where(
        ReferenceAlias.reference_id == reference_id, ReferenceAlias.merged_id.is_not(None)
    )
    query = (
        sa.select(ReferenceChange)
        .where(sa.or_(ReferenceChange.reference_id == reference_id, ReferenceChange.reference_id.in_(taken_in)))
        .options(joinedload(ReferenceChange.person))
        .order_by(ReferenceChange.id.desc())
    )
    return list(session.scalars(query))
