"""HTML as a browser saves it: tags and text to blocks.

Left out: scripts, styles, navigation, forms, and what the page hides. Tables that only lay out a page are
read as what they hold.
"""

from __future__ import annotations

import html as entities
import re
from collections import Counter
from dataclasses import dataclass, field

from qbank.articles.document import Problem
from qbank.articles.reading.blocks import Block, BlockKind, Source
from qbank.articles.reading.errors import ArticleError
from qbank.articles.reading.html_tables import Table
from qbank.articles.reading.html_tokens import Raw, Tag, Text, tokens
from qbank.articles.reading.limits import MAX_BLOCKS, MAX_DEPTH
from qbank.articles.reading.markers import bare_text, find_marks
from qbank.articles.reading.passage import LOWERED, RAISED, LineIndex, Passage, cut, join
from qbank.articles.reading.text import too_many_blocks
from qbank.articles.reading.vocabulary import words

_VOID = words("area base br col embed hr img input link meta param source track wbr")
_BLOCK = words(
    "address article aside blockquote body caption center dd details div dl dt fieldset figcaption figure footer"
    " form h1 h2 h3 h4 h5 h6 head header hgroup hr html legend li main menu nav ol p pre section summary table"
    " tbody td tfoot th thead tr ul"
)
_HEADING = re.compile(r"h([1-6])$")
_DROPPED = words(
    "nav button select dialog canvas object audio video map menu aside script style template noscript iframe"
    " svg textarea xmp head"
)
_ROLES = words("navigation banner search dialog alertdialog menu menubar toolbar complementary")
_HIDING_CLASS = re.compile(r"(?:^|\s)(?:sr-only|visually-hidden|screen-reader-text|d-none|hidden)(?:\s|$)")
_HIDING_STYLE = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_CURRENT_CLASS = re.compile(r"(?:^|[\s_-])(?:active|current|selected)(?:[\s_-]|$)")
# What a start tag closes, and what stops the search for it.
_CLOSES = {
    "li": ({"li"}, {"ul", "ol", "menu"}),
    "dt": ({"dt", "dd"}, {"dl"}),
    "dd": ({"dt", "dd"}, {"dl"}),
    "tr": ({"tr"}, {"table"}),
    "td": ({"td", "th"}, {"table", "tr"}),
    "th": ({"td", "th"}, {"table", "tr"}),
    "tbody": ({"tbody", "thead"}, {"table"}),
    "option": ({"option"}, {"select"}),
}
_NUMBERS = re.compile(r"\s*\d{1,3}(?:\s?[,–-]\s?\d{1,3}){0,9}\s*$")


@dataclass(slots=True)
class _Open:
    """An open element."""

    name: str
    dropped: bool = False
    label: str | None = None  # of a list entry: its number
    said: bool = False  # of a list entry: its own text is out
    number: int = 0  # of an ordered list: the next number
    mark: int = 0  # of a link: where its text began
    current: bool = False
    table: Table | None = None


@dataclass(slots=True)
class _Term:
    """The term of a list of terms and descriptions; ``said``: a description has taken it for its lead-in."""

    passage: Passage
    said: bool = False


