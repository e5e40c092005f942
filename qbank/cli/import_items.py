"""``qbank import``: items from files of any format that the bank reads."""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from qbank.cli.edge import settings

if TYPE_CHECKING:
    from qbank.exchange.importing import Report, Sessions
    from qbank.settings import Settings

_SHOWN = 50  # refused records and remarks that are printed; --json gives all


@click.command("import")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, allow_dash=True, exists=True))
@click.option("--format", "format_name", help="Found from name and content if not given.")
@click.option("--dry-run", is_flag=True, help="Say what would happen, with near-duplicates; change nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
@click.option("--as", "email", metavar="EMAIL", help="The person whose items these are.")
def import_items(
    files: tuple[Path, ...], format_name: str | None, dry_run: bool, as_json: bool, email: str | None
) -> None:
    """Import the items of FILES ("-": standard input) as drafts.

    An item that the bank has under the same id becomes a new version; the same file again changes nothing. Each file
    comes in whole or not at all: a record that cannot be an item is refused by name, the others come in together.
    Images that a file does not bring are looked for beside it and in the folder of its name, NAME-files.
    Exit code 1 where a record was refused or is of a type that the bank does not hold.
    """
    from qbank.exchange.formats import FORMATS

    if format_name and format_name not in FORMATS:
        raise click.UsageError(f"there is no format {format_name!r}; choose from {', '.join(FORMATS)}")
    chosen = settings()
    with _sessions(chosen) as sessions:
        person_id = _person(sessions, email)
        reports = {}
        for path in files:
            with _on_disk(path) as (file, name):
                reports[name] = _one(sessions, chosen, path, file, name, format_name, dry_run, person_id)
            if not as_json:
                _print(name, reports[name], dry_run)
    if as_json:
        sys.stdout.buffer.write((json.dumps(_total(reports), ensure_ascii=False, indent=2) + "\n").encode())
        sys.stdout.flush()
    if not all(report.complete for report in reports.values()):
        sys.exit(1)


def take_back_stopped(chosen: Settings) -> None:
    """Take back what imports left behind that were killed half-way; for the start of the server."""
    with _sessions(chosen):
        pass


@contextmanager
def _sessions(chosen: Settings) -> Iterator[Sessions]:
    """Open the bank, after taking back what an import that was killed left behind."""
    from qbank.db import models  # noqa: F401
    from qbank.db.engine import make_engine, make_sessions
    from qbank.exchange.undoing import recover

    engine = make_engine(chosen.database_url)
    try:
        sessions = make_sessions(engine)
        if stopped := recover(sessions):
            click.echo(f"{stopped} imports that had stopped half-way were taken back", err=True)
        yield sessions
    finally:
        engine.dispose()


def _person(sessions: Sessions, email: str | None) -> int | None:
    if email is None:
        return None
    from qbank.accounts import service

    with sessions() as session:
        found = service.find_by_email(session, email)
        if found is None:
            raise click.ClickException(f"nobody here has the address {email}")
        return found.id


@contextmanager
def _on_disk(path: Path) -> Iterator[tuple[Path, str]]:
    """Yield a file that can be read twice, and its name: a pipe is kept aside first."""
    if path.is_dir():
        raise click.UsageError(f"{path} is a folder: name the files in it.")
    if str(path) != "-":
        if path.is_file():
            yield path, path.name
            return
        with path.open("rb") as stream:
            yield from _kept(stream, path.name)
        return
    yield from _kept(sys.stdin.buffer, "standard input")


def _kept(stream: Any, name: str) -> Iterator[tuple[Path, str]]:
    with tempfile.NamedTemporaryFile(prefix="qbank-import-") as copy:
        shutil.copyfileobj(stream, copy)
        copy.flush()
        yield Path(copy.name), name


def _one(
    sessions: Sessions,
    chosen: Settings,
    path: Path,
    file: Path,
    name: str,
    format_name: str | None,
    dry_run: bool,
    person_id: int | None,
) -> Report:
    from qbank.exchange import files, importing
    from qbank.media.shelf import Shelf

    kept: dict[str, Any] = {"shelf": Shelf(chosen.data_dir), "beside": files.beside(path) if path.is_file() else ()}
    size = file.stat().st_size
    with click.progressbar(length=size, label=name, file=sys.stderr) as bar:
        if not sys.stderr.isatty():
            bar.hidden = True

        def advance(done: int) -> None:
            bar.update(done - bar.pos)

        if dry_run:
            return importing.dry_run(sessions, file, name=name, format_name=format_name, advance=advance, **kept)
        return importing.import_file(
            sessions, file, name=name, format_name=format_name, person_id=person_id, advance=advance, **kept
        )


def _total(reports: dict[str, Report]) -> dict[str, Any]:
    """Return one report over all files; where there are several, each entry names its file."""
    values = {name: report.to_json() for name, report in reports.items()}
    total: dict[str, Any] = dict.fromkeys(("found", "imported", "updated", "unchanged"), 0)
    total |= {key: [] for key in ("refused", "unsupported", "problems")}
    for name, value in values.items():
        for key, part in value.items():
            if isinstance(part, list):
                total[key] += [{**entry, "file": name} for entry in part]
            else:
                total[key] += part
    return total


def _print(name: str, report: Report, dry_run: bool) -> None:
    counts = ", ".join(f"{number:,} {fate}" for fate, number in report.counts.items() if fate != "found")
    done = "would become" if dry_run else "became"
    click.echo(f"{name}: {report.counts['found']:,} records found; they {done}: {counts}")
    lines = [f"record {e.record}, line {e.line}: refused: {e.cause}" for e in report.refused]
    lines += [f"record {e.record}, line {e.line}: not held by the bank: {e.type}" for e in report.unsupported]
    lines += [f"record {e.record}, line {e.line}: {e.message}" for e in report.problems]
    for line in lines[:_SHOWN]:
        click.echo(f"{name}: {line}", err=True)
    if len(lines) > _SHOWN:
        click.echo(f"{name}: and {len(lines) - _SHOWN:,} more; --json lists all", err=True)
    if report.flaws is not None:
        flaws = ", ".join(f"{number} {severity}s" for severity, number in sorted(report.flaws.items())) or "none"
        click.echo(f"{name}: flaws in {report.checked:,} new or changed items: {flaws} (qbank check lists them)")
