"""A look at a file before anything is written: counts, samples, flaws, duplicates, codes that mean nothing here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.orm import Session, sessionmaker

from qbank.exchange.likeness import Alike, Likeness
from qbank.exchange.models import RecordFate
from qbank.exchange.planning import BATCH, Batch, Planned, Planner, Remark, SeenBefore, batches
from qbank.exchange.report import Outcome
from qbank.exchange.shape import value_of
from qbank.exchange.target import DIMENSIONS, Target
from qbank.items import taxonomy
from qbank.items.flaws import CHECKS, check_item, shipped_lexicon
from qbank.items.record import ItemRecord

SAMPLE = 20  # items that the preview shows
NAMED = 5  # records named for each kind of flaw
MAX_CODES = 100  # different codes of one field
_RULES = {check.code: check.rule for check in CHECKS}
_FIELD_OF = {
    taxonomy.Dimension.SYSTEM: "systems",
    taxonomy.Dimension.DISCIPLINE: "disciplines",
    taxonomy.Dimension.TASK: "tasks",
}


@dataclass(slots=True)
class FlawKind:
    """One kind of flaw over a file: how many items have it, and the first records that do."""

    rule: str  # the rule of item writing behind it
    severity: str
    items: int = 0
    records: list[int] = field(default_factory=list)

    def add(self, record: int) -> None:
        """Count one item."""
        self.items += 1
        if len(self.records) < NAMED:
            self.records.append(record)

    def to_json(self) -> dict[str, Any]:
        """Return it as a run keeps it."""
        return {"rule": self.rule, "severity": self.severity, "items": self.items, "records": self.records}


@dataclass(slots=True)
class Look:
    """What a file would bring, all of its records looked at.

    ``codes`` counts the codes, by field, that the bank's taxonomy lacks; ``alike`` holds the first of the
    ``alike_total`` questions that are nearly the same as another.
    """

    counts: dict[str, int]
    sample: list[dict[str, Any]] = field(default_factory=list)
    alike: list[Alike] = field(default_factory=list)
    alike_total: int = 0
    flaws: Counter[str] = field(default_factory=Counter)  # by severity
    kinds: dict[str, FlawKind] = field(default_factory=dict)  # by code
    checked: int = 0
    codes: dict[str, dict[str, int]] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return the part that a run keeps in its counts."""
        return {
            **self.counts,
            "flaws": dict(self.flaws),
            "kinds": [self.kinds[code].to_json() for code in sorted(self.kinds, key=self._most_items_first)],
            "checked": self.checked,
            "codes": self.codes,
            "alike": self.alike_total,
        }

    def _most_items_first(self, code: str) -> tuple[int, str]:
        return -self.kinds[code].items, code


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
            found.alike, found.alike_total = likeness.find(session), likeness.total
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
    if all(kind is not Remark.DUPLICATE for kind, _message in each.remarks):  # which says more than a likeness
        likeness.add(each.number, each.name, each.record)
    _check(each.number, each.record, found)


def _check(number: int, record: ItemRecord, found: Look) -> None:
    flaws = check_item(record, lexicon=shipped_lexicon())
    found.checked += 1
    found.flaws.update(str(flaw.severity) for flaw in flaws)
    for code, severity in {flaw.code: flaw.severity for flaw in reversed(flaws)}.items():  # the gravest counts
        if code not in found.kinds:
            found.kinds[code] = FlawKind(_RULES[code], str(severity))
        found.kinds[code].add(number)