@dataclass(slots=True)
class _HtmlReader:
    """Walks the tokens once and collects blocks."""

    source: str
    index: LineIndex
    blocks: list[Block] = field(default_factory=list)
    stack: list[_Open] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    pieces: list[Passage] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    entries: list[_Open] = field(default_factory=list)  # open list entries
    lists: list[_Open] = field(default_factory=list)  # open lists
    terms: list[_Term | None] = field(default_factory=list)  # the term of each open list of terms
    dropping: int = 0
    left_out: list[int] = field(default_factory=list)  # lines where something was left out
    title: str | None = None
    images: int = 0

    def read(self) -> None:
        for token in tokens(self.source):
            if isinstance(token, Text):
                if not self.dropping:
                    self.pieces.append(token.passage)
            elif isinstance(token, Raw):
                if token.name == "title" and self.title is None:
                    self.title = " ".join(entities.unescape(token.content[:2000]).split()) or None
            elif token.closing:
                self._end(token)
            else:
                self._start(token)
            if len(self.blocks) > MAX_BLOCKS:
                raise too_many_blocks(self.index.line(self.blocks[-1].passage.start))
        self._pop_to(0)
        self._flush()

    # --- tags

    def _start(self, tag: Tag) -> None:
        if tag.name in _VOID:
            self._void(tag)
            return
        self._close_implied(tag.name)
        if tag.name in _BLOCK and not self.dropping:
            self._flush()
        element = _Open(tag.name, dropped=self._is_left_out(tag))
        element.current = "aria-current" in tag.attributes or bool(
            _CURRENT_CLASS.search(tag.attributes.get("class", ""))
        )
        if element.dropped:
            if not self.dropping and tag.name not in ("script", "style", "head", "svg", "noscript", "template"):
                self.left_out.append(self.index.line(tag.start))
            self.dropping += 1
        elif not self.dropping:
            self._open(element, tag)
        self.stack.append(element)
        self.counts[tag.name] += 1

    def _void(self, tag: Tag) -> None:
        self.images += tag.name == "img"
        if self.dropping:
            return
        if tag.name == "br":
            if self.pieces and self.pieces[-1].text == "\n":
                self._flush()
            else:
                here = cut(self.source, tag.start, tag.start + 1)
                self.pieces.append(Passage("\n", here.starts, here.stops))
        elif tag.name == "hr":
            self._flush()

    def _open(self, element: _Open, tag: Tag) -> None:
        name = tag.name
        if name in ("ul", "ol"):
            self._leave_layout()
            start = tag.attributes.get("start", "1")
            element.number = int(start) if name == "ol" and start.isdecimal() and len(start) < 4 else int(name == "ol")
            self.lists.append(element)
        elif name == "li":
            self._open_entry(element, tag)
        elif name == "table":
            self._leave_layout()
            element.table = Table()
            self.tables.append(element.table)
        elif name in ("tr", "thead", "tbody", "td", "th") and self.tables:
            self.tables[-1].open(name, tag.attributes)
        elif name == "dl":
            self._leave_layout()
            self.terms.append(None)
        elif _HEADING.match(name):
            self._leave_layout()
        elif name == "sup":
            self._put(RAISED, tag.start)
        elif name == "a":
            element.mark = len(self.pieces)

    def _open_entry(self, element: _Open, tag: Tag) -> None:
        within = self.lists[-1] if self.lists else None
        if within is not None and within.number:
            value = tag.attributes.get("value", "")
            if value.isdecimal() and len(value) < 4:
                within.number = int(value)
            element.label = str(within.number)
            within.number += 1
        self.entries.append(element)

    def _end(self, tag: Tag) -> None:
        if not self.counts[tag.name]:
            return
        at = len(self.stack) - 1
        while self.stack[at].name != tag.name:
            at -= 1
        self._pop_to(at)

    def _close_implied(self, name: str) -> None:
        if name in _BLOCK and self.counts["p"] and name not in ("td", "th", "tr", "tbody"):
            self._close_nearest({"p"}, {"td", "th", "li", "div", "section", "table"})
        if name in _CLOSES:
            self._close_nearest(*_CLOSES[name])

    def _close_nearest(self, names: set[str], barrier: set[str]) -> None:
        for at in range(len(self.stack) - 1, max(-1, len(self.stack) - 1 - MAX_DEPTH), -1):
            if self.stack[at].name in names:
                self._pop_to(at)
                return
            if self.stack[at].name in barrier:
                return

    def _pop_to(self, at: int) -> None:
        while len(self.stack) > at:
            element = self.stack[-1]
            if not self.dropping:
                self._close(element)
            self.stack.pop()
            self.counts[element.name] -= 1
            self.dropping -= element.dropped

    def _close(self, element: _Open) -> None:
        name = element.name
        if name == "sup":
            self._put(LOWERED, self.pieces[-1].end if self.pieces else 0)
        elif name == "a":
            self._close_link(element)
        elif name in ("td", "th") and self.tables and not self.tables[-1].layout:
            self.tables[-1].cell(join(self.pieces, "").squeeze(), head=name == "th")
            self.pieces = []
        elif name == "thead" and self.tables:
            self.tables[-1].leave_head()
        elif name == "table" and element.table is not None:
            self._flush()
            self.tables.pop()
            self.blocks += element.table.blocks()
        elif name in ("dt", "dl") and self.terms:
            self._close_term(name)
        elif name in _BLOCK:
            self._flush()
        if name == "li" and self.entries and self.entries[-1] is element:
            self.entries.pop()
        elif name in ("ul", "ol") and self.lists and self.lists[-1] is element:
            self.lists.pop()

    def _close_link(self, element: _Open) -> None:
        """A link whose whole text is a number cites an entry."""
        inner = join(self.pieces[element.mark :], "")
        if inner.text and _NUMBERS.match(inner.text) and not self.counts["sup"]:
            before = "".join(p.text for p in self.pieces[max(0, element.mark - 2) : element.mark]).rstrip()
            if not before.endswith(("[", ",", "-", "–")):
                del self.pieces[element.mark :]
                self._put(RAISED, inner.start)
                self.pieces.append(inner)
                self._put(LOWERED, inner.end)

    def _say_term(self) -> None:
        """Make a block of a term that no description has taken, before another block comes."""
        term = self.terms[-1] if self.terms else None
        if term is not None and not term.said:
            term.said = True
            self.blocks.append(Block(BlockKind.PARAGRAPH, term.passage))

    def _close_term(self, name: str) -> None:
        """Keep a term for its descriptions; one that was not described is a block of its own."""
        self._say_term()
        if name == "dl":
            self._flush()
            self.terms.pop()
        else:
            passage = join(self.pieces, "").strip()
            self.pieces = []
            cites = bool(find_marks(passage.text))
            self.terms[-1] = _Term(passage, said=cites) if passage.text else None
            if cites:  # then it says something itself
                self.blocks.append(Block(BlockKind.PARAGRAPH, passage))

    # --- blocks

    def _is_left_out(self, tag: Tag) -> bool:
        attributes = tag.attributes
        if tag.name in _DROPPED or attributes.get("role", "").lower() in _ROLES:
            return True
        if "hidden" in attributes or attributes.get("aria-hidden") == "true":
            return True
        return bool(
            _HIDING_CLASS.search(attributes.get("class", "")) or _HIDING_STYLE.search(attributes.get("style", ""))
        )

    def _put(self, sign: str, offset: int) -> None:
        here = cut(self.source, offset, offset + 1)
        self.pieces.append(Passage(sign, here.starts, here.stops) if here.text else cut("", 0, 0))

    def _leave_layout(self) -> None:
        """A heading, list or table inside a cell shows that the tables around it only lay out the page."""
        self._say_term()
        first = len(self.tables)
        while first and not self.tables[first - 1].layout:
            first -= 1  # the outer ones were given up before
        for table in self.tables[first:]:
            self.blocks += table.as_layout()

    def _flush(self) -> None:
        if self.tables and not self.tables[-1].layout and self.tables[-1].in_cell:
            here = self.pieces[-1].end if self.pieces else 0
            if here and self.pieces[-1].text != " ":
                self._put_space(here)
            return
        if not self.pieces:
            return
        passage = join(self.pieces, "").strip()
        self.pieces = []
        if passage.text.strip(RAISED + LOWERED + " "):
            self.blocks.append(self._block(passage))

    def _put_space(self, offset: int) -> None:
        here = cut(self.source, offset - 1, offset)
        self.pieces.append(Passage(" ", here.starts, here.stops))

    def _block(self, passage: Passage) -> Block:
        current = any(element.current for element in self.stack[-4:])
        entry = self.entries[-1] if self.entries else None
        if entry is not None and not entry.said:
            entry.said = True
            level = min(max(len(self.lists) - 1, 0), MAX_DEPTH)
            return Block(BlockKind.BULLET, passage, level, entry.label, current=current)
        term = self.terms[-1] if self.terms else None
        if term is not None and any(element.name == "dd" for element in self.stack[-3:]):
            term.said = True
            return Block(BlockKind.ROW, passage, cells=(passage,), heads=(bare_text(term.passage),))
        for element in reversed(self.stack[-6:]):
            if (match := _HEADING.match(element.name)) is not None:
                return Block(BlockKind.HEADING, passage, int(match.group(1)), current=current)
        return Block(BlockKind.PARAGRAPH, passage, current=current)


