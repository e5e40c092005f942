"""``qbank serve``: the first run, the end, and what survives the worst end."""

from __future__ import annotations

import re
import signal
import sqlite3
import stat
import threading
from collections.abc import Callable
from http.client import HTTPException
from pathlib import Path
from typing import Any

import pytest

from tests.cli.browser import Browser
from tests.cli.conftest import Run, Server

Serve = Callable[..., Server]
PASSWORD = "four unrelated words here"


def set_up(server: Server) -> Browser:
    """Make the first administrator by the link that was printed."""
    browser = Browser(server.base)
    browser.get(server.link)
    browser.post(server.link, name="Sam", email="sam@example.org", password=PASSWORD)
    assert browser.status == 200, browser.html
    return browser


def test_the_first_run_prints_the_set_up_link_the_second_one_address_and_both_end_cleanly(
    serve: Serve, data: Path
) -> None:
    first = serve()
    assert len(re.findall("http", "".join(first.said))) == 1
    assert "/join/" in first.link
    browser = set_up(first)
    assert Browser(first.base).get(first.link)
    first.process.send_signal(signal.SIGTERM)
    assert first.process.wait(timeout=60) == 0
    assert not (data / "qbank.sqlite3-wal").exists(), "a clean end leaves everything in the one file"
    for name in ("qbank.sqlite3", "secret_key"):
        assert stat.S_IMODE((data / name).stat().st_mode) == 0o600, name

    second = serve()
    assert "/join/" not in second.link
    again = Browser(second.base, browser.jar)
    assert "Sam" in again.get("/account"), "who was signed in still is"
    spent = Browser(second.base)
    spent.get(first.link.replace(first.base, second.base))
    assert spent.status == 404
    second.process.send_signal(signal.SIGINT)
    assert second.process.wait(timeout=60) == 0


def start_block(browser: Browser) -> tuple[str, int]:
    """Start a block; return its token and how many items it has."""
    browser.get("/practise")
    browser.post("/practise", what="start", count=5, feedback="exam", timing="untimed", preset=0)
    found = re.search(r"/blocks/([^/]+)/1", browser.url)
    assert found, (browser.status, browser.html[:2000])
    return found.group(1), 5


def test_every_acknowledged_answer_is_there_after_the_process_was_killed(serve: Serve, data: Path, run: Run) -> None:
    server = serve()
    browser = set_up(server)
    token, count = start_block(browser)
    acknowledged: dict[str, tuple[int, str]] = {}
    for round_ in range(3):
        browser.get(f"/blocks/{token}/1")
        form_token, enough = browser.token(), threading.Event()
        killer = threading.Thread(target=lambda event=enough, it=server: (event.wait(), it.process.kill()))
        killer.start()
        try:
            for n in range(10_000):
                event, letter, position = f"save-{round_}-{n:05d}", "ABC"[n % 3], n % count + 1
                answer = browser.send(
                    f"/blocks/{token}/{position}/events", form_token,
                    {"event_id": event, "kind": "choose", "letter": letter, "client": f"browser-{round_}",
                     "client_seq": n + 1},
                )  # fmt: skip
                assert browser.status == 200, answer
                assert answer["status"] == "saved", answer
                acknowledged[event] = (position, letter)
                if n == 8 + 5 * round_:
                    enough.set()  # the next saves race with the kill
        except (OSError, ValueError, HTTPException):  # the server is gone in the middle of a request
            pass
        enough.set()
        killer.join()
        server.process.wait(timeout=60)
        server = serve()
        browser = Browser(server.base, browser.jar)
    with sqlite3.connect(data / "qbank.sqlite3") as connection:
        kept = dict(connection.execute("SELECT event_id, id FROM delivery_event").fetchall())
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert len(acknowledged) >= 3 * 9
    assert not set(acknowledged) - set(kept), "acknowledged and lost"
    server.process.send_signal(signal.SIGTERM)
    assert server.process.wait(timeout=60) == 0
    checked = run("rebuild", "--check")
    assert checked.returncode == 0, checked.stderr


def test_a_port_that_is_taken_is_said_in_one_line(serve: Serve, run: Run) -> None:
    server = serve()
    port = server.base.rsplit(":", 1)[1]
    second = run("serve", "--port", port)
    assert second.returncode == 1
    assert f"cannot listen on 127.0.0.1, port {port}" in second.stderr


@pytest.mark.parametrize(("proxies", "seen"), [("0", "127.0.0.1"), ("1", "203.0.113.7")])
def test_the_address_told_by_a_proxy_is_believed_only_where_the_settings_say_so(
    serve: Serve, data: Path, proxies: str, seen: str
) -> None:
    server = serve(QBANK_TRUSTED_PROXIES=proxies)
    browser = Browser(server.base)
    browser._opener.addheaders = [("X-Forwarded-For", "203.0.113.7")]
    browser.get("/sign-in")
    browser.post("/sign-in", email="nobody@example.org", password="wrong")
    assert browser.status == 422
    with sqlite3.connect(data / "qbank.sqlite3") as connection:
        rows: list[Any] = connection.execute(
            "SELECT address FROM audit_event WHERE action = 'sign-in refused'"
        ).fetchall()
    assert rows == [(seen,)]
