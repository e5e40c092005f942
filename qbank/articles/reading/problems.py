"""What a person should look at in a read article: one line each, with place, cause and cure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from qbank.articles.document import CitationStatus, Problem, Reference, Statement
from qbank.articles.reading.blocks import Source
from qbank.articles.reading.linking import Linker
from qbank.articles.reading.markers import find_marks
from qbank.articles.reading.outline import Outline
from qbank.articles.reading.statements import Gathered

UNTITLED = "Untitled article"
_SHOWN = 12  # lines or ids named in one message


def _named(values: Iterable[object]) -> str:
    listed = [str(value) for value in values]
    more = f" and {len(listed) - _SHOWN} more" if len(listed) > _SHOWN else ""
    return ", ".join(listed[:_SHOWN]) + more


def collect_problems(
    source: Source, outline: Outline, gathered: Gathered, statements: tuple[Statement, ...], linker: Linker
) -> tuple[Problem, ...]:
    """Return every problem of a read article, in the order of its lines."""
    found = [*source.problems, *outline.problems]
    found += _lead_ins(source, gathered, linker)
    found += _frame(outline, statements)
    found += _markers(statements, linker)
    found += _entries(outline, linker, any(s.citations for s in statements))
    found += _duplicate_statements(statements)
    return tuple(sorted(found, key=lambda problem: problem.line))


def _frame(outline: Outline, statements: tuple[Statement, ...]) -> Iterator[Problem]:
    if outline.title is None:
        yield Problem(1, "no_title", "no title was found above the text; put the question on the first line.")
    if not statements:
        yield Problem(outline.title_line, "no_statements", "the text holds no statement under its title.")
    if outline.skipped:
        lines = sorted(dict.fromkeys(outline.skipped))
        yield Problem(
            lines[0],
            "page_furniture",
            f"taken for page furniture, not for content: {'line' if len(lines) == 1 else 'lines'}"
            f" {_named(lines)}. Take these lines out of the file if that is right, else word them differently.",
        )


def _lead_ins(source: Source, gathered: Gathered, linker: Linker) -> Iterator[Problem]:
    """Report markers on lead-in lines. They count as uses of their entries but are tied to no statement."""
    for passage in gathered.lead_ins:
        markers = [marker for mark in find_marks(passage.text) for marker in mark.markers]
        for marker in markers:
            linker.cite(marker)
        yield Problem(
            source.index.line(passage.start),
            "lead_in_marker",
            f"the lead-in line cites {_named(markers)}; which of the statements under it rest on that is not"
            " said, so none was linked. Put the marker on each statement that it supports.",
        )


def _markers(statements: tuple[Statement, ...], linker: Linker) -> Iterator[Problem]:
    missing: dict[str, list[int]] = defaultdict(list)
    by_position: dict[str, list[int]] = defaultdict(list)
    for statement in statements:
        for citation in statement.citations:
            if citation.status is CitationStatus.MISSING:
                missing[citation.marker].append(statement.line)
            elif citation.status is CitationStatus.BY_POSITION:
                by_position[citation.marker].append(statement.line)
    for marker, lines in missing.items():
        where = f"cited in {'line' if len(lines) == 1 else 'lines'} {_named(lines)}"
        if marker in linker.ambiguous:
            meant = _named(linker.ambiguous[marker])
            yield Problem(
                lines[0], "ambiguous_marker", f"marker {marker} ({where}) could mean {meant}; choose one of them."
            )
        elif linker.references:
            yield Problem(
                lines[0],
                "marker_without_entry",
                f"marker {marker} ({where}) has no entry in the reference list of {len(linker.references)};"
                " add the entry or link the marker by hand.",
            )
    if by_position:
        beyond = [marker for marker in missing if marker.isdigit()]
        positions = _named(sorted(map(int, by_position)))
        tail = f" Markers {_named(beyond)} lie beyond the list, so it is incomplete." if beyond else ""
        yield Problem(
            linker.references[0].line,
            "position_numbering_unsafe",
            f"the {len(linker.references)} entries carry no numbers; markers {positions} were linked by"
            f" position, which is unsafe, and each link needs a person's confirmation.{tail}",
        )


def _entries(outline: Outline, linker: Linker, cited: bool) -> Iterator[Problem]:
    if not linker.references:
        line = outline.references_line or outline.title_line
        tail = "; the markers in the text have nothing to point at" if cited else ""
        yield Problem(line, "no_references", f"the article has no reference list{tail}. Add one under 'References'.")
        return
    for reference in linker.references:
        if reference.id not in linker.used:
            yield Problem(
                reference.line,
                "entry_never_cited",
                f"entry {reference.marker or reference.id} ({reference.title[:80]}) is cited nowhere.",
            )
    yield from _duplicate_entries(linker.references)


def _duplicate_entries(references: tuple[Reference, ...]) -> Iterator[Problem]:
    seen: dict[tuple[str, str], Reference] = {}
    for reference in references:
        words = "".join(c for c in reference.title.casefold() if c.isalnum())
        keys = [("title", f"{words} {reference.year}")]
        keys += [(k, v.casefold()) for k, v in (("doi", reference.doi), ("pmid", reference.pmid)) if v]
        first = next((seen[key] for key in keys if key in seen), None)
        if first is not None:
            yield Problem(
                reference.line,
                "duplicate_entry",
                f"entry {reference.marker or reference.id} repeats {first.marker or first.id} of line"
                f" {first.line}; keep one of them.",
            )
        for key in keys:
            seen.setdefault(key, reference)


def _duplicate_statements(statements: tuple[Statement, ...]) -> Iterator[Problem]:
    seen: dict[str, Statement] = {}
    for statement in statements:
        words = " ".join(statement.text.casefold().split()).rstrip(".")
        first = seen.setdefault(words, statement)
        if first is not statement:
            yield Problem(
                statement.line,
                "duplicate_statement",
                f"statement {statement.id} says the same as {first.id} in line {first.line}; both were kept.",
            )
