"""Queries of the authoring pages; each a fixed number of statements whatever the bank holds."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from markupsafe import Markup
from sqlalchemy.orm import Session, joinedload, selectinload

from qbank import search
from qbank.accounts.models import Person
from qbank.articles.models import Statement
from qbank.items.models import (
    Item,
    ItemState,
    ItemVersion,
    Origin,
    ReviewVote,
    StateChange,
    VersionStatement,
)


@dataclass(frozen=True)
class ItemFilter:
    """What the list of items shows."""

    state: ItemState | None = None
    text: str = ""
    system_id: int | None = None
    owner_id: int | None = None
    proposals: bool = False  # drafted by a rule and not decided on yet


@dataclass(frozen=True)
class Row:
    """One line of the list."""

    item: Item
    version: ItemVersion
    has_draft_beside: bool  # a draft waits while an earlier version is published
    excerpt: Markup | None = None  # where the searched words stand, marked


def _newest() -> sa.ColumnElement[int]:
    return sa.func.coalesce(Item.draft_version_id, Item.published_version_id)


def _proposal() -> sa.ColumnElement[bool]:
    return sa.and_(ItemVersion.origin == Origin.DRAFTED, Item.owner_id.is_(None), ItemVersion.state == ItemState.DRAFT)


def _matching(chosen: ItemFilter) -> list[sa.ColumnElement[bool]]:
    """Return what the filter asks of an item's newest version."""
    conditions: list[sa.ColumnElement[bool]] = []
    if chosen.proposals:
        conditions.append(_proposal())
    elif chosen.state is not None:
        conditions.append(ItemVersion.state == chosen.state)
        if chosen.state is ItemState.DRAFT:
            conditions.append(sa.not_(_proposal()))
    if chosen.system_id is not None:
        conditions.append(ItemVersion.system_id == chosen.system_id)
    return conditions


def _is_newest() -> sa.ColumnElement[bool]:
    """Return the condition that joins an item's newest version by the item.

    The sum keeps the databases from looking each version up by its id: what lists ask of it is in an index with the
    item's id, and a version's row is wide.
    """
    return sa.and_(ItemVersion.item_id == Item.id, ItemVersion.id + 0 == _newest())


def _chosen(chosen: ItemFilter) -> sa.Select[int, int | None]:
    """Return the query of newest and published versions' ids, narrow enough to sort those of a whole bank."""
    newest = _newest().label("version_id")
    query = sa.select(newest, Item.published_version_id).select_from(Item).where(_newest().is_not(None))
    if conditions := _matching(chosen):
        query = query.join(ItemVersion, _is_newest()).where(*conditions)
    if chosen.state is None and not chosen.proposals:  # what nobody has decided on has a list of its own
        undecided = sa.select(ItemVersion.id).where(
            ItemVersion.state == ItemState.DRAFT, ItemVersion.origin == Origin.DRAFTED
        )
        query = query.where(sa.or_(Item.owner_id.is_not(None), _newest().not_in(undecided)))
    return query if chosen.owner_id is None else query.where(Item.owner_id == chosen.owner_id)


def _page(session: Session, chosen: ItemFilter, limit: int, offset: int) -> tuple[list[int], int]:
    """Return the newest versions' ids of one page, in the order of the list, and how many items match."""
    query = _chosen(chosen)
    if chosen.text.strip():
        return _found_page(session, query, search.matching(session, chosen.text), limit, offset)
    total = session.scalar(sa.select(sa.func.count()).select_from(query.subquery())) or 0
    page = query.order_by(_newest().desc()).limit(limit).offset(offset)
    return (list(session.scalars(page)) if offset < total else []), total


def _found_page(
    session: Session, query: sa.Select[int, int | None], found: search.Found, limit: int, offset: int
) -> tuple[list[int], int]:
    query = query.where(found.condition)
    if found.ranks is not None:
        rows = session.execute(query).all()
        best = sorted((found.rank(newest, published), -newest) for newest, published in rows)
        return [-newest for _rank, newest in best[offset : offset + limit]], len(rows)
    every = query.cte("chosen")  # named twice, gone through once: the search is the dear part
    count = sa.select(sa.func.count()).select_from(every).scalar_subquery()
    page = sa.select(every.c.version_id, count).order_by(every.c.version_id.desc()).limit(limit).offset(offset)
    shown = session.execute(page).all()
    if not shown and offset:  # past the end
        return [], session.scalar(sa.select(count)) or 0
    return [newest for newest, _total in shown], (shown[0][1] or 0) if shown else 0


