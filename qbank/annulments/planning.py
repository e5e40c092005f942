"""What a decision on a version would do: whose scores change and how, which standings, which statistics.

The preview and the carrying out use the same queries and the same arithmetic, so that what was shown is what happens.
A block holds a version at most once, so its score moves by one item.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from qbank.annulments import rulings
from qbank.annulments.models import Annulment, AnnulmentKind
from qbank.blocks.models import Block, BlockScore, BlockState, Delivery, LearnerItem, Outcome
from qbank.blocks.scoring import Score
from qbank.errors import ConflictError, InvalidError, NotFoundError
from qbank.items.models import Item, ItemVersion, Option
from qbank.measurement.intervals import wilson
from qbank.statistics.models import ItemCounter, OptionCounter

BATCH = 500


@dataclass(frozen=True, slots=True)
class Decision:
    """What is to be decided of a version. ``option_id`` is the new key of a change of key."""

    version_id: int
    kind: AnnulmentKind
    option_id: int | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """A decision beside what holds now, and what is to hold after it."""

    decision: Decision
    item: Item
    version: ItemVersion
    options: tuple[Option, ...]
    held: Annulment | None
    keys_before: frozenset[int]
    keys_after: frozenset[int]

    @property
    def annulled_before(self) -> bool:
        """Whether the version is out of the score now."""
        return self.held is not None and self.held.kind is AnnulmentKind.ANNULLED

    @property
    def annulled_after(self) -> bool:
        """Whether the version is out of the score once this is decided."""
        return self.decision.kind is AnnulmentKind.ANNULLED


@dataclass(frozen=True, slots=True)
class Moved:
    """An ended block whose score changes."""

    block_id: int
    person_id: int
    ended_at: datetime
    score: BlockScore
    before: Score
    after: Score


@dataclass(frozen=True, slots=True)
class Figures:
    """A version's share correct among first answers, with the Wilson 95 % interval as shares from 0 to 1."""

    n: int
    correct: int

    @property
    def interval(self) -> tuple[float, float] | None:
        """Lower and upper end; None where there is no answer."""
        return wilson(self.correct, self.n) if self.n else None


@dataclass(frozen=True, slots=True)
class Preview:
    """What a decision would do. ``figures_after`` is None where it takes a count anew to tell."""

    case: Case
    token: str
    blocks: int
    learners: int
    met: int  # ended blocks that hold the version
    open: int  # blocks under way that hold it
    standings: int
    figures_before: Figures
    figures_after: Figures | None
    rows: list[Moved]


def look(session: Session, decision: Decision) -> Case:
    """Return the case of a decision.

    Raises NotFoundError for no such version, ConflictError where it makes no sense any more, InvalidError by field
    for a key that cannot be one.
    """
    version = session.get(ItemVersion, decision.version_id, populate_existing=True)
    if version is None:
        raise NotFoundError("There is no such version of an item.")
    item = session.get_one(Item, version.item_id)
    options = tuple(session.scalars(sa.select(Option).where(Option.version_id == version.id).order_by(Option.ordinal)))
    held = rulings.in_force(session, [version.id]).get(version.id)
    written = frozenset(option.id for option in options if option.is_key)
    before = frozenset({held.new_option_id}) if held and held.new_option_id else written
    _check(session, decision, options, held, before)
    after = frozenset({decision.option_id}) if decision.option_id else written
    return Case(decision, item, version, options, held, before, after)


def _check(
    session: Session, decision: Decision, options: tuple[Option, ...], held: Annulment | None, keys: frozenset[int]
) -> None:
    if decision.kind is AnnulmentKind.TAKEN_BACK and held is None:
        raise ConflictError("There is nothing to take back: no decision on this version is in force.")
    if decision.kind is AnnulmentKind.ANNULLED and held is not None and held.kind is AnnulmentKind.ANNULLED:
        raise ConflictError("This version is annulled already.")
    if decision.kind is AnnulmentKind.KEY_CHANGED:
        _check_option(decision, options, held, keys)
    elif decision.option_id is not None:
        raise InvalidError("A key goes with a change of key only.", problems={"option": "Leave this empty."})
    if session.scalar(sa.select(Delivery.id).where(Delivery.version_id == decision.version_id).limit(1)) is None:
        raise ConflictError("Nobody has met this version, so no score hangs on it.", cure="Edit the item instead.")


def _check_option(
    decision: Decision, options: tuple[Option, ...], held: Annulment | None, keys: frozenset[int]
) -> None:
    if decision.option_id not in {option.id for option in options}:
        raise InvalidError("The new key is missing.", problems={"option": "Choose the option that is right."})
    if decision.option_id in keys:
        raise InvalidError("That is the key already.", problems={"option": "This option is the key already."})
    if len(keys) != 1:
        raise ConflictError("This version has no single key that could be changed.", cure="Annul it instead.")
    written = {option.id for option in options if option.is_key}
    if held is not None and decision.option_id in written:
        raise InvalidError(
            "That is the key that the version was written with.",
            problems={"option": "To go back to it, take the change of key back."},
        )


def outcome_then(keys: frozenset[int]) -> sa.ColumnElement[Any]:
    """Return the column that says how a delivery ends under these keys, by `qbank.blocks.scoring.outcome_of`."""
    return sa.case(
        (Delivery.outcome.is_(None), None),
        (Delivery.chosen_option_id.is_(None), Outcome.OMITTED.value),
        (Delivery.chosen_option_id.in_(sorted(keys)), Outcome.CORRECT.value),
        else_=Outcome.INCORRECT.value,
    )


