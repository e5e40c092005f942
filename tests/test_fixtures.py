"""The fixtures keep their promises: what one test stores, the next does not see."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from qbank import clock as clock_module
from qbank.items.taxonomy import Dimension, Taxon
from tests.conftest import START, TestClock


@pytest.mark.parametrize("turn", [1, 2])
def test_each_test_begins_with_an_empty_database(session: Session, turn: int) -> None:
    assert session.scalar(sa.select(sa.func.count()).select_from(Taxon)) == 0
    session.add(Taxon(dimension=Dimension.SYSTEM, code="x", name="X", ordinal=turn))
    session.commit()
    assert session.scalar(sa.select(sa.func.min(Taxon.id))) == 1


def test_the_clock_moves_only_when_it_is_told_to(clock: TestClock) -> None:
    assert clock_module.now() == START
    clock.advance(seconds=30)
    assert (clock_module.now() - START).total_seconds() == 30
