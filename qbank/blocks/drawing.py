"""Which items a block gets: unused first, then the least often seen, at random within each; no two enemies.

Every random step comes from the block's seed. Nothing here reads an option, so nothing can hang on the key.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from itertools import islice
from random import Random

import sqlalchemy as sa
from sqlalchemy.orm import Session

from qbank import clock
from qbank.accounts.models import Person
from qbank.blocks.counting import seen_since
from qbank.blocks.criteria import Criteria
from qbank.blocks.models import Block, Delivery, ItemStatus, LearnerItem, Mark
from qbank.items.models import ItemEnemy, PoolEntry

CHUNK = 5_000  # the most item ids in one query


def _content(criteria: Criteria) -> list[sa.ColumnElement[bool]]:
    found: list[sa.ColumnElement[bool]] = []
    if criteria.systems:
        found.append(PoolEntry.system_id.in_(sorted(criteria.systems)))
    if criteria.tasks:
        found.append(PoolEntry.task_id.in_(sorted(criteria.tasks)))
    if criteria.disciplines:
        # ids are numbers and sit between commas, so no pattern can match half an id
        found.append(sa.or_(*(PoolEntry.disciplines.like(f"%,{taxon},%") for taxon in sorted(criteria.disciplines))))
    return found


def _content_and_difficulty(criteria: Criteria) -> list[sa.ColumnElement[bool]]:
    found = [PoolEntry.pretest.is_(False), *_content(criteria)]
    if criteria.difficulties:
        found.append(PoolEntry.difficulty.in_(sorted(criteria.difficulties)))
    return found


def eligible(session: Session, person: Person, pass_id: int, criteria: Criteria) -> dict[int, int]:
    """Return the eligible live items, each with how often it was seen (0: unused). Two queries.

    The same items that `qbank.blocks.counting` counts; those of an open block of the learner are not among them.
    One query reads the learner's own rows and one the ids of the pool: a join of the two over the whole pool takes
    several times as long.
    """
    own_marks = sa.select(Mark.item_id).where(Mark.person_id == person.id)
    filters = _content_and_difficulty(criteria)
    if "marked" in criteria.statuses:
        filters.append(PoolEntry.item_id.in_(own_marks))
    mine = (
        sa.select(LearnerItem)
        .join(PoolEntry, PoolEntry.item_id == LearnerItem.item_id)
        .where(LearnerItem.pass_id == pass_id, *filters)
        .execution_options(populate_existing=True)
    )
    touched = {row.item_id: row for row in session.scalars(mine)}
    found: dict[int, int] = {}
    if "unused" in (criteria.exclusive or {"unused"}) and "ever_incorrect" not in criteria.statuses:
        pool = sa.select(PoolEntry.item_id).where(*filters)
        # past the mapper, which takes longer over 100,000 numbers than the database does
        found = dict.fromkeys(session.connection().execute(pool).scalars().all(), 0)
        for item_id in touched:
            found.pop(item_id, None)
    since = seen_since(criteria, clock.now())
    found.update(
        (row.item_id, 0 if row.status is ItemStatus.UNUSED else row.times_seen)
        for row in touched.values()
        if _fits(row, criteria, since)
    )
    return found


def _fits(row: LearnerItem, criteria: Criteria, since: datetime | None) -> bool:
    if row.status is ItemStatus.IN_PROGRESS or (since is not None and row.last_seen_at > since):
        return False
    if "ever_incorrect" in criteria.statuses and not row.ever_incorrect:
        return False
    return not criteria.exclusive or str(row.status) in criteria.exclusive


def pretest_items(session: Session, pass_id: int, criteria: Criteria) -> list[int]:
    """Return the pretest items of the chosen content that the learner has not had in this pass. One query."""
    had = (
        sa.select(Delivery.item_id)
        .join(Block, Block.id == Delivery.block_id)
        .where(Block.pass_id == pass_id, Delivery.pretest.is_(True))
    )
    query = sa.select(PoolEntry.item_id).where(
        PoolEntry.pretest.is_(True), PoolEntry.item_id.not_in(had), *_content(criteria)
    )
    return list(session.scalars(query))


def by_rank(items: dict[int, int], rng: Random) -> Iterator[int]:
    """Yield the items, least often seen first, shuffled among equals; no more is shuffled than is asked for."""
    ranks: dict[int, list[int]] = {}
    for item_id, times in items.items():
        ranks.setdefault(times, []).append(item_id)
    for times in sorted(ranks):
        group = sorted(ranks[times])  # the database's order is not part of the seed
        for place in range(len(group)):
            other = rng.randrange(place, len(group))
            group[place], group[other] = group[other], group[place]
            yield group[place]


def pick(session: Session, order: Iterable[int], count: int, taken: Collection[int] = ()) -> list[int]:
    """Return the first ``count`` items of the order that are no enemies of one another or of those taken.

    Fewer where there are not so many. One query, and more only where enemies use up what it looked at.
    """
    chosen: list[int] = []
    barred: set[int] = set(taken)
    waiting, size = iter(order), 2 * count + 20
    while len(chosen) < count and (part := list(islice(waiting, size))):
        enemies = _enemies(session, (*part, *chosen, *taken))
        barred.update(other for item_id in (*chosen, *taken) for other in enemies.get(item_id, ()))
        for item_id in part:
            if item_id not in barred and len(chosen) < count:
                chosen.append(item_id)
                barred.update(enemies.get(item_id, ()))
        size = min(CHUNK, size * 4)
    return chosen


def _enemies(session: Session, item_ids: Iterable[int]) -> dict[int, set[int]]:
    wanted = sorted(set(item_ids))
    query = sa.select(ItemEnemy.item_id, ItemEnemy.enemy_id).where(
        sa.or_(ItemEnemy.item_id.in_(wanted), ItemEnemy.enemy_id.in_(wanted))
    )
    found: dict[int, set[int]] = {}
    for one, other in session.execute(query):
        found.setdefault(one, set()).add(other)
        found.setdefault(other, set()).add(one)
    return found
