"""A read article as plain JSON values: the shape that scripts rely on."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from qbank.articles.document import Article
from qbank.articles.reading.abbreviations import find_abbreviations


def article_to_dict(article: Article) -> dict[str, Any]:
    """Return title, status, updated, headline, disclaimer, format, statements, references, abbreviations, problems."""
    return {
        "title": article.title,
        "status": article.status,
        "updated": article.updated,
        "headline": article.headline,
        "disclaimer": article.disclaimer,
        "format": article.source_format,
        "statements": [
            {
                "id": statement.id,
                "text": statement.text,
                "section": list(statement.section),
                "lead_in": statement.lead_in,
                "line": statement.line,
                "start": statement.start,
                "end": statement.end,
                "citations": [
                    {"marker": c.marker, "status": c.status.value, "reference": c.reference}
                    for c in statement.citations
                ],
            }
            for statement in article.statements
        ],
        "references": [asdict(reference) for reference in article.references],
        "abbreviations": [asdict(found) for found in find_abbreviations(article.title, article.statements)],
        "problems": [asdict(problem) for problem in article.problems],
    }
