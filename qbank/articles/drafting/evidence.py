"""Explanations and rationales: every word of evidence is quoted, every gap is named."""

from __future__ import annotations

from qbank.articles.document import Article, Citation, CitationStatus, Statement
from qbank.articles.drafting.values import Candidate, Distractor


def explanation(article: Article, statement: Statement, support: tuple[Statement, ...] = ()) -> str:
    """Return the explanation: the statement quoted, then what each of its citation markers resolves to."""
    where = f' (under "{statement.section[-1]}")' if statement.section else ""
    parts = [f'The article states{where}: "{quote(statement)}"']
    parts.extend(f'It also states: "{quote(other)}"' for other in support)
    parts.append(references_in_words(article, statement))
    return "\n\n".join(parts)


def quote(statement: Statement) -> str:
    """Return a statement's text for quoting, with its lead-in where it needs one."""
    lead_in = (statement.lead_in or "").strip()
    return f"{lead_in} {statement.text}".strip() if lead_in else statement.text


def references_in_words(article: Article, statement: Statement) -> str:
    """Return what a statement's citations resolve to, and where a link is missing or unconfirmed."""
    if not statement.citations:
        return "The article gives no citation for this statement."
    return "\n".join(_citation_in_words(article, citation) for citation in statement.citations)


def _citation_in_words(article: Article, citation: Citation) -> str:
    if citation.status is CitationStatus.MISSING or citation.reference is None:
        return f"Citation marker {citation.marker} has no entry in the article's reference list."
    entry = article.reference(citation.reference)
    name = ", ".join(
        str(part) for part in (entry.title.rstrip("."), entry.authors, entry.container, entry.year) if part
    )
    if citation.status is CitationStatus.BY_POSITION:
        return f"Reference: {name} (marker {citation.marker}; linked by its position in the list, not confirmed)."
    return f"Reference: {name}."


def reference_ids(statements: list[Statement]) -> tuple[str, ...]:
    """Return the ids of the references that the statements resolve to, each once, in their order."""
    found = [
        citation.reference
        for statement in statements
        for citation in statement.citations
        if citation.reference is not None and citation.status is not CitationStatus.MISSING
    ]
    return tuple(dict.fromkeys(found))


def key_rationale(statement: Statement) -> str:
    """Return why the key is right: the statement, quoted."""
    return f'Correct. The article states: "{quote(statement)}"'


def distractor_rationale(article: Article, candidate: Candidate, distractor: Distractor) -> str:
    """Return why a distractor is wrong: the contradiction where there is one, else that support is missing."""
    because = f" {distractor.because}" if distractor.because else ""
    if distractor.contradicted_by is None:
        text = "The article does not support this answer, and nothing in it rules it out: an expert should confirm it."
        return f"Incorrect. {text}{because}"
    statement = article.statement(distractor.contradicted_by)
    if statement.id == candidate.statement.id and because:
        return f"Incorrect; the article contradicts it.{because}"
    return f'Incorrect; the article contradicts it.{because} It states: "{quote(statement)}"'
