"""The items on a vignette: letting them follow a new text, putting them on it and taking them off.

Each of these is a new draft version of the item (or none, where nothing changes).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import sqlalchemy as sa
from sqlalchemy.orm import Session

from qbank.accounts.models import Person
from qbank.errors import ConflictError, NotFoundError
from qbank.items import records, store
from qbank.items.content import Provenance
from qbank.items.models import Item, ItemVersion, VignetteVersion
from qbank.items.rechecks import AT_REST
from qbank.items.vignettes import newest

MAX_FOLLOWERS = 200  # items on one vignette that one page shows, and one save moves


@dataclass(frozen=True, slots=True)
class Follower:
    """An item whose newest version stands on a vignette; ``number`` is the vignette version that it pins."""

    item: Item
    version: ItemVersion
    number: int

    @property
    def published(self) -> bool:
        """Return whether learners get, or may get again, a version of it."""
        return self.item.published_version_id is not None


@dataclass(frozen=True, slots=True)
class Followed:
    """What became of the items that were to follow: the new versions, and the ids refused with the reason."""

    moved: list[ItemVersion]
    refused: list[tuple[str, str]]


def followers(session: Session, vignette_id: int) -> list[Follower]:
    """Return the items whose newest version stands on any version of this vignette and may still change, by id."""
    query = (
        sa.select(Item, ItemVersion, VignetteVersion.number)
        .join(ItemVersion, ItemVersion.id == sa.func.coalesce(Item.draft_version_id, Item.published_version_id))
        .join(VignetteVersion, VignetteVersion.id == ItemVersion.vignette_version_id)
        .where(VignetteVersion.vignette_id == vignette_id, ItemVersion.state.not_in(AT_REST))
        .order_by(Item.id)
        .limit(MAX_FOLLOWERS)
    )
    return [Follower(item, version, number) for item, version, number in session.execute(query)]


def follow(session: Session, actor: Person, vignette_id: int, chosen: Mapping[int, int]) -> Followed:
    """Give each chosen item a new draft version on the newest text. ``chosen`` maps items to the version seen.

    An item that somebody saved in the meantime, or took off the vignette, is refused; the others go on.
    """
    text = newest(session, vignette_id)
    allowed = {each.item.id: each for each in followers(session, vignette_id)}
    moved, refused = [], []
    for item_id, seen in chosen.items():
        follower = allowed.get(item_id)
        if follower is None:
            refused.append((_name(session, item_id), "It does not stand on this vignette any more."))
            continue
        try:
            with session.begin_nested():
                saved = _repin(session, actor, item_id, seen, text.id)
        except ConflictError as error:
            refused.append((follower.item.external_id, error.message))
            continue
        if saved.changed:
            moved.append(saved.version)
    return Followed(moved, refused)


def _name(session: Session, item_id: int) -> str:
    return session.scalar(sa.select(Item.external_id).where(Item.id == item_id)) or f"item {item_id}"


def _repin(session: Session, actor: Person, item_id: int, seen: int, vignette_version_id: int | None) -> store.Saved:
    item = store.lock_item(session, item_id)
    current = store.newest_version(session, item)
    version = records.load_versions(session, [current.id])[current.id]
    content = records.content_of(
        version,
        system_id=version.system_id,
        task_id=version.task_id,
        discipline_ids=tuple(sorted(taxon.id for taxon in version.disciplines)),
    )
    spans = tuple(
        (row.statement_id, row.key_start, row.key_end)
        for row in version.statements
        if row.key_start is not None and row.key_end is not None
    )
    return store.save_version(
        session,
        actor,
        item_id,
        replace(content, vignette_version_id=vignette_version_id),
        base_version_id=seen,
        origin=version.origin,
        provenance=Provenance(rule=version.rule, confidence=version.confidence, key_spans=spans),
    )


def put_on(session: Session, actor: Person, vignette_id: int, external_id: str) -> store.Saved:
    """Put an item on the newest text of a vignette. Raises NotFoundError, ConflictError for one that is at rest."""
    item = session.scalar(sa.select(Item).where(Item.external_id == external_id))
    if item is None:
        raise NotFoundError(f"There is no item with the id {external_id[:100]!r}.")
    current = store.newest_version(session, item)
    if current.state in AT_REST:
        raise ConflictError("That item is at rest: a retired or rejected item gets no new version.")
    return _repin(session, actor, item.id, current.id, newest(session, vignette_id).id)


def take_off(session: Session, actor: Person, vignette_id: int, item_id: int, seen: int) -> store.Saved:
    """Take an item off a vignette. Raises NotFoundError, EditConflictError where it was saved in the meantime."""
    if all(each.item.id != item_id for each in followers(session, vignette_id)):
        raise NotFoundError("That item does not stand on this vignette.")
    return _repin(session, actor, item_id, seen, None)
