"""A small bank and a signed-in learner, for tests of the pages of blocks.

`stock` writes a few live items through the models. What must never leak (keys, rationales, explanations, references,
objectives, difficulty) comes from a `Secrets` value, so that a test can build the same bank with other secrets.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date

import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from qbank import clock
from qbank.accounts.models import Person, PersonRole, Role
from qbank.articles.models import Article, ArticleReference, ArticleRevision, Statement, StatementCitation
from qbank.blocks.models import ExamPreset, TimeUpPolicy
from qbank.items.models import (
    Difficulty,
    Item,
    ItemState,
    ItemVersion,
    Option,
    OptionStatement,
    PoolEntry,
    VersionDiscipline,
    VersionReference,
    VersionStatement,
)
from qbank.items.references import Reference
from qbank.items.taxonomy import Dimension, Taxon
from qbank.security import signin

DRUGS = ("Prolactin deficiency", "Estrogen deficiency", "Progesterone deficiency", "Cortisol excess")


@dataclass(frozen=True)
class Secrets:
    """What an open item's page must not depend on. ``key`` gives the place of an item's key."""

    key: Callable[[int], int] = lambda number: number % len(DRUGS)
    words: str = "first"
    difficulty: Difficulty = Difficulty.EASY
    statements: bool = True


@dataclass
class Stock:
    """What `stock` made."""

    items: list[Item] = field(default_factory=list)
    systems: list[Taxon] = field(default_factory=list)
    disciplines: list[Taxon] = field(default_factory=list)
    tasks: list[Taxon] = field(default_factory=list)
    preset: ExamPreset | None = None


def _taxa(session: Session, dimension: Dimension, names: tuple[str, ...]) -> list[Taxon]:
    made = [
        Taxon(dimension=dimension, code=f"{dimension}-{place}", name=name, ordinal=place)
        for place, name in enumerate(names)
    ]
    session.add_all(made)
    session.flush()
    return made


def _article(session: Session, words: str) -> list[Statement]:
    article = Article(slug="bone-loss", created_at=clock.now())
    session.add(article)
    session.flush()
    revision = ArticleRevision(
        article_id=article.id, number=1, title=f"Bone loss after menopause ({words})", source_text="text",
        source_hash="0", source_format="markdown", loaded_at=clock.now(),
    )  # fmt: skip
    reference = Reference(title=f"Bone fractures after menopause ({words})", fingerprint="f1", created_at=clock.now())
    session.add_all([revision, reference])
    session.flush()
    article.current_id = revision.id
    entry = ArticleReference(
        revision_id=revision.id, key="r1", ordinal=0, marker="1", line=9, reference_id=reference.id
    )
    statements = [
        Statement(
            revision_id=revision.id, key=f"s{n:02d}", ordinal=n, text=f"Quoted statement {n} ({words}).",
            section=["Bone"], line=n, start=n * 10, end=n * 10 + 9,
        )
        for n in range(1, 4)
    ]  # fmt: skip
    session.add_all([entry, *statements])
    session.flush()
    for statement in statements:
        session.add(
            StatementCitation(
                statement_id=statement.id, ordinal=0, marker="1", status="by_number", article_reference_id=entry.id
            )
        )
    return statements


def _item(session: Session, number: int, made: Stock, secrets: Secrets, statements: list[Statement]) -> Item:
    item = Item(external_id=f"bone-{number:04d}", created_at=clock.now(), versions_made=1)
    session.add(item)
    session.flush()
    system, task = made.systems[number % len(made.systems)], made.tasks[number % len(made.tasks)]
    version = ItemVersion(
        item_id=item.id, number=1, state=ItemState.LIVE, content_hash=str(number), created_at=clock.now(),
        stem=f"Stem {number}", lead_in="Which is it?",
        stem_html=f"<p>A {50 + number}-year-old woman asks why her bones have become weaker since her periods stopped. "
        "Her mother broke a hip at 71. She takes no medicines.</p>",
        lead_in_html="<p>Which of the following is the main cause?</p>",
        objective_html=f"<p>Objective {secrets.words} {number}</p>",
        explanation_html=f"<p>Explanation {secrets.words} {number}</p>",
        system_id=system.id, task_id=task.id, difficulty=secrets.difficulty,
    )  # fmt: skip
    session.add(version)
    session.flush()
    item.published_version_id = version.id
    for place, text in enumerate(DRUGS):
        option = Option(
            version_id=version.id, ordinal=place, text=text, text_html=text, is_key=place == secrets.key(number),
            rationale_html=f"<p>Rationale {secrets.words} {number}.{place}: why this holds, or not.</p>",
        )  # fmt: skip
        session.add(option)
        session.flush()
        if secrets.statements:
            statement = statements[place % len(statements)]
            session.add(OptionStatement(option_id=option.id, statement_id=statement.id))
    if secrets.statements:
        session.add(VersionStatement(version_id=version.id, statement_id=statements[0].id))
    session.add(VersionDiscipline(version_id=version.id, taxon_id=made.disciplines[number % 2].id))
    reference = Reference(
        title=f"Textbook of bone ({secrets.words} {number})", fingerprint=f"b{number}", created_at=clock.now()
    )
    session.add(reference)
    session.flush()
    session.add(VersionReference(version_id=version.id, reference_id=reference.id))
    session.add(
        PoolEntry(
            item_id=item.id, version_id=version.id, pretest=False, system_id=system.id, task_id=task.id,
            difficulty=secrets.difficulty.value, disciplines=f",{made.disciplines[number % 2].id},",
        )
    )  # fmt: skip
    session.flush()
    return item


def stock(session: Session, count: int = 6, secrets: Secrets | None = None) -> Stock:
    """Fill an empty bank with live items, taxa, one article and one exam format; flushes, does not commit."""
    secrets = secrets or Secrets()
    made = Stock(
        systems=_taxa(session, Dimension.SYSTEM, ("Musculoskeletal", "Endocrine")),
        disciplines=_taxa(session, Dimension.DISCIPLINE, ("Pathophysiology", "Pharmacology")),
        tasks=_taxa(session, Dimension.TASK, ("Foundational science", "Diagnosis", "Management")),
    )
    made.preset = ExamPreset(
        code="test-2026", exam="Test", name="Test exam 2026", valid_from=date(2026, 1, 1), seconds_per_item=90,
        time_up_policy=TimeUpPolicy.LOCK, items_per_block_max=4,
    )  # fmt: skip
    session.add(made.preset)
    session.flush()
    statements = _article(session, secrets.words)
    made.items = [_item(session, number, made, secrets, statements) for number in range(count)]
    return made


def make_learner(session: Session, name: str = "Ada Learner", percent: int = 100) -> Person:
    """Add a student; flushes."""
    address = f"{name.split()[0].lower()}-{session.scalar(sa.select(sa.func.count()).select_from(Person))}@example.org"
    person = Person(email=address, name=name, created_at=clock.now(), time_percent=percent)
    person.role_rows = [PersonRole(role=Role.STUDENT, granted_at=clock.now())]
    session.add(person)
    session.flush()
    return person


def sign_in(app: Flask, client: FlaskClient, person_id: int) -> str:
    """Sign a person in on this client and return the sign-in's token."""
    with app.extensions["qbank.sessions"]() as session:
        token = signin.start(session, session.get_one(Person, person_id), days=30).get_id()
        session.commit()
    with client.session_transaction() as cookie:
        cookie["_user_id"] = token
    return token


