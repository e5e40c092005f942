"""The text of a table, line by line, its encoding found on the way."""

from __future__ import annotations

import codecs
import io
from collections.abc import Iterator
from typing import BinaryIO, cast

from qbank.exchange.lines import MAX_LINE_BYTES

_SAMPLE = 65_536


class Decoder:
    """Iterates over the lines of a table with their line ends; ``line`` counts those given out.

    Without a byte order mark a file is UTF-8 until a line is not; if no line before it held anything but ASCII, the
    file is Windows-1252 from there on, else that line is a fault.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self.encoding = "utf-8"
        self.line = 0
        self._fault = ""
        self._remarks: list[str] = []
        self._certain = False
        start = stream.read(_SAMPLE)
        self._stream = cast(BinaryIO, io.BufferedReader(_Rejoined(start, stream), _SAMPLE))
        self._start = start

    def __iter__(self) -> Iterator[str]:
        for text in self._lines():
            self.line += 1
            yield text

    def _lines(self) -> Iterator[str]:
        if self._start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            self.encoding = "utf-16"
            yield from self._wide()
            return
        if self._start.startswith(codecs.BOM_UTF8):
            self._certain = True
            self._stream.read(3)
        if b"\n" not in self._start and b"\r" in self._start:
            yield from self._old_mac()
            return
        while raw := self._stream.readline(MAX_LINE_BYTES + 1):
            yield self._decoded(raw)

    def _decoded(self, raw: bytes) -> str:
        if len(raw) > MAX_LINE_BYTES:
            while raw and not raw.endswith(b"\n"):
                raw = self._stream.readline(MAX_LINE_BYTES)
            return self._blame(f"the line is longer than {MAX_LINE_BYTES:,} bytes")
        try:
            text = raw.decode(self.encoding)
        except UnicodeDecodeError as error:
            if self._certain or self.encoding != "utf-8":
                return self._blame(f"byte {error.start + 1} of the line is not {self.encoding.upper()}")
            self.encoding = "windows-1252"
            self._remarks.append("the file is not UTF-8 and is read as Windows-1252 from here on: look at the accents")
            return self._decoded(raw)
        if self.encoding == "utf-8" and not raw.isascii():
            self._certain = True
        return text

    def _wide(self) -> Iterator[str]:
        """Yield the lines of UTF-16; a broken unit is a fault of its line."""
        decoder = codecs.getincrementaldecoder("utf-16")(errors="replace")
        rest = ""
        while chunk := self._stream.read(_SAMPLE):
            *whole, rest = (rest + decoder.decode(chunk)).split("\n")
            for text in whole:
                yield self._checked(text + "\n")
            if len(rest) > MAX_LINE_BYTES:
                yield self._blame(f"the line is longer than {MAX_LINE_BYTES:,} characters")
                return
        rest += decoder.decode(b"", final=True)
        if rest:
            yield self._checked(rest)

    def _checked(self, text: str) -> str:
        return self._blame("the line is not valid UTF-16") if "\ufffd" in text else text

    def _old_mac(self) -> Iterator[str]:
        rest = b""
        while chunk := self._stream.read(_SAMPLE):
            *whole, rest = (rest + chunk).split(b"\r")
            for raw in whole:
                yield self._decoded(raw.removeprefix(b"\n") + b"\n")
            if len(rest) > MAX_LINE_BYTES:
                yield self._blame(f"the line is longer than {MAX_LINE_BYTES:,} bytes")
                return
        if rest:
            yield self._decoded(rest)

    def _blame(self, cause: str) -> str:
        self._fault = self._fault or cause
        return "?\n"

    def take_fault(self) -> str:
        """Return what is wrong with the lines given out since the last call."""
        fault, self._fault = self._fault, ""
        return fault

    def take_remarks(self) -> list[str]:
        """Return the remarks on the lines given out since the last call."""
        remarks, self._remarks = self._remarks, []
        return remarks


class _Rejoined(io.RawIOBase):
    """A stream with the sample that was read from it put back in front."""

    def __init__(self, start: bytes, stream: BinaryIO) -> None:
        self.start = start
        self.stream = stream

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        """Fill the buffer with the next bytes."""
        size = len(buffer)
        data, self.start = (self.start[:size], self.start[size:]) if self.start else (self.stream.read(size), b"")
        buffer[: len(data)] = data
        return len(data)
