"""``qbank convert``: reads one format and writes another. Needs no database."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO

import click

from qbank.cli.outputs import whole_file
from qbank.cli.records import followed, format_of, opened
from qbank.exchange.files import FolderFiles, beside, put_beside
from qbank.exchange.formats import FORMATS, Format
from qbank.exchange.report import Problem, Refused, Unsupported
from qbank.items.record import ItemRecord


@dataclass(slots=True)
class _Report:
    """What became of each record of the file."""

    written: int = 0
    refused: list[Refused] = field(default_factory=list)
    unsupported: list[Unsupported] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    lost: Counter[str] = field(default_factory=Counter)  # what the new format has no place for -> items

    @property
    def found(self) -> int:
        return self.written + len(self.refused) + len(self.unsupported)

    def to_json(self) -> dict[str, object]:
        """Return the report in the shape that importing has too."""
        return {
            "found": self.found,
            "imported": self.written,
            "updated": 0,
            "unchanged": 0,
            "refused": [entry.to_json() for entry in self.refused],
            "unsupported": [entry.to_json() for entry in self.unsupported],
            "problems": [entry.to_json() for entry in self.problems],
            "lost": [{"what": what, "items": count} for what, count in self.lost.most_common()],
        }


@click.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False, allow_dash=True))
@click.option("--to", "to_name", required=True, type=click.Choice(list(FORMATS)), help="The format to write.")
@click.option("--from", "from_name", type=click.Choice(list(FORMATS)), help="Found from name and content if not given.")
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path, dir_okay=False), help="The new file.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
def convert(file: Path, to_name: str, from_name: str | None, output: Path, as_json: bool) -> None:
    """Read the items of FILE (- is standard input) and write them in another format.

    A format that carries no images gets them in a folder beside the new file, and they are looked for there. Exit
    code 1 where a record was refused, 0 otherwise; the new file holds the others.
    """
    target = FORMATS[to_name]
    if not target.can_write:
        raise click.UsageError(f"{target.title} is read, but not written: choose another format for --to.")
    if output.exists() and file.exists() and output.samefile(file):
        raise click.UsageError("the new file is the old one: give -o another name.")
    report = _Report()
    try:
        with opened(file) as (stream, name):
            _run(stream, file, format_of(stream, name, from_name, "--from"), target, output, report)
    except OSError as error:
        raise click.ClickException(f"{error.filename or output}: {error.strerror}") from None
    if as_json:
        click.echo(json.dumps(report.to_json(), ensure_ascii=False))
    else:
        _print(report, file, output)
    if report.refused:
        sys.exit(1)  # the same under `qbank` and on its own


def _run(stream: BinaryIO, file: Path, source: Format, target: Format, output: Path, report: _Report) -> None:
    with TemporaryDirectory() as folder:
        files = FolderFiles(Path(folder), also=beside(file))
        named: dict[str, None] = {}  # the images of the items that were written, in order
        items = _items(stream, file, source, target, files, report, named)
        first = next(items, None)
        if first is None:
            return
        with whole_file(output) as made:
            made.writelines(target.write(chain([first], items), files))
        if not target.carries_files:
            put_beside(files, named, beside(output)[0])


def _items(
    stream: BinaryIO,
    file: Path,
    source: Format,
    target: Format,
    files: FolderFiles,
    report: _Report,
    named: dict[str, None],
) -> Iterator[ItemRecord]:
    for outcome in followed(source.read(stream, file.name, files), stream, file.name):
        if isinstance(outcome, Refused):
            report.refused.append(outcome)
        elif isinstance(outcome, Unsupported):
            report.unsupported.append(outcome)
        elif isinstance(outcome, Problem):
            report.problems.append(outcome)
        elif cause := target.cannot_hold(outcome):
            report.refused.append(
                Refused(report.found + 1, outcome.line, f"it cannot be written as {target.title}: {cause}")
            )
        else:
            report.written += 1
            report.lost.update(target.loses(outcome, files))
            named.update(dict.fromkeys(outcome.media))
            yield outcome


def _print(report: _Report, file: Path, output: Path) -> None:
    for refused in report.refused:
        click.echo(f"{file}:{refused.line}: record {refused.record} is refused: {refused.cause}", err=True)
    for other in report.unsupported:
        click.echo(
            f"{file}:{other.line}: record {other.record} is of a type that the bank does not hold: {other.type}",
            err=True,
        )
    for problem in report.problems:
        click.echo(f"{file}:{problem.line}: record {problem.record}: {problem.message}", err=True)
    for what, count in report.lost.most_common():
        click.echo(f"not in the new file, of {count} items: {what}", err=True)
    parts = [f"{report.written} of {report.found} records written to {output}"]
    if not report.written:
        parts = [f"no record of {report.found} could be written; there is no new file"]
    parts += [f"{len(report.refused)} refused"] if report.refused else []
    parts += [f"{len(report.unsupported)} of other types"] if report.unsupported else []
    click.echo(", ".join(parts))
