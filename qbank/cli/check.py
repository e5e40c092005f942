"""``qbank check``: flaw checks on files of items. Needs no database."""

from __future__ import annotations

import json
import shutil
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import BinaryIO, cast

import click

from qbank.exchange.formats import FORMATS, SNIFF_BYTES, find_format
from qbank.exchange.report import Outcome, Problem, Refused, Unsupported
from qbank.items.flaws import BankChecker, Finding, Severity, check_item
from qbank.items.flaws.finding import letter
from qbank.items.record import ItemRecord

_IN_MEMORY = 10_000_000  # bytes of a pipe; what is longer goes to a temporary file


@dataclass(slots=True)
class _Report:
    """What was found, for the end of the command."""

    files: int = 0
    items: int = 0
    unreadable: int = 0
    findings: list[Finding] = field(default_factory=list)
    places: dict[str, str] = field(default_factory=dict)  # item -> "file:line", of items with findings

    @property
    def failed(self) -> bool:
        return self.unreadable > 0 or any(found.severity is Severity.ERROR for found in self.findings)


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
    report = _Report()
    bank = BankChecker()
    for path in _walk(files):
        report.files += 1
        for outcome in _outcomes(path, format_name):
            _take(outcome, path, report, bank)
    report.findings += bank.findings()
    if as_json:
        click.echo(json.dumps([found.to_json() for found in report.findings], ensure_ascii=False))
    else:
        _print(report)
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
        if str(path) == "-":
            yield from _read(sys.stdin.buffer, "standard input", format_name)
        else:
            with path.open("rb") as stream:
                yield from _read(stream, path.name, format_name)
    except OSError as error:
        raise click.ClickException(f"{path}: {error.strerror}") from None


def _read(stream: BinaryIO, name: str, format_name: str | None) -> Iterator[Outcome]:
    if not stream.seekable():  # a pipe: kept aside, since finding the format looks ahead
        with SpooledTemporaryFile(max_size=_IN_MEMORY) as copy:
            shutil.copyfileobj(stream, copy)
            copy.seek(0)
            yield from _read(cast(BinaryIO, copy), name, format_name)
        return
    start = stream.read(SNIFF_BYTES)
    stream.seek(0)
    chosen = FORMATS[format_name] if format_name else find_format(name, start)
    if chosen is None:
        known = ", ".join(FORMATS)
        raise click.UsageError(f"{name}: the format is not known from its name or content; add --format ({known}).")
    yield from chosen.read(stream, name)


def _take(outcome: Outcome, path: Path, report: _Report, bank: BankChecker) -> None:
    if isinstance(outcome, ItemRecord):
        report.items += 1
        found = check_item(outcome)
        bank.add(outcome)
        report.findings += found
        report.places[outcome.name] = f"{path}:{outcome.line}"
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


def _print(report: _Report) -> None:
    groups: dict[str | None, list[Finding]] = {}
    for found in report.findings:
        groups.setdefault(found.item, []).append(found)
    for item, findings in groups.items():
        place = report.places.get(item, "") if item else ""
        click.echo(f"{item or 'all items together'}{f'  ({place})' if place else ''}")
        for found in findings:
            where = (
                f"option {letter(found.option)}: "
                if found.option is not None
                else f"{found.field}: "
                if found.field
                else ""
            )
            click.echo(f"  {found.severity:<8}{found.code}  {where}{found.message}")
            click.echo(f"          -> {found.suggestion}")
        click.echo("")
    click.echo(_totals(report))


def _totals(report: _Report) -> str:
    counts = Counter(found.severity for found in report.findings)
    parts = [f"{report.items} items in {report.files} files"]
    parts += [f"{counts[severity]} {severity}s" for severity in Severity]
    parts.append(f"{report.unreadable} unreadable records")
    return ", ".join(parts)


if __name__ == "__main__":
    check()
