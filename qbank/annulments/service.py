"""Deciding on a version: annul it, change its key, or take that back; everything that hangs on it follows at once.

One transaction: either the decision holds and every score, standing and count agrees with it, or nothing happened.
The blocks that hold the version are locked first, so that one that is being closed at that moment is either scored
before and scored again here, or closed after and scored by the decision. Old scores stay; the new one is the next
revision, with the reason.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from qbank import clock
from qbank.accounts.models import Person
from qbank.annulments import cards, planning, standings
from qbank.annulments.models import Annulment, AnnulmentKind, ScoreNotice
from qbank.annulments.planning import Case, Decision, Moved
from qbank.blocks.models import Block, BlockScore, Delivery
from qbank.db.engine import begin_write
from qbank.errors import ConflictError, InvalidError, NotFoundError
from qbank.items import lifecycle, pool, records, store
from qbank.items.models import ItemState, ItemVersion
from qbank.security import audit
from qbank.settings import Settings
from qbank.statistics import counters

MAX_REASON = 2_000
MAX_LINE = 500
TOLD = {
    AnnulmentKind.ANNULLED: "An item was annulled",
    AnnulmentKind.KEY_CHANGED: "The key of an item was changed",
    AnnulmentKind.TAKEN_BACK: "A decision on an item was taken back",
}


class PreviewOutdatedError(ConflictError):
    """What the preview showed is no longer so; nothing was changed."""

    def __init__(self) -> None:
        super().__init__(
            "Answers or decisions came in since the preview was made. Nothing was changed.",
            cure="Look at the new preview and confirm again.",
        )


@dataclass(frozen=True, slots=True)
class Decided:
    """What a decision did. ``draft`` is the new version with the new key, where one was made."""

    ruling: Annulment
    blocks: int
    suspended: bool
    draft: ItemVersion | None


def decide(
    session: Session, actor: Person, settings: Settings, decision: Decision, *, reason: str, token: str
) -> Decided:
    """Carry a decision out; ``token`` is that of the preview.

    The caller has made sure that the actor may review. Raises InvalidError by field, NotFoundError, ConflictError
    where the decision makes no sense any more, and PreviewOutdatedError where the preview is no longer true.
    """
    words = _reason(reason)
    begin_write(session)
    _lock(session, decision.version_id)
    try:
        case = planning.look(session, decision)
    except ConflictError as error:
        if token:  # it made sense when the preview was shown
            raise PreviewOutdatedError from error
        raise
    if planning.token_of(session, case) != token:
        raise PreviewOutdatedError
    ruling = _rule(session, actor, case, words)
    blocks = _rescore(session, case, ruling)
    _restate(session, case, ruling)
    pool.sync(session, [case.item.id])
    suspended = _suspend(session, actor, settings, case, words)
    draft = _draft(session, actor, case) if decision.kind is AnnulmentKind.KEY_CHANGED else None
    _note(session, actor, case, ruling, blocks)
    session.expire_all()  # rows were changed behind the session's back
    return Decided(ruling, blocks, suspended, draft)


def _reason(text: str) -> str:
    words = text.replace("\r\n", "\n").strip()
    if not words:
        raise InvalidError("Say why.", problems={"reason": "Learners whose score changes read this reason."})
    if len(words) > MAX_REASON:
        raise InvalidError("Too long.", problems={"reason": f"Write at most {MAX_REASON:,} characters."})
    return words


def _lock(session: Session, version_id: int) -> None:
    """Lock the item, then every block that holds the version, in the order of their ids."""
    item_id = session.scalar(sa.select(ItemVersion.item_id).where(ItemVersion.id == version_id))
    if item_id is None:
        raise NotFoundError("There is no such version of an item.")
    store.lock_item(session, item_id)
    held = sa.select(Delivery.block_id).where(Delivery.version_id == version_id)
    session.execute(sa.select(Block.id).where(Block.id.in_(held)).order_by(Block.id).with_for_update()).all()


def _rule(session: Session, actor: Person, case: Case, reason: str) -> Annulment:
    now, decision = clock.now(), case.decision
    if case.held is not None:
        case.held.ended_at = now
        session.flush()
    ruling = Annulment(
        version_id=case.version.id,
        kind=decision.kind,
        old_option_id=min(case.keys_before) if decision.kind is AnnulmentKind.KEY_CHANGED else None,
        new_option_id=decision.option_id,
        reason=reason,
        person_id=actor.id,
        at=now,
        ended_at=now if decision.kind is AnnulmentKind.TAKEN_BACK else None,
    )
    session.add(ruling)
    try:
        session.flush()
    except IntegrityError:
        raise PreviewOutdatedError from None
    return ruling


def _rescore(session: Session, case: Case, ruling: Annulment) -> int:
    """Write the new scores and tell their learners, then move the deliveries. Return how many blocks changed."""
    told = f"{TOLD[case.decision.kind]}: {' '.join(ruling.reason.split())}"
    line = told if len(told) <= MAX_LINE else told[: MAX_LINE - 1] + "…"
    changed = 0
    for rows in planning.all_moved(session, case):
        changed += len(rows)
        _write_scores(session, rows, ruling, line)
    then = planning.outcome_then(case.keys_after)
    mine = sa.update(Delivery).where(Delivery.version_id == case.version.id)
    for update in (
        mine.where(Delivery.outcome.is_not(None), Delivery.outcome != then).values(outcome=then),
        mine.values(annulled_at=ruling.at if case.annulled_after else None),
    ):
        session.execute(update.execution_options(synchronize_session=False))
    return changed


def _write_scores(session: Session, rows: Sequence[Moved], ruling: Annulment, reason: str) -> None:
    values = [_score(row, reason, ruling.at) for row in rows]
    statement = sa.insert(BlockScore).returning(BlockScore.id, sort_by_parameter_order=True)
    made = list(session.scalars(statement, values))
    notices = [
        {
            "person_id": row.person_id, "block_id": row.block_id, "annulment_id": ruling.id,
            "old_score_id": row.score.id, "new_score_id": new_id, "made_at": ruling.at,
        }
        for row, new_id in zip(rows, made, strict=True)
    ]  # fmt: skip
    session.execute(sa.insert(ScoreNotice), notices)


def _score(row: Moved, reason: str, at: datetime) -> dict[str, Any]:
    return {
        "block_id": row.block_id, "revision": row.score.revision + 1, "correct": row.after.correct,
        "incorrect": row.after.incorrect, "omitted": row.after.omitted, "scored": row.after.scored,
        "pretest": row.score.pretest, "annulled": row.after.annulled, "seconds": row.score.seconds,
        "partial": row.score.partial, "reason": reason, "made_at": at,
    }  # fmt: skip


def _restate(session: Session, case: Case, ruling: Annulment) -> None:
    standings.restate(session, case.item.id)
    counters.recount(session, [case.version.id])
    if case.annulled_after != case.annulled_before:
        cards.follow(session, case, ruling)


def _suspend(session: Session, actor: Person, settings: Settings, case: Case, reason: str) -> bool:
    """Take a live item out of new blocks: it asks what it should not, or its text calls the wrong option the key."""
    version = case.version
    if case.decision.kind is AnnulmentKind.TAKEN_BACK or version.state is not ItemState.LIVE:
        return False
    comment = f"{TOLD[case.decision.kind]}: {reason}"
    lifecycle.change_state(session, actor, case.item.id, version.id, ItemState.SUSPENDED, settings, comment)
    return True


def _draft(session: Session, actor: Person, case: Case) -> ItemVersion | None:
    """Make the next version with the new key, unless the item has been worked on since."""
    newest = store.newest_version(session, case.item)
    if newest.id != case.version.id:
        return None
    version = records.load_versions(session, [case.version.id])[case.version.id]
    disciplines = tuple(taxon.id for taxon in version.disciplines)
    content = records.content_of(
        version, system_id=version.system_id, task_id=version.task_id, discipline_ids=disciplines
    )
    place = next(place for place, option in enumerate(case.options) if option.id == case.decision.option_id)
    options = tuple(replace(option, is_key=at == place) for at, option in enumerate(content.options))
    saved = store.save_version(
        session, actor, case.item.id, replace(content, options=options), base_version_id=newest.id
    )
    return saved.version


def _note(session: Session, actor: Person, case: Case, ruling: Annulment, blocks: int) -> None:
    audit.record(
        session,
        f"version {case.decision.kind}".replace("_", " "),
        person_id=actor.id,
        subject=f"item {case.item.external_id} version {case.version.number}",
        annulment=ruling.id,
        keys_before=sorted(case.keys_before),
        keys_after=sorted(case.keys_after),
        blocks=blocks,
    )
