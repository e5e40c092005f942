"""What the pages of vignettes show; each a fixed number of statements whatever the bank holds."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from qbank.accounts.models import Person
from qbank.items.compare import Piece, words
from qbank.items.models import Item, ItemVersion, VignetteVersion

MAX_VERSIONS = 50  # shown with their differences


@dataclass(frozen=True, slots=True)
class VignetteRow:
    """One line of the list: the newest version, and how many items' newest version stands on the vignette."""

    version: VignetteVersion
    items: int


@dataclass(frozen=True, slots=True)
class Step:
    """One version of a vignette with its author's name and what changed since the one before it; () for the first."""

    version: VignetteVersion
    author: str | None
    pieces: tuple[Piece, ...]


def listed(session: Session, text: str, *, limit: int, offset: int) -> tuple[list[VignetteRow], int]:
    """Return one page of vignettes, last changed first, and how many match. Three queries."""
    last = sa.select(sa.func.max(VignetteVersion.id)).group_by(VignetteVersion.vignette_id)
    conditions: list[sa.ColumnElement[bool]] = [VignetteVersion.id.in_(last)]
    for word in text.split()[:8]:
        conditions.append(sa.func.lower(VignetteVersion.text).contains(word.lower(), autoescape=True))
    total = session.scalar(sa.select(sa.func.count()).select_from(VignetteVersion).where(*conditions))
    query = sa.select(VignetteVersion).where(*conditions).order_by(VignetteVersion.id.desc())
    rows = list(session.scalars(query.limit(limit).offset(offset)))
    used = dict(
        session.execute(
            sa.select(VignetteVersion.vignette_id, sa.func.count())
            .join(ItemVersion, ItemVersion.vignette_version_id == VignetteVersion.id)
            .join(Item, ItemVersion.id == sa.func.coalesce(Item.draft_version_id, Item.published_version_id))
            .where(VignetteVersion.vignette_id.in_([row.vignette_id for row in rows]))
            .group_by(VignetteVersion.vignette_id)
        ).all()
    )
    return [VignetteRow(row, used.get(row.vignette_id, 0)) for row in rows], total or 0


def steps(session: Session, vignette_id: int) -> list[Step]:
    """Return the versions of a vignette, newest first, the last fifty of them. One query."""
    query = (
        sa.select(VignetteVersion, Person.name)
        .outerjoin(Person, Person.id == VignetteVersion.author_id)
        .where(VignetteVersion.vignette_id == vignette_id)
        .order_by(VignetteVersion.number.desc())
        .limit(MAX_VERSIONS + 1)
    )
    rows = list(session.execute(query).all())
    found = []
    for place, (version, author) in enumerate(rows[:MAX_VERSIONS]):
        before = rows[place + 1][0].text if place + 1 < len(rows) else None
        found.append(Step(version, author, words(before, version.text) if before is not None else ()))
    return found
