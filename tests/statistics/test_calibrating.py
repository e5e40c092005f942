"""A calibration in the database: what it reads, that it can be stopped and resumed, what it leaves behind."""

from __future__ import annotations

import numpy as np
import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from qbank.blocks.models import Delivery, EndedReason
from qbank.errors import ConflictError, InvalidError
from qbank.items import pool
from qbank.items.models import PoolEntry
from qbank.measurement.responses import Floats
from qbank.statistics import calibrating, difficulty
from qbank.statistics.fitting import Limits, fit
from qbank.statistics.models import CalibrationRun, ItemCalibration, LearnerAbility
from qbank.statistics.reading import first_responses
from tests.conftest import START
from tests.statistics import bank as make

pytestmark = pytest.mark.usefixtures("clock")
FEW = Limits(b=30, a=60)
SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # nothing in it hangs on the database


def finished(session: Session) -> CalibrationRun:
    read = first_responses(session)
    run = calibrating.begin(session)
    return calibrating.finish(session, run.id, read, fit(read.responses, limits=FEW), limits=FEW)


def test_first_deliveries_are_read_once_a_learner_and_version(session: Session) -> None:
    bank = make.make_bank(session, 4)
    answers = np.array([[0, 1, -1, -2], [0, 0, 2, 3]])
    people = make.answer(session, bank, answers)
    make.answer(session, bank, np.array([[1, 0, 0, 0], [-2, -2, -2, -2]]), people)  # again: only item 4 is new
    make.answer(session, bank, np.zeros((1, 4), dtype=int), reason=EndedReason.ABANDONED)
    annulled = sa.select(sa.func.min(Delivery.id)).scalar_subquery()
    session.execute(sa.update(Delivery).where(Delivery.id == annulled).values(annulled_at=START))
    read = first_responses(session)
    assert read.person_ids.tolist() == people
    assert read.version_ids.tolist() == bank.versions
    # the first learner's annulled first answer gives way to the second, wrong one
    np.testing.assert_array_equal(read.responses.dense(), [[0, 0, 0, 1], [1, 1, 0, 0]])


def test_a_run_writes_parameters_and_abilities_and_becomes_the_current_one(session: Session) -> None:
    bank = make.make_bank(session, 8)
    make.answer(session, bank, make.simulated(120, 8, 8)[0])
    assert calibrating.current_run(session) is None
    run = finished(session)
    assert calibrating.current_run(session) is run
    rows = session.scalars(sa.select(ItemCalibration).where(ItemCalibration.run_id == run.id)).all()
    assert {row.version_id for row in rows} == set(bank.versions)
    assert (run.items, run.persons, run.responses) == (8, 120, 960)
    for row in rows:
        assert row.n == 120
        assert row.a is not None
        assert row.d is not None
        assert row.b == pytest.approx(-row.d / row.a)
    abilities = session.scalars(sa.select(LearnerAbility)).all()
    assert len(abilities) == 120
    assert {row.n for row in abilities} == {8}
    assert run.state == {}


@SQLITE
def test_a_later_run_takes_the_place_of_the_earlier_and_keeps_its_parameters(session: Session) -> None:
    bank = make.make_bank(session, 6)
    make.answer(session, bank, make.simulated(80, 6, 6)[0])
    first = finished(session)
    make.answer(session, bank, make.simulated(40, 6, 6, seed=9)[0])
    second = finished(session)
    assert calibrating.current_run(session) is second
    query = sa.select(ItemCalibration.run_id, sa.func.count()).group_by(ItemCalibration.run_id)
    assert dict(session.execute(query).all()) == {first.id: 6, second.id: 6}
    assert set(session.scalars(sa.select(LearnerAbility.run_id))) == {second.id}


@SQLITE
def test_a_stopped_run_goes_on_from_where_it_stood_even_with_new_answers(session: Session) -> None:
    bank = make.make_bank(session, 6)
    make.answer(session, bank, make.simulated(80, 6, 6)[0])
    read = first_responses(session)
    run = calibrating.begin(session)
    seen: list[tuple[Floats, Floats, int]] = []

    def stop(_stage: str, a: Floats, d: Floats, _distance: float, steps: int) -> None:
        seen.append((a.copy(), d.copy(), steps))
        if len(seen) == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fit(read.responses, limits=FEW, watch=stop)
    calibrating.save(session, run.id, read.version_ids, *seen[-1])
    other = make.make_bank(session, 1, name="new")
    make.answer(session, other, np.zeros((1, 1), dtype=int))
    again = first_responses(session)
    resumed = calibrating.begin(session)
    assert resumed.id == run.id
    start = calibrating.start_of(resumed, again.version_ids)
    assert start is not None
    np.testing.assert_allclose(start[0][:6], seen[-1][0])
    assert np.isnan(start[0][6]), "a version that was not there begins at the beginning"
    done = calibrating.finish(session, run.id, again, fit(again.responses, limits=FEW, start=start), limits=FEW)
    whole = fit(again.responses, limits=FEW)
    stored = session.scalars(sa.select(ItemCalibration).order_by(ItemCalibration.version_id)).all()
    np.testing.assert_allclose([row.b for row in stored], whole.b[:6], atol=1e-3)
    assert calibrating.unfinished(session) is None
    with pytest.raises(ConflictError):
        calibrating.finish(session, done.id, again, whole, limits=FEW)


@SQLITE
def test_beginning_anew_forgets_the_stopped_run(session: Session) -> None:
    stopped = calibrating.begin(session).id
    assert calibrating.begin(session).id == stopped
    calibrating.begin(session, anew=True)
    assert len(session.scalars(sa.select(CalibrationRun)).all()) == 1
    found = calibrating.unfinished(session)
    assert found is not None
    assert calibrating.start_of(found, np.array([1, 2])) is None


@SQLITE
def test_too_few_answers_are_refused_with_what_is_missing(session: Session) -> None:
    bank = make.make_bank(session, 2)
    with pytest.raises(InvalidError, match="0 first answers"):
        calibrating.check_enough(first_responses(session), Limits())
    make.answer(session, bank, np.zeros((40, 2), dtype=int))
    with pytest.raises(InvalidError, match="40 first answers") as refusal:
        calibrating.check_enough(first_responses(session), Limits())
    assert "100" in refusal.value.cure


def test_difficulty_goes_by_b_then_by_p_then_by_the_author(session: Session) -> None:
    bank = make.make_bank(session, 8)
    answers = make.simulated(120, 8, 8)[0]
    answers[:, 0] = 0
    answers[40:, 1] = -2
    answers[:40, 1] = 1  # nobody right: hard by p
    answers[10:, 2] = -2  # too few to tell
    make.answer(session, bank, answers)
    make.counted(session)
    assert difficulty.of_versions(session, bank.versions[:3]) == {bank.versions[0]: "easy", bank.versions[1]: "hard"}
    finished(session)
    by_version = dict(session.execute(sa.select(PoolEntry.version_id, PoolEntry.difficulty)).all())
    assert by_version[bank.versions[2]] == "medium", "the author's estimate"
    b = dict(session.execute(sa.select(ItemCalibration.version_id, ItemCalibration.b)).all())
    for version in bank.versions[3:]:
        word = "easy" if b[version] <= difficulty.EASY_B else "hard" if b[version] > difficulty.HARD_B else "medium"
        assert by_version[version] == word
    pool.sync(session, bank.items)
    assert dict(session.execute(sa.select(PoolEntry.version_id, PoolEntry.difficulty)).all()) == by_version
