"""The files embedded in a Moodle question: base64 in ``file`` elements or in the text itself."""

from __future__ import annotations

import base64
import binascii
import re
from urllib.parse import quote, unquote

from lxml import etree

from qbank.exchange.files import FileRefusedError, Files, safe_name
from qbank.exchange.lms import Draft

PLACE = "@@PLUGINFILE@@/"
_LINK = re.compile(r"\(<?@@PLUGINFILE@@/([^\s()<>]+)>?\)")
_DATA = re.compile(r"data:image/([a-z]{2,8})(?:\+xml)?;base64,(.*)\Z", re.DOTALL | re.IGNORECASE)


class QuestionFiles:
    """The files of one question as they are found; ``names`` are those that the item holds."""

    def __init__(self, files: Files | None, draft: Draft) -> None:
        self.files = files
        self.draft = draft
        self.names: list[str] = []

    def take(self, element: etree._Element) -> TextFiles:
        """Keep the files of one text; return them as that text links to them."""
        links: dict[str, str] = {}
        for entry in element.findall("file"):
            path = (entry.get("path") or "/").strip("/")
            name = entry.get("name") or "file"
            kept = self.keep(name, entry.text or "", entry.get("encoding") or "base64")
            if kept:
                links[f"{path}/{name}".lstrip("/")] = kept
        return TextFiles(self, links)

    def keep(self, name: str, text: str, encoding: str) -> str | None:
        """Keep one file; return its name, None with a remark where it cannot be kept."""
        if encoding != "base64":
            self.draft.remark(f"the file {name[:80]} is left out: its encoding '{encoding[:20]}' is not base64")
            return None
        try:
            data = base64.b64decode("".join(text.split()), validate=True)
        except (binascii.Error, ValueError):
            self.draft.remark(f"the file {name[:80]} is left out: its base64 text is damaged")
            return None
        kept = self.put(name, data)
        if kept and kept not in self.names:
            self.names.append(kept)
        return kept

    def put(self, name: str, data: bytes) -> str | None:
        """Hand the bytes to where files are kept."""
        if self.files is None:
            self.draft.remark(f"the file {name[:80]} is named, but not kept: there is no place for files here")
            return safe_name(name)
        try:
            return self.files.put(name, data)
        except FileRefusedError as error:
            self.draft.remark(f"left out: {error}")
            return None


class TextFiles:
    """The files of one text, by the paths that it links to."""

    def __init__(self, question: QuestionFiles, links: dict[str, str]) -> None:
        self.question = question
        self.links = links

    def image(self, address: str, alt: str) -> str | None:
        """Return the name of the picture at an address; None where the question does not bring it along."""
        if address.startswith(PLACE):
            return self.links.get(unquote(address.removeprefix(PLACE)).partition("?")[0])
        found = _DATA.match(address)
        if found:
            return self.question.keep(f"image.{found[1].lower()}", unquote(found[2]), "base64")
        return None

    def relink(self, text: str) -> str:
        """Return Markdown in which links to the question's files have the names of the kept files."""

        def kept(found: re.Match[str]) -> str:
            name = self.links.get(unquote(found[1]))
            return f"({name})" if name else found[0]

        return _LINK.sub(kept, text)


def link_of(name: str) -> str:
    """Return the address by which a text shows a file of its question."""
    return PLACE + quote(name)
