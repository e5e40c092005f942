from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from qbank.accounts.models import Person
from qbank.blocks.models import Block, EndedReason, ExamPreset, Feedback, TimeUpPolicy, Timing
from qbank.errors import InvalidError
from qbank.history import readiness
from qbank.history.models import ExamTarget
from qbank.history.readiness import Readiness
from qbank.items.models import ItemVersion, PoolEntry
from qbank.items.taxonomy import Dimension, Taxon
from qbank.measurement.irt import Model
from qbank.statistics.models import CalibrationRun, ItemCalibration
from tests.conftest import START, TestClock
from tests.history.school import Bank, Taken, make_bank, make_person, take

SYSTEMS = ("Cardiovascular", "Renal", "Endocrine", "Nervous")
pytestmark = pytest.mark.usefixtures("clock")


def calibrate(session: Session, bank: Bank, known: int | None = None, d: float = 0.5) -> None:
    """Give the first ``known`` versions parameters, in a finished run; the others were left out."""
    run = CalibrationRun(started_at=START, finished_at=START, model=Model.TWO_PARAMETER, log_likelihood=-1.0)
    session.add(run)
    session.flush()
    known = len(bank.versions) if known is None else known
    session.add_all(
        ItemCalibration(run_id=run.id, version_id=version, n=300,
                        a=1.0 if n < known else None, d=d if n < known else None)
        for n, version in enumerate(bank.versions)
    )  # fmt: skip
    session.flush()


def timed(answers: str, days_ago: int = 1, start: int = 0, **more: object) -> Taken:
    return Taken(
        answers, START - timedelta(days=days_ago), f"{days_ago} days ago", start=start, timing=Timing.TIMED,
        **more,  # type: ignore[arg-type]
    )  # fmt: skip


