"""Moodle XML, written. A text is HTML where it reads back as the same Markdown, else Markdown, which Moodle shows too.

Images that are at hand are embedded in the text that shows them; those that no text shows, in the question's.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator
from xml.sax.saxutils import escape, quoteattr

from qbank.exchange import lms
from qbank.exchange.files import Files
from qbank.exchange.gift import unwritable
from qbank.exchange.html_markdown import HtmlError, images_of, to_markdown
from qbank.exchange.moodle_files import link_of
from qbank.items.record import ItemRecord
from qbank.markup import MAX_CHARS, render

_SIGNS = re.compile(r"[\\`*_\[\]<>&~^|#+=\n\t\-]|\d[.)]|  ")
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")


def write(items: Iterable[ItemRecord], files: Files | None) -> Iterator[bytes]:
    """Yield the parts of one file."""
    yield b'<?xml version="1.0" encoding="UTF-8"?>\n<quiz>\n'
    category = ""
    for item in items:
        cause = cannot_hold(item)
        if cause:
            raise ValueError(f"item {item.name} cannot be written as Moodle XML: {cause}")
        path = _xml_text(lms.label(lms.category(item)))
        if path != category:
            category = path
            yield _category(path).encode("utf-8")
        yield _question(item, files).encode("utf-8")
    yield b"</quiz>\n"


def cannot_hold(record: ItemRecord) -> str:
    """Return why an item cannot be written at all, "" where it can."""
    return unwritable(record)


def loses(record: ItemRecord, files: Files | None = None) -> list[str]:
    """Return what of an item is not in the file, in words; images without bytes in ``files`` are."""
    lost = lms.common_losses(record)
    absent = [name for name in record.media if files is None or files.get(name) is None]
    if absent:
        lost.append(f"the image files that are not at hand: {', '.join(absent[:5])}")
    texts = [lms.question_text(record), record.explanation or "", record.external_id or "", *record.tags]
    texts += [part for option in record.options for part in (option.text, option.rationale or "")]
    if any(_NOT_XML.search(text) for text in texts):
        lost.append("control characters, which XML does not allow")
    return lost


def _category(path: str) -> str:
    text = f"$course$/top/{path}".removesuffix("/")
    return f'<question type="category"><category><text>{_escaped(text)}</text></category></question>\n'


def _question(item: ItemRecord, files: Files | None) -> str:
    texts = _Texts(item, files)
    keys = sum(option.key for option in item.options)
    share = lms.fraction_text(keys) if keys else "0"
    lines = [
        '<question type="multichoice">',
        f"<name><text>{_escaped(lms.label(lms.short_name(item)))}</text></name>",
        texts.element("questiontext", lms.question_text(item), unshown=True),
        texts.element("generalfeedback", lms.tidy(item.explanation)),
        f"<idnumber>{_escaped(lms.label(item.external_id or ''))}</idnumber>",
        f"<single>{'false' if keys > 1 else 'true'}</single>",
        f"<shuffleanswers>{'true' if item.shuffle else 'false'}</shuffleanswers>",
        "<answernumbering>ABCD</answernumbering>",
    ]
    for option in item.options:
        rationale = lms.tidy(option.rationale)
        inner = texts.element("feedback", rationale) if rationale else ""
        attribute = f' fraction="{share if option.key else 0}"'
        lines.append(texts.element("answer", lms.tidy(option.text), attribute=attribute, inner=inner))
    tags = "".join(f"<tag><text>{_escaped(lms.label(tag))}</text></tag>" for tag in lms.tags_of(item))
    lines += [f"<tags>{tags}</tags>"] if tags else []
    return "\n".join([*lines, "</question>", ""])


class _Texts:
    """Writes the texts of one item and embeds each of its images once."""

    def __init__(self, item: ItemRecord, files: Files | None) -> None:
        self.files = files
        self.media = item.media
        texts = [lms.question_text(item), item.explanation or ""]
        texts += [part for option in item.options for part in (option.text, option.rationale or "")]
        self.shown = {name for text in texts for name in images_of(text)}

    def element(self, tag: str, text: str, *, attribute: str = "", inner: str = "", unshown: bool = False) -> str:
        """Return one element with its text, its files and what else stands in it."""
        names = [name for name in dict.fromkeys(images_of(text)) if name in self.media]
        names += [name for name in self.media if unshown and name not in self.shown]
        embedded = {name: data for name in dict.fromkeys(names) if self.files and (data := self.files.get(name))}
        for name in embedded:
            text = re.sub(rf"\]\(<?{re.escape(name)}>?\)", f"]({link_of(name)})".replace("\\", ""), text)
        form, content = _as_html(_xml_text(text))
        parts = "".join(
            f'<file name={quoteattr(name)} path="/" encoding="base64">{base64.b64encode(data).decode()}</file>'
            for name, data in embedded.items()
        )
        return f'<{tag}{attribute} format="{form}"><text>{_quoted(content)}</text>{parts}{inner}</{tag}>'


def _as_html(text: str) -> tuple[str, str]:
    """Return a Markdown text and its format: HTML where that reads back as the same Markdown."""
    if not _SIGNS.search(text):
        return "html", f"<p>{text}</p>" if text else ""
    if len(text) <= MAX_CHARS and "![" not in text:
        html = render(text)
        try:
            if to_markdown(html).text == text:
                return "html", html
        except HtmlError:
            pass
    return "markdown", text


def _quoted(text: str) -> str:
    """Return a text as a CDATA section where it holds mark-up and can be one: it stays readable."""
    if ("<" in text or "&" in text) and "]]>" not in text:
        return f"<![CDATA[{text}]]>"
    return _escaped(text)


def _xml_text(text: str) -> str:
    return _NOT_XML.sub("\ufffd", text)


def _escaped(text: str) -> str:
    return escape(_xml_text(text))
