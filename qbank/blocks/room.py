"""What the services hand to the pages of a block: plain values that hold only what may be seen now.

Options are named by their letter as shown. Neither option ids nor anything that depends on the key is in a
value that an open item's page gets: what is not here cannot leak.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from qbank.articles.document import CitationStatus


@dataclass(frozen=True, slots=True)
class RoomOption:
    """One option as shown: "A", its rendered text, and whether the learner struck it out."""

    letter: str
    html: str
    struck: bool


@dataclass(frozen=True, slots=True)
class NavigatorEntry:
    """One square of the navigator."""

    position: int
    answered: bool
    marked: bool
    seen: bool
    submitted: bool  # tutor feedback: final
    outcome: str | None  # only once it may be seen


@dataclass(frozen=True, slots=True)
class RoomBlock:
    """The block around the item. ``remaining`` is in seconds by the server's clock, None when untimed."""

    token: str
    name: str
    feedback: str
    timing: str
    item_count: int
    position: int
    remaining: float | None
    deadline_at: datetime | None
    time_percent: int
    navigator: tuple[NavigatorEntry, ...]
    ended: bool
    closes_in: float | None = None  # seconds in which an answer still counts; None without a hard end
    policy: str = "lock"
    grace_seconds: int = 0
    pause_allowed: bool = False
    paused: bool = False

    @property
    def unanswered(self) -> int:
        """How many items have no choice yet."""
        return sum(1 for entry in self.navigator if not entry.answered)


@dataclass(frozen=True, slots=True)
class RoomItem:
    """One item of an open block, without anything that tells its key."""

    position: int
    vignette_html: str
    stem_html: str
    lead_in_html: str
    options: tuple[RoomOption, ...]
    choice: str | None  # letter
    submitted: bool
    marked: bool
    note: str
    sequence: int  # the server's number of the last action that counted; 0 before the first
    highlights: Mapping[str, str] = field(default_factory=dict)  # spans by field: "3-10 20-31"
    confidence: str | None = None


@dataclass(frozen=True, slots=True)
class CitedReference:
    """A reference behind a statement, with how sure the link is."""

    marker: str
    status: CitationStatus
    title: str | None
    detail: str  # authors, container, year; "" where there is no entry
    url: str | None


@dataclass(frozen=True, slots=True)
class QuotedStatement:
    """A statement as quoted in an explanation; ``url`` opens the article at it."""

    key: str
    text: str
    article_title: str
    article_slug: str
    revision: int
    references: tuple[CitedReference, ...]


@dataclass(frozen=True, slots=True)
class ExplainedOption:
    """One option after the answer: its rationale, what that rests on, and peers where there are enough."""

    letter: str
    html: str
    is_key: bool
    chosen: bool
    rationale_html: str
    statements: tuple[QuotedStatement, ...]
    peers: float | None = None  # share of first deliveries, 0 to 1


@dataclass(frozen=True, slots=True)
class Ruling:
    """What was decided of a version after it was answered: out of the score, or scored by another key."""

    annulled: bool
    at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """Everything that may be seen once an item is submitted (tutor) or its block has ended."""

    outcome: str
    options: tuple[ExplainedOption, ...]
    explanation_html: str
    objective_html: str
    statements: tuple[QuotedStatement, ...]
    references: tuple[str, ...]  # formatted, without the statements' own
    system: str
    disciplines: tuple[str, ...]
    task: str
    pretest: bool
    seconds: int
    peer_n: int = 0
    peer_minimum: int = 10
    peer_omitted: float | None = None  # share of peers who chose nothing, where there are enough
    newer_number: int | None = None  # the version published since; what was seen is what is shown
    key_changed: bool = False
    item_id: int = 0
    version_number: int = 1
    confidence: str | None = None  # how sure the learner said to be
    ruling: Ruling | None = None


@dataclass(frozen=True, slots=True)
class Ack:
    """The server's word on one action: stored (once), stale, or refused, with the state as it now is."""

    event_id: str
    status: str  # "saved", "repeated", "stale", "refused"
    choice: str | None
    struck: tuple[str, ...]
    marked: bool
    submitted: bool
    sequence: int
    remaining: float | None
    message: str = ""
    ended: bool = False
    extra: dict[str, object] = field(default_factory=dict)
    closes_in: float | None = None  # seconds in which an answer still counts; None without a hard end
    paused: bool = False
    highlights: dict[str, str] | None = None  # after a highlight: the spans of each field, "3-10 20-31"
    confidence: str | None = None
