"""From the lines of one reference entry to its fields.

Understood: title and journal on lines of their own; "Authors. Title. Journal. 2010;16(3):1-9." (the order of
the ICMJE's examples); "Authors (2010). Title. Journal." (the order of APA style); "Title. Journal, 2010".
What fits none of them becomes the title as a whole, so nothing is lost.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

from qbank.articles.document import Reference
from qbank.articles.reading.entries import Entry

_DOI = re.compile(r"(?:https?://(?:dx\.)?doi\.org/|\bdoi\s*[: ]\s*|\b)(10\.\d{4,9}/[^\s\"<>]{1,300})", re.IGNORECASE)
_PMID = re.compile(r"\b(?:pmid|pubmed id)\s*[: ]?\s*(\d{4,9})\b\.?", re.IGNORECASE)
_PUBMED_URL = re.compile(r"https?://(?:www\.)?(?:pubmed\.ncbi\.nlm\.nih\.gov|ncbi\.nlm\.nih\.gov/pubmed)/(\d{4,9})/?")
_URL = re.compile(
    r"(?:\b(?:url|available (?:at|from)|retrieved from|link)\s*:?\s*)?"
    r"(https?://[^\s\"<>]{1,1000}?)(?=[.,;:)\]]{0,3}(?:[\s\"<>]|$))",
    re.IGNORECASE,
)
_LONGEST = 4_000  # characters of an entry; longer text is no citation and is kept whole as its title
_EMPTIED = re.compile(r"\bdoi: ?$|\( ?\)|< ?>|\[ ?\]", re.IGNORECASE)  # left where an identifier stood
_PMCID = re.compile(r"\bpmcid\s*[: ]?\s*PMC\d{4,9}\b\.?", re.IGNORECASE)
_YEAR = re.compile(r"(?<![\d./-])(?:19|20)\d\d(?=[a-z]?(?![\d/]))")
_APA = re.compile(r"(.{2,600}?)\s*\(((?:19|20)\d\d)[a-z]?(?:, [A-Z][a-z]{2,8}(?: \d{1,2})?)?\)[.,:]?\s+(\S.*)")
_BETWEEN_AUTHORS = re.compile(r"\s*(?:[,;&]|\band\b)\s*")
_SURNAME = r"[^\W\d_][\w'’-]{0,40}(?: [^\W\d_][\w'’-]{1,40}){0,3}"
_INITIALS = r"(?:[A-Z]\.?[ -]?){1,4}"
_SURNAME_ONLY = re.compile(_SURNAME + "$")
_INITIALS_ONLY = re.compile(_INITIALS + "$")
_FULL_NAME = re.compile(rf"{_SURNAME} {_INITIALS}$")
_OTHERS = re.compile(r",?\s*(?:et al|and others)\.?$")
_SENTENCE_INSIDE = re.compile(r"[a-z]{3,}\. ")
_PART_END = re.compile(r"(?<=[.?!])\s+(?=\S)")
_TAIL = " ,.;:("


@dataclass(slots=True)
class _Fields:
    title: str = ""
    authors: str | None = None
    container: str | None = None
    year: int | None = None


@dataclass(slots=True)
class _Identifiers:
    doi: str | None = None
    pmid: str | None = None
    url: str | None = None


def _take(pattern: re.Pattern[str], text: str) -> tuple[str | None, str]:
    match = pattern.search(text)
    if match is None:
        return None, text
    return match.group(1) if match.groups() else match.group(), text[: match.start()] + text[match.end() :]


def _identifiers(lines: list[str]) -> tuple[_Identifiers, list[str]]:
    """Take DOI, PMID and URL out of the lines; lines that held nothing else are gone."""
    found = _Identifiers()
    left: list[str] = []
    for line in lines:
        pubmed, line = _take(_PUBMED_URL, line)
        doi, line = _take(_DOI, line)
        pmid, line = _take(_PMID, line)
        _, line = _take(_PMCID, line)
        url, line = _take(_URL, line)
        found.doi = found.doi or (_trim_doi(doi) if doi else None)
        found.pmid = found.pmid or pmid or pubmed
        found.url = found.url or (url.rstrip(".,;)") if url else None)
        line = _EMPTIED.sub("", " ".join(line.split())).replace(" .", ".").strip()
        if line.strip(" .,;:"):
            left.append(line)
    return found, left


def _trim_doi(doi: str) -> str:
    """Return a DOI without the punctuation that follows it in a sentence."""
    doi = doi.rstrip(".,;:]")
    while doi.endswith(")") and doi.count("(") < doi.count(")"):
        doi = doi[:-1]
    return doi


def _year(text: str) -> int | None:
    years = _YEAR.findall(text)
    return int(years[-1]) if years else None


def _container(text: str) -> tuple[str | None, int | None]:
    """Split "Human reproduction update, 2010" or "J Bone. 2010;16:1-9." into container and year."""
    match = _YEAR.search(text) if len(_YEAR.findall(text)) < 2 else list(_YEAR.finditer(text))[-1]
    if match is None:
        return text.rstrip(_TAIL) or None, None
    name = text[: match.start()].rstrip(_TAIL) or text[match.end() :].lstrip(" ,.;:)").rstrip(_TAIL)
    return name or None, int(match.group())


def is_authors(text: str) -> bool:
    """Say whether a part of an entry is a list of authors: "Smith AB, Jones C", "Smith, A. B.", "Smith et al."."""
    if not text or len(text) > 2000:
        return False
    names = _OTHERS.sub("", text)
    shortened = names != text
    parts = [part for part in _BETWEEN_AUTHORS.split(names.strip()) if part]
    surname = False  # a surname waits for its initials
    for part in parts:
        if _INITIALS_ONLY.match(part) and surname:
            surname = False
        elif surname and not shortened:
            return False
        elif _FULL_NAME.match(part):
            surname = False
        elif _SURNAME_ONLY.match(part):
            surname = True
        else:
            return False
    return bool(parts) and (shortened or not surname)


def _from_lines(lines: list[str]) -> _Fields:
    """Read title, container and perhaps authors from lines of their own."""
    fields = _Fields()
    rest = list(lines)
    if len(rest) > 2 and is_authors(rest[0]):
        fields.authors = rest.pop(0)
    fields.title = rest.pop(0)
    if len(rest) > 1 and is_authors(rest[0]):
        fields.authors = fields.authors or rest.pop(0)
    if rest:
        fields.container, fields.year = _container(" ".join(rest))
    fields.year = fields.year or _year(" ".join(lines))
    return fields


def _from_citation(text: str) -> _Fields:
    """Read a citation written on one line."""
    fields = _Fields()
    apa = _APA.match(text)
    if apa and not _SENTENCE_INSIDE.search(apa.group(1).replace("et al.", "et al")):
        fields.authors, fields.year = apa.group(1).strip(" ,"), int(apa.group(2))
        parts = [p.strip() for p in _PART_END.split(apa.group(3), maxsplit=1)]
    else:
        parts = [p.strip() for p in _PART_END.split(text, maxsplit=200)]
        parts = _with_authors(parts, fields)
    fields.title = parts[0].rstrip(".") if parts else text
    if len(parts) > 1:
        fields.container, year = _container(" ".join(parts[1:]))
        fields.year = fields.year or year
    elif fields.year is None and (match := re.match(r"(.{3,}?), ((?:19|20)\d\d)\.?$", text)):
        fields.title, fields.year = match.group(1), int(match.group(2))
    fields.year = fields.year or _year(text)
    return fields


def _with_authors(parts: list[str], fields: _Fields) -> list[str]:
    """Take the authors off the front; initials with stops are put together again first."""
    for count in range(min(len(parts) - 1, 40), 0, -1):
        candidate = " ".join(parts[:count])
        if len(candidate) < 600 and is_authors(candidate):
            fields.authors = candidate if candidate.endswith("al.") else candidate.rstrip(".")
            return parts[count:]
    return parts


def _is_wrapped(lines: list[str]) -> bool:
    """Say whether the lines are one citation broken to fit a width rather than fields."""
    return any(
        after[0].islower() or line[-1] in ",;-&" or (len(line) >= 60 and line[-1] not in ".?!")
        for line, after in pairwise(lines)
    ) or (len(lines) > 1 and len(_PART_END.split(lines[0], maxsplit=3)) > 2)


def read_reference(entry: Entry, reference_id: str, line: int) -> Reference:
    """Return the reference that an entry's lines describe. The title is never empty if the entry is not."""
    whole = " ".join(entry.lines)
    if len(whole) > _LONGEST:
        return Reference(reference_id, entry.label, entry.kind, whole, line=line)
    identifiers, lines = _identifiers(entry.lines)
    if not lines:
        fields = _Fields(title=whole or entry.kind or "")
    elif len(lines) == 1 or (entry.kind is None and _is_wrapped(lines)):
        fields = _from_citation(" ".join(lines))
    else:
        fields = _from_lines(lines)
    return Reference(
        id=reference_id,
        marker=entry.label,
        kind=entry.kind,
        title=fields.title,
        authors=fields.authors,
        container=fields.container,
        year=fields.year,
        doi=identifiers.doi,
        pmid=identifiers.pmid,
        url=identifiers.url,
        line=line,
    )
