"""Readiness: the chance of reaching the cut on a form of this bank, or exactly what is missing to say it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from math import isfinite, nan
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from qbank import clock
from qbank.accounts.models import Person
from qbank.blocks.models import Block, BlockState, Delivery, EndedReason, ExamPreset, Feedback, Timing
from qbank.errors import InvalidError
from qbank.history import calibrated
from qbank.history.counted import Which, counted
from qbank.history.models import ExamTarget
from qbank.items.models import ItemVersion, PoolEntry
from qbank.measurement.ability import HALF_LIFE_DAYS
from qbank.measurement.readiness import Prediction, bank_prior, filled, predict, typical_form

BLOCKS, ITEMS, RECENT_DAYS = 2, 80, 28
FORM_ITEMS = 100  # of a form that no exam format sets
FARTHEST_DAYS = 5 * 366  # no target lies farther ahead
HALF_LIFE = round(HALF_LIFE_DAYS)


@dataclass(frozen=True, slots=True)
class Target:
    """What the learner works towards. ``items`` is the length of the form that is predicted."""

    exam_day: date
    cut_percent: int
    preset_id: int | None
    name: str
    items: int


@dataclass(frozen=True, slots=True)
class UsedBlock:
    """A block whose first answers count: exam feedback, timed, taken to its end."""

    token: str
    name: str
    ended_at: datetime
    correct: int
    items: int


@dataclass(frozen=True, slots=True)
class Condition:
    """One thing that must hold before anything is said: what, whether it holds, and how far it is."""

    text: str
    met: bool
    state: str


@dataclass(frozen=True, slots=True)
class Readiness:
    """The target, the blocks used (newest first), every condition, and the prediction where all of them hold."""

    target: Target | None
    blocks: list[UsedBlock]
    conditions: list[Condition]
    prediction: Prediction | None
    calibrated: int
    answers: int

    @property
    def missing(self) -> list[Condition]:
        """What does not hold yet."""
        return [each for each in self.conditions if not each.met]


@dataclass(frozen=True, slots=True)
class _Answer:
    token: str
    name: str
    ended_at: datetime
    version_id: int
    system_id: int | None
    correct: bool


def target(session: Session, person_id: int) -> Target | None:
    """Return the learner's target. One query."""
    query = (
        sa.select(ExamTarget, ExamPreset)
        .outerjoin(ExamPreset, ExamPreset.id == ExamTarget.preset_id)
        .where(ExamTarget.person_id == person_id)
    )
    row = session.execute(query).first()
    if row is None:
        return None
    kept, preset = row
    name = preset.name if preset else "a form of this bank"
    return Target(kept.exam_day, kept.cut_percent, kept.preset_id, name, form_items(preset))


def form_items(preset: ExamPreset | None) -> int:
    """Return how many items the form has: all those of the exam format, as far as it says, else `FORM_ITEMS`."""
    if preset is None:
        return FORM_ITEMS
    whole = preset.items_total or (preset.blocks or 1) * (preset.items_per_block_max or 0)
    return min(whole, 1000) or FORM_ITEMS


def set_target(
    session: Session, person: Person, *, preset: ExamPreset | None, exam_day: date, cut_percent: int
) -> None:
    """Set the learner's own target, in place of the one before.

    Raises InvalidError for a day that is past or more than five years ahead, or a cut outside 1 to 99.
    """
    problems, today = {}, clock.now().date()
    if exam_day < today:
        problems["exam_day"] = "This day is past."
    elif exam_day > today + timedelta(days=FARTHEST_DAYS):
        problems["exam_day"] = "Give a day within the next five years."
    if not 1 <= cut_percent <= 99:
        problems["cut_percent"] = "Give a whole number from 1 to 99."
    if problems:
        raise InvalidError("The target cannot be used.", problems=problems)
    kept = session.get(ExamTarget, person.id)
    if kept is None:
        kept = ExamTarget(person_id=person.id)
        session.add(kept)
    kept.preset_id = preset.id if preset else None
    kept.exam_day, kept.cut_percent, kept.set_at = exam_day, cut_percent, clock.now()
    session.flush()


def clear_target(session: Session, person: Person) -> None:
    """Take the learner's own target away. Without one nothing changes."""
    session.execute(sa.delete(ExamTarget).where(ExamTarget.person_id == person.id))


def _answers(session: Session, person_id: int) -> list[_Answer]:
    """Return the first answers of exam-feedback timed blocks, newest block first. One query.

    First means first: an item that was met before in any other block, tutor blocks and other passes included, tells
    of memory and is left out. So are abandoned blocks.
    """
    ended = [Block.person_id == person_id, Block.state == BlockState.ENDED]
    columns: list[sa.ColumnElement[Any]] = [
        Block.token.label("token"),
        Block.name.label("name"),
        Block.ended_at.label("ended_at"),
        Delivery.version_id.label("version_id"),
        sa.and_(
            Block.feedback == Feedback.EXAM,
            Block.timing == Timing.TIMED,
            Block.ended_reason != EndedReason.ABANDONED,
        ).label("counts"),
    ]
    found = counted(ended, Which.FIRST, columns)
    query = (
        sa.select(
            found.c.token, found.c.name, found.c.ended_at, found.c.version_id, ItemVersion.system_id, found.c.correct
        )
        .join(ItemVersion, ItemVersion.id == found.c.version_id)
        .where(found.c.counts)
        .order_by(found.c.ended_at.desc(), found.c.token, found.c.version_id)
    )
    return [_Answer(*row) for row in session.execute(query)]


