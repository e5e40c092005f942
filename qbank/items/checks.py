"""The flaw checks as the pages show them."""

from __future__ import annotations

from functools import cache

from qbank.items.flaws import Finding, check_item
from qbank.items.record import ItemRecord
from qbank.lexicon import Lexicon, load_lexicon

ORDER = {"error": 0, "warning": 1, "hint": 2}


@cache
def shipped_lexicon() -> Lexicon:
    """Return the shipped lexicon, read once a process."""
    return load_lexicon()


def findings(record: ItemRecord) -> list[Finding]:
    """Return what the checks say of an item, worst first."""
    found = check_item(record, lexicon=shipped_lexicon())
    return sorted(found, key=lambda finding: (ORDER[finding.severity], finding.option or 0, finding.code))
