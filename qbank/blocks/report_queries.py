"""Lists of reported problems; each a fixed number of queries and a page of rows, however many there are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from qbank.accounts.models import Person
from qbank.blocks.after_models import ProblemReport
from qbank.blocks.models import Block, BlockState, Delivery
from qbank.items.models import Item, ItemState, ItemVersion


@dataclass(frozen=True, slots=True)
class StaffRow:
    """A report as reviewers see it. ``newer`` is the number of the version published since; None: it is the same."""

    report: ProblemReport
    item_id: int
    external_id: str
    number: int
    text: str
    state: ItemState
    newer: int | None
    reporter: str
    resolver: str
    version_id: int


@dataclass(frozen=True, slots=True)
class OwnRow:
    """A report as its maker sees it, with where the item stands: its place in the block."""

    report: ProblemReport
    token: str
    position: int
    ended: bool
    text: str


def counts(session: Session) -> tuple[int, int]:
    """Return how many reports are open, and how many are resolved. One query."""
    opened = sa.func.count(sa.case((ProblemReport.resolved_at.is_(None), 1)))
    whole, waiting = session.execute(sa.select(sa.func.count(), opened).select_from(ProblemReport)).one()
    return waiting, whole - waiting


def count_open(session: Session) -> int:
    """Return how many reports wait for a reviewer. One query."""
    query = sa.select(sa.func.count()).select_from(ProblemReport).where(ProblemReport.resolved_at.is_(None))
    return session.scalar(query) or 0


def _staff() -> sa.Select[Any]:
    published, reporter, resolver = aliased(ItemVersion), aliased(Person), aliased(Person)
    return (
        sa.select(
            ProblemReport, Item.id, Item.external_id, ItemVersion.number,
            ItemVersion.stem, ItemVersion.state,
            sa.case((published.id != ItemVersion.id, published.number)), reporter.name,
            sa.func.coalesce(resolver.name, ""), ItemVersion.id,
        )
        .join(Delivery, Delivery.id == ProblemReport.delivery_id)
        .join(ItemVersion, ItemVersion.id == Delivery.version_id)
        .join(Item, Item.id == Delivery.item_id)
        .join(reporter, reporter.id == ProblemReport.person_id)
        .outerjoin(published, published.id == Item.published_version_id)
        .outerjoin(resolver, resolver.id == ProblemReport.resolved_by_id)
    )  # fmt: skip


def staff_page(session: Session, *, resolved: bool, limit: int, offset: int) -> list[StaffRow]:
    """Return a page of the open reports, the oldest first, or of the resolved ones, the newest first. One query."""
    query = _staff()
    if resolved:
        query = query.where(ProblemReport.resolved_at.is_not(None))
        query = query.order_by(ProblemReport.resolved_at.desc(), ProblemReport.id.desc())
    else:
        query = query.where(ProblemReport.resolved_at.is_(None)).order_by(ProblemReport.made_at, ProblemReport.id)
    return [StaffRow(*row) for row in session.execute(query.limit(limit).offset(offset))]


def count_own(session: Session, person_id: int) -> int:
    """Return how many reports this person has made. One query."""
    query = sa.select(sa.func.count()).select_from(ProblemReport).where(ProblemReport.person_id == person_id)
    return session.scalar(query) or 0


def count_news(session: Session, person_id: int) -> int:
    """Return how many of this person's reports were resolved since they last looked. One query."""
    query = sa.select(sa.func.count()).where(
        ProblemReport.person_id == person_id, ProblemReport.resolved_at.is_not(None), ProblemReport.seen_at.is_(None)
    )
    return session.scalar(query) or 0


def own_page(session: Session, person_id: int, *, limit: int, offset: int) -> list[OwnRow]:
    """Return a page of this person's reports, newest first. One query."""
    query = (
        sa.select(
            ProblemReport, Block.token, Delivery.position, Block.state == BlockState.ENDED,
            ItemVersion.stem,
        )
        .join(Delivery, Delivery.id == ProblemReport.delivery_id)
        .join(Block, Block.id == Delivery.block_id)
        .join(ItemVersion, ItemVersion.id == Delivery.version_id)
        .where(ProblemReport.person_id == person_id)
        .order_by(ProblemReport.made_at.desc(), ProblemReport.id.desc())
        .limit(limit)
        .offset(offset)
    )  # fmt: skip
    return [OwnRow(*row) for row in session.execute(query)]
