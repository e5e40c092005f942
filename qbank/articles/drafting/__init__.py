"""From statements to multiple-choice drafts: deterministic, grounded, and open about what it cannot know. Pure."""

from qbank.articles.drafting.pipeline import RuleBasedDrafter, draft_items
from qbank.articles.drafting.rules import RULES, UnknownRuleError
from qbank.articles.drafting.values import Drafter, DraftItem, DraftOption, DraftReport

__all__ = [
    "RULES",
    "DraftItem",
    "DraftOption",
    "DraftReport",
    "Drafter",
    "RuleBasedDrafter",
    "UnknownRuleError",
    "draft_items",
]
