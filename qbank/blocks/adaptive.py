"""Adaptive practice: a block in tutor feedback whose items are chosen one by one, each after the answer before it.

A block holds the items asked so far and grows by one. The learner asks for each next item; two requests at once make
one delivery, because the block is locked and (block, position) is unique. Why an item was chosen is written beside its
delivery, so that every step can be worked out again.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from qbank import clock
from qbank.accounts.models import Person
from qbank.blocks import building, choosing, drawing
from qbank.blocks.adaptive_models import AdaptivePractice, AdaptiveStep, Aim
from qbank.blocks.choosing import Answered, Candidate, Estimate
from qbank.blocks.closing import close_if_due, own_block
from qbank.blocks.criteria import Criteria
from qbank.blocks.models import Block, BlockState, Delivery, Feedback, LearnerItem, Outcome, Timing
from qbank.blocks.passes import current_pass, lock_learner
from qbank.db.engine import begin_write
from qbank.errors import InvalidError, NotAllowedError, NotFoundError
from qbank.items.models import PoolEntry
from qbank.settings import Settings
from qbank.statistics import difficulty
from qbank.statistics.models import ItemCalibration

ADAPTIVE = "adaptive"  # in a block's criteria: the filters that its items are chosen under
LOOK = 1_000  # items of an area that are ranked: those whose difficulty is nearest to the wanted one
MAX_MINUTES = 600
NAME = "Adaptive practice"
NOTHING_FITS = "No further item fits your filters. End the block to see your estimate."
SUBMIT_FIRST = "Submit your answer first; the next item depends on it."


class Stop(StrEnum):
    """Why an adaptive block asks nothing more."""

    PRECISE = "precise"
    ITEMS = "items"
    TIME = "time"


STOP_WORDS = {
    Stop.PRECISE: f"The estimate is precise enough (standard error below {choosing.STOP_SE:.2f}).",
    Stop.ITEMS: "You have answered as many items as you asked for.",
    Stop.TIME: "The time that you gave this practice is over.",
}


@dataclass(frozen=True, slots=True)
class Progress:
    """Where an adaptive block stands: the estimate from its answers, and why it stops, if it does."""

    estimate: Estimate
    submitted: int
    stop: Stop | None


@dataclass(frozen=True, slots=True)
class _Plan:
    """What the choice of an item depends on, apart from the answers. ``asked``: item ids of the block by area."""

    person: Person
    pass_id: int
    criteria: Criteria
    aim: Aim
    run_id: int | None
    targets: dict[int, float]
    seed: str
    asked: dict[int, int] = field(default_factory=dict)  # item id -> area

    @property
    def by_area(self) -> dict[int, int]:
        found: dict[int, int] = {}
        for area in self.asked.values():
            found[area] = found.get(area, 0) + 1
        return found


@dataclass(frozen=True, slots=True)
class _Choice:
    item: Candidate
    area: int
    candidates: list[int]
    before: Estimate


def is_adaptive(block: Block) -> bool:
    """Return whether the block's items are chosen one by one. Asks the row alone."""
    return ADAPTIVE in block.criteria


