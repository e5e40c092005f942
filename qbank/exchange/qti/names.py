"""One set of names for every version: 2.x as it is, 3.0 translated, without namespaces.

QTI 3.0 writes ``qti-simple-choice`` and ``response-identifier`` for what 2.x calls ``simpleChoice`` and
``responseIdentifier``; XHTML inside stays as it is in both.
"""

from __future__ import annotations

import re

from lxml import etree

PREFIX = "qti-"
_HUMP = re.compile(r"[A-Z]")
SNIFF_BYTES = 65_536
_ROOT = re.compile(r"<(?![?!])(?:[\w.-]+:)?([\w.-]+)([^<>]*)")
_NAMESPACE = re.compile(r"""xmlns(?::[\w.-]+)?\s*=\s*["']([^"']{1,200})["']""")
_DASH = re.compile(r"-([a-z0-9])")


def local_name(element: etree._Element) -> str:
    """Return the element's name without namespace, "" for comments and processing instructions."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def simplify(root: etree._Element) -> None:
    """Rename a tree in place to the names of 2.x; comments and processing instructions go, their tails stay."""
    etree.strip_tags(root, etree.Comment, etree.ProcessingInstruction)
    for element in root.iter():
        name = local_name(element)
        if name.startswith(PREFIX):
            name = humped(name.removeprefix(PREFIX))
            for key in list(element.attrib):
                if isinstance(key, str) and "-" in key and not key.startswith(("data-", "aria-")):
                    element.set(humped(key), element.attrib.pop(key))
        element.tag = name


def humped(name: str) -> str:
    """Return ``simple-choice`` as ``simpleChoice``."""
    return _DASH.sub(lambda found: found.group(1).upper(), name)


def dashed(name: str) -> str:
    """Return ``simpleChoice`` as ``simple-choice``."""
    return _HUMP.sub(lambda found: "-" + found.group().lower(), name)


def root_of(start: bytes) -> tuple[str, list[str]]:
    """Return the name of a document's root element, and the namespaces that it declares, as its first bytes tell."""
    start = start[:SNIFF_BYTES]
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        text = start[: len(start) // 2 * 2].decode("utf-16", "replace")
    else:
        text = start.decode("latin-1")
    found = _ROOT.search(re.sub(r"<!--.*?-->", "", text, flags=re.DOTALL))
    return (found.group(1), _NAMESPACE.findall(found.group(2))) if found else ("", [])
