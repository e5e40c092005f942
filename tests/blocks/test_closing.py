"""Closing: once, as of the deadline, with the right score and the right statuses."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from qbank.accounts.models import Person
from qbank.blocks import building, closing, statuses, taking
from qbank.blocks.criteria import Criteria
from qbank.blocks.models import Block, BlockScore, LearnerItem, Outcome
from qbank.blocks.passes import current_pass
from qbank.blocks.scoring import Ended, score
from qbank.items.models import Item, ItemState, ItemVersion, Option
from qbank.settings import Settings
from tests.blocks import factories as make
from tests.conftest import TestClock

pytestmark = pytest.mark.usefixtures("clock")


@pytest.fixture
def person(session: Session) -> Person:
    make.make_items(session, 40, make.make_taxa(session))
    return make.make_person(session)


def only_score(session: Session, block: Block) -> BlockScore:
    return session.scalars(sa.select(BlockScore).where(BlockScore.block_id == block.id)).one()


@pytest.mark.parametrize("by", ["visit", "sweeper", "end button"])
def test_time_up_closes_once_as_of_the_deadline(
    session: Session, settings: Settings, person: Person, clock: TestClock, by: str
) -> None:
    block = make.start(session, person, settings, 20, timing="timed")
    make.answer(session, person, block, right=9, wrong=3)
    clock.advance(days=3)
    if by == "visit":
        taking.find_block(session, person, block.token)
    elif by == "sweeper":
        assert closing.close_due(session) == 1
    else:
        closing.end_block(session, person, block.token)
    assert (block.ended_reason, block.ended_at) == ("time_up", block.started_at + timedelta(seconds=1800))
    found = only_score(session, block)
    assert (found.correct, found.incorrect, found.omitted, found.scored) == (9, 3, 8, 20)
    assert 100 * found.correct / found.scored == 45.0
    clock.advance(days=1)
    closing.end_block(session, person, block.token)
    assert closing.close_due(session) == 0
    assert (block.ended_reason, block.ended_at) == ("time_up", block.deadline_at)
    assert only_score(session, block).id == found.id


def test_a_block_ended_by_the_learner_ends_now(
    session: Session, settings: Settings, person: Person, clock: TestClock
) -> None:
    block = make.start(session, person, settings, timing="timed")
    now = clock.advance(seconds=100)
    closing.end_block(session, person, block.token)
    assert (block.ended_reason, block.ended_at) == ("learner", now)


def test_the_score_leaves_out_pretest_and_annulled_items() -> None:
    ended = [Ended(Outcome.CORRECT)] * 13 + [Ended(Outcome.INCORRECT)] * 2 + [Ended(Outcome.OMITTED)] * 3
    found = score([*ended, Ended(Outcome.CORRECT, pretest=True), Ended(Outcome.OMITTED, pretest=True)])
    assert (found.scored, found.pretest, round(found.percent or 0, 1)) == (18, 2, 72.2)
    assert score([*ended, Ended(Outcome.CORRECT, annulled=True)]).scored == 18
    assert score([]).percent is None


def test_pretest_items_have_no_status_and_no_score(session: Session, settings: Settings, person: Person) -> None:
    taxa = make.make_taxa(session)
    make.make_items(session, 3, taxa, state=ItemState.PRETEST)
    block = make.start(session, person, settings, 20)
    make.answer(session, person, block, right=20)
    closing.end_block(session, person, block.token)
    found = only_score(session, block)
    assert (found.correct, found.scored, found.pretest) == (18, 18, 2)
    assert session.scalar(sa.select(sa.func.count()).select_from(LearnerItem)) == 18
    assert sum(entry.pretest for entry in taking.review(session, block)) == 2


def test_an_abandoned_block_keeps_what_was_answered_and_gives_the_rest_back(
    session: Session, settings: Settings, clock: TestClock
) -> None:
    make.make_items(session, 4, make.make_taxa(session))
    person = make.make_person(session)
    first = make.start(session, person, settings, 4)
    make.answer(session, person, first, right=4)
    closing.end_block(session, person, first.token)
    make.make_items(session, 2, make.make_taxa(session))
    block = make.start(session, person, settings, 6)
    make.answer(session, person, block, wrong=2)
    clock.advance(days=30)
    assert closing.close_due(session) == 0
    clock.advance(seconds=1)
    assert closing.close_due(session) == 1
    assert (block.ended_reason, block.ended_at) == ("abandoned", block.started_at + timedelta(days=30))
    found = only_score(session, block)
    assert (found.correct, found.incorrect, found.omitted, found.scored, found.partial) == (0, 2, 0, 2, True)
    after = {row.item_id: row for row in session.scalars(sa.select(LearnerItem))}
    answered = {row.item_id for row in make.deliveries(session, block)[:2]}
    before = {row.item_id for row in make.deliveries(session, first)}
    for item in answered | before:
        assert after[item].status == ("incorrect" if item in answered else "correct")
    counts = building.count_eligible(session, person, Criteria()).statuses
    assert counts["in_progress"] == 0
    assert counts["unused"] == 6 - len(answered | before)
    assert statuses.differences(session) == {}


def test_ever_incorrect_comes_off_with_two_right_answers_on_different_days(
    session: Session, settings: Settings, clock: TestClock
) -> None:
    make.make_items(session, 1, make.make_taxa(session))
    person = make.make_person(session)

    def take(right: bool) -> LearnerItem:
        block = make.start(session, person, settings, 1)
        make.answer(session, person, block, right=int(right), wrong=int(not right))
        closing.end_block(session, person, block.token)
        return session.scalars(sa.select(LearnerItem)).one()

    assert not take(True).ever_incorrect
    assert take(False).ever_incorrect
    assert take(True).ever_incorrect
    assert take(True).ever_incorrect, "the second right answer was on the same day"
    clock.advance(days=1)
    assert take(False).ever_incorrect
    clock.advance(days=1)
    assert take(True).ever_incorrect, "the miss between them starts the count again"
    clock.advance(days=1)
    row = take(True)
    assert (row.ever_incorrect, row.status, row.times_seen) == (False, "correct", 7)


def test_a_new_key_makes_the_item_unused_and_a_new_wording_does_not(
    session: Session, settings: Settings, clock: TestClock
) -> None:
    items = make.make_items(session, 2, make.make_taxa(session), key=0)
    person = make.make_person(session)
    block = make.start(session, person, settings, 2)
    make.answer(session, person, block, wrong=2)
    closing.end_block(session, person, block.token)
    for item_id, key in zip(items, (0, 1), strict=True):
        old = session.scalars(sa.select(ItemVersion).where(ItemVersion.item_id == item_id)).one()
        new = ItemVersion(
            item_id=item_id, number=2, content_hash="y", created_at=clock.moment, stem="New", stem_html="New"
        )
        session.add(new)
        session.flush()
        for option in session.scalars(sa.select(Option).where(Option.version_id == old.id)).all():
            copy = {"text": option.text, "text_html": "", "ordinal": option.ordinal, "is_key": option.ordinal == key}
            session.add(Option(version_id=new.id, **copy))
        session.get_one(Item, item_id).published_version_id = new.id
    session.flush()
    assert statuses.restate(session, item_ids=items) == 1
    rows = {row.item_id: row for row in session.scalars(sa.select(LearnerItem))}
    assert [(rows[item].status, rows[item].ever_incorrect) for item in items] == [
        ("incorrect", True), ("unused", False),
    ]  # fmt: skip


def test_the_sweeper_closes_what_is_due_and_nothing_else(
    session: Session, settings: Settings, person: Person, clock: TestClock
) -> None:
    due = make.start(session, person, settings, 4, timing="timed")
    open_one = make.start(session, person, settings, 4, timing="untimed")
    for _ in range(3):
        make.start(session, make.make_person(session), settings, 4, timing="timed")
    clock.advance(seconds=361)
    later = make.start(session, make.make_person(session), settings, 4, timing="timed")
    assert closing.close_due(session, limit=3) == 3
    assert closing.close_due(session, limit=3) == 1
    for block, state in ((due, "ended"), (open_one, "open"), (later, "open")):
        session.refresh(block)
        assert block.state == state


def test_a_close_that_fails_half_way_leaves_the_block_to_be_closed(
    session: Session, settings: Settings, person: Person, clock: TestClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    block = make.start(session, person, settings, 4, timing="timed")
    make.answer(session, person, block, right=2)
    session.commit()
    clock.advance(days=1)
    with monkeypatch.context() as patch:
        patch.setattr(closing, "make_score", lambda *_args, **_values: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            closing.close_due(session)
    session.rollback()
    assert session.get_one(Block, block.id).state == "open"
    assert closing.close_due(session) == 1
    assert only_score(session, block).correct == 2


def test_closing_takes_no_more_queries_with_more_items(
    session: Session, settings: Settings, person: Person, queries: object
) -> None:
    sent = []
    for size in (4, 36):
        block = make.start(session, person, settings, size)
        with queries() as seen:  # type: ignore[operator]
            closing.end_block(session, person, block.token)
        sent.append(len(seen))
    assert sent[0] == sent[1]
    assert current_pass(session, person).number == 1
