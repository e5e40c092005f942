"""What the front page shows, by role. Nothing here that no answer and no record stands behind."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from qbank import clock
from qbank.accounts.models import Person, PersonState
from qbank.articles.models import Article
from qbank.groups import service as groups
from qbank.groups.models import Group, GroupRole
from qbank.history import blocks, breakdown
from qbank.history.blocks import BlockLine, OpenBlock
from qbank.history.breakdown import Cell, Which
from qbank.history.filters import BlockFilter
from qbank.home import quick
from qbank.home.quick import QuickStart
from qbank.items import queries as items
from qbank.items import recheck_queries
from qbank.items.models import ItemState, PoolEntry
from qbank.items.taxonomy import Dimension
from qbank.review import queries as review
from qbank.review.queries import Due
from qbank.settings import Settings

LAST = 5  # results listed
# From here on a 95 % interval around 60 % is at most 30 points wide on either side: enough to point somewhere.
WEAKEST_FROM = 10


@dataclass(frozen=True, slots=True)
class Weakest:
    """The weakest system, or how far the evidence still is.

    ``cell`` is None where no two systems have enough answers: then ``closest`` says of which system the
    answers are fewest short, and ``missing`` how many. ``clear`` says that the whole of the cell's interval
    lies below the share over all systems; otherwise the difference may be chance.
    """

    cell: Cell | None
    clear: bool = False
    closest: Cell | None = None
    missing: int = WEAKEST_FROM


@dataclass(frozen=True, slots=True)
class Study:
    """The learner's part of the front page."""

    open_blocks: list[OpenBlock]
    last: list[BlockLine]
    whole: Cell
    weakest: Weakest
    live: int
    again: QuickStart | None
    weak: QuickStart | None
    due: Due


@dataclass(frozen=True, slots=True)
class Authoring:
    """The educator's part: what waits, and the groups."""

    proposed: int
    drafts: int
    in_review: int
    checks: int  # open flags on items whose source changed
    live: int
    articles: int
    groups: list[tuple[Group, int]]


@dataclass(frozen=True, slots=True)
class Keeping:
    """The administrator's part."""

    people: int


def weakest(cells: list[Cell], whole: Cell, *, enough: int = WEAKEST_FROM) -> Weakest:
    """Return the weakest of the cells that have enough answers, where at least two of them have.

    A single system cannot be the weakest of anything. Ties go to the one with more answers.
    """
    ready = [cell for cell in cells if cell.scored >= enough and cell.share is not None]
    if len(ready) < 2:
        short = [cell for cell in cells if cell.scored < enough]
        closest = max(short, key=lambda cell: cell.scored, default=None)
        return Weakest(None, closest=closest, missing=enough - (closest.scored if closest else 0))
    lowest = min(ready, key=lambda cell: (cell.share or 0.0, -cell.scored))
    clear = whole.share is not None and lowest.high is not None and lowest.high < whole.share
    return Weakest(lowest, clear=clear, missing=0)


def _live(session: Session) -> int:
    query = sa.select(sa.func.count()).select_from(PoolEntry).where(PoolEntry.pretest.is_(False))
    return session.scalar(query) or 0


def study(session: Session, person: Person, settings: Settings) -> Study:
    """Return what a learner sees first. The same number of queries, whatever the history."""
    found = breakdown.breakdown(session, person.id, BlockFilter(), Which.FIRST, settings)
    return Study(
        open_blocks=blocks.open_blocks(session, person.id),
        last=blocks.lines(session, person.id, BlockFilter(), limit=LAST),
        whole=found.whole,
        weakest=weakest(found.cells[Dimension.SYSTEM], found.whole),
        live=_live(session),
        again=quick.again(session, person, settings),
        weak=quick.weakest(session, person, settings, found),
        due=review.due(session, person, clock.now()),
    )


def authoring(session: Session, person: Person) -> Authoring:
    """Return what waits for an educator. Five queries."""
    states = items.state_counts(session)
    return Authoring(
        proposed=states.get("proposed", 0),
        drafts=states.get(ItemState.DRAFT.value, 0),
        in_review=states.get(ItemState.IN_REVIEW.value, 0),
        checks=recheck_queries.count_waiting(session),
        live=_live(session),
        articles=session.scalar(sa.select(sa.func.count()).select_from(Article)) or 0,
        groups=groups.groups_of(session, person, GroupRole.EDUCATOR),
    )


def keeping(session: Session) -> Keeping:
    """Return what an administrator sees. One query."""
    query = sa.select(sa.func.count()).select_from(Person).where(Person.state == PersonState.ACTIVE)
    return Keeping(people=session.scalar(query) or 0)
