"""XML from strangers: parsed without a DOCTYPE, without the network, within caps on bytes and depth.

Every document that declares a DOCTYPE is refused, so no entity can be defined: neither an expanding one nor one
that names a file or an address. Two ways in: `parse` for a whole document, `stream` for the records of a long one,
which keeps one record in memory at a time.
"""

from __future__ import annotations

import io
import itertools
import re
from collections.abc import Collection, Iterator
from typing import Any, BinaryIO

from lxml import etree

from qbank.exchange.lines import Source, stream_of

MAX_DOCUMENT_BYTES = 20_000_000  # of a document that is parsed whole
MAX_STREAM_BYTES = 2_000_000_000  # of a document that is read record by record
MAX_RECORD_BYTES = 30_000_000  # of one record of such a document, its embedded files included
MAX_DEPTH = 100
_CHUNK = 65_536
_MAX_PROLOG = 1_000_000
_LAST_LINE = 65_535  # the parser's own line numbers stop here
_POSITION = re.compile(r", line \d+, column \d+.*|\s*\(<string>.*\)", re.DOTALL)
_DOCTYPE = "it has a DOCTYPE, which could pull in other files"
_DOCTYPE_CURE = "remove the <!DOCTYPE ...> declaration"


class UnsafeXmlError(ValueError):
    """The document is not well-formed or not acceptable. ``line`` counts from 1; 0 where it is not known."""

    def __init__(self, line: int, cause: str, cure: str) -> None:
        super().__init__(f"{cause}: {cure}")
        self.line = line
        self.cause = cause
        self.cure = cure


def parse(
    data: bytes, *, max_depth: int = MAX_DEPTH, max_bytes: int = MAX_DOCUMENT_BYTES, huge_text: bool = False
) -> etree._Element:
    """Return the root of a whole document.

    ``huge_text`` lifts the parser's own limit of 10 MB for one text, for embedded files. Raises `UnsafeXmlError`
    with line, cause and cure for what is not XML, has a DOCTYPE, is larger than ``max_bytes`` or nested deeper than
    ``max_depth`` elements.
    """
    if len(data) > max_bytes:
        raise UnsafeXmlError(0, f"it is larger than {max_bytes:,} bytes", "split it into several files")
    guard = _Guard(max_depth)
    _prolog(io.BytesIO(data))
    parser = _parser(huge=huge_text)
    for start in range(0, len(data), _CHUNK):
        _feed(parser, data[start : start + _CHUNK])
        for event, element in parser.read_events():
            guard.see(event, element)
    return _close(parser, guard)


def stream(
    source: Source,
    tags: Collection[str],
    *,
    root: str | None = None,
    max_depth: int = MAX_DEPTH,
    max_bytes: int = MAX_STREAM_BYTES,
    max_record_bytes: int = MAX_RECORD_BYTES,
) -> Iterator[tuple[etree._Element, int]]:
    """Yield each element of one of the ``tags``, with its line, when it ends; the next step empties it.

    An element inside another of the tags is not yielded by itself. The bytes of one record are counted while they
    are read. ``root`` is what the document's first element must be called; an empty source holds no records.
    Raises `UnsafeXmlError` as `parse` does, behind the records that came before the fault.
    """
    incoming = stream_of(source)
    start = _prolog(incoming, root)
    if not start:
        return
    reader = _Reader(frozenset(tags), max_depth, max_record_bytes)
    yield from reader.feed(start)
    total = len(start)
    while chunk := incoming.read(_CHUNK):
        chunk += incoming.readline(_CHUNK)
        total += len(chunk)
        if total > max_bytes:
            raise UnsafeXmlError(0, f"it is larger than {max_bytes:,} bytes", "split it into several files")
        for part in reader.parts(chunk):
            yield from reader.feed(part)
    yield from reader.end()


def _prolog(incoming: BinaryIO, root: str | None = None) -> bytes:
    """Return the document's beginning, up to the line of its root element, which has no DOCTYPE in front.

    A parser of its own looks at it, with the limits on expansion that `_Reader` must lift for embedded files.
    """
    parser = _parser(huge=False)
    guard = _Guard(MAX_DEPTH)
    start = b""
    while guard.root is None and (chunk := incoming.readline(_CHUNK)):
        start += chunk
        if len(start) > _MAX_PROLOG:
            raise UnsafeXmlError(0, f"no element begins in its first {_MAX_PROLOG:,} bytes", "export it again")
        _feed(parser, chunk)
        for event, element in parser.read_events():
            guard.see(event, element)
    if root is not None and guard.root is not None and guard.root.tag != root:
        found = etree.QName(guard.root).localname
        raise UnsafeXmlError(line_of(guard.root), f"it is a <{found[:40]}>, not a <{root}>", "choose another format")
    return start


