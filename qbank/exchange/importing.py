"""Importing a file: what the page, the command and other programs call.

`import_file` brings a file in, whole or not at all; `dry_run` says what it would do. On the page the same happens in
two steps around a stored run: `preview_run`, then `import_run`. `qbank.exchange.undoing` takes a run back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import sqlalchemy as sa
from sqlalchemy.orm import Session, sessionmaker

from qbank.db.engine import begin_write
from qbank.errors import InvalidError
from qbank.exchange import columns, running, writing
from qbank.exchange.formats import FORMATS, SNIFF_BYTES, Format, find_format
from qbank.exchange.images import Incoming, incoming
from qbank.exchange.models import ImportProblem, ImportRecord, ImportRun, RecordFate, RunState
from qbank.exchange.planning import Batch, Planned, Remark
from qbank.exchange.previewing import Look, look
from qbank.exchange.report import Outcome, Problem, Refused, Unsupported
from qbank.exchange.target import AS_IS, Target
from qbank.media.shelf import Shelf

Sessions = sessionmaker[Session]
Advance = Callable[[int], None]  # is told how many bytes of the file have been read


@dataclass(slots=True)
class Report:
    """What became of a file, record by record. The counts add up to the records found."""

    counts: dict[str, int]
    refused: list[Refused] = field(default_factory=list)
    unsupported: list[Unsupported] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    flaws: dict[str, int] | None = None  # by severity, over the ``checked`` items
    checked: int = 0

    @property
    def complete(self) -> bool:
        """Say whether every record of the file has become, or was already, an item."""
        return self.counts["refused"] == self.counts["unsupported"] == 0

    def to_json(self) -> dict[str, Any]:
        """Return the report as ``qbank import --json`` prints it."""
        value: dict[str, Any] = {name: self.counts[name] for name in ("found", "imported", "updated", "unchanged")}
        value["refused"] = [entry.to_json() for entry in self.refused]
        value["unsupported"] = [entry.to_json() for entry in self.unsupported]
        value["problems"] = [entry.to_json() for entry in self.problems]
        return value


def choose_format(name: str, start: bytes, format_name: str | None = None) -> Format:
    """Return the format asked for, else the one that name and content tell. Raises InvalidError when none does."""
    chosen = FORMATS.get(format_name) if format_name else find_format(name, start)
    if chosen is None or not chosen.can_read:
        known = ", ".join(entry.name for entry in FORMATS.values() if entry.can_read)
        message = f"{name}: the format is not known from its name or content."
        if format_name:
            message = f"The bank does not read a format named {format_name}."
        raise InvalidError(message, problems={"format": f"choose one of {known}"}, cure=f"Name it: {known}.")
    return chosen


def sniff(path: Path, name: str, format_name: str | None = None) -> Format:
    """Return the format of a file on disk. Raises InvalidError, also for an empty file."""
    with path.open("rb") as stream:
        start = stream.read(SNIFF_BYTES)
    if not start:
        raise InvalidError(f"{name}: the file is empty.", problems={"file": "is empty"})
    return choose_format(name, start, format_name)


class _Reading:
    """A file being read: its outcomes, and how far the reader is."""

    def __init__(
        self, stream: BinaryIO, size: int, entry: Format, name: str, target: Target, images: Incoming | None
    ) -> None:
        self.stream, self.size, self.entry, self.name, self.target = stream, size, entry, name, target
        self.images = images

    def outcomes(self) -> Iterator[Outcome]:
        """Yield what the reader says. A fault of the whole file raises InvalidError with place and cure."""
        try:
            files = self.images.files if self.images else None
            outcomes = columns.read(self.entry, self.stream, self.name, self.target.columns, files)
            yield from self.images.settle(outcomes) if self.images else outcomes
        except (ValueError, OSError, RecursionError, MemoryError) as error:
            cause = str(error) or type(error).__name__
            raise InvalidError(
                f"{self.name} cannot be read as {self.entry.title}: {cause}",
                problems={"file": cause},
                cure="Nothing was imported. Choose another format, or export the file again where it came from.",
            ) from error

    def read_bytes(self) -> int:
        """Return how much has been read; all of it where the reader has closed the file."""
        return self.size if self.stream.closed else self.stream.tell()

    @property
    def pictures(self) -> writing.Pictures:
        """Return the images that the records read so far show, as the import writes them."""
        return self.images.kept if self.images else writing.NO_PICTURES

    def share(self) -> int:
        """Return how much has been read, in thousandths."""
        return min(999, self.read_bytes() * 1000 // max(1, self.size))


@contextmanager
def _reading(
    path: Path,
    name: str,
    entry: Format,
    target: Target,
    shelf: Shelf | None,
    beside: Sequence[Path] = (),
    *,
    write: bool = True,
) -> Iterator[_Reading]:
    with path.open("rb") as stream, incoming(shelf, beside, write=write) as images:
        yield _Reading(stream, path.stat().st_size, entry, name, target, images)


# --- in one go ---------------------------------------------------------------------------------------------------


def import_file(
    sessions: Sessions,
    path: Path,
    *,
    name: str = "",
    format_name: str | None = None,
    person_id: int | None = None,
    target: Target = AS_IS,
    shelf: Shelf | None = None,
    beside: Sequence[Path] = (),
    advance: Advance = lambda _bytes: None,
) -> Report:
    """Import a file; its items are drafts. All of it, or, whatever happens, nothing.

    Images go to the ``shelf``, left out and said so where there is none; what the file does not bring is looked for
    in the folders ``beside``. ``advance`` is told after every batch how many bytes are read. Raises InvalidError for
    a file that is not of its format.
    """
    name = name or path.name
    entry = sniff(path, name, format_name)
    with sessions() as session:
        begin_write(session)
        upload = running.Upload(name, entry.name, path.stat().st_size)
        run_id = running.start(session, person_id, upload, RunState.IMPORTING, target).id
        session.commit()
    with _reading(path, name, entry, target, shelf, beside) as reading:
        running.carry_out(
            sessions,
            run_id,
            reading.outcomes(),
            share=reading.share,
            pictures=reading.pictures,
            progress=lambda _done: advance(reading.read_bytes()),
        )
    with sessions() as session:
        return report_of(session, session.get_one(ImportRun, run_id))


def dry_run(
    sessions: Sessions,
    path: Path,
    *,
    name: str = "",
    format_name: str | None = None,
    target: Target = AS_IS,
    shelf: Shelf | None = None,
    beside: Sequence[Path] = (),
    advance: Advance = lambda _bytes: None,
) -> Report:
    """Return the report that `import_file` would give, with near-duplicates and flaws; writes nothing."""
    name = name or path.name
    entry = sniff(path, name, format_name)
    report = Report(running.no_counts())
    with _reading(path, name, entry, target, shelf, beside, write=False) as reading:

        def take(batch: Batch) -> None:
            _collect(report, batch)
            advance(reading.read_bytes())

        found = look(sessions, reading.outcomes(), target, take)
    report.counts, report.flaws, report.checked = found.counts, dict(found.flaws), found.checked
    report.problems += [Problem(each.record, each.line, each.message) for each in found.alike]
    return report


def _collect(report: Report, batch: Batch) -> None:
    report.problems += batch.problems
    for each in batch.records:
        _collect_one(report, each)


def _collect_one(report: Report, each: Planned) -> None:
    if each.fate is RecordFate.REFUSED:
        report.refused.append(Refused(each.number, each.line, each.cause, each.name))
    elif each.fate is RecordFate.UNSUPPORTED:
        report.unsupported.append(Unsupported(each.number, each.line, each.cause))
    report.problems += [Problem(each.number, each.line, message) for _kind, message in each.remarks]


# --- around a stored run -----------------------------------------------------------------------------------------


def preview_run(sessions: Sessions, run_id: int, path: Path, shelf: Shelf | None = None) -> None:
    """Make the preview of a run in state reading, and leave it ready. A file that cannot be read fails the run.

    Images are on the ``shelf`` from here on, so that the preview can show them.
    """
    running.claim(run_id)
    try:
        with sessions() as session:
            run = session.get_one(ImportRun, run_id)
            entry, name, target = FORMATS[run.format], run.file_name, Target.from_json(run.options)
        with sessions() as session:
            begin_write(session)
            running.clear_notes(session, run_id)
            session.commit()
        with _reading(path, name, entry, target, shelf) as reading:

            def keep(batch: Batch) -> None:
                with sessions() as session:
                    begin_write(session)
                    running.beat(session, run_id, RunState.READING, reading.share())
                    writing.note_refusals(session, run_id, batch)
                    writing.note_problems(session, run_id, batch)
                    session.commit()

            found = look(sessions, reading.outcomes(), target, keep)
        _ready(sessions, run_id, found)
    except InvalidError as error:
        fail(sessions, run_id, f"{error.message} {error.cure}".strip())
    except BaseException:
        fail(sessions, run_id, "The file could not be read; the program's log says why.")
        raise
    finally:
        running.release(run_id)


def _ready(sessions: Sessions, run_id: int, found: Look) -> None:
    with sessions() as session:
        begin_write(session)
        for each in found.alike:
            note = {"record": each.record, "line": each.line, "kind": Remark.ALIKE, "message": each.message}
            session.add(ImportProblem(run_id=run_id, **note))
        running.beat(session, run_id, RunState.READING, 1000)
        run = session.get_one(ImportRun, run_id)
        run.state, run.counts, run.sample, run.note = RunState.READY, found.to_json(), found.sample, ""
        session.commit()


def fail(sessions: Sessions, run_id: int, note: str) -> None:
    """Mark a preview as failed and say why."""
    with sessions() as session:
        begin_write(session)
        run = session.get_one(ImportRun, run_id)
        if run.state is RunState.READING:
            run.state, run.note = RunState.FAILED, note
        session.commit()


def import_run(sessions: Sessions, run_id: int, path: Path, shelf: Shelf | None = None) -> None:
    """Carry out a run in state importing. A file that cannot be read fails it, with nothing kept."""
    with sessions() as session:
        begin_write(session)
        run = session.get_one(ImportRun, run_id)
        entry, name, target = FORMATS[run.format], run.file_name, Target.from_json(run.options)
        running.clear_notes(session, run_id)
        session.commit()
    try:
        with _reading(path, name, entry, target, shelf) as reading:
            outcomes = reading.outcomes()
            running.carry_out(sessions, run_id, outcomes, share=reading.share, pictures=reading.pictures)
    except InvalidError:
        return  # the run carries the message


def report_of(session: Session, run: ImportRun) -> Report:
    """Return the report of a run from its lines."""
    report = Report({**running.no_counts(), **{name: run.counts.get(name, 0) for name in running.no_counts()}})
    lines = sa.select(ImportRecord.record, ImportRecord.line, ImportRecord.fate, ImportRecord.cause, ImportRecord.name)
    lines = lines.where(ImportRecord.run_id == run.id, ImportRecord.fate.in_(["refused", "unsupported"]))
    for record, line, fate, cause, name in session.execute(lines.order_by(ImportRecord.record, ImportRecord.id)):
        if fate is RecordFate.REFUSED:
            report.refused.append(Refused(record, line, cause, name))
        else:
            report.unsupported.append(Unsupported(record, line, cause))
    problems = sa.select(ImportProblem.record, ImportProblem.line, ImportProblem.message)
    problems = problems.where(ImportProblem.run_id == run.id).order_by(ImportProblem.record, ImportProblem.id)
    report.problems = [Problem(*row) for row in session.execute(problems)]
    return report
