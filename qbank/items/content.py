"""What a save puts into a version: plain values with the database ids of what they point to."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass

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
        canonical = json.dumps(asdict(self), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Provenance:
    """How a version came about; not part of what it says."""

    rule: str = ""
    confidence: float | None = None
    key_spans: tuple[tuple[int, int, int], ...] = ()  # statement id, start and end of the key in its text
