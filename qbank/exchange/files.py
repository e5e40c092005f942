"""The images of a file's items, beside the records: `ItemRecord.media` holds names, a `Files` holds the bytes.

A format that carries files takes one as its last argument: ``read(source, name, files)`` puts what it finds,
``write(items, files)`` asks for what the items name. Texts show an image as ``![what it shows](name)``.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

MAX_FILE_BYTES = 10_000_000
MAX_TOTAL_BYTES = 1_000_000_000
_UNSAFE = re.compile(r"[^\w.+-]+")
_DIGEST_CHARS = 12
_IMAGES = (".png", ".jpg", ".jpeg", ".gif", ".webp", ".svg")


class FileRefusedError(ValueError):
    """The file cannot be kept; the message says why and what mends it."""


class Files(Protocol):
    """Where a reader puts files and a writer finds them."""

    def put(self, name: str, data: bytes) -> str:
        """Keep the file; return the name it has from now on, which differs where another file has that name.

        Raises `FileRefusedError` for a file that is empty or too large.
        """
        ...

    def get(self, name: str) -> bytes | None:
        """Return the file that `put` named so, None where there is none."""
        ...


def safe_name(name: str) -> str:
    """Return a file name without folders and without anything that a file system or a link could misread."""
    last = re.split(r"[/\\]", name)[-1]
    kept = _UNSAFE.sub("-", last).strip("-.") or "file"
    stem, dot, suffix = kept.rpartition(".")
    return f"{stem[:80]}{dot}{suffix[:10]}" if stem else kept[:80]


class _Naming:
    """Names, limits and duplicates; where the bytes go is the subclass's business."""

    def __init__(self, max_file: int, max_total: int) -> None:
        self.max_file = max_file
        self.max_total = max_total
        self.total = 0
        self.kept: dict[str, str] = {}  # name -> SHA-256

    def put(self, name: str, data: bytes) -> str:
        """Keep the file under its safe name; a second file of that name gets its hash in front."""
        if not data:
            raise FileRefusedError(f"the file {name[:80]} is empty")
        if len(data) > self.max_file:
            raise FileRefusedError(f"the file {name[:80]} is larger than {self.max_file:,} bytes: make it smaller")
        digest = hashlib.sha256(data).hexdigest()
        chosen = safe_name(name)
        if self.kept.get(chosen, digest) != digest:
            chosen = f"{digest[:_DIGEST_CHARS]}-{chosen}"
        if chosen not in self.kept:
            if self.total + len(data) > self.max_total:
                raise FileRefusedError(f"all files together are larger than {self.max_total:,} bytes: split the file")
            self._store(chosen, data)
            self.total += len(data)
            self.kept[chosen] = digest
        return chosen

    def _store(self, name: str, data: bytes) -> None:
        raise NotImplementedError


class MemoryFiles(_Naming):
    """Files in memory, for few and small ones."""

    def __init__(self, *, max_file: int = MAX_FILE_BYTES, max_total: int = 50_000_000) -> None:
        super().__init__(max_file, max_total)
        self.data: dict[str, bytes] = {}

    def _store(self, name: str, data: bytes) -> None:
        self.data[name] = data

    def get(self, name: str) -> bytes | None:
        """Return the file of this name, None where there is none."""
        return self.data.get(name)


class FolderFiles(_Naming):
    """Files in a folder that belongs to this run; only names and hashes are kept in memory.

    ``also`` are folders in which `get` looks as well, for images that stand beside the file that is read.
    """

    def __init__(
        self,
        folder: Path,
        *,
        also: Iterable[Path] = (),
        max_file: int = MAX_FILE_BYTES,
        max_total: int = MAX_TOTAL_BYTES,
    ) -> None:
        super().__init__(max_file, max_total)
        self.folder = folder
        self.also = tuple(also)

    def _store(self, name: str, data: bytes) -> None:
        (self.folder / name).write_bytes(data)

    def get(self, name: str) -> bytes | None:
        """Return the file of this name; None where there is none, or none that is small enough."""
        if name != safe_name(name):
            return None
        also = self.also if name.lower().endswith(_IMAGES) else ()  # nothing else there belongs to the items
        for folder in (self.folder, *also):
            path = folder / name
            if path.is_file() and 0 < path.stat().st_size <= self.max_file:
                return path.read_bytes()
        return None


def beside(path: Path) -> tuple[Path, Path]:
    """Return where the images of a file lie that carries none itself: the folder of its name, and its own."""
    return path.with_name(f"{path.stem}-files"), path.parent


def put_beside(files: Files, names: Iterable[str], folder: Path) -> None:
    """Write these images into the folder beside a file that carries none itself; one that is lacking is passed over."""
    for name in names:
        if (data := files.get(name)) is not None:
            folder.mkdir(exist_ok=True)
            (folder / name).write_bytes(data)
