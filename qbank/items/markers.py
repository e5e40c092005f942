"""Evidence marks in a text: ``[@s07]`` or ``[@slug/s07]`` at its end names the statement that it rests on."""

from __future__ import annotations

import re
from collections.abc import Iterable

_TRAILING = re.compile(r"(?:\s*\[@([A-Za-z0-9_./-]{1,140})\])+\s*\Z")
_MARK = re.compile(r"\[@([A-Za-z0-9_./-]{1,140})\]")


def split_marks(text: str) -> tuple[str, tuple[str, ...]]:
    """Return the text without its trailing marks, and the marks' names in order."""
    found = _TRAILING.search(text)
    if found is None:
        return text.strip(), ()
    return text[: found.start()].strip(), tuple(_MARK.findall(found.group()))


def join_marks(text: str, names: Iterable[str]) -> str:
    """Return the text with these marks behind it."""
    marks = " ".join(f"[@{name}]" for name in names)
    return f"{text} {marks}".strip()
