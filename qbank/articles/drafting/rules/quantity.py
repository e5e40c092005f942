"""Quantity: a number with its unit is the key; other values of the unit are the distractors."""

from __future__ import annotations

from collections.abc import Iterator

from qbank.articles.drafting.context import Context
from qbank.articles.drafting.rules.measured import WORDING, number_items
from qbank.articles.drafting.values import Candidate, Refusal, Rule


def propose(context: Context) -> Iterator[Candidate | Refusal]:
    """Yield the items on single numbers."""
    yield from number_items(context, "quantity", lambda quantity: not quantity.is_range)


RULE = Rule("quantity", "number and unit (dose, per cent, interval, years): asks for the number", WORDING, propose)
