"""Server-side sign-ins: the cookie holds a random token, the database its hash. Ending the row signs out at once."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from qbank import clock
from qbank.accounts.models import Person, PersonState, SignIn

TOUCH_AFTER = timedelta(minutes=10)  # how stale last_seen_at may get before a write refreshes it


def hash_token(token: str) -> str:
    """Return what is stored of a random token. It has 256 random bits, so a plain hash is enough."""
    return hashlib.sha256(token.encode()).hexdigest()


class SignedIn:
    """The person of a request, as Flask-Login wants it; its id is the token, never the person's id."""

    is_authenticated = True
    is_active = True
    is_anonymous = False

    def __init__(self, token: str, person: Person, sign_in_id: int) -> None:
        self.token = token
        self.person = person
        self.sign_in_id = sign_in_id

    def get_id(self) -> str:
        """Return the token that Flask-Login keeps in the cookie."""
        return self.token


def start(session: Session, person: Person, *, days: int, user_agent: str = "") -> SignedIn:
    """Sign a person in and return what the cookie will hold."""
    token = secrets.token_urlsafe(32)
    moment = clock.now()
    row = SignIn(
        token_hash=hash_token(token),
        person_id=person.id,
        created_at=moment,
        last_seen_at=moment,
        expires_at=moment + timedelta(days=days),
        user_agent="".join(sign for sign in user_agent[:500] if sign.isprintable()),
    )
    session.add(row)
    session.flush()
    return SignedIn(token, person, row.id)


def find(session: Session, token: str, *, idle_days: int) -> SignedIn | None:
    """Return the live sign-in of a token; None when it ended, expired, lay idle, or the account is closed."""
    moment = clock.now()
    query = (
        sa.select(SignIn, Person)
        .join(Person, Person.id == SignIn.person_id)
        .where(
            SignIn.token_hash == hash_token(token),
            SignIn.ended_at.is_(None),
            SignIn.expires_at > moment,
            SignIn.last_seen_at > moment - timedelta(days=idle_days),
            Person.state == PersonState.ACTIVE,
        )
    )
    found = session.execute(query).first()
    if found is None:
        return None
    row, person = found
    return SignedIn(token, person, row.id)


def touch(session: Session, sign_in_id: int) -> None:
    """Note that the sign-in is in use, at most once in ten minutes."""
    moment = clock.now()
    session.execute(
        sa.update(SignIn)
        .where(SignIn.id == sign_in_id, SignIn.last_seen_at < moment - TOUCH_AFTER)
        .values(last_seen_at=moment)
    )


def end(session: Session, sign_in_id: int) -> None:
    """Sign one browser out."""
    session.execute(
        sa.update(SignIn).where(SignIn.id == sign_in_id, SignIn.ended_at.is_(None)).values(ended_at=clock.now())
    )


def end_all(session: Session, person_id: int, *, keep: int | None = None) -> None:
    """Sign a person out everywhere, but for one sign-in."""
    query = sa.update(SignIn).where(SignIn.person_id == person_id, SignIn.ended_at.is_(None))
    if keep is not None:
        query = query.where(SignIn.id != keep)
    session.execute(query.values(ended_at=clock.now()))
