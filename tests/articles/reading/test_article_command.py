"""``qbank article read``: JSON on standard output, messages on standard error, exit codes."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from qbank.cli.article import article

REAL = Path(__file__).parents[1] / "fixtures" / "postmenopausal-bone-resorption.txt"


def test_json_has_the_shape_that_scripts_rely_on() -> None:
    result = CliRunner().invoke(article, ["read", str(REAL), "--json"])
    assert result.exit_code == 0
    read = json.loads(result.stdout)
    assert {"title", "status", "updated", "statements", "references", "problems"} <= set(read)
    statement = read["statements"][15]
    assert set(statement) == {"id", "text", "section", "lead_in", "line", "start", "end", "citations"}
    assert statement["citations"] == [
        {"marker": "1", "status": "by_position", "reference": "r1"},
        {"marker": "3", "status": "by_position", "reference": "r3"},
    ]
    assert set(read["references"][0]) == {
        "id", "marker", "kind", "title", "authors", "container", "year", "doi", "pmid", "url", "line",
    }  # fmt: skip
    assert set(read["problems"][0]) == {"line", "code", "message"}
    text = REAL.read_text(encoding="utf-8")
    assert all(text[s["start"] : s["end"]] == s["text"] for s in read["statements"])


def test_a_dash_reads_standard_input_and_gives_the_same() -> None:
    piped = CliRunner().invoke(article, ["read", "-", "--json"], input=REAL.read_bytes())
    assert piped.stdout == CliRunner().invoke(article, ["read", str(REAL), "--json"]).stdout


def test_the_summary_counts_and_problems_go_to_standard_error() -> None:
    result = CliRunner().invoke(article, ["read", str(REAL)])
    assert "32 statements, 27 with citations; 29 citations" in result.stdout
    assert "position_numbering_unsafe" in result.stderr
    assert "position_numbering_unsafe" not in result.stdout


@pytest.mark.parametrize("data", [b"", b"%PDF-1.4", b"a\x00b"])
def test_an_unusable_file_is_refused_with_exit_code_1_and_its_name(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(data)
    result = CliRunner().invoke(article, ["read", str(path), "--json"])
    assert (result.exit_code, result.stdout) == (1, "")
    assert "a.txt, line 1: " in result.stderr
    assert "Traceback" not in result.stderr


def test_a_missing_file_is_wrong_use() -> None:
    assert CliRunner().invoke(article, ["read", "nowhere.txt"]).exit_code == 2


def test_drafts_are_printed_as_json_and_an_unknown_rule_is_wrong_use() -> None:
    drafted = CliRunner().invoke(article, ["draft", str(REAL), "--json", "--rules", "contrast"])
    assert drafted.exit_code == 0
    assert {item["rule"] for item in json.loads(drafted.stdout)["items"]} == {"contrast"}
    unknown = CliRunner().invoke(article, ["draft", str(REAL), "--rules", "nosuch"])
    assert (unknown.exit_code, unknown.stdout) == (2, "")
    assert "nosuch" in unknown.stderr


@pytest.mark.parametrize(
    "arguments", [[], ["--seed", "7"], ["--rules", "quantity,range"], ["--seed", "7", "--rules", "range"]]
)
def test_the_same_settings_give_the_same_bytes_and_another_seed_moves_keys_only(arguments: list[str]) -> None:
    command = ["draft", str(REAL), "--json", *arguments]
    first, second = (CliRunner().invoke(article, command) for _ in range(2))
    assert first.exit_code == 0
    assert first.stdout_bytes == second.stdout_bytes
    report = json.loads(first.stdout)
    assert {"items", "without_item", "problems"} <= set(report)
    if "--rules" in arguments:
        assert {item["rule"] for item in report["items"]} <= set(arguments[arguments.index("--rules") + 1].split(","))
    plain = json.loads(CliRunner().invoke(article, [*command, "--seed", "0"]).stdout)
    assert [item["stem"] for item in plain["items"]] == [item["stem"] for item in report["items"]]


@pytest.mark.parametrize("arguments", [["--seed", "many"], ["--rules", "quantity,nosuch"], ["--nosuch"]])
def test_wrong_use_of_draft_is_exit_code_2_without_output(arguments: list[str]) -> None:
    result = CliRunner().invoke(article, ["draft", str(REAL), "--json", *arguments])
    assert (result.exit_code, result.stdout) == (2, "")
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("data", [b"", b"a\x00b", b"<html><body><img src=a></body></html>"])
def test_an_unusable_file_gives_no_drafts_and_exit_code_1(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(data)
    result = CliRunner().invoke(article, ["draft", str(path), "--json"])
    assert (result.exit_code, result.stdout) == (1, "")
    assert "a.txt" in result.stderr
