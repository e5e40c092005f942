"""``qbank serve``: the first run, the end, and what survives the worst end."""

from __future__ import annotations

import re
import signal
import sqlite3
import stat
from collections.abc import Callable
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
