"""People, their roles, sign-ins, invitations, and the audit log."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from qbank.db.base import Base, Code, Key, Line, enum_column, link


class Role(StrEnum):
    """What a person does here. One person may have several roles."""

    STUDENT = "student"
    EDUCATOR = "educator"
    ADMINISTRATOR = "administrator"


class PersonState(StrEnum):
    """Whether an account can be used."""

    ACTIVE = "active"
    DISABLED = "disabled"
    ANONYMISED = "anonymised"


class Person(Base):
    """Somebody with an account. ``email`` is stored folded, so that it is unique as people read it."""

    __tablename__ = "person"
    __table_args__ = (
        sa.UniqueConstraint("email"),
        sa.CheckConstraint("time_percent IN (100, 125, 150, 200)", name="time_percent"),
    )

    id: Mapped[Key]
    email: Mapped[Line | None]
    name: Mapped[Line]
    password_hash: Mapped[Line | None]
    state: Mapped[PersonState] = mapped_column(enum_column(PersonState, "state"), default=PersonState.ACTIVE)
    time_percent: Mapped[int] = mapped_column(default=100)  # 150: half as much time again
    preferences: Mapped[dict[str, Any]] = mapped_column(default=dict)
    created_at: Mapped[datetime]

    role_rows: Mapped[list[PersonRole]] = relationship(
        back_populates="person", lazy="selectin", cascade="all, delete-orphan"
    )

    @property
    def roles(self) -> frozenset[Role]:
        """Return the person's roles."""
        return frozenset(row.role for row in self.role_rows)


class PersonRole(Base):
    """One role of one person."""

    __tablename__ = "person_role"

    person_id: Mapped[int] = mapped_column(link("person.id"), primary_key=True)
    role: Mapped[Role] = mapped_column(enum_column(Role, "role"), primary_key=True)
    granted_at: Mapped[datetime]

    person: Mapped[Person] = relationship(back_populates="role_rows", lazy="raise")


class SignIn(Base):
    """One signed-in browser. The cookie holds a random token, the row its hash: ending the row ends it."""

    __tablename__ = "sign_in"
    __table_args__ = (sa.UniqueConstraint("token_hash"), sa.Index(None, "person_id"))

    id: Mapped[Key]
    token_hash: Mapped[Code]
    person_id: Mapped[int] = mapped_column(link("person.id"))
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    user_agent: Mapped[Line] = mapped_column(default="")


class Invitation(Base):
    """A link that lets one person make an account with these roles. First-run set-up is one of them."""

    __tablename__ = "invitation"
    __table_args__ = (sa.UniqueConstraint("token_hash"), sa.Index(None, "invited_by_id"))

    id: Mapped[Key]
    token_hash: Mapped[Code]
    email: Mapped[Line | None]
    roles: Mapped[list[str]]
    is_setup: Mapped[bool] = mapped_column(default=False)
    invited_by_id: Mapped[int | None] = mapped_column(link("person.id"))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class AuditEvent(Base):
    """One line of the append-only log of sign-ins, denials, and role, key and score changes."""

    __tablename__ = "audit_event"
    __table_args__ = (sa.Index(None, "at"), sa.Index(None, "person_id"))

    id: Mapped[Key]
    at: Mapped[datetime]
    person_id: Mapped[int | None] = mapped_column(link("person.id"))
    action: Mapped[Code]
    subject: Mapped[Line] = mapped_column(default="")
    detail: Mapped[dict[str, Any]] = mapped_column(default=dict)
    address: Mapped[Code] = mapped_column(default="")
