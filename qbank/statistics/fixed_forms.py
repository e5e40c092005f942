"""Fixed forms: sets of item versions that several learners took whole, in one exam-feedback block each.

Reliability in the classical sense exists only there. A form is found by what was delivered, not by how it was made:
blocks of exam feedback that ended otherwise than abandoned with exactly the same scored versions. It is named by the
first such block's id; each learner counts by the first of theirs.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
import sqlalchemy as sa
from sqlalchemy.orm import Session

from qbank.blocks.models import Block, Delivery, Feedback
from qbank.errors import NotFoundError
from qbank.items.models import Item, ItemVersion
from qbank.measurement.classical import ItemTable, item_table, upper_lower
from qbank.measurement.reliability import FormStatistics, alpha_if_deleted, conditional_sem, form_statistics
from qbank.measurement.responses import Floats
from qbank.statistics.counters import COUNTS
from qbank.statistics.reading import RIGHT, as_responses, chunks

LEAST = 26  # learners below whom a form's figures are too thin
SHOWN = 50  # forms listed
ITEMS_LEAST = 2
_SPREAD = 1_000_003  # of the ids in the signature


@dataclass(frozen=True, slots=True)
class FormLine:
    """One form in the list."""

    block_id: int
    items: int
    learners: int


@dataclass(frozen=True, slots=True)
class FormItem:
    """One item of a form; None where there is no spread."""

    item_id: int
    external_id: str
    number: int
    p: float
    r_rest: float | None
    d27: float | None
    alpha_without: float | None


@dataclass(frozen=True, slots=True)
class ScoreLine:
    """How many learners had a score, and its standard error by the binomial model."""

    score: int
    n: int
    sem: float | None


@dataclass(frozen=True, slots=True)
class Form:
    """A form's figures. ``figures`` and ``items`` are empty below ``LEAST`` learners."""

    block_id: int
    item_count: int
    learners: int
    figures: FormStatistics | None
    items: tuple[FormItem, ...] = ()
    scores: tuple[ScoreLine, ...] = ()


def _counted() -> list[sa.ColumnElement[bool]]:
    return [*COUNTS, Block.feedback == Feedback.EXAM, Delivery.pretest.is_(False)]


def _signatures() -> sa.Subquery:
    """Return every block with what its set of versions adds up to: equal sets have equal sums."""
    version = sa.cast(Delivery.version_id, sa.BigInteger)
    return (
        sa.select(
            Delivery.block_id.label("block_id"),
            sa.func.min(Block.person_id).label("person_id"),
            sa.func.count().label("length"),
            sa.func.sum(version).label("plain"),
            sa.func.sum((version * version) % _SPREAD).label("spread"),
        )
        .join(Block, Block.id == Delivery.block_id)
        .where(*_counted())
        .group_by(Delivery.block_id)
        .having(sa.func.count() >= ITEMS_LEAST)
        .subquery()
    )


def forms(session: Session, *, least: int = 2) -> list[FormLine]:
    """Return the forms that at least so many learners took, those of most learners first. One statement."""
    each = _signatures()
    same = (each.c.length, each.c.plain, each.c.spread)
    learners = sa.func.count(each.c.person_id.distinct())
    query = (
        sa.select(sa.func.min(each.c.block_id), each.c.length, learners)
        .group_by(*same)
        .having(learners >= least)
        .order_by(learners.desc(), sa.func.min(each.c.block_id))
        .limit(SHOWN)
    )
    return [FormLine(block_id, items, n) for block_id, items, n in session.execute(query)]


def find(session: Session, block_id: int, *, least: int = LEAST) -> Form:
    """Return the form that this block was. Raises NotFoundError where it was none, or only one learner's.

    Four statements. Sums that agree by chance are told apart by the versions themselves.
    """
    query = sa.select(Delivery.version_id).join(Block, Block.id == Delivery.block_id)
    versions = sorted(session.scalars(query.where(*_counted(), Delivery.block_id == block_id)))
    blocks = _blocks_of(session, block_id)
    if len(versions) < ITEMS_LEAST or len(blocks) < 2:
        raise NotFoundError("There is no such form.")
    rows = (
        sa.select(Block.person_id, Delivery.version_id, RIGHT)
        .join(Block, Block.id == Delivery.block_id)
        .where(*_counted(), Delivery.block_id.in_(blocks), Delivery.version_id.in_(versions))
    )
    read = as_responses(chunks(session, rows))
    responses = read.responses
    if not responses.complete:
        whole = np.flatnonzero(responses.taken() == len(versions))
        place = np.full(responses.persons, -1)
        place[whole] = np.arange(len(whole))
        kept = place[responses.person] >= 0
        responses = type(responses)(
            len(whole), responses.items, place[responses.person[kept]].astype(np.intp), responses.cell[kept]
        )
    if responses.persons < least:
        return Form(block_id, len(versions), responses.persons, None)
    table = item_table(responses)
    items = _items(session, read.version_ids, table, upper_lower(responses), alpha_if_deleted(responses, table))
    counts = Counter(responses.totals().astype(int).tolist())
    scores = tuple(
        ScoreLine(score, counts.get(score, 0), conditional_sem(score, responses.items))
        for score in range(min(counts), max(counts) + 1)
    )
    return Form(block_id, len(versions), responses.persons, form_statistics(responses), items, scores)


def _blocks_of(session: Session, block_id: int) -> list[int]:
    """Return the first block of each learner whose set adds up to the same as this block's."""
    each, mine = _signatures(), _signatures()
    query = (
        sa.select(sa.func.min(each.c.block_id))
        .join(
            mine,
            sa.and_(
                mine.c.length == each.c.length, mine.c.plain == each.c.plain, mine.c.spread == each.c.spread,
                mine.c.block_id == block_id,
            ),
        )
        .group_by(each.c.person_id)
    )  # fmt: skip
    return list(session.scalars(query))


def _items(
    session: Session, version_ids: np.ndarray, table: ItemTable, d27: Floats, without: Floats
) -> tuple[FormItem, ...]:
    query = (
        sa.select(ItemVersion.id, Item.id, Item.external_id, ItemVersion.number)
        .join(Item, Item.id == ItemVersion.item_id)
        .where(ItemVersion.id.in_(version_ids.tolist()))
    )
    names = {version: (item, name, number) for version, item, name, number in session.execute(query)}
    return tuple(
        FormItem(
            *names[int(version)], float(table.p[place]), _number(table.r_rest[place]), _number(d27[place]),
            _number(without[place]),
        )
        for place, version in enumerate(version_ids)
    )  # fmt: skip


def _number(value: np.floating) -> float | None:
    return float(value) if np.isfinite(value) else None
