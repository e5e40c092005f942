"""The flaw checks as the pages show them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from qbank.items.flaws import check_item
from qbank.items.record import ItemRecord
from qbank.lexicon import Lexicon, load_lexicon

ORDER = {"error": 0, "warning": 1, "hint": 2}
PLACES = {"stem": "Stem", "lead_in": "Lead-in", "explanation": "Explanation", "objective": "Objective"}


@dataclass(frozen=True, slots=True)
class Note:
    """One finding with the name of its place on the page."""

    severity: str
    code: str
    place: str
    message: str
    suggestion: str
    field: str = ""  # as the checks name it: "stem", "options[2].text"


@cache
def shipped_lexicon() -> Lexicon:
    """Return the shipped lexicon, read once a process."""
    return load_lexicon()


def findings(record: ItemRecord) -> list[Note]:
    """Return what the checks say of an item, worst first."""
    found = sorted(
        check_item(record, lexicon=shipped_lexicon()),
        key=lambda each: (ORDER[each.severity], -1 if each.option is None else each.option, each.code),
    )
    return [
        Note(
            severity=str(each.severity),
            code=each.code,
            place=f"Option {chr(65 + each.option)}" if each.option is not None else PLACES.get(each.field, ""),
            message=each.message,
            suggestion=each.suggestion,
            field=each.field,
        )
        for each in found
    ]
