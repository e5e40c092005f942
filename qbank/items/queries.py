"""Queries of the authoring pages; each a fixed number of statements whatever the bank holds."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload, selectinload

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


def _newest() -> sa.ColumnElement[int]:
    return sa.func.coalesce(Item.draft_version_id, Item.published_version_id)


def _matching(chosen: ItemFilter) -> list[sa.ColumnElement[bool]]:
    conditions: list[sa.ColumnElement[bool]] = []
    proposal = sa.and_(
        ItemVersion.origin == Origin.DRAFTED, Item.owner_id.is_(None), ItemVersion.state == ItemState.DRAFT
    )
    if chosen.proposals:
        conditions.append(proposal)
    elif chosen.state is not None:
        conditions.append(ItemVersion.state == chosen.state)
        if chosen.state is ItemState.DRAFT:
            conditions.append(sa.not_(proposal))
    if chosen.system_id is not None:
        conditions.append(ItemVersion.system_id == chosen.system_id)
    if chosen.owner_id is not None:
        conditions.append(Item.owner_id == chosen.owner_id)
    for word in chosen.text.split()[:8]:
        pattern = f"%{word.lower().replace('%', '').replace('_', '')}%"
        conditions.append(
            sa.or_(
                sa.func.lower(ItemVersion.stem).like(pattern),
                sa.func.lower(ItemVersion.lead_in).like(pattern),
                sa.func.lower(Item.external_id).like(pattern),
            )
        )
    return conditions


def items(session: Session, chosen: ItemFilter, *, limit: int, offset: int) -> tuple[list[Row], int]:
    """Return one page of items, the newest version of each, last changed first; and how many match."""
    conditions = _matching(chosen)
    base = sa.select(Item, ItemVersion).join(ItemVersion, ItemVersion.id == _newest()).where(*conditions)
    total = session.scalar(
        sa.select(sa.func.count()).select_from(Item).join(ItemVersion, ItemVersion.id == _newest()).where(*conditions)
    )
    page = base.options(joinedload(ItemVersion.system)).order_by(ItemVersion.id.desc()).limit(limit).offset(offset)
    rows = [
        Row(item, version, item.draft_version_id is not None and item.published_version_id is not None)
        for item, version in session.execute(page)
    ]
    return rows, total or 0


def state_counts(session: Session) -> dict[str, int]:
    """Return how many items are in each state, by their newest version; "proposed" are undecided drafts."""
    undecided = sa.and_(
        ItemVersion.origin == Origin.DRAFTED, Item.owner_id.is_(None), ItemVersion.state == ItemState.DRAFT
    )
    label = sa.case((undecided, "proposed"), else_=sa.cast(ItemVersion.state, sa.String))
    query = (
        sa.select(label, sa.func.count())
        .select_from(Item)
        .join(ItemVersion, ItemVersion.id == _newest())
        .group_by(label)
    )
    return dict(session.execute(query).all())


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
