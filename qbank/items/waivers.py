"""Flaw warnings that an author dismissed, each with the reason that reviewers see."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from qbank import clock
from qbank.accounts.models import Person
from qbank.errors import ConflictError, InvalidError, NotFoundError
from qbank.items import records
from qbank.items.checks import Note, findings
from qbank.items.models import FlawWaiver, Item, ItemVersion
from qbank.security import audit

MAX_REASON = 1000
PREFIX = "dismiss|"  # of the authoring form's fields: then the code, a bar, and the field of the finding


@dataclass(frozen=True, slots=True)
class Waived:
    """A dismissed finding: what the check says, and who dismissed it why."""

    note: Note
    waiver: FlawWaiver
    by: str


@dataclass(frozen=True, slots=True)
class Checked:
    """What the checks say of an item: what stands, and apart from it what was dismissed."""

    standing: list[Note]
    waived: list[Waived]


def of_items(session: Session, item_ids: Iterable[int]) -> dict[int, list[tuple[FlawWaiver, str]]]:
    """Return the waivers of these items with the names of the people behind them. One query."""
    query = (
        sa.select(FlawWaiver, Person.name)
        .outerjoin(Person, Person.id == FlawWaiver.person_id)
        .where(FlawWaiver.item_id.in_(list(item_ids)))
        .order_by(FlawWaiver.id)
    )
    found: dict[int, list[tuple[FlawWaiver, str]]] = defaultdict(list)
    for waiver, name in session.execute(query):
        found[waiver.item_id].append((waiver, name or ""))
    return found


def split(notes: Sequence[Note], waivers: Sequence[tuple[FlawWaiver, str]]) -> Checked:
    """Set the dismissed findings apart. An error is never set apart: it cannot be dismissed."""
    by_place = {(waiver.code, waiver.field): (waiver, name) for waiver, name in waivers}
    standing: list[Note] = []
    waived: list[Waived] = []
    for note in notes:
        known = by_place.get((note.code, note.field))
        if known is None or note.severity == "error":
            standing.append(note)
        else:
            waived.append(Waived(note, *known))
    return Checked(standing, waived)


def _fires(session: Session, version_id: int) -> dict[tuple[str, str], str]:
    """Return code and field of what the checks say of a stored version, with the severity."""
    record = records.to_record(records.load_versions(session, [version_id])[version_id])
    return {(note.code, note.field): note.severity for note in reversed(findings(record))}  # the worst wins


def waive(session: Session, actor: Person, item_id: int, code: str, field: str, reason: str) -> FlawWaiver:
    """Dismiss a finding on an item's newest version; doing it again changes the reason. It is in the audit log.

    Raises NotFoundError, InvalidError without a reason or for an error, ConflictError where the finding is gone.
    """
    item = session.scalar(sa.select(Item).where(Item.id == item_id).with_for_update())
    version_id = (item.draft_version_id or item.published_version_id) if item is not None else None
    if version_id is None:
        raise NotFoundError("There is no such item.")
    _check_reason(reason)
    severity = _fires(session, version_id).get((code, field))
    if severity is None:
        raise ConflictError("The checks no longer find this.", cure="The page shows what they say now.")
    if severity == "error":
        raise InvalidError("An error cannot be dismissed.", problems={"code": "it has to be mended"})
    place = (FlawWaiver.item_id == item_id, FlawWaiver.code == code, FlawWaiver.field == field)
    waiver = session.scalar(sa.select(FlawWaiver).where(*place))
    if waiver is None:
        waiver = FlawWaiver(item_id=item_id, code=code, field=field)
        session.add(waiver)
    waiver.reason, waiver.person_id, waiver.at = reason.strip(), actor.id, clock.now()
    audit.record(
        session, "flaw dismissed", person_id=actor.id, subject=f"item {item_id}", code=code, field=field, reason=reason
    )
    return waiver


def _check_reason(reason: str) -> None:
    if not reason.strip():
        raise InvalidError("Say why it is no flaw here.", problems={"reason": "A reason is needed."})
    if len(reason) > MAX_REASON:
        raise InvalidError("The reason is too long.", problems={"reason": f"At most {MAX_REASON:,} characters."})


def undo(session: Session, actor: Person, item_id: int, waiver_id: int) -> None:
    """Let a dismissed finding stand again. Raises NotFoundError when it does already."""
    waiver = session.scalar(
        sa.select(FlawWaiver).where(FlawWaiver.id == waiver_id, FlawWaiver.item_id == item_id).with_for_update()
    )
    if waiver is None:
        raise NotFoundError("There is no such dismissal (any more).")
    _drop(session, actor, waiver)


def _drop(session: Session, actor: Person | None, waiver: FlawWaiver) -> None:
    session.delete(waiver)
    audit.record(
        session,
        "flaw stands again",
        person_id=actor.id if actor else None,
        subject=f"item {waiver.item_id}",
        code=waiver.code,
        field=waiver.field,
        reason=waiver.reason,
    )


def follow_edit(session: Session, actor: Person | None, version: ItemVersion) -> None:
    """Drop the waivers whose finding the version just saved no longer gives: should it come back, it stands."""
    waivers = session.scalars(sa.select(FlawWaiver).where(FlawWaiver.item_id == version.item_id)).all()
    if not waivers:
        return
    fires = _fires(session, version.id)
    for waiver in waivers:
        if (waiver.code, waiver.field) not in fires:
            _drop(session, actor, waiver)
