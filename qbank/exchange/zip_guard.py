"""Archives from strangers: counted and measured while they are unpacked, before anything else reads them."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Callable
from typing import BinaryIO

MAX_MEMBERS = 2_000
MAX_UNPACKED = 1_000_000_000
MAX_RATIO = 200
_RATIO_FROM = 20_000_000  # bytes; small members may shrink well without being a bomb
_CHUNK = 262_144


class UnsafeZipError(ValueError):
    """The archive is damaged or not acceptable; the message says why and what mends it."""


def check(
    stream: BinaryIO,
    *,
    max_members: int = MAX_MEMBERS,
    max_unpacked: int = MAX_UNPACKED,
    max_ratio: int = MAX_RATIO,
    look: Callable[[str, bytes], None] | None = None,
) -> None:
    """Unpack every member into nothing and raise `UnsafeZipError` where a limit is passed.

    What the archive says of its sizes is not believed: bytes are counted as they come. ``look`` sees the name of
    each member and its first bytes. The stream must be seekable, and is left at its beginning.
    """
    try:
        with zipfile.ZipFile(stream) as archive:
            _check_members(archive, max_members, max_unpacked, max_ratio, look)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError) as error:
        raise UnsafeZipError(f"the archive is damaged or encrypted ({error}): save it again") from None
    stream.seek(0)


def _check_members(
    archive: zipfile.ZipFile,
    max_members: int,
    max_unpacked: int,
    max_ratio: int,
    look: Callable[[str, bytes], None] | None,
) -> None:
    members = archive.infolist()
    if len(members) > max_members:
        raise UnsafeZipError(f"the archive has {len(members):,} members, and {max_members:,} are allowed")
    names = {member.filename for member in members}
    if len(names) < len(members):
        raise UnsafeZipError("the archive has two members of one name: save it again")
    total = 0
    for member in members:
        size = 0
        with archive.open(member) as unpacked:
            while chunk := unpacked.read(_CHUNK):
                if look is not None and not size:
                    look(member.filename, chunk)
                size += len(chunk)
                total += len(chunk)
                if total > max_unpacked:
                    raise UnsafeZipError(f"the archive unpacks to more than {max_unpacked:,} bytes: split it")
                if size > _RATIO_FROM and size > max_ratio * max(1, member.compress_size):
                    raise UnsafeZipError(f"'{member.filename[:60]}' unpacks to over {max_ratio} times its size")
