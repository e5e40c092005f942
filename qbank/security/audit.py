"""The append-only audit log."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session, sessionmaker

from qbank import clock
from qbank.accounts.models import AuditEvent
from qbank.db.engine import begin_write


def record(
    session: Session,
    action: str,
    *,
    person_id: int | None = None,
    subject: str = "",
    address: str = "",
    **detail: Any,
) -> None:
    """Add one line within the caller's transaction."""
    session.add(
        AuditEvent(
            at=clock.now(),
            person_id=person_id,
            action=action,
            subject=subject[:500],
            address=address[:100],
            detail=detail,
        )
    )
    session.flush()


def record_apart(sessions: sessionmaker[Session], action: str, **fields: Any) -> None:
    """Add one line in a transaction of its own: for denials, whose request is rolled back."""
    with sessions() as session:
        begin_write(session)
        record(session, action, **fields)
        session.commit()
