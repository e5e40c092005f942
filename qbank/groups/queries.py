"""What the pages of groups show: a group's learners with what they did, a learner's groups."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from qbank.accounts.models import Person, PersonState
from qbank.blocks.models import Block, BlockState
from qbank.groups.models import Group, GroupMember, GroupRole


@dataclass(frozen=True, slots=True)
class Learner:
    """One learner of a group. ``last_active_at`` is the last work in any block, None before the first."""

    person_id: int
    name: str
    joined_at: datetime
    blocks_done: int
    last_active_at: datetime | None
    closed: bool  # the account cannot be used at present


@dataclass(frozen=True, slots=True)
class Joined:
    """A group that a learner is in, with who sees the learner's history through it."""

    group_id: int
    name: str
    joined_at: datetime
    educators: tuple[str, ...]
    archived: bool


def learners(session: Session, group_id: int, *, limit: int = 50, offset: int = 0) -> tuple[list[Learner], int]:
    """Return one page of a group's learners by name, and how many there are. Two queries.

    Rights are the caller's: ask `service.taught` first.
    """
    members = sa.select(GroupMember.person_id).where(
        GroupMember.group_id == group_id, GroupMember.role == GroupRole.LEARNER
    )
    total = session.scalar(sa.select(sa.func.count()).select_from(members.subquery())) or 0
    done = _of_blocks(sa.func.count(Block.id), Block.state == BlockState.ENDED)
    active = _of_blocks(sa.func.max(Block.last_active_at))
    query = (
        sa.select(Person.id, Person.name, GroupMember.joined_at, done, active, Person.state != PersonState.ACTIVE)
        .join(GroupMember, GroupMember.person_id == Person.id)
        .where(GroupMember.group_id == group_id, GroupMember.role == GroupRole.LEARNER)
        .order_by(sa.func.lower(Person.name), Person.id)
        .limit(limit)
        .offset(offset)
    )
    return [Learner(*row) for row in session.execute(query)], total


def _of_blocks(value: sa.ColumnElement[Any], *conditions: sa.ColumnElement[bool]) -> sa.ScalarSelect[Any]:
    """Return a figure over the blocks of the person in the outer row."""
    return sa.select(value).where(Block.person_id == Person.id, *conditions).correlate(Person).scalar_subquery()


def joined(session: Session, person: Person) -> list[Joined]:
    """Return the groups that a person is a learner of, by name. Two queries; no other learner is in them."""
    query = (
        sa.select(Group.id, Group.name, GroupMember.joined_at, Group.archived_at.is_not(None))
        .join(GroupMember, GroupMember.group_id == Group.id)
        .where(GroupMember.person_id == person.id, GroupMember.role == GroupRole.LEARNER)
        .order_by(sa.func.lower(Group.name), Group.id)
    )
    rows = session.execute(query).all()
    names = (
        sa.select(GroupMember.group_id, Person.name)
        .join(Person, Person.id == GroupMember.person_id)
        .where(GroupMember.role == GroupRole.EDUCATOR, GroupMember.group_id.in_([row[0] for row in rows]))
        .order_by(sa.func.lower(Person.name), Person.id)
    )
    educators: dict[int, list[str]] = {}
    for group_id, name in session.execute(names):
        educators.setdefault(group_id, []).append(name)
    return [
        Joined(group_id, name, joined_at, tuple(educators.get(group_id, ())), archived)
        for group_id, name, joined_at, archived in rows
    ]
