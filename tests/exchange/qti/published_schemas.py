"""The published XSDs, where somebody has them: their licence keeps them out of this repository.

``QBANK_QTI_SCHEMAS`` names a folder that holds, anywhere below it, the schemas of 1EdTech that are named here, and
what they import. For 3.0 its published profile SBAC will do. Imports are found by file name, never on the network;
MathML, speech and inclusion, which the writer does not use, are declared empty.
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import Any

from lxml import etree

FOLDER = os.environ.get("QBANK_QTI_SCHEMAS", "")
_XS = "http://www.w3.org/2001/XMLSchema"
_EMPTY = {
    "mathml2.xsd": ("http://www.w3.org/1998/Math/MathML", "element", ["math"]),
    "mathml3.xsd": ("http://www.w3.org/1998/Math/MathML", "element", ["math"]),
    "XInclude.xsd": ("http://www.w3.org/2001/XInclude", "element", ["include"]),
    "xlink.xsd": ("http://www.w3.org/1999/xlink", "attribute", ["href", "type", "title", "role", "label", "show"]),
    "ssmlv1p1-core.xsd": (
        "http://www.w3.org/2001/10/synthesis",
        "element",
        [
            "speak",
            "p",
            "s",
            "voice",
            "prosody",
            "audio",
            "desc",
            "emphasis",
            "sub",
            "say-as",
            "phoneme",
            "break",
            "mark",
            "token",
            "w",
            "lang",
            "lookup",
        ],
    ),
}
ITEM_SCHEMAS = {
    "2.1": ("imsqti_v2p1.xsd",),
    "2.2": ("imsqti_v2p2.xsd",),
    "3.0": ("imsqti_asiv3p0_v1p0.xsd", "imsqti_asiv3p0_sbacv1p0_v1p0.xsd"),
}
MANIFEST_SCHEMAS = {
    "2.1": ("imscp_v1p1.xsd",),
    "2.2": ("imscp_v1p1.xsd",),
    "3.0": ("imsqtiv3p0_imscpv1p2_v1p0.xsd",),
}
METADATA_SCHEMA = ("imsmd_loose_v1p3p2.xsd",)


def find(name: str) -> Path | None:
    return next(iter(sorted(Path(FOLDER).rglob(name))), None) if FOLDER else None


def _namespaces(path: Path) -> dict[str, str]:
    """Return, by file name, the namespaces that a schema imports: 2.2 and 3.0 call those of one file differently."""
    imports = etree.parse(str(path)).iter(f"{{{_XS}}}import")
    return {each.get("schemaLocation", "").rpartition("/")[2]: each.get("namespace", "") for each in imports}


class _ByName(etree.Resolver):
    def __init__(self, path: Path) -> None:
        self.stubs = "v3p0" in path.name
        self.namespaces = _namespaces(path)

    def resolve(self, url: str, pubid: str, context: Any) -> Any:
        name = url.rpartition("/")[2]
        path = Path(url) if Path(url).is_file() else find(name)
        usual = _EMPTY.get(name, ("", "", []))[0]
        wanted = self.namespaces.get(name, usual)
        if name in _EMPTY and (self.stubs or path is None or wanted != usual):
            namespace, kind, names = wanted, *_EMPTY[name][1:]
            declared = "".join(f'<xs:{kind} name="{entry}"/>' for entry in names)
            text = f'<xs:schema xmlns:xs="{_XS}" targetNamespace="{namespace}">{declared}</xs:schema>'
            return self.resolve_string(text, context)
        return self.resolve_filename(str(path), context) if path else None


@cache
def schema(*names: str) -> etree.XMLSchema | None:
    """Return the first of these schemas that the folder holds, None where it holds none."""
    path = next((path for name in names if (path := find(name))), None)
    if path is None:
        return None
    parser = etree.XMLParser(no_network=True, huge_tree=True)
    parser.resolvers.add(_ByName(path))
    return etree.XMLSchema(etree.parse(str(path), parser))
