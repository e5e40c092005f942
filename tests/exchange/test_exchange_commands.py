"""``qbank import`` and ``qbank export``: exit codes, JSON, streams, messages without tracebacks."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import Session, sessionmaker

from tests.exchange.bank import add_taxa, file_of, line, visible

Sessions = sessionmaker[Session]
ROOT = Path(__file__).parents[2]


@pytest.fixture
def qbank(database_url: str, sessions: Sessions, tmp_path: Path) -> Any:
    add_taxa(sessions)

    def run(*arguments: object, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        environment = {
            "PATH": os.environ["PATH"],
            "QBANK_DATABASE_URL": database_url,
            "QBANK_DATA_DIR": str(tmp_path / "data"),
            "QBANK_SECRET_KEY": "only-for-the-tests",
        }
        done = subprocess.run(
            [sys.executable, "-c", "from qbank.cli import main; main()", *map(str, arguments)],
            cwd=ROOT, env=environment, input=stdin, capture_output=True, check=False,
        )  # fmt: skip
        assert b"Traceback" not in done.stderr, done.stderr.decode()
        return done

    return run


def test_files_are_imported_and_the_report_is_one_json(qbank: Any, sessions: Sessions, tmp_path: Path) -> None:
    one = file_of(tmp_path, [line(1), line(2, stem=5)], "one.jsonl")
    two = file_of(tmp_path, [line(3)], "two.jsonl")
    done = qbank("import", one, two, "--json")
    report = json.loads(done.stdout)
    assert done.returncode == 1  # a record was refused
    assert {key: report[key] for key in ("found", "imported", "updated", "unchanged", "unsupported")} == {
        "found": 3, "imported": 2, "updated": 0, "unchanged": 0, "unsupported": [],
    }  # fmt: skip
    (refused,) = report["refused"]
    assert (refused["file"], refused["record"], refused["line"]) == ("one.jsonl", 2, 2)
    assert visible(sessions) == {"x-1", "x-3"}
    assert qbank("import", two).returncode == 0


def test_a_dry_run_changes_nothing_and_says_what_would_happen(qbank: Any, sessions: Sessions, tmp_path: Path) -> None:
    done = qbank("import", "--dry-run", file_of(tmp_path, [line(1)]))
    assert done.returncode == 0
    assert b"would become: 1 imported" in done.stdout
    assert visible(sessions) == set()


def test_standard_input_is_read_where_the_format_is_told(qbank: Any, sessions: Sessions, tmp_path: Path) -> None:
    content = file_of(tmp_path, [line(1)]).read_bytes()
    assert qbank("import", "-", "--format", "jsonl", stdin=content).returncode == 0
    assert visible(sessions) == {"x-1"}


def test_wrong_use_ends_with_two_and_a_broken_file_with_one(qbank: Any, tmp_path: Path) -> None:
    path = file_of(tmp_path, [line(1)])
    assert qbank("import").returncode == 2
    assert qbank("import", path, "--format", "nope").returncode == 2
    assert qbank("import", tmp_path).returncode == 2
    assert qbank("import", tmp_path / "missing.jsonl").returncode == 2
    assert qbank("export", "--format", "nope", "-o", "-").returncode == 2
    assert qbank("export", "--format", "jsonl").returncode == 2
    empty = tmp_path / "empty.jsonl"
    empty.touch()
    done = qbank("import", empty)
    assert (done.returncode, b"empty" in done.stderr) == (1, True)
    assert qbank("import", path, "--as", "nobody@example.org").returncode == 1


def test_a_file_that_one_of_several_refuses_stops_there_with_what_came_before_kept(
    qbank: Any, sessions: Sessions, tmp_path: Path
) -> None:
    good, bad = file_of(tmp_path, [line(1)]), tmp_path / "bad.xyz"
    bad.write_bytes(b"\x00")
    done = qbank("import", good, bad)
    assert done.returncode == 1
    assert b"bad.xyz" in done.stderr
    assert visible(sessions) == {"x-1"}


def test_an_export_holds_the_selection_and_imports_again_unchanged(qbank: Any, tmp_path: Path) -> None:
    qbank("import", file_of(tmp_path, [line(number, tags=["odd"] if number % 2 else []) for number in range(6)]))
    target = tmp_path / "out.jsonl"
    done = qbank("export", "--format", "jsonl", "--tag", "odd", "-o", target)
    assert done.returncode == 0, done.stderr
    assert [json.loads(each)["external_id"] for each in target.read_text().splitlines()] == ["x-1", "x-3", "x-5"]
    report = json.loads(qbank("import", "--json", target).stdout)
    assert (report["found"], report["unchanged"]) == (3, 3)
    assert qbank("export", "--format", "jsonl", "--id", "x-2", "-o", "-").stdout.count(b"\n") == 1


def test_an_export_that_fails_leaves_the_file_that_was_there(qbank: Any, tmp_path: Path) -> None:
    target = tmp_path / "out.jsonl"
    target.write_text("kept")
    done = qbank("export", "--format", "jsonl", "--state", "live", "-o", target)
    assert (done.returncode, b"No item" in done.stderr) == (1, True)
    assert target.read_text() == "kept"
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".out")] == []
    assert qbank("export", "--format", "jsonl", "--state", "asleep", "-o", target).returncode == 1


def test_what_a_format_cannot_hold_is_said_and_what_it_cannot_write_is_left_out_by_name(
    qbank: Any, tmp_path: Path
) -> None:
    qbank("import", file_of(tmp_path, [line(1), line(2, options=[])]))
    done = qbank("export", "--format", "gift", "-o", tmp_path / "out.gift")
    assert done.returncode == 1
    assert b"the references" in done.stderr
    assert b"x-2 was left out" in done.stderr
    assert b"Patient number 1" in (tmp_path / "out.gift").read_bytes()
