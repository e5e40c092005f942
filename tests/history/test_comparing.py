from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from qbank.blocks.models import Block, Delivery, StudyPass
from qbank.history.comparing import passes
from qbank.history.counted import Which
from qbank.history.filters import BlockFilter
from qbank.settings import Settings
from tests.history.school import LONG_AGO, Taken, make_bank, make_person, take

ALL = BlockFilter()


def test_each_pass_stands_by_itself_as_a_whole_and_by_system(session: Session, settings: Settings) -> None:
    learner, bank = make_person(session), make_bank(session)
    tokens = take(
        session, learner, bank,
        Taken("RWRWRWRWRW"), Taken("RRRRRRRRRRW", LONG_AGO + timedelta(days=30)),
    )  # fmt: skip
    second = StudyPass(person_id=learner.id, number=2, started_at=LONG_AGO + timedelta(days=29))
    session.add(second)
    session.flush()
    session.execute(sa.update(Block).where(Block.token == tokens[1]).values(pass_id=second.id))
    # the item is met in the second pass for the first time in that pass
    session.execute(sa.update(Delivery).values(first=True))
    found = passes(session, learner.id, ALL, Which.FIRST, settings)
    assert [(line.number, line.whole.correct, line.whole.scored) for line in found.lines] == [(1, 5, 10), (2, 10, 11)]
    first, latest = found.lines
    assert [name for _id, name in found.systems] == ["Musculoskeletal", "Endocrine"]
    assert (first.systems[bank.systems[0]].correct, first.systems[bank.systems[0]].scored) == (5, 5)
    assert (latest.systems[bank.systems[0]].correct, latest.systems[bank.systems[0]].scored) == (5, 6)
    assert first.whole.low is not None


def test_within_a_pass_first_latest_and_all_answers_can_be_told_apart(session: Session, settings: Settings) -> None:
    learner, bank = make_person(session), make_bank(session)
    take(session, learner, bank, Taken("WWWWW"), Taken("RRRRR", LONG_AGO + timedelta(days=1)))
    scores = {which: passes(session, learner.id, ALL, which, settings).lines[0].whole for which in Which}
    assert {which: (cell.correct, cell.scored) for which, cell in scores.items()} == {
        Which.FIRST: (0, 5), Which.LATEST: (5, 5), Which.ALL: (5, 10),
    }  # fmt: skip


def test_a_pass_without_an_answer_is_listed_with_nothing_scored(session: Session, settings: Settings) -> None:
    learner, bank = make_person(session), make_bank(session)
    take(session, learner, bank, Taken("RRRRR"))
    session.add(StudyPass(person_id=learner.id, number=2, started_at=LONG_AGO))
    session.flush()
    found = passes(session, learner.id, ALL, Which.FIRST, settings)
    assert [(line.number, line.whole.scored, line.whole.share) for line in found.lines] == [(1, 5, 1.0), (2, 0, None)]
