"""The drafter's report as plain values for `qbank article draft --json`."""

from __future__ import annotations

from typing import Any

from qbank.articles.drafting.values import DraftItem, DraftReport


def report_to_dict(report: DraftReport) -> dict[str, Any]:
    """Return a report as dictionaries and lists, in a fixed order of keys."""
    return {
        "items": [item_to_dict(item) for item in report.items],
        "without_item": [{"statement": name, "reason": reason} for name, reason in report.without_item],
        "problems": [
            {"line": problem.line, "code": problem.code, "message": problem.message} for problem in report.problems
        ],
    }


def item_to_dict(item: DraftItem) -> dict[str, Any]:
    """Return one drafted item as a dictionary."""
    return {
        "id": item.id,
        "rule": item.rule,
        "stem": item.stem,
        "lead_in": item.lead_in,
        "options": [
            {
                "text": option.text,
                "key": option.key,
                "rationale": option.rationale,
                "origin": option.origin,
                "needs_expert": option.needs_expert,
            }
            for option in item.options
        ],
        "objective": item.objective,
        "explanation": item.explanation,
        "statements": list(item.statements),
        "references": list(item.references),
        "key_spans": [{"statement": name, "start": start, "end": end} for name, start, end in item.key_spans],
        "enemy_set": item.enemy_set,
        "confidence": item.confidence,
    }
