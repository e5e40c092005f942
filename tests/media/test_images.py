"""Images from strangers: what is taken, what is kept of it, what is refused before it can do harm."""

from __future__ import annotations

import struct
import tracemalloc
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qbank.media import images
from qbank.media.images import ImageRefusedError, cleaned, described
from tests.media.pictures import SECRET, SVG, animated, noted, opened, picture, png_of

GOOD = {
    "png": picture(),
    "png with a palette": picture(mode="P"),
    "png with transparency": picture(mode="RGBA"),
    "grey png": picture(mode="L"),
    "black and white png": picture(mode="1"),
    "jpeg": picture("JPEG"),
    "progressive jpeg": picture("JPEG", progressive=True),
    "jpeg for print": picture("JPEG", mode="CMYK"),
    "jpeg with notes": picture("JPEG", exif=noted(), comment=SECRET, icc_profile=SECRET),
    "jpeg to be turned": picture("JPEG", exif=noted(6)),
    "gif": picture("GIF", comment=SECRET),
    "webp": picture("WEBP", exif=noted(), xmp=SECRET),
    "webp without loss": picture("WEBP", lossless=True),
    "webp with transparency": picture("WEBP", mode="RGBA"),
    "webp to be turned": picture("WEBP", exif=noted(8)),
    "moving gif": animated("GIF"),
    "moving webp": animated("WEBP"),
}


@pytest.mark.parametrize("data", GOOD.values(), ids=GOOD)
def test_what_is_kept_of_an_image_is_its_picture_and_cleaning_it_again_changes_nothing(data: bytes) -> None:
    kept = cleaned(data)
    shown = opened(kept.data)
    assert (kept.width, kept.height) == shown.size
    assert kept.content_type in images.SUFFIXES
    assert SECRET not in kept.data
    assert not shown.getexif()
    assert not set(shown.info) & {"exif", "icc_profile", "comment", "xmp", "photoshop"}
    assert getattr(shown, "n_frames", 1) == 1
    assert cleaned(kept.data) == kept == cleaned(data) == described(kept.data)


def test_a_picture_that_a_camera_took_sideways_is_turned() -> None:
    for kind in ("JPEG", "WEBP"):
        kept = cleaned(picture(kind, size=(60, 20), exif=noted(6)))
        assert (kept.width, kept.height) == (20, 60)


def test_of_a_moving_image_the_first_frame_is_kept() -> None:
    for kind in ("GIF", "WEBP"):
        red, _green, blue = opened(cleaned(animated(kind)).data).convert("RGB").getpixel((3, 3))  # type: ignore[misc]
        assert red > 200
        assert blue < 60


def test_the_picture_of_a_jpeg_is_not_coded_anew_which_would_blur_it() -> None:
    plain = picture("JPEG", quality=80)
    assert opened(cleaned(plain).data).tobytes() == opened(plain).tobytes()
    assert cleaned(picture("JPEG", quality=80, exif=noted(), comment=SECRET)).sha256 == cleaned(plain).sha256


def test_the_same_picture_is_the_same_image_however_its_png_was_packed() -> None:
    assert cleaned(picture(compress_level=1)).sha256 == cleaned(picture(compress_level=9, optimize=True)).sha256
    assert cleaned(picture()).sha256 != cleaned(picture(hue=91)).sha256


def _bomb() -> bytes:
    return png_of(30_000, 30_000, b"\0" * 1_000_000)


PHOTO = picture("JPEG", size=(200, 150))
HOSTILE = {
    "nothing": (b"", "is empty"),
    "a bomb": (_bomb(), "30,000 by 30,000 pixels"),
    "a picture without size": (png_of(0, 5), "states no size"),
    "a gif that lies about its size": (
        b"GIF89a\x01\0\x01\0\0\0\0" + b"," + struct.pack("<HHHHB", 0, 0, 60_000, 60_000, 0) + b"\x02\x01\x44\0;",
        "60,000 by 60,000 pixels",
    ),
    "svg with a script": (SVG, "SVG, which can hold scripts"),
    "svg behind a declaration": (b'<?xml version="1.0"?>' + SVG, "SVG"),
    "a page that says it is a png": (b"<!DOCTYPE html><script>alert(1)</script>", "text such as SVG"),
    "a pdf": (b"%PDF-1.7 ...", "it is a PDF"),
    "a tiff": (picture("TIFF"), "it is a TIFF"),
    "a program": (b"\x7fELF" + b"\0" * 100, "none of these, whatever its name says"),
    "half a png": (picture()[:-40], "damaged"),
    "half a jpeg": (PHOTO[: len(PHOTO) // 2], "damaged"),
    "half a webp": (picture("WEBP")[:-20], "damaged"),
    "half a gif": (picture("GIF")[:-30], "damaged"),
    "a png with wrong sums": (picture().replace(b"IDAT", b"IDAT\0", 1), "damaged"),
    "a png that is a page too": (picture() + b"<script>alert(1)</script>", "something else follows the picture"),
    "a jpeg that is an archive too": (PHOTO + b"PK\x03\x04" + b"x" * 50, "something else follows the picture"),
    "a gif that is a program too": (picture("GIF") + b"*/=1;alert(1)", "something else follows the picture"),
    "a webp that is a page too": (picture("WEBP") + b"<html>", "something else follows the picture"),
    "a file that is too large": (picture() + b"\0" * images.MAX_BYTES, "larger than 5 MB"),
}


@pytest.mark.parametrize(("data", "cause"), HOSTILE.values(), ids=HOSTILE)
def test_what_is_no_picture_alone_is_refused_with_cause_and_cure(data: bytes, cause: str) -> None:
    with pytest.raises(ImageRefusedError, match=cause) as refused:
        cleaned(data)
    assert ": " in str(refused.value)


def test_a_bomb_is_refused_before_it_is_unpacked() -> None:
    body = zlib.compress(b"\0" * 50_000_000)
    bomb = png_of(20_000, 20_000).replace(zlib.compress(b"\0"), body)
    tracemalloc.start()
    with pytest.raises(ImageRefusedError):
        cleaned(bomb)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 5_000_000


def test_a_second_picture_that_a_camera_put_behind_the_first_is_cut_off() -> None:
    assert cleaned(PHOTO + picture("JPEG")).sha256 == cleaned(PHOTO).sha256
    assert cleaned(PHOTO + b"\0" * 16).sha256 == cleaned(PHOTO).sha256


def test_a_small_copy_of_the_picture_in_its_head_does_not_stay() -> None:
    head = b"JFIF\0\x01\x01\0\0\x01\0\x01\x02\x01" + SECRET[:6]
    small = PHOTO[:2] + b"\xff\xe0" + struct.pack(">H", len(head) + 2) + head + PHOTO[20:]
    assert SECRET[:6] not in cleaned(small).data


@given(st.data())
def test_a_damaged_file_is_taken_or_refused_and_nothing_else_happens(data: st.DataObject) -> None:
    whole = data.draw(st.sampled_from(list(GOOD.values())))
    at = data.draw(st.integers(0, len(whole) - 1))
    broken = data.draw(
        st.sampled_from(
            [whole[:at], whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :], whole[:at] + whole[at + 1 :]]
        )
    )
    try:
        kept = cleaned(broken)
    except ImageRefusedError:
        return
    assert opened(kept.data).size == (kept.width, kept.height)
