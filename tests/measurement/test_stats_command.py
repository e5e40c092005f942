import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from qbank.cli.stats import stats
from qbank.measurement.irt import Model, Priors
from qbank.measurement.matrix_file import Matrix
from qbank.measurement.report import report
from qbank.measurement.responses import Responses
from tests.measurement.tables import SMALL, lsat6_patterns, rows_of, tables


def matrix_of(folder: Path, rows: list[str], name: str = "matrix.csv") -> str:
    path = folder / name
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return str(path)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(stats, list(arguments))


def found(*arguments: str) -> dict[str, Any]:
    result = run(*arguments, "--json")
    assert result.exit_code == 0, result.output
    assert "NaN" not in result.stdout
    value: dict[str, Any] = json.loads(result.stdout)
    return value


@pytest.fixture
def lsat6_file(tmp_path: Path) -> str:
    return matrix_of(tmp_path, [",".join(pattern) for pattern in lsat6_patterns()])


def test_the_report_has_the_agreed_names_and_the_published_numbers_of_lsat6(lsat6_file: str) -> None:
    shown = found("--matrix", lsat6_file, "--model", "2pl")
    assert (shown["persons"], shown["items"]) == (1000, 5)
    assert shown["form"]["alpha"] == pytest.approx(0.2949971922)
    assert shown["form"]["kr21"] == pytest.approx(0.1964411687)
    assert shown["form"]["sem"] == pytest.approx(0.8690666124)
    assert {"mean", "sd"} <= set(shown["form"])
    names = {
        "item", "n", "p", "p_low", "p_high", "r_total", "r_rest", "biserial", "d27", "alpha_if_deleted", "a", "d", "b",
        "options", "flags",
    }  # fmt: skip
    assert all(names <= set(row) for row in shown["items_table"])
    first = shown["items_table"][0]
    assert first["a"] == pytest.approx(0.8256595, abs=1e-5)
    assert first["b"] == pytest.approx(-3.3588111, abs=1e-5)
    assert first["flags"] == ["too_easy", "low_discrimination"]
    assert shown["log_likelihood"] == pytest.approx(-2466.65337740, abs=1e-6)
    reference = {row["pattern"]: row for row in rows_of("lsat6_eap_2pl.csv")}
    assert len(shown["abilities"]) == 1000
    for row in shown["abilities"]:
        assert row["eap"] == pytest.approx(float(reference[row["pattern"]]["eap"]), abs=1e-5)
        assert row["psd"] == pytest.approx(float(reference[row["pattern"]]["psd"]), abs=1e-5)
    assert shown["abilities"][0]["row"] == 1


def test_classical_analysis_alone_has_no_parameters_and_no_abilities(lsat6_file: str) -> None:
    shown = found("--matrix", lsat6_file)
    assert shown["log_likelihood"] is None
    assert shown["abilities"] == []
    assert all(row["a"] is row["d"] is row["b"] is None for row in shown["items_table"])


def test_one_parameter_is_the_same_for_all_items(lsat6_file: str) -> None:
    shown = found("--matrix", lsat6_file, "--model", "1pl")
    assert len({row["a"] for row in shown["items_table"]}) == 1
    assert shown["items_table"][0]["a"] == pytest.approx(0.7551346167, abs=1e-6)
    assert shown["log_likelihood"] == pytest.approx(-2466.93759958, abs=1e-6)


def test_an_item_that_runs_against_the_others_is_flagged_and_not_calibrated(tmp_path: Path) -> None:
    file = matrix_of(tmp_path, [",".join(pattern) for pattern in SMALL])
    shown = found("--matrix", file, "--model", "1pl")
    last = shown["items_table"][4]
    assert {"too_few", "low_discrimination", "check_key", "not_calibrated"} == set(last["flags"])
    assert last["a"] is last["b"] is None
    assert shown["items_table"][0]["a"] is not None
    assert "Left out of the calibration" in shown["notes"][-1]


def test_a_key_gives_the_option_table(tmp_path: Path) -> None:
    rows = ["id,Q1,Q2,Q3", *[f"p{n},{'A' if n < 30 else 'B'},{'C' if n < 20 else 'D'},A" for n in range(40)]]
    key = matrix_of(tmp_path, ["item,key", "Q1,A", "Q2,D", "Q3,A"], "key.csv")
    shown = found("--matrix", matrix_of(tmp_path, rows), "--key", key)
    first, second, third = shown["items_table"]
    assert [(option["label"], option["key"], option["n"]) for option in first["options"]] == [
        ("A", True, 30), ("B", False, 10),
    ]  # fmt: skip
    assert first["distractor_efficiency"] == 100.0
    assert second["possible_miskey"] == ["C"]
    assert "check_key" in second["flags"]
    assert "constant" in third["flags"]
    assert third["distractor_efficiency"] is None
    assert {"label", "key", "n", "share", "p_upper", "p_lower", "r", "mean_total"} <= set(first["options"][0])


