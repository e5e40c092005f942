"""Which items a block gets: unused first, then the least often seen, at random within each; no two enemies.

Every random step comes from the block's seed. Nothing here reads an option, so nothing can hang on the key. The
database puts the unused items in the order of the draw and gives the first of them: what is read does not grow with
the bank.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from heapq import merge
from itertools import islice
from random import Random
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from qbank import clock
from qbank.accounts.models import Person
from qbank.blocks.counting import seen_since
from qbank.blocks.criteria import Criteria
from qbank.blocks.models import Block, Delivery, ItemStatus, LearnerItem, Mark
from qbank.items.models import ItemEnemy, PoolEntry

CHUNK = 5_000  # the most item ids in one query
PRIME = 2**31 - 1


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


@dataclass(frozen=True, slots=True)
class Shuffle:
    """An order of all items that a seed gives, worked out by the database as well as here.

    The place of item x is ((a x + b) x + c) x + d modulo 2^31 - 1 (every step reduced, so that nothing leaves 63
    bits; item ids are below 2^32). With random coefficients any four items are in independent, uniform places
    (M. N. Wegman and J. L. Carter, "New hash functions and their use in authentication and set equality", Journal of
    Computer and System Sciences 22, 1981).
    """

    coefficients: tuple[int, int, int, int]

    @classmethod
    def of(cls, rng: Random) -> Shuffle:
        """Take an order from a source of chance."""
        a, b, c, d = (rng.randrange(1, PRIME) for _ in range(4))
        return cls((a, b, c, d))

    def place(self, item: Any) -> Any:
        """Return the place of an item's id, or the expression of it for a column."""
        found, *rest = self.coefficients
        for more in rest:
            found = (found * item + more) % PRIME
        return found

    def sorted(self, item_ids: Iterable[int]) -> list[tuple[int, int]]:
        """Return (place, item id), in order."""
        return sorted((self.place(item_id), item_id) for item_id in item_ids)


@dataclass(frozen=True, slots=True)
class Eligible:
    """The live items that a block may be drawn from; those of an open block of the learner are not among them.

    ``total`` is their exact number, the same that `qbank.blocks.counting` counts. ``seen`` says of those that the
    learner has a row for how often each was seen (0: unused again); the others are behind ``unused``, a query that
    also gives what is in ``touched``.
    """

    total: int
    seen: dict[int, int]
    unused: list[sa.ColumnElement[bool]] | None
    touched: frozenset[int] = field(default_factory=frozenset)

    def ranked(self, session: Session, rng: Random, look: int) -> Iterator[int]:
        """Yield all the items, least often seen first, shuffled among equals. ``look``: how many are surely wanted.

        One query for those, and a second one only where more are asked for.
        """
        order = Shuffle.of(rng)
        ranks: dict[int, list[int]] = {0: []}
        for item_id, times in self.seen.items():
            ranks.setdefault(times, []).append(item_id)
        for times in sorted(ranks):
            group: Iterable[tuple[int, int]] = order.sorted(ranks[times])
            if times == 0:
                group = merge(group, self._fresh(session, order, look))
            for _place, item_id in group:
                yield item_id

    def _fresh(self, session: Session, order: Shuffle, look: int) -> Iterator[tuple[int, int]]:
        if self.unused is None:
            return
        place = order.place(PoolEntry.item_id)
        query = sa.select(place, PoolEntry.item_id).where(*self.unused).order_by(place, PoolEntry.item_id)
        first = look + 1 + len(self.touched)  # merging looks one item ahead
        for part in (query.limit(first), query.offset(first)):
            # past the mapper, which takes longer over many numbers than the database does
            rows = session.connection().execute(part).all()
            yield from ((at, item_id) for at, item_id in rows if item_id not in self.touched)
            if len(rows) < first:
                return


