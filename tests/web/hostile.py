"""Hostile values, and a bank with something under every address, for the tests that send the ones to the other."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, unquote

import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from lxml import html as lxml_html
from sqlalchemy.orm import Session
from werkzeug.routing import AnyConverter, IntegerConverter, Rule
from wtforms.fields.core import UnboundField

from qbank.accounts import service as accounts
from qbank.accounts.models import Person, Role
from qbank.articles import service as articles
from qbank.blocks import building, closing
from qbank.blocks.criteria import Criteria
from qbank.blocks.models import Feedback, Timing
from qbank.db.engine import begin_write
from qbank.groups import service as groups
from qbank.items.models import Item
from qbank.security import signin
from qbank.settings import Settings
from qbank.web.forms import Form
from tests.blocks import classroom
from tests.conftest_web import check_page

LONG = "é<b>&" * 20_000
SCRIPT = "\"'><script>alert(1)</script>"
HUGE = 2**63 + 5
ARTICLE = "# Bone\n\n## Facts\n\n- Bone loss is fast [1].\n\n## References\n\n1. A.\n"
PASSWORD = "four unrelated words here"

# As parts of an address, quoted already.
# The first ones are what the two databases take differently; the others are the program's own to judge.
IN_PATHS_OF_DATABASES = (str(2**31), str(2**63 - 1), str(HUGE), "%00", "%ED%A0%80")
IN_PATHS = (*IN_PATHS_OF_DATABASES, "-1", "9" * 400, "%D9%A3", "..%2f..%2fetc", quote(SCRIPT, safe=""), "x" * 1500)
TEXTS_OF_DATABASES = ("\0", "-1", str(2**31), str(HUGE), "9" * 5000, "1")
TEXTS = (
    *TEXTS_OF_DATABASES, "", " ", "NaN", "²", SCRIPT, "' OR 1=1; DROP TABLE person; --", "%s%n{}{{7*7}}",
    "\u202eمريم\u0301", "2026-02-30", "0001-01-01",
)  # fmt: skip
BODIES = (
    b"", b"{", b"null", b"[]", b'"text"', b"[" * 100_000, b'{"a":' * 5000, b"1" * 5000, b'{"stem": 1e999}',
    b"\xff\xfe\x00", b'{"stem": "\\ud800"}', b'{"stem": "\\u0000"}', b'{"\\ud800": 1}', b'{"kind": {"a": []}}',
)  # fmt: skip
QUERY_NAMES = (
    "page", "size", "q", "sort", "dir", "state", "mine", "since", "until", "feedback", "timing", "ended", "count",
    "tutor", "systems", "disciplines", "tasks", "difficulties", "statuses", "not_seen_days", "preset", "name", "at",
    "system", "task", "article", "slug", "next",
)  # fmt: skip
MORE_FORM_NAMES = (
    "action", "choice", "note", "event_id", "what", "confirm", "at", "options-0-text", "options-0-rationale",
    "new_reference-year", "new_reference-title", "options-9999-text",
)  # fmt: skip
WORDS_OF_ACTIONS = ("event_id", "kind", "letter", "text", "client", "client_seq")


def json_values() -> Iterator[Any]:
    """Values of every JSON kind, wrong for most fields."""
    yield from (None, True, 0, -1, 1.5, HUGE, 10**400, "", "\0", SCRIPT, "x" * 100_000, [], [[[]]], {}, {"a": {"b": 1}})


def form_names() -> tuple[str, ...]:
    """The names of all fields of all forms that are loaded."""

    def of(kind: type) -> Iterator[str]:
        for name in dir(kind):
            if isinstance(getattr(kind, name, None), UnboundField):
                yield name
        for child in kind.__subclasses__():
            yield from of(child)

    return tuple(sorted({*of(Form), *MORE_FORM_NAMES}))


@dataclass
class Bank:
    """What `furnish` made: a value that exists for every part of an address."""

    people: dict[Role, int] = field(default_factory=dict)
    values: dict[str, Any] = field(default_factory=dict)
    blocks: dict[Role, str] = field(default_factory=dict)
    ended: dict[Role, str] = field(default_factory=dict)


def _block(session: Session, person: Person, settings: Settings) -> Any:
    return building.start_block(
        session, person, settings, criteria=Criteria(), count=2, feedback=Feedback.EXAM, timing=Timing.UNTIMED,
        preset=None, name=None,
    )  # fmt: skip


def furnish(session: Session, settings: Settings) -> Bank:
    """Fill an empty bank: three people, items, an article, a group, for each person an open and an ended block."""
    bank = Bank()
    stock = classroom.stock(session)
    for role in Role:
        person = accounts.create_person(
            session, settings, email=f"{role}@example.org", name=f"A {role}", password=PASSWORD, roles={role}
        )
        bank.people[role] = person.id
        ended = _block(session, person, settings)
        closing.end_block(session, person, ended.token)
        bank.ended[role] = ended.token
        bank.blocks[role] = _block(session, person, settings).token
    educator = session.get_one(Person, bank.people[Role.EDUCATOR])
    group = groups.create(session, educator, "Class")
    loaded = articles.load_text(
        session, None, "# Bone\n\n## Facts\n\n- Bone loss is fast [1].\n\n## References\n\n1. A.\n"
    )
    draft = session.scalars(sa.select(Item).order_by(Item.id.desc()).limit(1)).one()
    invitation = accounts.invite(session, educator, roles={Role.STUDENT}, email=None)
    bank.values = {
        "slug": loaded.article.slug, "item_id": stock.items[0].id, "group_id": group.id, "number": 1, "old": 1,
        "new": 1, "person_id": bank.people[Role.STUDENT], "position": 1, "citation_id": 1, "revision": 1,
        "what": "open", "filename": "css/base.css", "draft": draft.id, "invitation": invitation,
    }  # fmt: skip
    return bank


def enter(app: Flask, person_id: int) -> FlaskClient:
    """Return a browser in which this person is signed in."""
    with app.extensions["qbank.sessions"]() as session:
        begin_write(session)
        token = signin.start(session, session.get_one(Person, person_id), days=30).get_id()
        session.commit()
    client = app.test_client()
    with client.session_transaction() as cookie:
        cookie["_user_id"] = token
    return client


def addresses(rule: Rule, values: dict[str, Any], hostile: tuple[str, ...] = IN_PATHS) -> Iterator[str]:
    """Yield the address with every part good, then with each part replaced by each hostile value.

    What is no number, or too large a one, never comes past the router to a view that takes one: of those values one
    is sent, a different one for each address, so that all addresses together meet all values.
    """
    good = {name: values.get(name, 1 if isinstance(rule._converters[name], IntegerConverter) else "x")
            for name in rule.arguments}  # fmt: skip
    yield _fill(rule, good, {})
    for name in sorted(rule.arguments):
        for value in _worth_sending(rule, name, hostile):
            yield _fill(rule, good, {name: value})


def _worth_sending(rule: Rule, name: str, hostile: tuple[str, ...]) -> Iterator[str]:
    converter = rule._converters[name]
    if isinstance(converter, AnyConverter):
        return
    if not isinstance(converter, IntegerConverter):
        yield from hostile
        return
    yield from (value for value in hostile if _is_taken(converter, value))
    if others := [value for value in hostile if not _is_taken(converter, value)]:
        yield others[sum(f"{rule.rule}{name}".encode()) % len(others)]


def _is_taken(converter: IntegerConverter, value: str) -> bool:
    """Return whether the router gives this value on to the view."""
    text = unquote(value)
    try:
        return re.fullmatch(converter.regex, text) is not None and converter.to_python(text) is not None
    except ValueError:
        return False


def _fill(rule: Rule, good: dict[str, Any], instead: dict[str, str]) -> str:
    address = ""
    for dynamic, part in rule._trace:
        address += instead.get(part, str(good[part])) if dynamic else part.lstrip("|")
    return address


def check_answer(response: Any, sent: str) -> None:
    """Assert what every answer to hostile input owes: no fault of ours, and an error that says what to do."""
    assert response.status_code < 500, f"{sent}: {response.status_code}"
    assert SCRIPT not in response.text if response.mimetype == "text/html" else True, f"{sent}: the script came back"
    if response.status_code < 400:
        return
    if response.mimetype == "application/json":
        body = json.loads(response.text)
        assert body.get("error"), sent
        assert body.get("cure"), sent
        return
    assert response.mimetype == "text/html", f"{sent}: {response.mimetype}"
    check_page(response.text)
    page: Any = lxml_html.document_fromstring(response.text)
    said = [
        node.text_content().strip() for node in page.xpath("//main//p|//main//li|//main//*[contains(@id, 'error')]")
    ]
    assert any(said), f"{sent}: the page says nothing"


class Written:
    """Which tables were changed by transactions that were committed."""

    FREE = ("audit_event", "sign_in")  # a refusal is noted, a sign-in touched, whatever came of the request

    def __init__(self, engine: sa.Engine) -> None:
        self.tables: set[str] = set()
        self._pending: dict[int, set[str]] = {}
        sa.event.listen(engine, "before_cursor_execute", self._note)
        sa.event.listen(engine, "commit", self._commit)
        sa.event.listen(engine, "rollback", self._rollback)

    def _note(self, connection: sa.Connection, _cursor: object, statement: str, *_rest: object) -> None:
        words = statement.replace('"', " ").split()
        verb = words[0].upper()
        if verb in ("INSERT", "UPDATE", "DELETE"):
            table = words[1] if verb == "UPDATE" else words[2]
            if table not in self.FREE:
                self._pending.setdefault(id(connection), set()).add(table)

    def _commit(self, connection: sa.Connection) -> None:
        self.tables |= self._pending.pop(id(connection), set())

    def _rollback(self, connection: sa.Connection) -> None:
        self._pending.pop(id(connection), None)
