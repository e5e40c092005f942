"""Which ended blocks a page of the history looks at."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from qbank.blocks.models import Block, BlockState, Delivery, EndedReason, Feedback, Timing
from qbank.items.models import ItemVersion


@dataclass(frozen=True, slots=True)
class BlockFilter:
    """Narrows the ended blocks; None leaves a side open. Days are UTC days and count whole."""

    feedback: Feedback | None = None
    timing: Timing | None = None
    reason: EndedReason | None = None
    since: date | None = None
    until: date | None = None
    preset: str | None = None  # the name in the block's own copy; "" means none
    system_id: int | None = None  # blocks that hold an item of this system

    @property
    def active(self) -> bool:
        """Whether anything is narrowed at all."""
        return self != BlockFilter()

    def conditions(self, person_id: int) -> list[sa.ColumnElement[bool]]:
        """Return the conditions on `Block` for this person's ended blocks."""
        return [Block.person_id == person_id, *self.of_blocks()]

    def of_blocks(self) -> list[sa.ColumnElement[bool]]:
        """Return the conditions on `Block` for anybody's ended blocks."""
        found: list[sa.ColumnElement[bool]] = [Block.state == BlockState.ENDED]
        if self.feedback:
            found.append(Block.feedback == self.feedback)
        if self.timing:
            found.append(Block.timing == self.timing)
        if self.reason:
            found.append(Block.ended_reason == self.reason)
        if self.since:
            found.append(Block.ended_at >= datetime.combine(self.since, time.min, UTC))
        if self.until:
            found.append(Block.ended_at <= datetime.combine(self.until, time.max, UTC))
        if self.preset is not None:
            found.append(sa.func.coalesce(Block.preset_copy["name"].as_string(), "") == self.preset)
        if self.system_id is not None:
            found.append(self._holds_system(self.system_id))
        return found

    @staticmethod
    def _holds_system(system_id: int) -> sa.ColumnElement[bool]:
        # names of its own: the query around it may hold deliveries and versions too, and must not lend them
        met, version = aliased(Delivery), aliased(ItemVersion)
        query = (
            sa.select(sa.literal(1))
            .select_from(met)
            .join(version, version.id == met.version_id)
            .where(met.block_id == Block.id, version.system_id == system_id)
        )
        return query.correlate(Block).exists()