def rescored(before: Score, was: Outcome | None, then: Outcome | None, case: Case) -> Score:
    """Return a block's counts after its one delivery of the version has moved."""
    without = _moved(before, was, annulled=case.annulled_before, by=-1)
    return _moved(without, then, annulled=case.annulled_after, by=1)


def _moved(counts: Score, outcome: Outcome | None, *, annulled: bool, by: int) -> Score:
    name = "annulled" if annulled else str(outcome) if outcome else ""
    return replace(counts, **{name: getattr(counts, name) + by}) if name else counts


def _moving(case: Case) -> sa.Select[Any]:
    """Return the query of ended blocks whose score changes: block, newest score, outcome now and then."""
    then = outcome_then(case.keys_after)
    newer = aliased(BlockScore)
    newest = sa.select(sa.func.max(newer.revision)).where(newer.block_id == Block.id).correlate(Block).scalar_subquery()
    query = (
        sa.select(Block.id, Block.person_id, Block.ended_at, BlockScore, Delivery.outcome, then.label("then"))
        .join(Delivery, Delivery.block_id == Block.id)
        .join(BlockScore, sa.and_(BlockScore.block_id == Block.id, BlockScore.revision == newest))
        .where(Delivery.version_id == case.version.id, Block.state == BlockState.ENDED, Delivery.pretest.is_(False))
    )
    if case.annulled_before == case.annulled_after:
        query = query.where(Delivery.outcome.is_not(None), Delivery.outcome != then)
    return query


def moved(session: Session, case: Case, *, after_id: int = 0, limit: int = BATCH, offset: int = 0) -> list[Moved]:
    """Return ended blocks whose score changes, by id. One query."""
    query = _moving(case).where(Block.id > after_id).order_by(Block.id).limit(limit).offset(offset)
    return [_row(case, *row) for row in session.execute(query)]


def _row(
    case: Case, block_id: int, person_id: int, ended_at: datetime, score: BlockScore, was: Outcome | None, then: Any
) -> Moved:
    before = Score(score.correct, score.incorrect, score.omitted, score.pretest, score.annulled)
    after = rescored(before, was, Outcome(then) if then else None, case)
    return Moved(block_id, person_id, ended_at, score, before, after)


def all_moved(session: Session, case: Case) -> Iterator[list[Moved]]:
    """Yield the ended blocks whose score changes, a batch at a time: memory stays flat, however many there are."""
    last = 0
    while rows := moved(session, case, after_id=last):
        yield rows
        last = rows[-1].block_id


def token_of(session: Session, case: Case) -> str:
    """Return what names everything that the preview rests on: it changes as soon as an answer comes in between."""
    alike = (Delivery.outcome, Delivery.chosen_option_id, Delivery.pretest, Delivery.annulled_at)
    query = (
        sa.select(*alike, Block.state, sa.func.count())
        .join(Block, Block.id == Delivery.block_id)
        .where(Delivery.version_id == case.version.id, Delivery.outcome.is_not(None))
        .group_by(*alike, Block.state)
    )
    groups = sorted(repr(tuple(row)) for row in session.execute(query))
    decision = case.decision
    base = (decision.version_id, str(decision.kind), decision.option_id, case.held.id if case.held else 0, groups)
    return hashlib.sha256(repr(base).encode()).hexdigest()[:32]


def preview(session: Session, decision: Decision, *, limit: int, offset: int) -> Preview:
    """Return what a decision would do, with a page of the blocks. A fixed number of queries. Raises as `look`."""
    case = look(session, decision)
    moving = _moving(case).subquery()
    blocks, learners = session.execute(
        sa.select(sa.func.count(), sa.func.count(moving.c.person_id.distinct())).select_from(moving)
    ).one()
    held = sa.select(Block.state, sa.func.count()).join(Delivery, Delivery.block_id == Block.id)
    held = held.where(Delivery.version_id == case.version.id).group_by(Block.state)
    holding = dict(session.execute(held).all())
    met = holding.get(BlockState.ENDED, 0)
    standings = sa.select(sa.func.count()).select_from(LearnerItem).where(LearnerItem.item_id == case.item.id)
    return Preview(
        case=case,
        token=token_of(session, case),
        blocks=blocks,
        learners=learners,
        met=met,
        open=sum(holding.values()) - met,
        standings=session.scalar(standings) or 0,
        figures_before=_figures(session, case),
        figures_after=_figures_after(session, case),
        rows=moved(session, case, limit=limit, offset=offset),
    )


def _figures(session: Session, case: Case) -> Figures:
    query = sa.select(ItemCounter.n, ItemCounter.correct).where(ItemCounter.version_id == case.version.id)
    row = session.execute(query).first()
    return Figures(row.n, row.correct) if row else Figures(0, 0)


def _figures_after(session: Session, case: Case) -> Figures | None:
    if case.annulled_after:
        return Figures(0, 0)
    if case.annulled_before:
        return None
    correct = sa.select(sa.func.coalesce(sa.func.sum(OptionCounter.n), 0)).where(
        OptionCounter.option_id.in_(sorted(case.keys_after))
    )
    return Figures(_figures(session, case).n, int(session.scalar(correct) or 0))
