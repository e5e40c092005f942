"""``qbank check`` on files, folders and standard input."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import tracemalloc
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


def lines_of_items(count: int) -> str:
    options = [{"text": text, "key": text == "Gout"} for text in ("Gout", "Scurvy", "All of the above")]
    return "".join(
        json.dumps(
            {"id": f"q{n}", "stem": f"Which of them is number {n} of the {n * 7} in this row?", "options": options}
        )
        + "\n"
        for n in range(count)
    )


def test_findings_are_said_as_they_are_found_so_that_a_long_file_needs_little_memory(tmp_path: Path) -> None:
    def most(count: int) -> int:
        file = tmp_path / f"{count}.jsonl"
        file.write_text(lines_of_items(count))
        sink = (tmp_path / "out").open("w")
        tracemalloc.start()
        with contextlib.redirect_stdout(sink), contextlib.suppress(SystemExit):
            check.main([str(file), "--json"], standalone_mode=False)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        sink.close()
        assert len(json.loads((tmp_path / "out").read_text())) >= count
        return peak

    most(5)  # what is loaded once
    few, many = most(100), most(1_100)
    assert many - few < 1_000 * 1_500  # bytes an item: its words as numbers, not its findings or its text


def test_a_fault_half_way_leaves_whole_json(tmp_path: Path) -> None:
    first, second = tmp_path / "a.jsonl", tmp_path / "b.unknown"
    first.write_text(lines_of_items(1))
    second.write_text("nothing that is known")
    result = run(first, second, "--json")
    assert result.exit_code == 2
    assert json.loads(result.stdout)[0]["item"] == "q0"
    assert "--format" in result.stderr


def test_a_bar_on_the_terminal_shows_how_far_the_file_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "many.jsonl"
    file.write_text(lines_of_items(120))
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    with contextlib.suppress(SystemExit):
        check.main([str(file), "--json"], standalone_mode=False)
    told = capsys.readouterr()
    assert "100%" in told.err
    assert isinstance(json.loads(told.out), list)
