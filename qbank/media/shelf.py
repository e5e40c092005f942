"""Where the files of images are: ``media/ab/<hash>`` in the data folder, named by the hash of their bytes.

A file is written whole under another name, brought to disk, and then renamed: under its own name it is complete, or
it is not there. Its row in the database comes after it.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from qbank.media import containers
from qbank.media.images import SUFFIXES, Picture, digest

SHA = re.compile(r"[0-9a-f]{64}\Z")
_HEAD = 16  # bytes that tell an image's kind


class Shelf:
    """The files of one bank."""

    def __init__(self, data_dir: Path) -> None:
        self.root = data_dir / "media"

    def path(self, sha256: str) -> Path:
        """Return where this image's file is, or would be. Raises ValueError for what is no hash."""
        if not SHA.match(sha256):
            raise ValueError("this is not the hash of an image")
        return self.root / sha256[:2] / sha256

    def has(self, sha256: str) -> bool:
        """Say whether the file is there."""
        return SHA.match(sha256) is not None and self.path(sha256).is_file()

    def read(self, sha256: str) -> bytes | None:
        """Return the file's bytes; None where there is none."""
        return self.path(sha256).read_bytes() if self.has(sha256) else None

    def content_type(self, sha256: str) -> str | None:
        """Return the content type of a file, told by its first bytes; None where there is no file."""
        if not self.has(sha256):
            return None
        with self.path(sha256).open("rb") as file:
            return containers.kind_of(file.read(_HEAD))

    def file_name(self, sha256: str) -> str | None:
        """Return what the image is called outside the bank, "<hash>.png"; None where there is no file."""
        suffix = SUFFIXES.get(self.content_type(sha256) or "")
        return f"{sha256}.{suffix}" if suffix else None

    def put(self, picture: Picture) -> None:
        """Keep the picture's file. One that is there already counts as fresh again, so that no sweep takes it."""
        self.put_bytes(picture.sha256, picture.data)

    def put_bytes(self, sha256: str, data: bytes) -> None:
        """Keep bytes that have this hash. Raises ValueError where they have another."""
        if digest(data) != sha256:
            raise ValueError(f"the image {sha256} does not have the bytes that its name says")
        path = self.path(sha256)
        with suppress(FileNotFoundError):
            os.utime(path)
            return
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        made, name = tempfile.mkstemp(dir=path.parent, prefix=".new-")
        try:
            with os.fdopen(made, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            os.replace(name, path)
        except BaseException:
            with suppress(FileNotFoundError):
                os.unlink(name)
            raise
        to_disk(path.parent)

    def all(self) -> Iterator[tuple[str, float]]:
        """Yield the hash of every file and when it was last put there, in seconds of the system's clock."""
        for folder in sorted(self.root.glob("[0-9a-f][0-9a-f]")):
            for path in sorted(folder.iterdir()):
                if SHA.match(path.name):
                    with suppress(FileNotFoundError):
                        yield path.name, path.stat().st_mtime

    def put_at(self, sha256: str) -> float | None:
        """Return when the file was last put there, in seconds of the system's clock; None where there is none."""
        try:
            return self.path(sha256).stat().st_mtime
        except FileNotFoundError:
            return None

    def remove(self, sha256: str) -> None:
        """Take a file away; that it is gone already is no fault."""
        self.path(sha256).unlink(missing_ok=True)


def to_disk(path: Path) -> None:
    """Bring a file, or the names in a folder, to the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