def start(
    session: Session,
    person: Person,
    settings: Settings,
    *,
    criteria: Criteria,
    aim: Aim | str,
    most: int,
    minutes: int | None = None,
    name: str | None = None,
    seed: str | None = None,
) -> Block:
    """Start an adaptive block with its first item and return it. A fixed number of queries for a given filter.

    ``most`` items at most; after ``minutes`` no further item is given. Raises InvalidError for numbers out of range
    and where nothing is eligible. The targets of the areas are their shares of what is eligible at the start; the
    parameters are those of the calibration in force then.
    """
    begin_write(session)
    _check(most, minutes, settings)
    lock_learner(session, person)
    pass_id = current_pass(session, person).id
    seed = seed or secrets.token_hex(8)
    run_id = session.scalar(sa.select(difficulty.current_run_id()))
    targets = _targets(session, drawing.eligible(session, person, pass_id, criteria), pass_id)
    plan = _Plan(person, pass_id, criteria, Aim(aim), run_id, targets, seed)
    choice = _choose(session, plan, [], 1)
    if choice is None:
        message = "No item fits these filters now."
        raise InvalidError(message, problems={"count": message}, cure="Widen the filters, or end your open blocks.")
    block = building.start_block(
        session, person, settings, criteria=Criteria(), count=1, feedback=Feedback.TUTOR, timing=Timing.UNTIMED,
        name=name or NAME, seed=seed, items=[choice.item.item_id],
    )  # fmt: skip
    block.criteria = {**block.criteria, ADAPTIVE: criteria.to_dict()}
    session.add(
        AdaptivePractice(
            block_id=block.id, aim=plan.aim, run_id=run_id, most_items=most, minutes=minutes,
            targets={str(area): share for area, share in targets.items()},
        )
    )  # fmt: skip
    _log(session, block, choice, 1)
    return block


def _check(most: int, minutes: int | None, settings: Settings) -> None:
    problems: dict[str, str] = {}
    if not 1 <= most <= settings.block_max_items:
        problems["count"] = f"Give a number of items from 1 to {settings.block_max_items}."
    if minutes is not None and not 1 <= minutes <= MAX_MINUTES:
        problems["minutes"] = f"Give a number of minutes from 1 to {MAX_MINUTES}."
    if problems:
        raise InvalidError("The practice was not started.", problems=problems)


def _targets(session: Session, eligible: drawing.Eligible, pass_id: int) -> dict[int, float]:
    """Return each area's share of what is eligible. Two queries."""
    counts: dict[int, int] = {}
    if eligible.unused is not None:
        query = sa.select(PoolEntry.system_id, sa.func.count()).where(*_fresh(eligible.unused, pass_id))
        counts = dict(session.execute(query.group_by(PoolEntry.system_id)).all())
    mine = (
        sa.select(PoolEntry.item_id, PoolEntry.system_id)
        .join(LearnerItem, LearnerItem.item_id == PoolEntry.item_id)
        .where(LearnerItem.pass_id == pass_id)
    )
    for item_id, area in session.execute(mine):
        if item_id in eligible.seen:
            counts[area] = counts.get(area, 0) + 1
    total = sum(counts.values())
    return {area: n / total for area, n in sorted(counts.items())}


def _fresh(unused: list[sa.ColumnElement[bool]], pass_id: int) -> list[sa.ColumnElement[bool]]:
    touched = sa.select(LearnerItem.item_id).where(LearnerItem.pass_id == pass_id)
    return [*unused, PoolEntry.item_id.not_in(touched)]


def _choose(session: Session, plan: _Plan, answers: list[Answered], position: int) -> _Choice | None:
    """Return the item of this position; None where none is left in any area."""
    before = choosing.estimate(answers)
    eligible = drawing.eligible(session, plan.person, plan.pass_id, plan.criteria)
    source = choosing.choice_source(f"{plan.seed}:area", position)
    for area in choosing.areas(plan.targets, plan.by_area, source):
        found: dict[int, Candidate] = {}
        for part in _candidates(session, plan, eligible, area, before.ability):  # the unseen ones first
            found |= {item.item_id: item for item in part if item.item_id not in plan.asked}
            ranked = [item.item_id for item in choosing.best(found.values(), plan.aim, before.ability, len(found))]
            kept = drawing.pick(session, ranked, choosing.FIVE, taken=list(plan.asked))
            if len(kept) == choosing.FIVE:
                break
        if kept:
            return _Choice(found[choosing.pick(kept, plan.seed, position)], area, kept, before)
    return None


