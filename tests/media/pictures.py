"""Images for tests: good ones of each kind, and hostile ones."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

from PIL import Image

SECRET = b"Ward 7, camera 12345"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


def picture(
    kind: str = "PNG", *, mode: str = "RGB", size: tuple[int, int] = (40, 30), hue: int = 90, **more: Any
) -> bytes:
    """Return an image file with a gradient, so that turning or cutting it shows."""
    image = Image.linear_gradient("L").resize(size).convert("RGB")
    image.paste((hue, 40, 200), (0, 0, size[0] // 2, size[1] // 3))
    made = io.BytesIO()
    image.convert(mode).save(made, kind, **more)
    return made.getvalue()


def noted(orientation: int = 1) -> Image.Exif:
    """Return a camera's notes: how the picture must be turned, and what nobody should learn."""
    notes = Image.Exif()
    notes[0x0112] = orientation
    notes[0x010E] = SECRET.decode()
    return notes


def png_of(width: int, height: int, body: bytes = b"\0") -> bytes:
    """Return a PNG that states this size and holds next to nothing."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", head), (b"IDAT", zlib.compress(body)), (b"IEND", b"")]
    parts = [
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in chunks
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def animated(kind: str = "GIF") -> bytes:
    """Return an image of two frames, the first one red."""
    first, second = (Image.new("RGB", (20, 10), colour) for colour in ("red", "blue"))
    made = io.BytesIO()
    first.save(made, kind, save_all=True, append_images=[second], duration=100)
    return made.getvalue()


def opened(data: bytes) -> Image.Image:
    """Return the decoded image."""
    image = Image.open(io.BytesIO(data))
    image.load()
    return image
