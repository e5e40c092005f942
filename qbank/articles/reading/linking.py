"""Which entry a marker means, and how sure that is. Nothing is linked without saying how."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable

from qbank.articles.document import Citation, CitationStatus, Reference

_YEAR_END = re.compile(r",? \(?((?:19|20)\d\d)[a-z]?\)?$")
_NAME = r"[A-Z][\w'’-]{1,40}"
# "Smith (2023) showed", "Smith and Jones (2023a)", "Smith et al. (2023)": the names are words of the sentence.
_NARRATED = re.compile(rf"\b({_NAME}(?: et al\.?|,? (?:and|&) {_NAME})?) \(((?:19|20)\d\d[a-z]?)\)")
_SURNAME = re.compile(r"[^\W\d_][\w'’-]*")


class Linker:
    """Resolves markers against one reference list and remembers what it found."""

    def __init__(self, references: Iterable[Reference]) -> None:
        self.references = tuple(references)
        self.ambiguous: dict[str, tuple[str, ...]] = {}  # marker -> the ids it could mean
        self.used: set[str] = set()  # ids of cited entries
        self._by_label: dict[str, list[Reference]] = defaultdict(list)
        self._by_identifier: dict[str, list[Reference]] = defaultdict(list)
        self._by_author: dict[tuple[int, str], list[Reference]] = defaultdict(list)
        for reference in self.references:
            self._index(reference)
        self.numbered = any(label.isdigit() for label in self._by_label)

    def _index(self, reference: Reference) -> None:
        if reference.marker:
            self._by_label[reference.marker.casefold()].append(reference)
        for scheme, value in (("doi", reference.doi), ("pmid", reference.pmid), ("url", reference.url)):
            if value:
                self._by_identifier[f"{scheme}:{value}".casefold()].append(reference)
        who = _SURNAME.search(reference.authors or reference.title)
        if who and reference.year:
            self._by_author[reference.year, who.group().casefold()].append(reference)

    def cite(self, marker: str) -> Citation:
        """Return the citation for a marker.

        ``by_number``: the entry itself carries the marker (its number, name, DOI, or author and year).
        ``by_position``: the list is unnumbered and has an entry at that place, which proves nothing.
        ``missing``: no entry, or several, can be meant.
        """
        candidates = self._candidates(marker)
        if len(candidates) == 1:
            return self._linked(marker, CitationStatus.BY_NUMBER, candidates[0])
        if len(candidates) > 1:
            self.ambiguous[marker] = tuple(reference.id for reference in candidates)
            self.used.update(self.ambiguous[marker])
        elif marker.isdigit() and not self.numbered and 1 <= int(marker) <= len(self.references):
            return self._linked(marker, CitationStatus.BY_POSITION, self.references[int(marker) - 1])
        return Citation(marker, CitationStatus.MISSING, None)

    def narrated(self, text: str) -> tuple[str, ...]:
        """Return the markers that a sentence tells in words, as written: ``Smith et al. (2023)``.

        One name before a year may be a place or a trial; it counts only where the list has an entry by that name.
        """
        found = (match for match in _NARRATED.finditer(text))
        return tuple(
            dict.fromkeys(m.group() for m in found if " " in m.group(1).strip() or self._candidates(m.group()))
        )

    def _linked(self, marker: str, status: CitationStatus, reference: Reference) -> Citation:
        self.used.add(reference.id)
        return Citation(marker, status, reference.id)

    def _candidates(self, marker: str) -> list[Reference]:
        if marker.startswith("@"):
            key = marker[1:].casefold()
            return self._by_identifier.get(key) or self._by_label.get(key) or []
        year = _YEAR_END.search(marker)
        who = _SURNAME.match(marker)
        if year and who:
            return self._by_author.get((int(year.group(1)), who.group().casefold()), [])
        return self._by_label.get(marker.casefold(), [])
