"""A field's Markdown as the XHTML that every QTI version allows, and back.

Markdown says some things in several ways and some that come back from no XHTML (a heading's exact level, how loose a
list is). So a text is first brought into the form in which it will come back: what is exported twice is the same.
QTI has no strike-through; it travels as a ``span`` of a class of its own.
"""

from __future__ import annotations

import html as entities
import re
from collections.abc import Callable, Iterable
from functools import cache, lru_cache
from urllib.parse import quote, unquote

from lxml import etree
from markdown_it import MarkdownIt
from mdit_py_plugins.subscript import sub_plugin
from mdit_py_plugins.superscript import superscript_plugin

from qbank.exchange.files import Files, safe_name
from qbank.exchange.html_markdown import images_of, to_markdown

IMAGE_FOLDER = "images"
_STRIKE = "qbank-strike"
_ROUNDS = 6
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0, production 2
_HALF = re.compile("[\ud800-\udfff]")
_PLAIN = re.compile(r"[^\W\d_][\w ,.;:'()/%°µ≥≤–—?-]*[\w.)?%]")  # one line without any sign of Markdown's
_MARKER = re.compile(r"\\\[(@[\w./-]{1,200})\\\]")  # [@s30] points to a statement and needs no backslashes
_NOT_PLAIN = re.compile(r"_|  |://|--|\(c\)", re.IGNORECASE)

Image = Callable[[str], str | None]
Remark = Callable[[str], None]


@cache
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "xhtmlOut": True})
    parser.enable(["table", "strikethrough"])
    return parser.use(sub_plugin).use(superscript_plugin)


def without_bad_characters(text: str) -> str:
    """Return the text without the control characters that XML cannot hold. Half characters raise `ValueError`."""
    if _HALF.search(text):
        raise ValueError("a text holds half of a character (a lone surrogate)")
    return _NO_XML.sub("", text)


def has_bad_characters(text: str) -> bool:
    """Say whether the text holds characters that XML cannot hold."""
    return _NO_XML.search(text) is not None


def _is_plain(text: str) -> bool:
    return _PLAIN.fullmatch(text) is not None and not _NOT_PLAIN.search(text)


@lru_cache(maxsize=256)
def settled(markdown: str) -> str:
    """Return the text as HTML in the form that comes back from a reader unchanged."""
    text = without_bad_characters(markdown)
    if _is_plain(text):
        return f"<p>{entities.escape(text, quote=False)}</p>"
    html = _render(text)
    for _ in range(_ROUNDS):
        again = _render(to_markdown(html, _own_image).text)
        if again == html:
            break
        html = again
    return html


def rendered(markdown: str) -> str:
    """Return the text as it stands as XHTML, images by their names. Half characters raise `ValueError`."""
    return _render(without_bad_characters(markdown))


def _render(text: str) -> str:
    html = str(_parser().render(text)).strip()
    return _NO_XML.sub("", html)  # an entity such as &#12; can name what XML cannot hold


def changes(markdown: str) -> bool:
    """Say whether a text comes back with other formatting than it has."""
    if _is_plain(markdown):
        return False
    return _essence(rendered(markdown)) != _essence(settled(markdown))


def _essence(html: str) -> str:
    return "".join(re.sub(r"</?p>", "", html).split())


def _own_image(source: str, alt: str) -> str | None:  # noqa: ARG001 (what the converter hands over)
    name = unquote(source)
    return name if safe_name(name) == name else None


def blocks(markdown: str) -> list[etree._Element]:
    """Return the text as XHTML blocks without a namespace: paragraphs, lists, tables."""
    html = settled(markdown) if markdown.strip() else ""
    root = etree.fromstring(f"<div>{html}</div>", etree.XMLParser(huge_tree=True, resolve_entities=False))
    for element in root.iter():
        _fit(element)
    return list(root)


def images_lacking(texts: Iterable[str], lacking: Files) -> list[str]:
    """Return the names of the images that Markdown texts show and that these files lack."""
    names = dict.fromkeys(name for text in texts for name in images_of(text))
    return [name for name in names if lacking.get(name) is None]


def fill(parent: etree._Element, markdown: str) -> None:
    """Append the text to an element; a single paragraph without its own tags."""
    parts = blocks(markdown)
    if len(parts) == 1 and parts[0].tag == "p":
        parent.text = parts[0].text
        parent.extend(list(parts[0]))
    else:
        parent.extend(parts)


def _fit(element: etree._Element) -> None:
    """Bring one element that the Markdown renderer made into what the schemas allow."""
    attributes = element.attrib
    for name in set(attributes) - {"src", "alt", "href"}:
        del attributes[name]
    if element.tag == "s":
        element.tag = "span"
        attributes["class"] = _STRIKE
    elif element.tag == "img":
        attributes["src"] = quote(f"{IMAGE_FOLDER}/{unquote(attributes.get('src', ''))}")
    elif element.tag == "table" and element.find("tbody") is None:
        for head in element.iterchildren("thead"):  # the schemas want a body
            head.tag = "tbody"


def markdown_of(element: etree._Element, image: Image, remark: Remark) -> str:
    """Return an element's content as Markdown.

    ``image`` turns an image's source into the name that the bank keeps it under, None where it has none; ``remark``
    takes a sentence on everything that cannot come along. Raises `HtmlError` for what is too long or nested too deep.
    """
    plain = _plain_content(element)
    if plain is not None:
        return plain
    for part in list(element.iter("span", "object", "math")):
        _restore(part, remark)
    inner = entities.escape(element.text or "", quote=False)
    inner += "".join(etree.tostring(child, encoding="unicode", method="html") for child in element)
    return html_to_markdown(inner, image, remark)


def _plain_content(element: etree._Element) -> str | None:
    """Return the text of an element that holds nothing but plain text, in one paragraph at most; else None."""
    if len(element) == 1 and element[0].tag == "p" and not ((element.text or "") + (element[0].tail or "")).strip():
        element = element[0]
    text = " ".join((element.text or "").split()) if not len(element) else "*"
    return text if not text or _is_plain(text) else None


def _restore(part: etree._Element, remark: Remark) -> None:
    """Bring one element into what the converter understands."""
    if part.tag == "span" and part.get("class") == _STRIKE:
        part.tag = "s"
    elif part.tag == "object" and (part.get("type") or "").lower().startswith("image/"):
        alt = " ".join("".join(str(text) for text in part.itertext()).split())
        _become(part, "img", {"src": part.get("data") or "", "alt": alt})
    elif part.tag == "math":
        words = part.get("alttext") or " ".join(word for text in part.itertext() for word in str(text).split())
        _become(part, "span", {})
        part.text = words
        remark("a formula in MathML became plain text: check it")


def _become(part: etree._Element, tag: str, attributes: dict[str, str]) -> None:
    tail = part.tail
    part.clear()
    part.tag, part.tail = tag, tail
    for name, value in attributes.items():
        part.set(name, value)


def html_to_markdown(html: str, image: Image, remark: Remark) -> str:
    """Return HTML text, as the 1.2 dialects escape it inside ``mattext``, as Markdown; see `markdown_of`."""
    converted = to_markdown(html, lambda source, _alt: image(source))
    for what in sorted(converted.left_out):
        remark(f"{what} was left out")
    return _MARKER.sub(r"[\1]", converted.text)
