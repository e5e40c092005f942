"""Nothing that depends on the key leaves an open block: two banks that differ only in their secrets answer alike.

Every route of the blueprint that serves a block is visited, in both kinds of feedback. Bodies and headers are
compared byte by byte, apart from random tokens.
"""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from qbank.app import create_app
from qbank.blocks import building
from qbank.blocks.models import Block
from qbank.db.engine import make_engine
from qbank.items.models import Difficulty
from tests.blocks.classroom import Desk, Secrets, form_token, make_learner, sign_in, stock
from tests.conftest import TestClock, empty_postgres, make_settings

FIRST = Secrets(words="alpha-secret")
OTHER = Secrets(key=lambda number: (number + 1) % 4, words="omega-secret", difficulty=Difficulty.HARD, statements=False)
# The builder serves no block: it shows counts by difficulty of the whole bank, which are meant to be seen.
WITHOUT_BLOCK = {
    "blocks.build", "blocks.counts", "blocks.start", "blocks.confidence", "blocks.filters", "blocks.change_filter",
    "blocks.new_pass", "blocks.exam_formats", "blocks.new_exam_format", "blocks.change_exam_format",
}  # fmt: skip
# Articles are read freely, before a block and after it; signing out would end the tour.
NOT_OF_ITEMS = {"static", "articles", "accounts"}
RANDOM_HEADERS = {"Set-Cookie", "Content-Length", "Date"}


@dataclass
class Visit:
    """One answer, with what is random in it blanked."""

    endpoint: str
    what: str
    status: int
    headers: list[tuple[str, str]]
    body: str


def blank(text: str, token: str) -> str:
    """Blank the random parts: the block's token, form tokens and event ids."""
    text = text.replace(token, "TOKEN")
    text = re.sub(r'(name="csrf[_-]token"[^>]*(?:value|content)=")[^"]+', r"\1CSRF", text)
    text = re.sub(r'("csrf_token":\s*")[^"]+', r"\1CSRF", text)
    return re.sub(r'(name="event_id" value=")[^"]+', r"\1EVENT", text)