def _candidates(
    session: Session, plan: _Plan, eligible: drawing.Eligible, area: int, ability: float
) -> Iterator[list[Candidate]]:
    """Yield what may be asked of an area: those never seen, then those seen before. At most two queries each."""
    wanted = choosing.nearest_difficulty(plan.aim, ability)
    away = sa.func.abs(sa.func.coalesce(ItemCalibration.b, 0.0) - wanted)
    query = (
        sa.select(PoolEntry.item_id, PoolEntry.version_id, ItemCalibration.a, ItemCalibration.d)
        .outerjoin(ItemCalibration, difficulty.usable(PoolEntry.version_id, plan.run_id))
        .where(PoolEntry.system_id == area)
    )
    if eligible.unused is not None:
        fresh = query.where(*_fresh(eligible.unused, plan.pass_id)).order_by(away, PoolEntry.item_id).limit(LOOK)
        yield _as_candidates(session, session.execute(fresh).all())
    seen = query.join(LearnerItem, LearnerItem.item_id == PoolEntry.item_id).where(LearnerItem.pass_id == plan.pass_id)
    rows = [row for row in session.execute(seen.order_by(away, PoolEntry.item_id)) if row.item_id in eligible.seen]
    yield _as_candidates(session, rows[:LOOK])


def _as_candidates(session: Session, rows: Collection[Any]) -> list[Candidate]:
    unknown = [row.version_id for row in rows if row.a is None]
    ratings = _ratings(session, unknown) if unknown else {}
    found = []
    for row in rows:
        if row.a is not None:
            found.append(Candidate(row.item_id, row.a, row.d))
            continue
        value, n = ratings.get(row.version_id, (0.0, 0))
        found.append(Candidate(row.item_id, choosing.RATED_A, -choosing.RATED_A * value, n))
    return found


def _ratings(session: Session, version_ids: Collection[int]) -> dict[int, tuple[float, int]]:
    """Return difficulty and number of answers of these versions by their last rated answer. One query."""
    last = (
        sa.select(sa.func.max(AdaptiveStep.delivery_id))
        .join(Delivery, Delivery.id == AdaptiveStep.delivery_id)
        .where(
            Delivery.version_id.in_(version_ids), Delivery.submitted_at.is_not(None), Delivery.annulled_at.is_(None),
            AdaptiveStep.rated.is_not(None),
        )
        .group_by(Delivery.version_id)
    )  # fmt: skip
    query = (
        sa.select(Delivery.version_id, Delivery.outcome, AdaptiveStep)
        .join(AdaptiveStep, AdaptiveStep.delivery_id == Delivery.id)
        .where(Delivery.id.in_(last))
    )
    found = {}
    for version_id, outcome, step in session.execute(query):
        taken = Answered(step.a, step.d, step.rated, outcome is Outcome.CORRECT)
        rating = choosing.rating_after(taken, step.ability)
        found[version_id] = (rating.value, rating.n)
    return found


def _log(session: Session, block: Block, choice: _Choice, position: int) -> None:
    delivery_id = session.scalar(
        sa.select(Delivery.id).where(Delivery.block_id == block.id, Delivery.position == position)
    )
    item, before = choice.item, choice.before
    session.add(
        AdaptiveStep(
            delivery_id=delivery_id, system_id=choice.area, method=before.method, ability=before.ability, se=before.se,
            answers=before.answers, a=item.a, d=item.d, rated=item.rated,
            information=choosing.information(item.a, item.d, before.ability),
            candidates=choice.candidates, at=clock.now(),
        )
    )  # fmt: skip
    session.flush()


def steps(session: Session, block: Block) -> list[tuple[AdaptiveStep, Delivery]]:
    """Return the block's steps with their deliveries, in order. One query."""
    query = (
        sa.select(AdaptiveStep, Delivery)
        .join(Delivery, Delivery.id == AdaptiveStep.delivery_id)
        .where(Delivery.block_id == block.id)
        .order_by(Delivery.position)
    )
    return [(step, delivery) for step, delivery in session.execute(query.execution_options(populate_existing=True))]


