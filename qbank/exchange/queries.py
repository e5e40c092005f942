"""Queries of the exchange pages; each a fixed number of statements whatever was imported."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from qbank.accounts.models import Person
from qbank.errors import NotFoundError
from qbank.exchange.models import ImportProblem, ImportRecord, ImportRun, RecordFate, RunState
from qbank.exchange.planning import Remark

SHOWN = 200  # lines of one list on a page; the report holds all
_HIDDEN = (RunState.RECEIVING, RunState.DISCARDED)


@dataclass(frozen=True)
class Line:
    """One record or remark on a page."""

    record: int
    line: int
    name: str
    text: str


def find(session: Session, token: str) -> ImportRun:
    """Return a run by the token in its address. Raises NotFoundError."""
    run = session.scalar(sa.select(ImportRun).where(ImportRun.token == token))
    if run is None:
        raise NotFoundError("There is no such import.")
    return run


def recent(session: Session, limit: int = 20) -> list[tuple[ImportRun, str | None]]:
    """Return the latest runs with the names of the people who began them."""
    query = (
        sa.select(ImportRun, Person.name)
        .outerjoin(Person, Person.id == ImportRun.person_id)
        .where(ImportRun.state.not_in(_HIDDEN))
        .order_by(ImportRun.id.desc())
        .limit(limit)
    )
    return [(run, name) for run, name in session.execute(query)]


def refusals(session: Session, run: ImportRun) -> list[Line]:
    """Return the first records that were turned down or are of a type that the bank does not hold."""
    query = (
        sa.select(ImportRecord)
        .where(ImportRecord.run_id == run.id, ImportRecord.fate.in_([RecordFate.REFUSED, RecordFate.UNSUPPORTED]))
        .order_by(ImportRecord.record, ImportRecord.id)
        .limit(SHOWN)
    )
    return [Line(each.record, each.line, each.name, _cause(each.fate, each.cause)) for each in session.scalars(query)]


def _cause(fate: RecordFate, cause: str) -> str:
    return f"The bank does not hold items of the type {cause}." if fate is RecordFate.UNSUPPORTED else cause


def remarks(session: Session, run: ImportRun) -> dict[Remark, list[Line]]:
    """Return the first remarks of each kind."""
    found: dict[Remark, list[Line]] = {}
    for kind in Remark:
        query = (
            sa.select(ImportProblem.record, ImportProblem.line, ImportProblem.message)
            .where(ImportProblem.run_id == run.id, ImportProblem.kind == kind)
            .order_by(ImportProblem.record, ImportProblem.id)
            .limit(SHOWN)
        )
        found[kind] = [Line(record, line, "", message) for record, line, message in session.execute(query)]
    return found


def imported_names(session: Session, run: ImportRun, limit: int = 20) -> list[tuple[int, str]]:
    """Return the first items that the run brought: id and external id."""
    query = (
        sa.select(ImportRecord.item_id, ImportRecord.name)
        .where(ImportRecord.run_id == run.id, ImportRecord.version_id.is_not(None))
        .order_by(ImportRecord.record)
        .limit(limit)
    )
    return [(item_id, name) for item_id, name in session.execute(query) if item_id is not None]


def _defused(text: object) -> object:
    """Keep a spreadsheet from taking a text for a formula."""
    return f"'{text}" if isinstance(text, str) and text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def report_rows(session: Session, run: ImportRun) -> Iterator[str]:
    """Yield the report as lines of CSV: one for each record, then one for each remark."""
    yield _csv(["record", "line", "what", "id", "cause or remark"])
    lines = sa.select(
        ImportRecord.record, ImportRecord.line, ImportRecord.fate, ImportRecord.name, ImportRecord.cause
    ).where(ImportRecord.run_id == run.id)
    for record, line, fate, name, cause in session.execute(
        lines.order_by(ImportRecord.record, ImportRecord.id).execution_options(yield_per=1000)
    ):
        yield _csv([record, line, str(fate), name, cause])
    notes = sa.select(ImportProblem.record, ImportProblem.line, ImportProblem.message)
    notes = notes.where(ImportProblem.run_id == run.id).order_by(ImportProblem.record, ImportProblem.id)
    for record, line, message in session.execute(notes.execution_options(yield_per=1000)):
        yield _csv([record, line, "remark", "", message])


def _csv(row: list[Any]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer).writerow([_defused(value) for value in row])
    return buffer.getvalue()
