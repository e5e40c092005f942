"""What a learner asks a block to be made from. Pure values.

Within a dimension the chosen values widen ("cardiology or renal"), across dimensions they narrow. Of the statuses,
unused, correct, incorrect and omitted exclude one another and so widen; marked and ever incorrect overlap them and
so narrow: "incorrect or omitted, and marked".
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from qbank.errors import InvalidError

EXCLUSIVE = frozenset({"unused", "correct", "incorrect", "omitted"})
OVERLAPPING = frozenset({"marked", "ever_incorrect"})
STATUSES = EXCLUSIVE | OVERLAPPING
DIFFICULTIES = frozenset({"easy", "medium", "hard"})
MAX_DAYS = 36_500


@dataclass(frozen=True, slots=True)
class Criteria:
    """Filters of a block. Taxa by id; an empty set in a dimension means any.

    ``not_seen_days``: only items not delivered to the learner in this pass for so many days. Raises InvalidError
    for a status, a difficulty or a number of days that does not exist.
    """

    systems: frozenset[int] = frozenset()
    disciplines: frozenset[int] = frozenset()
    tasks: frozenset[int] = frozenset()
    difficulties: frozenset[str] = frozenset()
    statuses: frozenset[str] = frozenset()
    not_seen_days: int | None = None

    def __post_init__(self) -> None:
        problems: dict[str, str] = {}
        if strange := self.difficulties - DIFFICULTIES:
            problems["difficulties"] = f"unknown: {', '.join(sorted(strange))}"
        if strange := self.statuses - STATUSES:
            problems["statuses"] = f"unknown: {', '.join(sorted(strange))}"
        if self.not_seen_days is not None and not 0 < self.not_seen_days <= MAX_DAYS:
            problems["not_seen_days"] = f"give a number of days from 1 to {MAX_DAYS}"
        if problems:
            raise InvalidError("The filters cannot be used.", problems=problems)

    @property
    def exclusive(self) -> frozenset[str]:
        """The chosen statuses that exclude one another."""
        return self.statuses & EXCLUSIVE

    def to_dict(self) -> dict[str, Any]:
        """Return the filters as JSON holds them; only what was chosen."""
        values: dict[str, Any] = {
            name: sorted(getattr(self, name))
            for name in ("systems", "disciplines", "tasks", "difficulties", "statuses")
            if getattr(self, name)
        }
        if self.not_seen_days is not None:
            values["not_seen_days"] = self.not_seen_days
        return values

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Criteria:
        """Return the filters that `to_dict` gave. Raises InvalidError for anything of another shape."""
        return cls(
            systems=_ids(values, "systems"),
            disciplines=_ids(values, "disciplines"),
            tasks=_ids(values, "tasks"),
            difficulties=_words(values, "difficulties"),
            statuses=_words(values, "statuses"),
            not_seen_days=_days(values),
        )


def _list(values: Mapping[str, Any], name: str) -> Collection[Any]:
    found = values.get(name) or ()
    if not isinstance(found, list | tuple | set | frozenset):
        raise InvalidError("The filters cannot be used.", problems={name: "is not a list"})
    return found


def _ids(values: Mapping[str, Any], name: str) -> frozenset[int]:
    found = _list(values, name)
    if not all(isinstance(value, int) and not isinstance(value, bool) for value in found):
        raise InvalidError("The filters cannot be used.", problems={name: "is not a list of numbers"})
    return frozenset(found)


def _words(values: Mapping[str, Any], name: str) -> frozenset[str]:
    found = _list(values, name)
    if not all(isinstance(value, str) for value in found):
        raise InvalidError("The filters cannot be used.", problems={name: "is not a list of words"})
    return frozenset(found)


def _days(values: Mapping[str, Any]) -> int | None:
    days = values.get("not_seen_days")
    if days is not None and (not isinstance(days, int) or isinstance(days, bool)):
        raise InvalidError("The filters cannot be used.", problems={"not_seen_days": "is not a number"})
    return days
