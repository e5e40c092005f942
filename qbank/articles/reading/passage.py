"""Text that knows where each of its characters came from.

Markup, markers and line breaks are taken out of what a person reads, yet a statement must still point into
the source. A `Passage` carries, for every character, the source offsets where it begins and ends.
"""

from __future__ import annotations

import re
from array import array
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass

# Superscripts from markup are kept between these two until the markers are read. They are private-use
# characters; `mask_private` takes them out of the source, so that no text can bring its own.
RAISED = "\ue000"
LOWERED = "\ue001"
_PRIVATE = str.maketrans({RAISED: " ", LOWERED: " "})
_SPACES = re.compile(r"\s+")
_LINE_END = re.compile(r"\r\n|\n|\r")


def mask_private(source: str) -> str:
    """Return ``source`` with the two reserved characters as spaces; every offset stays the same."""
    return source.translate(_PRIVATE) if RAISED in source or LOWERED in source else source


@dataclass(frozen=True, slots=True)
class Passage:
    """A text with the source offsets of each character (``starts[i]`` to ``stops[i]``)."""

    text: str
    starts: array[int]
    stops: array[int]

    @property
    def start(self) -> int:
        """Return the source offset of the first character; 0 for an empty passage."""
        return self.starts[0] if self.text else 0

    @property
    def end(self) -> int:
        """Return the source offset behind the last character; 0 for an empty passage."""
        return self.stops[-1] if self.text else 0

    def piece(self, begin: int, end: int) -> Passage:
        """Return the characters from ``begin`` to ``end`` (offsets in this passage's text)."""
        return Passage(self.text[begin:end], self.starts[begin:end], self.stops[begin:end])

    def strip(self, characters: str | None = None) -> Passage:
        """Return the passage without white space (or ``characters``) at its ends."""
        begin = len(self.text) - len(self.text.lstrip(characters))
        end = len(self.text.rstrip(characters))
        return self.piece(begin, max(begin, end))

    def squeeze(self) -> Passage:
        """Return the passage with each run of white space as one space, none at the ends."""
        stripped = self.strip()
        cuts = [(m.start() + 1, m.end()) for m in _SPACES.finditer(stripped.text) if m.end() - m.start() > 1]
        single = stripped.without(cuts)
        return Passage(_SPACES.sub(" ", single.text), single.starts, single.stops)

    def without(self, ranges: Iterable[tuple[int, int]]) -> Passage:
        """Return the passage without the given ranges, which are sorted and do not overlap."""
        builder = Builder()
        at = 0
        for begin, end in ranges:
            builder.add(self.piece(at, begin))
            at = end
        if at == 0:
            return self
        builder.add(self.piece(at, len(self.text)))
        return builder.done()


EMPTY = Passage("", array("I"), array("I"))


def cut(source: str, begin: int, end: int) -> Passage:
    """Return ``source[begin:end]`` as a passage."""
    return Passage(source[begin:end], array("I", range(begin, end)), array("I", range(begin + 1, end + 1)))


class Builder:
    """Puts a passage together from pieces."""

    def __init__(self) -> None:
        self._texts: list[str] = []
        self._starts: array[int] = array("I")
        self._stops: array[int] = array("I")

    def add(self, passage: Passage) -> None:
        """Append a passage."""
        if passage.text:
            self._texts.append(passage.text)
            self._starts.extend(passage.starts)
            self._stops.extend(passage.stops)

    def put(self, text: str, begin: int, end: int) -> None:
        """Append ``text`` which as a whole stands for the source from ``begin`` to ``end``."""
        self._texts.append(text)
        self._starts.extend([begin] * len(text))
        self._stops.extend([end] * len(text))

    def done(self) -> Passage:
        """Return what was put together."""
        return Passage("".join(self._texts), self._starts, self._stops)


def join(passages: Iterable[Passage], glue: str = " ") -> Passage:
    """Return the passages as one, with ``glue`` between them (which points at the end of the one before)."""
    builder = Builder()
    last: Passage | None = None
    for passage in passages:
        if not passage.text:
            continue
        if last is not None:
            builder.put(glue, last.end, last.end)
        builder.add(passage)
        last = passage
    return builder.done()


class LineIndex:
    """Finds the line, counted from 1, of a source offset."""

    def __init__(self, source: str) -> None:
        self._ends = [m.end() for m in _LINE_END.finditer(source)]

    def line(self, offset: int) -> int:
        """Return the line that holds the character at ``offset``."""
        return bisect_right(self._ends, offset) + 1


def lines_of(source: str, begin: int = 0) -> Iterable[tuple[int, int]]:
    """Yield start and end offset of each line from ``begin`` on, without its line end."""
    at = begin
    for match in _LINE_END.finditer(source, begin):
        yield at, match.start()
        at = match.end()
    yield at, len(source)
