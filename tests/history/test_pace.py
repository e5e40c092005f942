from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from qbank.blocks.models import Delivery
from qbank.history import pace
from qbank.history.calendar import WEEKS, calendar
from qbank.history.counted import Which
from qbank.history.filters import BlockFilter
from qbank.settings import Settings
from tests.history.school import LONG_AGO, Taken, make_bank, make_person, take

ALL = BlockFilter()


def test_accuracy_and_seconds_are_given_by_place_in_the_block(session: Session, settings: Settings) -> None:
    learner, bank = make_person(session), make_bank(session, 40)
    take(session, learner, bank, Taken("RRRRR" + "RWWWO"), Taken("RRRRR" + "WWWWR", start=10))
    session.execute(sa.update(Delivery).where(Delivery.position > 5).values(seconds=90))
    early, late = pace.by_position(session, learner.id, ALL, Which.FIRST, settings)
    assert (early.cell.name, early.cell.correct, early.cell.scored) == ("1 to 5", 10, 10)
    assert (late.cell.name, late.cell.correct, late.cell.scored) == ("6 to 10", 2, 10)
    assert early.seconds is not None
    assert late.seconds is not None
    assert (early.seconds.value, early.seconds.n) == (30, 10)
    assert (late.seconds.value, late.seconds.n) == (90, 9)  # the omitted item has no time of an answer
    assert (round(early.cell.low or 0, 3), early.cell.high) == (0.722, 1.0)


def test_few_answers_have_counts_and_no_mean(session: Session, settings: Settings) -> None:
    learner, bank = make_person(session), make_bank(session)
    take(session, learner, bank, Taken("RRWW"))
    (row,) = pace.by_position(session, learner.id, ALL, Which.FIRST, settings)
    assert (row.cell.correct, row.cell.scored, row.cell.share, row.seconds) == (2, 4, None, None)


def test_items_met_again_count_only_where_all_answers_are_asked_for(session: Session, settings: Settings) -> None:
    learner, bank = make_person(session), make_bank(session)
    take(session, learner, bank, Taken("WWWWW"), Taken("RRRRR", LONG_AGO + timedelta(days=1)))
    right = {which: pace.by_position(session, learner.id, ALL, which, settings)[0].cell for which in Which}
    assert {which: (cell.correct, cell.scored) for which, cell in right.items()} == {
        Which.FIRST: (0, 5), Which.LATEST: (5, 5), Which.ALL: (5, 10),
    }  # fmt: skip


def test_the_hour_is_that_in_which_the_block_began_in_utc(session: Session, settings: Settings) -> None:
    learner, bank = make_person(session), make_bank(session)
    take(
        session, learner, bank,
        Taken("RRRRRW", LONG_AGO.replace(hour=8, minute=5), seconds=600),  # began at 7:55
        Taken("WWWWWW", LONG_AGO.replace(day=2, hour=23, minute=59), start=10, seconds=600),
    )  # fmt: skip
    rows = pace.by_hour(session, learner.id, ALL, Which.FIRST, settings)
    assert [(row.cell.name, row.cell.correct, row.cell.scored) for row in rows] == [
        ("07:00 to 07:59", 5, 6),
        ("23:00 to 23:59", 0, 6),
    ]


@given(st.integers(1, 2000))
def test_places_are_gathered_into_few_rows(last: int) -> None:
    width = pace.width_for(last)
    assert last <= pace.ROWS * width
    assert width == pace.WIDTHS[0] or last > pace.ROWS * pace.WIDTHS[pace.WIDTHS.index(width) - 1]


def test_the_calendar_counts_items_by_the_utc_day_on_which_the_block_ended(session: Session) -> None:
    learner, bank = make_person(session), make_bank(session)
    friday = datetime.fromisoformat("2026-01-09T23:59:59+00:00")
    take(session, learner, bank, Taken("RWRW", friday), Taken("RW", friday), Taken("R", friday + timedelta(seconds=1)))
    found = calendar(session, learner.id, ALL, date(2026, 1, 10))
    assert len(found.weeks) == WEEKS
    this_week = found.weeks[0]
    assert [day.day.weekday() for day in this_week] == list(range(7))
    assert [(day.items, day.blocks, day.level) for day in this_week[3:6]] == [(0, 0, 0), (6, 2, 4), (1, 1, 1)]
    assert (this_week[6].ahead, this_week[5].ahead) == (True, False)
    assert (found.items, found.blocks, found.days) == (7, 3, 2)


@pytest.mark.parametrize("until", [date(2025, 12, 1), date(1, 1, 1), date(9999, 12, 31)])
def test_the_calendar_ends_with_the_filter_wherever_that_is(session: Session, until: date) -> None:
    learner, bank = make_person(session), make_bank(session)
    take(session, learner, bank, Taken("RWRW"))
    found = calendar(session, learner.id, BlockFilter(until=until), date(2026, 1, 10))
    assert found.items == (4 if until.year == 9999 else 0)
    assert found.until <= date(2026, 1, 10)
