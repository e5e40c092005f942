"""What an ended block came to: its score with interval, and the same by system, discipline and task."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from qbank.blocks.models import Block, BlockScore, Delivery, Outcome
from qbank.errors import NotFoundError
from qbank.items.models import ItemVersion, VersionDiscipline
from qbank.items.taxonomy import Dimension, Taxon
from qbank.measurement.intervals import wilson


@dataclass(frozen=True, slots=True)
class Share:
    """A count of correct answers out of scored items, with the Wilson 95 % interval as shares from 0 to 1."""

    name: str
    correct: int
    scored: int

    @property
    def value(self) -> float | None:
        """Share correct, None where nothing is scored."""
        return self.correct / self.scored if self.scored else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """Lower and upper end of the 95 % interval, None where nothing is scored."""
        return wilson(self.correct, self.scored) if self.scored else None


@dataclass(frozen=True, slots=True)
class Result:
    """The newest score of a block. ``before`` is the first one where it was recomputed since."""

    score: BlockScore
    total: Share
    breakdown: tuple[tuple[str, tuple[Share, ...]], ...]
    before: BlockScore | None


LABELS = {Dimension.SYSTEM: "System", Dimension.DISCIPLINE: "Discipline", Dimension.TASK: "Task"}


def _tally(rows: Iterable[tuple[str, int, int]]) -> tuple[Share, ...]:
    return tuple(Share(name, correct, scored) for name, correct, scored in rows)


def _shares(session: Session, block: Block, dimension: Dimension) -> tuple[Share, ...]:
    correct = sa.func.sum(sa.case((Delivery.outcome == Outcome.CORRECT, 1), else_=0))
    query = (
        sa.select(Taxon.name, correct, sa.func.count())
        .select_from(Delivery)
        .where(
            Delivery.block_id == block.id,
            Delivery.outcome.is_not(None),
            Delivery.pretest.is_(False),
            Delivery.annulled_at.is_(None),
        )
        .group_by(Taxon.id, Taxon.name, Taxon.ordinal)
        .order_by(Taxon.ordinal, Taxon.id)
    )
    if dimension is Dimension.DISCIPLINE:
        query = query.join(VersionDiscipline, VersionDiscipline.version_id == Delivery.version_id).join(
            Taxon, Taxon.id == VersionDiscipline.taxon_id
        )
    else:
        column = ItemVersion.system_id if dimension is Dimension.SYSTEM else ItemVersion.task_id
        query = query.join(ItemVersion, ItemVersion.id == Delivery.version_id).join(Taxon, Taxon.id == column)
    return _tally((name, int(right), n) for name, right, n in session.execute(query))


def result(session: Session, block: Block) -> Result:
    """Return the result of an ended block. A fixed number of queries. Raises NotFoundError before the end."""
    query = sa.select(BlockScore).where(BlockScore.block_id == block.id).order_by(BlockScore.revision)
    scores = session.scalars(query).all()
    if not scores:
        raise NotFoundError("This block has no score yet.")
    newest = scores[-1]
    return Result(
        score=newest,
        total=Share("All scored items", newest.correct, newest.scored),
        breakdown=tuple((LABELS[dimension], _shares(session, block, dimension)) for dimension in Dimension),
        before=scores[0] if len(scores) > 1 else None,
    )