class Learner:
    """A learner with everything that readiness takes; a test takes one thing away."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.bank = make_bank(session, 120, systems=SYSTEMS)
        self.person: Person = make_person(session)

    def aim(self, cut: int = 60, days: int = 60) -> None:
        readiness.set_target(
            self.session, self.person, preset=None, exam_day=(START + timedelta(days=days)).date(), cut_percent=cut
        )

    def take(self, *blocks: Taken) -> None:
        take(self.session, self.person, self.bank, *blocks)

    def ready(self) -> Readiness:
        return readiness.readiness(self.session, self.person)


TWO = (timed("RRRW" * 10, 20), timed("RRRW" * 10, 2, start=40))


def whole(session: Session) -> Learner:
    learner = Learner(session)
    learner.aim()
    learner.take(*TWO)
    calibrate(session, learner.bank)
    return learner


def test_with_everything_there_the_chance_comes_with_its_interval_and_the_blocks_used(session: Session) -> None:
    found = whole(session).ready()
    assert found.missing == []
    assert found.prediction is not None
    cast = found.prediction.forecast
    assert 0 <= cast.chance_low < cast.chance < cast.chance_high <= 1
    assert (found.prediction.answers, found.prediction.items, found.prediction.needed) == (80, 100, 60)
    assert 60 < cast.expected < 80  # three of four right, on items of the same difficulty
    assert [(block.name, block.correct, block.items) for block in found.blocks] == [
        ("2 days ago", 30, 40),
        ("20 days ago", 30, 40),
    ]
    expected = 40 * (2 ** (-20 / 90) + 2 ** (-2 / 90))
    assert found.prediction.effective == pytest.approx(expected)


def test_with_nothing_there_every_condition_is_listed(session: Session) -> None:
    found = Learner(session).ready()
    assert found.prediction is None
    assert [each.state for each in found.missing] == [
        "not set",
        "0 of 2",
        "0 of 80",
        "none so far",
        "0 of 4, 2 needed",
        "the bank's items have not been measured yet; this is the staff's to do",
    ]


Change = Callable[[Learner], None]


def no_target(learner: Learner) -> None:
    learner.aim()
    readiness.clear_target(learner.session, learner.person)
    learner.take(*TWO)
    calibrate(learner.session, learner.bank)


def past_target(learner: Learner) -> None:
    learner.aim()
    learner.session.execute(sa.update(ExamTarget).values(exam_day=(START - timedelta(days=1)).date()))
    learner.take(*TWO)
    calibrate(learner.session, learner.bank)


def one_block(learner: Learner) -> None:
    learner.aim()
    learner.take(timed("RRRW" * 20))
    calibrate(learner.session, learner.bank)


def seventy_nine_items(learner: Learner) -> None:
    learner.aim()
    learner.take(TWO[0], timed("RRRW" * 9 + "RRR", 2, start=40))
    calibrate(learner.session, learner.bank)


def too_long_ago(learner: Learner) -> None:
    learner.aim()
    learner.take(timed("RRRW" * 10, 40), timed("RRRW" * 10, 29, start=40))
    calibrate(learner.session, learner.bank)


def too_few_calibrated(learner: Learner) -> None:
    learner.aim()
    learner.take(*TWO)
    calibrate(learner.session, learner.bank, known=39)


@pytest.mark.parametrize(
    ("change", "states"),
    [
        (no_target, ["not set"]),
        (past_target, ["the day is past"]),
        (one_block, ["1 of 2"]),
        (seventy_nine_items, ["79 of 80"]),
        (too_long_ago, ["the last ended on 1 Feb 2026"]),
        (too_few_calibrated, ["39 of 80"]),
    ],
)
def test_exactly_what_is_missing_is_said_and_nothing_else(session: Session, change: Change, states: list[str]) -> None:
    learner = Learner(session)
    change(learner)
    found = learner.ready()
    assert found.prediction is None
    assert [each.state for each in found.missing] == states


def test_at_least_half_of_the_systems_must_be_covered(session: Session) -> None:
    learner = Learner(session)
    learner.bank = make_bank_of_few_systems(session, learner.bank)
    learner.aim()
    learner.take(*TWO)
    calibrate(session, learner.bank)
    assert [each.state for each in learner.ready().missing] == ["1 of 5, 3 needed"]


def make_bank_of_few_systems(session: Session, other: Bank) -> Bank:
    """Move all items but the last four of the other bank's systems into one new system; return the bank."""
    taxon = Taxon(dimension=Dimension.SYSTEM, code="one", name="One", ordinal=9)
    session.add(taxon)
    session.flush()
    moved = other.versions[:-4]
    session.execute(sa.update(ItemVersion).where(ItemVersion.id.in_(moved)).values(system_id=taxon.id))
    session.execute(sa.update(PoolEntry).where(PoolEntry.version_id.in_(moved)).values(system_id=taxon.id))
    return other


@pytest.mark.parametrize(
    "other",
    [
        timed("RRRW" * 10, 2, start=40, feedback=Feedback.TUTOR),
        Taken("RRRW" * 10, START - timedelta(days=2), start=40),  # untimed
        timed("RRRW" * 10, 2, start=40, reason=EndedReason.ABANDONED),
        timed("p" * 40, 2, start=40),
        timed("a" * 40, 2, start=40),
    ],
    ids=["tutor", "untimed", "abandoned", "pretest", "annulled"],
)
def test_other_blocks_and_items_that_do_not_count_are_not_used(session: Session, other: Taken) -> None:
    learner = Learner(session)
    learner.aim()
    learner.take(TWO[0], other)
    calibrate(session, learner.bank)
    found = learner.ready()
    assert found.prediction is None
    assert (len(found.blocks), found.answers) == (1, 40)


def test_items_met_before_in_any_block_tell_of_memory_and_are_left_out(session: Session) -> None:
    learner = Learner(session)
    learner.aim()
    learner.take(Taken("R" * 20, START - timedelta(days=30), feedback=Feedback.TUTOR), *TWO)
    calibrate(session, learner.bank)
    assert [each.state for each in learner.ready().missing] == ["60 of 80"]


