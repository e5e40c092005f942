"""A served bank, a learner, and an open block in the browser: what every test of the room begins with."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page
from sqlalchemy.orm import Session

from qbank.accounts.models import Person
from qbank.blocks import building
from qbank.blocks.criteria import Criteria
from qbank.blocks.models import Block, Delivery, DeliveryEvent, EventKind, Feedback, Timing
from qbank.db.engine import begin_write
from qbank.settings import Settings
from tests.blocks.classroom import make_learner, stock
from tests.blocks.factories import make_preset
from tests.browser.serving import session_cookie


class ShiftedClock:
    """The true time, moved by as much as a test says."""

    def __init__(self) -> None:
        self.shift = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.shift

    def advance(self, **duration: float) -> None:
        """Move the server's clock."""
        self.shift += timedelta(**duration)


@dataclass
class Scene:
    """One learner before one server."""

    app: Flask
    address: str
    browser: Browser
    settings: Settings
    clock: ShiftedClock
    person_id: int

    def session(self) -> Session:
        """A session of the application."""
        made: Session = self.app.extensions["qbank.sessions"]()
        return made

    def block(self, feedback: str = "exam", timing: str = "untimed", count: int = 4, **preset: object) -> str:
        """Start a block for the learner and return its token; further arguments are columns of its exam preset."""
        with self.session() as session:
            begin_write(session)
            person = session.get_one(Person, self.person_id)
            exam = make_preset(session, **preset) if preset else None
            nothing: frozenset[int] = frozenset()
            criteria = Criteria(
                systems=nothing, disciplines=nothing, tasks=nothing, difficulties=frozenset(), statuses=frozenset(),
                not_seen_days=None,
            )  # fmt: skip
            block = building.start_block(
                session, person, self.settings, criteria=criteria, count=count,
                feedback=Feedback(feedback), timing=Timing(timing), preset=exam,
            )  # fmt: skip
            session.commit()
            return block.token

    def context(self, **options: object) -> BrowserContext:
        """A browser window of its own, signed in."""
        context = self.browser.new_context(**({"viewport": {"width": 1280, "height": 800}} | options))  # type: ignore[arg-type]
        context.set_default_timeout(10_000)
        self.sign_in(context)
        return context

    def sign_in(self, context: BrowserContext) -> None:
        """Give the window a new sign-in."""
        cookie = session_cookie(self.app, self.person_id)
        context.add_cookies([{"name": cookie["name"], "value": cookie["value"], "url": self.address}])

    def open(self, token: str, position: int = 1, context: BrowserContext | None = None) -> Page:
        """Open an item in a window; scripts have started when this returns."""
        page = (context or self.context()).new_page()
        page.goto(f"{self.address}/blocks/{token}/{position}")
        return page

    def choices(self, token: str) -> list[str]:
        """The letters chosen at the first position, in the order in which the log has them."""
        with self.session() as session:
            query = (
                sa.select(DeliveryEvent.option_id, Delivery.option_order)
                .join(Delivery, Delivery.id == DeliveryEvent.delivery_id)
                .join(Block, Block.id == Delivery.block_id)
                .where(Block.token == token, DeliveryEvent.kind == EventKind.CHOOSE, Delivery.position == 1)
                .order_by(DeliveryEvent.id)
            )
            return [
                chr(ord("A") + order.index(option)) for option, order in session.execute(query) if option is not None
            ]

    def state(self, token: str) -> Block:
        """The block as stored."""
        with self.session() as session:
            return session.scalars(sa.select(Block).where(Block.token == token)).one()


def stocked(app: Flask, count: int = 6) -> int:
    """Fill the bank and return a new learner's id."""
    with app.extensions["qbank.sessions"]() as session:
        stock(session, count)
        person_id = make_learner(session).id
        session.commit()
    return person_id
