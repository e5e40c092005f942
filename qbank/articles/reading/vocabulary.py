"""Word lists written as running text."""

from __future__ import annotations


def words(text: str, separator: str | None = None) -> frozenset[str]:
    """Return the words of ``text`` (or its parts between ``separator``), stripped, as a set."""
    return frozenset(part.strip() for part in text.split(separator))
