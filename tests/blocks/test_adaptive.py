"""Adaptive blocks: each next item chosen once, for reasons that are kept, until the block stops."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session, sessionmaker

from qbank import clock as clocks
from qbank.accounts.models import Person
from qbank.blocks import adaptive, adaptive_queries, choosing, closing
from qbank.blocks.adaptive_models import AdaptiveStep, Aim, Method
from qbank.blocks.criteria import Criteria
from qbank.blocks.models import Block, BlockState, Delivery, ItemStatus, LearnerItem
from qbank.blocks.rebuild import rebuild
from qbank.db.engine import begin_write
from qbank.errors import InvalidError, NotAllowedError, NotFoundError
from qbank.items.models import PoolEntry
from qbank.measurement.irt import Model
from qbank.settings import Settings
from qbank.statistics.models import CalibrationRun, ItemCalibration
from tests.blocks import factories as make
from tests.blocks.test_races import together
from tests.conftest import TestClock

pytestmark = pytest.mark.usefixtures("clock")


def calibrate(session: Session, *, every: int = 1, spread: float = 4.0) -> CalibrationRun:
    """Give every ``every``-th live item parameters: b evenly from -spread / 2 to spread / 2, a = 1.2."""
    now = clocks.now()
    run = CalibrationRun(started_at=now, finished_at=now, model=Model.TWO_PARAMETER, log_likelihood=-1.0, responses=9)
    session.add(run)
    session.flush()
    versions = session.scalars(sa.select(PoolEntry.version_id).order_by(PoolEntry.item_id)).all()
    for place, version_id in enumerate(versions):
        if place % every == 0:
            b = spread * place / len(versions) - spread / 2
            session.add(ItemCalibration(run_id=run.id, version_id=version_id, n=300, a=1.2, d=-1.2 * b, b=b))
    session.flush()
    return run


def begin(session: Session, person: Person, settings: Settings, **values: object) -> Block:
    usual: dict[str, object] = {"criteria": Criteria(), "aim": Aim.PRACTICE, "most": 50, "seed": "s"}
    return adaptive.start(session, person, settings, **(usual | values))  # type: ignore[arg-type]


def submit(session: Session, person: Person, block: Block, *, right: bool) -> None:
    position = block.item_count
    letter = make.letters(session, block)[position][0 if right else 1]
    assert make.act(session, person, block, position, "submit", letter).status == "saved"


def take(session: Session, person: Person, block: Block, answers: list[bool]) -> None:
    """Answer the item that is open, and after every answer but the last ask for the next."""
    for place, right in enumerate(answers):
        if place:
            adaptive.next_item(session, person, block.token, block.item_count)
        submit(session, person, block, right=right)


def test_a_block_grows_by_one_item_a_time_and_everything_worked_out_agrees(
    session: Session, settings: Settings
) -> None:
    make.make_items(session, 60, make.make_taxa(session))
    calibrate(session)
    person = make.make_person(session)
    block = begin(session, person, settings)
    take(session, person, block, [True, True, False, True, True, False, True, True])
    adaptive.next_item(session, person, block.token, 8)  # open: in progress, not answered
    assert rebuild(session, check=True) == []
    assert adaptive.replay(session, block) == []
    closing.end_block(session, person, block.token)
    assert rebuild(session, check=True) == []
    rows = make.deliveries(session, block)
    assert [row.position for row in rows] == list(range(1, 10))
    assert len({row.item_id for row in rows}) == 9
    statuses = session.scalars(sa.select(LearnerItem.status).where(LearnerItem.pass_id == block.pass_id)).all()
    assert sorted(statuses) == sorted([ItemStatus.CORRECT] * 6 + [ItemStatus.INCORRECT] * 2 + [ItemStatus.OMITTED])


def test_each_step_keeps_why_its_item_came(session: Session, settings: Settings) -> None:
    taxa = make.make_taxa(session, systems=2)
    make.make_items(session, 60, taxa)
    calibrate(session)
    person = make.make_person(session)
    block = begin(session, person, settings)
    take(session, person, block, [True, True, True, False])
    kept = adaptive.steps(session, block)
    first, later = kept[0][0], kept[3][0]
    assert (first.method, first.ability, first.se, first.answers) == (Method.ELO, 0.0, None, 0)
    assert (later.method, later.answers) == (Method.EAP, 3)
    assert later.ability > 0.5 and later.se is not None and later.se < 1  # noqa: PT018
    for step, delivery in kept:
        assert len(step.candidates) == 5
        assert delivery.item_id == choosing.pick(step.candidates, "s", delivery.position)
        assert step.information == pytest.approx(choosing.information(step.a, step.d, step.ability))
        assert abs(choosing.expected(step.a, step.d, step.ability) - 0.75) < 0.1
    assert sorted(step.system_id for step, _ in kept) == sorted(taxa.systems * 2)


def test_a_step_that_was_changed_is_found_when_it_is_worked_out_again(session: Session, settings: Settings) -> None:
    make.make_items(session, 40, make.make_taxa(session))
    calibrate(session)
    person = make.make_person(session)
    block = begin(session, person, settings)
    take(session, person, block, [True, False, True])
    step, _delivery = adaptive.steps(session, block)[2]
    step.ability += 0.1
    session.flush()
    assert len(adaptive.replay(session, block)) == 1


def test_the_next_item_waits_for_the_answer_and_is_given_once(session: Session, settings: Settings) -> None:
    make.make_items(session, 40, make.make_taxa(session))
    person, other = make.make_person(session), make.make_person(session)
    block = begin(session, person, settings)
    with pytest.raises(NotAllowedError, match="Submit your answer first"):
        adaptive.next_item(session, person, block.token, 1)
    submit(session, person, block, right=True)
    assert adaptive.next_item(session, person, block.token, 1) == 2
    assert adaptive.next_item(session, person, block.token, 1) == 2
    assert len(make.deliveries(session, block)) == block.item_count == 2
    for after in (0, 3):
        with pytest.raises(NotFoundError):
            adaptive.next_item(session, person, block.token, after)
    with pytest.raises(NotFoundError):
        adaptive.next_item(session, other, block.token, 1)
    plain = make.start(session, person, settings, 4)
    with pytest.raises(NotFoundError):
        adaptive.next_item(session, person, plain.token, 1)
    closing.end_block(session, person, block.token)
    with pytest.raises(NotAllowedError):
        adaptive.next_item(session, person, block.token, 2)


def test_asking_eight_times_at_once_makes_one_delivery(sessions: sessionmaker[Session], settings: Settings) -> None:
    with sessions() as session:
        begin_write(session)
        make.make_items(session, 40, make.make_taxa(session))
        calibrate(session)
        person = make.make_person(session)
        block = begin(session, person, settings)
        submit(session, person, block, right=True)
        session.commit()
        person_id, token = person.id, block.token

    def ask(session: Session) -> object:
        return adaptive.next_item(session, session.get_one(Person, person_id), token, 1)

    assert together(sessions, [ask] * 8) == [2] * 8
    with sessions() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Delivery)) == 2
        assert session.scalar(sa.select(sa.func.count()).select_from(AdaptiveStep)) == 2
        assert rebuild(session, check=True) == []


def test_no_enemy_of_an_asked_item_comes_and_a_bank_of_enemies_ends_early(session: Session, settings: Settings) -> None:
    items = make.make_items(session, 6, make.make_taxa(session, systems=1))
    for one in items[:3]:
        for other in items[3:]:
            make.make_enemies(session, one, other)
    person = make.make_person(session)
    block = begin(session, person, settings)
    take(session, person, block, [True, True, False])
    asked = {row.item_id for row in make.deliveries(session, block)}
    assert asked in ({*items[:3]}, {*items[3:]})
    with pytest.raises(NotAllowedError, match="No further item"):
        adaptive.next_item(session, person, block.token, 3)


def test_the_filters_hold_for_every_item_and_unseen_ones_come_first(session: Session, settings: Settings) -> None:
    taxa = make.make_taxa(session, systems=3)
    make.make_items(session, 60, taxa)
    calibrate(session)
    person = make.make_person(session)
    only = Criteria(systems=frozenset(taxa.systems[:1]))
    seen: set[int] = set()
    for _round in range(2):
        block = begin(session, person, settings, criteria=only)
        take(session, person, block, [True] * 7)
        asked = {row.item_id for row in make.deliveries(session, block)}
        assert not asked & seen
        seen |= asked
        closing.end_block(session, person, block.token)
    systems = sa.select(PoolEntry.system_id).where(PoolEntry.item_id.in_(seen)).distinct()
    assert session.scalars(systems).all() == [taxa.systems[0]]


def test_a_block_stops_when_it_is_precise_at_its_number_of_items_or_at_its_time(
    session: Session, settings: Settings, clock: TestClock
) -> None:
    make.make_items(session, 90, make.make_taxa(session))
    run = calibrate(session, spread=1.0)
    person = make.make_person(session)
    short = begin(session, person, settings, most=2)
    take(session, person, short, [True, False])
    assert adaptive.progress(session, short).stop is adaptive.Stop.ITEMS
    with pytest.raises(NotAllowedError, match="as many items"):
        adaptive.next_item(session, person, short.token, 2)

    timed = begin(session, person, settings, minutes=10)
    submit(session, person, timed, right=True)
    clock.advance(seconds=599)
    assert adaptive.progress(session, timed).stop is None
    clock.advance(seconds=1)
    assert adaptive.progress(session, timed).stop is adaptive.Stop.TIME
    closing.end_block(session, person, timed.token)

    session.execute(sa.update(ItemCalibration).where(ItemCalibration.run_id == run.id).values(a=3.0, d=0.0, b=0.0))
    sharp = begin(session, person, settings, aim="measure")
    place = 0
    while adaptive.progress(session, sharp).stop is None:
        take(session, person, sharp, [place % 2 == 0])
        place += 1
        if adaptive.progress(session, sharp).stop is None:
            adaptive.next_item(session, person, sharp.token, sharp.item_count)
    found = adaptive.progress(session, sharp)
    assert found.stop is adaptive.Stop.PRECISE
    assert found.estimate.se is not None and found.estimate.se < 0.30  # noqa: PT018
    assert 4 < found.submitted < 20


def test_items_without_a_calibration_are_rated_from_learner_to_learner(session: Session, settings: Settings) -> None:
    make.make_items(session, 1, make.make_taxa(session, systems=1))
    values = []
    for right in (False, False, True):
        person = make.make_person(session)
        block = begin(session, person, settings)
        submit(session, person, block, right=right)
        step, _delivery = adaptive.steps(session, block)[0]
        values.append((step.rated, round(-step.d / step.a, 6)))
    # K is 1, then 1 / 1.1; a learner who begins at 0 misses an item of difficulty b with the surprise P(b)
    assert values[:2] == [(0, 0.0), (1, 0.5)]
    assert values[2] == (2, round(0.5 + choosing.expected(1.0, -0.5, 0.0) / 1.1, 6))


def test_measuring_asks_measured_items_where_there_are_any(session: Session, settings: Settings) -> None:
    make.make_items(session, 60, make.make_taxa(session))
    calibrate(session, every=4)
    person = make.make_person(session)
    block = begin(session, person, settings, aim="measure")
    take(session, person, block, [True, False] * 3)
    assert all(step.rated is None for step, _delivery in adaptive.steps(session, block))


def test_what_cannot_be_started_is_refused_by_field_and_nothing_is_made(session: Session, settings: Settings) -> None:
    taxa = make.make_taxa(session)
    make.make_items(session, 5, taxa)
    person = make.make_person(session)
    for values, field in (
        ({"most": 0}, "count"), ({"most": 101}, "count"), ({"minutes": 0}, "minutes"), ({"minutes": 601}, "minutes"),
        ({"criteria": Criteria(statuses=frozenset({"marked"}))}, "count"),
    ):  # fmt: skip
        with pytest.raises(InvalidError) as caught:
            begin(session, person, settings, **values)
        assert field in caught.value.problems
    assert session.scalar(sa.select(sa.func.count()).select_from(Block)) == 0


def test_an_abandoned_block_gives_its_open_item_back(session: Session, settings: Settings, clock: TestClock) -> None:
    make.make_items(session, 20, make.make_taxa(session))
    person = make.make_person(session)
    block = begin(session, person, settings)
    take(session, person, block, [True, True])
    adaptive.next_item(session, person, block.token, 2)
    clock.advance(days=31)
    assert closing.close_due(session) == 1
    session.refresh(block)
    assert block.state is BlockState.ENDED
    assert rebuild(session, check=True) == []
    assert session.scalar(sa.select(sa.func.count()).select_from(LearnerItem)) == 2


def test_the_report_follows_the_estimate_and_refuses_while_the_block_is_open_or_thin(
    session: Session, settings: Settings
) -> None:
    make.make_items(session, 60, make.make_taxa(session))
    calibrate(session)
    person = make.make_person(session)
    thin, block = begin(session, person, settings), begin(session, person, settings)
    take(session, person, thin, [True] * 4)
    take(session, person, block, [True, True, False, True, True, True])
    with pytest.raises(NotAllowedError):
        adaptive_queries.report(session, block)
    for each in (thin, block):
        closing.end_block(session, person, each.token)
    found = adaptive_queries.report(session, block)
    assert found.enough and found.measured == 6 and found.rated == 0  # noqa: PT018
    assert found.final == found.lines[-1].after
    assert [line.asked_with.answers for line in found.lines] == [0, 1, 2, 3, 4, 5]
    assert found.picture is not None and len(found.picture.points) == 6  # noqa: PT018
    assert all(point.high < point.y < point.low for point in found.picture.points)
    assert found.share is not None and found.share.low < found.share.value < found.share.high  # noqa: PT018
    few = adaptive_queries.report(session, thin)
    assert (few.enough, few.picture, few.share, few.measured) == (False, None, None, 4)


@pytest.mark.parametrize("items", [100, 700])
def test_a_step_takes_as_many_queries_whatever_the_size_of_the_bank(
    session: Session, settings: Settings, queries: object, items: int
) -> None:
    make.make_items(session, items, make.make_taxa(session, systems=2))
    calibrate(session)
    person = make.make_person(session)
    block = begin(session, person, settings)
    submit(session, person, block, right=True)
    with queries() as made:  # type: ignore[operator]
        adaptive.next_item(session, person, block.token, 1)
    assert len(made) <= 32
