"""Bibliographic references of the whole bank, each kept once."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from qbank import clock
from qbank.db.base import Base, Code, Key, Line, Prose, link
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


class ReferenceAlias(Base):
    """A fingerprint that means a reference although it is not the reference's own (any more).

    An entry that is loaded again as it read before somebody corrected it, or before it was merged with its
    duplicate, so finds the same work. ``merged_id`` is the row that was taken in by a merge: nothing points to it
    any more, but what was opened before the merge still finds its way.
    """

    __tablename__ = "reference_alias"
    __table_args__ = (
        sa.UniqueConstraint("merged_id"),
        sa.CheckConstraint("merged_id IS NULL OR merged_id <> reference_id", name="not_itself"),
        sa.Index(None, "reference_id"),
    )

    fingerprint: Mapped[Code] = mapped_column(primary_key=True)
    reference_id: Mapped[int] = mapped_column(link("reference.id"))
    merged_id: Mapped[int | None] = mapped_column(link("reference.id"))


def _folded(text: str | None) -> str:
    plain = unicodedata.normalize("NFKC", text or "").casefold()
    return re.sub(r"[\W_]+", " ", plain).strip()


_DOI_PREFIX = re.compile(r"(?:https?://(?:dx\.)?doi\.org/|doi:)\s*", re.IGNORECASE)
_PMID_PREFIX = re.compile(
    r"(?:https?://(?:www\.)?(?:pubmed\.ncbi\.nlm\.nih\.gov|ncbi\.nlm\.nih\.gov/pubmed)/|pmid:?)\s*", re.I
)


def plain_doi(text: str) -> str:
    """Return a DOI without the address or the word that it is often written behind."""
    return _DOI_PREFIX.sub("", text.strip(), count=1) if _DOI_PREFIX.match(text.strip()) else text.strip()


def plain_pmid(text: str) -> str:
    """Return a PMID without the address or the word that it is often written behind."""
    bare = text.strip()
    return _PMID_PREFIX.sub("", bare, count=1).rstrip("/") if _PMID_PREFIX.match(bare) else bare


def same_work(title: str, year: int | None, doi: str | None, pmid: str | None) -> set[str]:
    """Return the keys of which two references that mean the same work share one: DOI, PMID, title with year."""
    keys = {f"title:{year or ''}:{_folded(title)}"}
    if doi:
        keys.add("doi:" + plain_doi(doi).casefold())
    if pmid:
        keys.add("pmid:" + plain_pmid(pmid).lstrip("0"))
    return keys


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


def known(session: Session, prints: list[str]) -> dict[str, Reference]:
    """Return the reference that each of these fingerprints means, by its own or by an earlier one. Two queries."""
    if not prints:
        return {}
    aliases = (
        sa.select(ReferenceAlias.fingerprint, Reference)
        .join(Reference, Reference.id == ReferenceAlias.reference_id)
        .where(ReferenceAlias.fingerprint.in_(prints))
    )
    own = sa.select(Reference).where(Reference.fingerprint.in_(prints))
    found: dict[str, Reference] = dict(session.execute(aliases).all())
    return found | {reference.fingerprint: reference for reference in session.scalars(own)}


def surviving(session: Session, ids: list[int]) -> list[int]:
    """Return these reference ids, a merged row's replaced by the one that took it in; each once, in order."""
    query = sa.select(ReferenceAlias.merged_id, ReferenceAlias.reference_id).where(ReferenceAlias.merged_id.in_(ids))
    moved: dict[int | None, int] = dict(session.execute(query).all()) if ids else {}
    return list(dict.fromkeys(moved.get(each, each) for each in ids))


def is_merged() -> sa.ColumnElement[bool]:
    """Return the condition that a reference was taken in by another: lists leave it out."""
    return sa.exists().where(ReferenceAlias.merged_id == Reference.id)


def ensure_references(session: Session, records: list[ReferenceRecord]) -> list[Reference]:
    """Return the stored reference for each record, in order, adding those the bank lacks. Two look-up queries."""
    prints = [fingerprint(record) for record in records]
    stored = known(session, prints)
    for mark, record in zip(prints, records, strict=True):
        if mark not in stored:
            stored[mark] = Reference(
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
            session.add(stored[mark])
    session.flush()
    return [stored[mark] for mark in prints]
