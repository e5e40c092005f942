from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from qbank.blocks.after_models import MissReason, Reason
from qbank.blocks.models import Block, Confidence, Delivery
from qbank.history import reflecting
from qbank.history.filters import BlockFilter
from qbank.settings import Settings
from tests.history.school import LONG_AGO, Taken, make_bank, make_person, take

ALL = BlockFilter()


def sure(session: Session, confidence: Confidence, *positions: int) -> None:
    session.execute(sa.update(Delivery).where(Delivery.position.in_(positions)).values(confidence=confidence))


def test_confidence_is_set_against_accuracy_with_its_interval(session: Session, settings: Settings) -> None:
    learner, bank = make_person(session), make_bank(session)
    take(session, learner, bank, Taken("RRRRW" + "RWWW" + "W" * 5 + "O"))
    sure(session, Confidence.SURE, 1, 2, 3, 4, 5)
    sure(session, Confidence.GUESS, 6, 7, 8, 9)
    cells = reflecting.calibration(session, learner.id, ALL, settings)
    assert [(cell.name, cell.correct, cell.scored) for cell in cells] == [
        ("Sure", 4, 5), ("Fairly sure", 0, 0), ("Unsure", 0, 0), ("Guess", 1, 4),
    ]  # fmt: skip
    assert cells[0].share == 0.8
    assert cells[0].low is not None
    assert cells[3].share is None  # four are too few
    assert not reflecting.overconfident(cells, 0.6)


def test_sure_is_called_too_sure_only_where_the_whole_interval_says_so(session: Session, settings: Settings) -> None:
    learner, bank = make_person(session), make_bank(session)
    take(session, learner, bank, Taken("W" * 15 + "R" * 5))
    sure(session, Confidence.SURE, *range(1, 21))
    cells = reflecting.calibration(session, learner.id, ALL, settings)
    assert cells[0].high is not None
    assert cells[0].high < 0.6
    assert reflecting.overconfident(cells, 0.6)
    assert not reflecting.overconfident([], 0.6)


def test_reasons_are_counted_by_system_and_period(session: Session) -> None:
    learner, bank = make_person(session), make_bank(session)
    take(session, learner, bank, Taken("WWWR"), Taken("WO", LONG_AGO + timedelta(days=40), start=10))
    rows = session.execute(
        sa.select(Delivery.id).join(Block).where(Block.person_id == learner.id).order_by(Delivery.id)
    ).scalars().all()  # fmt: skip
    given = {0: Reason.MISREAD, 1: Reason.MISREAD, 4: Reason.DID_NOT_KNOW}
    session.add_all(MissReason(delivery_id=rows[n], reason=reason, at=LONG_AGO) for n, reason in given.items())
    session.flush()
    found = reflecting.reasons(session, learner.id, ALL)
    assert (found.misses, found.given, found.foremost) == (5, 3, Reason.MISREAD)
    assert {row.system: (row.misses, row.given) for row in found.systems} == {
        "Musculoskeletal": (3, 2), "Endocrine": (2, 1),
    }  # fmt: skip
    late = reflecting.reasons(session, learner.id, BlockFilter(since=(LONG_AGO + timedelta(days=30)).date()))
    assert (late.misses, late.given, late.totals[Reason.DID_NOT_KNOW]) == (2, 1, 1)


def test_the_blocks_can_be_those_that_hold_items_of_a_system(session: Session, settings: Settings) -> None:
    learner, bank = make_person(session), make_bank(session)
    take(session, learner, bank, Taken("WW"), Taken("W", LONG_AGO + timedelta(days=1), start=10))
    sure(session, Confidence.SURE, 1)
    second = BlockFilter(system_id=bank.systems[1])  # the first block alone holds one of its items
    assert reflecting.reasons(session, learner.id, second).misses == 2
    assert reflecting.calibration(session, learner.id, second, settings)[0].scored == 1


def test_where_two_reasons_lead_together_none_is_foremost() -> None:
    totals = dict.fromkeys(Reason, 0) | {Reason.MISREAD: 2, Reason.GUESSED: 2}
    assert reflecting.Reasons([], 4, 4, totals).foremost is None
    assert reflecting.Reasons([], 0, 0, dict.fromkeys(Reason, 0)).foremost is None
