"""What a manifest says of an item beside its text, as IEEE Learning Object Metadata, and back.

Tags are keywords, difficulty is the educational difficulty, status the life cycle's; systems, disciplines, tasks
and enemies are classifications whose source is the bank's name of the field.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lxml import etree

from qbank.exchange.qti.xhtml import without_bad_characters
from qbank.items.record import ItemRecord

NAMESPACE = "http://ltsc.ieee.org/xsd/LOM"
_DIFFICULTY = {"easy": "easy", "medium": "medium", "hard": "difficult"}
_FOUND = {word: name for name, word in _DIFFICULTY.items()} | {"very easy": "easy", "very difficult": "hard"}
_SOURCES = ("systems", "disciplines", "tasks", "enemies")
_PREFIX = "qbank:"


@dataclass(frozen=True, slots=True)
class Metadata:
    """The fields of an item that its own file does not hold."""

    tags: tuple[str, ...] = ()
    systems: tuple[str, ...] = ()
    disciplines: tuple[str, ...] = ()
    tasks: tuple[str, ...] = ()
    enemies: tuple[str, ...] = ()
    difficulty: str | None = None
    status: str | None = None

    def fields(self) -> dict[str, object]:
        """Return what is given, by the item's field names."""
        return {name: value for name in self.__slots__ if (value := getattr(self, name))}


def of_record(item: ItemRecord) -> Metadata:
    """Return the part of an item that goes into the manifest."""
    status = item.status if item.status != "draft" else None
    return Metadata(item.tags, item.systems, item.disciplines, item.tasks, item.enemies, item.difficulty, status)


def lom(metadata: Metadata) -> etree._Element | None:
    """Return the ``lom`` element, None where there is nothing to say."""
    if not metadata.fields():
        return None
    root = etree.Element(_q("lom"), nsmap={"lom": NAMESPACE})
    if metadata.tags:
        general = etree.SubElement(root, _q("general"))
        for tag in metadata.tags:
            _string(etree.SubElement(general, _q("keyword")), tag)
    if metadata.status:
        _vocabulary(etree.SubElement(root, _q("lifeCycle")), "status", "qbank", metadata.status)
    if metadata.difficulty:
        word = _DIFFICULTY.get(metadata.difficulty, metadata.difficulty)
        _vocabulary(etree.SubElement(root, _q("educational")), "difficulty", "LOMv1.0", word)
    for source in _SOURCES:
        codes = getattr(metadata, source)
        if codes:
            _classify(etree.SubElement(root, _q("classification")), source, codes)
    return root


def _classify(parent: etree._Element, source: str, codes: tuple[str, ...]) -> None:
    _vocabulary(parent, "purpose", "LOMv1.0", "discipline")
    for code in codes:
        path = etree.SubElement(parent, _q("taxonPath"))
        _string(etree.SubElement(path, _q("source")), _PREFIX + source)
        _text(etree.SubElement(etree.SubElement(path, _q("taxon")), _q("id")), code)


def read_metadata(element: etree._Element | None) -> Metadata:
    """Return what a manifest's ``metadata`` element says; names without namespace, as `names.simplify` leaves them."""
    if element is None:
        return Metadata()
    codes: dict[str, list[str]] = {source: [] for source in _SOURCES}
    for path in element.iter("taxonPath"):
        source = _inside(path.find("source")).removeprefix(_PREFIX)
        if source in codes:
            codes[source] += _codes(_inside(taxon) for taxon in path.iter("id"))
    difficulty = _FOUND.get(_inside(element.find(".//difficulty/value")).lower())
    tags = _codes(_inside(word) for word in element.iter("keyword"))
    status = element.find(".//lifeCycle/status")
    ours = status is not None and _inside(status.find("source")) == "qbank"
    return Metadata(
        tuple(tags),
        tuple(codes["systems"]),
        tuple(codes["disciplines"]),
        tuple(codes["tasks"]),
        tuple(codes["enemies"]),
        difficulty,
        _inside(status.find("value")) if ours and status is not None else None,
    )


def _codes(texts: Iterator[str]) -> list[str]:
    return [text for text in texts if text]


def _inside(element: etree._Element | None) -> str:
    """Return an element's text; the line breaks and indents of a pretty-printed file are not part of it."""
    text = "".join(str(part) for part in element.itertext()) if element is not None else ""
    return text.strip() if "\n" in text else text


def _q(name: str) -> str:
    return f"{{{NAMESPACE}}}{name}"


def _text(element: etree._Element, text: str) -> None:
    element.text = without_bad_characters(text)


def _string(parent: etree._Element, text: str) -> None:
    _text(etree.SubElement(parent, _q("string")), text)


def _vocabulary(parent: etree._Element, name: str, source: str, value: str) -> None:
    element = etree.SubElement(parent, _q(name))
    _text(etree.SubElement(element, _q("source")), source)
    _text(etree.SubElement(element, _q("value")), value)
