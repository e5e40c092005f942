from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from qbank.blocks.models import Delivery, Feedback, StudyPass
from qbank.history.breakdown import Breakdown, Cell, Which, breakdown, make_cell
from qbank.history.filters import BlockFilter
from qbank.items.models import VersionDiscipline
from qbank.items.taxonomy import Dimension, Taxon
from qbank.measurement.bands import Band
from qbank.settings import Settings, load
from tests.history.school import LONG_AGO, Taken, make_bank, make_person, open_block, take

ALL = BlockFilter()


def counts(found: Breakdown, dimension: Dimension) -> dict[str, tuple[int, int]]:
    return {cell.name: (cell.correct, cell.scored) for cell in found.cells[dimension]}


def printed(cell: Cell) -> str:
    if cell.share is None or cell.low is None or cell.high is None:
        return f"{cell.correct} of {cell.scored}"
    return f"{100 * cell.share:.1f} % ({100 * cell.low:.1f}-{100 * cell.high:.1f})"


@pytest.mark.parametrize(
    ("correct", "scored", "expected", "band"),
    [
        (13, 20, "65.0 % (43.3-81.9)", Band.MIDDLE),
        (130, 200, "65.0 % (58.2-71.3)", Band.MIDDLE),
        (3, 5, "60.0 % (23.1-88.2)", Band.MIDDLE),
        (27, 40, "67.5 % (52.0-79.9)", Band.MIDDLE),
        (3, 4, "3 of 4", None),
        (0, 0, "0 of 0", None),
    ],
)
def test_a_share_carries_its_interval_and_small_n_only_its_counts(
    settings: Settings, correct: int, scored: int, expected: str, band: Band | None
) -> None:
    cell = make_cell(1, "Any", correct, scored, settings)
    assert printed(cell) == expected
    assert cell.band is band


def test_items_are_counted_under_their_system_discipline_and_task(session: Session, settings: Settings) -> None:
    learner, bank = make_person(session), make_bank(session)
    take(session, learner, bank, Taken("RWRRRW"))
    found = breakdown(session, learner.id, ALL, Which.FIRST, settings)
    assert counts(found, Dimension.SYSTEM) == {"Musculoskeletal": (3, 3), "Endocrine": (1, 3)}
    assert counts(found, Dimension.DISCIPLINE) == {"Pathology": (3, 3), "Pharmacology": (1, 3)}
    assert counts(found, Dimension.TASK) == {"Diagnosis": (3, 3), "Management": (1, 3)}
    assert (found.whole.correct, found.whole.scored) == (4, 6)


def test_omitted_counts_as_wrong_and_pretest_annulled_and_unscored_items_count_nowhere(
    session: Session, settings: Settings
) -> None:
    learner, bank = make_person(session), make_bank(session)
    take(session, learner, bank, Taken("RO"), Taken("pa-", start=2))
    found = breakdown(session, learner.id, ALL, Which.ALL, settings)
    assert (found.whole.correct, found.whole.scored) == (1, 2)


def test_an_item_with_two_disciplines_counts_in_both_but_once_in_the_whole(
    session: Session, settings: Settings
) -> None:
    learner, bank = make_person(session), make_bank(session)
    session.add(VersionDiscipline(version_id=bank.versions[0], taxon_id=bank.disciplines[1]))
    take(session, learner, bank, Taken("R"))
    found = breakdown(session, learner.id, ALL, Which.FIRST, settings)
    assert counts(found, Dimension.DISCIPLINE) == {"Pathology": (1, 1), "Pharmacology": (1, 1)}
    assert found.whole.scored == 1


def test_the_switch_counts_first_latest_or_all_answers(session: Session, settings: Settings) -> None:
    learner, bank = make_person(session), make_bank(session)
    days = [LONG_AGO + timedelta(days=n) for n in range(3)]
    take(session, learner, bank, Taken("WW", days[0]), Taken("RW", days[1]), Taken("R", days[2]))
    whole = {which: breakdown(session, learner.id, ALL, which, settings).whole for which in Which}
    assert {which: (cell.correct, cell.scored) for which, cell in whole.items()} == {
        Which.FIRST: (0, 2),
        Which.LATEST: (1, 2),
        Which.ALL: (2, 5),
    }


def test_an_item_first_met_again_in_a_new_pass_is_not_a_first_answer_twice(
    session: Session, settings: Settings
) -> None:
    learner, bank = make_person(session), make_bank(session)
    take(session, learner, bank, Taken("W", LONG_AGO))
    session.add(StudyPass(person_id=learner.id, number=2, started_at=LONG_AGO))
    take(session, learner, bank, Taken("R", LONG_AGO + timedelta(days=9)))
    session.execute(sa.update(Delivery).values(first=True))  # first in its pass
    whole = breakdown(session, learner.id, ALL, Which.FIRST, settings).whole
    assert (whole.correct, whole.scored) == (0, 1)


def test_the_filter_of_the_blocks_narrows_the_breakdown(session: Session, settings: Settings) -> None:
    learner, bank = make_person(session), make_bank(session)
    take(session, learner, bank, Taken("RR"), Taken("WW", feedback=Feedback.TUTOR, start=2))
    found = breakdown(session, learner.id, BlockFilter(feedback=Feedback.TUTOR), Which.FIRST, settings)
    assert (found.whole.correct, found.whole.scored) == (0, 2)


def test_open_blocks_and_other_learners_count_nowhere(session: Session, settings: Settings) -> None:
    learner, other, bank = make_person(session), make_person(session, "Bo"), make_bank(session)
    open_block(session, learner, bank)
    take(session, other, bank, Taken("RRRR"))
    assert breakdown(session, learner.id, ALL, Which.ALL, settings).whole.scored == 0


def test_a_retired_class_keeps_its_answers(session: Session, settings: Settings) -> None:
    learner, bank = make_person(session), make_bank(session)
    take(session, learner, bank, Taken("RW"))
    session.execute(sa.update(Taxon).where(Taxon.id == bank.systems[0]).values(retired_at=LONG_AGO))
    found = breakdown(session, learner.id, ALL, Which.FIRST, settings)
    assert "Musculoskeletal" in counts(found, Dimension.SYSTEM)


@given(st.integers(0, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_a_band_is_shown_exactly_where_a_share_is(share: tuple[int, int]) -> None:
    bank = load(environ={}, data_dir="/nowhere", secret_key="only-for-the-tests")
    cell = make_cell(1, "Any", *share, bank)
    assert (cell.band is None) == (cell.share is None) == (share[1] < 5)
