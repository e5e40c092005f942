"""The drafting rules. Adding one: its module, its test, and its line here; the order settles ties."""

from __future__ import annotations

from collections.abc import Collection

from qbank.articles.drafting.rules import (
    cause,
    class_member,
    cloze,
    comparison,
    contrast,
    definition,
    indication,
    list_member,
    parts,
    polarity,
    polarity_grid,
    quantity,
    ranges,
    rather_than,
    subject,
    table_row,
    threshold,
)
from qbank.articles.drafting.values import Rule
from qbank.errors import QBankError

RULES: tuple[Rule, ...] = (
    contrast.RULE,
    cause.RULE,
    rather_than.RULE,
    polarity.RULE,
    polarity_grid.RULE,
    threshold.RULE,
    table_row.RULE,
    ranges.RULE,
    quantity.RULE,
    comparison.RULE,
    class_member.RULE,
    list_member.RULE,
    parts.RULE,
    definition.RULE,
    indication.RULE,
    subject.RULE,
    cloze.RULE,
)


class UnknownRuleError(QBankError):
    """A rule was named that does not exist."""


def select_rules(names: Collection[str] | None) -> tuple[Rule, ...]:
    """Return the rules of these names in their usual order; None means those that are on by default."""
    if names is None:
        return tuple(rule for rule in RULES if rule.default)
    known = {rule.name for rule in RULES}
    unknown = sorted(set(names) - known)
    if unknown:
        raise UnknownRuleError(
            f"no such drafting rule: {', '.join(unknown)}",
            cure=f"Choose from {', '.join(rule.name for rule in RULES)}.",
        )
    return tuple(rule for rule in RULES if rule.name in set(names))
