"""``qbank check`` on files, folders and standard input."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from qbank.cli.check import check

GOOD = """---
id: {name}
references:
  - title: A source.
---

# Stem

{stem}

# Lead-in

Which hormone is lacking most?

# Options

- [x] Estrogen
  > Because.
- [ ] Cortisol
  > Because.
- [ ] {last}
  > Because.
"""
STEM = "A woman of 58 has a hip fracture after a fall at home."


def run(*arguments: str | Path, stdin: str | None = None) -> Result:
    return CliRunner().invoke(check, [str(argument) for argument in arguments], input=stdin)


@pytest.fixture
def good(tmp_path: Path) -> Path:
    file = tmp_path / "good.md"
    file.write_text(GOOD.format(name="a", stem=STEM, last="Insulin"), encoding="utf-8")
    return file


def test_a_good_item_passes_without_a_word(good: Path) -> None:
    result = run(good, "--json")
    assert (result.exit_code, json.loads(result.stdout), result.stderr) == (0, [], "")


def test_a_warning_is_told_and_does_not_fail(tmp_path: Path) -> None:
    file = tmp_path / "warned.md"
    file.write_text(GOOD.format(name="a", stem=STEM, last="None of the above"), encoding="utf-8")
    result = run(file, "--json")
    (found,) = json.loads(result.stdout)
    assert result.exit_code == 0
    assert {"item", "code", "severity", "option", "start", "end", "message", "suggestion"} <= set(found)
    assert (found["item"], found["code"], found["severity"], found["option"]) == (
        "a",
        "none_of_the_above",
        "warning",
        2,
    )
    assert (found["start"], found["end"], found["field"]) == (0, 17, "options[2].text")


def test_an_error_fails(tmp_path: Path) -> None:
    file = tmp_path / "wrong.md"
    file.write_text(GOOD.format(name="a", stem=STEM, last="cortisol."), encoding="utf-8")
    result = run(file)
    assert result.exit_code == 1
    assert "duplicate_options" in result.stdout
    assert f"{file}:1" in result.stdout
    assert "1 errors" in result.stdout


def test_an_unreadable_record_fails_and_is_told_on_standard_error(good: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.md"
    bad.write_text("---\nid: [\n---\n", encoding="utf-8")
    result = run(bad, good, "--json")
    assert result.exit_code == 1
    assert f"{bad}:3: record 1 is refused" in result.stderr
    assert json.loads(result.stdout) == []


def test_a_folder_is_walked_for_its_items(good: Path, tmp_path: Path) -> None:
    (tmp_path / "deeper").mkdir()
    twin = GOOD.format(name="b", stem=STEM, last="Insulin")
    (tmp_path / "deeper" / "twin.md").write_text(twin, encoding="utf-8")
    (tmp_path / "README.md").write_text("# Not an item", encoding="utf-8")
    result = run(tmp_path, "--json")
    assert [(found["item"], found["code"]) for found in json.loads(result.stdout)] == [("a", "near_duplicate")]
    assert result.exit_code == 0


def test_json_lines_come_from_standard_input() -> None:
    line = json.dumps({"external_id": "q", "stem": "Which is it?", "options": [{"text": "One"}]})
    result = run("-", "--json", stdin=line)
    codes = {found["code"] for found in json.loads(result.stdout)}
    assert result.exit_code == 1
    assert {"no_key", "too_few_options", "missing_rationale", "missing_reference"} == codes


def test_an_item_without_an_id_is_named_by_its_line() -> None:
    line = json.dumps({"stem": "Which is it?", "options": []})
    result = run("-", "--json", stdin=f"\n{line}\n")
    assert json.loads(result.stdout)[0]["item"] == "line 2"


def test_the_whole_program_passes_the_exit_code_on(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.md"
    wrong.write_text(GOOD.format(name="a", stem=STEM, last="cortisol."), encoding="utf-8")
    command = [sys.executable, "-c", "from qbank.cli import main; main()", "check", str(wrong)]
    assert subprocess.run(command, capture_output=True, check=False).returncode == 1


@pytest.mark.parametrize("arguments", [(), ("no-such-file.md",), ("-", "--format", "nothing"), ("-",)])
def test_wrong_use_is_exit_code_2(arguments: tuple[str, ...]) -> None:
    result = run(*arguments, stdin="Dear all")
    assert result.exit_code == 2
    assert "Traceback" not in result.output


def test_a_folder_without_items_is_wrong_use(tmp_path: Path) -> None:
    result = run(tmp_path)
    assert result.exit_code == 2
    assert "holds no .md file" in result.stderr
