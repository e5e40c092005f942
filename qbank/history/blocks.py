"""One line per ended block, and the open blocks apart."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from qbank import clock
from qbank.blocks.models import Block, BlockScore, BlockState, EndedReason, Feedback, Timing
from qbank.history.filters import BlockFilter

DEFAULT_SORT = "date"

_Columns = tuple[sa.SQLColumnExpression[Any], ...]


@dataclass(frozen=True, slots=True)
class BlockLine:
    """An ended block and its score in force. ``scored`` is n: pretest and annulled items are not in it.

    The counts are None when the score is still to be made (the close was cut short; the sweeper mends it).
    """

    token: str
    name: str
    started_at: datetime
    ended_at: datetime
    feedback: Feedback
    timing: Timing
    preset: str
    items: int
    ended_reason: EndedReason
    correct: int | None
    incorrect: int | None
    omitted: int | None
    scored: int | None
    pretest: int | None
    annulled: int | None
    seconds: int | None
    partial: bool
    revision: int | None

    @property
    def share(self) -> float | None:
        """Correct over scored items, from 0 to 1; None when nothing was scored."""
        return self.correct / self.scored if self.scored and self.correct is not None else None


@dataclass(frozen=True, slots=True)
class Totals:
    """The sums over all blocks of a filter, not only over the page shown."""

    blocks: int
    correct: int
    scored: int
    seconds: int


@dataclass(frozen=True, slots=True)
class OpenBlock:
    """A block that has not ended: how far it is, and nothing of how it goes."""

    token: str
    name: str
    feedback: Feedback
    timing: Timing
    items: int
    position: int
    started_at: datetime
    deadline_at: datetime | None
    paused: bool


Score = aliased(BlockScore, name="score")


def in_force(score: type[BlockScore]) -> sa.ColumnElement[bool]:
    """Return what joins a block to its score in force, the newest revision; ``score`` may be an alias."""
    newest = aliased(BlockScore)
    revision = sa.select(sa.func.max(newest.revision)).where(newest.block_id == Block.id)
    return sa.and_(score.block_id == Block.id, score.revision == revision.correlate(Block).scalar_subquery())


_preset = Block.preset_copy["name"].as_string()
_share: sa.ColumnElement[Any] = sa.cast(Score.correct, sa.Float) / sa.func.nullif(Score.scored, 0)

SORTS: dict[str, _Columns] = {
    "date": (Block.ended_at,),
    "name": (sa.func.lower(Block.name),),
    "mode": (Block.feedback, Block.timing),
    "preset": (_preset,),
    "items": (Block.item_count,),
    "correct": (Score.correct,),
    "incorrect": (Score.incorrect,),
    "omitted": (Score.omitted,),
    "score": (_share, Score.scored),
    "time": (Score.seconds,),
    "ended": (Block.ended_reason,),
}


def lines(
    session: Session,
    person_id: int,
    which: BlockFilter,
    *,
    sort: str = DEFAULT_SORT,
    descending: bool = True,
    limit: int = 50,
    offset: int = 0,
) -> list[BlockLine]:
    """Return ended blocks, newest first unless sorted otherwise. One query.

    An unknown ``sort`` means the date. What has no value in the sorted column comes last either way.
    """
    order = []
    for column in SORTS.get(sort, SORTS[DEFAULT_SORT]):
        order.append((column.desc() if descending else column.asc()).nulls_last())
    newest = (Block.ended_at.desc(), Block.id.desc()) if sort != "date" or descending else (Block.id.asc(),)
    query = _lines().where(*which.conditions(person_id)).order_by(*order, *newest).limit(limit).offset(offset)
    return [BlockLine(*row) for row in session.execute(query)]


def line(session: Session, block: Block) -> BlockLine:
    """Return the line of one ended block. One query."""
    return BlockLine(*session.execute(_lines().where(Block.id == block.id)).one())


def _lines() -> sa.Select[Any]:
    return sa.select(
        Block.token,
        Block.name,
        Block.started_at,
        Block.ended_at,
        Block.feedback,
        Block.timing,
        sa.func.coalesce(_preset, ""),
        Block.item_count,
        Block.ended_reason,
        Score.correct,
        Score.incorrect,
        Score.omitted,
        Score.scored,
        Score.pretest,
        Score.annulled,
        Score.seconds,
        sa.func.coalesce(Score.partial, sa.false()),
        Score.revision,
    ).outerjoin(Score, in_force(Score))


def totals(session: Session, person_id: int, which: BlockFilter) -> Totals:
    """Return how many ended blocks the filter leaves and their sums. One query."""
    query = (
        sa.select(
            sa.func.count(Block.id),
            sa.func.coalesce(sa.func.sum(Score.correct), 0),
            sa.func.coalesce(sa.func.sum(Score.scored), 0),
            sa.func.coalesce(sa.func.sum(Score.seconds), 0),
        )
        .select_from(Block)
        .outerjoin(Score, in_force(Score))
        .where(*which.conditions(person_id))
    )
    blocks, correct, scored, seconds = session.execute(query).one()
    return Totals(blocks, int(correct), int(scored), int(seconds))


def open_blocks(session: Session, person_id: int) -> list[OpenBlock]:
    """Return the blocks that have not ended, the one worked on last first. One query."""
    query = (
        sa.select(
            Block.token,
            Block.name,
            Block.feedback,
            Block.timing,
            Block.item_count,
            Block.position,
            Block.started_at,
            Block.deadline_at,
            Block.state == BlockState.PAUSED,
        )
        .where(Block.person_id == person_id, Block.state != BlockState.ENDED)
        .order_by(Block.last_active_at.desc(), Block.id.desc())
    )
    return [OpenBlock(*row) for row in session.execute(query)]


def any_due(session: Session, person_id: int) -> bool:
    """Return whether a block of this person is past its time but not closed yet. One query."""
    query = sa.select(
        sa.exists().where(Block.person_id == person_id, Block.state != BlockState.ENDED, Block.closes_at < clock.now())
    )
    return bool(session.scalar(query))


def presets(session: Session, person_id: int) -> list[str]:
    """Return the names of the exam formats of this person's ended blocks, in order. One query."""
    query = (
        sa.select(_preset.label("name"))
        .where(Block.person_id == person_id, Block.state == BlockState.ENDED, _preset.is_not(None))
        .distinct()
    )
    return sorted(name for name in session.scalars(query) if name)
