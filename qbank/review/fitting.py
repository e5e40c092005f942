"""Fitting the scheduler's parameters to one learner's reviews, and using them only where they foretell better.

The fit is done by the optional package ``fsrs-rs-python``; the judgement is made here, with the scheduler that will
use the result: a trial fit on the earlier reviews has to foretell the later ones better than the published parameters
do. A fit always looks better on what it was fitted to.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

import sqlalchemy as sa
from fsrs import Rating
from fsrs.scheduler import LOWER_BOUNDS_PARAMETERS, UPPER_BOUNDS_PARAMETERS
from sqlalchemy.orm import Session

from qbank import clock
from qbank.db.engine import begin_write
from qbank.errors import InvalidError, QBankError
from qbank.review import service
from qbank.review.models import ReviewCard, ReviewLog, ReviewParameters
from qbank.review.scheduling import ALGORITHM, PUBLISHED, Review, log_loss

LEARN_SHARE = 0.8  # of the reviews, the earlier ones, that the trial fit sees

History = Sequence[Review]


class OptimiserMissingError(QBankError):
    """The optional package that fits parameters is not installed."""

    def __init__(self) -> None:
        super().__init__(
            "The package that fits the parameters is not installed; the published parameters stay in use.",
            cure="Install it with: pip install 'qbank[schedule]'",
        )


@dataclass(frozen=True, slots=True)
class Fit:
    """What came of a fit. ``weights`` are in use where ``better``; log-losses are over ``held_out`` later reviews."""

    weights: tuple[float, ...]
    reviews: int
    held_out: int
    log_loss: float
    published_log_loss: float

    @property
    def better(self) -> bool:
        """Whether the fitted parameters foretold the later reviews better than the published ones."""
        return self.log_loss < self.published_log_loss


def fit(histories: Sequence[History], *, learn_share: float = LEARN_SHARE) -> Fit:
    """Fit parameters to the reviews of one learner, one history an item, oldest first.

    Raises OptimiserMissingError without the package, InvalidError where the reviews are too few or too alike.
    """
    times = sorted(one.at for history in histories for one in history)
    if not times:
        raise InvalidError("There are no reviews to fit to.")
    since = times[min(int(len(times) * learn_share), len(times) - 1)]
    earlier = [[one for one in history if one.at < since] for history in histories]
    try:
        published, held_out = log_loss(histories, PUBLISHED, since)
        trial, _n = log_loss(histories, _optimise(earlier), since)
        weights = _optimise(histories)
    except ValueError:
        raise InvalidError(
            "The reviews do not tell enough: too few of them came a day or more after the one before.",
            cure="Fit again after more reviews.",
        ) from None
    return Fit(weights, len(times), held_out, trial, published)


def _optimise(histories: Sequence[History]) -> tuple[float, ...]:
    """Return the parameters fitted by the optional package, within the bounds of the scheduler.

    Raises OptimiserMissingError, and ValueError where the package finds nothing to learn from.
    """
    try:
        import fsrs_rs_python as optimiser
    except ImportError:
        raise OptimiserMissingError from None
    items = [
        optimiser.FSRSItem([optimiser.FSRSReview(int(rating), days) for rating, days in part])
        for history in histories
        for part in _parts(history)
    ]
    if not items:
        raise ValueError("no item was reviewed twice")
    try:
        found = optimiser.FSRS(list(PUBLISHED)).compute_parameters(items)
    except Exception as error:  # the package raises types of its own
        raise ValueError(str(error)) from None
    bounds = zip(found, LOWER_BOUNDS_PARAMETERS, UPPER_BOUNDS_PARAMETERS, strict=True)
    return tuple(min(max(float(value), low), high) for value, low, high in bounds)


def _parts(history: History) -> Iterator[list[tuple[Rating, int]]]:
    """Yield what the package learns from: each review a day or more after the last, with all that came before it."""
    if not history:
        return
    gaps = [0, *(max(0, (after.at - before.at).days) for before, after in pairwise(history))]
    seen = [(one.rating, gap) for one, gap in zip(history, gaps, strict=True)]
    for place in range(1, len(seen)):
        if seen[place][1] >= 1:
            yield seen[: place + 1]


def learners(session: Session, at_least: int) -> list[tuple[int, int]]:
    """Return (person id, reviews) of the learners who have enough reviews, in order. One query."""
    n = sa.func.count(ReviewLog.id)
    query = sa.select(ReviewCard.person_id, n).join(ReviewLog, ReviewLog.card_id == ReviewCard.id)
    query = query.group_by(ReviewCard.person_id).having(n >= at_least).order_by(ReviewCard.person_id)
    return [(person_id, found) for person_id, found in session.execute(query)]


def read(session: Session, person_id: int) -> list[list[Review]]:
    """Return the reviews of one learner, one history an item. One query."""
    logs = service.histories(session, person_id).values()
    return [[Review(Rating(row.rating), row.reviewed_at) for row in log] for log in logs]


def keep(session: Session, person_id: int, found: Fit, *, at: datetime | None = None) -> ReviewParameters:
    """Store a fit; where it is better, make the learner's cards what it says. Return its row."""
    begin_write(session)
    row = ReviewParameters(
        person_id=person_id, fitted_at=at or clock.now(), algorithm=ALGORITHM, reviews=found.reviews,
        held_out=found.held_out, log_loss=found.log_loss, published_log_loss=found.published_log_loss,
        used=found.better, weights=list(found.weights),
    )  # fmt: skip
    session.add(row)
    session.flush()
    service.restate(session, person_id)
    return row
