"""References and statement links inside a feedback text: lists that people read and the bank reads back.

Each part of a reference is a ``span`` whose class says which part it is, so that no punctuation has to be parsed.
"""

from __future__ import annotations

from collections.abc import Iterable

from lxml import etree

from qbank.exchange.qti.xhtml import without_bad_characters
from qbank.items.record import ReferenceRecord, StatementLink

REFERENCES = "qbank-references"
STATEMENTS = "qbank-statements"
_REFERENCE_PARTS = ("authors", "title", "container", "year", "kind", "doi", "pmid", "url")
_STATEMENT_PARTS = ("article", "id", "quote")
_LABELS = {"doi": "doi:", "pmid": "PMID "}  # printed before the part, outside of it


def references_list(references: Iterable[ReferenceRecord]) -> etree._Element:
    """Return the references as one ordered list."""
    root = etree.Element("ol", {"class": REFERENCES})
    for reference in references:
        _entry(root, reference, _REFERENCE_PARTS)
    return root


def statements_list(statements: Iterable[StatementLink]) -> etree._Element:
    """Return the statement links as one list."""
    root = etree.Element("ul", {"class": STATEMENTS})
    for statement in statements:
        _entry(root, statement, _STATEMENT_PARTS)
    return root


def _entry(root: etree._Element, record: object, parts: tuple[str, ...]) -> None:
    item = etree.SubElement(root, "li")
    span: etree._Element | None = None
    for part in parts:
        value = getattr(record, part)
        if value is None:
            continue
        label = _LABELS.get(part, "")
        if span is None:
            item.text = label or None
        else:
            span.tail = " " + label
        span = etree.SubElement(item, "span", {"class": f"qbank-{part}"})
        span.text = without_bad_characters(str(value))


def take_references(element: etree._Element) -> tuple[ReferenceRecord, ...]:
    """Remove the list of references from an element and return them."""
    found: list[ReferenceRecord] = []
    for values in _take(element, "ol", REFERENCES):
        year = values.pop("year", "")
        number = int(year) if year.isascii() and year.isdigit() and len(year) < 5 else None
        found.append(ReferenceRecord(title=values.pop("title", ""), year=number, **values))
    return tuple(found)


def take_statements(element: etree._Element) -> tuple[StatementLink, ...]:
    """Remove the list of statement links from an element and return them."""
    return tuple(
        StatementLink(values.get("article", ""), values.get("id", ""), values.get("quote"))
        for values in _take(element, "ul", STATEMENTS)
    )


def _take(element: etree._Element, tag: str, kind: str) -> list[dict[str, str]]:
    found: list[dict[str, str]] = []
    for entries in [entry for entry in element.iter(tag) if entry.get("class") == kind]:
        found += [_values(item) for item in entries.iter("li")]
        parent = entries.getparent()
        if parent is not None:
            parent.remove(entries)
    return found


def _values(item: etree._Element) -> dict[str, str]:
    names = {f"qbank-{part}": part for part in (*_REFERENCE_PARTS, *_STATEMENT_PARTS)}
    return {
        names[kind]: "".join(str(text) for text in span.itertext())
        for span in item.iter("span")
        if (kind := span.get("class") or "") in names
    }
