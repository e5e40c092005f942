"""How PNG, JPEG, GIF and WebP files are put together: the size that the head states, where the picture ends. Pure.

Nothing is decoded here, so a file that would unpack to gigabytes costs no more than its bytes. Sources: PNG (W3C
Recommendation), JPEG (ITU-T T.81, annex B), GIF89a, WebP container (RFC 9649).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

PNG, JPEG, GIF, WEBP = "image/png", "image/jpeg", "image/gif", "image/webp"
_PNG_START = b"\x89PNG\r\n\x1a\n"
_STANDALONE = frozenset({0x01, *range(0xD0, 0xD8)})  # JPEG markers without a length
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}  # start of frame: it states the size
_ADOBE, _JFIF = 0xEE, 0xE0
_ALPHA = 0x10  # flag of VP8X: the picture has an alpha channel
_PICTURE_CHUNKS = frozenset({b"VP8 ", b"VP8L", b"ALPH"})


class DamagedError(ValueError):
    """The file breaks off, or is not put together as its kind demands."""


@dataclass(frozen=True, slots=True)
class Outline:
    """A file seen from outside. ``end`` is the offset behind the picture; ``bare`` the picture without its notes.

    ``bare`` is None where the kind has to be encoded anew (PNG, GIF, an animated WebP).
    """

    content_type: str
    width: int
    height: int
    end: int
    bare: bytes | None = None


def kind_of(data: bytes) -> str | None:
    """Return the content type that the first bytes tell; None for anything but the four kinds."""
    if data.startswith(_PNG_START):
        return PNG
    if data.startswith(b"\xff\xd8\xff"):
        return JPEG
    if data.startswith((b"GIF87a", b"GIF89a")):
        return GIF
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return WEBP
    return None


def outline(data: bytes) -> Outline:
    """Return what the file says of itself. Raises `DamagedError`, also for a kind that is not one of the four."""
    readers = {PNG: _png, JPEG: _jpeg, GIF: _gif, WEBP: _webp}
    kind = kind_of(data)
    if kind is None:
        raise DamagedError("it is not a PNG, JPEG, GIF or WebP file")
    try:
        return readers[kind](data)
    except (struct.error, IndexError):
        raise DamagedError("it breaks off") from None


def _png(data: bytes) -> Outline:
    width, height = struct.unpack_from(">II", data, 16)
    if data[12:16] != b"IHDR":
        raise DamagedError("it does not begin with a head")
    at = len(_PNG_START)
    while True:
        (length,) = struct.unpack_from(">I", data, at)
        kind = data[at + 4 : at + 8]
        at += 12 + length
        if at > len(data):
            raise DamagedError("it breaks off")
        if kind == b"IEND":
            return Outline(PNG, width, height, at)


def _gif(data: bytes) -> Outline:
    width, height, flags = struct.unpack_from("<HHB", data, 6)
    at = 13 + _colours(flags)
    while (mark := data[at]) != 0x3B:
        if mark == 0x2C:
            left, top, wide, high = struct.unpack_from("<HHHH", data, at + 1)
            width, height = _larger((width, height), (left + wide, top + high))  # a frame may reach beyond
            at += 10
            at += _colours(data[at - 1]) + 1
        elif mark == 0x21:
            at += 2
        else:
            raise DamagedError("its parts do not follow one another")
        while step := data[at]:
            at += step + 1
        at += 1
    return Outline(GIF, width, height, at + 1)


def _colours(flags: int) -> int:
    return 3 * (2 << (flags & 7)) if flags & 0x80 else 0


def _webp(data: bytes) -> Outline:
    end = 8 + struct.unpack_from("<I", data, 4)[0]
    if end > len(data):
        raise DamagedError("it breaks off")
    at, size, kept, still = 12, (0, 0), [], True
    while at + 8 <= end:
        name, length = data[at : at + 4], struct.unpack_from("<I", data, at + 4)[0]
        chunk = data[at : at + 8 + length + (length & 1)]
        if at + 8 + length > end:
            raise DamagedError("it breaks off")
        size = _larger(size, _webp_size(name, chunk[8:]))
        if name == b"VP8X":
            still = not chunk[8] & 0x02
            kept.append(chunk[:8] + bytes([chunk[8] & _ALPHA]) + chunk[9:])
        elif name in _PICTURE_CHUNKS:
            kept.append(chunk)
        at += len(chunk)
    body = b"WEBP" + b"".join(kept)
    bare = b"RIFF" + struct.pack("<I", len(body)) + body if still else None
    return Outline(WEBP, *size, min(end + (end & 1), len(data)), bare)


def _webp_size(name: bytes, body: bytes) -> tuple[int, int]:
    if name == b"VP8X":
        return 1 + int.from_bytes(body[4:7], "little"), 1 + int.from_bytes(body[7:10], "little")
    if name == b"VP8L":
        bits = struct.unpack_from("<I", body, 1)[0]
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    if name == b"VP8 ":
        width, height = struct.unpack_from("<HH", body, 6)
        return width & 0x3FFF, height & 0x3FFF
    return 0, 0


def _larger(one: tuple[int, int], other: tuple[int, int]) -> tuple[int, int]:
    return max(one[0], other[0]), max(one[1], other[1])


def _jpeg(data: bytes) -> Outline:
    at, size = 2, (0, 0)
    kept = [b"\xff\xd8"]
    while True:
        start = at
        if data[at] != 0xFF:
            raise DamagedError("its parts do not follow one another")
        while data[at] == 0xFF:
            at += 1
        marker = data[at]
        at += 1
        if marker == 0xD9:
            kept.append(b"\xff\xd9")
            return Outline(JPEG, *size, at, b"".join(kept))
        if marker not in _STANDALONE:
            at += struct.unpack_from(">H", data, at)[0]
        if at > len(data):
            raise DamagedError("it breaks off")
        if marker in _FRAMES:
            height, width = struct.unpack_from(">HH", data, start + 5)
            size = _larger(size, (width, height))
        if marker == 0xDA:
            at = _scan_end(data, at)
        if _of_the_picture(marker, data[start:at]):
            kept.append(data[start:at])


def _of_the_picture(marker: int, part: bytes) -> bool:
    """Say whether a JPEG's decoder needs this part: no notes, no profiles, no small copy of the picture."""
    if marker == _JFIF:
        return part[4:9] == b"JFIF\0" and len(part) == 18
    if marker == _ADOBE:
        return part[4:9] == b"Adobe" and len(part) == 16
    return not (0xE0 <= marker <= 0xEF or marker == 0xFE)


def _scan_end(data: bytes, at: int) -> int:
    """Return where the next marker behind the coded picture stands; in it, 0xFF is followed by 0 or a restart."""
    while True:
        at = data.find(b"\xff", at)
        if at < 0 or at + 1 >= len(data):
            raise DamagedError("it breaks off")
        if data[at + 1] == 0 or 0xD0 <= data[at + 1] <= 0xD7:
            at += 2
        elif data[at + 1] == 0xFF:
            at += 1
        else:
            return at
