"""Lists of decisions and of changed scores; each a fixed number of queries and a page of rows."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from qbank import clock
from qbank.accounts.models import Person
from qbank.annulments.models import Annulment, ScoreNotice
from qbank.blocks.models import Block, BlockScore
from qbank.db.engine import begin_write

LISTED = 100  # decisions of one version


@dataclass(frozen=True, slots=True)
class Made:
    """A decision with who made it."""

    row: Annulment
    name: str


@dataclass(frozen=True, slots=True)
class Notice:
    """A block whose score changed, as its learner is told."""

    notice: ScoreNotice
    block: Block
    old: BlockScore
    new: BlockScore


def decisions(session: Session, version_id: int) -> list[Made]:
    """Return what was decided of a version, newest first. One query."""
    query = (
        sa.select(Annulment, Person.name)
        .join(Person, Person.id == Annulment.person_id)
        .where(Annulment.version_id == version_id)
        .order_by(Annulment.id.desc())
        .limit(LISTED)
    )
    return [Made(row, name) for row, name in session.execute(query)]


def count_news(session: Session, person_id: int) -> int:
    """Return how many changed scores this person has not looked at. One query."""
    query = sa.select(sa.func.count()).where(ScoreNotice.person_id == person_id, ScoreNotice.seen_at.is_(None))
    return session.scalar(query) or 0


def count_notices(session: Session, person_id: int) -> int:
    """Return how many times a score of this person changed. One query."""
    return session.scalar(sa.select(sa.func.count()).where(ScoreNotice.person_id == person_id)) or 0


def notices(session: Session, person_id: int, *, limit: int, offset: int) -> list[Notice]:
    """Return a page of this person's changed scores, newest first. One query."""
    old, new = aliased(BlockScore), aliased(BlockScore)
    query = (
        sa.select(ScoreNotice, Block, old, new)
        .join(Block, Block.id == ScoreNotice.block_id)
        .join(old, old.id == ScoreNotice.old_score_id)
        .join(new, new.id == ScoreNotice.new_score_id)
        .where(ScoreNotice.person_id == person_id)
        .order_by(ScoreNotice.id.desc())
        .limit(limit)
        .offset(offset)
    )
    return [Notice(*row) for row in session.execute(query)]


def mark_seen(session: Session, notice_ids: list[int]) -> None:
    """Note that these notices were shown to their learner. Ends a reading transaction."""
    begin_write(session)
    session.execute(
        sa.update(ScoreNotice)
        .where(ScoreNotice.id.in_(notice_ids), ScoreNotice.seen_at.is_(None))
        .values(seen_at=clock.now())
        .execution_options(synchronize_session=False)
    )
