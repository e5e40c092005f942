"""Groups: an educator's learners, joined by code."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from qbank.accounts.models import Person
from qbank.db.base import Base, Code, Key, Line, enum_column, link


class GroupRole(StrEnum):
    """What a person is in a group."""

    LEARNER = "learner"
    EDUCATOR = "educator"


class Group(Base):
    """A named group with a code that learners join by."""

    __tablename__ = "learner_group"
    __table_args__ = (sa.UniqueConstraint("join_code"), sa.Index(None, "created_by_id"))

    id: Mapped[Key]
    name: Mapped[Line]
    join_code: Mapped[Code]
    created_by_id: Mapped[int] = mapped_column(link("person.id"))
    created_at: Mapped[datetime]
    archived_at: Mapped[datetime | None]

    members: Mapped[list[GroupMember]] = relationship(lazy="raise", back_populates="group")


class GroupMember(Base):
    """One person in one group. Leaving ends the membership; history before it stays the learner's own."""

    __tablename__ = "group_member"
    __table_args__ = (sa.Index(None, "person_id"),)

    group_id: Mapped[int] = mapped_column(link("learner_group.id"), primary_key=True)
    person_id: Mapped[int] = mapped_column(link("person.id"), primary_key=True)
    role: Mapped[GroupRole] = mapped_column(enum_column(GroupRole, "role"))
    joined_at: Mapped[datetime]

    group: Mapped[Group] = relationship(lazy="raise", back_populates="members")
    person: Mapped[Person] = relationship(lazy="raise")
