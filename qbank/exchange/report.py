"""What a reader says about a file, record by record: nothing is dropped silently.

A reader yields one outcome for every record it finds: the item, or why there is none. Remarks on a record that
was read all the same are `Problem` values; they do not count as records.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TypeAlias

from qbank.items.record import ItemRecord


@dataclass(frozen=True, slots=True)
class Refused:
    """A record that cannot become an item. ``cause`` says what is wrong and what mends it."""

    record: int  # counts from 1
    line: int  # counts from 1; 0 where the format has no lines
    cause: str
    name: str = ""  # the record's own id, where it could be read

    def to_json(self) -> dict[str, object]:
        """Return the entry of a report's ``refused`` list."""
        return {"record": self.record, "line": self.line, "cause": self.cause}


@dataclass(frozen=True, slots=True)
class Unsupported:
    """A record of a type that the bank does not hold, by the type's name ("matching")."""

    record: int
    line: int
    type: str

    def to_json(self) -> dict[str, object]:
        """Return the entry of a report's ``unsupported`` list."""
        return {"record": self.record, "line": self.line, "type": self.type}


@dataclass(frozen=True, slots=True)
class Problem:
    """A remark on a record that was read all the same: something was changed or left out, and is named."""

    record: int
    line: int
    message: str

    def to_json(self) -> dict[str, object]:
        """Return the entry of a report's ``problems`` list."""
        return {"record": self.record, "line": self.line, "message": self.message}


Outcome: TypeAlias = ItemRecord | Refused | Unsupported | Problem


@dataclass(slots=True)
class ReadResult:
    """A whole file's outcomes, sorted by kind; for callers that do not need to stream."""

    items: list[ItemRecord] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    unsupported: list[Unsupported] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    @property
    def found(self) -> int:
        """Return how many records the file holds."""
        return len(self.items) + len(self.refused) + len(self.unsupported)


def collect(outcomes: Iterable[Outcome]) -> ReadResult:
    """Return the outcomes of one file, each in the list of its kind."""
    result = ReadResult()
    for outcome in outcomes:
        if isinstance(outcome, ItemRecord):
            result.items.append(outcome)
        elif isinstance(outcome, Refused):
            result.refused.append(outcome)
        elif isinstance(outcome, Unsupported):
            result.unsupported.append(outcome)
        else:
            result.problems.append(outcome)
    return result
