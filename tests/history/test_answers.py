from __future__ import annotations

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from qbank.blocks.models import Delivery
from qbank.history import answers
from qbank.history.answers import Advice, make_changes
from qbank.history.changes import Change
from qbank.history.counted import Which
from qbank.history.filters import BlockFilter
from qbank.items.models import Option
from qbank.settings import Settings
from tests.history.school import Taken, make_bank, make_person, take

ALL = BlockFilter()


def kinds(gained: int, lost: int, neither: int = 0) -> dict[Change, int]:
    return {Change.WRONG_TO_RIGHT: gained, Change.RIGHT_TO_WRONG: lost, Change.WRONG_TO_WRONG: neither}


def test_changes_over_all_blocks_are_counted_by_first_choice_against_last(session: Session, settings: Settings) -> None:
    learner, bank = make_person(session), make_bank(session)
    third = Option(version_id=bank.versions[2], ordinal=2, text="third", text_html="third")
    session.add(third)
    session.flush()
    take(session, learner, bank, Taken("RWWRRO"), Taken("p", start=10))
    firsts = {1: bank.distractors[0], 2: bank.keys[1], 3: third.id, 4: bank.distractors[3]}
    for position, option in firsts.items():
        session.execute(sa.update(Delivery).where(Delivery.position == position).values(first_option_id=option))
    # the pretest item was changed too, but it is scored in nothing
    session.execute(sa.update(Delivery).where(Delivery.pretest).values(first_option_id=bank.distractors[10]))
    found = answers.changes(session, learner.id, ALL, Which.FIRST)
    assert found.kinds == kinds(gained=2, lost=1, neither=1)
    assert (found.answered, found.total, found.decided) == (5, 4, 3)
    assert found.advice is Advice.THIN


def test_an_answer_that_came_back_to_where_it_began_is_no_change(session: Session) -> None:
    learner, bank = make_person(session), make_bank(session)
    take(session, learner, bank, Taken("RR"))
    session.execute(sa.update(Delivery).values(changes=2))
    assert answers.changes(session, learner.id, ALL, Which.ALL).total == 0


@pytest.mark.parametrize(
    ("gained", "lost", "advice"),
    [
        (19, 0, Advice.THIN),
        (20, 0, Advice.CHANGE),
        (0, 20, Advice.KEEP),
        (12, 10, Advice.OPEN),
        (40, 20, Advice.CHANGE),
    ],
)
def test_advice_is_given_only_where_the_interval_supports_it(gained: int, lost: int, advice: Advice) -> None:
    assert make_changes(kinds(gained, lost, 50), 500).advice is advice


@given(st.integers(0, 300), st.integers(0, 300))
def test_swapping_gains_and_losses_turns_the_advice_round(gained: int, lost: int) -> None:
    turned = {Advice.CHANGE: Advice.KEEP, Advice.KEEP: Advice.CHANGE}
    advice = make_changes(kinds(gained, lost), 600).advice
    assert make_changes(kinds(lost, gained), 600).advice is turned.get(advice, advice)


def test_time_is_told_apart_by_outcome(session: Session, settings: Settings) -> None:
    learner, bank = make_person(session), make_bank(session)
    take(session, learner, bank, Taken("RRRRRR" + "WWWWW" + "OO"))
    session.execute(sa.update(Delivery).where(Delivery.position > 6).values(seconds=80))
    rows = answers.by_outcome(session, learner.id, ALL, Which.FIRST, settings)
    assert [(row.cell.name, row.seconds and (row.seconds.value, row.seconds.n)) for row in rows] == [
        ("Correct", (30, 6)),
        ("Incorrect", (80, 5)),
    ]
