"""Bibliographic references of the whole bank, each kept once."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session

from qbank import clock
from qbank.db.base import Base, Code, Key, Line, Prose
from qbank.items.record import ReferenceRecord


class Reference(Base):
    """One reference. ``fingerprint`` is equal for entries that mean the same work."""

    __tablename__ = "reference"
    __table_args__ = (sa.UniqueConstraint("fingerprint"),)

    id: Mapped[Key]
    fingerprint: Mapped[Code]
    kind: Mapped[Code | None]
    title: Mapped[Prose]
    authors: Mapped[Prose | None]
    container: Mapped[Prose | None]
    year: Mapped[int | None]
    doi: Mapped[Line | None]
    pmid: Mapped[Code | None]
    url: Mapped[Prose | None]
    created_at: Mapped[datetime]
    retracted_at: Mapped[datetime | None]

    def record(self) -> ReferenceRecord:
        """Return the plain value."""
        return ReferenceRecord(
            title=self.title,
            authors=self.authors,
            container=self.container,
            year=self.year,
            kind=self.kind,
            doi=self.doi,
            pmid=self.pmid,
            url=self.url,
        )


def _folded(text: str | None) -> str:
    plain = unicodedata.normalize("NFKC", text or "").casefold()
    return re.sub(r"[\W_]+", " ", plain).strip()


def fingerprint(record: ReferenceRecord) -> str:
    """Return what tells works apart: the DOI, else the PMID, else title, year, container and authors."""
    if record.doi:
        basis = "doi:" + record.doi.casefold().strip()
    elif record.pmid:
        basis = "pmid:" + record.pmid.strip()
    else:
        parts = (
            _folded(record.title),
            str(record.year or ""),
            _folded(record.container),
            _folded(record.authors),
        )
        basis = "text:" + "|".join(parts)
    return hashlib.sha256(basis.encode()).hexdigest()[:40]


def ensure_references(session: Session, records: list[ReferenceRecord]) -> list[Reference]:
    """Return the stored reference for each record, in order, adding those the bank lacks. One look-up query."""
    prints = [fingerprint(record) for record in records]
    query = sa.select(Reference).where(Reference.fingerprint.in_(prints))
    known = {reference.fingerprint: reference for reference in session.scalars(query)} if prints else {}
    for mark, record in zip(prints, records, strict=True):
        if mark not in known:
            known[mark] = Reference(
                fingerprint=mark,
                kind=record.kind,
                title=record.title,
                authors=record.authors,
                container=record.container,
                year=record.year,
                doi=record.doi,
                pmid=record.pmid,
                url=record.url,
                created_at=clock.now(),
            )
            session.add(known[mark])
    session.flush()
    return [known[mark] for mark in prints]
