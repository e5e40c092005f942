"""Numbers, ranges and thresholds in options, with their unit, so that they can be compared."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

_NUMBER = r"[-+−–]?\d{1,3}(?:,\d{3})+(?:\.\d+)?|[-+−–]?\d+(?:\.\d+)?"
_UNIT = r"(?P<unit>[^\d<>≤≥=,;]{0,30})"
_BELOW = r"<|≤|<=|less than|fewer than|below|under|at most|up to|no more than"
_ABOVE = r">|≥|>=|more than|greater than|over|above|at least|no less than"
_ABOUT = r"(?:about|approximately|around|approx\.?|roughly|nearly|~|≈|every|within|after|for)?\s*"
_SINGLE = re.compile(rf"{_ABOUT}(?:(?P<sign>{_BELOW}|{_ABOVE})\s*)?(?P<low>{_NUMBER})\s*{_UNIT}\Z", re.IGNORECASE)
_RANGE = re.compile(
    rf"{_ABOUT}(?:between\s+|from\s+)?(?P<low>{_NUMBER})\s*(?P<unit1>(?!to\b|and\b)[^\d\W]{{0,12}}|[%°]\w?)\s*"
    rf"(?:-|–|—|−|to|and)\s*(?P<high>{_NUMBER})\s*{_UNIT}\Z",
    re.IGNORECASE,
)
_OPEN_END = re.compile(
    rf"{_ABOUT}(?P<low>{_NUMBER})\s*{_UNIT}?\s*(?:(?P<up>or (?:more|higher|greater|older|above)|\+)"
    r"|or (?:less|lower|fewer|younger|below))\Z",
    re.IGNORECASE,
)

# Units by dimension, with their factor to the dimension's base unit.
_TABLE: dict[str, dict[str, float]] = {
    "mass": {"ng": 1e-9, "mcg": 1e-6, "µg": 1e-6, "μg": 1e-6, "ug": 1e-6, "microgram": 1e-6, "mg": 1e-3,
             "milligram": 1e-3, "g": 1.0, "gram": 1.0, "kg": 1e3, "kilogram": 1e3},
    "time": {"s": 1, "sec": 1, "second": 1, "min": 60, "minute": 60, "h": 3600, "hr": 3600, "hour": 3600,
             "d": 86400, "day": 86400, "wk": 604800, "week": 604800, "month": 2629800, "mo": 2629800,
             "yr": 31557600, "y": 31557600, "year": 31557600, "decade": 315576000},
    "volume": {"µl": 1e-6, "μl": 1e-6, "ul": 1e-6, "ml": 1e-3, "cc": 1e-3, "dl": 0.1, "l": 1.0,
               "liter": 1.0, "litre": 1.0},
    "length": {"nm": 1e-9, "µm": 1e-6, "μm": 1e-6, "mm": 1e-3, "cm": 1e-2, "m": 1.0, "km": 1e3},
    "concentration": {"nmol/l": 1e-9, "µmol/l": 1e-6, "μmol/l": 1e-6, "mmol/l": 1e-3, "mol/l": 1.0},
    "mass concentration": {"ng/dl": 1e-8, "ng/ml": 1e-6, "µg/dl": 1e-5, "μg/dl": 1e-5, "mg/dl": 1e-2, "mg/l": 1e-3,
                           "µg/ml": 1e-3, "mcg/ml": 1e-3, "g/dl": 10.0, "g/l": 1.0},
    "share": {"%": 1.0, "percent": 1.0, "per cent": 1.0},
}  # fmt: skip
_UNITS = {name: (dimension, factor) for dimension, members in _TABLE.items() for name, factor in members.items()}


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number, a range or a threshold. A half-open one ends at infinity. ``unit`` is as written, tidied."""

    low: float
    high: float
    unit: str
    kind: str  # "number", "range", "below", "above"
    dimension: str | None = None
    factor: float = 1.0

    @property
    def base(self) -> tuple[float, float]:
        """Return both ends in the base unit of the dimension."""
        return self.low * self.factor, self.high * self.factor


_NAMES = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
_NAMED = re.compile(rf"\b(?:{'|'.join(_NAMES)})\b(?!-)", re.IGNORECASE)
_EVERY = re.compile(r"every (?=(?:other )?(?:minute|hour|day|week|month|year)\Z)", re.IGNORECASE)


def _in_digits(phrase: str) -> str:
    """Return the phrase with "six" as 6, "every month" as every 1 month, "every other day" as every 2 days."""
    phrase = _NAMED.sub(lambda found: str(_NAMES.index(found[0].lower())), phrase)
    return _EVERY.sub("every 1 ", phrase).replace("every 1 other ", "every 2 ")


def quantity(phrase: str) -> Quantity | None:
    """Return what a phrase states if it is one quantity with a unit of at most four words, else None."""
    if len(phrase) > 80:
        return None
    phrase = _in_digits(phrase)
    if not any(character.isdigit() for character in phrase):
        return None
    for pattern, build in ((_OPEN_END, _open_end), (_RANGE, _range), (_SINGLE, _single)):
        found = pattern.match(phrase)
        if found:
            return build(found)
    return None


def _value(text: str) -> float:
    return float(text.replace(",", "").replace("−", "-").replace("–", "-"))


def _made(low: float, high: float, unit: str, kind: str) -> Quantity | None:
    unit = " ".join(unit.lower().split()).strip(" .")
    if len(unit.split()) > 4:
        return None
    known = _UNITS.get(unit) or _UNITS.get(unit.removesuffix("s"))
    if known is None and unit:  # "mg daily", "years after menopause"
        first, _, rest = unit.partition(" ")
        measure = _UNITS.get(first) or _UNITS.get(first.removesuffix("s"))
        if measure:
            return Quantity(low, high, unit, kind, f"{measure[0]} {rest}", measure[1])
    return Quantity(low, high, unit, kind, *(known or (None, 1.0)))


def _range(found: re.Match[str]) -> Quantity | None:
    low, high = sorted((_value(found["low"]), _value(found["high"])))
    return _made(low, high, found["unit"], "range")


def _single(found: re.Match[str]) -> Quantity | None:
    number, sign = _value(found["low"]), (found["sign"] or "").lower()
    if not sign:
        return _made(number, number, found["unit"], "number")
    if re.fullmatch(_BELOW, sign):
        return _made(-math.inf, number, found["unit"], "below")
    return _made(number, math.inf, found["unit"], "above")


def _open_end(found: re.Match[str]) -> Quantity | None:
    number = _value(found["low"])
    if found["up"]:
        return _made(number, math.inf, found["unit"] or "", "above")
    return _made(-math.inf, number, found["unit"] or "", "below")
