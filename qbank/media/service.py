"""Images in the bank: the file first, then its row; what nothing uses is swept after a while."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session, sessionmaker

from qbank import clock
from qbank.accounts.models import Person
from qbank.db.engine import begin_write
from qbank.errors import InvalidError
from qbank.items.models import Media, VersionMedia, VignetteVersion
from qbank.media.images import Facts, ImageRefusedError, cleaned
from qbank.media.shelf import Shelf

KEPT_UNUSED = timedelta(days=2)  # a text that somebody is still writing may show it
MAX_ALT = 1_000  # characters
CHUNK = 500


def keep(session: Session, shelf: Shelf, actor: Person | None, data: bytes, file_name: str = "") -> Media:
    """Clean an image and keep it; one that the bank has is not kept twice. Flushed, not committed.

    Raises InvalidError with the field "image" for what is not taken.
    """
    try:
        picture = cleaned(data)
    except ImageRefusedError as error:
        raise InvalidError(f"The image was not added: {error}.", problems={"image": f"Not added: {error}."}) from None
    shelf.put(picture)
    note(session, [(picture.facts, file_name)], actor.id if actor else None)
    return session.scalars(sa.select(Media).where(Media.sha256 == picture.sha256)).one()


def note(session: Session, found: Iterable[tuple[Facts, str]], person_id: int | None) -> None:
    """Write the rows of images whose files are there, each with the name of the file that it came in.

    Rows that exist stay, also where somebody else writes them at the same moment.
    """
    rows = [
        {
            **asdict(facts),
            "file_name": file_name[:500],
            "uploaded_by_id": person_id,
            "created_at": clock.now(),
        }
        for facts, file_name in found
    ]
    if rows:
        dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
        insert = dialect.insert(Media).on_conflict_do_nothing(index_elements=[Media.sha256])
        session.execute(insert, rows)


def add(session: Session, shelf: Shelf, actor: Person, data: bytes, file_name: str, alt: str) -> str:
    """Keep an image that somebody uploads; return the Markdown that shows it.

    Raises InvalidError with every wrong field: "image", "image_alt".
    """
    problems = {}
    if not data:
        problems["image"] = "Choose an image file." if not file_name else "Not added: the file is empty."
    if not alt.strip():
        problems["image_alt"] = "Say in words what the image shows, for those who cannot see it."
    elif len(alt) > MAX_ALT:
        problems["image_alt"] = f"Shorten it to {MAX_ALT:,} characters."
    if problems:
        raise InvalidError("The image was not added.", problems=problems)
    return markdown(keep(session, shelf, actor, data, file_name), alt)


def markdown(media: Media, alt: str) -> str:
    """Return the Markdown that shows an image. The alternative text becomes one line, its brackets escaped."""
    line = " ".join(alt.split())
    for sign in "\\[]":
        line = line.replace(sign, f"\\{sign}")
    return f"![{line}](/media/{media.sha256})"


# --- looking after the files --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Swept:
    """What a sweep took away."""

    rows: int = 0
    files: int = 0


def sweep(sessions: sessionmaker[Session], shelf: Shelf) -> Swept:
    """Take away images that no version and no vignette shows and that were last put there days ago.

    Rows go first, in their own transaction: should it stop half-way, what is left is a file without a row, which
    the next sweep finds. A file that is put there again meanwhile counts as fresh, and stays.
    """
    before = (clock.now() - KEPT_UNUSED).timestamp()
    with sessions() as session:
        begin_write(session)
        unused = [row for row in _unused(session, clock.now() - KEPT_UNUSED) if _is_old(shelf, row.sha256, before)]
        for row in unused:
            session.delete(row)
        session.commit()
        rows = len(unused)
    with sessions() as session:
        loose = [sha256 for sha256, put_at in shelf.all() if put_at < before]
        gone = [sha256 for sha256 in _without_row(session, loose) if _is_old(shelf, sha256, before)]
    for sha256 in gone:
        shelf.remove(sha256)
    return Swept(rows, len(gone))


def _is_old(shelf: Shelf, sha256: str, before: float) -> bool:
    put_at = shelf.put_at(sha256)
    return put_at is None or put_at < before


def _unused(session: Session, before: datetime) -> list[Media]:
    used = sa.exists().where(VersionMedia.media_id == Media.id)
    shown = sa.exists().where(VignetteVersion.text.contains(Media.sha256))  # a vignette may be without items yet
    return list(session.scalars(sa.select(Media).where(~used, Media.created_at < before, ~shown)))


def _without_row(session: Session, hashes: Sequence[str]) -> list[str]:
    found: set[str] = set()
    for start in range(0, len(hashes), CHUNK):
        found |= set(session.scalars(sa.select(Media.sha256).where(Media.sha256.in_(hashes[start : start + CHUNK]))))
    return [sha256 for sha256 in hashes if sha256 not in found]


def missing(session: Session, shelf: Shelf) -> list[str]:
    """Return the hashes of images that the bank knows and whose file is gone, in order."""
    hashes = session.scalars(sa.select(Media.sha256).order_by(Media.sha256).execution_options(yield_per=CHUNK))
    return [sha256 for sha256 in hashes if not shelf.has(sha256)]
