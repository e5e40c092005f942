"""A zip archive that is written while it is sent: only the member at hand is kept in memory."""

from __future__ import annotations

import io
import zipfile
from typing import IO

_EPOCH = (1980, 1, 1, 0, 0, 0)  # the archive's own zero: the same content gives the same bytes
_MODE = 0o644 << 16


class ZipStream:
    """Add members, `take` the bytes made so far, `close` for the rest."""

    def __init__(self) -> None:
        self._sink = _Sink()
        self._archive = zipfile.ZipFile(self._sink, "w", zipfile.ZIP_DEFLATED)

    def add(self, name: str, data: bytes) -> None:
        """Add one member."""
        self._archive.writestr(_info(name), data)

    def open(self, name: str) -> IO[bytes]:
        """Return a stream that writes one member; close it before the next."""
        return self._archive.open(_info(name), "w", force_zip64=True)

    def take(self) -> bytes:
        """Return the bytes that have not been taken yet. Not while a member is open."""
        return self._sink.take()

    def close(self) -> bytes:
        """End the archive and return its last bytes."""
        self._archive.close()
        return self._sink.take()


def _info(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, _EPOCH)
    info.compress_type = zipfile.ZIP_DEFLATED
    info.external_attr = _MODE
    info.create_system = 3
    return info


class _Sink(io.RawIOBase):
    """What `zipfile` takes for a file that it can go back in; it only ever goes back to the member at hand."""

    def __init__(self) -> None:
        self._kept = io.BytesIO()
        self._before = 0  # how much has been taken away

    def seekable(self) -> bool:
        return True

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        return self._kept.write(data)  # type: ignore[arg-type]

    def tell(self) -> int:
        return self._before + self._kept.tell()

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        if whence == io.SEEK_SET:
            offset -= self._before
        return self._before + self._kept.seek(offset, whence)

    def take(self) -> bytes:
        data = self._kept.getvalue()
        self._before += len(data)
        self._kept = io.BytesIO()
        return data
