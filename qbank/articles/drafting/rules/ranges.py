"""Range: "1000-1200 mg" is the key; disjoint ranges of like width are the distractors."""

from __future__ import annotations

from collections.abc import Iterator

from qbank.articles.drafting.context import Context
from qbank.articles.drafting.rules.measured import WORDING, number_items
from qbank.articles.drafting.values import Candidate, Refusal, Rule


def propose(context: Context) -> Iterator[Candidate | Refusal]:
    """Yield the items on ranges."""
    yield from number_items(context, "range", lambda quantity: quantity.is_range)


RULE = Rule("range", "a range with its unit: asks for the range", WORDING, propose)
