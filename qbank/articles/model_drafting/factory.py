"""Which drafter the settings ask for, and how its drafts are made again later."""

from __future__ import annotations

from typing import Any

from qbank.articles.document import Article
from qbank.articles.drafting import Drafter, DraftReport, RuleBasedDrafter
from qbank.articles.model_drafting.answer import check_proposals
from qbank.articles.model_drafting.client import ModelService
from qbank.articles.model_drafting.drafter import FAILED, ModelDrafter, ModelReport, drafts_of
from qbank.lexicon import Lexicon
from qbank.settings import DrafterKind, Settings

KEPT = "model"  # where a stored report keeps what the model proposed


def asks_a_model(settings: Settings) -> bool:
    """Return whether drafting waits for a service: no transaction may be open meanwhile."""
    return settings.drafter is not DrafterKind.RULES


def drafter_of(settings: Settings, lexicon: Lexicon | None = None) -> Drafter:
    """Return the drafter that the settings name; ``lexicon`` is the shipped one where none is given."""
    if not asks_a_model(settings):
        return RuleBasedDrafter(lexicon)
    service = ModelService(
        settings.drafter_url, settings.drafter_model, settings.drafter_key, settings.drafter_timeout_seconds
    )
    return ModelDrafter(
        service,
        with_rules=settings.drafter is DrafterKind.BOTH,
        max_statements=settings.drafter_max_statements,
        lexicon=lexicon,
    )


def failure_of(report: DraftReport) -> str:
    """Return why a model gave no drafts, or an empty text."""
    return next((problem.message for problem in report.problems if problem.code == FAILED), "")


def kept_of(report: DraftReport) -> dict[str, Any]:
    """Return what a stored report keeps of a model's part, as JSON; nothing where rules drafted alone."""
    if not isinstance(report, ModelReport):
        return {}
    proposals = [proposal.model_dump() for proposal in report.proposals]
    return {KEPT: {"with_rules": report.with_rules, "proposals": proposals}}


def redraft(article: Article, stored: dict[str, Any], lexicon: Lexicon | None = None) -> DraftReport:
    """Return the drafts of an article once more, from its stored report: by rules, and as the model proposed then.

    The model is not asked again, so that a confirmed citation changes evidence and nothing else.
    """
    kept = stored.get(KEPT)
    if not kept:
        return RuleBasedDrafter(lexicon).draft(article)
    proposals = check_proposals(kept["proposals"]).proposals
    return drafts_of(article, proposals, rules=None if kept["with_rules"] else (), lexicon=lexicon)