class _Guard:
    """Watches depth and the DOCTYPE as elements come."""

    def __init__(self, max_depth: int) -> None:
        self.max_depth = max_depth
        self.depth = 0
        self.root: etree._Element | None = None

    def see(self, event: str, element: Any) -> None:
        if event == "end":
            self.depth -= 1
            return
        self.depth += 1
        if self.root is None:
            self.root = element
            if element.getroottree().docinfo.internalDTD is not None:
                raise UnsafeXmlError(line_of(element), _DOCTYPE, _DOCTYPE_CURE)
        if self.depth > self.max_depth:
            raise UnsafeXmlError(
                line_of(element), f"elements are nested more than {self.max_depth} deep", "flatten the document"
            )


class _Reader:
    """Feeds the parser and lets go of every element that is done with."""

    def __init__(self, tags: frozenset[str], max_depth: int, max_record_bytes: int) -> None:
        self.tags = tags
        self.guard = _Guard(max_depth)
        self.max_record_bytes = max_record_bytes
        names = "|".join(re.escape(tag.rpartition("}")[2]) for tag in sorted(tags))
        self.start = re.compile(rf"<(?:[\w.-]+:)?(?:{names})[\s>/]".encode())
        self.since = 0  # bytes since an element outside every record, or a record, last ended
        self.inside = 0  # how many of the tags are open
        self.line = 1  # of the bytes fed last
        self.began = 0  # line of the open record
        self.parser = _parser(huge=True)  # embedded files exceed 10 MB a text; the caps here hold instead

    def parts(self, chunk: bytes) -> list[bytes]:
        """Cut a chunk where records begin, once the parser has stopped counting lines: then `line` is theirs."""
        if self.line + chunk.count(b"\n") < _LAST_LINE:
            return [chunk]
        cuts = [0, *(found.start() for found in self.start.finditer(chunk)), len(chunk)]
        return [chunk[one:other] for one, other in itertools.pairwise(cuts) if one < other]

    def feed(self, chunk: bytes) -> Iterator[tuple[etree._Element, int]]:
        self.since += len(chunk)
        try:
            _feed(self.parser, chunk)
        except UnsafeXmlError:
            yield from self.events()
            raise
        yield from self.events()
        self.line += chunk.count(b"\n")
        if self.since > self.max_record_bytes:
            limit = f"one record is larger than {self.max_record_bytes:,} bytes"
            raise UnsafeXmlError(0, limit, "take large files out of it")

    def events(self) -> Iterator[tuple[etree._Element, int]]:
        for event, element in self.parser.read_events():
            self.guard.see(event, element)
            if element.tag not in self.tags:
                if event == "end" and not self.inside:
                    self.forget(element)
            elif event == "start":
                if not self.inside:
                    line = line_of(element)
                    self.began = line if line < _LAST_LINE else self.line
                self.inside += 1
            else:
                self.inside -= 1
                if not self.inside:
                    yield element, self.began
                    self.forget(element)

    def forget(self, element: etree._Element) -> None:
        """Empty an element and drop it with all that came before it, so that memory stays flat."""
        self.since = 0
        element.clear()
        parent = element.getparent()
        if parent is not None:
            del parent[: parent.index(element) + 1]

    def end(self) -> Iterator[tuple[etree._Element, int]]:
        try:
            _close(self.parser, self.guard)
        except UnsafeXmlError:
            yield from self.events()
            raise
        yield from self.events()


def _parser(*, huge: bool) -> Any:
    return etree.XMLPullParser(
        events=("start", "end"),
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=huge,
    )


def _feed(parser: Any, chunk: bytes) -> None:
    try:
        parser.feed(chunk)
    except etree.XMLSyntaxError as error:
        raise _not_xml(error) from None


def _close(parser: Any, guard: _Guard) -> etree._Element:
    try:
        root = parser.close()
    except etree.XMLSyntaxError as error:
        raise _not_xml(error) from None
    for event, element in parser.read_events():
        guard.see(event, element)
    return root  # type: ignore[no-any-return]


def _not_xml(error: etree.XMLSyntaxError) -> UnsafeXmlError:
    cause = _POSITION.sub("", error.msg or "").strip() or "the document is empty or ends too early"
    if "depth" in cause:
        return UnsafeXmlError(error.lineno or 0, "elements are nested too deep", "flatten the document")
    return UnsafeXmlError(error.lineno or 0, f"it is not well-formed XML ({cause})", "export or save it again")


def line_of(element: etree._Element) -> int:
    """Return the line on which an element begins, 0 where the parser does not know it."""
    line: int | None = element.sourceline  # type: ignore[assignment]
    return line or 0
