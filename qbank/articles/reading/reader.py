"""Reading an article: take the text apart, sort the parts, find statements and references, link them."""

from __future__ import annotations

from dataclasses import replace

from qbank.articles.document import Article, Reference, Statement
from qbank.articles.reading import html, markdown, text
from qbank.articles.reading.bare import highest_marker
from qbank.articles.reading.blocks import Source
from qbank.articles.reading.decoding import check_text, decode
from qbank.articles.reading.entries import split_entries
from qbank.articles.reading.formats import sniff
from qbank.articles.reading.linking import Linker
from qbank.articles.reading.outline import Outline, sort_out
from qbank.articles.reading.passage import mask_private
from qbank.articles.reading.problems import UNTITLED, collect_problems
from qbank.articles.reading.references import read_reference
from qbank.articles.reading.statements import Found, finish, gather

_READERS = {"text": text.take_apart, "markdown": markdown.take_apart, "html": html.take_apart}


def read_article(source: str, *, name: str | None = None) -> Article:
    """Return the article that ``source`` holds: plain text, Markdown or saved HTML, told by its content.

    ``name`` is a file's name, a hint only where the content does not tell. Every statement satisfies: the
    source from ``start`` to ``end`` is its text, apart from citation markers, markup, line breaks and white
    space, and the signs between table cells. Raises `ArticleError` where the text is unusable.
    """
    check_text(source)
    masked = mask_private(source)
    taken = _READERS[sniff(masked, name)](masked)
    outline = sort_out(taken)
    references = _read_references(taken, outline)
    gathered = gather(outline.body)
    printed = [int(r.marker) for r in references if r.marker and r.marker.isdigit()]
    found = finish(gathered, highest_marker(len(references), printed))
    linker = Linker(references)
    statements = tuple(_statement(taken, linker, f, at) for at, f in enumerate(found, start=1))
    problems = collect_problems(taken, outline, gathered, statements, linker)
    return Article(
        title=outline.title or UNTITLED,
        status=outline.status,
        updated=outline.updated,
        headline=outline.headline,
        statements=statements,
        references=references,
        problems=problems,
        disclaimer=outline.disclaimer,
        source_format=taken.format,
    )


def _read_references(source: Source, outline: Outline) -> tuple[Reference, ...]:
    entries = split_entries(outline.references)
    return tuple(
        read_reference(entry, f"r{at}", source.index.line(entry.start)) for at, entry in enumerate(entries, start=1)
    )


def _statement(source: Source, linker: Linker, found: Found, number: int) -> Statement:
    passage = found.passage
    return Statement(
        id=f"s{number:02}",
        text=passage.text,
        section=found.section,
        lead_in=found.lead_in,
        line=source.index.line(passage.start),
        start=passage.start,
        end=passage.end,
        citations=tuple(linker.cite(m) for m in dict.fromkeys([*linker.narrated(passage.text), *found.markers])),
    )


def read_article_bytes(data: bytes, name: str | None = None) -> Article:
    """Return the article in a file's bytes; see `decode` for encodings and `read_article` for the rest.

    Offsets count in the decoded text without byte order mark and with ``\\n`` as line end, which is how a
    text file is read. Raises `ArticleError`.
    """
    source, problems = decode(data)
    article = read_article(source, name=name)
    return replace(article, problems=(*problems, *article.problems)) if problems else article
