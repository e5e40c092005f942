"""Take the pictures of the README from the running program: ``python -m tests.browser.screenshots docs/screens``.

A throw-away bank gets the shipped content, one article to decide on, and a learner who has answered for two months.
What needs many learners is pictured in a simulated bank, made as ``qbank demo`` makes one.
"""

from __future__ import annotations

import random
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa
from flask import Flask
from playwright.sync_api import Browser, ViewportSize
from sqlalchemy.orm import Session

from qbank import clock
from qbank.accounts import service as accounts
from qbank.accounts.models import Person, PersonRole, Role
from qbank.app import create_app
from qbank.articles import drafts
from qbank.articles import service as articles
from qbank.blocks import adaptive, building, closing, taking
from qbank.blocks.adaptive_models import Aim
from qbank.blocks.criteria import Criteria
from qbank.blocks.models import Block, Delivery, EventKind
from qbank.blocks.taking import Action
from qbank.content.service import load_shipped
from qbank.db import migrate
from qbank.db.engine import begin_write, make_engine
from qbank.demo import filling
from qbank.demo.world import Size
from qbank.history import readiness
from qbank.items.models import Item, Option, PoolEntry
from qbank.settings import load
from qbank.statistics.models import ItemCounter
from tests.browser.serving import chromium, served, session_cookie

ARTICLE = Path(__file__).parents[1] / "articles" / "fixtures" / "postmenopausal-bone-resorption.txt"
SIZE: ViewportSize = {"width": 1280, "height": 860}
START = datetime(2026, 9, 1, 9, 0, tzinfo=UTC)
SIMULATED = Size(learners=120, months=4, items=120, seed=1, until=datetime(2026, 11, 15, tzinfo=UTC))
Pages = dict[str, tuple[Person, str]]


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
        letter = chosen_letter(session, block, place, chance, right=right)
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

    def pages(self) -> Pages:
        """Return who looks at which address for each picture."""
        return {
            "room": (self.student, f"/blocks/{self.open}/4"),
            "explained": (self.student, f"/blocks/{self.closed}/result/1"),
            "builder": (self.student, "/practise"),
            "drafting": (self.educator, f"/articles/{self.article}/desk?at=s02"),
            "authoring": (self.educator, f"/items/{self.item}/edit"),
            "references": (self.educator, "/items/references"),
        }


class Simulated:
    """A simulated bank, one of its learners after an adaptive practice, and the addresses to picture."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.now = SIMULATED.until
        clock.use(lambda: self.now)
        with app.extensions["qbank.sessions"]() as session:
            begin_write(session)
            found = accounts.find_by_email(session, filling.EDUCATOR)
            assert found is not None
            self.educator, self.student = found, self._ready(session)
            self.practised = self._practise(session)
            most = (
                sa.select(PoolEntry.item_id)
                .join(ItemCounter, ItemCounter.version_id == PoolEntry.version_id)
                .where(PoolEntry.pretest.is_(False))
                .order_by(ItemCounter.n.desc(), PoolEntry.item_id)
            )
            self.item = session.scalars(most).first()
            session.commit()

    def _ready(self, session: Session) -> Person:
        """Return the first learner whose readiness can be said, with a target set."""
        day = (SIMULATED.until + timedelta(days=60)).date()
        query = sa.select(Person).where(Person.role_rows.any(PersonRole.role == Role.STUDENT)).order_by(Person.id)
        for person in session.scalars(query).all():
            readiness.set_target(session, person, preset=None, exam_day=day, cut_percent=50)
            if readiness.readiness(session, person).prediction:
                return person
            readiness.clear_target(session, person)
        raise LookupError("no simulated learner has answered enough")

    def _practise(self, session: Session) -> str:
        settings = self.app.extensions["qbank.settings"]
        chance = random.Random(5)
        block = adaptive.start(
            session, self.student, settings, criteria=Criteria(), aim=Aim.MEASURE, most=14, seed="pictures"
        )
        while True:
            place = block.item_count
            taking.open_item(session, block, place)
            self.now += timedelta(seconds=chance.randint(20, 80))
            letter = chosen_letter(session, block, place, chance, right=chance.random() < 0.6)
            action = Action(event_id=f"{block.token}-{place}", kind=EventKind.SUBMIT, letter=letter)
            taking.apply(session, self.student, block.token, place, action)
            if adaptive.progress(session, block).stop:
                break
            adaptive.next_item(session, self.student, block.token, place)
        closing.end_block(session, self.student, block.token)
        return block.token

    def pages(self) -> Pages:
        """Return who looks at which address for each picture."""
        return {
            "history": (self.student, "/history/breakdown"),
            "readiness": (self.student, "/history/readiness"),
            "adaptive": (self.student, f"/blocks/{self.practised}/estimate"),
            "statistics": (self.educator, f"/statistics/items/{self.item}"),
        }


def chosen_letter(session: Session, block: Block, place: int, chance: random.Random, *, right: bool) -> str:
    """Return the letter, as shown, of the key of this position, or of one of its distractors."""
    met = session.scalars(sa.select(Delivery).where(Delivery.block_id == block.id, Delivery.position == place)).one()
    key = session.scalars(sa.select(Option.id).where(Option.version_id == met.version_id, Option.is_key)).one()
    wrong = [option for option in met.option_order if option != key]
    return chr(65 + met.option_order.index(key if right else chance.choice(wrong)))


def take(bank: Bank | Simulated, browser: Browser, address: str, folder: Path) -> None:
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
    """Make the banks, serve each, take the pictures."""
    folder.mkdir(parents=True, exist_ok=True)
    for kind in (Bank, Simulated):
        with tempfile.TemporaryDirectory() as data:
            settings = load({}, data_dir=data, testing=True, secret_key="only for the pictures")
            if kind is Simulated:
                filling.fill(settings, SIMULATED, ["walnut ferry cobalt"] * 3, lambda _done: None)
            else:
                migrate.upgrade(settings.database_url)
            app = create_app(settings, make_engine(settings.database_url))
            bank = kind(app)
            with served(app) as address, chromium() as browser:
                take(bank, browser, address, folder)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
