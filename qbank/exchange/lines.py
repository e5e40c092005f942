"""A file as numbered lines of text, read one at a time so that memory stays flat."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, TypeAlias

MAX_LINE_BYTES = 4_000_000  # above any real item on one line; what is longer is skipped, not kept

Source: TypeAlias = bytes | BinaryIO


@dataclass(frozen=True, slots=True)
class Line:
    """One line without its line end. ``problem`` says why ``text`` could not be read; then it is empty."""

    number: int
    text: str
    problem: str = ""


def stream_of(source: Source) -> BinaryIO:
    """Return the source as a binary stream."""
    return io.BytesIO(source) if isinstance(source, bytes) else source


def numbered_lines(source: Source) -> Iterator[Line]:
    """Yield the lines of UTF-8 text, ended by LF or CRLF; a byte order mark is dropped.

    A line that is too long or is not UTF-8 is yielded empty with its problem; reading goes on behind it.
    """
    stream = stream_of(source)
    number = 0
    while raw := stream.readline(MAX_LINE_BYTES + 1):
        number += 1
        if number == 1:
            raw = raw.removeprefix(b"\xef\xbb\xbf")
        if len(raw) > MAX_LINE_BYTES and not raw.endswith(b"\n"):
            _skip_rest(stream)
            yield Line(number, "", f"the line is longer than {MAX_LINE_BYTES:,} bytes")
            continue
        yield _decode(number, raw)


def _skip_rest(stream: BinaryIO) -> None:
    while (rest := stream.readline(MAX_LINE_BYTES)) and not rest.endswith(b"\n"):
        pass


def _decode(number: int, raw: bytes) -> Line:
    body = raw.removesuffix(b"\n").removesuffix(b"\r")
    try:
        return Line(number, body.decode("utf-8"))
    except UnicodeDecodeError as error:
        if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
            return Line(number, "", "the file is UTF-16: save it as UTF-8")
        return Line(number, "", f"byte {error.start + 1} of the line is not UTF-8: save the file as UTF-8")
