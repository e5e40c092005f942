"""How many items are eligible, in all and next to every choice, before anything is created.

Two kinds of reading, whatever the number of items: one grouped count of the pool, answered from its index, and the
rows of what the learner has touched or marked. The rest is arithmetic over cells of equal items.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from qbank import clock
from qbank.accounts.models import Person
from qbank.blocks.criteria import EXCLUSIVE, Criteria
from qbank.blocks.models import LearnerItem, Mark
from qbank.blocks.passes import latest_pass
from qbank.items.models import PoolEntry

IN_PROGRESS = "in_progress"
UNUSED = "unused"


@dataclass(frozen=True, slots=True)
class Counts:
    """How many items are eligible, and how many each choice would leave given the other dimensions.

    ``statuses`` also holds "in_progress": live items that are in an open block of the learner. They are in no
    new block, because one block would give the other away, and so in no other number.
    """

    total: int
    systems: dict[int, int] = field(default_factory=dict)
    disciplines: dict[int, int] = field(default_factory=dict)
    tasks: dict[int, int] = field(default_factory=dict)
    difficulties: dict[str, int] = field(default_factory=dict)
    statuses: dict[str, int] = field(default_factory=dict)


class _Cell(NamedTuple):
    """Items that no filter tells apart."""

    system: int
    task: int
    difficulty: str
    disciplines: str
    status: str = UNUSED
    marked: bool = False
    ever_incorrect: bool = False
    recent: bool = False  # seen within ``not_seen_days``


def count_eligible(session: Session, person: Person, criteria: Criteria) -> Counts:
    """Return the exact counts of live items for this learner. Four queries at most."""
    return _facets(_cells(session, person, criteria), criteria)


def _cells(session: Session, person: Person, criteria: Criteria) -> Counter[_Cell]:
    place = (PoolEntry.system_id, PoolEntry.task_id, PoolEntry.difficulty, PoolEntry.disciplines)
    query = sa.select(*place, sa.func.count()).where(PoolEntry.pretest.is_(False)).group_by(*place)
    cells: Counter[_Cell] = Counter()
    for system, task, difficulty, disciplines, n in session.execute(query):
        cells[_Cell(system, task, difficulty, disciplines)] = n
    marks = sa.select(Mark.item_id, *place).join(PoolEntry, PoolEntry.item_id == Mark.item_id)
    marks = marks.where(Mark.person_id == person.id, PoolEntry.pretest.is_(False))
    marked = {
        item_id: _Cell(system, task, difficulty, disciplines)
        for item_id, system, task, difficulty, disciplines in session.execute(marks)
    }
    for cell, item_id in _touched(session, person, criteria):
        cells[_Cell(cell.system, cell.task, cell.difficulty, cell.disciplines)] -= 1
        cells[cell._replace(marked=marked.pop(item_id, None) is not None)] += 1
    for cell in marked.values():
        cells[cell] -= 1
        cells[cell._replace(marked=True)] += 1
    return cells


def _touched(session: Session, person: Person, criteria: Criteria) -> list[tuple[_Cell, int]]:
    current = latest_pass(session, person)
    if current is None:
        return []
    since = seen_since(criteria, clock.now())
    query = (
        sa.select(
            PoolEntry.system_id, PoolEntry.task_id, PoolEntry.difficulty, PoolEntry.disciplines,
            LearnerItem.status, LearnerItem.ever_incorrect, LearnerItem.last_seen_at, LearnerItem.item_id,
        )
        .join(PoolEntry, PoolEntry.item_id == LearnerItem.item_id)
        .where(LearnerItem.pass_id == current.id, PoolEntry.pretest.is_(False))
    )  # fmt: skip
    return [
        (_Cell(system, task, difficulty, taxa, str(status), False, ever, since is not None and seen > since), item_id)
        for system, task, difficulty, taxa, status, ever, seen, item_id in session.execute(query)
    ]


def seen_since(criteria: Criteria, now: datetime) -> datetime | None:
    """Return the time after which an item must not have been seen; None where that does not matter."""
    return None if criteria.not_seen_days is None else now - timedelta(days=criteria.not_seen_days)


def _ids(disciplines: str) -> tuple[int, ...]:
    return tuple(int(part) for part in disciplines.split(",") if part)


def _facets(cells: Counter[_Cell], criteria: Criteria) -> Counts:
    """Add up the cells. A choice's own dimension does not narrow its number; all the others do."""
    counts = Counts(0)
    statuses: Counter[str] = Counter(dict.fromkeys((*EXCLUSIVE, IN_PROGRESS, "marked", "ever_incorrect"), 0))
    total = 0
    parsed: dict[str, tuple[int, ...]] = {}
    want_marked, want_ever = "marked" in criteria.statuses, "ever_incorrect" in criteria.statuses
    exclusive = criteria.exclusive
    for cell, n in cells.items():
        if n <= 0 or cell.recent:
            continue
        taxa = parsed.get(cell.disciplines)
        if taxa is None:
            taxa = parsed[cell.disciplines] = _ids(cell.disciplines)
        content = _content_misses(cell, taxa, criteria)
        if content is None:
            continue
        marks = (want_marked and not cell.marked) + 2 * (want_ever and not cell.ever_incorrect)
        in_exclusive = not exclusive or cell.status in exclusive
        if content == "":
            _add_statuses(statuses, cell, n, marks, in_exclusive)
        if marks or not in_exclusive or cell.status == IN_PROGRESS:
            continue
        if content == "":
            total += n
        _add_content(counts, cell, taxa, n, content)
    return Counts(total, counts.systems, counts.disciplines, counts.tasks, counts.difficulties, dict(statuses))


def _content_misses(cell: _Cell, taxa: tuple[int, ...], criteria: Criteria) -> str | None:
    """Return the one dimension of content whose choice the cell fails, "" for none, None for several."""
    missed = ""
    if criteria.systems and cell.system not in criteria.systems:
        missed += "s"
    if criteria.tasks and cell.task not in criteria.tasks:
        missed += "t"
    if criteria.difficulties and cell.difficulty not in criteria.difficulties:
        missed += "d"
    if criteria.disciplines and criteria.disciplines.isdisjoint(taxa):
        missed += "x"
    return missed if len(missed) < 2 else None


def _add_statuses(statuses: Counter[str], cell: _Cell, n: int, marks: int, in_exclusive: bool) -> None:
    """``marks``: 1 the cell fails the chosen "marked", 2 the chosen "ever incorrect", 3 both."""
    if marks == 0:
        statuses[cell.status] += n
    if not in_exclusive or cell.status == IN_PROGRESS:
        return
    if cell.marked and not marks & 2:
        statuses["marked"] += n
    if cell.ever_incorrect and not marks & 1:
        statuses["ever_incorrect"] += n


def _add_content(counts: Counts, cell: _Cell, taxa: tuple[int, ...], n: int, missed: str) -> None:
    """A cell that misses one dimension counts only next to that dimension's choices."""
    if missed in ("", "s"):
        counts.systems[cell.system] = counts.systems.get(cell.system, 0) + n
    if missed in ("", "t"):
        counts.tasks[cell.task] = counts.tasks.get(cell.task, 0) + n
    if missed in ("", "d") and cell.difficulty:
        counts.difficulties[cell.difficulty] = counts.difficulties.get(cell.difficulty, 0) + n
    if missed in ("", "x"):
        for taxon in taxa:
            counts.disciplines[taxon] = counts.disciplines.get(taxon, 0) + n
