"""HTML from other systems as Markdown. What Markdown has no place for is named, its text is kept.

Only the kinds of mark-up that the bank itself shows are kept: paragraphs, emphasis, lists, tables, headings,
quotations, code, sub- and superscript, links, images.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from lxml import etree

from qbank.exchange.plain_markdown import escape_inline, escape_starts
from qbank.markup import MAX_CHARS as MAX_RENDERED
from qbank.markup import plain, render

MAX_CHARS = 1_000_000
MAX_DEPTH = 100
_BLOCKS = {
    "address", "article", "aside", "blockquote", "body", "center", "details", "dd", "div", "dl", "dt", "fieldset",
    "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "html", "li",
    "main", "nav", "ol", "p", "pre", "section", "summary", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "ul",
}  # fmt: skip
_MARKS = {"em": "*", "i": "*", "b": "**", "strong": "**", "s": "~~", "strike": "~~", "del": "~~"}
_SCRIPTS = {"sub": "~", "sup": "^"}
_SILENT = {
    "a", "abbr", "bdi", "bdo", "big", "br", "caption", "cite", "code", "col", "colgroup", "dfn", "font", "img", "ins",
    "kbd", "label", "mark", "nobr", "q", "samp", "small", "span", "time", "tt", "u", "var", "wbr",
}  # fmt: skip
_DROPPED = {"script", "style", "head", "object", "embed", "iframe", "video", "audio", "svg", "canvas", "template"}
_SPACE = re.compile(r"[ \t\n\r\f]+")
_MARKED = re.compile(r"[<>&\\`*_\[\]~^|#\x00-\x08\x0b-\x1f\x7f-\U0010ffff]")
_LIST_START = re.compile(r"[-+=]|\d{1,9}[.)]")
_LINK = re.compile(r"(?:https?://[^/]|mailto:)[^\s<>()]*\Z|https?://[^\s<>]+\Z")

Image = Callable[[str, str], str | None]  # address and what it shows -> name in `ItemRecord.media`


class HtmlError(ValueError):
    """The HTML cannot be read; the message says why and what mends it."""


@dataclass(slots=True)
class Converted:
    """Markdown, and the names of the kinds of mark-up that it has no place for."""

    text: str
    left_out: set[str] = field(default_factory=set)


def to_markdown(html: str, image: Image | None = None) -> Converted:
    """Return the HTML as Markdown.

    ``image`` is asked for each picture with its address and its alternative text; it returns the name under which
    the picture is kept, or None where there is no file: then the alternative text stays. Raises `HtmlError` for
    text that is too long or nested too deep.
    """
    if len(html) > MAX_CHARS:
        raise HtmlError(f"a text is longer than {MAX_CHARS:,} characters: shorten it")
    if not html.strip():
        return Converted("")
    inner = html.strip().removeprefix("<p>").removesuffix("</p>").strip()
    if not _MARKED.search(inner) and not _LIST_START.match(inner):
        return Converted(" ".join(inner.split()))
    _check_depth(html)
    parser = etree.HTMLParser(encoding="utf-8", no_network=True, remove_comments=True, remove_pis=True)
    try:
        data = html.replace("\0", "\ufffd").encode("utf-8")
    except UnicodeEncodeError:
        raise HtmlError("a text holds half of a character (a lone surrogate): remove it") from None
    root = etree.fromstring(b"<html><body>" + data + b"</body></html>", parser)
    if root is None:
        return Converted("")
    carets, tildes = html.count("^") > 1 or "<sup" in html, html.count("~") > 1 or "<sub" in html
    return _truest([_Writer(image, carets=carets, tildes=tildes, level=level) for level in (2, 1, 0)], root)


def _truest(writers: list[_Writer], root: etree._Element) -> Converted:
    """Return the text with most marks that shows the same words as the one without any.

    A mark that touches a letter or another mark may not count as one, and would show as itself.
    """
    best = Converted("\n\n".join(writers[0].blocks(root)), writers[0].left_out)
    if not writers[0].marked or len(best.text) > MAX_RENDERED:
        return best
    fewer = [Converted("\n\n".join(writer.blocks(root)), writer.left_out) for writer in writers[1:]]
    seen = _seen(fewer[-1].text)
    if _seen(best.text) == seen:
        return best
    chosen = next(entry for entry in fewer if _seen(entry.text) == seen)
    return Converted(chosen.text, chosen.left_out | {"emphasis that touches other text"})


def _seen(text: str) -> str:
    return "".join(plain(render(text)).split())


def _check_depth(html: str) -> None:
    depth = deepest = 0
    for found in re.finditer(r"<(/?)([a-zA-Z][\w]*)", html):
        if found[2].lower() not in {"br", "img", "hr", "input", "col", "wbr", "p", "li", "td", "tr", "th", "dt", "dd"}:
            depth = max(0, depth - 1) if found[1] else depth + 1
            deepest = max(deepest, depth)
    if deepest > MAX_DEPTH:
        raise HtmlError(f"mark-up is nested more than {MAX_DEPTH} deep: simplify it")


class _Writer:
    """Turns a tree into Markdown blocks."""

    def __init__(self, image: Image | None, *, carets: bool, tildes: bool, level: int) -> None:
        self.image = image
        self.carets = carets
        self.tildes = tildes
        self.level = level  # 2: all marks are written, 1: sub- and superscript, 0: none
        self.marked = False  # was there any
        self.left_out: set[str] = set()

    def blocks(self, element: etree._Element) -> list[str]:
        """Return the blocks inside an element; text between blocks is a paragraph of its own."""
        found: list[str] = []
        run: list[str] = [self.text(element.text)]
        for child in element:
            if self.is_block(child):
                found += self.paragraph(run)
                found += self.block(child)
                run = []
            else:
                run.append(self.inline(child))
            run.append(self.text(child.tail))
        return found + self.paragraph(run)

    def is_block(self, element: etree._Element) -> bool:
        """Say whether an element stands on its own lines: it is a block or holds one."""
        return _tag(element) in _BLOCKS or any(_tag(inner) in _BLOCKS for inner in element.iterdescendants())

    def paragraph(self, run: list[str]) -> list[str]:
        """Return the collected line of text as one block, or none."""
        text = _tidy(_joined(run))
        return [escape_starts(text)] if text else []

    def block(self, element: etree._Element) -> list[str]:
        """Return the blocks that one block element makes."""
        tag = _tag(element)
        if tag in _DROPPED:
            return self.drop(tag)
        if tag == "hr":
            return ["***"]
        if tag == "pre":
            return self.code_block(element)
        if tag in {"ul", "ol"}:
            return self.listing(element, tag)
        if tag == "table":
            return self.table(element)
        inner = self.blocks(element)
        if tag == "blockquote":
            return ["\n".join(f"> {line}".rstrip() for line in "\n\n".join(inner).split("\n"))] if inner else []
        if re.fullmatch(r"h[1-6]", tag) and inner:
            return [f"{'#' * max(2, int(tag[1]))} {' '.join(' '.join(inner).split())}"]
        return inner

    def code_block(self, element: etree._Element) -> list[str]:
        """Return a block of code as fenced lines."""
        text = _inner_text(element).strip("\n")
        longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
        fence = "`" * max(3, longest + 1)
        return [f"{fence}\n{text}\n{fence}"] if text.strip() else []

    def listing(self, element: etree._Element, tag: str) -> list[str]:
        """Return a list, its entries indented under their signs."""
        lines: list[str] = []
        entries = [child for child in element if self.is_block(child)]
        loose = any(sum(_tag(inner) in {"p", "div"} for inner in entry) > 1 for entry in entries)
        for number, child in enumerate(entries, start=1):
            sign = "- " if tag == "ul" else f"{number}. "
            inner = "\n\n".join(self.block(child)) if loose else "\n".join(self.block(child))
            indent = " " * len(sign)
            body = [indent + line if line else "" for line in inner.split("\n")]
            body[0] = sign + body[0].removeprefix(indent)
            lines += body + ([""] if loose else [])
        return ["\n".join(lines).rstrip("\n")] if lines else []

    def table(self, element: etree._Element) -> list[str]:
        """Return a table of one line a row; its first row is the head."""
        rows = [[self.cell(cell) for cell in row if _tag(cell) in {"td", "th"}] for row in element.iter("tr")]
        rows = [row for row in rows if row]
        if any(_tag(inner) == "table" for inner in element.iterdescendants()):
            self.left_out.add("a table in a table")
            return [" ".join(cell for row in rows for cell in row)]
        if any(cell.get(span, "1") != "1" for cell in element.iter("td", "th") for span in ("colspan", "rowspan")):
            self.left_out.add("joined table cells")
        if not rows:
            return []
        width = max(len(row) for row in rows)
        rows = [row + [""] * (width - len(row)) for row in rows]
        lines = [f"| {' | '.join(row)} |" for row in rows]
        return ["\n".join([lines[0], "|" + "---|" * width, *lines[1:]])]

    def cell(self, element: etree._Element) -> str:
        """Return a table cell on one line."""
        return " ".join(" ".join(self.blocks(element)).replace("\\\n", " ").split())

    def inline(self, element: etree._Element) -> str:
        """Return an element inside a line."""
        tag = _tag(element)
        if tag == "br":
            return "\\\n"
        if tag == "img":
            return self.picture(element)
        if tag in _DROPPED:
            return "".join(self.drop(tag))
        if tag in {"code", "kbd", "samp", "tt"}:
            self.marked = True
            return _code(_inner_text(element)) if self.level > 1 else self.text(_inner_text(element))
        pieces = [self.text(element.text)]
        for child in element:
            pieces += [self.inline(child), self.text(child.tail)]
        inner = _joined(pieces)
        if tag in _MARKS:
            self.marked = True
            return _wrapped(inner, _MARKS[tag]) if self.level > 1 else inner
        if tag in _SCRIPTS:
            self.marked = True
            return inner if not self.level else self.script(inner, _SCRIPTS[tag])
        if tag == "a" and inner.strip() and _LINK.match(element.get("href", "")):
            return f"[{inner.strip()}](<{element.get('href')}>)"
        if tag not in _SILENT and tag not in _BLOCKS:
            self.left_out.add(f"<{tag}>")
        return inner

    def script(self, inner: str, sign: str) -> str:
        """Return sub- or superscript; blanks in it are escaped, as its signs allow none."""
        text = inner.strip().replace("\\\n", " ")
        return f"{sign}{_SPACE.sub(lambda _: chr(92) + ' ', text)}{sign}" if text else inner

    def picture(self, element: etree._Element) -> str:
        """Return a picture that the bank keeps, else what it shows in words."""
        alt = " ".join((element.get("alt") or "").split())
        source = (element.get("src") or "").strip()
        name = self.image(source, alt) if self.image and source else None
        if name is None:
            shown = f"{source[:60]}..." if len(source) > 60 else source
            self.left_out.add(f"the image {shown or 'without an address'}")
            return escape_inline(alt)
        return f"![{escape_inline(alt)}]({name})"

    def drop(self, tag: str) -> list[str]:
        """Note mark-up that is left out together with what it holds."""
        if tag != "head":
            self.left_out.add(f"<{tag}>")
        return []

    def text(self, text: str | None) -> str:
        """Return text between tags, its white space folded, its signs escaped."""
        if not text:
            return ""
        escaped = escape_inline(_SPACE.sub(" ", text))
        if escaped[-1] in "~^":  # alone at the end it means nothing, but here a tag's text may follow
            escaped = f"{escaped[:-1]}\\{escaped[-1]}"
        if not self.carets:
            escaped = escaped.replace("\\^", "^")
        return escaped if self.tildes else escaped.replace("\\~", "~")


def _tag(element: etree._Element) -> str:
    return element.tag.rpartition("}")[2].lower() if isinstance(element.tag, str) else ""


def _joined(pieces: list[str]) -> str:
    """Join pieces of a line, so that a bracket at the end of one and a parenthesis after it make no link."""
    line: list[str] = []
    for piece in filter(None, pieces):
        line.append("\\" + piece if line and line[-1].endswith("]") and piece[0] in "([:" else piece)
    return "".join(line)


def _inner_text(element: etree._Element) -> str:
    return "".join(str(part) for part in element.itertext())


def _wrapped(inner: str, mark: str) -> str:
    """Put marks around text, the white space outside them."""
    text = inner.strip()
    if not text or "\n\n" in text:
        return inner
    start = inner[: len(inner) - len(inner.lstrip())]
    end = inner[len(inner.rstrip()) :]
    return f"{start}{mark}{text}{mark}{end}"


def _code(text: str) -> str:
    text = _SPACE.sub(" ", text)
    if not text.strip():
        return text
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * (longest + 1)
    gap = " " if text[0] in "` " or text[-1] in "` " else ""
    return f"{fence}{gap}{text}{gap}{fence}"


def _tidy(run: str) -> str:
    """Return a line without spaces around its breaks and at its ends."""
    text = re.sub(r" *\\\n *", "\\\\\n", re.sub(r" {2,}", " ", run)).strip()
    while text.startswith("\\\n"):
        text = text[2:].lstrip()
    while text.endswith("\\\n") or re.search(r"(?<!\\)(?:\\\\)*\\\Z", text):
        text = text.removesuffix("\n").removesuffix("\\").rstrip()
    return re.sub(r"(?:\\\n){2,}", "\n\n", text)


def images_of(text: str) -> Iterator[str]:
    """Yield the names of the kept pictures that a Markdown text shows, in order."""
    for found in re.finditer(r"!\[(?:[^\]\\]|\\.)*\]\(<?([\w.+-]+)>?\)", text):
        yield found[1]