def answers_of(taken: Collection[tuple[AdaptiveStep, Delivery]], at: datetime | None = None) -> list[Answered]:
    """Return the answers that an estimate rests on: those submitted, to items that were not annulled by then (now)."""
    return [
        Answered(step.a, step.d, step.rated, delivery.outcome is Outcome.CORRECT)
        for step, delivery in taken
        if delivery.submitted_at is not None
        and (delivery.annulled_at is None or (at is not None and delivery.annulled_at > at))
    ]


def practice_of(session: Session, block: Block) -> AdaptivePractice:
    """Return the rules of an adaptive block. Raises NotFoundError for any other block."""
    found = session.get(AdaptivePractice, block.id)
    if found is None:
        raise NotFoundError("This block is not an adaptive one.")
    return found


def progress(session: Session, block: Block) -> Progress:
    """Return where the block stands. Two queries."""
    practice, taken = practice_of(session, block), steps(session, block)
    now = choosing.estimate(answers_of(taken))
    submitted = sum(delivery.submitted_at is not None for _step, delivery in taken)
    return Progress(now, submitted, _stop(practice, now, submitted, block.started_at))


def _stop(practice: AdaptivePractice, now: Estimate, submitted: int, started_at: datetime) -> Stop | None:
    if now.se is not None and now.se < choosing.STOP_SE:
        return Stop.PRECISE
    if submitted >= practice.most_items:
        return Stop.ITEMS
    if practice.minutes is not None and clock.now() >= started_at + timedelta(minutes=practice.minutes):
        return Stop.TIME
    return None


def next_item(session: Session, person: Person, token: str, after: int) -> int:
    """Give the item that follows position ``after`` and return its position. Asked twice, it gives one item.

    Raises NotFoundError for a block that is not this person's adaptive one or a position that it does not have,
    NotAllowedError after the end, before the answer is submitted, and where the block stops.
    """
    begin_write(session)
    lock_learner(session, person)
    block = own_block(session, person, token, lock=True)
    practice = practice_of(session, block)
    if not 1 <= after <= block.item_count:
        raise NotFoundError(f"This block has {block.item_count} items so far; there is no item {after}.")
    close_if_due(session, block)
    if block.state is not BlockState.OPEN:
        raise NotAllowedError("The block has ended: no further item is given.")
    if after < block.item_count:
        return after + 1
    taken = steps(session, block)
    if any(delivery.submitted_at is None for _step, delivery in taken):
        raise NotAllowedError(SUBMIT_FIRST)
    answers = answers_of(taken)
    reason = _stop(practice, choosing.estimate(answers), len(taken), block.started_at)
    if reason is not None:
        raise NotAllowedError(STOP_WORDS[reason], cure="End the block to see your estimate.")
    plan = _Plan(
        person, block.pass_id, Criteria.from_dict(block.criteria[ADAPTIVE]), practice.aim, practice.run_id,
        {int(area): float(share) for area, share in practice.targets.items()}, block.seed,
        {delivery.item_id: step.system_id for step, delivery in taken},
    )  # fmt: skip
    choice = _choose(session, plan, answers, after + 1)
    if choice is None:
        raise NotAllowedError(NOTHING_FITS)
    building.deliver_next(session, block, choice.item.item_id)
    _log(session, block, choice, block.item_count)
    return block.item_count


def replay(session: Session, block: Block) -> list[str]:
    """Work every step out again from the log and the seed, and return what differs, one line each; nothing: all agree.

    The estimate before a step follows from the answers before it, the item from the candidates and the seed.
    """
    taken, found = steps(session, block), []
    for place, (step, delivery) in enumerate(taken):
        before = choosing.estimate(answers_of(taken[:place], step.at))
        if abs(before.ability - step.ability) > 1e-9 or before.answers != step.answers:
            found.append(f"item {delivery.position}: the ability was {step.ability}, the answers say {before.ability}")
        chosen = choosing.pick(step.candidates, block.seed, delivery.position)
        if chosen != delivery.item_id:
            found.append(f"item {delivery.position}: item id {delivery.item_id} was given, the seed says {chosen}")
    return found
