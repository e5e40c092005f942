"""Take the pictures of the README from the running program: ``python -m tests.browser.screenshots docs/screens``.

A throw-away bank gets the shipped content, one article to decide on, and a learner who has answered for two months.
"""

from __future__ import annotations

import random
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa
from flask import Flask
from playwright.sync_api import Browser
from sqlalchemy.orm import Session

from qbank import clock
from qbank.accounts import service as accounts
from qbank.accounts.models import Person, Role
from qbank.app import create_app
from qbank.articles import drafts
from qbank.articles import service as articles
from qbank.blocks import building, closing, taking
from qbank.blocks.criteria import Criteria
from qbank.blocks.models import Block, Delivery, EventKind
from qbank.blocks.taking import Action
from qbank.content.service import load_shipped
from qbank.db import migrate
from qbank.db.engine import begin_write, make_engine
from qbank.items.models import Item, Option
from qbank.settings import load
from tests.browser.serving import chromium, served, session_cookie

ARTICLE = Path(__file__).parents[1] / "articles" / "fixtures" / "postmenopausal-bone-resorption.txt"
SIZE = {"width": 1280, "height": 860}
START = datetime(2026, 9, 1, 9, 0, tzinfo=UTC)


class Bank:
    """A filled bank and the addresses to picture."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.now = START
        clock.use(lambda: self.now)
        with app.extensions["qbank.sessions"]() as session:
            begin_write(session)
            list(load_shipped(session))
            self.educator = self._person(session, "Ed Educator", {Role.EDUCATOR})
            self.student = self._person(session, "Sam Student", {Role.STUDENT})
            loaded = articles.load_bytes(session, self.educator, ARTICLE.read_bytes(), slug="bone-resorption")
            drafts.draft(session, loaded.article.slug)
            self.article = loaded.article.slug
            self.closed = [self._taken(session, number) for number in range(9)][-1]
            self.open = self._begun(session)
            self.item = session.scalar(sa.select(Item.id).where(Item.external_id == "bone-0001"))
            session.commit()

    def _person(self, session: Session, name: str, roles: set[Role]) -> Person:
        settings = self.app.extensions["qbank.settings"]
        email = f"{name.split()[0].lower()}@example.org"
        return accounts.create_person(
            session, settings, email=email, name=name, password="walnut ferry cobalt", roles=roles
        )

    def _start(self, session: Session, count: int, feedback: str, seed: str) -> Block:
        settings = self.app.extensions["qbank.settings"]
        self.now += timedelta(days=6, hours=3)
        return building.start_block(
            session, self.student, settings, criteria=Criteria(), count=count, feedback=feedback,
            timing="timed" if feedback == "exam" else "untimed", seed=seed,
        )  # fmt: skip

    def _taken(self, session: Session, number: int) -> str:
        chance = random.Random(number)
        block = self._start(session, 8 + number % 3, "exam", str(number))
        for place in range(1, block.item_count + 1):
            self._answer(session, block, place, chance, right=chance.random() < 0.5 + 0.04 * number)
        closing.end_block(session, self.student, block.token)
        return block.token

    def _answer(self, session: Session, block: Block, place: int, chance: random.Random, *, right: bool) -> None:
        taking.open_item(session, block, place)
        self.now += timedelta(seconds=chance.randint(20, 80))
        met = session.scalars(
            sa.select(Delivery).where(Delivery.block_id == block.id, Delivery.position == place)
        ).one()
        key = session.scalar(sa.select(Option.id).where(Option.version_id == met.version_id, Option.is_key))
        wrong = [option for option in met.option_order if option != key]
        letter = chr(65 + met.option_order.index(key if right else chance.choice(wrong)))
        action = Action(event_id=f"{block.token}-{place}", kind=EventKind.CHOOSE, letter=letter)
        taking.apply(session, self.student, block.token, place, action)

    def _begun(self, session: Session) -> str:
        block = self._start(session, 14, "exam", "open")
        chance = random.Random(1)
        for place in (1, 2, 3):
            self._answer(session, block, place, chance, right=True)
        for kind, place, letter in (("mark", 2, None), ("strike", 4, "C")):
            action = Action(event_id=f"{kind}-{place}", kind=kind, letter=letter)
            taking.apply(session, self.student, block.token, place, action)
        return block.token

    def pages(self) -> dict[str, tuple[Person, str]]:
        """Return who looks at which address for each picture."""
        return {
            "room": (self.student, f"/blocks/{self.open}/4"),
            "explained": (self.student, f"/blocks/{self.closed}/result/1"),
            "builder": (self.student, "/practise"),
            "history": (self.student, "/history/breakdown"),
            "drafting": (self.educator, f"/articles/{self.article}/desk?at=s02"),
            "authoring": (self.educator, f"/items/{self.item}/edit"),
        }


def take(bank: Bank, browser: Browser, address: str, folder: Path) -> None:
    """Take each picture in light and dark."""
    for scheme in ("light", "dark"):
        for name, (person, path) in bank.pages().items():
            context = browser.new_context(viewport=SIZE, color_scheme=scheme, reduced_motion="reduce")
            cookie = session_cookie(bank.app, person.id)
            context.add_cookies([{"name": cookie["name"], "value": cookie["value"], "url": address}])
            page = context.new_page()
            page.goto(address + path)
            page.wait_for_timeout(1200)
            page.screenshot(path=folder / f"{name}-{scheme}.png")
            context.close()


def main(folder: Path) -> None:
    """Make the bank, serve it, take the pictures."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as data:
        settings = load({}, data_dir=data, testing=True, secret_key="only for the pictures")
        migrate.upgrade(settings.database_url)
        app = create_app(settings, make_engine(settings.database_url))
        bank = Bank(app)
        with served(app) as address, chromium() as browser:
            take(bank, browser, address, folder)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
