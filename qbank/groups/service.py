"""Groups: making, joining, leaving, and who may see whose history."""

from __future__ import annotations

import secrets

import sqlalchemy as sa
from sqlalchemy.orm import Session

from qbank import clock
from qbank.accounts.models import Person, Role
from qbank.errors import ConflictError, InvalidError, NotFoundError
from qbank.groups.models import Group, GroupMember, GroupRole
from qbank.security.permissions import Permission, may

ALPHABET = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"  # no 0/O, 1/I/L: codes are read aloud
CODE_LENGTH = 8


def _new_code() -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH))


def fold_code(code: str) -> str:
    """Return a join code as it is stored: capitals, without spaces and hyphens."""
    return code.upper().replace("-", "").replace(" ", "")


def create(session: Session, actor: Person, name: str) -> Group:
    """Make a group; its maker is its first educator."""
    name = name.strip()
    if not name or len(name) > 200:
        raise InvalidError("The group needs a name.", problems={"name": "Give a name of at most 200 characters."})
    moment = clock.now()
    group = Group(name=name, join_code=_new_code(), created_by_id=actor.id, created_at=moment)
    session.add(group)
    session.flush()
    session.add(GroupMember(group_id=group.id, person_id=actor.id, role=GroupRole.EDUCATOR, joined_at=moment))
    session.flush()
    return group


def find_by_code(session: Session, code: str) -> Group | None:
    """Return the open group with this join code, or None."""
    return session.scalar(sa.select(Group).where(Group.join_code == fold_code(code), Group.archived_at.is_(None)))


def join(session: Session, person: Person, code: str) -> Group:
    """Make a person a learner of the group with this code. Joining twice changes nothing."""
    group = find_by_code(session, code)
    if group is None:
        raise InvalidError("No group has this code.", problems={"code": "No group has this code."})
    if session.get(GroupMember, (group.id, person.id)) is None:
        session.add(GroupMember(group_id=group.id, person_id=person.id, role=GroupRole.LEARNER, joined_at=clock.now()))
        session.flush()
    return group


def leave(session: Session, actor: Person, group_id: int, person_id: int) -> None:
    """End a membership: one's own, or a learner's in a group that one teaches."""
    if actor.id != person_id:
        taught(session, actor, group_id)
    member = session.get(GroupMember, (group_id, person_id))
    if member is None:
        raise NotFoundError("This person is not in the group.")
    if member.role is GroupRole.EDUCATOR and _educators(session, group_id) <= 1:
        raise ConflictError("The group would be left without an educator.", cure="Archive the group instead.")
    session.delete(member)
    session.flush()


def _educators(session: Session, group_id: int) -> int:
    query = (
        sa.select(sa.func.count())
        .select_from(GroupMember)
        .where(GroupMember.group_id == group_id, GroupMember.role == GroupRole.EDUCATOR)
    )
    return session.scalar(query) or 0


def archive(session: Session, actor: Person, group_id: int) -> Group:
    """Close a group: its code stops working, its members and their history stay."""
    group = taught(session, actor, group_id)
    group.archived_at = clock.now()
    session.flush()
    return group


def renew_code(session: Session, actor: Person, group_id: int) -> Group:
    """Give the group another join code; the old one stops working."""
    group = taught(session, actor, group_id)
    group.join_code = _new_code()
    session.flush()
    return group


def groups_of(session: Session, person: Person, role: GroupRole) -> list[tuple[Group, int]]:
    """Return the person's open groups in this role, each with its number of learners. One query."""
    learners = (
        sa.select(sa.func.count())
        .where(GroupMember.group_id == Group.id, GroupMember.role == GroupRole.LEARNER)
        .correlate(Group)
        .scalar_subquery()
    )
    own = sa.select(GroupMember.group_id).where(GroupMember.person_id == person.id, GroupMember.role == role)
    query = sa.select(Group, learners).where(Group.id.in_(own), Group.archived_at.is_(None)).order_by(Group.name)
    return [(group, count) for group, count in session.execute(query)]


def taught(session: Session, actor: Person, group_id: int) -> Group:
    """Return a group that the actor teaches, or any to an administrator. NotFoundError hides the others."""
    query = sa.select(Group).where(Group.id == group_id)
    if Role.ADMINISTRATOR not in actor.roles:
        query = query.where(
            Group.id.in_(
                sa.select(GroupMember.group_id).where(
                    GroupMember.person_id == actor.id, GroupMember.role == GroupRole.EDUCATOR
                )
            )
        )
    group = session.scalar(query)
    if group is None:
        raise NotFoundError("There is no such group.")
    return group


def teaches(session: Session, actor: Person, group_id: int) -> bool:
    """Return whether the actor is an educator of this group: an administrator who keeps it may not be."""
    member = session.get(GroupMember, (group_id, actor.id))
    return member is not None and member.role is GroupRole.EDUCATOR


def may_see_history(session: Session, actor: Person, learner_id: int) -> bool:
    """Return whether the actor may see this learner's history: one's own, or a learner of a group one teaches.

    Whoever lost the educator's role sees none but their own from that moment, whatever groups they are still in.
    """
    if actor.id == learner_id:
        return True
    if not may(actor.roles, Permission.MANAGE_GROUPS):
        return False
    mine = sa.alias(GroupMember.__table__)
    theirs = sa.alias(GroupMember.__table__)
    query = (
        sa.select(sa.literal(1))
        .select_from(mine.join(theirs, mine.c.group_id == theirs.c.group_id))
        .where(
            mine.c.person_id == actor.id,
            mine.c.role == GroupRole.EDUCATOR,
            theirs.c.person_id == learner_id,
            theirs.c.role == GroupRole.LEARNER,
        )
        .limit(1)
    )
    return session.scalar(query) is not None
