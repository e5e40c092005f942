"""Accounts: creating people, signing in, invitations, first-run set-up, roles."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from qbank import clock
from qbank.accounts.models import Invitation, Person, PersonRole, PersonState, Role
from qbank.errors import ConflictError, InvalidError, NotFoundError
from qbank.security import audit, passwords, signin
from qbank.settings import Settings

INVITATION_DAYS = 14
SETUP_HOURS = 24


def fold_email(email: str) -> str:
    """Return the address as it is stored and compared."""
    return email.strip().casefold()


def find_by_email(session: Session, email: str) -> Person | None:
    """Return the person with this address, or None."""
    return session.scalar(sa.select(Person).where(Person.email == fold_email(email)))


def get_person(session: Session, person_id: int) -> Person:
    """Return a person by id. Raises NotFoundError."""
    found = session.get(Person, person_id)
    if found is None:
        raise NotFoundError("There is no such person.")
    return found


def create_person(
    session: Session,
    settings: Settings,
    *,
    email: str,
    name: str,
    password: str,
    roles: Collection[Role],
) -> Person:
    """Make an account.

    Raises InvalidError naming each field that is wrong, ConflictError for an address already in use.
    """
    email = fold_email(email)
    problems = {}
    if "@" not in email.strip("@") or len(email) > 254 or any(sign.isspace() for sign in email):
        problems["email"] = "This is not an e-mail address."
    if not name.strip() or len(name) > 200:
        problems["name"] = "Give a name of at most 200 characters."
    if wrong := passwords.problem(password, minimum=settings.password_min_length, about=(name, email)):
        problems["password"] = wrong
    if problems:
        raise InvalidError("The account could not be made.", problems=problems)
    if find_by_email(session, email) is not None:
        raise ConflictError("There is an account with this address already.", cure="Sign in instead.")
    moment = clock.now()
    person = Person(
        email=email,
        name=name.strip(),
        password_hash=passwords.hash_password(password, quick=settings.testing),
        created_at=moment,
    )
    person.role_rows = [PersonRole(role=role, granted_at=moment) for role in sorted(roles)]
    session.add(person)
    session.flush()
    audit.record(session, "account made", person_id=person.id, roles=sorted(roles))
    return person


def stored_password(session: Session, email: str) -> str | None:
    """Return the stored hash of an address's password; None where there is no account or no password."""
    return session.scalar(sa.select(Person.password_hash).where(Person.email == fold_email(email)))


def active_person(session: Session, email: str, stored: str | None) -> Person | None:
    """Return the person with this address if the account is open and its password still the one checked."""
    query = sa.select(Person).where(
        Person.email == fold_email(email), Person.password_hash == stored, Person.state == PersonState.ACTIVE
    )
    return session.scalar(query)


def change_password(session: Session, settings: Settings, person: Person, old: str, new: str) -> None:
    """Change a password, given the old one. Raises InvalidError by field."""
    if not passwords.verify(person.password_hash, old):
        raise InvalidError("The password was not changed.", problems={"old": "This is not your password."})
    about = (person.name, person.email or "")
    if wrong := passwords.problem(new, minimum=settings.password_min_length, about=about):
        raise InvalidError("The password was not changed.", problems={"new": wrong})
    person.password_hash = passwords.hash_password(new, quick=settings.testing)
    audit.record(session, "password changed", person_id=person.id)


def set_roles(session: Session, actor: Person | None, person: Person, roles: Collection[Role]) -> None:
    """Give a person exactly these roles. The last administrator keeps that role (ConflictError)."""
    wanted, had = frozenset(roles), person.roles
    if not wanted:
        raise InvalidError("A person needs a role.", problems={"roles": "Choose at least one role."})
    if Role.ADMINISTRATOR in had - wanted:
        keep_one_administrator(session, person)
    if wanted == had:
        return
    moment = clock.now()
    kept = [row for row in person.role_rows if row.role in wanted]
    person.role_rows = kept + [PersonRole(role=role, granted_at=moment) for role in sorted(wanted - had)]
    session.flush()
    audit.record(
        session,
        "roles changed",
        person_id=actor.id if actor else None,
        subject=f"person {person.id}",
        before=sorted(had),
        after=sorted(wanted),
    )


def set_state(session: Session, actor: Person, person: Person, state: PersonState) -> None:
    """Open or close an account; closing signs it out everywhere at once."""
    if person.state is PersonState.ANONYMISED:
        raise ConflictError("Nobody can use this account again: what told whose it was is gone.")
    if state is not PersonState.ACTIVE:
        if person.id == actor.id:
            raise ConflictError("You cannot close your own account here.")
        if Role.ADMINISTRATOR in person.roles:
            keep_one_administrator(session, person)
        signin.end_all(session, person.id)
    person.state = state
    session.flush()
    audit.record(session, f"account {state}", person_id=actor.id, subject=f"person {person.id}")


