"""The life of an item: which step is allowed, what it asks for, what it does.

draft -> in review -> approved -> pretest -> live -> retired, with approved -> live, in review -> draft,
live <-> suspended and suspended -> retired. Anything else is refused.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from qbank import clock, search
from qbank.accounts.models import Person
from qbank.annulments import rulings
from qbank.errors import ConflictError, InvalidError, NotFoundError
from qbank.items import pool, rechecks
from qbank.items.models import (
    Item,
    ItemState,
    ItemVersion,
    Option,
    ReviewVote,
    VersionDiscipline,
    VersionReference,
    Vote,
)
from qbank.items.store import lock_item, note_change
from qbank.media import links
from qbank.settings import Settings
from qbank.statistics.queries import first_deliveries

S = ItemState
STEPS: dict[ItemState, tuple[ItemState, ...]] = {
    S.DRAFT: (S.IN_REVIEW, S.REJECTED),
    S.IN_REVIEW: (S.APPROVED, S.DRAFT),
    S.APPROVED: (S.PRETEST, S.LIVE),
    S.PRETEST: (S.LIVE, S.RETIRED),
    S.LIVE: (S.SUSPENDED, S.RETIRED),
    S.SUSPENDED: (S.LIVE, S.RETIRED),
    S.RETIRED: (),
    S.REJECTED: (S.DRAFT,),
    S.SUPERSEDED: (),
}
PUBLISHED = frozenset({S.PRETEST, S.LIVE, S.SUSPENDED, S.RETIRED})
NEEDS_COMMENT = frozenset({(S.IN_REVIEW, S.DRAFT), (S.DRAFT, S.REJECTED), (S.LIVE, S.SUSPENDED)})
NAMES = {
    S.DRAFT: "draft",
    S.IN_REVIEW: "in review",
    S.APPROVED: "approved",
    S.PRETEST: "pretest",
    S.LIVE: "live",
    S.SUSPENDED: "suspended",
    S.RETIRED: "retired",
    S.REJECTED: "rejected",
    S.SUPERSEDED: "superseded",
}


def missing_parts(session: Session, version: ItemVersion, settings: Settings) -> list[str]:
    """Return everything that the version lacks to leave draft, each as a phrase; [] when it is complete."""
    # Asked for apart: reloading the version here would undo what its caller had loaded with it.
    options = session.scalars(sa.select(Option).where(Option.version_id == version.id).order_by(Option.ordinal)).all()
    references = _count(session, VersionReference, version)
    disciplines = _count(session, VersionDiscipline, version)
    keys = sum(1 for option in options if option.is_key)
    bare = [chr(65 + option.ordinal) for option in options if not option.rationale.strip()]
    low, high = settings.options_min, settings.options_max
    # A stem that holds the question needs no lead-in of its own.
    asks = bool(version.lead_in.strip()) or version.stem.rstrip().endswith("?")
    checks = (
        (bool(version.stem.strip()), "a stem"),
        (asks, "a lead-in that asks one question"),
        (low <= len(options) <= high, f"{low} to {high} options (it has {len(options)})"),
        (all(option.text.strip() for option in options), "a text for every option"),
        (keys == 1, f"exactly one key (it has {keys})"),
        (not bare, f"a rationale for option {', '.join(bare)}"),
        (references > 0, "at least one reference"),
        (version.system_id is not None, "one system"),
        (disciplines > 0, "at least one discipline"),
        (version.task_id is not None, "one task"),
    )
    return [phrase for fine, phrase in checks if not fine] + links.faults(session, version, options)


def _count(session: Session, links: type[VersionReference | VersionDiscipline], version: ItemVersion) -> int:
    return session.scalar(sa.select(sa.func.count()).where(links.version_id == version.id)) or 0


def _writers(session: Session, version: ItemVersion) -> set[int | None]:
    """Return who changed the item since it was last approved: they cannot approve it."""
    approved = (
        sa.select(sa.func.coalesce(sa.func.max(ItemVersion.number), 0))
        .where(
            ItemVersion.item_id == version.item_id,
            ItemVersion.number < version.number,
            ItemVersion.state.in_([*PUBLISHED, S.APPROVED]),
        )
        .scalar_subquery()
    )
    query = sa.select(ItemVersion.author_id).where(
        ItemVersion.item_id == version.item_id,
        ItemVersion.number > approved,
        ItemVersion.number <= version.number,
    )
    return set(session.scalars(query))


def approvals(session: Session, version: ItemVersion) -> int:
    """Return how many people's last word on this version is to approve it."""
    return sum(1 for vote in latest_votes(session, version.id) if vote.vote is Vote.APPROVE)


def latest_votes(session: Session, version_id: int) -> list[ReviewVote]:
    """Return each reviewer's last vote on a version, oldest first."""
    query = sa.select(ReviewVote).where(ReviewVote.version_id == version_id).order_by(ReviewVote.id)
    last = {vote.reviewer_id: vote for vote in session.scalars(query)}
    return sorted(last.values(), key=lambda vote: vote.id)


