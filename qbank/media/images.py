"""An image from a stranger: recognised by its content, bounded before it is decoded, stripped to its picture. Pure.

What leaves `cleaned` holds no notes, place, camera, profile or small copy, and nothing behind the picture. PNG and GIF
(the first frame) are encoded anew as PNG. The picture of a JPEG or a still WebP stays as it was coded, because
each new coding would blur it; it is decoded all the same, to know that it is whole, and coded anew only where it must
be turned or its colours are for print. So the same file gives the same bytes, and what was cleaned stays as it is.
"""

from __future__ import annotations

import hashlib
import io
import re
import warnings
from dataclasses import dataclass, field
from typing import Any

from PIL import Image, ImageOps

from qbank.media import containers
from qbank.media.containers import DamagedError, Outline

MAX_BYTES = 5_000_000
MAX_PIXELS = 25_000_000
SUFFIXES = {containers.PNG: "png", containers.JPEG: "jpg", containers.WEBP: "webp"}
KINDS = "PNG, JPEG, GIF and WebP"
_FORMATS = {containers.PNG: "PNG", containers.JPEG: "JPEG", containers.GIF: "GIF", containers.WEBP: "WEBP"}
_ORIENTATION = 0x0112  # Exif's tag: how the picture must be turned
_SAVED: dict[str, dict[str, Any]] = {
    containers.PNG: {"format": "PNG", "compress_level": 6},
    containers.JPEG: {"format": "JPEG", "quality": 95, "subsampling": 0},
    containers.WEBP: {"format": "WEBP", "lossless": True, "quality": 80, "method": 4},
}
_SVG = re.compile(rb"\s*(?:<\?xml|<!--|<!DOCTYPE|<svg)", re.IGNORECASE)
_OTHERS = (
    (b"%PDF", "a PDF"),
    (b"PK\x03\x04", "an archive"),
    (b"II*\x00", "a TIFF"),
    (b"MM\x00*", "a TIFF"),
    (b"BM", "a BMP"),
    (b"\x00\x00\x01\x00", "an icon"),
)


class ImageRefusedError(ValueError):
    """The file is not taken as an image; the message says why and what mends it."""


def digest(data: bytes) -> str:
    """Return the name of an image: the SHA-256 of its bytes, in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


@dataclass(frozen=True, slots=True)
class Facts:
    """What the bank notes of an image: all but its bytes. ``size`` is in bytes, width and height in pixels."""

    sha256: str
    content_type: str
    size: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Picture:
    """A cleaned image. ``width`` and ``height`` are in pixels, as it is shown."""

    data: bytes
    content_type: str
    width: int
    height: int
    sha256: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "sha256", digest(self.data))

    @property
    def facts(self) -> Facts:
        """Return what the bank notes of it."""
        return Facts(self.sha256, self.content_type, len(self.data), self.width, self.height)


def cleaned(data: bytes) -> Picture:
    """Return the picture of a file and nothing else of it. Raises `ImageRefusedError` with cause and cure."""
    if not data:
        raise ImageRefusedError("it is empty: choose the file again")
    if len(data) > MAX_BYTES:
        raise ImageRefusedError(f"it is larger than {MAX_BYTES // 1_000_000} MB: make it smaller")
    if containers.kind_of(data) is None:
        raise ImageRefusedError(_what_it_is(data))
    try:
        seen = containers.outline(data)
        _check_pixels(seen.width, seen.height)
        _check_end(data, seen)
        picture = _stripped(data[: seen.end], seen)
    except DamagedError as error:
        raise ImageRefusedError(f"it is damaged ({error}): save it again in an image program") from None
    if len(picture.data) > MAX_BYTES:
        raise ImageRefusedError(f"stored whole it would be larger than {MAX_BYTES // 1_000_000} MB: make it smaller")
    return picture


def described(data: bytes) -> Picture:
    """Return the facts of an image that was cleaned before. Raises ValueError where it is none."""
    seen = containers.outline(data)
    return Picture(data, seen.content_type, seen.width, seen.height)


def _what_it_is(data: bytes) -> str:
    start = data[:1000]
    if _SVG.match(start):
        return f"it is text such as SVG, which can hold scripts: save it as PNG ({KINDS} are taken)"
    name = next((name for sign, name in _OTHERS if start.startswith(sign)), "none of these, whatever its name says")
    return f"{KINDS} are taken, and it is {name}: save it as PNG or JPEG"


def _check_pixels(width: int, height: int) -> None:
    if width < 1 or height < 1:
        raise DamagedError("it states no size")
    if width * height > MAX_PIXELS:
        raise ImageRefusedError(
            f"it has {width:,} by {height:,} pixels, and {MAX_PIXELS // 1_000_000} million are allowed: make it smaller"
        )


def _check_end(data: bytes, seen: Outline) -> None:
    """Refuse what is an image and something else besides. Cameras put a second JPEG behind the first: that is cut."""
    rest = data[seen.end :]
    second = seen.content_type == containers.JPEG and rest.lstrip(b"\0").startswith(b"\xff\xd8\xff")
    if rest.strip(b"\0") and not second:
        raise ImageRefusedError(
            f"something else follows the picture ({len(rest):,} bytes): save it again in an image program"
        )


def _stripped(data: bytes, seen: Outline) -> Picture:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about notes that cannot be read, which are dropped anyway
        try:
            with Image.open(io.BytesIO(data), formats=[_FORMATS[seen.content_type]]) as image:
                _check_pixels(*image.size)  # a frame may be larger than the head said
                image.load()
                return _coded(image, seen)
        except (ImageRefusedError, DamagedError):
            raise
        except (OSError, SyntaxError, ValueError, EOFError, IndexError, TypeError, Image.DecompressionBombError) as e:
            raise DamagedError(str(e)[:100] or "it cannot be decoded") from None


def _coded(image: Image.Image, seen: Outline) -> Picture:
    turned = image.getexif().get(_ORIENTATION, 1) in range(2, 9)
    if seen.bare is not None and not turned and image.mode != "CMYK":
        return Picture(seen.bare, seen.content_type, *image.size)
    kind = containers.PNG if seen.content_type == containers.GIF else seen.content_type
    shown = _plain(ImageOps.exif_transpose(image), kind)
    target = io.BytesIO()
    shown.save(target, **_SAVED[kind])
    data = target.getvalue()
    return Picture(containers.outline(data).bare or data, kind, *shown.size)


def _plain(image: Image.Image, kind: str) -> Image.Image:
    """Return the pixels alone, in one of three modes: grey, colour, colour with transparency."""
    if image.mode in ("I;16", "I;16B", "I"):
        image = image.point(lambda value: value / 256).convert("L")
    if image.mode in ("1", "L") and "transparency" not in image.info:
        mode = "L"
    else:
        mode = "RGBA" if image.has_transparency_data and kind != containers.JPEG else "RGB"
    plain = Image.new(mode, image.size)
    plain.paste(image.convert(mode))
    opaque = mode == "RGBA" and plain.getchannel("A").getextrema() == (255, 255)
    return plain.convert("RGB") if opaque else plain
