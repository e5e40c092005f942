"""What a learner prefers in the room."""

from __future__ import annotations

from sqlalchemy.orm import Session

from qbank.accounts.models import Person
from qbank.db.engine import begin_write

CONFIDENCE = "ask_confidence"


def asks_confidence(person: Person) -> bool:
    """Return whether the room asks how sure the learner is; yes, until it is switched off."""
    return person.preferences.get(CONFIDENCE, True) is not False


def set_asks_confidence(session: Session, person: Person, *, on: bool) -> None:
    """Switch the question on or off for this learner. What was said before stays."""
    begin_write(session)
    person.preferences = {**person.preferences, CONFIDENCE: on}
    session.flush()
