"""Highlighted spans of a text: adding, removing, and drawing them into rendered HTML. Pure.

A span counts characters (code points) of the visible text, which is the HTML without its tags and with its entities
read: what a browser calls the text content. Spans of one text are kept apart, sorted and merged where they touch.
"""

from __future__ import annotations

import html as entities
import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from typing import NamedTuple


class Span(NamedTuple):
    """Characters from ``start`` up to, not including, ``end``."""

    start: int
    end: int


Spans = tuple[Span, ...]

# A tag with quoted attribute values, in which ">" may stand; a text is everything else.
_PIECE = re.compile(r"""<(?:[^>"']|"[^"]*"|'[^']*')*>|[^<]+|<""")
_CHARACTER = re.compile(r"&(?:#[0-9]+|#[xX][0-9a-fA-F]+|[A-Za-z][A-Za-z0-9]*);|.", re.DOTALL)


def added(spans: Iterable[Span], new: Span) -> Spans:
    """Return the spans with a new one; what overlaps or touches it becomes one with it."""
    start, end = new
    apart = []
    for span in spans:
        if span.end < start or span.start > end:
            apart.append(span)
        else:
            start, end = min(start, span.start), max(end, span.end)
    return tuple(sorted([*apart, Span(start, end)]))


def removed(spans: Iterable[Span], gone: Span) -> Spans:
    """Return the spans without the characters of ``gone``; a span that sticks out on both sides becomes two."""
    left = []
    for span in spans:
        left += [Span(span.start, min(span.end, gone.start)), Span(max(span.start, gone.end), span.end)]
    return tuple(sorted(span for span in left if span.start < span.end))


def overlap(one: Span, other: Span) -> bool:
    """Return whether two spans share a character."""
    return one.start < other.end and other.start < one.end


def written(spans: Iterable[Span]) -> str:
    """Write spans as the page's script reads them: "3-10 20-31"."""
    return " ".join(f"{span.start}-{span.end}" for span in spans)


def _pieces(html: str) -> Iterator[tuple[bool, str]]:
    """Yield the HTML in pieces: (it is a tag, the piece)."""
    for found in _PIECE.finditer(html):
        piece = found.group()
        yield piece.startswith("<") and len(piece) > 1, piece


def visible_text(html: str) -> str:
    """Return the text content of rendered HTML, white space as it stands."""
    return "".join(entities.unescape(piece) for is_tag, piece in _pieces(html) if not is_tag)


def with_marks(html: str, spans: Iterable[Span]) -> str:
    """Return the HTML with a mark element around every highlighted stretch of text.

    No tag is cut: a span over several elements gives a mark in each. White space between elements gets none, so
    that lists and tables stay well formed.
    """
    wanted = sorted(spans)
    if not wanted:
        return html
    out: list[str] = []
    place = 0
    for is_tag, piece in _pieces(html):
        if is_tag:
            out.append(piece)
            continue
        characters = [(found.group(), entities.unescape(found.group())) for found in _CHARACTER.finditer(piece)]
        length = sum(len(text) for _raw, text in characters)
        out.append(piece if not piece.strip() else "".join(_drawn(characters, place, wanted)))
        place += length
    return "".join(out)


def _drawn(characters: list[tuple[str, str]], place: int, spans: list[Span]) -> Iterator[str]:
    """Yield the characters of one text, which begins at ``place``, with marks opened and closed between them."""
    starts = [span.start for span in spans]
    inside: Span | None = None
    for raw, text in characters:
        nearest = spans[bisect_right(starts, place) - 1]
        now = nearest if nearest.start <= place < nearest.end else None
        if now != inside:
            if inside is not None:
                yield "</mark>"
            if now is not None:
                yield f'<mark class="highlight" data-span="{written([now])}">'
            inside = now
        yield raw
        place += len(text)
    if inside is not None:
        yield "</mark>"
