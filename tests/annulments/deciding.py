"""Short cuts for tests: a decision with the token of a preview made a moment before."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from qbank.accounts.models import Person
from qbank.annulments import planning, service
from qbank.annulments.models import AnnulmentKind
from qbank.annulments.planning import Decision
from qbank.items.models import Option
from qbank.settings import Settings

REASON = "It is wrong."


def decide(
    session: Session, actor: Person, settings: Settings, decision: Decision, reason: str = REASON
) -> service.Decided:
    """Look at the preview and confirm it."""
    token = planning.token_of(session, planning.look(session, decision))
    return service.decide(session, actor, settings, decision, reason=reason, token=token)


def annul(
    session: Session, actor: Person, settings: Settings, version_id: int, reason: str = REASON
) -> service.Decided:
    """Annul a version."""
    return decide(session, actor, settings, Decision(version_id, AnnulmentKind.ANNULLED), reason)


def rekey(session: Session, actor: Person, settings: Settings, version_id: int, option_id: int) -> service.Decided:
    """Give a version another key."""
    return decide(session, actor, settings, Decision(version_id, AnnulmentKind.KEY_CHANGED, option_id))


def back(session: Session, actor: Person, settings: Settings, version_id: int, reason: str = REASON) -> service.Decided:
    """Take the decision in force back."""
    return decide(session, actor, settings, Decision(version_id, AnnulmentKind.TAKEN_BACK), reason)


def options_of(session: Session, version_id: int) -> list[int]:
    """Return the ids of a version's options in their order."""
    return list(session.scalars(sa.select(Option.id).where(Option.version_id == version_id).order_by(Option.ordinal)))
