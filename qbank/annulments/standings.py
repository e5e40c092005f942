"""The standings of every learner with one item, worked out again in bulk."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from qbank.blocks import statuses
from qbank.blocks.models import LearnerItem
from qbank.blocks.statuses import Standing

BATCH = 500


def restate(session: Session, item_id: int) -> None:
    """Make the stored standings with an item what its deliveries amount to, as `statuses.restate` does.

    Behind the session's back: what it holds of them is out of date afterwards. A popular item has a standing for
    every learner; one row at a time, ten thousand of them keep everybody else waiting.
    """
    wrong = statuses.differences(session, item_ids=[item_id])
    passes = [pass_id for pass_id, _item in wrong]
    rows = [_row(pass_id, item_id, right) for (pass_id, _item), (_held, right) in wrong.items() if right is not None]
    for start in range(0, len(passes), BATCH):
        part = passes[start : start + BATCH]
        session.execute(
            sa.delete(LearnerItem)
            .where(LearnerItem.item_id == item_id, LearnerItem.pass_id.in_(part))
            .execution_options(synchronize_session=False)
        )
    if rows:
        session.execute(sa.insert(LearnerItem).execution_options(render_nulls=True), rows)


def _row(pass_id: int, item_id: int, right: Standing) -> dict[str, Any]:
    return {
        "pass_id": pass_id, "item_id": item_id, "status": right.status, "settled_status": right.settled,
        "times_seen": right.times_seen, "ever_incorrect": right.ever_incorrect, "correct_day": right.correct_day,
        "last_seen_at": right.last_seen_at, "last_delivery_id": right.last_delivery_id,
    }  # fmt: skip
