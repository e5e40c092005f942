"""An article as read from its text: statements, citations, references, problems.

Pure values. The reader makes them, the drafter, the loader and the pages use them.
Offsets are character offsets into the source text as given (``text[start:end]``), lines count from 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class CitationStatus(StrEnum):
    """How sure it is which reference a marker means."""

    BY_NUMBER = "by_number"
    BY_POSITION = "by_position"  # unconfirmed: the n-th entry of an unnumbered list
    CONFIRMED = "confirmed"  # a person said so
    MISSING = "missing"  # no entry can be meant


@dataclass(frozen=True, slots=True)
class Citation:
    """One marker behind one statement; ``marker`` stays as it was written."""

    marker: str
    status: CitationStatus
    reference: str | None = None  # the id of a `Reference` of the same article


@dataclass(frozen=True, slots=True)
class Statement:
    """One bullet, sentence or table row. ``text`` excludes bullet sign and citation markers."""

    id: str
    text: str
    section: tuple[str, ...]  # headings from the outermost inward
    lead_in: str | None  # "When estrogen levels decline during menopause:"
    line: int
    start: int
    end: int
    citations: tuple[Citation, ...] = ()


@dataclass(frozen=True, slots=True)
class Reference:
    """One entry of the article's reference list, in its order."""

    id: str
    marker: str | None  # the number or key printed before the entry, if any
    kind: str | None  # "Guideline", "Research", ... as the list labels it
    title: str
    authors: str | None = None
    container: str | None = None  # journal, book, site
    year: int | None = None
    doi: str | None = None
    pmid: str | None = None
    url: str | None = None
    line: int = 0


@dataclass(frozen=True, slots=True)
class Problem:
    """Something a person should look at; ``code`` is stable, ``message`` says cause and cure."""

    line: int
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Abbreviation:
    """A short form that the article explains, and the statement that does (None: the title or a heading)."""

    short: str
    long: str
    statement: str | None


@dataclass(frozen=True, slots=True)
class Article:
    """A read article. ``title`` is the question that the article answers."""

    title: str
    status: str | None  # "submitted", "under_review", "approved" or None where not known
    updated: str | None  # ISO date
    headline: str | None
    statements: tuple[Statement, ...]
    references: tuple[Reference, ...]
    problems: tuple[Problem, ...]
    disclaimer: str | None = None
    source_format: str = "text"  # "text", "markdown", "html"

    def statement(self, statement_id: str) -> Statement:
        """Return the statement with this id; KeyError where there is none."""
        for statement in self.statements:
            if statement.id == statement_id:
                return statement
        raise KeyError(statement_id)

    def reference(self, reference_id: str) -> Reference:
        """Return the reference with this id; KeyError where there is none."""
        for reference in self.references:
            if reference.id == reference_id:
                return reference
        raise KeyError(reference_id)
