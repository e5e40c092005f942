"""A served room under load: learners with open blocks, servers in processes of their own, saves over real sockets.

`furnish` fills a bank that nobody serves yet and signs learners in; `waitress` and `gunicorn` serve it; `Learner.save`
sends one choice as the room's script does and returns the status that the server gave.
"""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from qbank import paths
from qbank.accounts.models import Person
from qbank.app import create_app
from qbank.blocks import building
from qbank.blocks.criteria import Criteria
from qbank.blocks.models import Feedback, Timing
from qbank.db.engine import begin_write
from qbank.settings import Settings, load
from tests.blocks.classroom import form_token, make_learner, sign_in, stock

CHECKOUT = paths.PACKAGE.parent
SECRET = "only-for-the-tests-under-load"
PATIENCE = 120  # seconds until a server that does not come up, or a request without an answer, fails the test
APPLICATION = "qbank.wsgi:application()"
BROKEN_APPLICATION = "tests.cli.broken_build:application()"


@dataclass
class Learner:
    """Somebody who has a block open: the cookie and the form token of the browser, and the block's address."""

    person_id: int
    cookie: str
    form_token: str
    block: str
    items: int
    sequence: int = 0
    at: tuple[str, int] = ("127.0.0.1", 0)
    held: http.client.HTTPConnection | None = field(default=None, repr=False)

    def save(self, event: str, position: int, letter: str, *, sequence: int) -> str:
        """Send a choice; return what the server said of it. Raises OSError where no whole answer came."""
        body = {"event_id": event, "kind": "choose", "letter": letter, "client": "browser-1", "client_seq": sequence}
        headers = {"Content-Type": "application/json", "X-CSRFToken": self.form_token, "Cookie": self.cookie}
        connection = self.held or http.client.HTTPConnection(*self.at, timeout=PATIENCE)
        self.held = None
        try:
            connection.request("POST", f"/blocks/{self.block}/{position}/events", json.dumps(body), headers)
            response = connection.getresponse()
            answer = json.loads(response.read())
        except (http.client.HTTPException, ValueError) as error:
            connection.close()
            raise OSError(f"no whole answer: {error!r}") from error
        except OSError:
            connection.close()
            raise
        if response.will_close:
            connection.close()
        else:
            self.held = connection
        if response.status != 200:
            raise OSError(f"{response.status}: {answer}")
        return str(answer["status"])

    def leave(self) -> None:
        """Close the connection that is kept."""
        if self.held:
            self.held.close()
            self.held = None


def settings_for(data: Path, database_url: str) -> Settings:
    """Return the settings that the servers of this module have too."""
    return load(environ={}, data_dir=data, database_url=database_url, secret_key=SECRET)


def furnish(data: Path, database_url: str, learners: int, items: int = 4) -> list[Learner]:
    """Fill a database that has the schema; return learners, each signed in and in an open block."""
    settings = settings_for(data, database_url)
    app = create_app(settings)
    with app.extensions["qbank.sessions"]() as session:
        begin_write(session)
        stock(session, items)
        made = [make_learner(session, f"Learner {number}").id for number in range(learners)]
        session.commit()
    people = [_seat(app, settings, person_id, items) for person_id in made]
    app.extensions["qbank.engine"].dispose()
    return people


def _seat(app, settings: Settings, person_id: int, items: int) -> Learner:  # type: ignore[no-untyped-def]
    with app.extensions["qbank.sessions"]() as session:
        begin_write(session)
        block = building.start_block(
            session, session.get_one(Person, person_id), settings, criteria=Criteria(), count=items,
            feedback=Feedback.EXAM, timing=Timing.UNTIMED,
        )  # fmt: skip
        session.commit()
        token = block.token
    client = app.test_client()
    sign_in(app, client, person_id)
    page = client.get(f"/blocks/{token}/1")
    cookie = client.get_cookie(app.config["SESSION_COOKIE_NAME"])
    assert cookie is not None
    return Learner(person_id, f"{cookie.key}={cookie.value}", form_token(page.text), token, items)


@dataclass
class Served:
    """A server in processes of its own."""

    process: subprocess.Popen[str]
    at: tuple[str, int]

    def workers(self) -> list[int]:
        """The ids of the processes that the server has started."""
        main = self.process.pid
        try:
            return [int(pid) for pid in Path(f"/proc/{main}/task/{main}/children").read_text().split()]
        except FileNotFoundError:
            return []

    def kill_worker(self, which: int) -> None:
        """Kill one worker as the kernel would: no goodbye."""
        while not (pids := self.workers()):
            time.sleep(0.01)
        with suppress(ProcessLookupError):
            os.kill(pids[which % len(pids)], signal.SIGKILL)

    def kill(self) -> None:
        """Kill every process of the server at once."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(timeout=PATIENCE)


def start(command: list[str], data: Path, database_url: str, **environ: str) -> Served:
    """Start a server and wait until it tells its address."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("QBANK_")}
    ours = {
        "QBANK_DATA_DIR": str(data), "QBANK_DATABASE_URL": database_url, "QBANK_SECRET_KEY": SECRET,
        "PYTHONPATH": str(CHECKOUT), "PYTHONUNBUFFERED": "1",
    }  # fmt: skip
    data.mkdir(parents=True, exist_ok=True)
    log = data / f"server-{time.monotonic_ns()}.log"
    with log.open("w") as out:
        process = subprocess.Popen(
            command, stdout=out, stderr=out, text=True, cwd=data, env=kept | ours | environ, start_new_session=True
        )
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        if found := re.search(r"http://([\d.]+):(\d+)", log.read_text()):
            return Served(process, (found[1], int(found[2])))
        if process.poll() is not None:
            break
        time.sleep(0.02)
    process.kill()
    raise AssertionError(f"the server did not come up: {log.read_text()[-3000:]}")


@contextmanager
def running(command: list[str], data: Path, database_url: str, **environ: str) -> Iterator[Served]:
    """Serve while this lasts; whatever is left is killed at the end."""
    served = start(command, data, database_url, **environ)
    try:
        yield served
    finally:
        served.kill()


def waitress() -> list[str]:
    """The command of the bank's own server."""
    return [sys.executable, "-c", "from qbank.cli import main; main()", "serve", "--port", "0"]


def gunicorn(workers: int, application: str = APPLICATION) -> list[str]:
    """The command of gunicorn with so many single-threaded workers; skips the test where it is not installed."""
    pytest.importorskip("gunicorn")
    return [
        sys.executable, "-m", "gunicorn", "--preload", "--bind", "127.0.0.1:0", "--workers", str(workers),
        "--timeout", str(PATIENCE), "--backlog", "1024", application,
    ]  # fmt: skip
