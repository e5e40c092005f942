"""Whatever comes as QTI: a loose document or a package, of any version, item by item."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import BinaryIO

from lxml import etree

from qbank.exchange.files import Files
from qbank.exchange.html_markdown import HtmlError
from qbank.exchange.lines import Source
from qbank.exchange.qti import reading_1, reading_2
from qbank.exchange.qti.gathering import Gathered, UnreadableItemError, UnsupportedTypeError, outcomes
from qbank.exchange.qti.images import Images
from qbank.exchange.qti.manifest import Findings, Resource, resolve, resources
from qbank.exchange.qti.names import SNIFF_BYTES, local_name, root_of, simplify
from qbank.exchange.qti.packages import Package, PackageError, seekable
from qbank.exchange.report import Outcome, Problem, Refused, Unsupported
from qbank.exchange.safe_xml import UnsafeXmlError, line_of, parse, stream

MAX_ITEM_BYTES = 10_000_000
MAX_BANK_BYTES = 500_000_000  # of a 1.2 document in a package, which may hold a whole bank
_BANKS = {"questestinterop", "objectbank"}
_ITEMS = {"assessmentItem", "qti-assessment-item"}


def read(source: Source, name: str = "", files: Files | None = None) -> Iterator[Outcome]:  # noqa: ARG001
    """Yield one outcome for each item, and a problem for all that was changed or left out.

    ``files`` takes the images. ``name`` is not needed; every format takes it.
    """
    try:
        incoming = seekable(source)
        start = incoming.read(SNIFF_BYTES)
        incoming.seek(0)
        if start[:2] == b"PK":
            yield from _Reader(Package(incoming), files).package_items()
        elif start.strip():
            reader = _Reader(None, files)
            yield from reader.document(incoming, start)
            if not reader.record:
                yield Refused(1, 0, "the document holds no items: choose another file")
    except PackageError as error:
        yield Refused(1, 0, str(error))


class _Reader:
    """Counts the records of one file, whatever its parts."""

    def __init__(self, package: Package | None, files: Files | None) -> None:
        self.package = package
        self.images = Images(package, files)
        self.record = 0

    def package_items(self) -> Iterator[Outcome]:
        """Yield the outcomes of a package, in the manifest's order."""
        package = self.package
        assert package is not None
        findings, seen = Findings(), set()
        try:
            for resource in resources(package, findings):
                seen.add(resource.href)
                yield from self.resource(package, resource)
        except UnsafeXmlError as error:
            self.record += 1
            yield Refused(self.record, error.line, f"the manifest was refused: {error.cause}: {error.cure}")
        for problem in findings.problems:
            yield Problem(0, 0, problem)
        for missing in findings.missing:
            self.record += 1
            yield Refused(self.record, 0, missing)
        if not self.record:  # some packages declare only the test, whose files are the items
            for name in package.names:
                if name.lower().endswith(".xml") and name not in seen:
                    yield from self.resource(package, Resource(name))
        if not self.record:
            yield Refused(1, 0, "the package holds no QTI items: choose another format, or export it again")

    def resource(self, package: Package, resource: Resource) -> Iterator[Outcome]:
        try:
            data = package.read(resource.href, MAX_BANK_BYTES)
        except PackageError as error:
            self.record += 1
            yield Refused(self.record, 0, str(error), resource.href)
            return
        kind, _ = root_of(data[:SNIFF_BYTES])
        if resource.declared or kind in _BANKS or kind in _ITEMS:
            for outcome in self.document(data, data[:SNIFF_BYTES], resource):
                yield _in_file(outcome, resource.href)

    def document(self, source: bytes | BinaryIO, start: bytes, resource: Resource | None = None) -> Iterator[Outcome]:
        """Yield the outcomes of one document."""
        kind, namespaces = root_of(start)
        base = posixpath.dirname(resource.href) if resource else ""
        try:
            if kind in _BANKS:
                yield from self.bank(source, namespaces, base)
            else:
                yield from self.item(source, base, resource)
        except UnsafeXmlError as error:
            self.record += 1
            yield Refused(self.record, error.line, f"{error.cause}: {error.cure}")

    def bank(self, source: bytes | BinaryIO, namespaces: list[str], base: str) -> Iterator[Outcome]:
        for element, line in stream(source, {"item", *(f"{{{namespace}}}item" for namespace in namespaces)}):
            self.record += 1
            simplify(element)
            yield from self.outcomes(element, line, base, None)

    def item(self, source: bytes | BinaryIO, base: str, resource: Resource | None) -> Iterator[Outcome]:
        data = source if isinstance(source, bytes) else source.read(MAX_ITEM_BYTES + 1)
        root = parse(data, max_bytes=MAX_ITEM_BYTES)
        self.record += 1
        if local_name(root) not in _ITEMS:
            cause = f"a document that begins with <{local_name(root)[:60]}> is no QTI item"
            yield Refused(self.record, line_of(root), f"{cause}: choose another file or format")
            return
        line = line_of(root)
        simplify(root)
        yield from self.outcomes(root, line, base, resource)

    def outcomes(self, element: etree._Element, line: int, base: str, resource: Resource | None) -> list[Outcome]:
        """Return what became of one item."""
        name = element.get("identifier") or element.get("ident") or ""
        try:
            gathered = self.gathered(element, base)
            if resource is not None:
                gathered.extra = resource.metadata.fields()
            return outcomes(gathered, self.record, line)
        except UnsupportedTypeError as error:
            return [Unsupported(self.record, line, str(error))]
        except (UnreadableItemError, HtmlError) as error:
            return [Refused(self.record, line, str(error), name)]

    def gathered(self, element: etree._Element, base: str) -> Gathered:
        used: list[str] = []
        remarks: list[str] = []

        def image(source: str) -> str | None:
            return self.images.name(source, base, remarks.append, used)

        if element.tag == "item":
            gathered = reading_1.read_item(element, image)
        else:
            gathered = reading_2.read_item(element, image, partial(self.stimulus, base))
        for remark in remarks:
            gathered.remark(remark)
        gathered.media = used
        return gathered

    def stimulus(self, base: str, href: str) -> etree._Element | None:
        """Return the body of a shared stimulus, its images' addresses as seen from the item's folder."""
        path = resolve(base, href)
        if self.package is None or path is None or path not in self.package:
            return None
        try:
            root = parse(self.package.read(path, MAX_ITEM_BYTES), max_bytes=MAX_ITEM_BYTES)
        except UnsafeXmlError as error:
            raise UnreadableItemError(f"its stimulus '{path[:80]}' was refused: {error.cause}: {error.cure}") from None
        except PackageError as error:
            raise UnreadableItemError(str(error)) from None
        simplify(root)
        for shown in root.iter("img"):
            target = resolve(posixpath.dirname(path), shown.get("src") or "")
            if target is not None:
                shown.set("src", posixpath.relpath(target, base or "."))
        return reading_2.stimulus_body(root)


def _in_file(outcome: Outcome, href: str) -> Outcome:
    """Say in which file of the package something is wrong."""
    if isinstance(outcome, Refused):
        return replace(outcome, cause=f"{href}: {outcome.cause}")
    if isinstance(outcome, Problem):
        return replace(outcome, message=f"{href}: {outcome.message}")
    return outcome