class Watcher:
    """Visits every address of one open block and keeps what comes back."""

    def __init__(self, app: Flask, desk: Desk, token: str) -> None:
        self.app, self.desk, self.token = app, desk, token
        self.visits: list[Visit] = []
        self.page_token = form_token(desk.html)

    def keep(self, endpoint: str, what: str, response: TestResponse) -> None:
        headers = [(k, blank(v, self.token)) for k, v in response.headers if k not in RANDOM_HEADERS]
        self.visits.append(Visit(endpoint, what, response.status_code, headers, blank(response.text, self.token)))

    def get(self, endpoint: str, path: str) -> None:
        self.keep(endpoint, f"GET {path}", self.desk.client.get(f"/blocks/{self.token}{path}"))

    def act(self, position: int, action: str, **fields: str) -> None:
        data = {"csrf_token": self.page_token, "event_id": f"{len(self.visits):032d}", "action": action, **fields}
        response = self.desk.client.post(f"/blocks/{self.token}/{position}", data=data)
        self.keep("blocks.act", f"{action} {fields}", response)

    def send(self, position: int, kind: str, **body: object) -> None:
        event = {"event_id": f"e{len(self.visits):031d}", "kind": kind, **body}
        head = {"X-CSRFToken": self.page_token}
        path = f"/blocks/{self.token}/{position}/events"
        self.keep("blocks.event", f"{kind} {body}", self.desk.client.post(path, json=event, headers=head))

    def tour(self, positions: list[int]) -> None:
        """Every read, and every action that reveals nothing by design, on these items."""
        for position in positions:
            self.get("blocks.room", f"/{position}")
            self.get("blocks.explained", f"/result/{position}")
            data = {"csrf_token": self.page_token, "action": "unmark"}
            response = self.desk.client.post(f"/blocks/{self.token}/result/{position}", data=data)
            self.keep("blocks.keep", f"keep {position}", response)
            for letter in "ABCD":
                self.send(position, "choose", letter=letter)
            self.send(position, "strike", letter="B")
            self.send(position, "note", text="mine")
            self.send(position, "highlight", span={"field": "stem", "start": 2, "end": 9, "on": True})
            self.send(position, "highlight", span={"field": "stem", "start": 4, "end": 5, "on": False})
            self.send(position, "highlight", span={"field": "stem", "start": 0, "end": 9999, "on": True})
            for said in ("sure", "", "certain"):
                self.send(position, "confidence", text=said)
            self.act(position, "confidence:guess")
            self.afterwards(position)
            self.send(position, "choose", letter="Z")
            self.send(position, "nonsense")
            self.act(position, "mark", choice="C")
            self.get("blocks.room", f"/{position}")
            self.act(position, "restore:B", choice="A")
            self.act(position, "clear")
            self.act(position, "submit")
            self.get("blocks.state", "/state.json")
        self.get("blocks.resume", "")
        self.pause(positions[0])
        self.keep("blocks.labs", "GET /labs", self.desk.client.get("/labs"))
        self.keep("blocks.labs", "GET /labs?part=1", self.desk.client.get("/labs?part=1"))
        if 1 in positions:  # an item that was submitted may show elsewhere what it has shown itself
            self.elsewhere()
        self.get("blocks.review", "/review")
        self.get("blocks.result", "/result")
        self.get("blocks.estimate", "/estimate")
        data = {"csrf_token": self.page_token, "after": "1"}
        response = self.desk.client.post(f"/blocks/{self.token}/next", data=data)
        self.keep("blocks.next_item", "POST /next", response)
        self.get("blocks.end", "/end")
        self.keep(
            "blocks.end",
            "POST /end",
            self.desk.client.post(f"/blocks/{self.token}/end", data={"csrf_token": self.page_token}),
        )

    def elsewhere(self) -> None:
        """Every page of the other features that needs no more than its address, and the block's line in the history."""
        for rule in sorted(self.app.url_map.iter_rules(), key=lambda rule: rule.rule):
            feature = rule.endpoint.split(".")[0]
            if feature in NOT_OF_ITEMS or rule.endpoint in WITHOUT_BLOCK or "GET" not in (rule.methods or ()):
                continue
            if rule.arguments <= {"token"}:
                path = rule.rule.replace("<token>", self.token)
                self.keep(rule.endpoint, f"GET {path}", self.desk.client.get(path))

    def afterwards(self, position: int) -> None:
        """What is for after the block, asked for too early."""
        self.get("blocks.look_back", "/items")
        self.get("blocks.look_back", "/items?show=incorrect")
        self.get("blocks.again", f"/again/{position}")
        self.get("blocks.again", f"/again/{position}?answer=1")
        self.get("blocks.on_paper", "/print")
        self.get("blocks.on_paper", "/print?answers=no")
        self.get("blocks.report", f"/{position}/report")
        for endpoint, path in (
            ("blocks.answer_again", f"/again/{position}"), ("blocks.reason", f"/{position}/reason"),
            ("blocks.more_like_this", f"/result/{position}/more"), ("blocks.send_report", f"/{position}/report"),
        ):  # fmt: skip
            data = {
                "csrf_token": self.page_token, "choice": "A", "event_id": f"{len(self.visits):032d}",
                "reason": "misread", "problem": "other", "text": "x",
            }  # fmt: skip
            response = self.desk.client.post(f"/blocks/{self.token}{path}", data=data)
            self.keep(endpoint, f"POST {path}", response)
        self.keep("blocks.my_reports", "GET /reports", self.desk.client.get("/reports"))

    def pause(self, position: int) -> None:
        """Stop the clock, look everywhere, try to act, go on."""
        self.get("blocks.paused", "/pause")
        self.act(position, "pause", choice="B")
        for endpoint, path in (
            ("blocks.paused", "/pause"), ("blocks.room", f"/{position}"), ("blocks.resume", ""),
            ("blocks.review", "/review"), ("blocks.end", "/end"), ("blocks.state", "/state.json"),
            ("blocks.result", "/result"), ("blocks.explained", f"/result/{position}"),
        ):  # fmt: skip
            self.get(endpoint, path)
        self.send(position, "choose", letter="A")
        self.act(position, "next", choice="C")
        response = self.desk.client.post(f"/blocks/{self.token}/pause", data={"csrf_token": self.page_token})
        self.keep("blocks.paused", "POST /pause", response)


