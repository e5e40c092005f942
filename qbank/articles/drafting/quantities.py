"""Numbers with units in text, and the values that can stand beside them as options."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from qbank.articles.drafting.values import Interval

_NUMBER = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d{1,9}(?:\.\d{1,6})?"
_UNITS = (
    r"%|per ?cent\b|mIU/L\b|mU/L\b|mEq/L\b|mcg/kg\b|g/dL\b|mg/dL\b|ng/mL\b|pg/mL\b|mmol/L\b|nmol/L\b|"
    r"mg/kg\b|g/day\b|mg/day\b|mcg\b|µg\b|μg\b|ug\b|mg\b|kg\b|g\b|IU\b|units?\b|mL\b|ml\b|L\b|mm ?Hg\b|"
    r"mm\b|cm\b|SDs?\b|kcal\b|years?\b|months?\b|weeks?\b|days?\b|hours?\b|minutes?\b"
)
_QUANTITY = re.compile(
    rf"(?<![\w.,/-])(?P<low>{_NUMBER})(?:\s?(?:-|–|—|to|and)\s?(?P<high>{_NUMBER}))?"
    rf"(?P<gap>[ \u00a0-]?)(?P<unit>{_UNITS})(?![/\w])"
)
_TIME = {"year", "month", "week", "day", "hour", "minute"}
# Steps people think in; a distractor between them would look odd.
_STEPS: dict[str, tuple[str, ...]] = {
    "%": ("0.5", "1", "2", "5", "10", "15", "20", "25", "30", "40", "50", "60", "70", "75", "80", "90"),
    "year": ("1", "2", "3", "5", "10", "15", "20", "30"),
    "month": ("1", "3", "6", "12", "18", "24"),
    "week": ("1", "2", "4", "6", "8", "12", "24"),
    "day": ("1", "2", "3", "5", "7", "10", "14", "21", "30"),
    "hour": ("1", "2", "4", "6", "8", "12", "24", "48", "72"),
    "minute": ("5", "10", "15", "30", "45", "60", "90"),
}
_FACTORS = (Decimal("0.25"), Decimal("0.5"), Decimal(2), Decimal(4))
APART = Decimal("1.3")  # values closer than this ratio are not clearly different


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number or range with its unit, at ``text[start:end]``; ``unit`` is singular and in one spelling."""

    low: Decimal
    high: Decimal
    unit: str
    tail: str  # unit as written, with the gap before it
    start: int
    end: int

    @property
    def is_range(self) -> bool:
        """Return whether two numbers were given."""
        return self.low != self.high

    @property
    def value(self) -> Interval:
        """Return lowest and highest value."""
        return self.low, self.high

    @property
    def is_time(self) -> bool:
        """Return whether the unit is one of time."""
        return self.unit in _TIME

    def written(self, low: Decimal, high: Decimal | None = None) -> str:
        """Return another value in the same unit, spelled as this one is."""
        number = plain(low) if high is None or high == low else f"{plain(low)}-{plain(high)}"
        tail = self.tail
        if self.is_time:
            one = high in (None, low) and low == 1
            tail = re.sub(r"s$", "", tail) if one else re.sub(r"(?<!s)$", "s", tail)
        return number + tail


def plain(number: Decimal) -> str:
    """Return a number without exponent and trailing zeros."""
    text = format(number.normalize(), "f")
    return text if text != "-0" else "0"


def unit_name(unit: str) -> str:
    """Return one spelling for a unit: "per cent" is "%", "years" is "year", "µg" is "mcg"."""
    low = unit.strip()
    if low in ("%", "percent", "per cent"):
        return "%"
    if low in ("µg", "μg", "ug", "mcg"):
        return "mcg"
    return low[:-1] if low.endswith("s") and low[:-1] in _TIME | {"unit", "SD"} else low


@lru_cache(maxsize=4096)  # every number is compared with those of every statement
def quantities_in(text: str) -> tuple[Quantity, ...]:
    """Return the quantities of a text from left to right. "age 50" has no unit and is none."""
    return tuple(_quantities(text))


def _quantities(text: str) -> Iterator[Quantity]:
    for match in _QUANTITY.finditer(text):
        low = Decimal(match["low"].replace(",", ""))
        high = Decimal(match["high"].replace(",", "")) if match["high"] else low
        if high >= low:
            yield Quantity(
                low, high, unit_name(match["unit"]), match["gap"] + match["unit"], match.start(), match.end()
            )


def ladder(quantity: Quantity) -> list[Decimal]:
    """Return round values around a single number, the nearest first, each clearly apart from it."""
    key = quantity.low
    if key <= 0:
        return []
    steps = [Decimal(step) for step in _STEPS.get(quantity.unit, ())] or [key * factor for factor in _FACTORS]
    free = [step for step in steps if clearly_apart((step, step), (key, key))]
    return sorted(free, key=lambda step: (max(step, key) / min(step, key), step))


def range_ladder(quantity: Quantity) -> list[Interval]:
    """Return ranges of like width that touch neither the range nor one another, the nearest first."""
    low, high = quantity.value
    if low > 0 and high / low >= 2 and quantity.unit != "%":  # a wide range: like width on the scale of ratios
        base = next((Decimal(step) for step in (4, 10) if high / low < step), None)
        steps = [1 / base, base, 1 / base**2, base**2] if base else []
        return [(low * step, high * step) for step in steps]
    width = high - low
    gap = width * 2
    found = [(low + gap * step, high + gap * step) for step in (-2, -1, 1, 2, 3)]
    top = Decimal(100) if quantity.unit == "%" else Decimal("1e12")
    kept = [pair for pair in found if pair[0] > 0 and pair[1] <= top]
    return sorted(kept, key=lambda pair: (abs(pair[0] - low), pair[0]))


def clearly_apart(first: Interval, second: Interval) -> bool:
    """Return whether two values are disjoint and, as single numbers, differ by a third or more."""
    if first[0] <= second[1] and second[0] <= first[1]:
        return False
    if first[0] != first[1] or second[0] != second[1]:
        return True
    small, large = sorted((abs(first[0]), abs(second[0])))
    return first[0] * second[0] <= 0 or small == 0 or large / small >= APART
