"""The running counts: what first deliveries of each version amount to, moved on by every block that ends.

A first delivery is a learner's earliest delivery of a version among those that count: in a block that ended otherwise
than abandoned, answered or omitted, not annulled. Pretest deliveries count here; they count nowhere else.

The counts are a projection: `rebuild` makes them anew. On PostgreSQL whoever counts holds one lock until the
transaction ends, so that parallel closes neither lose a count nor take one learner for two; on SQLite the writing
transaction is that lock.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from qbank.annulments import rulings
from qbank.blocks.models import Block, BlockState, Delivery, EndedReason, Outcome
from qbank.items.models import Option
from qbank.statistics.models import ItemCounter, OptionCounter

LOCK = 0x71_62_61_6E  # of counting, by the advisory lock's number
BATCH = 500
FIGURES = ("n", "correct", "omitted", "seconds", "allowed_seconds")

# What a delivery must be to count; joined with its block.
COUNTS = (
    Block.state == BlockState.ENDED,
    Block.ended_reason != EndedReason.ABANDONED,
    Delivery.outcome.is_not(None),
    Delivery.annulled_at.is_(None),
)


@dataclass(slots=True)
class Count:
    """The counts of one version; ``options`` by option id, those that nobody chose left out."""

    n: int = 0
    correct: int = 0
    omitted: int = 0
    seconds: int = 0
    allowed_seconds: int = 0
    options: dict[int, int] = field(default_factory=dict)

    def add(self, outcome: Outcome, chosen: int | None, n: int, seconds: int, allowed: int) -> None:
        """Add n deliveries that ended alike."""
        self.n += n
        self.correct += n * (outcome is Outcome.CORRECT)
        self.omitted += n * (outcome is Outcome.OMITTED)
        self.seconds += seconds
        self.allowed_seconds += allowed
        if chosen is not None:
            self.options[chosen] = self.options.get(chosen, 0) + n


@dataclass(frozen=True, slots=True)
class Change:
    """One count that was not what the deliveries say."""

    version_id: int
    field: str
    stored: int
    rebuilt: int


def first_ids(version_ids: Collection[int] | None = None) -> sa.Subquery:
    """Return the ids of the first deliveries, of some versions or of all, as a subquery with the column ``id``."""
    query = sa.select(sa.func.min(Delivery.id).label("id")).join(Block, Block.id == Delivery.block_id).where(*COUNTS)
    if version_ids is not None:
        query = query.where(Delivery.version_id.in_(list(version_ids)))
    return query.group_by(Block.person_id, Delivery.version_id).subquery()


def lock(session: Session) -> None:
    """Wait until nobody else counts, and hold that until the transaction ends."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(sa.select(sa.func.pg_advisory_xact_lock(LOCK)))


def count_ended(session: Session, blocks: Iterable[Block]) -> None:
    """Count what these blocks, which this transaction has just ended, add. Five statements for one block.

    To be called once a block, by whoever ended it. Where a learner's later delivery of a version was counted already
    (a submitted item can be drawn again while its block is open), the version is counted anew.
    """
    ended = [block for block in blocks if block.ended_reason is not EndedReason.ABANDONED]
    if not ended:
        return
    session.flush()
    lock(session)
    added: dict[int, Count] = {}
    anew: set[int] = set()
    for block in ended:
        for delivery, earliest_other in _new(session, block):
            if earliest_other is None and delivery.outcome is not None:
                count = added.setdefault(delivery.version_id, Count())
                count.add(delivery.outcome, delivery.chosen_option_id, 1, delivery.seconds, block.seconds_per_item)
            elif earliest_other is not None and earliest_other > delivery.id:
                anew.add(delivery.version_id)
    _add(session, {version_id: count for version_id, count in added.items() if version_id not in anew})
    if anew:
        recount(session, anew)


def _new(session: Session, block: Block) -> Iterator[tuple[Delivery, int | None]]:
    """Yield what counts of a block, each with the id of the learner's earliest other delivery of its version."""
    mine = list(
        session.scalars(
            sa.select(Delivery).where(
                Delivery.block_id == block.id, Delivery.outcome.is_not(None), Delivery.annulled_at.is_(None)
            )
        )
    )
    # By block and item, which is how an index finds them: a popular version has many deliveries, a learner few.
    others = (
        sa.select(Delivery.version_id, sa.func.min(Delivery.id))
        .join(Block, Block.id == Delivery.block_id)
        .where(
            Block.person_id == block.person_id,
            Block.id != block.id,
            *COUNTS,
            Delivery.item_id.in_([delivery.item_id for delivery in mine]),
        )
        .group_by(Delivery.version_id)
    )
    earliest: dict[int, int] = dict(session.execute(others).all()) if mine else {}
    yield from ((delivery, earliest.get(delivery.version_id)) for delivery in mine)


