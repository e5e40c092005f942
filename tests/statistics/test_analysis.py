"""One version closely: the worked numbers of item analysis, what few answers hide, and which items come first."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import numpy as np
import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from qbank.errors import NotFoundError
from qbank.items import records
from qbank.items.models import ItemState
from qbank.measurement.flags import Flag
from qbank.statistics import calibrating, fixed_forms
from qbank.statistics import queries as asked
from qbank.statistics.analysis import Analysis, Basis, Needs, analyse
from qbank.statistics.fitting import fit
from qbank.statistics.models import CalibrationRun, ItemCalibration
from qbank.statistics.queries import Look, LookFilter
from qbank.statistics.reading import first_responses
from tests.statistics import bank as make

pytestmark = pytest.mark.usefixtures("clock")
# 8 learners x 5 items with known statistics
MATRIX = np.array(
    [[int(sign) for sign in row] for row in ["11111", "11110", "11101", "11010", "10100", "01001", "10000", "00001"]]
)
ALL = Needs(figures=1, r=1)


def look(session: Session, version_id: int, needs: Needs | None = None) -> Analysis:
    version = records.load_versions(session, [version_id])[version_id]
    run = calibrating.current_run(session)
    line = next(line for line in asked.versions_of(session, version.item_id) if line.version_id == version_id)
    return analyse(session, version, run, line.calibration, needs)


def calibrated(session: Session) -> CalibrationRun:
    read = first_responses(session)
    run = calibrating.begin(session)
    return calibrating.finish(session, run.id, read, fit(read.responses))


def test_the_worked_matrix_gives_the_worked_figures(session: Session) -> None:
    bank = make.make_bank(session, 5)
    make.answer(session, bank, 1 - MATRIX)
    found = [look(session, version, ALL) for version in bank.versions]
    assert [each.p.value for each in found if each.p] == [0.75, 0.625, 0.5, 0.375, 0.5]
    np.testing.assert_allclose([each.r for each in found], [0.236, 0.582, 0.459, 0.436, -0.180], atol=5e-4)
    assert {each.basis for each in found} == {Basis.REST}
    assert Flag.CHECK_KEY in found[4].flags
    assert found[4].miskeyed == ("B",)
    assert Flag.CHECK_KEY not in found[1].flags


def test_a_form_that_all_took_has_the_worked_reliability(session: Session) -> None:
    bank = make.make_bank(session, 5)
    people = make.answer(session, bank, 1 - MATRIX)
    make.answer(session, bank, np.zeros((8, 5), dtype=int), people)  # taken again: only the first block counts
    other = make.make_bank(session, 5, name="other")
    make.answer(session, other, np.zeros((1, 5), dtype=int))
    (line,) = fixed_forms.forms(session)
    assert (line.items, line.learners) == (5, 8)
    found = fixed_forms.find(session, line.block_id, least=2)
    assert found.figures is not None
    assert found.figures.alpha == pytest.approx(0.504, abs=5e-4)
    assert found.figures.sem_population == pytest.approx(0.980, abs=5e-4)
    assert found.figures.alpha_low is not None
    assert [(score.score, score.n) for score in found.scores] == [(1, 2), (2, 2), (3, 1), (4, 2), (5, 1)]
    assert found.scores[0].sem == pytest.approx(1.0)
    np.testing.assert_allclose([item.r_rest for item in found.items], [0.236, 0.582, 0.459, 0.436, -0.180], atol=5e-4)
    thin = fixed_forms.find(session, line.block_id)
    assert (thin.figures, thin.items, thin.learners) == (None, (), 8)


def test_a_block_that_nobody_else_had_is_no_form(session: Session) -> None:
    bank = make.make_bank(session, 6)
    answers = np.zeros((3, 6), dtype=int)
    answers[0, :2], answers[1, 2:4], answers[2, 4:] = -2, -2, -2
    make.answer(session, bank, answers)
    assert fixed_forms.forms(session) == []
    for number in (1, 2, 3, 10**9):
        with pytest.raises(NotFoundError):
            fixed_forms.find(session, number)


def test_below_26_answers_only_their_number_is_given(session: Session) -> None:
    bank = make.make_bank(session, 3)
    make.answer(session, bank, make.simulated(25, 3, 3)[0])
    found = look(session, bank.versions[0])
    assert (found.n, found.p, found.r, found.d27, found.options, found.groups) == (25, None, None, None, (), ())
    assert found.flags == (Flag.TOO_FEW,)
    make.answer(session, bank, make.simulated(1, 3, 3)[0])
    found = look(session, bank.versions[0])
    assert found.p is not None
    assert found.p.n == 26
    assert found.r is None, "a correlation needs 100"
    assert found.d27 is not None
    assert found.d27_low is not None
    assert found.d27_low <= found.d27


@pytest.fixture
def world(session: Session) -> Iterator[make.Bank]:
    """900 learners with 12 of 24 items each; item 0 has the wrong key, nobody chooses C or D of item 1."""
    bank = make.make_bank(session, 24)
    answers, _known = make.simulated(900, 24, 12, seed=6)
    first = answers[:, 0]
    answers[:, 0] = np.where(first == 0, 1, np.where(first > 0, 0, first))
    answers[:, 1] = np.where(answers[:, 1] > 1, 1, answers[:, 1])
    answers[150:, 2] = -2
    answers[20:, 3] = -2
    make.answer(session, bank, answers)
    make.counted(session)
    return bank


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_figures_agree_with_the_calibration_and_say_what_they_rest_on(session: Session, world: make.Bank) -> None:
    before = look(session, world.versions[5])
    assert before.basis is Basis.REST
    calibrated(session)
    after = look(session, world.versions[5])
    stored = session.scalars(sa.select(ItemCalibration).where(ItemCalibration.version_id == world.versions[5])).one()
    assert after.basis is Basis.ABILITY
    assert stored.r is not None
    assert after.r == pytest.approx(stored.r, abs=0.02), "the answer taken out as normal, and exactly"
    assert after.r_low is not None
    assert after.r_high is not None
    assert after.r_low < stored.r < after.r_high
    assert after.scored == after.n
    assert sum(group.right.n for group in after.groups) == after.scored
    assert after.groups[0].score < after.groups[-1].score
    assert after.groups[0].right.value < after.groups[-1].right.value
    for group in after.groups:
        assert sum(group.options) == pytest.approx(1)
        assert group.options[0] == pytest.approx(group.right.value)
    assert sum(row.n for row in after.options) == after.n
    assert sum(row.share or 0 for row in after.options) == pytest.approx(1)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_needs_a_look_comes_first_and_its_reasons_are_right(session: Session, world: make.Bank) -> None:
    calibrated(session)
    rows = asked.page_of(session, LookFilter(), limit=50, offset=0)
    assert rows[0].version_id == world.versions[0]
    assert rows[0].looks[0] is Look.CHECK_KEY
    weights = [[look in row.looks for look in Look] for row in rows]
    assert weights == sorted(weights, reverse=True)
    everything = {row.version_id: row for row in asked.every(session, LookFilter(flagged=False))}
    assert set(everything) == set(world.versions)
    assert everything[world.versions[3]].looks == (), "20 answers flag nothing"
    assert everything[world.versions[3]].p is None
    assert everything[world.versions[2]].b is None, "fewer than 100 answers: no difficulty"
    for row in everything.values():
        if row.n < 26:
            continue
        p = row.correct / row.n
        assert (Look.TOO_HARD in row.looks) == (p < 0.30)
        assert (Look.TOO_EASY in row.looks) == (p > 0.90)
        assert (Look.WEAK in row.looks) == (row.r is not None and 0 <= row.r < 0.20)
    assert Look.RARE_DISTRACTOR in everything[world.versions[1]].looks
    counts = asked.look_counts(session, LookFilter())
    assert counts["all"] == 24
    assert counts["flagged"] == len(rows)
    for reason in Look:
        found = list(asked.every(session, LookFilter(flag=reason)))
        assert counts[str(reason)] == len(found)
        assert all(reason in row.looks for row in found)
    session.execute(sa.text("UPDATE item_version SET state = 'suspended' WHERE id = :id"), {"id": world.versions[0]})
    assert [row.version_id for row in asked.every(session, LookFilter(flagged=False, state=ItemState.SUSPENDED))] == [
        world.versions[0]
    ]
    assert list(asked.every(session, LookFilter(system_id=10**9))) == []


def test_the_list_takes_two_statements_however_many_items_there_are(
    session: Session, queries: Callable[[], AbstractContextManager[list[str]]]
) -> None:
    sent = []
    for count in (3, 40):
        bank = make.make_bank(session, count, name=f"of{count}")
        make.answer(session, bank, make.simulated(30, count, count)[0])
        make.counted(session)
        with queries() as seen:
            asked.look_counts(session, LookFilter())
            asked.page_of(session, LookFilter(), limit=50, offset=0)
        sent.append(len(seen))
    assert sent == [2, 2]


def test_first_deliveries_of_a_pretest_item_are_counted_for_its_promotion(session: Session) -> None:
    bank = make.make_bank(session, 2, ItemState.PRETEST)
    people = make.answer(session, bank, make.simulated(52, 2, 2)[0], pretest=True)
    make.answer(session, bank, make.simulated(52, 2, 2)[0], people, pretest=True)
    assert asked.first_deliveries(session, bank.versions[0]) == 0
    make.counted(session)
    assert asked.first_deliveries(session, bank.versions[0]) == 52
    assert asked.first_deliveries(session, 10**9) == 0
