"""Reading numbers, ranges and thresholds."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qbank.items.flaws.quantities import quantity


@pytest.mark.parametrize(
    ("phrase", "low", "high", "unit", "kind"),
    [
        ("5", 5, 5, "", "number"),
        ("-2.5", -2.5, -2.5, "", "number"),
        ("−2.5", -2.5, -2.5, "", "number"),
        ("1,200 mg daily", 1200, 1200, "mg daily", "number"),
        ("about 40%", 40, 40, "%", "number"),
        ("1000-1200 mg", 1000, 1200, "mg", "range"),
        ("10% to 20%", 10, 20, "%", "range"),
        ("-2 to -1", -2, -1, "", "range"),
        ("< 5 mm", -math.inf, 5, "mm", "below"),
        ("at least 65 years", 65, math.inf, "years", "above"),
        ("65 years or older", 65, math.inf, "years", "above"),
        ("six months", 6, 6, "months", "number"),
        ("every month", 1, 1, "month", "number"),
        ("Every other day", 2, 2, "day", "number"),
    ],
)  # fmt: skip
def test_a_quantity_is_read(phrase: str, low: float, high: float, unit: str, kind: str) -> None:
    found = quantity(phrase)
    assert found is not None
    assert (found.low, found.high, found.unit, found.kind) == (low, high, unit, kind)


@pytest.mark.parametrize(
    "phrase",
    ["", "Estrogen", "Denosumab 60 mg", "Type 2 diabetes", "IL-6", "5 mg of a drug a day at night", "2024-01-02"],
)
def test_what_only_contains_a_number_is_no_quantity(phrase: str) -> None:
    assert quantity(phrase) is None


def test_units_of_one_dimension_compare_in_the_base_unit() -> None:
    gram, milligram = quantity("1 g"), quantity("500 mg")
    assert gram is not None
    assert milligram is not None
    assert gram.dimension == milligram.dimension
    assert gram.base[0] > milligram.base[0]


@given(st.text(alphabet="0123456789-–.,<>≥ %mgto", max_size=40))
def test_any_text_is_a_quantity_with_ends_in_order_or_none(text: str) -> None:
    found = quantity(text)
    assert found is None or found.low <= found.high
