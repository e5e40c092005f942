"""What drafting wants a person to look at in an article."""

from __future__ import annotations

from dataclasses import dataclass

from qbank.articles.models import ArticleRevision


@dataclass(frozen=True)
class ReportedProblem:
    """What drafting wants a person to look at, with the statement on that line ("" where there is none)."""

    line: int
    code: str
    message: str
    statement: str


def problems(revision: ArticleRevision) -> list[ReportedProblem]:
    """Return what drafting reported of a revision, contradictions first, each with its line and statement."""
    at = {statement.line: statement.key for statement in reversed(revision.statements)}
    found = [
        ReportedProblem(row["line"], row["code"], row["message"], at.get(row["line"], ""))
        for row in revision.drafting_report.get("problems", [])
    ]
    return sorted(found, key=lambda problem: (problem.code != "contradiction", problem.line))
