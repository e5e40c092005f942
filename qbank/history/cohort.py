"""The learner among the others of a group: the percentile, and the band behind the trend.

Nobody's name or row leaves this module: only how many there are, and where they lie together.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from qbank.accounts.models import Person
from qbank.blocks.models import Block, BlockScore, Feedback
from qbank.groups.models import Group, GroupMember, GroupRole
from qbank.history.blocks import in_force
from qbank.history.counted import Which, counted, sums
from qbank.history.filters import BlockFilter
from qbank.measurement.standing import quantile, share_below
from qbank.settings import Settings

OWN_SCORED = 40  # a learner's own scored items before a percentile means anything
SPANS = (7, 28, 91, 364)  # days that one step of the band may cover
STEPS = 26  # steps of the band at most, until a step would be longer than a year


@dataclass(frozen=True, slots=True)
class Cohort:
    """A group to compare with."""

    group_id: int
    name: str


@dataclass(frozen=True, slots=True)
class Standing:
    """Where the learner stands: ``below`` is the share of the others with a strictly lower score, or None.

    ``others`` counts those who have enough first answers for a score, ``missing`` says in words what hides the figure.
    """

    cohort: Cohort
    others: int
    own: tuple[int, int]
    below: float | None
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the band: from ``since`` on, before ``until``. Where too few others have a score, only n is known."""

    since: date
    until: date
    n: int
    low: float | None
    median: float | None
    high: float | None


def cohorts(session: Session, actor: Person, who: Person) -> list[Cohort]:
    """Return the groups to compare this learner with: their own, or those of them that the actor teaches. One query."""
    query = (
        sa.select(Group.id, Group.name)
        .join(GroupMember, GroupMember.group_id == Group.id)
        .where(GroupMember.person_id == who.id, GroupMember.role == GroupRole.LEARNER, Group.archived_at.is_(None))
        .order_by(sa.func.lower(Group.name), Group.id)
    )
    if actor.id != who.id:
        taught = sa.select(GroupMember.group_id).where(
            GroupMember.person_id == actor.id, GroupMember.role == GroupRole.EDUCATOR
        )
        query = query.where(Group.id.in_(taught))
    return [Cohort(*row) for row in session.execute(query)]


def _learners(group_id: int) -> sa.Select[Any]:
    return sa.select(GroupMember.person_id).where(
        GroupMember.group_id == group_id, GroupMember.role == GroupRole.LEARNER
    )


def standing(session: Session, who: Person, cohort: Cohort, which: BlockFilter, settings: Settings) -> Standing:
    """Return the percentile of first answers within the group, the period and the filter. One query.

    A learner takes part with as many first answers as a share needs anywhere (``min_group_n``). Hidden below
    ``min_peers`` others, and below `OWN_SCORED` scored items of the learner's own.
    """
    whose = sa.or_(Block.person_id == who.id, Block.person_id.in_(_learners(cohort.group_id)))
    found = counted([whose, *which.of_blocks()], Which.FIRST, [Block.person_id.label("person_id")])
    query = sa.select(found.c.person_id, *sums(found)).group_by(found.c.person_id)
    scores = {person_id: (int(correct), int(scored)) for person_id, correct, scored in session.execute(query)}
    own = scores.pop(who.id, (0, 0))
    others = [Fraction(*score) for score in scores.values() if score[1] >= max(1, settings.min_group_n)]
    missing = []
    if own[1] < OWN_SCORED:
        missing.append(f"{OWN_SCORED} scored first answers are needed; there are {own[1]}")
    if len(others) < settings.min_peers:
        missing.append(f"{settings.min_peers} other learners with a score are needed; there are {len(others)}")
    below = None if missing else share_below(Fraction(*own), others)
    return Standing(cohort, len(others), own, below, tuple(missing))


def edges(first: date, last: date) -> list[date]:
    """Return the days at which the steps of the band begin, and the day after the last: at most `STEPS` steps.

    Weeks where the period is short, then four weeks, quarters, years, and more years together.
    """
    days = (last - first).days + 1
    span = next((length for length in SPANS if days <= length * STEPS), SPANS[-1] * -(-days // (SPANS[-1] * STEPS)))
    count = -(-days // span)
    return [first + timedelta(days=span * step) for step in range(count + 1)]


def band(
    session: Session, who: Person, cohort: Cohort, which: BlockFilter, settings: Settings, *, period: tuple[date, date]
) -> list[Step]:
    """Return the median, 20th and 80th percentile of the other learners' scores, step by step. One query.

    Exam-feedback blocks unless the filter says otherwise. Hidden where fewer than ``min_peers`` others have a
    score of at least ``min_group_n`` items in the step.
    """
    if which.feedback is None:
        which = replace(which, feedback=Feedback.EXAM)
    bounds = edges(*period)
    moments = [datetime.combine(day, time.min, UTC) for day in bounds]
    step = sa.case(*((Block.ended_at < moment, place) for place, moment in enumerate(moments[1:])), else_=-1)
    sums_of = (
        sa.select(Block.person_id, step.label("step"), BlockScore.correct, BlockScore.scored)
        .join(BlockScore, in_force(BlockScore))
        .where(
            Block.person_id.in_(_learners(cohort.group_id)),
            Block.person_id != who.id,
            Block.ended_at >= moments[0],
            Block.ended_at < moments[-1],
            *which.of_blocks(),
        )
        .subquery()
    )
    scored = sa.func.sum(sums_of.c.scored)
    query = (
        sa.select(sums_of.c.step, sa.func.sum(sums_of.c.correct), scored)
        .group_by(sums_of.c.person_id, sums_of.c.step)
        .having(scored >= max(1, settings.min_group_n))
    )
    shares: list[list[float]] = [[] for _ in bounds[1:]]
    for place, correct, count in session.execute(query):
        if 0 <= place < len(shares):
            shares[place].append(int(correct) / int(count))
    return [_step(bounds[place], bounds[place + 1], found, settings.min_peers) for place, found in enumerate(shares)]


def _step(since: date, until: date, shares: list[float], enough: int) -> Step:
    if len(shares) < enough:
        return Step(since, until, len(shares), None, None, None)
    low, median, high = (quantile(shares, level) for level in (0.2, 0.5, 0.8))
    return Step(since, until, len(shares), low, median, high)