def test_uncalibrated_items_widen_the_interval_but_half_of_them_are_enough(session: Session) -> None:
    learner = whole(session)
    sure = learner.ready().prediction
    calibrate(session, learner.bank, known=40)
    found = learner.ready()
    assert (found.calibrated, found.answers) == (40, 80)
    assert sure is not None
    assert found.prediction is not None
    assert found.prediction.spread == pytest.approx(sure.spread, rel=0.05)  # all intercepts alike: nothing is lost
    session.execute(
        sa.update(ItemCalibration).where(ItemCalibration.version_id % 2 == 0, ItemCalibration.a.is_not(None))
        .values(d=3.0)
    )  # fmt: skip
    unlike = learner.ready().prediction
    assert unlike is not None
    assert unlike.spread > sure.spread


def test_a_run_that_is_not_finished_is_not_used(session: Session) -> None:
    learner = whole(session)
    session.execute(sa.update(CalibrationRun).values(finished_at=None, log_likelihood=None))
    assert [each.met for each in learner.ready().conditions] == [True] * 5 + [False]


def test_the_exam_format_gives_the_length_of_the_form(session: Session) -> None:
    learner = whole(session)
    preset = ExamPreset(
        code="step", exam="Step", name="Step 1", blocks=7, items_per_block_max=40, items_total=280,
        seconds_per_item=90, time_up_policy=TimeUpPolicy.LOCK,
    )  # fmt: skip
    session.add(preset)
    session.flush()
    readiness.set_target(
        session, learner.person, preset=preset, exam_day=(START + timedelta(days=9)).date(), cut_percent=61
    )
    found = learner.ready()
    assert found.target is not None
    assert (found.target.name, found.target.items) == ("Step 1", 280)
    assert found.prediction is not None
    assert found.prediction.needed == 171
    preset.items_total = None
    assert readiness.form_items(preset) == 280
    preset.blocks = preset.items_per_block_max = None
    assert readiness.form_items(preset) == readiness.FORM_ITEMS


@pytest.mark.parametrize(
    ("days", "cut", "fields"),
    [(-1, 60, {"exam_day"}), (9999, 60, {"exam_day"}), (5, 0, {"cut_percent"}), (-3, 100, {"exam_day", "cut_percent"})],
)
def test_a_target_that_makes_no_sense_is_refused_by_field(
    session: Session, days: int, cut: int, fields: set[str]
) -> None:
    learner = Learner(session)
    with pytest.raises(InvalidError) as refused:
        learner.aim(cut, days)
    assert set(refused.value.problems) == fields
    assert readiness.target(session, learner.person.id) is None


def test_a_target_is_one_a_learner_and_goes_when_it_is_cleared(session: Session) -> None:
    learner, other = Learner(session), make_person(session)
    learner.aim(60)
    learner.aim(70)
    found = readiness.target(session, learner.person.id)
    assert found is not None
    assert found.cut_percent == 70
    assert readiness.target(session, other.id) is None
    readiness.clear_target(session, other)
    assert readiness.target(session, learner.person.id) is not None
    readiness.clear_target(session, learner.person)
    assert readiness.target(session, learner.person.id) is None


def test_a_long_history_takes_no_more_queries_than_a_short_one(
    session: Session, queries: Callable[[], object], clock: TestClock
) -> None:
    learner = whole(session)
    session.flush()
    with queries() as seen:  # type: ignore[attr-defined]
        assert learner.ready().prediction
    learner.take(*(timed("RW", days, start=80 + 2 * days) for days in range(3, 20)))
    session.flush()
    with queries() as more:  # type: ignore[attr-defined]
        assert learner.ready().prediction
    assert len(seen) == len(more) <= 7
    assert session.scalar(sa.select(sa.func.count()).select_from(Block)) == 19
