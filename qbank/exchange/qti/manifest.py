"""What a package's ``imsmanifest.xml`` says: which files are items, in which order, with which metadata."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from lxml import etree

from qbank.exchange.qti.metadata import Metadata, read_metadata
from qbank.exchange.qti.names import root_of, simplify
from qbank.exchange.qti.packages import Package
from qbank.exchange.safe_xml import stream

NAME = "imsmanifest.xml"
MAX_MANIFEST_BYTES = 400_000_000  # about 100,000 items with their metadata
_ITEM_TYPES = ("imsqti_item", "imsqti_xmlv1p", "imsqti_assessment_xmlv1p", "assessment/x-bb-qti")
_NO_ITEM_TYPES = ("imsqti_test", "imsqti_section", "imsqti_stimulus", "imsqti_rp", "imsqti_outcomes", "imsqti_resproc")
_SUFFIXES = (".xml", ".dat", ".qti")
_CANVAS_FULL = "non_cc_assessments/"  # Canvas adds its own full form of what it also writes for other platforms


@dataclass(frozen=True, slots=True)
class Resource:
    """One file of the package that may hold items."""

    href: str
    metadata: Metadata = field(default_factory=Metadata)
    declared: bool = False  # does its type say that it holds items


@dataclass(slots=True)
class Findings:
    """What a manifest is found to lack while it is read: ``missing`` are items that the package does not hold."""

    missing: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def resources(package: Package, findings: Findings) -> Iterator[Resource]:
    """Yield the manifest's resources in their order; without a manifest, every XML file of the package.

    Raises `PackageError` where the manifest cannot be read and `UnsafeXmlError` where it is not acceptable XML.
    """
    name = _find(package)
    if name is None:
        findings.problems.append(f"the package has no {NAME}: every XML file in it was looked at")
        yield from (Resource(entry) for entry in package.names if entry.lower().endswith(_SUFFIXES))
        return
    data = package.read(name, MAX_MANIFEST_BYTES)
    _, namespaces = root_of(data)
    full = {posixpath.basename(entry).partition(".")[0] for entry in package.names if _CANVAS_FULL in entry}
    seen: set[str] = set()
    for element, _line in stream(data, {"resource", *(f"{{{namespace}}}resource" for namespace in namespaces)}):
        simplify(element)
        for resource in _resources(element, posixpath.dirname(name), package, findings):
            if resource.href in seen:
                continue
            seen.add(resource.href)
            if _CANVAS_FULL not in resource.href and full.intersection(resource.href.split("/")):
                findings.problems.append(f"{resource.href} was read in its full form, from {_CANVAS_FULL}")
            else:
                yield resource


def _find(package: Package) -> str | None:
    """Return the manifest's name: at the top, or in the one folder that everything was packed into."""
    candidates = [name for name in package.names if posixpath.basename(name).lower() == NAME]
    return min(candidates, key=lambda name: (name.count("/"), name), default=None)


def _resources(element: etree._Element, base: str, package: Package, findings: Findings) -> list[Resource]:
    """Return the files of one ``resource`` that may hold items; of a declared item, its own file only."""
    kind = (element.get("type") or "").lower()
    if kind.startswith(_NO_ITEM_TYPES):
        return []
    declared = kind.startswith(_ITEM_TYPES)
    hrefs = _hrefs(element)
    folders = (base, posixpath.join(base, element.get("base") or element.get(_XML_BASE) or ""))
    found: list[Resource] = []
    for href in hrefs[:1] if declared else hrefs:
        paths = [path for folder in folders if (path := resolve(folder, href)) is not None and path in package]
        if not paths and declared:
            findings.missing.append(f"the package lacks the item file '{href[:80]}': export it again")
        elif paths and (declared or paths[0].lower().endswith(_SUFFIXES)):
            found.append(Resource(paths[0], read_metadata(element.find("metadata")), declared))
    return found


_XML_BASE = "{http://www.w3.org/XML/1998/namespace}base"


def _hrefs(element: etree._Element) -> list[str]:
    """Return the resource's files, its own first. Blackboard writes that into an attribute of its own, ``bb:file``."""
    own = [str(value) for key, value in element.attrib.items() if str(key).rpartition("}")[2] in {"href", "file"}]
    return list(dict.fromkeys([*own, *(file.get("href") or "" for file in element.iterchildren("file"))]))


def resolve(base: str, href: str) -> str | None:
    """Return the member that a relative reference in folder ``base`` means; None for an address elsewhere."""
    try:
        parts = urlsplit(href.strip())
    except ValueError:
        return None
    if parts.scheme or parts.netloc or not parts.path or parts.path.startswith("/"):
        return None
    path = posixpath.normpath(posixpath.join(base, unquote(parts.path)))
    return None if path.startswith("..") else path
