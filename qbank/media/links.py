"""Which images a version shows, in which of its texts: read from the rendered texts when the version is saved.

The one place that writes these links; every way of saving comes here. A version is never changed, so its links are
neither, and its pictures stay as long as it does.
"""

from __future__ import annotations

import html as entities
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from qbank.items.models import ItemVersion, Media, MediaField, Option, VersionMedia, VignetteVersion

CHUNK = 500
_TAG = re.compile(r'<img((?:\s+[a-z]+="[^"]*")*)\s*/?>')  # as the cleaner writes it: every value in double quotes
_ATTRIBUTE = re.compile(r'([a-z]+)="([^"]*)"')
_PREFIX = "/media/"
_OWN = (MediaField.STEM, MediaField.LEAD_IN, MediaField.OBJECTIVE, MediaField.EXPLANATION)
_NAMES = {
    MediaField.VIGNETTE: "the vignette",
    MediaField.STEM: "the stem",
    MediaField.LEAD_IN: "the lead-in",
    MediaField.OPTION: "option",
    MediaField.RATIONALE: "the rationale of option",
    MediaField.OBJECTIVE: "the objective",
    MediaField.EXPLANATION: "the explanation",
}


@dataclass(frozen=True, slots=True)
class Rendered:
    """One rendered text of a version; ``place`` counts options from 0."""

    field: MediaField
    html: str
    place: int | None = None

    @property
    def name(self) -> str:
        """Return what a message calls this text: "the stem", "option B"."""
        return _NAMES[self.field] + (f" {chr(65 + self.place)}" if self.place is not None else "")


@dataclass(frozen=True, slots=True)
class Shown:
    """An image as a text shows it. ``sha256`` is "" where the text names no image of a bank."""

    sha256: str
    alt: str


def images_in(html: str) -> Iterator[Shown]:
    """Yield the images of a rendered text, in its order."""
    for tag in _TAG.finditer(html) if "<img" in html else ():
        values = {name: entities.unescape(value) for name, value in _ATTRIBUTE.findall(tag[1])}
        yield Shown(values.get("src", "").removeprefix(_PREFIX), values.get("alt", "").strip())


def may_show(texts: Iterable[str | None]) -> bool:
    """Say whether Markdown texts could show an image at all: most do not, and cost nothing more."""
    return any("![" in text for text in texts if text)


def follow(session: Session, version_ids: Sequence[int]) -> None:
    """Write the links of new versions, in four queries for every `CHUNK`. An image unknown to the bank has none."""
    for start in range(0, len(version_ids), CHUNK):
        ids = version_ids[start : start + CHUNK]
        found = [
            (version_id, text.field, shown)
            for version_id, text in _rendered(session, ids)
            for shown in images_in(text.html)
        ]
        known = _known(session, {shown.sha256 for _id, _field, shown in found})
        ordinals = dict.fromkeys(ids, 0)
        rows = []
        for version_id, field, shown in dict.fromkeys(found):  # the same image twice in a text is one use
            if shown.sha256 in known:
                place = {"version_id": version_id, "ordinal": ordinals[version_id]}
                rows.append({**place, "media_id": known[shown.sha256], "field": field, "alt": shown.alt})
                ordinals[version_id] += 1
        if rows:
            session.execute(sa.insert(VersionMedia), rows)


def _rendered(session: Session, version_ids: Sequence[int]) -> Iterator[tuple[int, Rendered]]:
    query = (
        sa.select(ItemVersion, VignetteVersion.text_html)
        .outerjoin(VignetteVersion, VignetteVersion.id == ItemVersion.vignette_version_id)
        .where(ItemVersion.id.in_(version_ids))
    )
    for version, vignette in session.execute(query):
        yield version.id, Rendered(MediaField.VIGNETTE, vignette or "")
        yield from ((version.id, text) for text in _own(version))
    options = sa.select(Option).where(Option.version_id.in_(version_ids)).order_by(Option.version_id, Option.ordinal)
    for option in session.scalars(options):
        yield from ((option.version_id, text) for text in _of_option(option))


def _own(version: ItemVersion) -> list[Rendered]:
    return [Rendered(field, getattr(version, f"{field}_html")) for field in _OWN]


def _of_option(option: Option) -> list[Rendered]:
    texts = ((MediaField.OPTION, option.text_html), (MediaField.RATIONALE, option.rationale_html))
    return [Rendered(field, html, option.ordinal) for field, html in texts]


def _known(session: Session, hashes: set[str]) -> dict[str, int]:
    if not hashes:
        return {}
    return dict(session.execute(sa.select(Media.sha256, Media.id).where(Media.sha256.in_(hashes))).all())


def faults(session: Session, version: ItemVersion, options: Sequence[Option]) -> list[str]:
    """Return what the images of a version lack, each as a phrase: alternative text, or the image itself.

    A version without images costs no query but that for its vignette.
    """
    texts = _own(version) + [text for option in options for text in _of_option(option)]
    if version.vignette_version_id is not None:
        vignette = session.get_one(VignetteVersion, version.vignette_version_id)
        texts.insert(0, Rendered(MediaField.VIGNETTE, vignette.text_html))
    found = [(text.name, shown) for text in texts for shown in images_in(text.html)]
    known = _known(session, {shown.sha256 for _name, shown in found})
    bare = [name for name, shown in found if not shown.alt]
    absent = [name for name, shown in found if shown.sha256 not in known]
    phrases = [f"alternative text for the image in {name}" for name in bare]
    phrases += [f"the image that {name} shows: upload it again" for name in absent]
    return list(dict.fromkeys(phrases))
