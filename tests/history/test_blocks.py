from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy.orm import Session

from qbank.blocks.models import BlockScore, EndedReason, Feedback, Timing
from qbank.errors import NotFoundError
from qbank.history import access, blocks
from qbank.history.filters import BlockFilter
from tests.history.school import LONG_AGO, Taken, make_bank, make_person, open_block, take

ALL = BlockFilter()


def test_a_score_leaves_pretest_items_out_of_both_sides(session: Session) -> None:
    learner, bank = make_person(session), make_bank(session)
    take(session, learner, bank, Taken("R" * 13 + "WW" + "OOO" + "pp"))
    (line,) = blocks.lines(session, learner.id, ALL)
    assert (line.items, line.correct, line.incorrect, line.omitted, line.scored) == (20, 13, 2, 3, 18)
    assert line.share is not None
    assert round(100 * line.share, 1) == 72.2


def test_open_blocks_stand_apart_and_are_in_no_line_or_total(session: Session) -> None:
    learner, bank = make_person(session), make_bank(session)
    take(session, learner, bank, Taken("RW"))
    token = open_block(session, learner, bank)
    assert [block.token for block in blocks.open_blocks(session, learner.id)] == [token]
    assert token not in {line.token for line in blocks.lines(session, learner.id, ALL)}
    assert blocks.totals(session, learner.id, ALL).blocks == 1


def test_the_newest_block_comes_first(session: Session) -> None:
    learner, bank = make_person(session), make_bank(session)
    days = [Taken("R", ended_at=LONG_AGO + timedelta(days=n), name=f"day {n}") for n in (2, 0, 1)]
    take(session, learner, bank, *days)
    assert [line.name for line in blocks.lines(session, learner.id, ALL)] == ["day 2", "day 1", "day 0"]


SORTED = {
    "date": ["a", "b", "c"],
    "name": ["a", "b", "c"],
    "mode": ["b", "a", "c"],
    "preset": ["b", "c", "a"],
    "items": ["b", "c", "a"],
    "correct": ["b", "a", "c"],
    "incorrect": ["c", "b", "a"],
    "omitted": ["a", "c", "b"],
    "score": ["a", "b", "c"],
    "time": ["c", "a", "b"],
    "ended": ["c", "b", "a"],
}


@pytest.mark.parametrize("sort", SORTED)
def test_every_column_sorts_both_ways(session: Session, sort: str) -> None:
    learner, bank = make_person(session), make_bank(session)
    take(
        session, learner, bank,
        Taken("RWWW", LONG_AGO, "a", Feedback.TUTOR, Timing.TIMED, EndedReason.TIME_UP, preset="Step 3", seconds=200),
        Taken("RO", LONG_AGO + timedelta(days=1), "b", Feedback.EXAM, preset="Step 1", seconds=300),
        Taken("RRO", LONG_AGO + timedelta(days=2), "c", Feedback.TUTOR, Timing.UNTIMED, EndedReason.ABANDONED,
              preset="Step 2", seconds=100),
    )  # fmt: skip
    found = {
        descending: [line.name for line in blocks.lines(session, learner.id, ALL, sort=sort, descending=descending)]
        for descending in (True, False)
    }
    # equal values come newest first either way, so only unequal ones are told apart
    if sort in {"correct", "incorrect", "omitted"}:
        key = {"correct": "correct", "incorrect": "incorrect", "omitted": "omitted"}[sort]
        values = [getattr(line, key) for line in blocks.lines(session, learner.id, ALL, sort=sort, descending=False)]
        assert values == sorted(values)
        values = [getattr(line, key) for line in blocks.lines(session, learner.id, ALL, sort=sort, descending=True)]
        assert values == sorted(values, reverse=True)
        return
    assert found[False] == SORTED[sort]
    assert found[True] == SORTED[sort][::-1]


