"""Fitting parameters: kept only where they foretell later reviews better, and the command around it."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from fsrs import Rating
from sqlalchemy.orm import Session

from qbank.blocks import closing
from qbank.cli import cli
from qbank.errors import InvalidError
from qbank.review import fitting, service
from qbank.review.models import ReviewCard, ReviewLog, ReviewParameters
from qbank.review.scheduling import PUBLISHED, Memory, Review, recall, replay, review
from qbank.settings import Settings
from tests.blocks import factories as make
from tests.conftest import TestClock

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


def history(rng: Random, reviews: int, power: float) -> list[Review]:
    """Simulate the reviews of one item by somebody who recalls with the published chance to this power."""
    found: list[Review] = []
    now: Memory | None = None
    at = BEGIN + timedelta(days=rng.randrange(200))
    for _ in range(reviews):
        right = rng.random() < (0.5 if now is None else recall(now, at) ** power)
        found.append(Review(Rating.Good if right else Rating.Again, at))
        now = review(now, found[-1])
        at += timedelta(days=max(1, round((now.due_at - at).days * rng.uniform(0.5, 2))))
    return found


def learner_of(power: float, seed: int, items: int = 120) -> list[list[Review]]:
    rng = Random(seed)
    return [history(rng, rng.randint(3, 7), power) for _ in range(items)]


def test_a_learner_who_forgets_faster_gets_parameters_that_foretell_better() -> None:
    pytest.importorskip("fsrs_rs_python")
    found = fitting.fit(learner_of(4.0, 1))
    assert found.better
    assert found.log_loss < found.published_log_loss
    assert found.held_out < found.reviews
    again = fitting.fit(learner_of(4.0, 1))
    assert again == found, "the same reviews give the same fit"
    weak = replay([Review(Rating.Good, BEGIN)] * 1, found.weights)
    assert weak is not None
    assert weak.stability < PUBLISHED[2], "what is forgotten faster comes back sooner"


def test_where_the_published_parameters_are_the_truth_a_worse_fit_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    worse = tuple(0.1 if place < 4 else value for place, value in enumerate(PUBLISHED))
    monkeypatch.setattr(fitting, "_optimise", lambda _histories: worse)
    assert not fitting.fit(learner_of(1.0, 2)).better


def test_reviews_that_tell_nothing_are_refused() -> None:
    with pytest.raises(InvalidError, match="no reviews"):
        fitting.fit([])
    with pytest.raises(InvalidError, match="do not tell enough"):
        fitting.fit([[Review(Rating.Good, BEGIN + timedelta(hours=n))] for n in range(5)])


def test_without_the_optional_package_the_message_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fsrs_rs_python", None)
    with pytest.raises(fitting.OptimiserMissingError, match="published parameters stay") as caught:
        fitting.fit(learner_of(1.0, 3, items=10))
    assert "qbank[schedule]" in caught.value.cure


def test_a_fit_is_kept_with_its_n_and_only_a_better_one_moves_the_cards(
    session: Session, settings: Settings, clock: TestClock
) -> None:
    make.make_items(session, 4, make.make_taxa(session))
    person = make.make_person(session)
    block = make.start(session, person, settings, 4)
    closing.end_block(session, person, block.token)
    before = [card.stability for card in session.scalars(sa.select(ReviewCard))]
    weights = (0.5, *PUBLISHED[1:])
    for loss, moved in ((0.5, False), (0.3, True)):
        row = fitting.keep(session, person.id, fitting.Fit(weights, 400, 80, loss, 0.4))
        assert (row.reviews, row.held_out, row.used) == (400, 80, moved)
        stabilities = [card.stability for card in session.scalars(sa.select(ReviewCard))]
        assert stabilities == ([0.5] * 4 if moved else before)
        clock.advance(days=1)
    assert service.parameters_of(session, person.id).weights == weights
    assert fitting.learners(session, 4) == [(person.id, 4)]
    assert fitting.learners(session, 5) == []


def fill(session: Session, settings: Settings, clock: TestClock) -> None:
    """Write a learner with reviews enough to fit to, straight into the log."""
    histories = learner_of(4.0, 1)
    make.make_items(session, len(histories), make.make_taxa(session))
    person = make.make_person(session)
    for part in range(0, len(histories), 60):
        block = make.start(session, person, settings, 60)
        closing.end_block(session, person, block.token)
        rows = {row.item_id: row.id for row in make.deliveries(session, block)}
        cards = session.scalars(sa.select(ReviewCard).where(ReviewCard.item_id.in_(rows))).all()
        session.execute(sa.delete(ReviewLog).where(ReviewLog.delivery_id.in_(rows.values())))
        _log(session, person.id, histories[part : part + 60], [card.id for card in cards])


def _log(session: Session, person_id: int, histories: list[list[Review]], card_ids: list[int]) -> None:
    """A review needs a delivery: those of further blocks stand for them."""
    from qbank.blocks.models import Delivery

    template = session.scalars(sa.select(Delivery).limit(1)).one()
    values = {"item_id": template.item_id, "version_id": template.version_id, "option_order": [], "outcome": "omitted"}
    place = 0
    for card_id, log in zip(card_ids, histories, strict=True):
        for one in log:
            place += 1
            block = make_block(session, template.block_id)
            delivery = Delivery(block_id=block, position=1, **values)
            session.add(delivery)
            session.flush()
            session.add(
                ReviewLog(
                    card_id=card_id, delivery_id=delivery.id, rating=int(one.rating), reviewed_at=one.at, seconds=1,
                    algorithm="fsrs-6",
                )
            )  # fmt: skip
    session.flush()


def make_block(session: Session, like: int) -> int:
    from secrets import token_hex

    from qbank.blocks.models import Block

    row = session.get_one(Block, like)
    values = {column.key: getattr(row, column.key) for column in sa.inspect(Block).columns if column.key != "id"}
    made = Block(**(values | {"token": token_hex(8)}))
    session.add(made)
    session.flush()
    return made.id


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_command_fits_whoever_has_enough_reviews_and_says_what_came_of_it(
    session: Session, settings: Settings, clock: TestClock, database_url: str, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    pytest.importorskip("fsrs_rs_python")
    fill(session, settings, clock)
    session.commit()
    monkeypatch.setenv("QBANK_DATABASE_URL", database_url)
    monkeypatch.setenv("QBANK_DATA_DIR", str(tmp_path))
    done = CliRunner().invoke(cli, ["review", "fit"])
    assert done.exit_code == 0, done.output
    report = json.loads(done.stdout)
    assert [row["used"] for row in report["learners"]] == [True]
    assert report["learners"][0]["reviews"] >= report["at_least"] == 400
    assert "1 of 1" in done.stderr
    assert "in use" in done.stderr
    session.expire_all()
    (row,) = session.scalars(sa.select(ReviewParameters)).all()
    assert row.reviews == report["learners"][0]["reviews"]
    done = CliRunner().invoke(cli, ["review", "fit", "--at-least", "100000"])
    assert json.loads(done.stdout)["learners"] == []
    assert "published parameters serve everybody" in done.stderr
