"""Single lines: indentation, bullet signs, headings, table cells. Shared by plain text and Markdown."""

from __future__ import annotations

import re
from dataclasses import dataclass

from qbank.articles.reading.passage import Passage, cut
from qbank.articles.reading.vocabulary import words

_TAB = 4  # columns a tab stands for
_SIGN = re.compile(r"(?:[•◦▪▫‣⁃●○■□·∙➢➤✓*+–—-]|o(?=[ \t]{1,4}\S))[ \t]+")
_ORDINAL = re.compile(r"(?:\(?(\d{1,3})[.)]|\(?([a-z])\))[ \t]+")
_SMALL = words(
    "a an and are as at be but by for from has have in into is its nor of off on or per than that the to vs"
    " via was were who with without"
)
_WORD = re.compile(r"[^\W\d_][\w'’-]*")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the source. ``sign``: it begins with a bullet; ``label``: the number of an ordered bullet."""

    begin: int
    end: int
    indent: int  # columns before the bullet sign or first character
    inner: int  # columns before the first character behind the sign
    content: Passage  # without indentation and sign
    sign: bool = False
    label: str | None = None

    @property
    def blank(self) -> bool:
        """Say whether there is nothing on the line."""
        return not self.content.text and not self.sign


def _columns(text: str) -> int:
    column = 0
    for character in text:
        column += _TAB - column % _TAB if character == "\t" else 1
    return column


def read_line(source: str, begin: int, end: int) -> Line:
    """Take one line apart into indentation, bullet sign or number, and content."""
    raw = source[begin:end]
    body = raw.lstrip()
    lead = len(raw) - len(body)
    indent = _columns(raw[:lead])
    match = _SIGN.match(body)
    ordinal = None if match else _ORDINAL.match(body)
    # A lone "o" or letter is a sign only where it is set in; else "a) ..." at the margin still counts.
    found = match or ordinal
    if match and body[0] == "o" and indent == 0:
        found = None
    skip = found.end() if found else 0
    label = (ordinal.group(1) or ordinal.group(2)) if found and ordinal else None
    content = cut(source, begin + lead + skip, end).strip()
    inner = indent + _columns(body[:skip])
    return Line(begin, end, indent, inner, content, found is not None and bool(content.text), label)


def is_title_case(text: str) -> bool:
    """Say whether most of the words that could be are capitalised, as in a heading."""
    words = [w for w in _WORD.findall(text[:400]) if w.lower() not in _SMALL]
    return bool(words) and sum(w[0].isupper() for w in words) >= 0.6 * len(words)


def looks_like_heading(text: str, *, limit: int = 120) -> bool:
    """Say whether a line standing alone reads as a heading: short, capital first, no closing punctuation."""
    if not text or len(text) > limit or text[-1] in ".;:,!":
        return False
    return text[0].isupper() or text[0].isdigit()


class Depths:
    """Turns the indentation of successive bullets into depths 0, 1, 2..."""

    def __init__(self) -> None:
        self._indents: list[int] = []

    def reset(self) -> None:
        """Forget the list; the next bullet begins a new one."""
        self._indents.clear()

    def depth(self, indent: int) -> int:
        """Return the depth of a bullet whose sign stands at column ``indent``."""
        while self._indents and indent < self._indents[-1]:
            self._indents.pop()
        if not self._indents or indent > self._indents[-1]:
            self._indents.append(indent)
        return len(self._indents) - 1
