"""Looking back over a block: which items each list holds, in which order; reasons for misses; more like one item."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from qbank.blocks import closing, explaining, more, reasons, taking
from qbank.blocks.after_models import MissReason, Reason
from qbank.blocks.looking_back import Show, look_back, pace, worth
from qbank.blocks.models import Block, Delivery
from qbank.errors import ConflictError, InvalidError, NotAllowedError, NotFoundError
from qbank.items.models import PoolEntry
from qbank.settings import Settings
from tests.blocks import classroom
from tests.blocks import factories as make
from tests.conftest import TestClock

pytestmark = pytest.mark.usefixtures("clock")


def six(session: Session, settings: Settings, clock: TestClock) -> tuple[Any, Block]:
    """A block: 1 right, 2 wrong and sure, 3 wrong after right, 4 right after wrong, 5 wrong and slow, 6 omitted."""
    make.make_items(session, 6, make.make_taxa(session))
    person = make.make_person(session)
    block = make.start(session, person, settings, 6)
    known = make.letters(session, block)
    for position, letters, seconds in (
        (1, known[1][0], 20), (2, known[2][1], 20), (3, known[3][0] + known[3][1], 20),
        (4, known[4][1] + known[4][0], 20), (5, known[5][1], 31),
    ):  # fmt: skip
        taking.open_item(session, block, position)
        clock.advance(seconds=seconds)
        for letter in letters:
            make.act(session, person, block, position, "choose", letter)
    make.act(session, person, block, 2, "confidence", text="sure")
    make.act(session, person, block, 5, "confidence", text="guess")
    make.act(session, person, block, 6, "mark")
    return person, closing.end_block(session, person, block.token)


def test_every_list_holds_what_its_name_says_and_sure_but_wrong_comes_first(
    session: Session, settings: Settings, clock: TestClock
) -> None:
    _person, block = six(session, settings, clock)
    found = look_back(session, block, enough=5)
    places = {show: [item.entry.position for item in found.shown(show)] for show in Show}
    assert places == {
        Show.ALL: [2, 1, 3, 4, 5, 6], Show.SURE_WRONG: [2], Show.INCORRECT: [2, 3, 5], Show.OMITTED: [6],
        Show.MARKED: [6], Show.CHANGED: [3, 4], Show.SLOW: [5],
    }  # fmt: skip
    assert found.counts == {show: len(listed) for show, listed in places.items()}
    assert (found.median_seconds, found.timed) == (20, 5)
    changes = {item.entry.position: item.change for item in found.items if item.change}
    assert changes == {3: "right to wrong", 4: "wrong to right"}


def test_next_and_previous_stay_within_the_list(session: Session, settings: Settings, clock: TestClock) -> None:
    _person, block = six(session, settings, clock)
    found = look_back(session, block, enough=5)
    assert found.around(Show.INCORRECT, 2) == (None, 3)
    assert found.around(Show.INCORRECT, 3) == (2, 5)
    assert found.around(Show.INCORRECT, 5) == (3, None)
    assert found.around(Show.INCORRECT, 1) == (None, 2)
    assert found.around(Show.ALL, 1) == (2, 3)


def test_nothing_is_slow_where_too_few_items_were_seen(session: Session, settings: Settings, clock: TestClock) -> None:
    _person, block = six(session, settings, clock)
    found = look_back(session, block, enough=6)
    assert (found.median_seconds, found.timed, found.counts[Show.SLOW]) == (None, 5, 0)


def test_an_open_block_cannot_be_looked_back_on(session: Session, settings: Settings) -> None:
    make.make_items(session, 1, make.make_taxa(session))
    block = make.start(session, make.make_person(session), settings, 1)
    with pytest.raises(NotAllowedError):
        look_back(session, block, enough=5)
    with pytest.raises(NotAllowedError):
        explaining.whole_block(session, block)


def test_looking_back_and_printing_take_a_fixed_number_of_queries(
    session: Session, settings: Settings, queries: Any
) -> None:
    classroom.stock(session, 6)
    person = make.make_person(session)
    counted = []
    for count in (2, 6):
        block = closing.end_block(session, person, make.start(session, person, settings, count).token)
        session.expunge_all()
        with queries() as seen:
            look_back(session, block, enough=5)
        with queries() as printed:
            rows = explaining.whole_block(session, block)
        assert [row.position for row, _version, _told in rows] == list(range(1, count + 1))
        counted.append((len(seen), len(printed)))
    assert counted[0] == counted[1]
    assert counted[0][0] == 5


@pytest.mark.parametrize(
    ("first", "final", "says"),
    [
        (1, 2, "right to wrong"), (2, 1, "wrong to right"), (2, 3, "wrong to wrong"), (2, 2, ""), (2, None, ""),
        (None, None, ""),
    ],
)  # fmt: skip
def test_a_change_is_the_first_selection_against_the_last(first: int | None, final: int | None, says: str) -> None:
    assert worth(first, final, frozenset({1})) == says


def test_a_median_of_nothing_or_of_no_time_calls_nothing_slow() -> None:
    assert pace([], enough=1) is None
    assert pace([0, 0, 0], enough=3) is None
    assert pace([10, 30], enough=2) == 20


@given(st.dictionaries(st.one_of(st.none(), st.integers(1, 9)), st.integers(1, 10_000), min_size=1, max_size=7))
def test_peer_shares_are_whole_per_cents_that_add_up_to_a_hundred(counts: dict[int | None, int]) -> None:
    shares = explaining.whole_shares(counts)
    assert sum(round(100 * share) for share in shares.values()) == 100
    whole = sum(counts.values())
    assert all(abs(100 * shares[option] - 100 * n / whole) < 1 for option, n in counts.items())


# ---- reasons


def test_a_reason_for_a_miss_is_given_changed_and_taken_back(
    session: Session, settings: Settings, clock: TestClock
) -> None:
    person, block = six(session, settings, clock)
    assert reasons.miss(session, block, 2) == (True, None)
    for said, held in (("misread", Reason.MISREAD), ("guessed", Reason.GUESSED), ("", None), ("", None)):
        assert reasons.set_reason(session, person, block.token, 2, said) == held
        assert reasons.miss(session, block, 2) == (True, held)
    assert session.scalar(sa.select(sa.func.count()).select_from(MissReason)) == 0
    assert reasons.set_reason(session, person, block.token, 6, "no_time") is Reason.NO_TIME
    assert {i.entry.position: i.reason for i in look_back(session, block, enough=5).items if i.reason} == {
        6: Reason.NO_TIME
    }


def test_only_own_misses_take_a_reason_and_only_one_that_there_is(
    session: Session, settings: Settings, clock: TestClock
) -> None:
    person, block = six(session, settings, clock)
    with pytest.raises(ConflictError):
        reasons.set_reason(session, person, block.token, 1, "misread")
    with pytest.raises(InvalidError):
        reasons.set_reason(session, person, block.token, 2, "bad luck")
    with pytest.raises(NotFoundError):
        reasons.set_reason(session, make.make_person(session), block.token, 2, "misread")
    make.make_items(session, 1, make.make_taxa(session))
    fresh = make.start(session, person, settings, 1)
    with pytest.raises(NotAllowedError):
        reasons.set_reason(session, person, fresh.token, 1, "misread")


# ---- more like one item


def delivery(session: Session, block: Block, item_id: int) -> Delivery:
    return next(row for row in make.deliveries(session, block) if row.item_id == item_id)


def test_more_like_this_takes_other_items_of_the_same_system_and_task_unseen_first(
    session: Session, settings: Settings
) -> None:
    taxa = make.make_taxa(session, systems=2, tasks=1)
    alike = make.make_items(session, 4, taxa, system=taxa.systems[0])
    make.make_items(session, 3, taxa, system=taxa.systems[1])
    person = make.make_person(session)
    first = make.start(session, person, settings, 2, items=alike[:2])
    closing.end_block(session, person, first.token)
    row = delivery(session, first, alike[0])
    assert more.count_alike(session, person, row) == 3
    made = more.start_alike(session, person, settings, first.token, row.position)
    assert (made.feedback, made.timing, made.item_count) == ("tutor", "untimed", 3)
    assert {each.item_id for each in make.deliveries(session, made)} == set(alike[1:])
    # while they are in an open block none of them is to be had again
    assert more.count_alike(session, person, row) == 0
    with pytest.raises(InvalidError, match="No other live item"):
        more.start_alike(session, person, settings, first.token, row.position)


def test_more_like_this_finds_items_on_the_same_statement_whatever_their_class(
    session: Session, settings: Settings
) -> None:
    classroom.stock(session, 6)  # all six rest on one statement, in two systems and three tasks
    person = make.make_person(session)
    block = closing.end_block(session, person, make.start(session, person, settings, 1).token)
    [row] = make.deliveries(session, block)
    assert more.count_alike(session, person, row) == 5
    session.execute(sa.update(PoolEntry).values(pretest=True))
    assert more.count_alike(session, person, row) == 0
