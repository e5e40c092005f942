"""``qbank check``: flaw checks on files of items. Needs no database."""

from __future__ import annotations

import json
import sys
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path

import click

from qbank.cli.records import followed, format_of, opened
from qbank.exchange.formats import FORMATS
from qbank.exchange.report import Outcome, Problem, Refused, Unsupported
from qbank.items.flaws import BankChecker, Finding, Severity, check_item
from qbank.items.flaws.finding import letter
from qbank.items.record import ItemRecord


class _Printer(ABC):
    """Says findings as they are found, so that a file of any length needs no memory for them."""

    @abstractmethod
    def findings(self, item: str | None, place: str, found: list[Finding]) -> None:
        """Say what was found on one item, or on all together."""

    @abstractmethod
    def end(self, report: _Report) -> None:
        """Close the output."""

    @abstractmethod
    def broken(self) -> None:
        """Close what is open after a fault that ends the command."""


class _JsonPrinter(_Printer):
    """One JSON list, one finding a line."""

    def __init__(self) -> None:
        self.before = "["

    def findings(self, item: str | None, place: str, found: list[Finding]) -> None:
        for each in found:
            click.echo(self.before + json.dumps(each.to_json(), ensure_ascii=False), nl=False)
            self.before = ",\n"

    def end(self, report: _Report) -> None:
        click.echo("[]" if self.before == "[" else "]")

    def broken(self) -> None:
        if self.before != "[":
            click.echo("]")


class _TextPrinter(_Printer):
    """Lines for a person."""

    def findings(self, item: str | None, place: str, found: list[Finding]) -> None:
        if not found:
            return
        click.echo(f"{item or 'all items together'}{f'  ({place})' if place else ''}")
        for each in found:
            where = f"option {letter(each.option)}: " if each.option is not None else ""
            where = where or (f"{each.field}: " if each.field else "")
            click.echo(f"  {each.severity:<8}{each.code}  {where}{each.message}")
            click.echo(f"          -> {each.suggestion}")
        click.echo("")

    def end(self, report: _Report) -> None:
        parts = [f"{report.items} items in {report.files} files"]
        parts += [f"{report.counts[severity]} {severity}s" for severity in Severity]
        parts.append(f"{report.unreadable} unreadable records")
        click.echo(", ".join(parts))

    def broken(self) -> None:
        """Nothing is open."""


@dataclass(slots=True)
class _Report:
    """What was found so far, in numbers."""

    files: int = 0
    items: int = 0
    unreadable: int = 0
    counts: Counter[Severity] = field(default_factory=Counter)

    @property
    def failed(self) -> bool:
        return self.unreadable > 0 or self.counts[Severity.ERROR] > 0


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, allow_dash=True, exists=True))
@click.option(
    "--format", "format_name", type=click.Choice(list(FORMATS)), help="Found from name and content if not given."
)
@click.option("--json", "as_json", is_flag=True, help="Print the findings as one JSON list.")
def check(files: tuple[Path, ...], format_name: str | None, as_json: bool) -> None:
    """Look for flaws in the items of FILES (folders are walked for .md files, - is standard input).

    Exit code 1 where an item cannot be used or a record cannot be read, 0 otherwise.
    """
    report, bank = _Report(), BankChecker()
    printer: _Printer = _JsonPrinter() if as_json else _TextPrinter()
    try:
        for path in _walk(files):
            report.files += 1
            for outcome in _outcomes(path, format_name):
                _take(outcome, path, report, bank, printer)
        for item, group in groupby(bank.findings(), key=lambda found: found.item):
            _say(item, "", list(group), report, printer)
    except BaseException:
        printer.broken()
        raise
    printer.end(report)
    if report.failed:
        sys.exit(1)  # the same under `qbank` and on its own


def _walk(paths: Iterable[Path]) -> Iterator[Path]:
    for path in paths:
        if not path.is_dir():
            yield path
            continue
        inside = sorted(file for file in path.rglob("*.md") if file.is_file() and file.name.lower() != "readme.md")
        if not inside:
            raise click.UsageError(f"{path}: the folder holds no .md file.")
        yield from inside


def _outcomes(path: Path, format_name: str | None) -> Iterator[Outcome]:
    try:
        with opened(path) as (stream, name):
            yield from followed(format_of(stream, name, format_name).read(stream, name), stream, name)
    except OSError as error:
        raise click.ClickException(f"{path}: {error.strerror}") from None


def _take(outcome: Outcome, path: Path, report: _Report, bank: BankChecker, printer: _Printer) -> None:
    if isinstance(outcome, ItemRecord):
        report.items += 1
        bank.add(outcome)
        _say(outcome.name, f"{path}:{outcome.line}", check_item(outcome), report, printer)
        return
    where = f"{path}:{outcome.line}: record {outcome.record}"
    if isinstance(outcome, Problem):
        click.echo(f"{where}: {outcome.message}", err=True)
        return
    report.unreadable += 1
    if isinstance(outcome, Refused):
        click.echo(f"{where} is refused: {outcome.cause}", err=True)
    elif isinstance(outcome, Unsupported):
        click.echo(f"{where} is of a type that the bank does not hold: {outcome.type}", err=True)


def _say(item: str | None, place: str, found: list[Finding], report: _Report, printer: _Printer) -> None:
    report.counts.update(each.severity for each in found)
    printer.findings(item, place, found)


if __name__ == "__main__":
    check()
