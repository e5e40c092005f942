"""Which file of a package an image's address means, in the ways that platforms write it."""

from __future__ import annotations

import base64
import binascii
import hashlib
import posixpath
import re
from collections.abc import Callable
from urllib.parse import unquote

from qbank.exchange.files import MAX_FILE_BYTES, FileRefusedError, Files, safe_name
from qbank.exchange.qti.manifest import resolve
from qbank.exchange.qti.packages import Package, PackageError

_DATA = re.compile(r"data:image/([a-z0-9.+-]{1,20});base64,", re.IGNORECASE)
_CANVAS = re.compile(r"\$IMS[-_]CC[-_]FILE[-_]?BASE\$/*")
_BLACKBOARD = re.compile(r"(xid-\d+_\d+)")
_SUFFIXES = {"jpeg": "jpg", "svg+xml": "svg"}
Remark = Callable[[str], None]


class Images:
    """Finds images, puts their bytes where the caller wants them, and says what they are called from then on."""

    def __init__(self, package: Package | None, files: Files | None) -> None:
        self.package = package
        self.files = files
        self.names: dict[str, str] = {}  # path in the package -> name in the bank

    def name(self, source: str, base: str, remark: Remark, used: list[str]) -> str | None:
        """Return the bank's name of an image, None where the file does not hold it; ``used`` gets that name.

        ``base`` is the folder of the document that shows it. What is wrong with a file goes to ``remark``.
        """
        try:
            found = self._embedded(source) if source[:5].lower() == "data:" else self._packed(source, base)
        except (FileRefusedError, PackageError) as error:
            remark(str(error))
            return None
        if found is not None:
            used.append(found)
        return found

    def _embedded(self, source: str) -> str | None:
        head = _DATA.match(source)
        if head is None:
            return None
        try:
            data = base64.b64decode(source[head.end() :], validate=False)
        except (binascii.Error, ValueError):
            raise FileRefusedError("an embedded image is damaged: export it again") from None
        kind = head.group(1).lower()
        return self._put(f"image-{hashlib.sha256(data).hexdigest()[:12]}.{_SUFFIXES.get(kind, kind)}", data)

    def _packed(self, source: str, base: str) -> str | None:
        if self.package is None:  # a loose document: its images may lie beside it
            beside = safe_name(unquote(source))
            return beside if self.files is not None and self.files.get(beside) is not None else None
        path = self._path(source, base)
        if path is None:
            return None
        if path not in self.names:
            self.names[path] = self._put(posixpath.basename(path), self.package.read(path, MAX_FILE_BYTES))
        return self.names[path]

    def _put(self, name: str, data: bytes) -> str:
        return self.files.put(name, data) if self.files is not None else safe_name(name)

    def _path(self, source: str, base: str) -> str | None:
        """Return the member that an address means: relative, from the package's top, or in a platform's own way."""
        if self.package is None:
            return None
        canvas = _CANVAS.match(unquote(source))
        if canvas:
            rest = unquote(source)[canvas.end() :].partition("?")[0]
            return self._ending("/" + rest, "web_resources/" + rest)
        blackboard = _BLACKBOARD.search(source)
        if blackboard:
            stem = blackboard.group(1)
            return next((path for path in self.package.names if f"{stem}." in path and not path.endswith(".xml")), None)
        for folder in (base, ""):
            path = resolve(folder, source)
            if path is not None and path in self.package:
                return path
        return None

    def _ending(self, ending: str, likely: str) -> str | None:
        if self.package is None or likely in self.package:
            return likely
        return next((path for path in self.package.names if path.endswith(ending)), None)