def _add(session: Session, added: dict[int, Count]) -> None:
    """Add to the stored counts. Three statements."""
    if not added:
        return
    dialect: Any = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    insert = dialect.insert(ItemCounter)
    more = {name: getattr(ItemCounter, name) + insert.excluded[name] for name in FIGURES}
    session.execute(
        insert.on_conflict_do_update(index_elements=["version_id"], set_=more),
        [_row(version_id, added[version_id]) for version_id in sorted(added)],
    )
    options = [row for version_id in sorted(added) for row in _option_rows(version_id, added[version_id])]
    if options:
        insert = dialect.insert(OptionCounter)
        session.execute(
            insert.on_conflict_do_update(index_elements=["option_id"], set_={"n": OptionCounter.n + insert.excluded.n}),
            options,
        )
    set_rarest(session, added)


def _row(version_id: int, count: Count) -> dict[str, int]:
    return {"version_id": version_id, "rarest": 0, **{name: getattr(count, name) for name in FIGURES}}


def _option_rows(version_id: int, count: Count) -> list[dict[str, int]]:
    return [{"option_id": option, "version_id": version_id, "n": n} for option, n in sorted(count.options.items())]


def _rarest() -> sa.ScalarSelect[int]:
    return (
        sa.select(sa.func.coalesce(sa.func.min(sa.func.coalesce(OptionCounter.n, 0)), 0))
        .select_from(Option)
        .outerjoin(OptionCounter, OptionCounter.option_id == Option.id)
        .where(Option.version_id == ItemCounter.version_id, sa.not_(rulings.is_key()))
        .correlate(ItemCounter)
        .scalar_subquery()
    )


def set_rarest(session: Session, version_ids: Collection[int]) -> None:
    """Note for these versions how few chose the distractor that fewest chose."""
    update = sa.update(ItemCounter).values(rarest=_rarest()).execution_options(synchronize_session=False)
    ids = sorted(version_ids)
    for start in range(0, len(ids), BATCH):
        session.execute(update.where(ItemCounter.version_id.in_(ids[start : start + BATCH])))


def worked_out(session: Session, version_ids: Collection[int] | None = None) -> dict[int, Count]:
    """Return by version what the first deliveries amount to. One statement, grouped in the database."""
    firsts = first_ids(version_ids)
    alike = (Delivery.version_id, Delivery.outcome, Delivery.chosen_option_id)
    query = (
        sa.select(*alike, sa.func.count(), sa.func.sum(Delivery.seconds), sa.func.sum(Block.seconds_per_item))
        .join(firsts, firsts.c.id == Delivery.id)
        .join(Block, Block.id == Delivery.block_id)
        .group_by(*alike)
    )
    found: dict[int, Count] = {}
    for version_id, outcome, chosen, n, seconds, allowed in session.execute(query):
        if outcome is not None:
            found.setdefault(version_id, Count()).add(outcome, chosen, n, int(seconds), int(allowed))
    return found


def recount(session: Session, version_ids: Collection[int]) -> None:
    """Count some versions anew, as after an annulment or a change of key."""
    session.flush()
    lock(session)
    ids = sorted(version_ids)
    for start in range(0, len(ids), BATCH):
        part = ids[start : start + BATCH]
        _replace(session, part, worked_out(session, part))


def _replace(session: Session, version_ids: Collection[int], right: dict[int, Count]) -> None:
    ids = list(version_ids)
    session.execute(sa.delete(OptionCounter).where(OptionCounter.version_id.in_(ids)))
    session.execute(sa.delete(ItemCounter).where(ItemCounter.version_id.in_(ids)))
    _add(session, {version_id: right[version_id] for version_id in ids if version_id in right})


def rebuild(session: Session) -> list[Change]:
    """Make every count what the deliveries say, and return what was different."""
    session.flush()
    lock(session)
    right = worked_out(session)
    changes = [*_differences(right, _stored(session))]
    wrong = sorted({change.version_id for change in changes})
    for start in range(0, len(wrong), BATCH):
        _replace(session, wrong[start : start + BATCH], right)
    query = sa.select(ItemCounter.version_id, ItemCounter.rarest, _rarest()).where(ItemCounter.rarest != _rarest())
    rare = [Change(version_id, "rarest", held, now) for version_id, held, now in session.execute(query)]
    set_rarest(session, [change.version_id for change in rare])
    return changes + rare


def _stored(session: Session) -> dict[int, Count]:
    columns = [getattr(ItemCounter, name) for name in FIGURES]
    found = {
        version_id: Count(*figures)
        for version_id, *figures in session.execute(sa.select(ItemCounter.version_id, *columns))
    }
    options = sa.select(OptionCounter.version_id, OptionCounter.option_id, OptionCounter.n).where(OptionCounter.n > 0)
    for version_id, option_id, n in session.execute(options):
        found.setdefault(version_id, Count()).options[option_id] = n
    return found


def _differences(right: dict[int, Count], held: dict[int, Count]) -> Iterator[Change]:
    nothing = Count()
    for version_id in sorted(right.keys() | held.keys()):
        now, before = right.get(version_id, nothing), held.get(version_id, nothing)
        for name in FIGURES:
            if getattr(now, name) != getattr(before, name):
                yield Change(version_id, name, getattr(before, name), getattr(now, name))
        for option_id in sorted(now.options.keys() | before.options.keys()):
            was, is_now = before.options.get(option_id, 0), now.options.get(option_id, 0)
            if was != is_now:
                yield Change(version_id, f"option {option_id}", was, is_now)