def may_approve(session: Session, actor: Person, version: ItemVersion, settings: Settings) -> bool:
    """Return whether four eyes are kept if this person approves this version."""
    return settings.approvals_needed == 0 or actor.id not in _writers(session, version)


def cast_vote(
    session: Session,
    actor: Person,
    item_id: int,
    version_id: int,
    vote: Vote,
    comment: str,
    settings: Settings,
) -> ItemVersion:
    """Vote on the version in review. Enough approvals approve it; a rejection returns it to draft."""
    item = lock_item(session, item_id)
    version = _current(session, item, version_id)
    if version.state is not S.IN_REVIEW:
        raise ConflictError(f"This version is {NAMES[version.state]}, not in review: it takes no votes.")
    if vote is not Vote.APPROVE and not comment.strip():
        raise InvalidError("Say why.", problems={"comment": "A comment is needed to advise or to reject."})
    if vote is Vote.APPROVE and not may_approve(session, actor, version, settings):
        raise ConflictError("You changed this version: somebody else has to approve it.")
    session.add(
        ReviewVote(version_id=version.id, reviewer_id=actor.id, vote=vote, comment=comment.strip(), at=clock.now())
    )
    session.flush()
    if vote is Vote.REJECT:
        note_change(session, actor, version, S.DRAFT, comment.strip())
    elif vote is Vote.APPROVE and approvals(session, version) >= max(1, settings.approvals_needed):
        note_change(session, actor, version, S.APPROVED, comment.strip())
    session.flush()
    return version


def change_state(
    session: Session,
    actor: Person | None,
    item_id: int,
    version_id: int,
    to: ItemState,
    settings: Settings,
    comment: str = "",
) -> ItemVersion:
    """Take one step. Raises ConflictError for a step that is not allowed, InvalidError for what it lacks."""
    item = lock_item(session, item_id)
    version = _current(session, item, version_id)
    check_step(session, version, to, settings, comment)
    taken_back = version.state is S.REJECTED
    note_change(session, actor, version, to, comment.strip())
    if taken_back:
        session.flush()
        rechecks.look_again(session, version)
    if to in PUBLISHED:
        publish(session, actor, item, version)
    session.flush()
    pool.sync(session, [item.id])
    return version


def check_step(session: Session, version: ItemVersion, to: ItemState, settings: Settings, comment: str = "") -> None:
    """Raise what stands against a step, ConflictError or InvalidError; nothing is changed."""
    if to not in STEPS[version.state]:
        raise ConflictError(f"An item that is {NAMES[version.state]} cannot become {NAMES[to]}.")
    if (version.state, to) in NEEDS_COMMENT and not comment.strip():
        raise InvalidError("Say why.", problems={"comment": f"A comment is needed to make it {NAMES[to]}."})
    if to is S.IN_REVIEW and (missing := missing_parts(session, version, settings)):
        raise InvalidError(
            f"Before review the item still needs: {'; '.join(missing)}.",
            problems={"item": "; ".join(missing)},
        )
    if to is S.LIVE:
        _check_rulings(session, version)
    if to is S.APPROVED:
        _check_approval(session, version, settings)
    if (version.state, to) == (S.PRETEST, S.LIVE):
        _check_pretest(session, version, settings)


def _check_rulings(session: Session, version: ItemVersion) -> None:
    if rulings.in_force(session, [version.id]):
        raise ConflictError(
            "This version was annulled or has another key by now: learners do not get it again.",
            cure="Publish the version that mends it, or take the decision back first.",
        )


def _check_pretest(session: Session, version: ItemVersion, settings: Settings) -> None:
    needed = settings.pretest_min_deliveries
    if needed and (met := first_deliveries(session, version.id)) < needed:
        raise ConflictError(
            f"Too few learners have met it to judge its figures: {met} of {needed}.",
            cure="It stays in pretest until then.",
        )


def _check_approval(session: Session, version: ItemVersion, settings: Settings) -> None:
    needed = settings.approvals_needed
    if needed and approvals(session, version) < needed:
        raise ConflictError(f"It needs {needed} approval{'s' if needed > 1 else ''} by somebody who did not write it.")


def publish(session: Session, actor: Person | None, item: Item, version: ItemVersion) -> None:
    """Make this version the one that learners get; the one before it steps back."""
    before = item.published_version_id
    if before is not None and before != version.id:
        old = session.get(ItemVersion, before)
        if old is not None and old.state is not S.SUPERSEDED:
            note_change(session, actor, old, S.SUPERSEDED, f"version {version.number} took its place")
        search.forget(session, [before])
    item.published_version_id = version.id
    if item.draft_version_id == version.id:
        item.draft_version_id = None


def _current(session: Session, item: Item, version_id: int) -> ItemVersion:
    """Return the version if it is one of the item's two pointers; a page may show an old one."""
    version = session.get(ItemVersion, version_id)
    if version is None or version.item_id != item.id:
        raise NotFoundError("There is no such version of this item.")
    session.refresh(version, ["state"])
    if version.id not in (item.draft_version_id, item.published_version_id):
        raise ConflictError("There is a newer version by now.", cure="Look at that one first.")
    return version
