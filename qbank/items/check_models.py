"""What no longer rests on what its source says: the flags that ask a person to look at an item again."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from qbank.accounts.models import Person
from qbank.articles.models import ArticleRevision, Statement
from qbank.db.base import Base, Key, Prose, enum_column, link
from qbank.items.models import Item, ItemVersion
from qbank.items.references import Reference


class CheckKind(StrEnum):
    """What happened to the source."""

    CHANGED = "changed"  # a later revision says it in other words
    DROPPED = "dropped"  # a later revision does not say it
    RETRACTED = "retracted"  # the reference was withdrawn


class CheckNeeded(Base):
    """One item that rests on one statement or reference that is no longer what it was.

    ``revision_id`` is the revision that brought the change, ``statement_id`` what the version rests on and
    ``new_statement_id`` what stands there now. A flag is never deleted with its item's history: it is cleared, by
    a person with a comment, or by what happened since (``cleared_by_id`` is then whoever made it happen, if known).
    """

    __tablename__ = "check_needed"
    __table_args__ = (
        sa.CheckConstraint("(kind = 'retracted') = (reference_id IS NOT NULL)", name="retracted_reference"),
        sa.CheckConstraint("(kind = 'retracted') = (statement_id IS NULL)", name="old_statement"),
        sa.CheckConstraint("(kind = 'retracted') = (revision_id IS NULL)", name="revision"),
        sa.CheckConstraint("(kind = 'changed') = (new_statement_id IS NOT NULL)", name="new_statement"),
        sa.CheckConstraint("cleared_at IS NOT NULL OR cleared_by_id IS NULL", name="cleared"),
        sa.Index(None, "item_id", "cleared_at"),
        sa.Index(None, "version_id"),
        sa.Index(None, "revision_id"),
        sa.Index(None, "statement_id"),
        sa.Index(None, "new_statement_id"),
        sa.Index(None, "reference_id"),
        sa.Index(None, "cleared_by_id"),
        sa.Index(None, "cleared_at"),
    )

    id: Mapped[Key]
    item_id: Mapped[int] = mapped_column(link("item.id"))
    version_id: Mapped[int] = mapped_column(link("item_version.id"))
    kind: Mapped[CheckKind] = mapped_column(enum_column(CheckKind, "kind"))
    revision_id: Mapped[int | None] = mapped_column(link("article_revision.id"))
    statement_id: Mapped[int | None] = mapped_column(link("statement.id"))
    new_statement_id: Mapped[int | None] = mapped_column(link("statement.id"))
    reference_id: Mapped[int | None] = mapped_column(link("reference.id"))
    raised_at: Mapped[datetime]
    cleared_at: Mapped[datetime | None]
    cleared_by_id: Mapped[int | None] = mapped_column(link("person.id"))
    comment: Mapped[Prose] = mapped_column(default="")

    item: Mapped[Item] = relationship(lazy="raise")
    version: Mapped[ItemVersion] = relationship(lazy="raise")
    revision: Mapped[ArticleRevision | None] = relationship(lazy="raise")
    statement: Mapped[Statement | None] = relationship(foreign_keys=[statement_id], lazy="raise")
    new_statement: Mapped[Statement | None] = relationship(foreign_keys=[new_statement_id], lazy="raise")
    reference: Mapped[Reference | None] = relationship(lazy="raise")
    cleared_by: Mapped[Person | None] = relationship(lazy="raise")
