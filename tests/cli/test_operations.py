"""The commands that look after a bank: what they do, and how they refuse."""

from __future__ import annotations

import json
import os
import sqlite3
import stat
import subprocess
from contextlib import closing
from pathlib import Path

import pytest

from tests.cli.browser import Browser
from tests.cli.conftest import PROGRAM, Run, environment
from tests.cli.test_serve import Serve, set_up

PASSWORD = "four unrelated words here\n"
ARTICLE = "# Bone\n\n## Facts\n\n- Bone loss is fast [1].\n\n## References\n\n1. Author A. Title. Journal. 2020.\n"


def people_of(file: Path) -> list[str]:
    with closing(sqlite3.connect(file)) as connection:
        return [row[0] for row in connection.execute("SELECT email FROM person ORDER BY id")]


def add(run: Run, email: str) -> None:
    done = run("user", "add", email, "--name", "Somebody", "--password-stdin", stdin=PASSWORD)
    assert done.returncode == 0, done.stderr


def test_a_database_is_made_taken_down_and_brought_up_again(run: Run, data: Path) -> None:
    for command in (("db", "current"), ("doctor",)):
        early = run(*command)
        assert early.returncode == 1
        assert "no database" in early.stderr
        assert not (data / "qbank.sqlite3").exists(), "looking makes nothing"
    assert run("db", "upgrade").returncode == 0
    head = run("db", "current").stdout.strip()
    assert head
    assert run("doctor").returncode == 0
    assert run("db", "downgrade", "base").returncode == 0
    assert run("db", "current").stdout.strip() == "empty"
    behind = run("doctor")
    assert behind.returncode == 1
    assert "qbank db upgrade" in behind.stdout
    assert run("db", "upgrade").returncode == 0
    assert run("db", "current").stdout.strip() == head
    assert list((data / "backups").glob("before-down-from-*.sqlite3"))
    assert run("db", "downgrade", "nonsense").returncode == 2


def test_a_database_of_a_newer_program_is_refused_and_left_as_it_is(run: Run, data: Path) -> None:
    run("db", "upgrade")
    with closing(sqlite3.connect(data / "qbank.sqlite3")) as connection:
        connection.execute("UPDATE alembic_version SET version_num = 'ffffffffffff'")
        connection.commit()
    for command in (("serve", "--port", "0"), ("db", "upgrade"), ("db", "downgrade", "base")):
        refused = run(*command)
        assert refused.returncode == 1, command
        assert "newer program" in refused.stderr
    assert "newer program" in run("doctor").stdout
    assert run("db", "current").stdout.strip() == "ffffffffffff"
    assert not (data / "backups").exists()


def test_people_are_added_listed_and_given_roles(run: Run) -> None:
    run("db", "upgrade")
    add(run, "ada@example.org")
    again = run("user", "add", "ADA@example.org", "--name", "Ada", "--password-stdin", stdin=PASSWORD)
    assert again.returncode == 1
    assert "already" in again.stderr
    weak = run("user", "add", "bo@example.org", "--name", "Bo", "--password-stdin", stdin="short\n")
    assert weak.returncode == 1
    assert "15 characters" in weak.stderr
    assert run("user", "role", "ada@example.org", "student", "administrator").returncode == 0
    last = run("user", "role", "ada@example.org", "student")
    assert last.returncode == 1
    assert "only administrator" in last.stderr
    assert run("user", "role", "nobody@example.org", "student").returncode == 1
    assert run("user", "role", "ada@example.org", "emperor").returncode == 2
    found = json.loads(run("user", "list", "--json").stdout)
    assert [(row["email"], row["roles"]) for row in found] == [("ada@example.org", ["administrator", "student"])]


def test_a_backup_taken_while_serving_is_restored_and_only_with_the_server_stopped(
    run: Run, serve: Serve, data: Path, tmp_path: Path
) -> None:
    server = serve()
    browser = set_up(server)
    copy = tmp_path / "a folder with #, ? and %41" / "copy.sqlite3"
    assert run("backup", copy).returncode == 0
    assert people_of(copy) == ["sam@example.org"]
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    twice = run("backup", copy)
    assert twice.returncode == 1
    assert "exists already" in twice.stderr
    browser.get("/account")
    used = run("restore", copy)
    assert used.returncode == 1
    assert "stop the server first" in used.stderr
    assert Browser(server.base, browser.jar).get("/account")
    server.process.terminate()
    assert server.process.wait(timeout=60) == 0
    add(run, "late@example.org")
    assert run("restore", copy).returncode == 0
    assert people_of(data / "qbank.sqlite3") == ["sam@example.org"]
    (aside,) = data.glob("qbank.sqlite3.before-restore-*")
    assert people_of(aside) == ["sam@example.org", "late@example.org"]
    assert run("doctor").returncode == 0


