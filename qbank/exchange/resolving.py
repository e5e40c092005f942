"""Codes, references and vignettes of many records resolved a batch at a time, so that queries do not grow with them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache

import sqlalchemy as sa

from qbank.exchange import rendering
from qbank.items import references
from qbank.items.record import ItemRecord, ReferenceRecord
from qbank.items.records import Resolver
from qbank.items.references import Reference, ReferenceAlias, ensure_references
from qbank.items.vignettes import ensure_vignette, find_vignettes, vignette_name

fingerprint = lru_cache(maxsize=4096)(references.fingerprint)  # the same works are named again and again
_PLACE_HOLDER_DIGITS = 13  # hexadecimal digits of a hash that fit a negative 64-bit number


@dataclass
class BatchResolver(Resolver):
    """A `Resolver` that is shown a batch of records first and then asks the database nothing about each.

    Without ``create`` nothing is written: what the bank lacks gets a negative number in place of its id, so that a
    content that rests on it is like nothing that the bank has.
    """

    create: bool = False
    _references_by_print: dict[str, int] = field(default_factory=dict)
    _vignettes_by_name: dict[str, int] = field(default_factory=dict)

    def prime(self, records: Iterable[ItemRecord]) -> None:
        """Look up, or make, what these records name. Texts that cannot be rendered raise ValueError."""
        records = list(records)
        named = {fingerprint(entry): entry for record in records for entry in record.references}
        vignettes = {vignette_name(text): text for record in records if (text := _text(record.vignette))}
        self._references_by_print = self._known_references(named)
        self._vignettes_by_name = find_vignettes(self.session, list(vignettes))
        for text in vignettes.values():
            rendering.render(text)  # refuse it before anything is written
        if self.create:
            self._make(named, vignettes)

    def _known_references(self, wanted: dict[str, ReferenceRecord]) -> dict[str, int]:
        found: dict[str, int] = {}
        prints = list(wanted)
        for start in range(0, len(prints), 500):
            some = prints[start : start + 500]
            alias = sa.select(ReferenceAlias.fingerprint, ReferenceAlias.reference_id)
            found |= dict(self.session.execute(alias.where(ReferenceAlias.fingerprint.in_(some))).all())
            own = sa.select(Reference.fingerprint, Reference.id).where(Reference.fingerprint.in_(some))
            found |= dict(self.session.execute(own).all())
        return found

    def _make(self, named: dict[str, ReferenceRecord], vignettes: dict[str, str]) -> None:
        missing = {mark: entry for mark, entry in named.items() if mark not in self._references_by_print}
        if missing:
            made = ensure_references(self.session, list(missing.values()))
            self._references_by_print |= {row.fingerprint: row.id for row in made}
            for row in made:
                self.session.expunge(row)  # a long run must not keep what it has written
        for name, text in vignettes.items():
            if name not in self._vignettes_by_name:
                self._vignettes_by_name[name] = ensure_vignette(self.session, text)

    def _references(self, records: tuple[ReferenceRecord, ...]) -> tuple[int, ...]:
        return tuple(
            self._references_by_print.get(mark) or _place_holder(mark) for mark in (fingerprint(e) for e in records)
        )

    def _vignette(self, text: str | None) -> int | None:
        if not _text(text):
            return None
        name = vignette_name(_text(text))
        return self._vignettes_by_name.get(name) or _place_holder(name.removeprefix("vignette-"))


def _text(vignette: str | None) -> str:
    return vignette if vignette and vignette.strip() else ""


def _place_holder(digest: str) -> int:
    return -1 - int(digest[:_PLACE_HOLDER_DIGITS], 16)
