"""The review queue after an annulment: an item that is in it for nothing but an annulled answer leaves it."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from qbank.annulments.models import Annulment
from qbank.annulments.planning import Case
from qbank.blocks.models import Delivery
from qbank.review import service as review
from qbank.review.models import Departure, ReviewCard, ReviewLog


def follow(session: Session, case: Case, ruling: Annulment) -> None:
    """Let the cards that rest on deliveries of the version follow what was decided; their log stays.

    Cards with answers of other versions are worked out again without (or with) those of this one. One statement for
    the rest, however many; a learner's cards one learner at a time.
    """
    mine = sa.select(ReviewLog.card_id).join(Delivery, Delivery.id == ReviewLog.delivery_id)
    mine = mine.where(Delivery.version_id == case.version.id)
    if case.annulled_after:
        _leave(session, mine, ruling)
    elif case.held is not None:
        _come_back(session, mine, case.held)
    counted = aliased(Delivery)
    others = sa.select(ReviewLog.card_id).join(counted, counted.id == ReviewLog.delivery_id)
    others = others.where(counted.version_id != case.version.id, counted.annulled_at.is_(None))
    query = sa.select(ReviewCard.person_id).where(ReviewCard.id.in_(mine), ReviewCard.id.in_(others)).distinct()
    for person_id in session.scalars(query.order_by(ReviewCard.person_id)).all():
        review.restate(session, person_id)


def _leave(session: Session, mine: sa.Select[int], ruling: Annulment) -> None:
    log, counted = aliased(ReviewLog), aliased(Delivery)
    still = sa.select(log.id).join(counted, counted.id == log.delivery_id)
    still = still.where(log.card_id == ReviewCard.id, counted.annulled_at.is_(None))
    session.execute(
        sa.update(ReviewCard)
        .where(ReviewCard.id.in_(mine), ReviewCard.left_at.is_(None), ~still.correlate(ReviewCard).exists())
        .values(left_at=ruling.at, left_because=Departure.REMOVED)
        .execution_options(synchronize_session=False)
    )


def _come_back(session: Session, mine: sa.Select[int], held: Annulment) -> None:
    session.execute(
        sa.update(ReviewCard)
        .where(ReviewCard.id.in_(mine), ReviewCard.left_at == held.at, ReviewCard.left_because == Departure.REMOVED)
        .values(left_at=None, left_because=None)
        .execution_options(synchronize_session=False)
    )
