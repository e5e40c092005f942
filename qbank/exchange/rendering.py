"""Markdown of many items to HTML: what is plain prose takes a short way, everything else the usual one.

A large import renders a million texts, nearly all of them sentences without any markup. For those the result is
known: the text itself between paragraph tags, with ``<`` and ``>`` written as entities.
"""

from __future__ import annotations

import re

from qbank import markup

# What is not known to mean nothing in Markdown: any other sign, two spaces, a space at the end of a line, a line that
# does not begin with a letter (so it may be a list, heading, quote, rule, table or code), and "<" before a word.
_MARKUP = re.compile(
    r"[^\w ,.;:()'\"/%?=+\-–—’‘“”≥≤°…·×±µ<>\n]|_| (?=[ \n]|\Z)|\n(?![^\W\d_])|<(?![ 0-9])",
)
_SAFE = b"".join(bytes([code]) for code in range(32, 127) if not _MARKUP.search(chr(code) + "a"))
_LONGEST = 20_000


def render(text: str) -> str:
    """Return what `qbank.markup.render` returns. Raises ValueError for a text that is too long."""
    if not text:
        return ""
    return f"<p>{_escaped(text)}</p>" if _is_plain(text) else markup.render(text)


def render_inline(text: str) -> str:
    """Return what `qbank.markup.render_inline` returns. Raises ValueError for a text that is too long."""
    if not text:
        return ""
    return _escaped(text) if _is_plain(text) else markup.render_inline(text)


def _is_plain(text: str) -> bool:
    if len(text) > _LONGEST or not text[0].isalpha():
        return False
    if text.isascii() and "<" not in text and "  " not in text and text[-1] != " ":
        # What is left without the signs that mean nothing: nothing, mostly, and found faster than by the pattern.
        rest = text.encode().translate(None, _SAFE)
        if not rest:
            return True
    return _MARKUP.search(text) is None


def _escaped(text: str) -> str:
    return text.replace("<", "&lt;").replace(">", "&gt;") if "<" in text or ">" in text else text
