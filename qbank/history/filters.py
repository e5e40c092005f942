"""Which ended blocks a page of the history looks at."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time

import sqlalchemy as sa

from qbank.blocks.models import Block, BlockState, EndedReason, Feedback, Timing


@dataclass(frozen=True, slots=True)
class BlockFilter:
    """Narrows the ended blocks; None leaves a side open. Days are UTC days and count whole."""

    feedback: Feedback | None = None
    timing: Timing | None = None
    reason: EndedReason | None = None
    since: date | None = None
    until: date | None = None

    @property
    def active(self) -> bool:
        """Whether anything is narrowed at all."""
        return self != BlockFilter()

    def conditions(self, person_id: int) -> list[sa.ColumnElement[bool]]:
        """Return the conditions on `Block` for this person's ended blocks."""
        found: list[sa.ColumnElement[bool]] = [
            Block.person_id == person_id,
            Block.state == BlockState.ENDED,
        ]
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
        return found
