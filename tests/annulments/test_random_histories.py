"""Whatever is answered, annulled, given another key and taken back: what is stored is what the log says."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as bounds
from hypothesis import strategies as st
from sqlalchemy.orm import Session, sessionmaker

from qbank.accounts.models import Person
from qbank.annulments import planning, service
from qbank.annulments.models import Annulment, AnnulmentKind
from qbank.annulments.planning import Decision
from qbank.blocks import closing
from qbank.blocks.models import Block, BlockScore, Delivery, Feedback
from qbank.blocks.rebuild import rebuild
from qbank.db.engine import begin_write
from qbank.errors import ConflictError, InvalidError
from qbank.items.models import Item
from qbank.settings import Settings
from tests.annulments.deciding import decide, options_of
from tests.blocks import factories as make
from tests.threads import together

pytestmark = pytest.mark.usefixtures("clock")

STEPS = st.one_of(
    st.tuples(st.just("take"), st.integers(0, 2), st.text("ABCD-", min_size=3, max_size=3), st.booleans()),
    st.tuples(st.just("tutor"), st.integers(0, 2), st.text("ABCD-", min_size=3, max_size=3), st.booleans()),
    st.tuples(st.just("annul"), st.integers(0, 2)),
    st.tuples(st.just("rekey"), st.integers(0, 2), st.integers(0, 3)),
    st.tuples(st.just("back"), st.integers(0, 2)),
    st.tuples(st.just("end"), st.integers(0, 2)),
)


class History:
    """Three learners and three items, some of whose blocks stay open for a while."""

    def __init__(self, session: Session, settings: Settings) -> None:
        self.session, self.settings = session, settings
        items = make.make_items(session, 3, make.make_taxa(session), key=0)
        self.versions = [session.get_one(Item, item).published_version_id or 0 for item in items]
        self.people = [make.make_person(session) for _ in range(3)]
        self.reviewer = make.make_person(session)
        self.open: list[tuple[Person, Block]] = []

    def do(self, step: tuple) -> None:
        kind, *values = step
        try:
            with self.session.begin_nested():
                getattr(self, kind)(*values)
        except (ConflictError, InvalidError):
            pass  # a step that is refused changes nothing

    def take(self, who: int, choices: str, ends: bool, feedback: Feedback = Feedback.EXAM) -> None:
        person = self.people[who]
        block = make.start(self.session, person, self.settings, 1, feedback=feedback)
        for row, choice in zip(make.deliveries(self.session, block), choices, strict=False):
            if choice != "-":
                verb = "submit" if feedback is Feedback.TUTOR else "choose"
                make.act(self.session, person, block, row.position, verb, choice)
        if ends:
            closing.end_block(self.session, person, block.token)
        else:
            self.open.append((person, block))

    def tutor(self, who: int, choices: str, ends: bool) -> None:
        self.take(who, choices, ends, Feedback.TUTOR)

    def end(self, which: int) -> None:
        if which < len(self.open):
            person, block = self.open.pop(which)
            closing.end_block(self.session, person, block.token)

    def annul(self, item: int) -> None:
        self._decide(Decision(self.versions[item], AnnulmentKind.ANNULLED))

    def rekey(self, item: int, option: int) -> None:
        options = options_of(self.session, self.versions[item])
        self._decide(Decision(self.versions[item], AnnulmentKind.KEY_CHANGED, options[option]))

    def back(self, item: int) -> None:
        self._decide(Decision(self.versions[item], AnnulmentKind.TAKEN_BACK))

    def _decide(self, decision: Decision) -> None:
        decide(self.session, self.reviewer, self.settings, decision)


@bounds(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(STEPS, min_size=4, max_size=14))
def test_what_is_stored_is_what_the_log_says(session: Session, settings: Settings, steps: list[tuple]) -> None:
    savepoint = session.begin_nested()
    try:
        history = History(session, settings)
        for step in steps:
            history.do(step)
        assert rebuild(session, check=True) == []
    finally:
        savepoint.rollback()
        session.expunge_all()


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_of_many_who_confirm_at_once_while_blocks_end_one_decides(
    sessions: sessionmaker[Session], settings: Settings
) -> None:
    with sessions() as session:
        begin_write(session)
        history = History(session, settings)
        version, reviewer_id = history.versions[0], history.reviewer.id
        people = [make.make_person(session) for _ in range(6)]
        blocks = [make.start(session, person, settings, 3) for person in people]
        for person, block in zip(people, blocks, strict=True):
            make.answer(session, person, block, right=3)
        closing.end_block(session, people[0], blocks[0].token)
        ends = [(person.id, block.token) for person, block in zip(people, blocks, strict=True)][1:]
        decision = Decision(version, AnnulmentKind.ANNULLED)
        token = planning.token_of(session, planning.look(session, decision))
        session.commit()

    def confirm(session: Session) -> object:
        actor = session.get_one(Person, reviewer_id)
        return service.decide(session, actor, settings, decision, reason="Wrong.", token=token).blocks

    def end(person_id: int, block: str) -> Callable[[Session], object]:
        return lambda session: closing.end_block(session, session.get_one(Person, person_id), block).state

    results = together(sessions, [confirm] * 4 + [end(*each) for each in ends])
    won = [each for each in results[:4] if isinstance(each, int)]
    assert len(won) <= 1
    assert all(isinstance(each, service.PreviewOutdatedError) for each in results[:4] if not isinstance(each, int))
    assert [str(each) for each in results[4:]] == ["ended"] * 5
    with sessions() as session:
        assert session.query(Annulment).count() == len(won)
        assert rebuild(session, check=True) == []
        if won:
            assert {row.annulled for row in _newest(session)} == {1}
            assert session.query(Delivery).filter(Delivery.annulled_at.is_not(None)).count() == 6


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_of_four_who_confirm_the_same_preview_one_wins(sessions: sessionmaker[Session], settings: Settings) -> None:
    with sessions() as session:
        begin_write(session)
        history = History(session, settings)
        history.take(0, "AAA", True)
        held = session.query(Delivery).one().version_id
        reviewer_id = history.reviewer.id
        decision = Decision(held, AnnulmentKind.ANNULLED)
        token = planning.token_of(session, planning.look(session, decision))
        session.commit()

    def confirm(session: Session) -> object:
        actor = session.get_one(Person, reviewer_id)
        return service.decide(session, actor, settings, decision, reason="Wrong.", token=token).blocks

    results = together(sessions, [confirm] * 4)
    assert sorted(map(type, results), key=str) == sorted([int] + [service.PreviewOutdatedError] * 3, key=str), results
    with sessions() as session:
        assert session.query(Annulment).count() == 1
        assert [row.revision for row in session.query(BlockScore).order_by(BlockScore.id)] == [1, 2]


def _newest(session: Session) -> list[BlockScore]:
    rows: dict[int, BlockScore] = {}
    for row in session.query(BlockScore).order_by(BlockScore.revision):
        rows[row.block_id] = row
    return list(rows.values())