def set_time_percent(session: Session, actor: Person, person: Person, percent: int) -> None:
    """Set a learner's time allowance: 100, 125, 150 or 200 per cent. Open blocks keep theirs."""
    if percent not in (100, 125, 150, 200):
        raise InvalidError(
            "The allowance is 100, 125, 150 or 200 per cent.", problems={"time_percent": "not one of these"}
        )
    if person.time_percent != percent:
        before, person.time_percent = person.time_percent, percent
        session.flush()
        audit.record(
            session,
            "time allowance",
            person_id=actor.id,
            subject=f"person {person.id}",
            before=before,
            after=percent,
        )


def people(session: Session, *, search: str = "", limit: int = 50, offset: int = 0) -> tuple[list[Person], int]:
    """Return one page of people by name, and how many there are. Fixed number of queries."""
    query = sa.select(Person).where(Person.state != PersonState.ANONYMISED)
    if search.strip():
        pattern = f"%{search.strip().casefold()[:200]}%"  # no name is longer, and databases limit patterns
        query = query.where(sa.or_(sa.func.lower(Person.name).like(pattern), Person.email.like(pattern)))
    total = session.scalar(sa.select(sa.func.count()).select_from(query.subquery())) or 0
    rows = session.scalars(query.order_by(Person.name, Person.id).limit(limit).offset(offset))
    return list(rows), total


def _administrators(session: Session) -> int:
    query = (
        sa.select(sa.func.count())
        .select_from(PersonRole)
        .join(Person)
        .where(PersonRole.role == Role.ADMINISTRATOR, Person.state == PersonState.ACTIVE)
    )
    return session.scalar(query) or 0


def keep_one_administrator(session: Session, person: Person) -> None:
    """Raise ConflictError if nobody else administers the bank.

    The rows are locked first: two administrators who dismiss each other at the same time must not both succeed,
    since a bank without one can be taken over by whoever sees the next set-up link.
    """
    query = (
        sa.select(PersonRole.person_id)
        .join(Person)
        .where(PersonRole.role == Role.ADMINISTRATOR, Person.state == PersonState.ACTIVE)
        .order_by(PersonRole.person_id)
        .with_for_update()
    )
    if not set(session.scalars(query)) - {person.id}:
        raise ConflictError("This is the only administrator.", cure="Make somebody else administrator first.")


def needs_setup(session: Session) -> bool:
    """Return whether nobody administers the bank yet."""
    return _administrators(session) == 0


def make_setup_token(session: Session) -> str:
    """Return a new one-time set-up token; earlier ones end. Only while there is no administrator."""
    if not needs_setup(session):
        raise ConflictError("The bank has an administrator already.")
    moment = clock.now()
    session.execute(
        sa.update(Invitation).where(Invitation.is_setup, Invitation.used_at.is_(None)).values(expires_at=moment)
    )
    roles = [Role.ADMINISTRATOR, Role.EDUCATOR, Role.STUDENT]
    return _invite(session, None, roles=roles, email=None, hours=SETUP_HOURS, is_setup=True)


def invite(session: Session, actor: Person, *, roles: Collection[Role], email: str | None) -> str:
    """Return the token of a new invitation, to be sent as a link."""
    if not roles:
        raise InvalidError("An invitation needs a role.", problems={"roles": "Choose at least one role."})
    token = _invite(session, actor, roles=roles, email=email, hours=INVITATION_DAYS * 24, is_setup=False)
    audit.record(session, "invited", person_id=actor.id, subject=email or "", roles=sorted(roles))
    return token


def _invite(
    session: Session,
    actor: Person | None,
    *,
    roles: Collection[Role],
    email: str | None,
    hours: int,
    is_setup: bool,
) -> str:
    token = secrets.token_urlsafe(24)
    moment = clock.now()
    session.add(
        Invitation(
            token_hash=signin.hash_token(token),
            email=fold_email(email) if email else None,
            roles=sorted(str(role) for role in roles),
            is_setup=is_setup,
            invited_by_id=actor.id if actor else None,
            created_at=moment,
            expires_at=moment + timedelta(hours=hours),
        )
    )
    session.flush()
    return token


def open_invitation(session: Session, token: str) -> Invitation:
    """Return an invitation that can still be used. Raises NotFoundError otherwise, whatever the cause."""
    found = session.scalar(
        sa.select(Invitation).where(
            Invitation.token_hash == signin.hash_token(token),
            Invitation.used_at.is_(None),
            Invitation.expires_at > clock.now(),
        )
    )
    if found is None or (found.is_setup and not needs_setup(session)):
        raise NotFoundError("This link was used already, or has expired.", cure="Ask for a new one.")
    return found


def accept_invitation(
    session: Session, settings: Settings, token: str, *, email: str, name: str, password: str
) -> Person:
    """Make the invited account. Two people with one link: the database lets one through."""
    invitation = open_invitation(session, token)
    used = session.execute(
        sa.update(Invitation)
        .where(Invitation.id == invitation.id, Invitation.used_at.is_(None))
        .values(used_at=clock.now())
    )
    if used.rowcount != 1:  # type: ignore[attr-defined]
        raise ConflictError("This link was used a moment ago.")
    roles = {Role(name) for name in invitation.roles}
    return create_person(session, settings, email=invitation.email or email, name=name, password=password, roles=roles)
