"""A small bank with people in it, and the steps that they take, for tests of the pages of items."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import sqlalchemy as sa

from qbank import clock
from qbank.accounts.models import Person, PersonRole, Role
from qbank.articles import service as articles
from qbank.items import records, store
from qbank.items.models import Item, ItemState, ItemVersion
from qbank.items.references import Reference
from qbank.items.taxonomy import Dimension, Taxon
from tests.conftest_web import Visitor, Write, app, client, sign_in, write

__all__ = ["ARTICLE", "Bank", "app", "bank", "client", "eve", "sign_in", "write"]

SignIn = Callable[[int], Visitor]
ARTICLE = (
    "# Bones?\n\n- Estrogen suppresses RANKL [1]\n- Calcium is a mineral [2]\n\n## References\n\n[1] Bones. 2010.\n"
)


class Bank:
    """A bank with two educators, a student, one class of each dimension, and an article."""

    def __init__(self, write: Write, sign_in: SignIn) -> None:
        self.write, self.sign_in = write, sign_in
        self.people: dict[str, int] = {}
        with write() as session:
            for name, role in (("eve", Role.EDUCATOR), ("ian", Role.EDUCATOR), ("ada", Role.STUDENT)):
                person = Person(email=f"{name}@example.org", name=name.title(), created_at=clock.now())
                person.role_rows = [PersonRole(role=role, granted_at=clock.now())]
                session.add(person)
                session.flush()
                self.people[name] = person.id
            taxa = {each: Taxon(dimension=each, code="x", name=f"Some {each}", ordinal=0) for each in Dimension}
            session.add_all(taxa.values())
            self.slug = articles.load_text(session, None, ARTICLE).article.slug
            session.flush()
            self.taxa = {dimension: taxon.id for dimension, taxon in taxa.items()}
            self.statements = [row.id for row in articles.find(session, self.slug).statements]
            self.reference = session.scalars(sa.select(Reference.id)).one()

    def visitor(self, name: str) -> Visitor:
        return self.sign_in(self.people[name])

    def fields(self, **more: object) -> dict[str, object]:
        """The form of a whole item."""
        found: dict[str, object] = {
            "stem": "A 58-year-old woman has lost bone since her menopause.",
            "lead_in": "Which of the following is the main cause?",
            "key": "1",
            "objective": "Name the main cause.",
            "explanation": "Estrogen holds resorption back.",
            "difficulty": "easy",
            "system": self.taxa[Dimension.SYSTEM],
            "task": self.taxa[Dimension.TASK],
            "disciplines": self.taxa[Dimension.DISCIPLINE],
            "references": self.reference,
            "statements": self.statements[0],
            "article": self.slug,
        }
        for place, name in enumerate(("Prolactin", "Estrogen", "Progesterone")):
            found[f"options-{place}-text"] = f"{name} deficiency"
            found[f"options-{place}-rationale"] = "Because. [@s01]"
        return found | more

    def new(self, visitor: Visitor, **more: object) -> str:
        """Write an item and return its address."""
        visitor.get("/items/new")
        visitor.post("/items/new", **self.fields(**more))
        assert visitor.status == 200, visitor.html
        return visitor.path

    def newest(self, address: str) -> ItemVersion:
        with self.write() as session:
            item = session.get_one(Item, int(address.rsplit("/", 1)[1]))
            version_id = store.newest_version(session, item).id
            return records.load_versions(session, [version_id])[version_id]

    def count(self, model: type) -> int:
        with self.write() as session:
            return session.scalar(sa.select(sa.func.count()).select_from(model)) or 0

    def step(self, visitor: Visitor, address: str, to: str, **more: object) -> str:
        version = self.newest(address).id
        visitor.get(address)
        return visitor.post(f"{address}/state", **({"version": version, "to": to} | more))

    def vote(self, visitor: Visitor, address: str, word: str, **more: object) -> str:
        version = self.newest(address).id
        visitor.get(address)
        return visitor.post(f"{address}/vote", **({"version": version, "vote": word} | more))

    def to_live(self, address: str) -> None:
        eve, ian = self.visitor("eve"), self.visitor("ian")
        self.step(eve, address, "in_review")
        self.vote(ian, address, "approve")
        self.step(ian, address, "live")
        assert self.newest(address).state is ItemState.LIVE


@pytest.fixture
def bank(write: Write, sign_in: SignIn) -> Bank:
    return Bank(write, sign_in)


@pytest.fixture
def eve(bank: Bank) -> Visitor:
    return bank.visitor("eve")