def _used(answers: list[_Answer]) -> list[UsedBlock]:
    by_block: dict[str, list[_Answer]] = {}
    for each in answers:
        by_block.setdefault(each.token, []).append(each)
    return [
        UsedBlock(token, group[0].name, group[0].ended_at, sum(each.correct for each in group), len(group))
        for token, group in by_block.items()
    ]


def _live_systems(session: Session) -> set[int]:
    query = sa.select(PoolEntry.system_id).where(PoolEntry.pretest.is_(False)).distinct()
    return set(session.scalars(query))


def _of_target(found: Target | None, today: date) -> Condition:
    if found is None:
        return Condition("A target: the exam, its day and the cut", False, "not set")
    ahead = found.exam_day >= today
    return Condition(
        "A target whose day is not past", ahead, f"{found.exam_day:%-d %b %Y}" if ahead else "the day is past"
    )


def _of_blocks(blocks: list[UsedBlock], now: datetime) -> list[Condition]:
    items = sum(block.items for block in blocks)
    newest = blocks[0].ended_at if blocks else None
    recent = newest is not None and newest >= now - timedelta(days=RECENT_DAYS)
    return [
        Condition(
            f"{BLOCKS} timed blocks with exam feedback that hold first answers",
            len(blocks) >= BLOCKS,
            f"{len(blocks)} of {BLOCKS}",
        ),
        Condition(f"{ITEMS} first answers in such blocks", items >= ITEMS, f"{items} of {ITEMS}"),
        Condition(
            f"One of these blocks in the last {RECENT_DAYS} days",
            recent,
            f"the last ended on {newest:%-d %b %Y}" if newest else "none so far",
        ),
    ]


def _of_systems(answers: list[_Answer], live: set[int]) -> Condition:
    covered = len({each.system_id for each in answers} & live)
    needed = -(-len(live) // 2)
    return Condition(
        "First answers in at least half of the bank's systems",
        bool(live) and covered >= needed,
        f"{covered} of {len(live)}, {needed} needed" if live else "the bank has no live item",
    )


def _of_calibration(known: int, answers: int, run: calibrated.Calibration | None) -> Condition:
    text = "At least half of these items with a measured difficulty"
    if run is None:
        return Condition(text, False, "the bank's items have not been measured yet; this is the staff's to do")
    return Condition(text, answers > 0 and 2 * known >= answers, f"{known} of {answers}")


def readiness(session: Session, who: Person) -> Readiness:
    """Return the chance of reaching the target's cut, or what is missing. At most seven queries for a usual history.

    Shown only with a target ahead, at least two exam-feedback timed blocks with at least 80 first answers together,
    one of them in the last 28 days, at least half of the live systems covered, and at least half of the answered items
    calibrated. Answers are weighted by age with a half-life of 90 days.
    """
    now = clock.now()
    goal, answers = target(session, who.id), _answers(session, who.id)
    blocks, run = _used(answers), calibrated.in_force(session)
    known = calibrated.parameters(session, run, {each.version_id for each in answers}) if run and answers else {}
    with_parameters = sum(each.version_id in known for each in answers)
    conditions = [
        _of_target(goal, now.date()),
        *_of_blocks(blocks, now),
        _of_systems(answers, _live_systems(session)),
        _of_calibration(with_parameters, len(answers), run),
    ]
    prediction = None
    if goal and run and all(each.met for each in conditions):
        prediction = _predict(session, run, goal, answers, known, now)
        if prediction is None:
            conditions.append(Condition("Live items with a measured difficulty", False, "there are none"))
    return Readiness(goal, blocks, conditions, prediction, with_parameters, len(answers))


def _predict(
    session: Session,
    run: calibrated.Calibration,
    goal: Target,
    answers: list[_Answer],
    known: dict[int, tuple[float, float]],
    now: datetime,
) -> Prediction | None:
    slopes, intercepts = calibrated.bank(session, run)
    measured = [(a, d) for a, d in zip(slopes, intercepts, strict=True) if isfinite(a) and isfinite(d)]
    if not measured:
        return None
    prior = bank_prior(*zip(*measured, strict=True))
    own = [known.get(each.version_id, (nan, nan)) for each in answers]
    a, d = filled([pair[0] for pair in own], [pair[1] for pair in own], prior)
    ages = [max(0.0, (now - each.ended_at).total_seconds() / 86_400) for each in answers]
    form = typical_form(*filled(slopes, intercepts, prior), goal.items)
    return predict([each.correct for each in answers], a, d, ages, form, goal.cut_percent)
