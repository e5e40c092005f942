"""The running counts: what counts, that they always agree with the answers, and that parallel closes lose nothing."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from importlib.util import module_from_spec, spec_from_file_location

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session, sessionmaker

from qbank import clock as clock_module
from qbank import paths
from qbank.accounts.models import Person
from qbank.blocks import closing
from qbank.blocks.models import Block, Delivery, Feedback
from qbank.blocks.rebuild import rebuild
from qbank.db.engine import begin_write
from qbank.items.models import ItemState
from qbank.settings import Settings
from qbank.statistics import counters
from qbank.statistics.models import ItemCounter, OptionCounter
from tests.blocks import factories as make
from tests.conftest import TestClock
from tests.threads import together

pytestmark = pytest.mark.usefixtures("clock")


def held(session: Session) -> dict[int, ItemCounter]:
    query = sa.select(ItemCounter).execution_options(populate_existing=True)
    return {row.version_id: row for row in session.scalars(query)}


def take(session: Session, person: Person, settings: Settings, count: int = 4, **answers: int) -> Block:
    block = make.start(session, person, settings, count)
    make.answer(session, person, block, **answers)
    closing.end_block(session, person, block.token)
    return block


def test_an_ended_block_counts_each_of_its_items_once(session: Session, settings: Settings, clock: TestClock) -> None:
    make.make_items(session, 4, make.make_taxa(session))
    person = make.make_person(session)
    block = make.start(session, person, settings, 4)
    make.act(session, person, block, 1, "choose", "A")
    assert held(session) == {}, "nothing counts while the block is open"
    make.answer(session, person, block, right=2, wrong=1)
    closing.end_block(session, person, block.token)
    closing.end_block(session, person, block.token)
    rows = held(session)
    for delivery in make.deliveries(session, block):
        row = rows[delivery.version_id]
        assert row.n == 1
        assert (row.correct, row.omitted) == (delivery.outcome == "correct", delivery.outcome == "omitted")
        assert (row.seconds, row.allowed_seconds) == (delivery.seconds, block.seconds_per_item)
    chosen = {delivery.chosen_option_id for delivery in make.deliveries(session, block)} - {None}
    assert {row.option_id: row.n for row in session.scalars(sa.select(OptionCounter))} == dict.fromkeys(chosen, 1)
    assert rebuild(session, check=True) == []


def test_only_a_learners_first_delivery_of_a_version_counts(session: Session, settings: Settings) -> None:
    make.make_items(session, 4, make.make_taxa(session))
    one, other = make.make_person(session), make.make_person(session)
    take(session, one, settings, wrong=4)
    take(session, one, settings, right=4)
    assert {(row.n, row.correct) for row in held(session).values()} == {(1, 0)}
    take(session, other, settings, right=4)
    assert {(row.n, row.correct) for row in held(session).values()} == {(2, 1)}
    assert rebuild(session, check=True) == []


def test_pretest_items_count_and_abandoned_blocks_do_not(
    session: Session, settings: Settings, clock: TestClock
) -> None:
    taxa = make.make_taxa(session)
    make.make_items(session, 20, taxa)
    pretest = set(make.make_items(session, 2, taxa, state=ItemState.PRETEST))
    person = make.make_person(session)
    block = take(session, person, settings, 20, right=20)
    assert {row.item_id for row in make.deliveries(session, block) if row.version_id in held(session)} >= pretest
    before = len(held(session))
    make.make_items(session, 3, taxa)
    given_up = make.start(session, person, settings, 3)
    make.answer(session, person, given_up, right=2)
    clock.advance(days=31)
    assert closing.close_due(session) == 1
    assert len(held(session)) == before == 20
    assert rebuild(session, check=True) == []


def test_an_item_drawn_again_before_its_first_block_ended_counts_by_the_first(
    session: Session, settings: Settings
) -> None:
    """A submitted item has its status at once, so a second block can draw it, and can end first."""
    make.make_items(session, 1, make.make_taxa(session))
    person = make.make_person(session)
    first = make.start(session, person, settings, 1, feedback=Feedback.TUTOR)
    _right, wrong = make.letters(session, first)[1]
    make.act(session, person, first, 1, "submit", wrong)
    take(session, person, settings, 1, right=1)
    assert [(row.n, row.correct) for row in held(session).values()] == [(1, 1)]
    closing.end_block(session, person, first.token)
    assert [(row.n, row.correct) for row in held(session).values()] == [(1, 0)]
    assert rebuild(session, check=True) == []


def test_blocks_that_one_sweep_closes_count_as_if_each_closed_alone(
    session: Session, settings: Settings, clock: TestClock
) -> None:
    make.make_items(session, 6, make.make_taxa(session))
    for _ in range(3):
        person = make.make_person(session)
        block = make.start(session, person, settings, 4, timing="timed", seed=f"s{person.id}")
        make.answer(session, person, block, right=1, wrong=2)
    clock.advance(days=1)
    assert closing.close_due(session) == 3
    rows = held(session).values()
    assert (sum(row.n for row in rows), sum(row.correct for row in rows), sum(row.omitted for row in rows)) == (
        12,
        3,
        3,
    )
    assert rebuild(session, check=True) == []


def test_rebuilding_puts_wrong_counts_right_and_says_which(session: Session, settings: Settings) -> None:
    make.make_items(session, 2, make.make_taxa(session))
    block = take(session, make.make_person(session), settings, 2, right=1, wrong=1)
    good, bad = (row.version_id for row in make.deliveries(session, block))
    session.execute(sa.update(ItemCounter).where(ItemCounter.version_id == bad).values(n=7, rarest=3))
    session.execute(sa.delete(OptionCounter).where(OptionCounter.version_id == good))
    found = {(one.where, one.stored, one.rebuilt) for one in rebuild(session, check=True)}
    assert (f"statistics of version id {bad}", 7, 1) in found
    assert any(where.endswith(f" {good}") and (was, now) == (0, 1) for where, was, now in found)
    assert held(session)[bad].n == 7, "a check changes nothing"
    rebuild(session)
    assert held(session)[bad].n == 1
    assert held(session)[bad].rarest == 0
    assert rebuild(session, check=True) == []


def test_an_annulled_delivery_leaves_the_counts_when_its_version_is_counted_anew(
    session: Session, settings: Settings
) -> None:
    make.make_items(session, 1, make.make_taxa(session))
    one, other = make.make_person(session), make.make_person(session)
    block = take(session, one, settings, 1, wrong=1)
    take(session, other, settings, 1, right=1)
    delivery = make.deliveries(session, block)[0]
    session.execute(sa.update(Delivery).where(Delivery.id == delivery.id).values(annulled_at=clock_module.now()))
    counters.recount(session, [delivery.version_id])
    assert [(row.n, row.correct) for row in held(session).values()] == [(1, 1)]


def test_rarest_is_the_distractor_that_fewest_chose(session: Session, settings: Settings) -> None:
    make.make_items(session, 1, make.make_taxa(session), key=0)
    for letter in "BCDBCB":
        person = make.make_person(session)
        block = make.start(session, person, settings, 1)
        make.act(session, person, block, 1, "choose", letter)
        closing.end_block(session, person, block.token)
    assert [row.rarest for row in held(session).values()] == [1]


def test_counting_a_block_takes_three_writes_and_none_where_nothing_is_new(
    session: Session, settings: Settings, queries: Callable[[], AbstractContextManager[list[str]]]
) -> None:
    make.make_items(session, 4, make.make_taxa(session))
    person = make.make_person(session)
    sent = []
    for _ in range(3):
        block = make.start(session, person, settings, 4)
        make.answer(session, person, block, right=4)
        with queries() as seen:
            closing.end_block(session, person, block.token)
        sent.append(len([statement for statement in seen if "counter" in statement]))
    assert sent == [3, 0, 0], "nothing is new in the later blocks"


def test_the_migration_counts_blocks_that_ended_before_it(
    session: Session, settings: Settings, clock: TestClock
) -> None:
    taxa = make.make_taxa(session)
    make.make_items(session, 5, taxa)
    for right in (3, 1):
        person = make.make_person(session)
        take(session, person, settings, 5, right=right, wrong=1)
        take(session, person, settings, 5, right=5)
    given_up = make.start(session, make.make_person(session), settings, 2)
    make.answer(session, session.get_one(Person, given_up.person_id), given_up, right=1)
    clock.advance(days=31)
    closing.close_due(session)
    session.execute(sa.delete(OptionCounter))
    session.execute(sa.delete(ItemCounter))
    found = spec_from_file_location("counting", paths.migrations_dir() / "versions" / "0013_statistics.py")
    assert found is not None
    assert found.loader is not None
    migration = module_from_spec(found)
    found.loader.exec_module(migration)
    for statement in (migration._COUNT_ITEMS, migration._COUNT_OPTIONS, migration._RAREST):
        session.execute(sa.text(statement))
    assert len(held(session)) == 5
    assert counters.rebuild(session) == []


def ending(person_id: int, token: str) -> Callable[[Session], object]:
    return lambda session: closing.end_block(session, session.get_one(Person, person_id), token)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_parallel_closes_lose_no_count(sessions: sessionmaker[Session], settings: Settings) -> None:
    with sessions() as session:
        begin_write(session)
        make.make_items(session, 5, make.make_taxa(session))
        people = []
        for _ in range(8):
            person = make.make_person(session)
            block = make.start(session, person, settings, 5)
            make.answer(session, person, block, right=3, wrong=1)
            people.append((person.id, block.token))
        session.commit()
    results = together(sessions, [ending(*each) for each in people])
    assert [result for result in results if isinstance(result, Exception)] == []
    with sessions() as session:
        assert {row.n for row in held(session).values()} == {8}
        assert sum(row.correct for row in held(session).values()) == 24
        assert rebuild(session, check=True) == []