def test_a_table_with_gaps_has_no_alpha_and_correlates_with_ability(tmp_path: Path) -> None:
    patterns = lsat6_patterns()
    rows = [",".join("" if (n + place) % 5 == 0 else x for place, x in enumerate(pattern))
            for n, pattern in enumerate(patterns)]  # fmt: skip
    shown = found("--matrix", matrix_of(tmp_path, rows), "--model", "2pl")
    assert shown["form"]["alpha"] is None
    assert all(row["n"] == 800 and row["r_ability"] > 0 for row in shown["items_table"])
    assert shown["abilities"][0]["pattern"].count(".") == 1
    assert "Not everybody took every item" in shown["notes"][0]


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("model", ["ctt", "1pl", "2pl"])
@pytest.mark.parametrize("priors", [(), ("--priors",)])
@pytest.mark.parametrize(
    "rows",
    [
        ["1,0,1"], ["1", "0"], ["1,1", "1,1"], [",", ","], ["1,", ",0"], ["0,1", "1,0"], ["1,0,1", "1,0,1"],
        ["a", "1"], ["1,1,1", "1,1,0", "1,0,0", "0,0,0"], ["1,0,", "0,,1", ",1,0"],
    ],
    ids=lambda rows: "/".join(rows),
)  # fmt: skip
def test_tables_that_tell_little_give_no_nan_no_warning_and_no_traceback(
    tmp_path: Path, rows: list[str], model: str, priors: tuple[str, ...]
) -> None:
    file = matrix_of(tmp_path, rows)
    shown = found("--matrix", file, "--model", model, *priors)
    assert shown["items"] == len(shown["items_table"])
    assert run("--matrix", file, "--model", model, *priors).exit_code == 0


@pytest.mark.filterwarnings("error")
@settings(max_examples=40, deadline=None)
@given(tables(1, 8), st.sampled_from([None, *Model]), st.none() | st.just(Priors()))
def test_any_table_makes_a_report_that_is_json(
    table: NDArray[np.float64], model: Model | None, priors: Priors | None
) -> None:
    names = tuple(str(number) for number in range(table.shape[1]))
    made = report(Matrix(names, None, Responses.from_dense(table)), model, priors)
    assert len(json.loads(json.dumps(made, allow_nan=False))["items_table"]) == len(names)


def test_a_key_on_tables_that_tell_little_is_no_trouble(tmp_path: Path) -> None:
    key = matrix_of(tmp_path, ["A,B"], "key.csv")
    for rows in (["A,"], [",", ","], ["A,B"], ["C,D", "A,"], [",B", "A,"]):
        file = matrix_of(tmp_path, rows)
        assert len(found("--matrix", file, "--key", key, "--model", "2pl")["items_table"][0]["options"]) >= 1


def test_the_table_for_people_shows_items_flags_and_options(tmp_path: Path) -> None:
    file = matrix_of(tmp_path, ["Ä1,Q2", *["A,B"] * 5, *["B,A"] * 3])
    result = run("--matrix", file, "--key", matrix_of(tmp_path, ["A,B"], "key.csv"))
    assert result.exit_code == 0
    assert "8 persons, 2 items" in result.stdout
    assert "too few answers" in result.stdout
    assert "A *" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["--matrix", "missing.csv"], 2, "does not exist"),
        ([], 2, "--matrix"),
        (["--matrix", "bad.csv"], 1, "bad.csv: Line 2, column 2 (item 2): “7” is neither 0, 1 nor empty."),
        (["--matrix", "latin.csv"], 1, "not UTF-8"),
        (["--matrix", "bad.csv", "--model", "3pl"], 2, "3pl"),
        (["--matrix", "-", "--key", "-"], 2, "cannot both be standard input"),
    ],
)
def test_wrong_use_ends_with_two_and_a_bad_matrix_with_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], code: int, words: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("bad.csv").write_text("1,0\n1,7\n", encoding="utf-8")
    Path("latin.csv").write_bytes("ä,b\n1,0\n".encode("latin-1"))
    result = run(*arguments, "--json")
    assert result.exit_code == code
    assert words in result.stderr
    assert "Traceback" not in result.output
    assert result.stdout == ""


def test_the_command_reads_standard_input_and_keeps_messages_out_of_the_json() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", "from qbank.cli import main; main()",
         "stats", "--matrix", "-", "--model", "2pl", "--json"],
        input="é,b\n1,0\n0,1\n1,\n".encode(), capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.decode("utf-8"))["items_table"][0]["item"] == "é"
    assert b"Not everybody" in done.stderr
