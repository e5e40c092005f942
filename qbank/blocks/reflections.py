"""What learners say of their answers, counted: how sure they were against how right, and why they missed items.

Counts only; shares, intervals and the smallest n that is shown are for the pages. Of scored deliveries alone: ended
blocks, no pretest item, nothing annulled, nothing unanswered in an abandoned block.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from qbank.blocks.after_models import MissReason, Reason
from qbank.blocks.models import Block, BlockState, Confidence, Delivery, Outcome
from qbank.items.models import ItemVersion
from qbank.items.taxonomy import Taxon

Conditions = Sequence[sa.ColumnElement[bool]]
MISSES = (Outcome.INCORRECT, Outcome.OMITTED)


@dataclass(frozen=True, slots=True)
class ConfidenceCount:
    """Of the answers given with one confidence: how many were right, out of ``n``."""

    confidence: Confidence
    correct: int
    n: int


@dataclass(frozen=True, slots=True)
class ReasonCount:
    """The misses of one system (None: the item has none) and the reasons given for them.

    ``misses`` counts all of them, ``given`` those with a reason; ``reasons`` holds every reason, 0 included.
    """

    system_id: int | None
    system: str
    misses: int
    reasons: Mapping[Reason, int]

    @property
    def given(self) -> int:
        """How many misses have a reason: the n of every share of reasons."""
        return sum(self.reasons.values())


def _scored(person_id: int, blocks: Conditions) -> list[sa.ColumnElement[bool]]:
    return [
        Block.person_id == person_id,
        Block.state == BlockState.ENDED,
        Delivery.outcome.is_not(None),
        Delivery.pretest.is_(False),
        Delivery.annulled_at.is_(None),
        *blocks,
    ]


def confidence_counts(session: Session, person_id: int, blocks: Conditions = ()) -> list[ConfidenceCount]:
    """Return, surest first and every level listed, how many answers given with it were correct. One query.

    ``blocks`` are conditions on `Block` that narrow the period, such as `BlockFilter.conditions` gives. Items that
    were left unanswered are not counted: confidence is of an answer. The four n add up to less than the answered
    items where some had no confidence.
    """
    right = sa.func.sum(sa.case((Delivery.outcome == Outcome.CORRECT, 1), else_=0))
    query = (
        sa.select(Delivery.confidence, right, sa.func.count())
        .join(Block, Block.id == Delivery.block_id)
        .where(*_scored(person_id, blocks), Delivery.confidence.is_not(None), Delivery.outcome != Outcome.OMITTED)
        .group_by(Delivery.confidence)
    )
    found = {confidence: (int(correct), int(n)) for confidence, correct, n in session.execute(query)}
    return [ConfidenceCount(level, *found.get(level, (0, 0))) for level in Confidence]


def reason_counts(session: Session, person_id: int, blocks: Conditions = ()) -> list[ReasonCount]:
    """Return the misses and their reasons by system, in the order of the taxonomy. One query.

    ``blocks`` as in `confidence_counts`: call once for each period. Systems without a miss are not listed.
    """
    query = (
        sa.select(Taxon.id, sa.func.coalesce(Taxon.name, ""), MissReason.reason, sa.func.count())
        .select_from(Delivery)
        .join(Block, Block.id == Delivery.block_id)
        .join(ItemVersion, ItemVersion.id == Delivery.version_id)
        .outerjoin(Taxon, Taxon.id == ItemVersion.system_id)
        .outerjoin(MissReason, MissReason.delivery_id == Delivery.id)
        .where(*_scored(person_id, blocks), Delivery.outcome.in_(MISSES))
        .group_by(Taxon.id, Taxon.name, Taxon.ordinal, MissReason.reason)
        .order_by(Taxon.ordinal.nulls_last(), Taxon.id)
    )
    names: dict[int | None, str] = {}
    counts: dict[int | None, dict[Reason | None, int]] = {}
    for system_id, name, reason, n in session.execute(query):
        names[system_id] = name
        counts.setdefault(system_id, {})[reason] = int(n)
    return [
        ReasonCount(
            system_id, names[system_id], sum(found.values()), {reason: found.get(reason, 0) for reason in Reason}
        )
        for system_id, found in counts.items()
    ]
