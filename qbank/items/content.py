"""What a save puts into a version: plain values with the database ids of what they point to."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, fields
from functools import cache
from typing import Any

from qbank.items.models import Difficulty


@dataclass(frozen=True, slots=True)
class OptionContent:
    """One option to be stored."""

    text: str
    is_key: bool = False
    rationale: str = ""
    statement_ids: tuple[int, ...] = ()
    origin: str = ""
    needs_expert: bool = False


@dataclass(frozen=True, slots=True)
class VersionContent:
    """Everything that a version says. Two equal contents are one version."""

    stem: str
    options: tuple[OptionContent, ...]
    lead_in: str = ""
    objective: str = ""
    explanation: str = ""
    reference_ids: tuple[int, ...] = ()
    statement_ids: tuple[int, ...] = ()
    system_id: int | None = None
    task_id: int | None = None
    discipline_ids: tuple[int, ...] = ()
    difficulty: Difficulty | None = None
    tags: tuple[str, ...] = ()
    shuffle: bool = False
    doubt: str = ""
    vignette_version_id: int | None = None

    def digest(self) -> str:
        """Return the hash that tells whether a save changed anything."""
        values = _values(self)
        values["options"] = [_values(option) for option in self.options]
        canonical = json.dumps(values, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()


@cache
def _names(kind: type[Any]) -> tuple[str, ...]:
    return tuple(each.name for each in fields(kind))


def _values(content: VersionContent | OptionContent) -> dict[str, Any]:
    """Return the fields by name. Not ``asdict``: it copies every value, which is most of the time of a large import."""
    kind: Any = type(content)
    return {name: getattr(content, name) for name in _names(kind)}


@dataclass(frozen=True, slots=True)
class Provenance:
    """How a version came about; not part of what it says."""

    rule: str = ""
    confidence: float | None = None
    key_spans: tuple[tuple[int, int, int], ...] = ()  # statement id, start and end of the key in its text
