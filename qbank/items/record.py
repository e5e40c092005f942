"""An item as a plain value: what formats read and write, flaw checks look at, services store.

Text fields are Markdown. The names are those of the JSON Lines format.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class StatementLink:
    """A statement that an item, a rationale or an explanation rests on."""

    article: str  # the article's slug
    id: str  # the statement's id in that article, "s07"
    quote: str | None = None  # its text when the link was made; loading compares


@dataclass(frozen=True, slots=True)
class ReferenceRecord:
    """One bibliographic reference."""

    title: str
    authors: str | None = None
    container: str | None = None
    year: int | None = None
    kind: str | None = None
    doi: str | None = None
    pmid: str | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True)
class OptionRecord:
    """One option; ``rationale`` says why it is right or wrong."""

    text: str
    key: bool = False
    rationale: str | None = None
    statements: tuple[StatementLink, ...] = ()  # what this rationale rests on
    origin: str | None = None  # where a drafted distractor comes from
    needs_expert: bool = False


@dataclass(frozen=True, slots=True)
class ItemRecord:
    """One multiple-choice item. Only ``stem`` and ``options`` are required."""

    stem: str
    options: tuple[OptionRecord, ...]
    id: str | None = None
    external_id: str | None = None
    status: str = "draft"
    lead_in: str | None = None
    objective: str | None = None
    explanation: str | None = None
    references: tuple[ReferenceRecord, ...] = ()
    statements: tuple[StatementLink, ...] = ()
    systems: tuple[str, ...] = ()  # taxonomy codes
    disciplines: tuple[str, ...] = ()
    tasks: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    difficulty: str | None = None  # the author's estimate: "easy", "medium", "hard"
    vignette: str | None = None
    media: tuple[str, ...] = ()
    enemies: tuple[str, ...] = ()  # external ids of items that give this one away
    shuffle: bool = False  # may the options be shown in another order
    doubt: str | None = None  # why the item stays a draft, for the reviewers
    rule: str | None = None  # the drafting rule that proposed it
    line: int = field(default=0, compare=False)  # where it began in its file, 0 when unknown

    @property
    def name(self) -> str:
        """Return what a message calls this item: its id, or its place in the file."""
        return self.external_id or self.id or f"line {self.line}"

    def texts(self) -> list[str]:
        """Return every Markdown text of the item that says something."""
        texts = [self.vignette, self.stem, self.lead_in, self.objective, self.explanation]
        texts += [text for option in self.options for text in (option.text, option.rationale)]
        return [text for text in texts if text]
