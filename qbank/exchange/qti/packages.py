"""Content packages from strangers: a zip archive, its members read one at a time and never unpacked to disk.

Refused whole: an archive with too many members or too long a directory, with a name that leaves the archive, a
symbolic link, a name used twice, or a member that is encrypted or packed by a rare method. Refused member by
member: what is larger than its cap or its stated size, or unpacks to far more than it holds. Bytes are counted
while they are read, so a size that lies does no harm.
"""

from __future__ import annotations

import io
import stat
import struct
import tempfile
import zipfile
import zlib
from typing import IO, BinaryIO, cast

from qbank.exchange.lines import Source, stream_of

MAX_ARCHIVE_BYTES = 2_000_000_000
MAX_DIRECTORY_BYTES = 64_000_000  # of the archive's own list of members
MAX_MEMBERS = 300_000
MAX_UNPACKED_BYTES = 8_000_000_000  # of all members that are read, together
MAX_RATIO = 200  # unpacked to packed; texts reach 20
RATIO_FREE_BYTES = 1_000_000  # below this size any ratio will do
ZIP_START = b"PK\x03\x04"
_CHUNK = 65_536
_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}  # the others unpack without a bound


class PackageError(ValueError):
    """The package, or one member of it, cannot be read. The message says cause and cure."""


class Package:
    """An opened archive. ``names`` are those of its files, in the archive's order."""

    def __init__(self, source: Source) -> None:
        stream = seekable(source)
        _check_directory(stream)
        try:
            self._archive = zipfile.ZipFile(stream)
        except (zipfile.BadZipFile, NotImplementedError, ValueError, struct.error) as error:
            raise PackageError(f"the file is no readable zip archive ({error}): export it again") from None
        self._members = _checked(self._archive.infolist())
        self._unpacked = 0

    @property
    def names(self) -> list[str]:
        """Return the names of the files."""
        return list(self._members)

    def __contains__(self, name: str) -> bool:
        return name in self._members

    def read(self, name: str, max_bytes: int) -> bytes:
        """Return one file's bytes; raise `PackageError` where it is missing, damaged or beyond a cap."""
        info = self._members.get(name)
        if info is None:
            raise PackageError(f"the package lacks the file '{name}': export it again")
        if info.file_size > max_bytes:
            raise PackageError(f"the file '{name}' is larger than {max_bytes:,} bytes: take it out")
        try:
            with self._archive.open(info) as member:
                return self._read(member, info, max_bytes)
        except PackageError:
            raise
        except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, OSError, ValueError, struct.error) as error:
            raise PackageError(f"the file '{name}' is damaged ({error or 'it ends early'}): export again") from None

    def _read(self, member: IO[bytes], info: zipfile.ZipInfo, max_bytes: int) -> bytes:
        kept = io.BytesIO()
        while chunk := member.read(_CHUNK):
            kept.write(chunk)
            self._unpacked += len(chunk)
            size = kept.tell()
            if size > max_bytes:
                raise PackageError(f"the file '{info.filename}' is larger than {max_bytes:,} bytes: take it out")
            if size > RATIO_FREE_BYTES and size > MAX_RATIO * max(1, info.compress_size):
                raise PackageError(f"the file '{info.filename}' unpacks to over {MAX_RATIO} times its size: refused")
            if self._unpacked > MAX_UNPACKED_BYTES:
                raise PackageError(f"the package unpacks to over {MAX_UNPACKED_BYTES:,} bytes: split it")
        return kept.getvalue()


def seekable(source: Source) -> BinaryIO:
    """Return a stream that can be read from anywhere: a pipe is copied to a temporary file first."""
    stream = stream_of(source)
    if stream.seekable():
        return stream
    copy: IO[bytes] = tempfile.SpooledTemporaryFile(max_size=16_000_000)  # noqa: SIM115 (closed with the package)
    while chunk := stream.read(_CHUNK):
        if copy.tell() + len(chunk) > MAX_ARCHIVE_BYTES:
            raise PackageError(f"the file is larger than {MAX_ARCHIVE_BYTES:,} bytes: split it")
        copy.write(chunk)
    copy.seek(0)
    return cast(BinaryIO, copy)


def _check_directory(stream: BinaryIO) -> None:
    """Refuse an archive whose own list of members would fill the memory before a name of it is seen.

    The end record is the last thing in the archive, behind it only a comment of up to 65,535 bytes.
    """
    size = stream.seek(0, io.SEEK_END)
    if size > MAX_ARCHIVE_BYTES:
        raise PackageError(f"the file is larger than {MAX_ARCHIVE_BYTES:,} bytes: split it")
    stream.seek(max(0, size - 65_557))
    tail = stream.read()
    stream.seek(0)
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) < at + 22:
        raise PackageError("the file is no complete zip archive: copy or export it again")
    directory = struct.unpack_from("<L", tail, at + 12)[0]
    if directory == 0xFFFFFFFF:  # then the true size is in the 64-bit record, 76 bytes before this one at least
        wide = tail.rfind(b"PK\x06\x06", 0, at)
        directory = struct.unpack_from("<Q", tail, wide + 40)[0] if wide >= 0 and len(tail) >= wide + 48 else size
    if directory > MAX_DIRECTORY_BYTES:
        raise PackageError(f"the archive's directory is larger than {MAX_DIRECTORY_BYTES:,} bytes: split the package")


def _checked(infos: list[zipfile.ZipInfo]) -> dict[str, zipfile.ZipInfo]:
    if len(infos) > MAX_MEMBERS:
        raise PackageError(f"the archive holds more than {MAX_MEMBERS:,} files: split the package")
    members: dict[str, zipfile.ZipInfo] = {}
    for info in infos:
        if info.is_dir():
            _check_name(info.filename)
            continue
        if stat.S_ISLNK(info.external_attr >> 16):
            raise PackageError(f"'{_shown(info.filename)}' is a symbolic link: pack the file itself")
        if info.flag_bits & 0x1:
            raise PackageError(f"'{_shown(info.filename)}' is encrypted: pack it without a password")
        if info.compress_type not in _METHODS:
            raise PackageError(f"'{_shown(info.filename)}' is packed by a rare method: use deflate")
        name = _check_name(info.filename)
        if name in members:
            raise PackageError(f"the name '{_shown(name)}' is used twice in the archive: export it again")
        members[name] = info
    return members


def _check_name(name: str) -> str:
    """Return the name as it stands; raise where it is absolute, climbs up or has a drive or a NUL."""
    # zipfile has turned the platform's separators into "/" and cut the name at a NUL
    parts = name.split("/")
    if name.startswith("/") or "\\" in name or ".." in parts or ":" in parts[0] or not name.strip():
        raise PackageError(f"the name '{_shown(name)}' points outside the archive: refused")
    return name


def _shown(name: str) -> str:
    return name[:80].encode("ascii", "backslashreplace").decode()
