"""Which options an item of 2.x or 3.0 takes for right, and which feedback it shows for which.

The key is what the response declaration calls correct; else what its mapping gives most points (match_correct and
map_response need no more); else what the response processing compares the response with.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from lxml import etree


@dataclass(slots=True)
class Scoring:
    """The identifiers of the right options, and where each feedback belongs."""

    keys: set[str] = field(default_factory=set)
    shown_for: dict[str, set[str]] = field(default_factory=dict)  # feedback -> options that it is shown for
    shown_if_right: set[str] = field(default_factory=set)
    shown_if_wrong: set[str] = field(default_factory=set)
    remarks: list[str] = field(default_factory=list)


def read_scoring(item: etree._Element, response: str, multiple: bool) -> Scoring:
    """Return the scoring of an ``assessmentItem`` for one response variable."""
    scoring = Scoring()
    declaration = next((part for part in item.iter("responseDeclaration") if part.get("identifier") == response), None)
    if declaration is not None:
        correct = declaration.find("correctResponse")
        if correct is not None:
            scoring.keys = {_text(value) for value in correct.iter("value")}
        _read_mapping(declaration, scoring, multiple)
    for condition in item.iter("responseCondition"):
        _read_condition(condition, response, scoring)
    return scoring


def _read_mapping(declaration: etree._Element, scoring: Scoring, multiple: bool) -> None:
    points = {
        entry.get("mapKey") or "": number
        for entry in declaration.iter("mapEntry")
        if (number := _number(entry.get("mappedValue"))) is not None
    }
    if not points:
        return
    best = max(points.values())
    if not scoring.keys and best > 0:
        scoring.keys = {name for name, number in points.items() if number == best or (multiple and number > 0)}
    partial = [name for name, number in points.items() if number and not (name in scoring.keys and number == best)]
    if partial:
        scoring.remarks.append("points other than all or nothing were left out: the bank scores the key only")


def _read_condition(condition: etree._Element, response: str, scoring: Scoring) -> None:
    """Note what a response condition says about one option, and about right and wrong as a whole."""
    for branch in condition:
        options, is_key = _compared(branch, response)
        shown = _outcomes(branch, "identifier")
        if options:
            for name in shown:
                scoring.shown_for.setdefault(name, set()).update(options)
            if not scoring.keys and any((_number(value) or 0) > 0 for value in _outcomes(branch, "float", "integer")):
                scoring.keys |= options
        elif is_key:
            scoring.shown_if_right |= shown
        elif branch.tag == "responseElse":
            scoring.shown_if_wrong |= shown


def _compared(branch: etree._Element, response: str) -> tuple[set[str], bool]:
    """Return the options that a branch compares the response with, and whether it compares with the key."""
    options: set[str] = set()
    for test in (*branch.iterchildren("match"), *branch.iterchildren("member"), *branch.iterchildren("or")):
        if any(variable.get("identifier") == response for variable in test.iter("variable")):
            options |= {_text(value) for value in test.iter("baseValue") if value.get("baseType") == "identifier"}
            if any(True for _ in test.iter("correct")):
                return set(), True
    return options, False


def _outcomes(branch: etree._Element, *bases: str) -> set[str]:
    """Return the constants that a branch itself assigns to outcomes; branches inside it speak for themselves."""
    return {
        _text(value)
        for rule in branch.iterchildren("setOutcomeValue")
        for value in rule.iter("baseValue")
        if value.get("baseType") in bases
    }


def _text(element: etree._Element) -> str:
    return (element.text or "").strip()


def _number(text: str | None) -> float | None:
    try:
        number = float(text or "")
    except ValueError:
        return None
    return number if math.isfinite(number) else None