def items(session: Session, chosen: ItemFilter, *, limit: int, offset: int) -> tuple[list[Row], int]:
    """Return one page of items, the newest version of each, and how many match.

    Last changed first; where words are searched, the best hit first, with an excerpt.
    """
    ids, total = _page(session, chosen, limit, offset)
    more = search.with_texts() if chosen.text.strip() else ()
    page = (
        sa.select(Item, ItemVersion)
        .join(ItemVersion, ItemVersion.item_id == Item.id)
        .where(ItemVersion.id.in_(ids))
        .options(joinedload(ItemVersion.system), *more)
    )
    found = {version.id: (item, version) for item, version in session.execute(page)} if ids else {}
    excerpts = search.excerpts((version for _item, version in found.values()), chosen.text) if more else {}
    return [_row(*found[version_id], excerpts.get(version_id)) for version_id in ids], total


def _row(item: Item, version: ItemVersion, excerpt: Markup | None) -> Row:
    beside = item.draft_version_id is not None and item.published_version_id is not None
    return Row(item, version, beside, excerpt)


def state_counts(session: Session) -> dict[str, int]:
    """Return how many items are in each state, by their newest version; "proposed" are undecided drafts."""
    proposed = sa.func.sum(sa.case((_proposal(), 1), else_=0))
    query = sa.select(ItemVersion.state, sa.func.count(), proposed).select_from(Item).join(ItemVersion, _is_newest())
    counts: dict[str, int] = {}
    # Grouped by the state alone, the first column of an index: nothing is sorted.
    for state, number, undecided in session.execute(query.group_by(ItemVersion.state)):
        counts[str(state)] = number - undecided
        counts["proposed"] = counts.get("proposed", 0) + undecided
    return {name: number for name, number in counts.items() if number}


def versions_of(session: Session, item_id: int) -> list[tuple[ItemVersion, str | None]]:
    """Return every version of an item with its author's name, newest first."""
    query = (
        sa.select(ItemVersion, Person.name)
        .outerjoin(Person, Person.id == ItemVersion.author_id)
        .where(ItemVersion.item_id == item_id)
        .order_by(ItemVersion.number.desc())
    )
    return [(version, name) for version, name in session.execute(query)]


def changes_of(session: Session, item_id: int) -> list[tuple[StateChange, int, str | None]]:
    """Return the item's life: each step with its version's number and the person's name, newest first."""
    query = (
        sa.select(StateChange, ItemVersion.number, Person.name)
        .join(ItemVersion, ItemVersion.id == StateChange.version_id)
        .outerjoin(Person, Person.id == StateChange.person_id)
        .where(ItemVersion.item_id == item_id)
        .order_by(StateChange.id.desc())
    )
    return [(change, number, name) for change, number, name in session.execute(query)]


def votes_of(session: Session, version_id: int) -> list[tuple[ReviewVote, str]]:
    """Return the votes on a version with the reviewers' names, oldest first."""
    query = (
        sa.select(ReviewVote, Person.name)
        .join(Person, Person.id == ReviewVote.reviewer_id)
        .where(ReviewVote.version_id == version_id)
        .order_by(ReviewVote.id)
    )
    return [(vote, name) for vote, name in session.execute(query)]


def on_revision(session: Session, revision_id: int) -> dict[int, list[tuple[Item, ItemVersion]]]:
    """Return, by statement id, the items whose newest version rests on a statement of this revision."""
    query = (
        sa.select(VersionStatement.statement_id, Item, ItemVersion)
        .join(ItemVersion, ItemVersion.id == VersionStatement.version_id)
        .join(Item, sa.and_(Item.id == ItemVersion.item_id, ItemVersion.id == _newest()))
        .join(Statement, Statement.id == VersionStatement.statement_id)
        .where(Statement.revision_id == revision_id)
        .options(selectinload(ItemVersion.options))
        .order_by(Item.id)
    )
    found: dict[int, list[tuple[Item, ItemVersion]]] = {}
    for statement_id, item, version in session.execute(query):
        found.setdefault(statement_id, []).append((item, version))
    return found
