"""Vignettes: a stimulus that several items share is kept once, under the hash of its text."""

from __future__ import annotations

import hashlib

import sqlalchemy as sa
from sqlalchemy.orm import Session

from qbank import clock
from qbank.items.models import Vignette, VignetteVersion
from qbank.markup import render


def vignette_name(text: str) -> str:
    """Return the external id of the vignette that says this: two items with the same text share it."""
    return "vignette-" + hashlib.sha256(text.encode()).hexdigest()[:40]


def find_vignettes(session: Session, names: list[str]) -> dict[str, int]:
    """Return the ids of the newest versions of these vignettes, by name; those that are not there are left out."""
    query = (
        sa.select(Vignette.external_id, sa.func.max(VignetteVersion.id))
        .join(VignetteVersion, VignetteVersion.vignette_id == Vignette.id)
        .where(Vignette.external_id.in_(names))
        .group_by(Vignette.external_id)
    )
    return dict(session.execute(query).all()) if names else {}


def ensure_vignette(session: Session, text: str) -> int:
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
    version = VignetteVersion(
        vignette_id=vignette.id,
        number=1,
        text=text,
        text_html=render(text),
        content_hash=name.removeprefix("vignette-"),
        author_id=None,
        created_at=vignette.created_at,
    )
    session.add(version)
    session.flush()
    return version.id
