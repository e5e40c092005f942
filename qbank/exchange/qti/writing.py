"""Items as a content package: one document an item, shared vignettes, images, and the manifest at the end.

The package is written as it goes; what is kept is the name of each member. The manifest, which names them all, waits
in a temporary file. The same items give the same bytes.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from typing import IO
from urllib.parse import unquote
from xml.sax.saxutils import quoteattr

from lxml import etree

from qbank.exchange.files import Files
from qbank.exchange.qti import metadata
from qbank.exchange.qti.dialects import Dialect
from qbank.exchange.qti.manifest import NAME as MANIFEST_NAME
from qbank.exchange.qti.writing_items import identifier_of, item_tree, stimulus_of, stimulus_tree, to_bytes
from qbank.exchange.qti.xhtml import IMAGE_FOLDER, changes, has_bad_characters, images_lacking
from qbank.exchange.zip_stream import ZipStream
from qbank.items.record import ItemRecord

_XSI = "http://www.w3.org/2001/XMLSchema-instance"
_CHUNK = 65_536


def write(items: Iterable[ItemRecord], files: Files | None, dialect: Dialect) -> Iterator[bytes]:
    """Yield the parts of one package; nothing where there are no items.

    Half characters raise `ValueError` with the item's name. An image that ``files`` lacks keeps its place in the
    text and is missing from the package.
    """
    writer: _Writer | None = None
    for item in items:
        writer = writer or _Writer(dialect, files)
        try:
            yield writer.add(item)
        except ValueError as error:
            raise ValueError(f"item {item.name} cannot be written: {error}") from None
    if writer is not None:
        yield from writer.end()


class _Writer:
    def __init__(self, dialect: Dialect, files: Files | None) -> None:
        self.dialect = dialect
        self.files = files
        self.zip = ZipStream()
        self.resources: IO[bytes] = tempfile.SpooledTemporaryFile(max_size=8_000_000)  # noqa: SIM115 (closed at the end)
        self.count = 0
        self.done: dict[str, list[str]] = {}  # stimulus -> the images it shows
        self.images: set[str] = set()

    def add(self, item: ItemRecord) -> bytes:
        self.count += 1
        stimulus = stimulus_of(item) if self.dialect.stimulus_type else None
        reference: tuple[str, str] | None = None
        if stimulus is not None:
            name, parts = stimulus
            reference = (name, f"../stimuli/{name}.xml")
            if name not in self.done:
                self.add_stimulus(name, parts)
        tree = item_tree(item, self.dialect, reference)
        images = self.add_images(tree)
        path = f"items/item-{self.count:06d}.xml"
        self.zip.add(path, to_bytes(tree, self.dialect))
        about = metadata.lom(metadata.of_record(item))
        needs = [reference[0]] if reference else []
        self.resource(f"item-{self.count:06d}", self.dialect.item_type, [path, *images], needs, about)
        return self.zip.take()

    def add_stimulus(self, name: str, parts: list[etree._Element]) -> None:
        tree = stimulus_tree(name, parts)
        images = self.done[name] = self.add_images(tree)
        path = f"stimuli/{name}.xml"
        self.zip.add(path, to_bytes(tree, self.dialect))
        self.resource(name, self.dialect.stimulus_type or "", [path, *images], [], None)

    def add_images(self, tree: etree._Element) -> list[str]:
        """Pack the images that a tree shows; return the paths of those that the package has. Mends their links."""
        found: list[str] = []
        for image in tree.iter("img"):
            source = image.get("src") or ""
            if not source.startswith(IMAGE_FOLDER + "/"):
                continue
            image.set("src", "../" + source)  # from where the document lies
            path = unquote(source)
            if path not in self.images:
                data = self.files.get(path.removeprefix(IMAGE_FOLDER + "/")) if self.files is not None else None
                if data is None:
                    continue
                self.zip.add(path, data)
                self.images.add(path)
            if path not in found:
                found.append(path)
        return found

    def resource(
        self, identifier: str, kind: str, paths: list[str], needs: list[str], about: etree._Element | None
    ) -> None:
        """Note one resource of the manifest; the first path is the resource's own file."""
        lines = [f'    <resource identifier="{identifier}" type="{kind}" href={quoteattr(paths[0])}>']
        if about is not None:
            lines.append(f"      <metadata>{etree.tostring(about, encoding='unicode')}</metadata>")
        lines += [f"      <file href={quoteattr(path)}/>" for path in paths]
        lines += [f'      <dependency identifierref="{need}"/>' for need in needs]
        lines.append("    </resource>\n")
        self.resources.write("\n".join(lines).encode())

    def end(self) -> Iterator[bytes]:
        dialect = self.dialect
        schema, version = dialect.package
        start = (
            "<?xml version='1.0' encoding='UTF-8'?>\n"
            f'<manifest xmlns="{dialect.manifest_namespace}" xmlns:xsi="{_XSI}" identifier="qbank-export" '
            f'xsi:schemaLocation="{dialect.manifest_namespace} {dialect.manifest_schema}">\n'
            f"  <metadata><schema>{schema}</schema><schemaversion>{version}</schemaversion></metadata>\n"
            "  <organizations/>\n  <resources>\n"
        )
        self.resources.seek(0)
        with self.zip.open(MANIFEST_NAME) as member:
            member.write(start.encode())
            while chunk := self.resources.read(_CHUNK):
                member.write(chunk)
            member.write(b"  </resources>\n</manifest>\n")
        self.resources.close()
        yield self.zip.take()
        yield self.zip.close()


def loses(item: ItemRecord, files: Files | None = None) -> list[str]:
    """Return what a QTI package cannot hold of this item, each as one phrase; with ``files``, what they lack too."""
    lost: list[str] = []
    if item.id is not None and item.external_id is not None:
        lost.append("the bank's own id")
    if item.external_id is None:
        lost.append(f"that it has no external id: it gets '{identifier_of(item)[0]}'")
    if item.doubt:
        lost.append("the doubt, why it stays a draft")
    if item.rule:
        lost.append("the drafting rule")
    if any(option.origin for option in item.options):
        lost.append("where distractors come from")
    if any(option.needs_expert for option in item.options):
        lost.append("which options need an expert")
    shown = " ".join(_texts(item))
    lost += [f"the file '{name}', which no text shows" for name in item.media if name not in shown]
    if files is not None:
        lost += [f"the image '{name}', which is not at hand" for name in images_lacking(_texts(item), files)]
    if any(changes(text) for text in _texts(item)):
        lost.append("details of formatting, such as a heading's level or an image from elsewhere")
    if has_bad_characters(shown):
        lost.append("control characters in its texts")
    return lost


def _texts(item: ItemRecord) -> Iterator[str]:
    yield item.stem
    yield from (text for text in (item.vignette, item.lead_in, item.objective, item.explanation) if text)
    for option in item.options:
        yield option.text
        yield option.rationale or ""
