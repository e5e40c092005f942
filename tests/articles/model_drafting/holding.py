"""What a report says of a model's part, and what has to hold for all of it."""

from __future__ import annotations

from qbank.articles.document import Article, Problem
from qbank.articles.drafting import DraftReport
from tests.articles.drafting.test_invariants import (
    evidence_is_named,
    facts_share_enemies,
    hedges_survive,
    key_stands_in_its_statement,
    options_are_sound,
    roots,
)


def dropped(report: DraftReport) -> list[str]:
    return [problem.message for problem in report.problems if problem.code == "model_item_dropped"]


def failed(report: DraftReport) -> list[Problem]:
    return [problem for problem in report.problems if problem.code == "model_failed"]


def stem_is_grounded(article: Article, report: DraftReport) -> None:
    for one in report.items:
        if one.rule != "model":
            continue
        statement = article.statement(one.statements[0])
        source = " ".join([article.title, *statement.section, statement.lead_in or "", statement.text])
        assert roots(one.stem) <= roots(f"{source} which what of the following is are")


def every_invariant_holds(article: Article, report: DraftReport) -> None:
    for one in report.items:
        key_stands_in_its_statement(article, one)
        hedges_survive(article, one)
        options_are_sound(one)
        evidence_is_named(article, one)
        assert 0 < one.confidence <= 1
    stem_is_grounded(article, report)
    facts_share_enemies(report)
    with_item = {name for one in report.items for name in one.statements}
    without = [name for name, reason in report.without_item if reason]
    assert sorted([*with_item, *without]) == sorted(statement.id for statement in article.statements)
