"""Saving items: every save with a change makes a new version; a save that would overwrite another's is refused."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from qbank import clock, search
from qbank.accounts.models import Person
from qbank.errors import ConflictError, InvalidError, NotFoundError
from qbank.items import rechecks, waivers
from qbank.items.content import OptionContent, Provenance, VersionContent
from qbank.items.markers import split_marks
from qbank.items.models import (
    Item,
    ItemState,
    ItemVersion,
    Option,
    OptionStatement,
    Origin,
    StateChange,
    VersionDiscipline,
    VersionReference,
    VersionStatement,
)
from qbank.markup import render, render_inline
from qbank.media import links

# A newer draft takes the place of these; what learners get stays.
REPLACEABLE = frozenset({ItemState.DRAFT, ItemState.IN_REVIEW, ItemState.APPROVED, ItemState.REJECTED})


class EditConflictError(ConflictError):
    """Somebody saved first. ``current`` is the version that stands now; the caller still has its own text."""

    def __init__(self, current: ItemVersion) -> None:
        super().__init__(
            "Somebody saved this item while you were writing.",
            cure="Both texts are shown. Take over what you need and save again.",
        )
        self.current = current


@dataclass(frozen=True, slots=True)
class Saved:
    """The outcome of a save; ``changed`` is False when the text was the same."""

    item: Item
    version: ItemVersion
    changed: bool


def lock_item(session: Session, item_id: int) -> Item:
    """Return the item, locked until the transaction ends. Raises NotFoundError."""
    item = session.scalar(
        sa.select(Item).where(Item.id == item_id).with_for_update().execution_options(populate_existing=True)
    )
    if item is None:
        raise NotFoundError("There is no such item.")
    return item


def create_item(
    session: Session,
    actor: Person | None,
    content: VersionContent,
    *,
    external_id: str,
    origin: Origin,
    provenance: Provenance | None = None,
) -> Saved:
    """Make a new item with its first version in draft. Raises ConflictError for an external id in use."""
    if session.scalar(sa.select(Item.id).where(Item.external_id == external_id)) is not None:
        raise ConflictError(f"There is an item with the id {external_id} already.")
    item = Item(external_id=external_id, owner_id=actor.id if actor else None, created_at=clock.now(), versions_made=0)
    session.add(item)
    session.flush()
    version = _add_version(session, actor, item, content, origin, provenance or Provenance())
    return Saved(item, version, changed=True)


def save_version(
    session: Session,
    actor: Person | None,
    item_id: int,
    content: VersionContent,
    *,
    base_version_id: int | None,
    origin: Origin = Origin.WRITTEN,
    provenance: Provenance | None = None,
) -> Saved:
    """Save an edit. ``base_version_id`` is the version the editor started from.

    Raises EditConflictError when another version has come since. The same text again makes no version.
    """
    item = lock_item(session, item_id)
    current = newest_version(session, item)
    if base_version_id is not None and current.id != base_version_id:
        if current.content_hash == content.digest():
            return Saved(item, current, changed=False)
        raise EditConflictError(current)
    if current.content_hash == content.digest():
        return Saved(item, current, changed=False)
    if item.owner_id is None and actor is not None:
        item.owner_id = actor.id  # whoever takes an ownerless item in hand answers for it
    if current.state in REPLACEABLE:
        note_change(session, actor, current, ItemState.SUPERSEDED, "a newer draft was saved")
    version = _add_version(session, actor, item, content, origin, provenance or _inherited(current))
    rechecks.settle(session, actor, version)
    waivers.follow_edit(session, actor, version)
    return Saved(item, version, changed=True)


def _inherited(current: ItemVersion) -> Provenance:
    return Provenance(rule=current.rule, confidence=current.confidence)


def newest_version(session: Session, item: Item) -> ItemVersion:
    """Return the version being worked on, else the published one, else the last one made."""
    wanted = item.draft_version_id or item.published_version_id
    if wanted is not None:
        version = session.get(ItemVersion, wanted)
    else:
        version = session.scalar(
            sa.select(ItemVersion).where(ItemVersion.item_id == item.id).order_by(ItemVersion.number.desc()).limit(1)
        )
    if version is None:
        raise NotFoundError("There is no such item.")
    return version


def note_change(session: Session, actor: Person | None, version: ItemVersion, to: ItemState, comment: str = "") -> None:
    """Move a version to a state and write it down. The rules of the life cycle are in ``lifecycle``."""
    session.add(
        StateChange(
            version_id=version.id,
            person_id=actor.id if actor else None,
            from_state=version.state,
            to_state=to,
            comment=comment,
            at=clock.now(),
        )
    )
    version.state = to


def _rendered(field: str, text: str, inline: bool = False) -> str:
    try:
        return render_inline(text) if inline else render(text)
    except ValueError as error:
        raise InvalidError("The item was not saved.", problems={field: str(error)}) from None


def _add_version(
    session: Session,
    actor: Person | None,
    item: Item,
    content: VersionContent,
    origin: Origin,
    provenance: Provenance,
) -> ItemVersion:
    item.versions_made += 1
    version = ItemVersion(
        item_id=item.id,
        number=item.versions_made,
        state=ItemState.DRAFT,
        content_hash=content.digest(),
        author_id=actor.id if actor else None,
        created_at=clock.now(),
        stem=content.stem,
        stem_html=_rendered("stem", content.stem),
        lead_in=content.lead_in,
        lead_in_html=_rendered("lead_in", content.lead_in, inline=True),
        objective=content.objective,
        objective_html=_rendered("objective", content.objective, inline=True),
        explanation=content.explanation,
        explanation_html=_rendered("explanation", split_marks(content.explanation)[0]),
        vignette_version_id=content.vignette_version_id,
        system_id=content.system_id,
        task_id=content.task_id,
        difficulty=content.difficulty,
        tags=list(content.tags),
        shuffle=content.shuffle,
        origin=origin,
        rule=provenance.rule,
        confidence=provenance.confidence,
        doubt=content.doubt,
    )
    session.add(version)
    session.flush()
    _add_options(session, version, content.options)
    _add_links(session, version, content, provenance)
    if content.vignette_version_id is not None or links.may_show(_texts(content)):
        links.follow(session, [version.id])
    session.add(
        StateChange(
            version_id=version.id,
            person_id=version.author_id,
            from_state=None,
            to_state=ItemState.DRAFT,
            comment="",
            at=version.created_at,
        )
    )
    item.draft_version_id = version.id
    session.flush()
    if content.reference_ids:
        rechecks.flag_retracted(session, [version.id])
    search.refresh(session, [item.id])
    return version


def _texts(content: VersionContent) -> list[str]:
    options = [text for option in content.options for text in (option.text, option.rationale)]
    return [content.stem, content.lead_in, content.objective, content.explanation, *options]


def _add_options(session: Session, version: ItemVersion, options: tuple[OptionContent, ...]) -> None:
    rows = [
        Option(
            version_id=version.id,
            ordinal=ordinal,
            text=option.text,
            text_html=_rendered(f"options-{ordinal}", option.text, inline=True),
            is_key=option.is_key,
            rationale=option.rationale,
            rationale_html=_rendered(f"options-{ordinal}-rationale", option.rationale),
            origin=option.origin,
            needs_expert=option.needs_expert,
        )
        for ordinal, option in enumerate(options)
    ]
    session.add_all(rows)
    session.flush()
    session.add_all(
        OptionStatement(option_id=row.id, statement_id=statement_id, ordinal=place)
        for row, option in zip(rows, options, strict=True)
        for place, statement_id in enumerate(dict.fromkeys(option.statement_ids))
    )


def _add_links(session: Session, version: ItemVersion, content: VersionContent, provenance: Provenance) -> None:
    spans = {statement_id: (start, end) for statement_id, start, end in provenance.key_spans}
    for place, statement_id in enumerate(dict.fromkeys(content.statement_ids)):
        start, end = spans.get(statement_id, (None, None))
        session.add(
            VersionStatement(
                version_id=version.id, statement_id=statement_id, ordinal=place, key_start=start, key_end=end
            )
        )
    session.add_all(
        VersionReference(version_id=version.id, reference_id=reference_id, ordinal=place)
        for place, reference_id in enumerate(dict.fromkeys(content.reference_ids))
    )
    session.add_all(
        VersionDiscipline(version_id=version.id, taxon_id=taxon_id) for taxon_id in sorted(set(content.discipline_ids))
    )
