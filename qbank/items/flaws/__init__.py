"""Flaw checks: known faults of item writing, each found by one small rule. Pure; half-written items are welcome.

The rules are those of the NBME item-writing guide, of Haladyna and Downing, and of Tarrant's list of flaws. To
add a check, write its `Check` in the module it belongs to and name it once in the list below.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any

from qbank.items.flaws import (
    balance,
    completeness,
    cues,
    lead_in,
    likeness,
    links,
    numeric,
    option_wording,
    overlap,
)
from qbank.items.flaws.finding import BankCheck, Check, Finding, Severity, finding
from qbank.items.flaws.reading import Reading, SemanticTypes
from qbank.items.record import ItemRecord

__all__ = [
    "BANK_CHECKS",
    "CHECKS",
    "BankCheck",
    "BankChecker",
    "Check",
    "Finding",
    "Severity",
    "check_bank",
    "check_item",
]

CHECKS: tuple[Check, ...] = (
    completeness.NO_KEY,
    completeness.SEVERAL_KEYS,
    completeness.TOO_FEW_OPTIONS,
    option_wording.DUPLICATE_OPTIONS,
    lead_in.NO_QUESTION,
    lead_in.UNFOCUSED_STEM,
    lead_in.NEGATIVE_LEAD_IN,
    lead_in.BLANK_NOT_AT_END,
    lead_in.HINGED,
    lead_in.LONG_STEM,
    option_wording.ALL_OF_THE_ABOVE,
    option_wording.NONE_OF_THE_ABOVE,
    option_wording.COMPLEX_OPTIONS,
    option_wording.TRUE_FALSE_SERIES,
    option_wording.ABSOLUTE_TERM,
    option_wording.VAGUE_TERM,
    likeness.UNLIKE_OPTIONS,
    numeric.OPTION_ORDER,
    numeric.OVERLAPPING_OPTIONS,
    numeric.MIXED_UNITS,
    cues.GRAMMAR_CUE,
    cues.LONGEST_KEY,
    cues.WORD_REPEAT,
    cues.CONVERGENCE,
    cues.EXHAUSTIVE_PAIR,
    completeness.MISSING_RATIONALE,
    completeness.MISSING_REFERENCE,
)

BANK_CHECKS: tuple[BankCheck[Any], ...] = (
    balance.KEY_POSITION,
    balance.KEY_LONGEST_RATE,
    overlap.NEAR_DUPLICATE,
    overlap.CROSS_CUE,
    links.DANGLING_REFERENCE,
)

_WEIGHT = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.HINT: 2}


def check_item(record: ItemRecord, *, lexicon: SemanticTypes | None = None) -> list[Finding]:
    """Return the flaws of one item, errors first. ``lexicon`` is the shipped one where none is given."""
    reading = Reading(record, lexicon or shipped_lexicon())
    found = [hit for check in CHECKS for hit in check.findings(reading)]
    return sorted(found, key=lambda hit: _WEIGHT[hit.severity])


def check_bank(records: Iterable[ItemRecord]) -> list[Finding]:
    """Return the flaws that show only over all items of a file or bank; `check_item` finds those of each."""
    checker = BankChecker()
    for record in records:
        checker.add(record)
    return checker.findings()


class BankChecker:
    """The checks over many items, fed one item at a time."""

    def __init__(self, checks: tuple[BankCheck[Any], ...] = BANK_CHECKS) -> None:
        self._checks = [(check, check.start()) for check in checks]

    def add(self, record: ItemRecord) -> None:
        """Take one item; only what the checks need of it is kept."""
        reading = Reading(record)
        for check, memory in self._checks:
            check.add(memory, reading)

    def findings(self) -> list[Finding]:
        """Return what all items together show."""
        return [
            finding(check.code, check.severity, item, hit)
            for check, memory in self._checks
            for item, hit in check.find(memory)
        ]


@cache
def shipped_lexicon() -> SemanticTypes:
    """Return the shipped lexicon, read once."""
    from qbank.lexicon import load_lexicon

    loaded: SemanticTypes = load_lexicon()
    return loaded
