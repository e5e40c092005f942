"""Searching: the items that hold what a person asked for, best first, with an excerpt of each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import sqlalchemy as sa
from markupsafe import Markup
from sqlalchemy.orm import Session, joinedload, selectinload
from sqlalchemy.orm.interfaces import ORMOption

from qbank.items.models import Item, ItemVersion, VersionReference
from qbank.search import words
from qbank.search.snippets import snippet
from qbank.search.tables import backend

MOST_RANKED = 5_000  # hits that are put in order of rank; where there are more, a search says too little to rank by


@dataclass(frozen=True, slots=True)
class Found:
    """What a search found: a condition on `Item`, and the hits themselves where they are few.

    ``ranks`` has the rank of each version that matches, the lower, the better; None where there are more than
    `MOST_RANKED`, and where nothing but words to leave out was given.
    """

    condition: sa.ColumnElement[bool]
    ranks: dict[int, float] | None = None

    def rank(self, *version_ids: int | None) -> float:
        """Return the best rank among these versions; 0 where none is ranked."""
        ranks = self.ranks or {}
        return min((ranks[each] for each in version_ids if each in ranks), default=0.0)


def matching(session: Session, text: str) -> Found:
    """Return the items whose newest or published version holds what is asked for. One query.

    A text without any letter or digit finds nothing.
    """
    wanted = words.read(text)
    own = backend(session.get_bind().dialect.name)
    if not wanted:
        return Found(sa.false(), {})
    if not wanted.present:
        return Found(sa.not_(own.pointed_at(own.hits(words.Wanted(present=wanted.absent), ranked=False))))
    few = own.hits(wanted, ranked=True).limit(MOST_RANKED + 1)
    ranks = dict(session.execute(few).all())
    if len(ranks) > MOST_RANKED:
        return Found(own.pointed_at(own.hits(wanted, ranked=False)))
    hits = own.listed(list(ranks))
    theirs = sa.select(ItemVersion.item_id).where(ItemVersion.id.in_(hits))
    pointed = sa.or_(*[pointer.in_(hits) for pointer in (Item.draft_version_id, Item.published_version_id)])
    return Found(sa.and_(Item.id.in_(theirs), pointed), ranks)  # by the items' ids, so that no item is looked through


def with_texts() -> tuple[ORMOption, ...]:
    """Return the loading options for versions that `excerpts` is to be asked for: three queries a page."""
    return (
        joinedload(ItemVersion.vignette_version),
        selectinload(ItemVersion.options),
        selectinload(ItemVersion.references).joinedload(VersionReference.reference),
    )


def excerpts(versions: Iterable[ItemVersion], text: str) -> dict[int, Markup]:
    """Return an excerpt of each of these versions with the hits marked, by id; those without a hit are left out.

    The versions are loaded with `with_texts`.
    """
    wanted = words.read(text)
    if not wanted.present:
        return {}
    found = ((version.id, snippet(_texts(version), wanted)) for version in versions)
    return {version_id: excerpt for version_id, excerpt in found if excerpt is not None}


def _texts(version: ItemVersion) -> Iterator[str]:
    """Yield a version's texts in the order in which an excerpt is looked for."""
    yield version.stem
    yield version.lead_in
    if version.vignette_version is not None:
        yield version.vignette_version.text
    yield from (option.text for option in version.options)
    yield version.objective
    yield version.explanation
    yield from (option.rationale for option in version.options)
    yield ", ".join(version.tags)
    for row in version.references:
        named = (row.reference.authors, row.reference.title, row.reference.doi, row.reference.pmid)
        yield " ".join([text for text in named if text])