def test_only_a_sound_bank_is_restored_and_a_damaged_database_does_not_stand_in_its_way(
    run: Run, data: Path, tmp_path: Path
) -> None:
    run("db", "upgrade")
    add(run, "ada@example.org")
    copy, other, broken = tmp_path / "copy.sqlite3", tmp_path / "other.sqlite3", tmp_path / "broken.sqlite3"
    assert run("backup", copy).returncode == 0
    with closing(sqlite3.connect(other)) as connection:
        connection.execute("CREATE TABLE cake (id INTEGER)")
    broken.write_bytes(copy.read_bytes()[:5000])
    (tmp_path / "text").write_text("not a database")
    for file in (other, broken, tmp_path / "text"):
        refused = run("restore", file)
        assert refused.returncode == 1, file
        assert people_of(data / "qbank.sqlite3") == ["ada@example.org"]
    whole = (data / "qbank.sqlite3").read_bytes()
    (data / "qbank.sqlite3").write_bytes(b"\0" * 200 + whole[200:])
    assert run("doctor").returncode == 1
    restored = run("restore", copy)
    assert restored.returncode == 0, restored.stderr
    assert people_of(data / "qbank.sqlite3") == ["ada@example.org"]
    assert not list(data.glob("*.restoring-*"))


@pytest.mark.parametrize(
    ("env", "said"),
    [
        ({"QBANK_PORT": "a lot"}, "PORT"),
        ({"QBANK_SIGN_IN_LIMIT": "a few"}, "10 per minute"),
        ({"QBANK_CONFIG": "/nowhere/at/all.py"}, "/nowhere/at/all.py"),
        ({"QBANK_DATABASE_URL": "mysql://x/y"}, "postgresql+psycopg://"),
        ({"QBANK_DATABASE_URL": "::::"}, "DATABASE_URL"),
        ({"QBANK_DATABASE_URL": "postgresql+psycopg://u@127.0.0.1:1/x"}, "QBANK_DATABASE_URL"),
        ({"QBANK_DATABASE_URL": "sqlite:////proc/nowhere/x.sqlite3"}, "/proc/nowhere"),
        ({"QBANK_DATA_DIR": "/proc/nowhere"}, "/proc/nowhere"),
        ({"QBANK_CLOCK_FILE": "/tmp/clock"}, "CLOCK_FILE"),
    ],
)
def test_what_is_wrong_with_the_settings_is_said_without_a_traceback(run: Run, env: dict[str, str], said: str) -> None:
    refused = run("serve", "--port", "0", **env)
    assert refused.returncode == 1
    assert said in refused.stderr
    assert run("user", "list", **env).returncode == 1


def test_the_program_itself_ends_with_the_code_and_one_clear_line(tmp_path: Path) -> None:
    done = subprocess.run(
        [*PROGRAM, "user", "list"], capture_output=True, text=True, cwd=tmp_path, check=False,
        env=environment(tmp_path, QBANK_PORT="a lot"),
    )  # fmt: skip
    assert done.returncode == 1
    assert "PORT" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("arguments", [("nonsense",), ("serve", "--port", "99999999"), ("backup",), ("user", "add")])
def test_wrong_use_is_told_by_its_exit_code(run: Run, arguments: tuple[str, ...]) -> None:
    wrong = run(*arguments)
    assert wrong.returncode == 2
    assert "Usage" in wrong.stderr or "No such command" in wrong.stderr


def test_reading_and_checking_files_needs_neither_database_nor_data_folder(run: Run, tmp_path: Path) -> None:
    nowhere = {"QBANK_DATA_DIR": "/proc/nowhere", "QBANK_DATABASE_URL": "mysql://x/y"}
    article = tmp_path / "article.md"
    article.write_text(ARTICLE)
    read = run("article", "read", article, "--json", **nowhere)
    assert read.returncode == 0, read.stderr
    assert [one["text"] for one in json.loads(read.stdout)["statements"]] == ["Bone loss is fast."]
    drafted = run("article", "draft", article, "--json", **nowhere)
    assert drafted.returncode == 0, drafted.stderr
    (tmp_path / "items.jsonl").write_text('{"stem": "Which is it?", "options": [{"text": "a", "key": true}]}\n')
    checked = run("check", tmp_path / "items.jsonl", "--json", **nowhere)
    assert checked.returncode == 1
    assert "too_few_options" in {finding["code"] for finding in json.loads(checked.stdout)}


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_data_folder_that_cannot_be_written_is_named(run: Run, data: Path) -> None:
    data.mkdir(mode=0o500)
    refused = run("serve", "--port", "0")
    assert refused.returncode == 1
    assert str(data) in refused.stderr
