"""What the index holds of a version: two texts, the question weighing more than the rest."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from qbank.search.folding import indexed


@dataclass(frozen=True, slots=True)
class Entry:
    """One version in the index, its texts folded."""

    version_id: int
    question: str  # stem, lead-in, vignette, tags, the item's id
    rest: str  # options with rationales, objective, explanation, references


def compose(
    version_id: int,
    *,
    question: Iterable[str | None],
    rest: Iterable[str | None],
) -> Entry:
    """Return the entry of a version from its texts as they are written."""
    return Entry(version_id, indexed(_together(question)), indexed(_together(rest)))


def _together(texts: Iterable[str | None]) -> str:
    return "\n".join([text for text in texts if text])
