"""Reports of problems with items: made by learners from an explanation, resolved by reviewers with a reply.

A report is about the version that was met. Who made it is for the staff to see; the one who made it sees what came
of it. Making, resolving and opening again are in the audit log.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from qbank import clock
from qbank.accounts.models import Person
from qbank.blocks.after_models import Problem, ProblemReport, Resolution
from qbank.blocks.closing import close_if_due, own_block
from qbank.blocks.models import Block
from qbank.blocks.showing import find_delivery, may_explain
from qbank.db.engine import begin_write
from qbank.errors import ConflictError, InvalidError, NotAllowedError, NotFoundError
from qbank.security import audit

MAX_TEXT = 2_000
MAX_OPEN = 50  # of one person: a queue that one learner can fill is no queue
PROBLEM_NAMES = {
    Problem.WRONG_KEY: "The key is wrong",
    Problem.UNCLEAR: "Unclear wording",
    Problem.TYPING_ERROR: "Typing error",
    Problem.OUTDATED: "Outdated",
    Problem.IMAGE: "Something is wrong with an image",
    Problem.OTHER: "Something else",
}
RESOLUTION_NAMES = {
    Resolution.CORRECTED: "Corrected",
    Resolution.KEY_CHANGED: "Key changed",
    Resolution.NO_CHANGE: "No change needed",
    Resolution.DUPLICATE: "Reported before",
}
ALREADY = "You have reported this item already, and the report is still open."
NOT_OPEN = "This report has been resolved already."
STILL_OPEN = "This report is still open."


def _text(value: str, name: str, missing: str) -> str:
    text = value.replace("\r\n", "\n").strip()
    if not text:
        raise InvalidError(missing, problems={name: missing})
    if len(text) > MAX_TEXT:
        raise InvalidError("The text is too long.", problems={name: f"Write at most {MAX_TEXT:,} characters."})
    return text


def open_report(session: Session, block: Block, position: int) -> ProblemReport | None:
    """Return the open report of this item of the block; None where there is none."""
    delivery = find_delivery(session, block, position)
    return session.scalar(
        sa.select(ProblemReport).where(ProblemReport.delivery_id == delivery.id, ProblemReport.resolved_at.is_(None))
    )


def report(session: Session, person: Person, token: str, position: int, problem: str, text: str) -> ProblemReport:
    """Report a problem with an item whose explanation this person may see.

    Raises NotFoundError for a block that is not theirs, NotAllowedError while the answer can still change,
    InvalidError by field, ConflictError where a report of the item is open, or too many of this person's are.
    """
    begin_write(session)
    block = own_block(session, person, token)
    close_if_due(session, block)
    delivery = find_delivery(session, block, position)
    if not may_explain(block, delivery):
        raise NotAllowedError("A problem can be reported once the answer can no longer change.")
    if problem not in set(Problem):
        raise InvalidError("The report was not sent.", problems={"problem": "Say what is wrong."})
    words = _text(text, "text", "Describe the problem, so that somebody can mend it.")
    if open_report(session, block, position) is not None:
        raise ConflictError(ALREADY, cure="Wait for its outcome; it is in the list of your reports.")
    _refuse_flood(session, person)
    made = ProblemReport(
        person_id=person.id, delivery_id=delivery.id, problem=Problem(problem), text=words, made_at=clock.now()
    )
    session.add(made)
    try:
        session.flush()
    except IntegrityError:  # a double click
        raise ConflictError(ALREADY, cure="Wait for its outcome; it is in the list of your reports.") from None
    audit.record(session, "problem reported", person_id=person.id, subject=f"report {made.id}", item=delivery.item_id)
    return made


def _refuse_flood(session: Session, person: Person) -> None:
    query = sa.select(sa.func.count()).where(ProblemReport.person_id == person.id, ProblemReport.resolved_at.is_(None))
    if (session.scalar(query) or 0) >= MAX_OPEN:
        raise ConflictError(f"{MAX_OPEN} of your reports are still open.", cure="Wait until some are resolved.")


def _change(session: Session, report_id: int, *, resolved: bool, values: dict[str, Any]) -> bool:
    """Change a report that is in this state; return False where it is not: the first of two wins."""
    state = ProblemReport.resolved_at.is_not(None) if resolved else ProblemReport.resolved_at.is_(None)
    update = sa.update(ProblemReport).where(ProblemReport.id == report_id, state).values(values)
    done = session.execute(update.execution_options(synchronize_session=False))
    return bool(done.rowcount)  # type: ignore[attr-defined]


def _existing(session: Session, report_id: int) -> ProblemReport:
    found = session.get(ProblemReport, report_id, populate_existing=True)
    if found is None:
        raise NotFoundError("There is no such report.")
    return found


def resolve(session: Session, actor: Person, report_id: int, resolution: str, reply: str) -> ProblemReport:
    """Resolve an open report with an outcome and a reply that its maker sees.

    The caller has made sure that the actor may review. Raises NotFoundError, InvalidError by field, and
    ConflictError where somebody has resolved it before.
    """
    begin_write(session)
    _existing(session, report_id)
    if resolution not in set(Resolution):
        raise InvalidError("The report was not resolved.", problems={"resolution": "Choose an outcome."})
    words = _text(reply, "reply", "Write what the reporter should know.")
    values = {
        "resolved_at": clock.now(), "resolved_by_id": actor.id, "resolution": Resolution(resolution), "reply": words,
        "seen_at": None,
    }  # fmt: skip
    if not _change(session, report_id, resolved=False, values=values):
        raise ConflictError(NOT_OPEN, cure="Load the list again to see its outcome.")
    audit.record(session, "problem resolved", person_id=actor.id, subject=f"report {report_id}", resolution=resolution)
    return _existing(session, report_id)


def reopen(session: Session, actor: Person, report_id: int) -> ProblemReport:
    """Take a resolution back: the report is open again. Raises NotFoundError, and ConflictError where it is open."""
    begin_write(session)
    held = _existing(session, report_id)
    delivery_id, before = held.delivery_id, held.resolution
    other = sa.select(ProblemReport.id).where(
        ProblemReport.delivery_id == delivery_id, ProblemReport.resolved_at.is_(None), ProblemReport.id != report_id
    )
    if session.scalar(other) is not None:
        raise ConflictError("The learner has reported the same item again.", cure="Resolve the newer report.")
    values = {"resolved_at": None, "resolved_by_id": None, "resolution": None, "reply": "", "seen_at": None}
    if not _change(session, report_id, resolved=True, values=values):
        raise ConflictError(STILL_OPEN)
    audit.record(session, "problem opened again", person_id=actor.id, subject=f"report {report_id}", before=str(before))
    return _existing(session, report_id)


def mark_seen(session: Session, person: Person) -> None:
    """Note that this person has seen the outcomes of their reports."""
    begin_write(session)
    session.execute(
        sa.update(ProblemReport)
        .where(
            ProblemReport.person_id == person.id,
            ProblemReport.resolved_at.is_not(None),
            ProblemReport.seen_at.is_(None),
        )
        .values(seen_at=clock.now())
        .execution_options(synchronize_session=False)
    )
