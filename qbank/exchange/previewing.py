"""A look at a file before anything is written: counts, samples, flaws, duplicates, codes that mean nothing here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.orm import Session, sessionmaker

from qbank.exchange.likeness import Alike, Likeness
from qbank.exchange.models import RecordFate
from qbank.exchange.planning import BATCH, Batch, Planned, Planner, SeenBefore, batches
from qbank.exchange.report import Outcome
from qbank.exchange.shape import value_of
from qbank.exchange.target import DIMENSIONS, Target
from qbank.items import taxonomy
from qbank.items.flaws import check_item, shipped_lexicon
from qbank.items.record import ItemRecord

SAMPLE = 20  # items that the preview shows
CHECKED = 1_000  # items that the flaw checks look at
MAX_CODES = 100  # different codes of one field
_FIELD_OF = {
    taxonomy.Dimension.SYSTEM: "systems",
    taxonomy.Dimension.DISCIPLINE: "disciplines",
    taxonomy.Dimension.TASK: "tasks",
}


@dataclass(slots=True)
class Look:
    """What a file would bring. ``codes`` counts the codes, by field, that the bank's taxonomy lacks."""

    counts: dict[str, int]
    sample: list[dict[str, Any]] = field(default_factory=list)
    alike: list[Alike] = field(default_factory=list)
    flaws: Counter[str] = field(default_factory=Counter)  # by severity
    checked: int = 0
    codes: dict[str, dict[str, int]] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return the part that a run keeps in its counts."""
        return {
            **self.counts,
            "flaws": dict(self.flaws),
            "checked": self.checked,
            "codes": self.codes,
            "alike": [[each.record, each.line, each.name, each.item, round(each.share, 3)] for each in self.alike],
        }


class _Codes:
    """Counts the codes of a file as the file names them, before they are mapped."""

    def __init__(self) -> None:
        self.counts: dict[str, Counter[str]] = {name: Counter() for name in (*DIMENSIONS, "tags")}

    def watch(self, outcomes: Iterable[Outcome]) -> Iterator[Outcome]:
        for outcome in outcomes:
            if isinstance(outcome, ItemRecord):
                for name, counter in self.counts.items():
                    for code in getattr(outcome, name):
                        if len(counter) < MAX_CODES or code in counter:
                            counter[code] += 1
            yield outcome

    def unknown(self, session: Session) -> dict[str, dict[str, int]]:
        """Return the codes that the bank lacks, and the categories among the tags, most frequent first."""
        known = {_FIELD_OF[dimension]: {t.code for t in taxa} for dimension, taxa in taxonomy.taxa(session).items()}
        found = {
            name: {code: n for code, n in self.counts[name].most_common() if code not in known[name]}
            for name in DIMENSIONS
        }
        found["tags"] = {tag: n for tag, n in self.counts["tags"].most_common() if tag.startswith("category:")}
        return found


def look(
    sessions: sessionmaker[Session],
    outcomes: Iterable[Outcome],
    target: Target,
    on_batch: Callable[[Batch], None],
) -> Look:
    """Compare a file with the bank; ``on_batch`` is shown every planned batch. Writes nothing itself."""
    from qbank.exchange.running import add_counts, no_counts

    found, likeness, codes, seen = Look(no_counts()), Likeness(), _Codes(), SeenBefore()
    try:
        for batch in batches(codes.watch(outcomes), target, BATCH):
            with sessions() as session:
                Planner(session, seen).plan(batch)
            add_counts(found.counts, batch)
            for each in batch.records:
                _take(each, found, likeness)
            on_batch(batch)
        with sessions() as session:
            found.alike = likeness.find(session)
            found.codes = codes.unknown(session)
    finally:
        seen.close()
    return found


def _take(each: Planned, found: Look, likeness: Likeness) -> None:
    if each.record is None or each.fate is RecordFate.REFUSED:
        return
    if len(found.sample) < SAMPLE:
        remarks = [message for _kind, message in each.remarks]
        found.sample.append(
            {
                "record": each.number,
                "line": each.line,
                "name": each.name,
                "fate": str(each.fate),
                "remarks": remarks,
                "item": value_of(each.record),
            }
        )
    if each.fate is RecordFate.UNCHANGED:
        return
    likeness.add(each.number, each.name, each.record)
    if found.checked < CHECKED:
        found.checked += 1
        found.flaws.update(str(flaw.severity) for flaw in check_item(each.record, lexicon=shipped_lexicon()))
