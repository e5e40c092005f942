"""Plain text as Markdown, and back: for formats whose texts are not Markdown.

`from_plain` escapes only what Markdown would take for its own signs, and leaves a text alone where nothing would
be; `to_plain` gives what a reader of the rendered text sees.
"""

from __future__ import annotations

import html as entities
import re

from qbank.markup import render

_SIGNS = re.compile(r"[\\`*_\[\]<&~^|]|\A\s*[#>+=-]|\n\s*[#>+=-]|(?:\A|\n)\s*\d{1,9}[.)]")
_INLINE = re.compile(
    r"\\(?=[!-/:-@\[-`{-~\n]|\Z)"  # a backslash that would escape, or break a line
    r"|[`*]"
    r"|\](?=[(\[:])"  # without it a bracket is just that
    r"|(?<![^\W_])_|_(?![^\W_])"  # an underscore inside a word is just that
    r"|<(?=[A-Za-z/!?])"
    r"|&(?=#?\w+;)"
    r"|[~^](?=\S)"
    r"|\|"
)
_LINE_START = re.compile(r"(?m)^(\d{1,9})([.)])(?=\s|$)|^(#{1,6})(?=\s|$)|^([>+=-])|^(?=(?:    |\t))")
_BLANK = re.compile(r"\n[ \t]*(?:\n[ \t]*)+")


def escape_inline(text: str) -> str:
    """Return text in which no character of a line's inside is Markdown."""
    return _INLINE.sub(lambda found: "\\" + found[0], text)


def escape_starts(text: str) -> str:
    """Return text in which no line begins a list, a heading, a quote or a rule."""
    return _LINE_START.sub(_escaped_start, text)


def _escaped_start(found: re.Match[str]) -> str:
    if found[1]:
        return f"{found[1]}\\{found[2]}"
    return "\\" + found[0] if found[0] else ""


def from_plain(text: str) -> str:
    """Return Markdown that shows this plain text: blank lines part paragraphs, other line ends break the line."""
    paragraphs = [_paragraph(part) for part in _BLANK.split(text.strip())]
    return "\n\n".join(part for part in paragraphs if part)


def _paragraph(text: str) -> str:
    lines = [line.strip() for line in text.split("\n")]
    plain = "\n".join(line for line in lines if line)
    if _SIGNS.search(plain) and not _shows_itself(plain):
        plain = escape_starts(escape_inline(plain))
    return plain.replace("\n", "\\\n")


def _shows_itself(text: str) -> bool:
    """Say whether Markdown shows a paragraph just as it stands."""
    if len(text) > 5_000 or "\n" in text or "\\" in text:
        return False
    shown = render(text)
    inner = shown.removeprefix("<p>").removesuffix("</p>")
    return len(inner) == len(shown) - 7 and "<" not in inner and entities.unescape(inner) == text


_BLOCK_END = re.compile(r"</(?:p|h[3-6]|blockquote|pre|ul|ol|table)>|<hr>")
_LINE_END = re.compile(r"<br>|</(?:li|tr)>")
_CELL_END = re.compile(r"</t[hd]>")
_IMAGE = re.compile(r'<img[^>]*?alt="([^"]*)"[^>]*>')


def to_plain(text: str) -> str:
    """Return what a reader of the rendered Markdown sees, paragraphs parted by a blank line."""
    if not _SIGNS.search(text) and "\n" not in text and len(text) < 50_000:
        return " ".join(text.split())
    shown = _IMAGE.sub(lambda found: f"[{found[1]}]", render(text)).replace("\n", " ")
    shown = _CELL_END.sub(" ", _LINE_END.sub("\n", _BLOCK_END.sub("\n\n", shown)))
    shown = entities.unescape(re.sub(r"<[^>]+>", "", shown))
    lines = [" ".join(line.split()) for line in shown.split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
