"""What must hold after any history: statuses partition, blocks never repeat an item, the log rebuilds everything."""

from __future__ import annotations

from contextlib import suppress
from datetime import date, timedelta
from random import Random

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from qbank.accounts.models import Person
from qbank.blocks import building, closing, drawing, pausing, taking
from qbank.blocks.criteria import Criteria
from qbank.blocks.highlighting import Stroke
from qbank.blocks.models import Block, BlockScore, Delivery, LearnerItem, Mark, Outcome
from qbank.blocks.passes import current_pass, new_pass
from qbank.blocks.rebuild import rebuild
from qbank.blocks.statuses import Standing, settle
from qbank.blocks.timing import remaining
from qbank.errors import ConflictError, InvalidError
from qbank.items.models import ItemEnemy, ItemState
from qbank.settings import Settings
from tests.blocks import factories as make
from tests.conftest import START, TestClock

quick = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)

LIVE, PRETEST = 14, 3

_act = st.tuples(
    st.sampled_from(["choose", "choose", "choose", "clear", "submit", "mark", "unmark", "strike", "restore", "open"]),
    st.integers(0, 3),  # which open block
    st.integers(1, 6),  # position
    st.sampled_from("ABCD"),
    st.one_of(st.none(), st.integers(0, 20)),  # client_seq
)
_start = st.tuples(
    st.just("start"), st.integers(1, 10), st.sampled_from(["tutor", "exam"]), st.sampled_from(["timed", "untimed"])
)
_rest = st.one_of(
    st.tuples(st.just("wait"), st.sampled_from([5, 200, 4000, 86_400, 31 * 86_400])),
    st.tuples(st.just("end"), st.integers(0, 3)),
    st.tuples(st.just("sweep")),
    st.tuples(st.just("pass")),
    st.tuples(st.just("pause"), st.integers(0, 3)),
    st.tuples(st.just("resume"), st.integers(0, 3)),
    st.tuples(st.just("highlight"), st.integers(0, 3), st.integers(0, 3), st.integers(4, 6), st.booleans()),
)
histories = st.lists(st.one_of(_act, _act, _act, _start, _rest), min_size=5, max_size=45)


class Learner:
    """Lives through a history, step by step."""

    def __init__(self, session: Session, config: Settings, clock: TestClock, enemies: set[int]) -> None:
        self.session, self.config, self.clock, self.enemies = session, config, clock, enemies
        self.person: Person = make.make_person(session)
        self.opened: list[Block] = []
        self.preset = make.make_preset(session, pause_allowed=True)

    def live(self, history: list[tuple[object, ...]]) -> None:
        for number, step in enumerate(history):
            name, *rest = step
            if name in {"start", "wait", "end", "sweep", "pass", "pause", "resume", "highlight"}:
                getattr(self, f"do_{name}")(*rest, *([number] if name == "start" else []))
            else:
                self.do_act(str(name), *rest)  # type: ignore[arg-type]
            self.clock.advance(seconds=1)

    def do_start(self, size: int, feedback: str, timing: str, number: int) -> None:
        before = building.count_eligible(self.session, self.person, Criteria())
        pass_id = current_pass(self.session, self.person).id
        drawable = drawing.eligible(self.session, self.person, pass_id, Criteria())
        ranked = list(drawable.ranked(self.session, Random(1), 2))
        unused = {item_id for item_id in ranked if not drawable.seen.get(item_id)}
        assert unused == set(ranked[: len(unused)]), "unused items come first"
        assert len(unused) == before.statuses["unused"]
        try:
            block = make.start(
                self.session, self.person, self.config, size, feedback=feedback, timing=timing, seed=str(number),
                preset=self.preset,
            )  # fmt: skip
        except ConflictError:
            return
        except InvalidError:
            assert size > before.total - 1, "the two enemies cost one place at most"
            return
        check_draw(self.session, block, unused, self.enemies)
        self.opened.append(block)

    def _block(self, which: int) -> Block | None:
        return self.opened[which % len(self.opened)] if self.opened else None

    def do_act(self, kind: str, which: int, position: int, letter: str, seq: int | None) -> None:
        block = self._block(which)
        if block is None or position > block.item_count:
            return
        if kind == "open":
            taking.open_item(self.session, block, position)
            return
        shown = letter if kind in {"choose", "strike", "restore"} else None
        make.act(self.session, self.person, block, position, kind, shown, client="c", client_seq=seq)

    def do_wait(self, seconds: int) -> None:
        self.clock.advance(seconds=seconds)

    def do_end(self, which: int) -> None:
        if (block := self._block(which)) is not None:
            closing.end_block(self.session, self.person, block.token)

    def do_pause(self, which: int) -> None:
        if (block := self._block(which)) is not None:
            with suppress(ConflictError):  # untimed
                pausing.pause(self.session, self.person, self.config, block.token)

    def do_resume(self, which: int) -> None:
        if (block := self._block(which)) is not None:
            left = remaining(block, self.clock.moment)
            state = block.state
            pausing.resume(self.session, self.person, self.config, block.token)
            if state == "paused" and block.state == "open":
                assert remaining(block, self.clock.moment) == left, "a pause neither gives nor takes time"

    def do_highlight(self, which: int, start: int, end: int, on: bool) -> None:
        if (block := self._block(which)) is not None:
            make.act(self.session, self.person, block, 1, "highlight", stroke=Stroke("stem", start, end, on))

    def do_sweep(self) -> None:
        closing.close_due(self.session)

    def do_pass(self) -> None:
        try:
            new_pass(self.session, self.person)
        except ConflictError:
            assert any(block.state != "ended" for block in self.opened)


