"""Vignettes: a stimulus that several items share, with versions of its own.

A version of an item pins a version of a vignette. Another text makes a new vignette version and changes no item: an
item follows by a new draft version, where somebody asks for it, and learners keep what they had until that is live.
"""

from __future__ import annotations

import hashlib

import sqlalchemy as sa
from sqlalchemy.orm import Session

from qbank import clock
from qbank.accounts.models import Person
from qbank.errors import ConflictError, InvalidError, NotFoundError
from qbank.items.models import Vignette, VignetteVersion
from qbank.markup import render
from qbank.security import audit


class VignetteConflictError(ConflictError):
    """Somebody saved first. ``current`` is the version that stands now; the caller still has its own text."""

    def __init__(self, current: VignetteVersion) -> None:
        super().__init__(
            "Somebody saved this vignette while you were writing.",
            cure="Both texts are shown. Take over what you need and save again.",
        )
        self.current = current


def vignette_name(text: str) -> str:
    """Return the external id of a new vignette that says this: two items with the same text share it."""
    return "vignette-" + _hash(text)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:40]


def find_vignettes(session: Session, names: list[str]) -> dict[str, int]:
    """Return, by the name that `vignette_name` gives a text, the newest vignette version that says just this.

    The text decides, not the vignette it began as: an edited one no longer says what its name was made from.
    """
    hashes = [name.removeprefix("vignette-") for name in names]
    query = (
        sa.select(VignetteVersion.content_hash, sa.func.max(VignetteVersion.id))
        .where(VignetteVersion.content_hash.in_(hashes))
        .group_by(VignetteVersion.content_hash)
    )
    return {f"vignette-{mark}": version_id for mark, version_id in session.execute(query)} if names else {}


def ensure_vignette(session: Session, text: str, author: Person | None = None) -> int:
    """Return the id of the vignette version that says this, making it where there is none.

    Raises ValueError for a text that is longer than one field may be.
    """
    name = vignette_name(text)
    known = find_vignettes(session, [name])
    if name in known:
        return known[name]
    vignette = Vignette(external_id=name, created_at=clock.now())
    session.add(vignette)
    session.flush()
    return _add_version(session, author, vignette, text, 1).id


def _add_version(
    session: Session, author: Person | None, vignette: Vignette, text: str, number: int
) -> VignetteVersion:
    version = VignetteVersion(
        vignette_id=vignette.id,
        number=number,
        text=text,
        text_html=render(text),
        content_hash=_hash(text),
        author_id=author.id if author else None,
        created_at=clock.now(),
    )
    session.add(version)
    session.flush()
    return version


def newest(session: Session, vignette_id: int) -> VignetteVersion:
    """Return the newest version of a vignette. Raises NotFoundError."""
    query = sa.select(VignetteVersion).where(VignetteVersion.vignette_id == vignette_id)
    found = session.scalar(query.order_by(VignetteVersion.number.desc()).limit(1))
    if found is None:
        raise NotFoundError("There is no such vignette.")
    return found


def check_text(text: str) -> None:
    """Raise InvalidError for a text that no vignette may have."""
    if not text.strip():
        raise InvalidError("A vignette needs a text.", problems={"text": "Write the case that the items share."})
    try:
        render(text)
    except ValueError as error:
        raise InvalidError("The vignette was not saved.", problems={"text": str(error)}) from None


def create(session: Session, actor: Person, text: str) -> VignetteVersion:
    """Make a vignette, or return the one that says this. Raises InvalidError."""
    check_text(text)
    return session.get_one(VignetteVersion, ensure_vignette(session, text, actor))


def revise(session: Session, actor: Person, vignette_id: int, text: str, *, base_version_id: int) -> VignetteVersion:
    """Save another text as the next version; the same text again makes none. No item changes by it.

    Raises NotFoundError, InvalidError, VignetteConflictError when another version has come since ``base``.
    """
    query = sa.select(Vignette).where(Vignette.id == vignette_id).with_for_update()
    vignette = session.scalar(query)
    if vignette is None:
        raise NotFoundError("There is no such vignette.")
    current = newest(session, vignette_id)
    if current.text == text:
        return current
    check_text(text)
    if current.id != base_version_id:
        raise VignetteConflictError(current)
    version = _add_version(session, actor, vignette, text, current.number + 1)
    audit.record(
        session, "vignette changed", person_id=actor.id, subject=f"vignette {vignette_id}", number=version.number
    )
    return version
