"""The explanation of a delivery, once it may be seen: key, every rationale, what it rests on, and what peers chose.

The one door to keys and explanations: pages, exports and scripts ask here, and here the answer is no until the block
has ended, or the item was submitted in tutor feedback.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload, selectinload

from qbank.annulments import rulings
from qbank.annulments.models import Annulment, AnnulmentKind
from qbank.articles.models import Statement, StatementCitation
from qbank.blocks.closing import close_if_due
from qbank.blocks.models import Block, BlockState, Delivery
from qbank.blocks.room import CitedReference, ExplainedOption, Explanation, QuotedStatement, Ruling
from qbank.blocks.showing import letter, may_explain
from qbank.blocks.statuses import key_texts
from qbank.errors import NotAllowedError
from qbank.items.models import Item, ItemVersion, Option, OptionStatement, VersionReference, VersionStatement
from qbank.items.records import evidence
from qbank.items.references import Reference

MIN_PEERS = 10


def explanation(session: Session, delivery: Delivery, *, min_peers: int = MIN_PEERS) -> Explanation:
    """Return everything about this delivery. A fixed number of queries.

    The caller has made sure whose block it is (`qbank.blocks.taking.find_block`). Raises NotAllowedError while the
    item is still to be answered. Peers' choices are left out below ``min_peers`` of them.
    """
    block = session.get_one(Block, delivery.block_id)
    close_if_due(session, block)
    session.refresh(delivery)
    if not may_explain(block, delivery):
        raise NotAllowedError("This is shown once the answer can no longer change.")
    version = _versions(session, [delivery.version_id])[delivery.version_id]
    peers = {} if delivery.pretest else _peers(session, block, delivery)
    peer_n = sum(peers.values())
    shares = whole_shares(peers) if peer_n >= min_peers else None
    newer, key_changed = _newer(session, delivery)
    return replace(
        _told(version, delivery, shares, rulings.in_force(session, [version.id]).get(version.id)),
        peer_n=peer_n,
        peer_minimum=min_peers,
        peer_omitted=None if shares is None else shares.get(None, 0.0),
        newer_number=newer,
        key_changed=key_changed,
    )


def whole_block(session: Session, block: Block) -> list[tuple[Delivery, ItemVersion, Explanation]]:
    """Return every item of an ended block in its order, with its explanation but without peers.

    A fixed number of queries, however many items. Raises NotAllowedError before the end.
    """
    close_if_due(session, block)
    if block.state is not BlockState.ENDED:
        raise NotAllowedError("This is shown once the answer can no longer change.")
    query = sa.select(Delivery).where(Delivery.block_id == block.id).order_by(Delivery.position)
    deliveries = session.scalars(query.execution_options(populate_existing=True)).all()
    versions = _versions(session, [delivery.version_id for delivery in deliveries])
    ruled = rulings.in_force(session, versions)
    return [
        (row, versions[row.version_id], _told(versions[row.version_id], row, None, ruled.get(row.version_id)))
        for row in deliveries
    ]


def whole_shares(counts: Mapping[int | None, int]) -> dict[int | None, float]:
    """Return each count's share of their sum, rounded to whole per cent so that the shares add up to exactly 100 %.

    By the largest remainder: plain rounding of six options can come to 102 %. The sum must not be 0.
    """
    whole = sum(counts.values())
    cents = {option: 100 * n // whole for option, n in counts.items()}
    left = sorted(counts, key=lambda option: (-(100 * counts[option] % whole), option is None, option or 0))
    for option in left[: 100 - sum(cents.values())]:
        cents[option] += 1
    return {option: n / 100 for option, n in cents.items()}


def _told(
    version: ItemVersion, delivery: Delivery, shares: Mapping[int | None, float] | None, ruling: Annulment | None
) -> Explanation:
    annulled = ruling is not None and ruling.kind is AnnulmentKind.ANNULLED
    return Explanation(
        outcome=str(delivery.outcome or ""),
        options=_options(version, delivery, shares, ruling.new_option_id if ruling else None),
        explanation_html=version.explanation_html,
        objective_html=version.objective_html,
        statements=tuple(_quoted(link.statement) for link in version.statements),
        references=tuple(_reference(link.reference) for link in version.references),
        system=version.system.name if version.system else "",
        disciplines=tuple(taxon.name for taxon in version.disciplines),
        task=version.task.name if version.task else "",
        pretest=delivery.pretest,
        seconds=delivery.seconds,
        item_id=delivery.item_id,
        version_number=version.number,
        confidence=delivery.confidence,
        ruling=Ruling(annulled, ruling.at, ruling.reason) if ruling else None,
    )


def _versions(session: Session, version_ids: Collection[int]) -> dict[int, ItemVersion]:
    of_option = selectinload(ItemVersion.options).selectinload(Option.statements)
    of_version = selectinload(ItemVersion.statements)
    query = (
        sa.select(ItemVersion)
        .where(ItemVersion.id.in_(sorted(set(version_ids))))
        .options(
            joinedload(ItemVersion.system),
            joinedload(ItemVersion.task),
            joinedload(ItemVersion.vignette_version),
            selectinload(ItemVersion.disciplines),
            selectinload(ItemVersion.references).joinedload(VersionReference.reference),
            *evidence(of_version.joinedload(VersionStatement.statement)),
            *evidence(of_option.joinedload(OptionStatement.statement)),
        )
    )
    return {version.id: version for version in session.scalars(query.execution_options(populate_existing=True))}


def _options(
    version: ItemVersion, delivery: Delivery, shares: Mapping[int | None, float] | None, new_key: int | None
) -> tuple[ExplainedOption, ...]:
    by_id = {option.id: option for option in version.options}
    return tuple(
        ExplainedOption(
            letter=letter(place),
            html=by_id[option_id].text_html,
            is_key=by_id[option_id].is_key if new_key is None else option_id == new_key,
            chosen=option_id == delivery.chosen_option_id,
            rationale_html=by_id[option_id].rationale_html,
            statements=tuple(_quoted(link.statement) for link in by_id[option_id].statements),
            peers=None if shares is None else shares.get(option_id, 0.0),
        )
        for place, option_id in enumerate(delivery.option_order)
    )


def _quoted(statement: Statement) -> QuotedStatement:
    return QuotedStatement(
        key=statement.key,
        text=statement.text,
        article_title=statement.revision.title,
        article_slug=statement.revision.article.slug,
        revision=statement.revision.number,
        references=tuple(_cited(citation) for citation in statement.citations),
    )


def _cited(citation: StatementCitation) -> CitedReference:
    entry = citation.article_reference
    reference = entry.reference if entry else None
    return CitedReference(
        marker=citation.marker,
        status=citation.status,
        title=reference.title if reference else None,
        detail=_joined((reference.authors, reference.container, reference.year)) if reference else "",
        url=_address(reference) if reference else None,
    )


def _address(reference: Reference) -> str | None:
    """Return where the work can be found; only web addresses, since the text came from outside."""
    if reference.doi:
        return f"https://doi.org/{reference.doi}"
    if reference.pmid and reference.pmid.isdecimal():
        return f"https://pubmed.ncbi.nlm.nih.gov/{reference.pmid}/"
    url = reference.url or ""
    return url if url.startswith(("https://", "http://")) else None


def _joined(parts: Sequence[object]) -> str:
    return ". ".join(str(part).rstrip(". ") for part in parts if part)


def _reference(reference: Reference) -> str:
    return _joined((reference.authors, reference.title, reference.container, reference.year)) + "."


def _peers(session: Session, block: Block, delivery: Delivery) -> dict[int | None, int]:
    """Count the choices of other learners at their first scored delivery of this version; None: omitted.

    Only ended blocks, so that nobody learns what somebody is about to answer. One query, grouped in the database.
    """
    place = sa.func.row_number().over(partition_by=Block.person_id, order_by=Delivery.id).label("place")
    firsts = (
        sa.select(Delivery.chosen_option_id.label("chosen"), place)
        .join(Block, Block.id == Delivery.block_id)
        .where(
            Delivery.version_id == delivery.version_id,
            Delivery.outcome.is_not(None),
            Delivery.pretest.is_(False),
            Delivery.annulled_at.is_(None),
            Block.state == BlockState.ENDED,
            Block.person_id != block.person_id,
        )
        .subquery()
    )
    query = sa.select(firsts.c.chosen, sa.func.count()).where(firsts.c.place == 1).group_by(firsts.c.chosen)
    return dict(session.execute(query).all())


def _newer(session: Session, delivery: Delivery) -> tuple[int | None, bool]:
    """Return the number of another version published now (None: the same), and whether it has another key."""
    query = (
        sa.select(ItemVersion.id, ItemVersion.number)
        .join(Item, Item.published_version_id == ItemVersion.id)
        .where(Item.id == delivery.item_id)
    )
    current = session.execute(query).first()
    if current is None or current.id == delivery.version_id:
        return None, False
    keys = key_texts(session, [delivery.version_id, current.id])
    return current.number, keys.get(delivery.version_id) != keys.get(current.id)
