"""The taxonomy: organ systems, disciplines and physician tasks."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from qbank.db.base import Base, Code, Key, Line, enum_column


class Dimension(StrEnum):
    """Along what an item is classified."""

    SYSTEM = "system"
    DISCIPLINE = "discipline"
    TASK = "task"


class Taxon(Base):
    """One class in one dimension. Retired taxa stay for the items that carry them."""

    __tablename__ = "taxon"
    __table_args__ = (sa.UniqueConstraint("dimension", "code"),)

    id: Mapped[Key]
    dimension: Mapped[Dimension] = mapped_column(enum_column(Dimension, "dimension"))
    code: Mapped[Code]
    name: Mapped[Line]
    ordinal: Mapped[int]
    source: Mapped[Line] = mapped_column(default="")
    retired_at: Mapped[datetime | None]


def taxa(session: Session) -> dict[Dimension, list[Taxon]]:
    """Return the taxa in use by dimension, in their order. One query."""
    found: dict[Dimension, list[Taxon]] = {dimension: [] for dimension in Dimension}
    query = sa.select(Taxon).where(Taxon.retired_at.is_(None)).order_by(Taxon.ordinal, Taxon.id)
    for taxon in session.scalars(query):
        found[taxon.dimension].append(taxon)
    return found