def form_token(html: str) -> str:
    """Return the form token of a page."""
    found = re.search(r'name="csrf[_-]token"[^>]*(?:value|content)="([^"]+)"', html)
    assert found, "the page has no form token"
    return found.group(1)


class Desk:
    """A learner in front of a browser without scripts: gets pages, presses their buttons."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client
        self.path = ""
        self.html = ""
        self.status = 0

    def get(self, path: str) -> str:
        """Open a page, following redirects."""
        response = self.client.get(path, follow_redirects=True)
        self.path, self.html, self.status = response.request.path, response.text, response.status_code
        return self.html

    def post(self, path: str, **fields: object) -> str:
        """Send a form with the token of the page that is open."""
        data = {"csrf_token": form_token(self.html), **fields}
        response = self.client.post(path, data=data, follow_redirects=True)
        self.path, self.html, self.status = response.request.path, response.text, response.status_code
        return self.html

    def press(self, action: str, **fields: object) -> str:
        """Press a button of the room's form."""
        event = re.search(r'name="event_id" value="([0-9a-f]+)"', self.html)
        assert event, "the page is not a room"
        return self.post(self.path, action=action, event_id=event.group(1), **fields)

    def start(self, **fields: object) -> str:
        """Start a block from the builder and return its token."""
        self.get("/practise")
        usual = {"what": "start", "count": 4, "feedback": "exam", "timing": "untimed", "preset": 0}
        self.post("/practise", **(usual | fields))
        found = re.fullmatch(r"/blocks/([^/]+)/1", self.path)
        assert found, f"no block was started: {self.status} at {self.path}"
        return found.group(1)