def test_a_block_that_awaits_its_score_is_listed_last_without_figures(session: Session) -> None:
    learner, bank = make_person(session), make_bank(session)
    take(session, learner, bank, Taken("W", LONG_AGO, "scored"), Taken("R", LONG_AGO + timedelta(days=1), "cut short"))
    session.query(BlockScore).filter(BlockScore.correct == 1).delete()
    for descending in (True, False):
        found = blocks.lines(session, learner.id, ALL, sort="score", descending=descending)
        assert [line.name for line in found] == ["scored", "cut short"]
    assert found[-1].share is None


def test_a_block_scored_again_shows_the_score_in_force_once(session: Session) -> None:
    learner, bank = make_person(session), make_bank(session)
    take(session, learner, bank, Taken("RRWW"))
    first = session.query(BlockScore).one()
    session.add(
        BlockScore(
            block_id=first.block_id, revision=2, correct=3, incorrect=1, omitted=0, scored=4, pretest=0, seconds=600,
            reason="key of item 3 changed", made_at=LONG_AGO,
        )
    )  # fmt: skip
    (line,) = blocks.lines(session, learner.id, ALL)
    assert (line.correct, line.revision) == (3, 2)
    assert blocks.totals(session, learner.id, ALL).correct == 3


@pytest.mark.parametrize(
    ("which", "expected"),
    [
        (BlockFilter(feedback=Feedback.TUTOR), {"tutor"}),
        (BlockFilter(timing=Timing.TIMED), {"timed"}),
        (BlockFilter(reason=EndedReason.ABANDONED), {"abandoned"}),
        (BlockFilter(since=date(2026, 1, 3)), {"timed", "abandoned"}),
        (BlockFilter(until=date(2026, 1, 2)), {"plain", "tutor"}),
        (BlockFilter(since=date(2026, 1, 2), until=date(2026, 1, 2)), {"tutor"}),
        (BlockFilter(feedback=Feedback.TUTOR, timing=Timing.TIMED), set()),
        (BlockFilter(until=date(9999, 12, 31)), {"plain", "tutor", "timed", "abandoned"}),
    ],
)
def test_filters_narrow_the_lines_and_the_totals_alike(
    session: Session, which: BlockFilter, expected: set[str]
) -> None:
    learner, bank = make_person(session), make_bank(session)
    last_second = LONG_AGO.replace(hour=23, minute=59, second=59)
    take(
        session, learner, bank,
        Taken("RW", LONG_AGO, "plain"),
        Taken("RW", last_second + timedelta(days=1), "tutor", Feedback.TUTOR),
        Taken("RW", LONG_AGO + timedelta(days=2), "timed", timing=Timing.TIMED),
        Taken("RW", LONG_AGO + timedelta(days=3), "abandoned", reason=EndedReason.ABANDONED),
    )  # fmt: skip
    assert {line.name for line in blocks.lines(session, learner.id, which)} == expected
    assert blocks.totals(session, learner.id, which).blocks == len(expected)


def test_pages_hold_every_block_once(session: Session) -> None:
    learner, bank = make_person(session), make_bank(session)
    take(session, learner, bank, *(Taken("R", LONG_AGO, f"{n}") for n in range(7)))
    names = [
        line.name for offset in (0, 3, 6) for line in blocks.lines(session, learner.id, ALL, limit=3, offset=offset)
    ]
    assert sorted(names) == [str(n) for n in range(7)]


def test_nobody_elses_blocks_are_in_a_history(session: Session) -> None:
    learner, other, bank = make_person(session), make_person(session, "Bo"), make_bank(session)
    take(session, other, bank, Taken("R"))
    open_block(session, other, bank)
    assert blocks.lines(session, learner.id, ALL) == []
    assert blocks.open_blocks(session, learner.id) == []
    assert blocks.totals(session, learner.id, ALL).blocks == 0


def test_an_open_block_is_no_part_of_a_history(session: Session) -> None:
    learner, bank = make_person(session), make_bank(session)
    token = open_block(session, learner, bank)
    with pytest.raises(NotFoundError):
        access.ended_block(session, learner, token)