def eligible(session: Session, person: Person, pass_id: int, criteria: Criteria) -> Eligible:
    """Return what may be drawn. Two queries: the learner's own rows, and the number of items in the pool."""
    own_marks = sa.select(Mark.item_id).where(Mark.person_id == person.id)
    filters = _content_and_difficulty(criteria)
    if "marked" in criteria.statuses:
        filters.append(PoolEntry.item_id.in_(own_marks))
    columns = (
        LearnerItem.item_id, LearnerItem.status, LearnerItem.times_seen, LearnerItem.ever_incorrect,
        LearnerItem.last_seen_at,
    )  # fmt: skip
    mine = (
        sa.select(*columns)
        .join(PoolEntry, PoolEntry.item_id == LearnerItem.item_id)
        .where(LearnerItem.pass_id == pass_id, *filters)
    )
    session.flush()
    rows = session.execute(mine).all()
    since = seen_since(criteria, clock.now())
    seen = {
        row.item_id: 0 if row.status is ItemStatus.UNUSED else row.times_seen
        for row in rows
        if _fits(row, criteria, since)
    }
    if "unused" not in (criteria.exclusive or {"unused"}) or "ever_incorrect" in criteria.statuses:
        return Eligible(len(seen), seen, None)
    pool = session.scalar(sa.select(sa.func.count()).select_from(PoolEntry).where(*filters)) or 0
    return Eligible(pool - len(rows) + len(seen), seen, filters, frozenset(row.item_id for row in rows))


def listed(session: Session, pass_id: int, item_ids: Sequence[int]) -> list[int]:
    """Return those of the items that are live and in no open block of the pass, in the order given. One query."""
    busy = sa.select(LearnerItem.item_id).where(
        LearnerItem.pass_id == pass_id, LearnerItem.status == ItemStatus.IN_PROGRESS
    )
    query = sa.select(PoolEntry.item_id).where(
        PoolEntry.item_id.in_(item_ids), PoolEntry.pretest.is_(False), PoolEntry.item_id.not_in(busy)
    )
    found = set(session.scalars(query))
    return [item_id for item_id in dict.fromkeys(item_ids) if item_id in found]


def _fits(row: Any, criteria: Criteria, since: datetime | None) -> bool:
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


def first_look(count: int) -> int:
    """Return of how many items `pick` asks the enemies first, to find ``count``."""
    return 2 * count + 20


def pick(session: Session, order: Iterable[int], count: int, taken: Collection[int] = ()) -> list[int]:
    """Return the first ``count`` items of the order that are no enemies of one another or of those taken.

    Fewer where there are not so many. One query, and more only where enemies use up what it looked at.
    """
    chosen: list[int] = []
    barred: set[int] = set(taken)
    waiting, size = iter(order), first_look(count)
    while len(chosen) < count and (part := list(islice(waiting, size))):
        enemies = _enemies(session, (*part, *chosen, *taken))
        barred.update(other for item_id in (*chosen, *taken) for other in enemies.get(item_id, ()))
        _choose(part, count, enemies, chosen, barred)
        size = min(CHUNK, size * 4)
    return chosen


def _choose(
    order: Iterable[int], count: int, enemies: Mapping[int, set[int]], chosen: list[int], barred: set[int]
) -> None:
    """Add to ``chosen`` the next items of the order that nothing bars, up to ``count`` in all."""
    for item_id in order:
        if item_id not in barred and len(chosen) < count:
            chosen.append(item_id)
            barred.update(enemies.get(item_id, ()))


def surely_together(session: Session, eligible: Eligible, count: int, draws: int) -> int:
    """Return how many of ``count`` items each of so many draws found; for few items. Two queries, and no block."""
    items = list(eligible.ranked(session, Random("together"), eligible.total))  # noqa: S311  no secret
    enemies = _enemies(session, items)
    for seed in range(draws if enemies else 0):
        rng = Random(seed)  # noqa: S311
        chosen: list[int] = []
        order = sorted(items, key=lambda item_id: (eligible.seen.get(item_id, 0), rng.random()))
        _choose(order, count, enemies, chosen, set())
        count = len(chosen)
    return count


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
