"""What filters choose, in words: the labels of the builder, and a sentence for lists."""

from __future__ import annotations

from collections.abc import Mapping

from qbank.blocks.criteria import Criteria
from qbank.items.models import Difficulty

DIFFICULTY_CHOICES = [(level.value, level.value.capitalize()) for level in Difficulty]
STATUS_CHOICES = [
    ("unused", "Unused"),
    ("correct", "Correct last time"),
    ("incorrect", "Incorrect last time"),
    ("omitted", "Omitted last time"),
    ("marked", "Marked"),
    ("ever_incorrect", "Ever incorrect, not yet mended"),
]


def words_of(criteria: Criteria, names: Mapping[int, str]) -> str:
    """Say what filters choose; "Any item" where nothing. ``names`` of taxa by id, of which retired ones may miss."""
    parts = [
        " or ".join(names.get(taxon, "a retired class") for taxon in sorted(group))
        for group in (criteria.systems, criteria.disciplines, criteria.tasks)
        if group
    ]
    parts += [
        " or ".join(label for value, label in choices if value in group)
        for choices, group in ((DIFFICULTY_CHOICES, criteria.difficulties), (STATUS_CHOICES, criteria.exclusive))
        if group
    ]
    parts += [label for value, label in STATUS_CHOICES if value in criteria.statuses - criteria.exclusive]
    if criteria.not_seen_days:
        days = criteria.not_seen_days
        parts.append(f"Not seen for {days} {'day' if days == 1 else 'days'}")
    return "; ".join(parts) or "Any item"
