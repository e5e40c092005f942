"""One ended block item by item: how each ended, how long it took, and what changed answers were worth."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from qbank.annulments import rulings
from qbank.blocks.models import Block, Delivery, Outcome
from qbank.errors import NotFoundError
from qbank.history.changes import Change, change
from qbank.items.models import Item, ItemVersion, Option


@dataclass(frozen=True, slots=True)
class DeliveryLine:
    """One item as it was met in the block. ``outcome`` is None where nothing was scored (abandoned).

    ``newer`` says that the bank has another version now; what is shown is the one that was met.
    """

    position: int
    text: str
    version: int
    outcome: Outcome | None
    change: Change | None
    changes: int
    seconds: int
    pretest: bool
    annulled: bool
    newer: bool
    item_id: int = 0
    system_id: int | None = None

    @property
    def scored(self) -> bool:
        """Whether the delivery counts in the block's score."""
        return self.outcome is not None and not self.pretest and not self.annulled


def deliveries(session: Session, block: Block) -> list[DeliveryLine]:
    """Return the items of an ended block in their order. One query."""
    key = (
        sa.select(sa.func.min(Option.id))
        .where(Option.version_id == Delivery.version_id, rulings.is_key())
        .correlate(Delivery)
        .scalar_subquery()
    )
    query = (
        sa.select(Delivery, ItemVersion, Item.published_version_id, key)
        .join(ItemVersion, ItemVersion.id == Delivery.version_id)
        .join(Item, Item.id == Delivery.item_id)
        .where(Delivery.block_id == block.id)
        .order_by(Delivery.position)
    )
    return [
        DeliveryLine(
            position=met.position,
            text=(version.lead_in or version.stem).strip(),
            version=version.number,
            outcome=met.outcome,
            change=change(met.first_option_id, met.chosen_option_id, key_id),
            changes=met.changes,
            seconds=met.seconds,
            pretest=met.pretest,
            annulled=met.annulled_at is not None,
            newer=published is not None and published != met.version_id,
            item_id=met.item_id,
            system_id=version.system_id,
        )
        for met, version, published, key_id in session.execute(query)
    ]


def change_counts(lines: Iterable[DeliveryLine]) -> dict[Change, int]:
    """Count the changed answers of the scored items by kind; every kind is there."""
    counted = Counter(line.change for line in lines if line.scored and line.change)
    return {kind: counted[kind] for kind in Change}


def missed_systems(lines: Iterable[DeliveryLine]) -> list[int]:
    """Return the systems of the scored items that were missed, in the order of their ids."""
    missed = (line for line in lines if line.scored and line.outcome is not Outcome.CORRECT)
    return sorted({line.system_id for line in missed if line.system_id is not None})


def met(session: Session, block: Block, position: int) -> tuple[Delivery, ItemVersion]:
    """Return the delivery at a place of an ended block, and the version that was met. One query.

    Raises NotFoundError where the block has no such place.
    """
    query = (
        sa.select(Delivery, ItemVersion)
        .join(ItemVersion, ItemVersion.id == Delivery.version_id)
        .where(Delivery.block_id == block.id, Delivery.position == position)
        .options(joinedload(ItemVersion.vignette_version))
    )
    row = session.execute(query).first()
    if row is None:
        raise NotFoundError("This block has no such item.")
    return row.Delivery, row.ItemVersion