def check_draw(session: Session, block: Block, unused: set[int], enemies: set[int]) -> None:
    """No item twice, no two enemies; as many unused as can be together, before any seen one."""
    rows = [row.item_id for row in make.deliveries(session, block) if not row.pretest]
    assert len(set(rows)) == len(rows)
    assert not enemies <= set(rows)
    together = len(unused) - (enemies <= unused)
    assert len(unused & set(rows)) == min(together, len(rows))


@pytest.fixture
def bank(session: Session, clock: TestClock) -> Session:
    taxa = make.make_taxa(session)
    items = make.make_items(session, LIVE, taxa, shuffle=True)
    make.make_enemies(session, items[2], items[9])
    make.make_items(session, PRETEST, taxa, state=ItemState.PRETEST)
    return session


@quick
@given(history=histories)
def test_after_any_history_statuses_partition_and_the_log_gives_what_is_stored(
    bank: Session, settings: Settings, clock: TestClock, history: list[tuple[object, ...]]
) -> None:
    clock.set(START)
    pair = bank.scalars(sa.select(ItemEnemy)).one()
    learner = Learner(bank, settings, clock, {pair.item_id, pair.enemy_id})
    learner.live(history)
    counts = building.count_eligible(bank, learner.person, Criteria())
    exclusive = ("unused", "correct", "incorrect", "omitted", "in_progress")
    assert sum(counts.statuses[name] for name in exclusive) == LIVE
    assert counts.total == LIVE - counts.statuses["in_progress"]
    marked = sa.select(sa.func.count()).select_from(Mark).where(Mark.person_id == learner.person.id)
    assert counts.statuses["marked"] <= (bank.scalar(marked) or 0)
    assert rebuild(bank, check=True) == []
    scores = sa.select(sa.func.count()).select_from(BlockScore).join(Block).where(Block.person_id == learner.person.id)
    assert bank.scalar(scores) == sum(block.state == "ended" for block in learner.opened)


def test_what_was_spoiled_is_found_and_rebuilt_from_the_log(
    bank: Session, settings: Settings, clock: TestClock
) -> None:
    person = make.make_person(bank)
    block = make.start(bank, person, settings, 6, feedback="tutor")
    make.answer(bank, person, block, right=2, wrong=2)
    for position in (1, 2, 3):
        taking.open_item(bank, block, position)
        clock.advance(seconds=10)
    make.act(bank, person, block, 1, "strike", "D")
    closing.end_block(bank, person, block.token)
    assert rebuild(bank, check=True) == []
    bank.execute(
        sa.update(Delivery).values(chosen_option_id=None, changes=9, seconds=1, struck=[], outcome=Outcome.OMITTED)
    )
    bank.execute(sa.update(LearnerItem).values(status="omitted", ever_incorrect=True))
    bank.execute(sa.update(BlockScore).values(correct=0, incorrect=0, omitted=6))
    found = rebuild(bank, check=True)
    assert {one.field for one in found} >= {"chosen", "changes", "seconds", "struck", "outcome", "correct", "status"}
    assert bank.scalar(sa.select(sa.func.max(Delivery.changes))) == 9, "a check changes nothing"
    assert rebuild(bank)
    assert rebuild(bank, check=True) == []
    newest = bank.scalars(sa.select(BlockScore).order_by(BlockScore.revision.desc())).first()
    assert newest is not None
    assert (newest.revision, newest.correct, newest.incorrect, newest.omitted) == (2, 2, 2, 2)


@given(
    marks=st.lists(st.sampled_from(list(Outcome)), max_size=12),
    gaps=st.lists(st.integers(0, 40), min_size=12, max_size=12),
)
def test_ever_incorrect_is_on_from_a_miss_until_right_on_two_days(marks: list[Outcome], gaps: list[int]) -> None:
    now, when, expected = Standing(), START, False
    days: set[date] = set()
    for outcome, gap in zip(marks, gaps, strict=False):
        when += timedelta(hours=gap)
        now = settle(now, outcome, when)
        if outcome is not Outcome.CORRECT:
            expected, days = True, set()
        elif expected:
            days.add(when.date())
            expected = len(days) < 2
        assert now.ever_incorrect is expected
