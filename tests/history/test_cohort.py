from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from qbank.accounts.models import Person, Role
from qbank.blocks.models import Feedback
from qbank.groups import service as groups
from qbank.history import cohort
from qbank.history.cohort import Cohort, Standing
from qbank.history.filters import BlockFilter
from qbank.settings import Settings
from tests.conftest import make_settings
from tests.history.school import LONG_AGO, Bank, Taken, make_bank, make_person, take

ALL = BlockFilter()


def score(correct: int, scored: int = 40) -> str:
    return "R" * correct + "W" * (scored - correct)


@pytest.fixture
def few(settings: Settings) -> Settings:
    """Settings under which four others are enough."""
    return make_settings(settings.data_dir, min_peers=4)


class Class:
    """A group with its educator, a bank, and a learner to look at."""

    def __init__(self, session: Session) -> None:
        self.session, self.bank = session, make_bank(session, 100)
        self.educator = make_person(session, "Eve", [Role.EDUCATOR])
        self.group = groups.create(session, self.educator, "Spring")
        self.own = self.add("own")
        self.cohort = Cohort(self.group.id, "Spring")

    def add(self, name: str, *blocks: Taken, bank: Bank | None = None) -> Person:
        person = make_person(self.session, name)
        groups.join(self.session, person, self.group.join_code)
        if blocks:
            take(self.session, person, bank or self.bank, *blocks)
        return person

    def standing(self, settings: Settings, which: BlockFilter = ALL) -> Standing:
        return cohort.standing(self.session, self.own, self.cohort, which, settings)


def test_own_50_percent_among_40_50_60_and_70_is_the_25th_percentile(session: Session, few: Settings) -> None:
    school = Class(session)
    for right in (16, 20, 24, 28):
        school.add(str(right), Taken(score(right)))
    take(session, school.own, school.bank, Taken(score(20)))
    found = school.standing(few)
    assert (found.below, found.others, found.own) == (0.25, 4, (20, 40))


def test_below_ten_others_or_40_own_items_the_percentile_is_hidden_with_its_reason(
    session: Session, settings: Settings
) -> None:
    school = Class(session)
    take(session, school.own, school.bank, Taken(score(20, 39)))
    for number in range(9):
        school.add(str(number), Taken(score(10 + number)))
    found = school.standing(settings)
    assert found.below is None
    assert [reason.split(";")[1] for reason in found.missing] == [" there are 39", " there are 9"]
    school.add("tenth", Taken(score(30)))
    take(session, school.own, school.bank, Taken("R", LONG_AGO + timedelta(days=1), start=50))
    assert school.standing(settings).below == 0.9  # 21 of 40 lies below the tenth alone


def test_only_first_answers_within_the_filter_count_for_everybody(session: Session, few: Settings) -> None:
    school = Class(session)
    late = LONG_AGO + timedelta(days=40)
    take(session, school.own, school.bank, Taken(score(20)), Taken(score(40), late))  # the same items again
    for right in (10, 10, 10, 10):
        school.add("x", Taken(score(right), feedback=Feedback.TUTOR), Taken(score(39), late, start=50))
    assert school.standing(few).own == (20, 40)
    assert school.standing(few).below == 0
    assert school.standing(few, BlockFilter(feedback=Feedback.TUTOR)).own == (0, 0)
    assert school.standing(few, BlockFilter(until=LONG_AGO.date())).below == 1


def test_neither_strangers_nor_those_with_too_few_answers_are_compared_with(session: Session, few: Settings) -> None:
    school = Class(session)
    take(session, school.own, school.bank, Taken(score(20)))
    for number in range(4):
        school.add(str(number), Taken(score(10)))
    school.add("hardly began", Taken("WWWW"))
    take(session, make_person(session, "stranger"), school.bank, Taken(score(1)))
    take(session, school.educator, school.bank, Taken(score(1)))  # an educator of the group is no learner of it
    assert school.standing(few).others == 4


def test_a_learner_compares_with_own_groups_and_an_educator_with_those_they_teach(session: Session) -> None:
    school = Class(session)
    other = groups.create(session, make_person(session, "Max", [Role.EDUCATOR]), "Another")
    groups.join(session, school.own, other.join_code)
    assert [each.name for each in cohort.cohorts(session, school.own, school.own)] == ["Another", "Spring"]
    assert [each.name for each in cohort.cohorts(session, school.educator, school.own)] == ["Spring"]


def test_the_band_gives_median_20th_and_80th_percentile_of_the_others(session: Session, few: Settings) -> None:
    school = Class(session)
    for right in (4, 8, 12, 16, 20):
        school.add(str(right), Taken(score(right, 20)))
    take(session, school.own, school.bank, Taken(score(0, 20)))  # the learner is not in the band
    day = LONG_AGO.date()
    (step,) = cohort.band(session, school.own, school.cohort, ALL, few, period=(day, day))
    assert step.n == 5
    assert [round(value or 0, 2) for value in (step.low, step.median, step.high)] == [0.36, 0.6, 0.84]


def test_a_step_with_too_few_others_or_tutor_blocks_alone_is_hidden(session: Session, few: Settings) -> None:
    school = Class(session)
    later = LONG_AGO + timedelta(days=7)
    for number in range(4):
        feedback = Feedback.TUTOR if number == 3 else Feedback.EXAM
        school.add(str(number), Taken(score(10), feedback=feedback), Taken(score(10), later, start=50))
    period = (LONG_AGO.date(), later.date())
    steps = cohort.band(session, school.own, school.cohort, ALL, few, period=period)
    assert [(step.n, step.median) for step in steps] == [(3, None), (4, 0.25)]


def test_percentile_and_band_take_one_query_each(session: Session, few: Settings, queries: object) -> None:
    school = Class(session)
    for number in range(6):
        school.add(str(number), Taken(score(10)))
    session.flush()
    with queries() as seen:  # type: ignore[operator]
        school.standing(few)
        cohort.band(session, school.own, school.cohort, ALL, few, period=(date(2026, 1, 1), date(2026, 6, 1)))
    assert len(seen) == 2


@given(st.dates(date(2000, 1, 1), date(2100, 1, 1)), st.integers(0, 12_000))
def test_the_steps_of_the_band_cover_the_period_without_gap_and_are_few(first: date, days: int) -> None:
    last = first + timedelta(days=days)
    found = cohort.edges(first, last)
    assert found[0] == first
    assert found[-1] > last
    assert found[-2] <= last
    assert len({after - before for before, after in pairwise(found)}) == 1
    assert len(found) - 1 <= cohort.STEPS
