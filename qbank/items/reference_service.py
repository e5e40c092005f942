"""The reference manager: adding, correcting and merging the references of the bank.

A reference says which work it is, and a version names the work: correcting its entry, or taking in a second entry
of the same work, changes nothing that an item says. So the links of every version follow a merge, old ones too, and
the hash of what they say is worked out again with the id that stays.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from qbank import clock, search
from qbank.accounts.models import Person
from qbank.articles.models import ArticleReference
from qbank.errors import ConflictError, InvalidError, NotFoundError
from qbank.items import rechecks, records
from qbank.items.check_models import CheckNeeded
from qbank.items.models import Item, ItemState, ItemVersion, VersionReference
from qbank.items.record import ReferenceRecord
from qbank.items.reference_models import ReferenceChange, ReferenceStep
from qbank.items.references import Reference, ReferenceAlias, fingerprint, is_merged, known
from qbank.security import audit

BATCH = 200  # versions whose hash is worked out at a time


class DuplicateError(ConflictError):
    """The bank holds this work already, under ``reference_id``."""

    def __init__(self, reference: Reference) -> None:
        super().__init__(
            "The bank holds this work already.",
            cure="Open the entry that is there, or merge the two.",
        )
        self.reference_id = reference.id


class StaleError(ConflictError):
    """Somebody changed the reference after the form was opened."""

    def __init__(self) -> None:
        super().__init__(
            "Somebody changed this reference while you were writing.",
            cure="Compare yours with what stands there now, and save again.",
        )


def base_of(record: ReferenceRecord) -> str:
    """Return what tells whether a reference still says what it said when its form was opened."""
    text = json.dumps(asdict(record), sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def find(session: Session, reference_id: int) -> Reference:
    """Return a reference; for one that was merged, the one that took it in. Raises NotFoundError."""
    survivor = sa.select(ReferenceAlias.reference_id).where(ReferenceAlias.merged_id == reference_id).scalar_subquery()
    query = sa.select(Reference).where(Reference.id == sa.func.coalesce(survivor, reference_id))
    found = session.scalar(query)
    if found is None:
        raise NotFoundError("There is no such reference.")
    return found


def _lock(session: Session, reference_id: int) -> Reference:
    query = sa.select(Reference).where(Reference.id == reference_id, sa.not_(is_merged())).with_for_update()
    found = session.scalar(query.execution_options(populate_existing=True))
    if found is None:
        raise NotFoundError("There is no such reference (any more).")
    return found


def add(session: Session, actor: Person, record: ReferenceRecord) -> Reference:
    """Add a reference. Raises DuplicateError where the bank holds the work."""
    mark = fingerprint(record)
    if (there := known(session, [mark]).get(mark)) is not None:
        raise DuplicateError(there)
    reference = Reference(fingerprint=mark, created_at=clock.now(), retracted_at=None, **asdict(record))
    session.add(reference)
    session.flush()
    _note(session, actor, reference, ReferenceStep.ADDED)
    audit.record(session, "reference added", person_id=actor.id, subject=f"reference {reference.id}")
    return reference


def live_items(session: Session, reference_id: int) -> int:
    """Return how many live items name a reference."""
    query = (
        sa.select(sa.func.count())
        .select_from(Item)
        .join(ItemVersion, ItemVersion.id == Item.published_version_id)
        .join(VersionReference, VersionReference.version_id == ItemVersion.id)
        .where(VersionReference.reference_id == reference_id, ItemVersion.state == ItemState.LIVE)
    )
    return session.scalar(query) or 0


def _items_naming(session: Session, reference_id: int) -> list[int]:
    """Return the items of which some version names a reference."""
    query = (
        sa.select(ItemVersion.item_id)
        .join(VersionReference, VersionReference.version_id == ItemVersion.id)
        .where(VersionReference.reference_id == reference_id)
    )
    return list(session.scalars(query.distinct()))


def edit(
    session: Session, actor: Person, reference_id: int, record: ReferenceRecord, *, base: str, confirmed: bool
) -> bool:
    """Correct a reference. ``base`` is `base_of` what the form was opened with. Return whether anything changed.

    Raises StaleError; DuplicateError where the entry would mean a work that the bank holds; InvalidError for
    ``confirm`` where live items name the reference and nobody has confirmed that it changes for them too.
    """
    reference = _lock(session, reference_id)
    before = reference.record()
    if before == record:
        return False
    if base != base_of(before):
        raise StaleError
    live = live_items(session, reference.id)
    if live and not confirmed:
        many = f"{live} live item names it" if live == 1 else f"{live} live items name it"
        raise InvalidError("Confirm the change.", problems={"confirm": f"{many}: tick the box to change it there too."})
    old = asdict(before)
    changed = {name: [old[name], value] for name, value in asdict(record).items() if old[name] != value}
    _take_fingerprint(session, reference, fingerprint(record))
    for name, (_old, value) in changed.items():
        setattr(reference, name, value)
    session.flush()
    search.refresh(session, _items_naming(session, reference.id))
    _note(session, actor, reference, ReferenceStep.EDITED, **changed)
    audit.record(
        session,
        "reference edited",
        person_id=actor.id,
        subject=f"reference {reference.id}",
        fields=sorted(changed),
        live_items=live,
    )
    return True


def _take_fingerprint(session: Session, reference: Reference, mark: str) -> None:
    """Give a reference another fingerprint; entries that still read as before go on finding it."""
    if mark == reference.fingerprint:
        return
    there = known(session, [mark]).get(mark)
    if there is not None and there.id != reference.id:
        raise DuplicateError(there)
    own = session.get(ReferenceAlias, mark)
    merged_id = own.merged_id if own is not None else None
    if own is not None:
        session.delete(own)
        session.flush()
    session.add(ReferenceAlias(fingerprint=reference.fingerprint, reference_id=reference.id, merged_id=merged_id))
    reference.fingerprint = mark
    session.flush()


def _note(session: Session, actor: Person, reference: Reference, step: ReferenceStep, **detail: Any) -> None:
    session.add(
        ReferenceChange(
            reference_id=reference.id, person_id=actor.id, kind=step, reason="", detail=detail, at=clock.now()
        )
    )
    session.flush()


@dataclass(frozen=True, slots=True)
class MergePlan:
    """What a merge moves: ``filled`` are the fields that the entry which stays lacks and takes over."""

    stays: Reference
    goes: Reference
    items: int
    versions: int
    articles: int
    filled: dict[str, Any]
    retracts: bool  # the one that stays becomes retracted, because the other is


def plan_merge(session: Session, stays_id: int, goes_id: int) -> MergePlan:
    """Return what merging would do. Raises NotFoundError, InvalidError for a reference with itself."""
    if stays_id == goes_id:
        raise InvalidError("A reference cannot be merged with itself.")
    first, second = (_lock(session, each) for each in sorted((stays_id, goes_id)))
    stays, goes = (first, second) if first.id == stays_id else (second, first)
    naming = sa.select(VersionReference.version_id).where(VersionReference.reference_id == goes.id)
    items = session.scalar(sa.select(sa.func.count(sa.distinct(ItemVersion.item_id))).where(ItemVersion.id.in_(naming)))
    versions = session.scalar(sa.select(sa.func.count()).select_from(naming.subquery()))
    articles = session.scalar(
        sa.select(sa.func.count(sa.distinct(ArticleReference.revision_id))).where(
            ArticleReference.reference_id == goes.id
        )
    )
    ours, theirs = asdict(stays.record()), asdict(goes.record())
    filled = {name: theirs[name] for name in ours if not ours[name] and theirs[name]}
    retracts = goes.retracted_at is not None and stays.retracted_at is None
    return MergePlan(stays, goes, items or 0, versions or 0, articles or 0, filled, retracts)


def merge(session: Session, actor: Person, stays_id: int, goes_id: int) -> MergePlan:
    """Take one reference into another: every link of every version and article moves, in this transaction.

    The entry that goes keeps its row, so that what names it elsewhere still finds its way, and its history; an
    article that lists it as it read finds the one that stays. Raises what `plan_merge` raises.
    """
    plan = plan_merge(session, stays_id, goes_id)
    stays, goes = plan.stays, plan.goes
    gone = asdict(goes.record())
    moved = _move_versions(session, stays.id, goes.id)
    _update(session, sa.update(ArticleReference).where(ArticleReference.reference_id == goes.id), stays.id)
    _move_flags(session, stays.id, goes.id)
    _update(session, sa.update(ReferenceAlias).where(ReferenceAlias.reference_id == goes.id), stays.id)
    mark, goes.fingerprint = goes.fingerprint, f"merged-{goes.id}"
    session.flush()
    session.add(ReferenceAlias(fingerprint=mark, reference_id=stays.id, merged_id=goes.id))
    session.flush()
    _fill(session, stays, plan.filled)
    if plan.retracts:
        stays.retracted_at = goes.retracted_at
    if stays.retracted_at is not None:
        rechecks.flag_naming(session, stays)
    _rehash(session, moved)
    search.refresh(session, _items_naming(session, stays.id))
    counts = {"items": plan.items, "versions": plan.versions, "articles": plan.articles}
    _note(session, actor, stays, ReferenceStep.MERGED, merged=gone, merged_id=goes.id, filled=plan.filled, **counts)
    audit.record(
        session,
        "references merged",
        person_id=actor.id,
        subject=f"reference {stays.id}",
        merged=goes.id,
        versions=plan.versions,
    )
    return plan


def _update(session: Session, statement: sa.Update, stays_id: int) -> None:
    session.execute(statement.values(reference_id=stays_id).execution_options(synchronize_session="fetch"))


def _move_versions(session: Session, stays_id: int, goes_id: int) -> list[int]:
    """Let every version name the reference that stays, once. Return the versions."""
    naming = sa.select(VersionReference.version_id).where(VersionReference.reference_id == goes_id)
    moved = list(session.scalars(naming.order_by(VersionReference.version_id)))
    both = sa.select(VersionReference.version_id).where(VersionReference.reference_id == stays_id)
    session.execute(
        sa.delete(VersionReference)
        .where(VersionReference.reference_id == goes_id, VersionReference.version_id.in_(both))
        .execution_options(synchronize_session="fetch")
    )
    # Not synchronised: the key of the link changes, and what is loaded is loaded again below.
    session.execute(
        sa.update(VersionReference)
        .where(VersionReference.reference_id == goes_id)
        .values(reference_id=stays_id)
        .execution_options(synchronize_session=False)
    )
    session.expire_all()
    return moved


def _move_flags(session: Session, stays_id: int, goes_id: int) -> None:
    """Let the checks follow; an item that is flagged for both keeps one."""
    waiting = sa.select(CheckNeeded.item_id).where(
        CheckNeeded.reference_id == stays_id, CheckNeeded.cleared_at.is_(None)
    )
    session.execute(
        sa.update(CheckNeeded)
        .where(
            CheckNeeded.reference_id == goes_id,
            CheckNeeded.cleared_at.is_(None),
            CheckNeeded.item_id.in_(waiting),
        )
        .values(cleared_at=clock.now(), comment="The reference was merged with its duplicate, which is flagged too.")
        .execution_options(synchronize_session=False)
    )
    session.execute(
        sa.update(CheckNeeded)
        .where(CheckNeeded.reference_id == goes_id)
        .values(reference_id=stays_id)
        .execution_options(synchronize_session=False)
    )
    session.expire_all()


def _fill(session: Session, stays: Reference, filled: dict[str, Any]) -> None:
    mark = fingerprint(replace(stays.record(), **filled))
    there = known(session, [mark]).get(mark)
    # Where a third entry holds that DOI it stays what it was: the pair turns up among the duplicates.
    if there is None or there.id == stays.id:
        _take_fingerprint(session, stays, mark)
    for name, value in filled.items():
        setattr(stays, name, value)
    session.flush()


def _rehash(session: Session, version_ids: list[int]) -> None:
    """Work out again what tells whether a save changes something: it counts the ids of the references."""
    for start in range(0, len(version_ids), BATCH):
        query = sa.select(ItemVersion).where(ItemVersion.id.in_(version_ids[start : start + BATCH]))
        query = query.options(*records.whole_version()).execution_options(populate_existing=True)
        for version in session.scalars(query).all():
            content = records.content_of(
                version,
                system_id=version.system_id,
                task_id=version.task_id,
                discipline_ids=tuple(sorted(taxon.id for taxon in version.disciplines)),
            )
            version.content_hash = content.digest()
        session.flush()
