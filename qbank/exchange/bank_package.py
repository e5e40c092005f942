"""Bank Markdown with its images: a zip archive of ``items.md`` and what its texts show in ``media/``."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator

from qbank.exchange import bank_markdown
from qbank.exchange.files import MAX_FILE_BYTES, FileRefusedError, Files
from qbank.exchange.lines import Source
from qbank.exchange.qti.packages import Package, seekable
from qbank.exchange.report import Outcome, Problem
from qbank.exchange.zip_stream import ZipStream
from qbank.items.record import ItemRecord

ITEMS = "items.md"
FOLDER = "media/"
MAX_ITEMS_BYTES = 500_000_000


def read(source: Source, name: str = "", files: Files | None = None) -> Iterator[Outcome]:
    """Yield one outcome for each item of ``items.md``; images go to ``files``.

    Raises ValueError for an archive that cannot be read or holds no ``items.md``. What else is in it is remarked on.
    """
    stream = seekable(source)
    if not stream.read(1):
        return
    stream.seek(0)
    package = Package(stream)
    texts = package.read(ITEMS, MAX_ITEMS_BYTES)
    for member in package.names:
        if member == ITEMS:
            continue
        if (cause := _take(package, member, files)) is not None:
            yield Problem(0, 0, cause)
    yield from bank_markdown.read(texts, name)


def _take(package: Package, member: str, files: Files | None) -> str | None:
    """Hand an image on; return why a member is left out."""
    base = posixpath.basename(member)
    if member != FOLDER + base:
        return f"'{member[:80]}' is left out: images are in the folder {FOLDER}"
    if files is None:
        return None
    try:
        kept = files.put(base, package.read(member, MAX_FILE_BYTES))
    except FileRefusedError as error:
        return f"left out: {error}"
    return None if kept == base else f"'{base[:80]}' is left out: give it a name of letters and digits"


def write(items: Iterable[ItemRecord], files: Files | None = None) -> Iterator[bytes]:
    """Yield the parts of the archive. Half characters raise ValueError with the item's name."""
    archive = ZipStream()
    shown: dict[str, None] = {}  # images, in order

    def watched() -> Iterator[ItemRecord]:
        for item in items:
            shown.update(dict.fromkeys(item.media))
            yield item

    with archive.open(ITEMS) as member:
        for part in bank_markdown.write(watched()):
            member.write(part)
    yield archive.take()
    for name in shown:
        data = files.get(name) if files is not None else None
        if data is not None:
            archive.add(FOLDER + name, data)
            yield archive.take()
    yield archive.close()


def loses(item: ItemRecord, files: Files | None = None) -> list[str]:
    """Return what of an item is not in the archive: images that are not at hand."""
    absent = [name for name in item.media if files is not None and files.get(name) is None]
    return [f"the image '{name}', which is not at hand" for name in absent]
