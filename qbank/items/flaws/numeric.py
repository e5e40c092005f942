"""Checks of options that are numbers: in order, apart, in one unit."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import combinations

from qbank.items.flaws.finding import Check, Hit, Severity, example, letter, letters
from qbank.items.flaws.quantities import Quantity
from qbank.items.flaws.reading import OptionReading, Reading

_LEAD_IN = "Approximately what is the yearly bone loss in these women?"


def numeric_options(reading: Reading) -> list[tuple[OptionReading, Quantity]]:
    """Return the options with their quantities if each is one, else nothing."""
    found = [(option, option.quantity) for option in reading.options]
    numeric = [(option, value) for option, value in found if value is not None]
    return numeric if len(numeric) == len(found) >= 2 else []


def _comparable(values: Sequence[Quantity]) -> bool:
    """Say whether the quantities can be put in order: one dimension, or one unit, or no unit."""
    dimensions = {value.dimension or f"unit {value.unit.removesuffix('s')}" for value in values}
    return len(dimensions - {"unit "}) <= 1


def _option_order(reading: Reading) -> Iterator[Hit]:
    options = numeric_options(reading)
    if len(options) < 3 or not _comparable([value for _, value in options]):
        return
    middles = [_place(value) for _, value in options]
    if middles in (sorted(middles), sorted(middles, reverse=True)):
        return
    misplaced = next(index for index in range(1, len(middles)) if middles[index] < middles[index - 1])
    option = options[misplaced][0]
    right = sorted(range(len(middles)), key=middles.__getitem__)
    yield Hit(
        f"The numbers are not in order: {letter(option.index)} ({option.phrase}) is smaller than the one before it.",
        "Sort them: " + ", ".join(options[index][0].phrase for index in right) + ".",
        option.field,
        0,
        len(option.text),
        option.index,
    )


def _place(value: Quantity) -> tuple[float, float]:
    low, high = value.base
    if math.isinf(low):
        return (high, -1.0)  # "< 5" comes before "5-10"
    return (low, 1.0) if math.isinf(high) else (low, high - low if high > low else 0.0)


def _overlapping_options(reading: Reading) -> Iterator[Hit]:
    options = numeric_options(reading)
    values = [value for _, value in options]
    if (
        not options
        or not _comparable(values)
        or (values[0].kind in {"below", "above"} and len({v.kind for v in values}) == 1)
    ):
        return  # thresholds of one direction ("below which value?") are separate answers
    for (first, one), (second, other) in combinations(options, 2):
        (low, high), (other_low, other_high) = one.base, other.base
        start, end = max(low, other_low), min(high, other_high)
        if one.kind == other.kind == "number" or start > end or _excludes_end(one, other, start, end):
            continue
        touching = start == end and "number" not in {one.kind, other.kind}
        what = "share an end" if touching else "overlap"
        yield Hit(
            f"{letter(first.index)} ({first.phrase}) and {letter(second.index)} ({second.phrase}) "
            f"{what}: both can be right.",
            "Make the ranges disjoint, with a gap or with ends that belong to one of them only.",
            second.field,
            0,
            len(second.text),
            second.index,
            Severity.HINT if touching else None,
        )


def _excludes_end(one: Quantity, other: Quantity, start: float, end: float) -> bool:
    """Say whether the only common value is the end of an open threshold, as in "< 5" and "5-10"."""
    return start == end and ("below" in {one.kind, other.kind} or "above" in {one.kind, other.kind})


def _mixed_units(reading: Reading) -> Iterator[Hit]:
    options = numeric_options(reading)
    units = [value.unit.removesuffix("s") for _, value in options]
    if len(set(units)) < 2:
        return
    most = max(units, key=lambda unit: (units.count(unit), -units.index(unit)))
    others = [index for index, unit in enumerate(units) if unit != most]
    option = options[others[0]][0]
    named = letters(options[index][0].index for index in others)
    yield Hit(
        f"The options are in different units: {named} {'is' if len(others) == 1 else 'are'} not in "
        f"{_unit_name(options[units.index(most)][1].unit)}.",
        "Give all options in one unit.",
        option.field,
        0,
        len(option.text),
        option.index,
    )


def _unit_name(unit: str) -> str:
    return f"'{unit}'" if unit else "bare numbers"


OPTION_ORDER = Check(
    "option_order",
    "Numeric options stand in order.",
    Severity.WARNING,
    _option_order,
    fires=(
        example("", _LEAD_IN, "1%", "*2%", "5%", "4%"),
        example("", "For how long?", "2 weeks", "*1 year", "3 months"),
        example("", "Which range?", "1000-1200 mg", "*400-600 mg", "2000-2500 mg"),
    ),
    quiet=(
        example("", _LEAD_IN, "1%", "*2%", "4%", "5%"),
        example("", _LEAD_IN, "40%", "*30%", "20%"),
        example("", "For how long?", "2 weeks", "*3 months", "1 year"),
        example("", "Which T-score?", "-1.0", "*-1.5", "-2.0", "-2.5"),
        example("", "Which range?", "< 5 mg", "*5-10 mg", "> 10 mg"),
        example("", "Which drug?", "Drug 3", "*Drug 1", "Drug 2"),
    ),
)
OVERLAPPING_OPTIONS = Check(
    "overlapping_options",
    "Options exclude one another.",
    Severity.WARNING,
    _overlapping_options,
    fires=(
        example("", "Which range?", "10-20%", "*15-30%", "40-50%"),
        example("", "Which range?", "0-10 years", "*10-20 years", "25-30 years"),
        example("", "Which range?", "< 10 mg", "*5-8 mg", "> 20 mg"),
        example("", "What share?", "10-20%", "*15%", "40%"),
    ),
    quiet=(
        example("", "Which range?", "10-19%", "*20-29%", "30-39%"),
        example("", "Which range?", "< 5 mg", "*5-10 mg", "> 10 mg"),
        example("", "Below which T-score?", "Below -1", "*Below -1.5", "Below -2"),
        example("", "What share?", "10%", "*15%", "40%"),
    ),
)
MIXED_UNITS = Check(
    "mixed_units",
    "Numeric options are in one unit.",
    Severity.WARNING,
    _mixed_units,
    fires=(
        example("", "Which dose?", "500 mg", "*1 g", "1500 mg"),
        example("", "Which interval?", "2 weeks", "*6 weeks", "3 months"),
        example("", "Which share?", "10%", "*20", "30%"),
    ),
    quiet=(
        example("", "Which dose?", "500 mg", "*1000 mg", "1500 mg"),
        example("", "Which interval?", "1 week", "*2 weeks", "3 weeks"),
        example("", "Which drug?", "Denosumab 60 mg", "*Denosumab 1 g", "Alendronate 10 mg"),
    ),
)