def take_apart(source: str) -> Source:
    """Return the blocks of a saved page. Raises `ArticleError` for a page that holds images and no text."""
    index = LineIndex(source)
    reader = _HtmlReader(source, index)
    reader.read()
    if not reader.blocks:
        what = "only images" if reader.images else "no visible text"
        raise ArticleError(
            1,
            "image_only" if reader.images else "empty",
            f"the page holds {what}.",
            cure="Copy the article's text from the page, or save the page after it has loaded.",
        )
    meta = _title(reader)
    problems: tuple[Problem, ...] = ()
    if reader.left_out:
        shown = ", ".join(map(str, reader.left_out[:12]))
        message = (
            f"navigation, side boxes or hidden parts were left out (from lines {shown}"
            f"{' and more' if len(reader.left_out) > 12 else ''}); check that no statement is among them."
        )
        problems = (Problem(reader.left_out[0], "page_parts_left_out", message),)
    return Source(source, "html", index, tuple(reader.blocks), meta, problems)


def _title(reader: _HtmlReader) -> dict[str, str]:
    """Return the page's title where no heading can be the article's."""
    if reader.title is None or any(b.kind is BlockKind.HEADING and b.level == 1 for b in reader.blocks):
        return {}
    return {"title": re.split(r"\s+[|–—-]\s+", reader.title)[0]}
