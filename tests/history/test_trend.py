from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from qbank.blocks.models import Feedback
from qbank.history import charts, trend
from qbank.history.filters import BlockFilter
from tests.history.school import LONG_AGO, Taken, make_bank, make_person, take

ALL = BlockFilter()


def block(correct: int, scored: int, day: int, name: str = "Block", feedback: Feedback = Feedback.EXAM) -> Taken:
    return Taken("R" * correct + "W" * (scored - correct), LONG_AGO + timedelta(days=day), name, feedback)


def test_the_average_over_the_last_five_blocks_is_weighted_by_scored_items(session: Session) -> None:
    learner, bank = make_person(session), make_bank(session)
    scores = [(10, 20), (12, 20), (8, 10), (15, 20), (5, 10)]
    take(session, learner, bank, *(block(*score, day) for day, score in enumerate(scores)))
    found = trend.trend(session, learner.id, ALL)
    assert [(point.block.correct, point.block.scored) for point in found.points] == scores
    assert (found.points[-1].average.share, found.points[-1].average.scored) == (0.625, 80)


def test_tutor_blocks_are_left_out_unless_asked_for(session: Session) -> None:
    learner, bank = make_person(session), make_bank(session)
    take(session, learner, bank, block(1, 2, 0, "exam"), block(2, 2, 1, "tutor", Feedback.TUTOR))

    def names(which: BlockFilter = ALL, **options: bool) -> list[str]:
        return [point.block.name for point in trend.trend(session, learner.id, which, **options).points]

    assert names() == ["exam"]
    assert names(tutor=True) == ["exam", "tutor"]
    assert names(BlockFilter(feedback=Feedback.TUTOR)) == ["tutor"]


def test_a_block_with_nothing_scored_is_no_point(session: Session) -> None:
    learner, bank = make_person(session), make_bank(session)
    take(session, learner, bank, Taken("pp"), block(1, 2, 1))
    assert len(trend.trend(session, learner.id, ALL).points) == 1


def test_a_long_history_shows_its_newest_part_and_says_so(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trend, "MOST", 3)
    learner, bank = make_person(session), make_bank(session)
    take(session, learner, bank, *(block(1, 1, day, str(day)) for day in range(4)))
    found = trend.trend(session, learner.id, ALL)
    assert [point.block.name for point in found.points] == ["1", "2", "3"]
    assert found.cut


def test_the_picture_is_drawn_from_the_figures_of_the_table(session: Session) -> None:
    learner, bank = make_person(session), make_bank(session)
    take(session, learner, bank, block(1, 2, 0), block(2, 2, 1, "tutor", Feedback.TUTOR))
    found = trend.trend(session, learner.id, ALL, tutor=True)
    data = charts.trend_data(found)
    assert data["points"] == [
        {"date": "2026-01-01", "value": 0.5, "n": 2, "label": "Block", "kind": "exam"},
        {"date": "2026-01-02", "value": 1.0, "n": 2, "label": "tutor", "kind": "tutor"},
    ]
    assert data["average"] == [{"date": "2026-01-01", "value": 0.5}, {"date": "2026-01-02", "value": 0.75}]
