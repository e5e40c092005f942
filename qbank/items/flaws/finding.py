"""What a flaw check is and what it says."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Generic, TypeVar

from qbank.items.record import ItemRecord, OptionRecord, ReferenceRecord

if TYPE_CHECKING:
    from qbank.items.flaws.reading import Reading


class Severity(StrEnum):
    """How much a finding weighs. An item with an error cannot be used; the rest is for the author to judge."""

    ERROR = "error"
    WARNING = "warning"
    HINT = "hint"


@dataclass(frozen=True, slots=True)
class Finding:
    """One flaw at one place. Offsets are characters of the named field's Markdown, ``text[start:end]``."""

    item: str | None  # None where the finding is about a whole file
    code: str
    severity: Severity
    option: int | None  # counts from 0
    start: int
    end: int
    message: str
    suggestion: str
    field: str = ""  # "stem", "lead_in", "options[2].text", ...; empty for a whole item or file

    def to_json(self) -> dict[str, object]:
        """Return the finding as the command's JSON gives it."""
        return {
            "item": self.item,
            "code": self.code,
            "severity": str(self.severity),
            "option": self.option,
            "start": self.start,
            "end": self.end,
            "message": self.message,
            "suggestion": self.suggestion,
            "field": self.field,
        }


@dataclass(frozen=True, slots=True)
class Hit:
    """What one check found at one place; `Check` adds the code, the item and the severity."""

    message: str
    suggestion: str
    field: str = ""
    start: int = 0
    end: int = 0
    option: int | None = None
    severity: Severity | None = None  # where one hit weighs less than the check's own severity


@dataclass(frozen=True, slots=True)
class Check:
    """One check of one item.

    ``rule`` is the rule of item writing behind it, ``fires`` and ``quiet`` are items on which it must and must
    not speak: they are its documentation and its tests.
    """

    code: str
    rule: str
    severity: Severity
    find: Callable[[Reading], Iterable[Hit]]
    fires: tuple[ItemRecord, ...] = ()
    quiet: tuple[ItemRecord, ...] = ()

    def findings(self, reading: Reading) -> Iterator[Finding]:
        """Yield the findings on one item."""
        for hit in self.find(reading):
            yield finding(self.code, self.severity, reading.record.name, hit)


def finding(code: str, severity: Severity, item: str | None, hit: Hit) -> Finding:
    """Return a hit as a finding on an item."""
    return Finding(
        item, code, hit.severity or severity, hit.option, hit.start, hit.end, hit.message, hit.suggestion, hit.field
    )


Bank = TypeVar("Bank")


@dataclass(frozen=True, slots=True)
class BankCheck(Generic[Bank]):
    """One check over all items of a file or bank. It keeps what it needs of each, and speaks at the end.

    ``start`` makes its empty memory, ``add`` takes one item into it, ``find`` yields items' names with hits.
    """

    code: str
    rule: str
    severity: Severity
    start: Callable[[], Bank]
    add: Callable[[Bank, Reading], None]
    find: Callable[[Bank], Iterable[tuple[str | None, Hit]]]
    fires: tuple[tuple[ItemRecord, ...], ...] = ()
    quiet: tuple[tuple[ItemRecord, ...], ...] = ()


def letter(index: int) -> str:
    """Return the letter of an option: 0 is A."""
    return chr(ord("A") + index) if index < 26 else f"option {index + 1}"


def letters(indices: Iterable[int]) -> str:
    """Return the letters of options as a phrase: "A, B and D"."""
    names = [letter(index) for index in indices]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}" if names else ""


def example(stem: str, lead_in: str, *options: str, name: str = "example") -> ItemRecord:
    """Return a short item for a check's examples; ``*`` in front marks the key. It lacks nothing else."""
    return ItemRecord(
        stem=stem,
        lead_in=lead_in or None,
        options=tuple(
            OptionRecord(text.removeprefix("*"), key=text.startswith("*"), rationale="Because.") for text in options
        ),
        external_id=name,
        references=(ReferenceRecord(title="A source."),),
    )