def tour(
    folder: Path, template: Path | str, secrets: Secrets, feedback: str, submitted: bool
) -> tuple[Flask, list[Visit]]:
    """Take a block in a new bank: a copy of the template, or the PostgreSQL database of this URL, emptied."""
    folder.mkdir()
    if isinstance(template, Path):
        shutil.copyfile(template, folder / "bank.sqlite3")
        engine = make_engine(f"sqlite:///{folder / 'bank.sqlite3'}")
    else:
        empty_postgres(template)
        engine = make_engine(template)
    app = create_app(make_settings(folder / "data"), engine)
    with app.extensions["qbank.sessions"]() as session:
        stocked = stock(session, 4, secrets)
        assert stocked.preset is not None
        stocked.preset.pause_allowed = True
        preset_id = stocked.preset.id
        person = make_learner(session)
        session.commit()
        person_id = person.id
    client = app.test_client()
    sign_in(app, client, person_id)
    desk = Desk(client)
    token = desk.start(feedback=feedback, timing="timed", preset=preset_id)
    watcher = Watcher(app, desk, token)
    if submitted:  # item 1 is open to both alike; what its page shows is not compared
        watcher.send(1, "choose", letter="A")
        watcher.send(1, "submit")
        watcher.visits.clear()
    watcher.tour([2, 3, 4] if submitted else [1, 2, 3, 4])
    engine.dispose()
    return app, watcher.visits


@pytest.fixture
def same_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give every block the same seed: the order of the items is random, and no secret."""
    start = building.start_block

    def start_block(*args: Any, **values: Any) -> Block:
        return start(*args, **(values | {"seed": "fixed"}))

    monkeypatch.setattr("qbank.blocks.building.start_block", start_block)


def compare(first: list[Visit], other: list[Visit]) -> None:
    assert len(first) == len(other)
    for one, two in zip(first, other, strict=True):
        place = f"{one.endpoint}: {one.what}"
        assert one.status == two.status, place
        assert one.headers == two.headers, place
        assert one.body == two.body, place
        assert "-secret" not in one.body, place


@pytest.mark.parametrize("feedback", ["exam", "tutor"])
def test_every_answer_of_an_open_block_is_the_same_whatever_the_keys(
    feedback: str, tmp_path: Path, database_url: str, sqlite_template: Path, clock: TestClock, same_order: None
) -> None:
    template = sqlite_template if database_url.startswith("sqlite") else database_url
    app, first = tour(tmp_path / "first", template, FIRST, feedback, submitted=False)
    _app, other = tour(tmp_path / "other", template, OTHER, feedback, submitted=False)
    compare(first, other)
    assert len({visit.endpoint for visit in first if not visit.endpoint.startswith("blocks.")}) > 20
    routes = {rule.endpoint for rule in app.url_map.iter_rules() if rule.endpoint.startswith("blocks.")}
    assert routes - {visit.endpoint for visit in first} == WITHOUT_BLOCK & routes, "a new route needs its visit here"


def test_in_tutor_feedback_a_submitted_item_tells_nothing_of_the_others(
    tmp_path: Path, sqlite_template: Path, clock: TestClock, same_order: None
) -> None:
    def kept_first(number: int) -> int:
        return 0 if number in kept else (number + 1) % 4

    kept = set(range(4))
    same = Secrets(key=lambda _number: 0, words="alpha-secret")
    _app, first = tour(tmp_path / "first", sqlite_template, same, "tutor", submitted=True)
    # which item comes first is decided by the seed; find the others by keeping one key at a time
    alike = []
    for number in range(4):
        kept = {number}
        folder = tmp_path / f"keep-{number}"
        _app, other = tour(
            folder, sqlite_template, Secrets(key=kept_first, words="omega-secret"), "tutor", submitted=True
        )
        alike.append([visit.body for visit in first] == [visit.body for visit in other])
    assert any(alike), "with the submitted item's key kept, the rest must look alike"


def test_the_comparison_would_notice_a_leak(
    tmp_path: Path, sqlite_template: Path, clock: TestClock, same_order: None
) -> None:
    """The guard is real: where the secrets are printed into the stem, the two banks no longer answer alike."""
    _app, first = tour(tmp_path / "first", sqlite_template, FIRST, "exam", submitted=False)
    other = [Visit(v.endpoint, v.what, v.status, v.headers, v.body.replace("periods", "cycles")) for v in first]
    with pytest.raises(AssertionError):
        compare(first, other)
