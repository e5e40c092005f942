"""``qbank stats``: statistics of a response matrix. Needs no database."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import click

if TYPE_CHECKING:
    from qbank.measurement.matrix_file import Matrix

_FILE = click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path)
_COLUMNS = (
    ("n", "n", 0),
    ("p", "p", 3),
    ("r_total", "r total", 3),
    ("r_rest", "r rest", 3),
    ("r_ability", "r ability", 3),
    ("biserial", "biserial", 3),
    ("d27", "D 27 %", 3),
    ("alpha_if_deleted", "alpha without", 3),
    ("a", "a", 3),
    ("b", "b", 3),
)
_FORM = (
    ("mean", "mean number right"),
    ("sd", "standard deviation"),
    ("alpha", "alpha (KR-20)"),
    ("kr21", "KR-21"),
    ("sem", "standard error of measurement"),
    ("split_half", "odd-even correlation"),
    ("spearman_brown", "Spearman-Brown"),
    ("empirical_reliability", "reliability of the abilities"),
)


@click.command()
@click.option("--matrix", "matrix_file", type=_FILE, required=True, help="Rows persons, columns items, 0/1 or options.")
@click.option(
    "--key", "key_file", type=_FILE, help="The right options: lines item,key, or one line in the items' order."
)
@click.option("--model", type=click.Choice(["ctt", "1pl", "2pl"]), default="ctt", show_default=True)
@click.option("--priors", is_flag=True, help="Calibrate with priors on a and d, for few answers an item.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
def stats(matrix_file: Path, key_file: Path | None, model: str, priors: bool, as_json: bool) -> None:
    """Statistics of a response matrix: items, options, reliability, and item response models.

    An empty cell is an item not taken. A first row of names is found by itself. Exit code 1 where the matrix cannot
    be read.
    """
    if key_file is not None and str(key_file) == str(matrix_file) == "-":
        raise click.UsageError("matrix and key cannot both be standard input")
    from qbank.measurement import irt
    from qbank.measurement.report import report

    found = report(
        _read(matrix_file, key_file),
        None if model == "ctt" else irt.Model(model),
        irt.Priors() if priors else None,
    )
    if as_json:
        # Written as bytes: a terminal's encoding must not decide whether an item's name can be printed.
        sys.stdout.buffer.write((json.dumps(found, ensure_ascii=False, allow_nan=False) + "\n").encode("utf-8"))
        sys.stdout.flush()
    else:
        _print(found)
    for note in found["notes"]:
        click.echo(note, err=True)


def _read(matrix_file: Path, key_file: Path | None) -> Matrix:
    from qbank.measurement.matrix_file import MatrixError, bounded_lines, read_matrix

    try:
        with ExitStack() as stack:
            matrix = bounded_lines(stack.enter_context(_open(matrix_file)), "matrix")
            key = bounded_lines(stack.enter_context(_open(key_file)), "key") if key_file else None
            return read_matrix(matrix, key)
    except MatrixError as error:
        raise click.ClickException(f"{matrix_file}: {error.message} {error.cure}".strip()) from None
    except OSError as error:
        raise click.ClickException(f"{error.filename or matrix_file}: {error.strerror}") from None


def _open(path: Path) -> TextIO:
    # newline="" leaves line ends inside quotes to the CSV reader
    if str(path) == "-":
        return click.open_file("-", encoding="utf-8")  # type: ignore[return-value]
    return path.open(encoding="utf-8", newline="")


def _print(found: dict[str, Any]) -> None:
    click.echo(f"{found['persons']} persons, {found['items']} items")
    for name, words in _FORM:
        if found["form"][name] is not None:
            click.echo(f"  {words:<32}{_number(found['form'][name], 3):>10}{_interval(found['form'], name)}")
    if found["log_likelihood"] is not None:
        click.echo(f"  {'log-likelihood':<32}{found['log_likelihood']:>10.3f}")
    click.echo("")
    rows = found["items_table"]
    shown = [column for column in _COLUMNS if any(row[column[0]] is not None for row in rows)]
    table = [["item", *(words for _, words, _ in shown), "flags"]]
    for row in rows:
        numbers = [_number(row[name], places) for name, _, places in shown]
        table.append([row["item"], *numbers, _flags(row)])
    _print_table(table)
    if any(row["options"] for row in rows):
        click.echo("")
        _print_table(_option_rows(rows))


def _interval(form: dict[str, Any], name: str) -> str:
    if name != "alpha" or form["alpha_low"] is None:
        return ""
    return f"  (95 %: {form['alpha_low']:.3f} to {form['alpha_high']:.3f})"


def _flags(row: dict[str, Any]) -> str:
    from qbank.measurement.flags import MEANING, Flag

    return "; ".join(MEANING[Flag(flag)] for flag in row["flags"])


def _option_rows(rows: Sequence[dict[str, Any]]) -> list[list[str]]:
    table = [["item", "option", "n", "share", "upper", "lower", "r", "mean total"]]
    for row in rows:
        for option in row["options"]:
            sign = f"{option['label']} *" if option["key"] else option["label"]
            numbers = [
                _number(option[name], 3 if name != "n" else 0)
                for name in ("n", "share", "p_upper", "p_lower", "r", "mean_total")
            ]
            table.append([row["item"], sign, *numbers])
    return table


def _number(value: float | None, places: int) -> str:
    return "-" if value is None else f"{value:.{places}f}"


def _print_table(table: Sequence[Sequence[str]]) -> None:
    widths = [max(len(row[column]) for row in table) for column in range(len(table[0]))]
    text = {0, 1} if table[0][1] == "option" else {0, len(table[0]) - 1}
    for row in table:
        cells = [
            cell.ljust(width) if place in text else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        click.echo("  ".join(cells).rstrip())


if __name__ == "__main__":
    stats()
