"""HTML source to tags and text, each with its place in the source; one pass, no tree, nothing executed."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from qbank.articles.reading.passage import Builder, Passage, cut

_NAME = re.compile(r"</?([A-Za-z][^\s/<>]{0,60})")
_STOP = re.compile(r"[\"'>]")
_ATTRIBUTE = re.compile(r"([A-Za-z_:][\w:.-]{0,60})(?:\s{0,20}=\s{0,20}(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+)))?")
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,30});?")
_TAG_READ = 5_000  # characters of a tag searched for attributes; data URLs can be huge
_RAW = ("script", "style", "textarea", "title", "noscript", "template", "iframe", "svg", "xmp")
_RAW_END = {name: re.compile(rf"</{name}(?![A-Za-z0-9-])[^>]*>?", re.IGNORECASE) for name in _RAW}
_LINE_BREAKS = str.maketrans("\r\n\t\f", "    ")


@dataclass(frozen=True, slots=True)
class Tag:
    """A start or end tag."""

    name: str
    start: int
    end: int
    closing: bool = False
    attributes: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Text:
    """Text between tags, entities decoded, line breaks as spaces."""

    passage: Passage


@dataclass(frozen=True, slots=True)
class Raw:
    """The content of an element that holds no markup, such as script or title."""

    name: str
    content: str
    start: int


class _Scanner:
    def __init__(self, source: str) -> None:
        self.source = source
        self.absent: set[str] = set()  # strings that do not occur any more, so as to search for them once

    def find(self, wanted: str, begin: int) -> int:
        if wanted in self.absent:
            return -1
        at = self.source.find(wanted, begin)
        if at < 0:
            self.absent.add(wanted)
        return at

    def tag_end(self, begin: int) -> int:
        """Return the offset behind the ``>`` that ends a tag, or -1. A ``>`` in quotes does not end it."""
        if self.find(">", begin) < 0:
            return -1
        at = begin
        while (found := _STOP.search(self.source, at)) is not None:
            if found.group() == ">":
                return found.end()
            close = self.find(found.group(), found.end())
            at = close + 1 if close >= 0 else found.end()
        close = self.find(">", begin)
        return close + 1 if close >= 0 else -1


def _attributes(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for match in _ATTRIBUTE.finditer(text[:_TAG_READ]):
        value = next((g for g in match.groups()[1:] if g is not None), "")
        found.setdefault(match.group(1).lower(), html.unescape(value))
    return found


def decode_text(source: str, begin: int, end: int) -> Passage:
    """Return source text with entities decoded and line breaks as spaces."""
    builder = Builder()
    at = begin
    for match in _ENTITY.finditer(source, begin, end):
        decoded = html.unescape(match.group())
        if decoded == match.group():
            continue
        builder.add(cut(source, at, match.start()))
        builder.put(decoded, match.start(), match.end())
        at = match.end()
    builder.add(cut(source, at, end))
    whole = builder.done()
    return Passage(whole.text.translate(_LINE_BREAKS), whole.starts, whole.stops)


def tokens(source: str) -> Iterator[Tag | Text | Raw]:
    """Yield tags and text in order. Comments and declarations are left out; stray ``<`` is text."""
    scanner = _Scanner(source)
    at = text_from = 0
    while (at := source.find("<", at)) >= 0:
        if source.startswith(("<!", "<?"), at):
            token, after = None, _after_declaration(scanner, source, at)
        else:
            token, after = _tag(scanner, source, at)
        if after <= at:
            at += 1
            continue
        if at > text_from:
            yield Text(decode_text(source, text_from, at))
        if token is not None:
            yield token
            if not token.closing and token.name in _RAW_END:
                raw, after = _raw(scanner, source, token)
                yield raw
        at = text_from = after
    if text_from < len(source):
        yield Text(decode_text(source, text_from, len(source)))


def _after_declaration(scanner: _Scanner, source: str, at: int) -> int:
    ending = "-->" if source.startswith("<!--", at) else ">"
    close = scanner.find(ending, at)
    return close + len(ending) if close >= 0 else len(source)


def _tag(scanner: _Scanner, source: str, at: int) -> tuple[Tag | None, int]:
    match = _NAME.match(source, at)
    if match is None:
        return None, at
    end = scanner.tag_end(match.end())
    if end < 0:
        return None, at
    closing = source[at + 1] == "/"
    attributes = {} if closing else _attributes(source[match.end() : min(end, match.end() + _TAG_READ)])
    return Tag(match.group(1).lower(), at, end, closing, attributes), end


def _raw(scanner: _Scanner, source: str, tag: Tag) -> tuple[Raw, int]:
    ending = f"</{tag.name}"
    match = None if ending in scanner.absent else _RAW_END[tag.name].search(source, tag.end)
    if match is None:
        scanner.absent.add(ending)
        return Raw(tag.name, "", tag.end), tag.end
    return Raw(tag.name, source[tag.end : match.start()], tag.end), match.end()
