"""``qbank convert``: every format into every other, with the report that importing gives."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from qbank.cli.convert import convert
from qbank.exchange.formats import FORMATS

FIXTURES = Path(__file__).parent / "fixtures"
SOURCES = [FIXTURES / "course.gift", FIXTURES / "course.xml", FIXTURES / "course.aiken.txt"]
OURS = ["markdown", "jsonl", "gift", "moodle", "aiken", "csv", "xlsx"]


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(convert, [str(argument) for argument in arguments])


@pytest.mark.parametrize("name", OURS)
@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.name)
def test_each_dialect_goes_into_each_format_and_the_numbers_add_up(source: Path, name: str, tmp_path: Path) -> None:
    made = tmp_path / "made"
    result = run(source, "--to", name, "-o", made, "--json")
    report = json.loads(result.stdout)
    parts = report["imported"] + report["updated"] + report["unchanged"]
    assert report["found"] == parts + len(report["refused"]) + len(report["unsupported"])
    assert (result.exit_code, report["imported"] > 0) == (1, True)  # each of the files has a record to refuse
    again = run(made, "--from", name, "--to", name, "-o", tmp_path / "again", "--json")
    assert again.exit_code == 0
    assert json.loads(again.stdout)["imported"] == report["imported"]
    assert (tmp_path / "again").read_bytes() == made.read_bytes()


def test_a_clean_file_is_exit_code_0_and_leaves_the_old_one_alone(tmp_path: Path) -> None:
    source = tmp_path / "a.txt"
    source.write_text("Which?\nA. One\nB. Two\nANSWER: B\n")
    result = run(source, "--to", "gift", "-o", tmp_path / "b.gift")
    assert (result.exit_code, result.stdout) == (0, f"1 of 1 records written to {tmp_path / 'b.gift'}\n")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.txt", "b.gift"]


def test_an_item_that_the_new_format_cannot_hold_is_refused(tmp_path: Path) -> None:
    result = run(SOURCES[0], "--to", "aiken", "-o", tmp_path / "a.txt", "--json")
    causes = [entry["cause"] for entry in json.loads(result.stdout)["refused"] if entry["record"] == 9]
    assert causes == ["it cannot be written as Aiken: it has 2 right options, and the format holds one"]


def test_images_go_along_beside_the_file_and_come_back(tmp_path: Path) -> None:
    run(SOURCES[1], "--to", "markdown", "-o", tmp_path / "course.md")
    assert (tmp_path / "course-files" / "a-scan.png").read_bytes() == b"hello"
    run(tmp_path / "course.md", "--to", "moodle", "-o", tmp_path / "back.xml")
    assert b">aGVsbG8=</file>" in (tmp_path / "back.xml").read_bytes()


def test_what_is_lost_is_counted(tmp_path: Path) -> None:
    source = tmp_path / "a.jsonl"
    source.write_text('{"stem": "A", "options": [{"text": "x", "key": true}], "objective": "O"}\n')
    report = json.loads(run(source, "--to", "moodle", "-o", tmp_path / "b", "--json").stdout)
    assert {"what": "the objective", "items": 1} in report["lost"]


def test_where_nothing_can_be_written_there_is_no_new_file(tmp_path: Path) -> None:
    source = tmp_path / "a.gift"
    source.write_text("Write about bone {}\n")
    result = run(source, "--to", "csv", "-o", tmp_path / "b.csv")
    assert result.exit_code == 0
    assert "no record of 1 could be written" in result.stdout
    assert not (tmp_path / "b.csv").exists()


def test_wrong_use_is_exit_code_2(tmp_path: Path) -> None:
    letter = tmp_path / "letter.txt"
    letter.write_text("Dear all")
    assert run(letter, "--to", "csv", "-o", tmp_path / "b").exit_code == 2
    assert run(SOURCES[0], "--to", "nothing", "-o", tmp_path / "b").exit_code == 2
    assert run(letter, "--from", "gift", "--to", "csv", "-o", letter).exit_code == 2
    assert run(tmp_path / "none.gift", "--to", "csv", "-o", tmp_path / "b").exit_code == 2


def test_an_unwritable_place_is_one_clear_line(tmp_path: Path) -> None:
    result = run(SOURCES[0], "--to", "csv", "-o", tmp_path / "no" / "such" / "b.csv")
    assert result.exit_code == 1
    assert "No such file or directory" in result.stderr
    assert "Traceback" not in result.output


def test_the_whole_program_needs_no_database(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "from qbank.cli import main; main()", "convert", str(SOURCES[0]), "--to", "jsonl"]
    environment = os.environ | {"QBANK_DATABASE_URL": "sqlite:////nowhere/x.db", "QBANK_DATA_DIR": "/nowhere"}
    made = subprocess.run([*command, "-o", str(tmp_path / "a")], capture_output=True, env=environment, check=False)
    assert made.returncode == 1
    assert (tmp_path / "a").read_bytes().count(b"\n") == 5


def test_every_format_has_a_title_and_reads_or_writes() -> None:
    for entry in FORMATS.values():
        assert entry.title
        assert entry.can_read or entry.can_write


def test_standard_input_is_read(tmp_path: Path) -> None:
    text = "Which?\nA. One\nB. Two\nANSWER: B\n"
    made = tmp_path / "b.gift"
    result = CliRunner().invoke(convert, ["-", "--from", "aiken", "--to", "gift", "-o", str(made)], input=text)
    assert (result.exit_code, result.stdout) == (0, f"1 of 1 records written to {made}\n")
