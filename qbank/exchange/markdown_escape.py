"""How any text stands in bank Markdown without being taken for the file's own structure.

A line that would be read as structure gets one backslash in front, and a line that already has backslashes there
gets one more, so that reading, which takes one away, is the exact inverse. In Markdown an escaped line looks the
same when rendered. Blank lines around a text belong to the file's layout; where they belong to the text they are
written as a lone backslash.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

# What is structure at the left margin of a section: a first-level heading, the fence of a head.
_MARGIN = re.compile(r"(\\*)(?:#(?:\s|\Z)|---\s*\Z)")
# What is structure inside an option: the quote that holds its rationale.
_QUOTE = re.compile(r"(\\*)\s*>")
# A blank line, perhaps escaped; only at the edges of a text.
_BLANK = re.compile(r"(\\*)\s*\Z")
# What stands behind "- [ ] ": spaces there belong to the layout.
_SPACE = re.compile(r"(\\*)\s")
# A statement marker at the very end of a rationale.
_MARKER = re.compile(r"(\\*)\[@([^\]\[\s@]+)\]\Z")


def escape_section(text: str) -> list[str]:
    """Return the lines that stand for a section's text."""
    return [_escape(_MARGIN, line) for line in escape_edges(text.split("\n"))]


def unescape_section(lines: Sequence[str]) -> str:
    """Return the text of a section's lines, without the blank lines around it."""
    return "\n".join(unescape_edges([_unescape(_MARGIN, line) for line in lines]))


def escape_option(text: str) -> list[str]:
    """Return the lines of an option's text: the first follows the box, the others are indented by the writer."""
    lines = [_escape(_QUOTE, line) for line in escape_edges(text.split("\n"))]
    lines[0] = _escape(_SPACE, lines[0])
    return lines


def unescape_option(lines: Sequence[str]) -> str:
    """Return the text of an option's lines, the indentation already taken away."""
    first = lines[0].lstrip(" \t") if lines[0].strip() else ""
    kept = [_unescape(_SPACE, first), *lines[1:]]
    return "\n".join(_unescape(_QUOTE, line) for line in unescape_edges(kept))


def escape_edges(lines: list[str]) -> list[str]:
    """Escape blank lines at the beginning and the end; a text of no characters stays one empty line."""
    if lines == [""]:
        return lines
    first = next((index for index, line in enumerate(lines) if not _BLANK.match(line)), len(lines))
    last = next((index for index in range(len(lines) - 1, -1, -1) if not _BLANK.match(lines[index])), -1)
    return ["\\" + line if index < first or index > last else line for index, line in enumerate(lines)]


def unescape_edges(lines: list[str]) -> list[str]:
    """Drop the blank lines around a text, then take one backslash from the escaped ones."""
    while lines and not lines[0].strip():
        lines = lines[1:]
    while lines and not lines[-1].strip():
        lines = lines[:-1]
    first = next((index for index, line in enumerate(lines) if not _BLANK.match(line)), len(lines))
    last = next((index for index in range(len(lines) - 1, -1, -1) if not _BLANK.match(lines[index])), -1)
    return [line.removeprefix("\\") if index < first or index > last else line for index, line in enumerate(lines)]


def is_margin_structure(line: str) -> bool:
    """Say whether an unescaped line at the left margin is a heading or the fence of a head."""
    found = _MARGIN.match(line)
    return found is not None and not found[1]


def is_quote(line: str) -> bool:
    """Say whether a line of an option belongs to its rationale."""
    found = _QUOTE.match(line)
    return found is not None and not found[1]


def hide_marker(text: str) -> str:
    """Escape what would be read as a statement marker at the end of a rationale."""
    found = _MARKER.search(text)
    return text[: found.start()] + "\\" + text[found.start() :] if found else text


def take_markers(text: str) -> tuple[str, tuple[str, ...]]:
    """Return a rationale without the statement markers at its end, and what they name, in order."""
    names: list[str] = []
    while found := _MARKER.search(text):
        if found[1]:
            text = text[: found.start()] + text[found.start() + 1 :]
            break
        names.insert(0, found[2])
        text = text[: found.start()].rstrip()
    return text, tuple(names)


def _escape(structure: re.Pattern[str], line: str) -> str:
    return "\\" + line if structure.match(line) else line


def _unescape(structure: re.Pattern[str], line: str) -> str:
    found = structure.match(line)
    return line[1:] if found and found[1] else line
