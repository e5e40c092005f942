"""A review session: an ordinary block of the items that are due, in tutor feedback and without a clock."""

from __future__ import annotations

from sqlalchemy.orm import Session

from qbank import clock
from qbank.accounts.models import Person
from qbank.blocks import building
from qbank.blocks.criteria import Criteria
from qbank.blocks.models import Block, Feedback, Timing
from qbank.errors import InvalidError
from qbank.review import queries
from qbank.settings import Settings

MOST = 20  # items of one session: short enough to be finished in one sitting


def most(settings: Settings) -> int:
    """Return how many items one session holds at most."""
    return min(MOST, settings.block_max_items)


def start(session: Session, person: Person, settings: Settings) -> Block:
    """Start a block of the items due, longest overdue first, and return it. InvalidError where nothing is due.

    Of two enemies that are due, one waits for the next session.
    """
    now, size = clock.now(), most(settings)
    items = queries.due_items(session, person, now, 3 * size)  # some may be enemies of others
    if not items:
        raise InvalidError("Nothing is due for review that can be taken now.", cure="Come back when something is due.")
    return building.start_block(
        session, person, settings, criteria=Criteria(), count=size, feedback=Feedback.TUTOR,
        timing=Timing.UNTIMED, name=f"Review of {now:%-d %B}", items=items,
    )  # fmt: skip
