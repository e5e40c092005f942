"""The images of a bank in one file, for backups: a tar archive of files named by their hashes. No database is asked."""

from __future__ import annotations

import io
import os
import tarfile
from collections.abc import Iterator
from pathlib import Path

from qbank.errors import InvalidError
from qbank.media import images
from qbank.media.shelf import SHA, Shelf

ENDING = ".media.tar"


def beside(file: Path) -> Path:
    """Return where the images of a backup lie: beside the copy of the database."""
    return file.with_name(file.name + ENDING)


def pack(data_dir: Path, target: Path) -> int:
    """Write every image into a new archive, for its owner's eyes only; return how many. None: no archive is made.

    Images are only ever added or swept, never changed, so this may run beside the server. Raises InvalidError where
    the archive exists already.
    """
    shelf = Shelf(data_dir)
    names = [sha256 for sha256, _put_at in shelf.all()]
    if not names:
        return 0
    if target.exists():
        raise InvalidError(f"{target} exists already; choose another name.")
    partial = target.with_name(target.name + ".partial")
    try:
        with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            with tarfile.open(fileobj=file, mode="w") as made:
                count = sum(_add(made, shelf, sha256) for sha256 in names)
            file.flush()
            os.fsync(file.fileno())
        partial.rename(target)
    finally:
        partial.unlink(missing_ok=True)
    return count


def _add(made: tarfile.TarFile, shelf: Shelf, sha256: str) -> bool:
    data = shelf.read(sha256)
    if data is None:  # swept a moment ago
        return False
    info = tarfile.TarInfo(sha256)
    info.size, info.mode = len(data), 0o600
    made.addfile(info, io.BytesIO(data))
    return True


def check(source: Path) -> None:
    """Raise InvalidError for what is not such an archive."""
    for _image in _images(source):
        pass


def unpack(data_dir: Path, source: Path) -> int:
    """Put every image of an archive on the shelf; return how many. Raises InvalidError naming what is wrong."""
    shelf, count = Shelf(data_dir), 0
    for sha256, data in _images(source):
        shelf.put_bytes(sha256, data)
        count += 1
    return count


def _images(source: Path) -> Iterator[tuple[str, bytes]]:
    """Yield the images; each has the hash that its name says, and no path of the archive is ever used."""
    try:
        with tarfile.open(source) as archive:
            for member in archive:
                file = archive.extractfile(member) if member.isfile() else None
                if file is None or not SHA.match(member.name) or member.size > images.MAX_BYTES:
                    raise InvalidError(f"{source} holds {member.name[:80]!r}, which is no image of a bank.")
                data = file.read()
                if images.digest(data) != member.name:
                    raise InvalidError(f"{source} is damaged: the image {member.name} is not what its name says.")
                yield member.name, data
    except (tarfile.TarError, EOFError, OSError) as error:
        raise InvalidError(f"{source} cannot be read: {error}.") from None
