"""One step in the life of many items: what would move and what is refused is said before anything is done.

Each item takes its step on its own, by the rules of ``lifecycle``: what refuses one does not stop the others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from qbank.accounts.models import Person
from qbank.errors import ConflictError, InvalidError, NotFoundError
from qbank.items import lifecycle, queries
from qbank.items.models import Item, ItemState, ItemVersion, Vote
from qbank.security import audit
from qbank.settings import Settings

MAX_ITEMS = 500
MAX_COMMENT = 5000
S = ItemState
# What may be asked of many at once. "approved" is the person's vote wherever votes are needed.
STEPS = (S.IN_REVIEW, S.APPROVED, S.DRAFT, S.PRETEST, S.LIVE, S.SUSPENDED, S.RETIRED)


@dataclass(frozen=True, slots=True)
class Line:
    """One item of a plan or a report: the version that stands, and why it is refused ("" where it moves)."""

    item: Item
    version: ItemVersion
    reason: str = ""
    outcome: str = ""  # after the step: the state that it is in now


@dataclass(frozen=True, slots=True)
class Plan:
    """What a step would do to the chosen items, or did."""

    moving: list[Line]
    refused: list[Line]


def choose(session: Session, item_ids: Sequence[int]) -> dict[int, int]:
    """Return the version that a step would move, by item: the newest of each. Unknown ids are left out."""
    query = sa.select(Item.id, sa.func.coalesce(Item.draft_version_id, Item.published_version_id)).where(
        Item.id.in_(list(dict.fromkeys(item_ids))[:MAX_ITEMS])
    )
    return {item_id: version_id for item_id, version_id in session.execute(query) if version_id is not None}


def choose_matching(session: Session, chosen: queries.ItemFilter) -> tuple[dict[int, int], int]:
    """Return the items that a filter shows, at most 500, each with its newest version; and how many match."""
    rows, total = queries.items(session, chosen, limit=MAX_ITEMS, offset=0)
    return {row.item.id: row.version.id for row in rows}, total


def plan(
    session: Session, actor: Person, chosen: Mapping[int, int], to: ItemState, comment: str, settings: Settings
) -> Plan:
    """Return which of the chosen items would take the step, and why the others would not. Nothing is changed."""
    moving, refused = [], []
    for item, version in _rows(session, chosen):
        try:
            _check(session, actor, item, version, to, comment, settings)
        except (ConflictError, InvalidError) as error:
            refused.append(Line(item, version, reason=_said(error)))
        else:
            moving.append(Line(item, version))
    return Plan(moving, refused)


def _rows(session: Session, chosen: Mapping[int, int]) -> list[tuple[Item, ItemVersion]]:
    query = (
        sa.select(Item, ItemVersion)
        .join(ItemVersion, ItemVersion.item_id == Item.id)
        .where(ItemVersion.id.in_(list(chosen.values())[:MAX_ITEMS]))
        .order_by(Item.id)
    )
    return [(item, version) for item, version in session.execute(query) if chosen.get(item.id) == version.id]


def _votes(to: ItemState, settings: Settings) -> bool:
    """Return whether the step is a vote and not a change of state."""
    return to is S.APPROVED and settings.approvals_needed > 0


def _check(
    session: Session,
    actor: Person,
    item: Item,
    version: ItemVersion,
    to: ItemState,
    comment: str,
    settings: Settings,
) -> None:
    if version.id not in (item.draft_version_id, item.published_version_id):
        raise ConflictError("There is a newer version by now.")
    if not _votes(to, settings):
        lifecycle.check_step(session, version, to, settings, comment)
    elif version.state is not S.IN_REVIEW:
        raise ConflictError(f"It is {lifecycle.NAMES[version.state]}, not in review: it takes no votes.")
    elif not lifecycle.may_approve(session, actor, version, settings):
        raise ConflictError("You changed this version: somebody else has to approve it.")


def _said(error: ConflictError | InvalidError) -> str:
    problem = error.problems.get("comment", "") if isinstance(error, InvalidError) else ""
    return f"{error.message} {problem}".strip()


def carry_out(
    session: Session, actor: Person, chosen: Mapping[int, int], to: ItemState, comment: str, settings: Settings
) -> Plan:
    """Let each of the chosen items take the step that it may take. It is written in the audit log.

    ``chosen`` maps items to the versions that the person saw: one that has another by now is refused.
    """
    if len(comment) > MAX_COMMENT:
        raise InvalidError("The comment is too long.", problems={"comment": f"At most {MAX_COMMENT:,} characters."})
    moving, refused = [], []
    for item, version in _rows(session, chosen):
        before = version.state
        try:
            with session.begin_nested():
                moved = _step(session, actor, item, version, to, comment, settings)
        except (ConflictError, InvalidError, NotFoundError) as error:
            said = _said(error) if not isinstance(error, NotFoundError) else error.message
            refused.append(Line(item, version, reason=said))
            continue
        waits = moved.state is before
        moving.append(Line(item, moved, outcome="noted, more approvals needed" if waits else ""))
    audit.record(
        session,
        "items moved together",
        person_id=actor.id,
        subject=f"{len(moving)} items",
        to=str(to),
        items=[line.item.id for line in moving],
        refused=[line.item.id for line in refused],
    )
    return Plan(moving, refused)


def _step(
    session: Session,
    actor: Person,
    item: Item,
    version: ItemVersion,
    to: ItemState,
    comment: str,
    settings: Settings,
) -> ItemVersion:
    if _votes(to, settings):
        return lifecycle.cast_vote(session, actor, item.id, version.id, Vote.APPROVE, comment, settings)
    return lifecycle.change_state(session, actor, item.id, version.id, to, settings, comment)
