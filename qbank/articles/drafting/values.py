"""The values of drafting: what a rule proposes, what comes out."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Protocol

from qbank.articles.document import Article, Problem, Statement

if TYPE_CHECKING:
    from qbank.articles.drafting.context import Context

Interval = tuple[Decimal, Decimal]  # lowest and highest value of an option; equal for a single number


@dataclass(frozen=True, slots=True)
class Distractor:
    """A wrong option as a rule proposes it.

    ``contradicted_by`` is the statement that the article sets against it, ``because`` says how. ``taken_from``
    is the statement where the words stand. ``value`` is given where the option is a number.
    """

    text: str
    origin: str  # "statement", "article", "lexicon", "ladder", "inverse"
    because: str = ""
    contradicted_by: str | None = None
    taken_from: str | None = None
    value: Interval | None = None


@dataclass(frozen=True, slots=True)
class Candidate:
    """An item as a rule proposes it, before the checks that every draft has to pass.

    The key is ``statement.text[start:end]``. ``about`` and ``claim`` say of what the question asks: a distractor
    is barred where the article names it together with both. ``scope`` is the stretch of the statement whose
    hedges and populations the stem has to keep (the whole statement by default).
    """

    rule: str
    statement: Statement
    start: int
    end: int
    stem: str
    distractors: tuple[Distractor, ...]
    objective: str
    confidence: float
    about: str = ""
    claim: frozenset[str] = frozenset()
    value: Interval | None = None
    scope: tuple[int, int] | None = None
    fact: str | None = None  # items with the same fact test the same thing
    phrases: bool = False  # the options are whole phrases: kinds and containment do not apply
    key_text: str | None = None  # how the key is written as an option, where not as in the statement
    support: tuple[str, ...] = ()  # other statements the key rests on

    @property
    def key(self) -> str:
        """Return the words of the statement that answer the question."""
        return self.statement.text[self.start : self.end]


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a rule that fitted a statement gives no item after all."""

    statement: str
    reason: str


@dataclass(frozen=True)
class Rule:
    """One drafting rule. ``wording`` holds the rule's own words, the only ones a stem may add to the source."""

    name: str
    summary: str  # one line for people
    wording: str
    propose: Callable[[Context], Iterator[Candidate | Refusal]]
    default: bool = True


@dataclass(frozen=True, slots=True)
class DraftOption:
    """One option of a draft; ``needs_expert``: nothing in the article rules it out."""

    text: str
    key: bool
    rationale: str
    origin: str
    needs_expert: bool = False


@dataclass(frozen=True, slots=True)
class DraftItem:
    """One drafted item. ``key_spans`` are (statement id, start, end) within the statement's text."""

    id: str
    rule: str
    stem: str
    lead_in: str | None
    options: tuple[DraftOption, ...]
    objective: str
    explanation: str
    statements: tuple[str, ...]
    references: tuple[str, ...]
    key_spans: tuple[tuple[str, int, int], ...]
    confidence: float
    enemy_set: str | None = None

    @property
    def key(self) -> DraftOption:
        """Return the option that is right."""
        return next(option for option in self.options if option.key)


@dataclass(frozen=True, slots=True)
class DraftReport:
    """What drafting gave: items, statements without item as (id, reason), and what a person should look at."""

    items: tuple[DraftItem, ...]
    without_item: tuple[tuple[str, str], ...]
    problems: tuple[Problem, ...]


class Drafter(Protocol):
    """Whatever drafts items from an article; its drafts pass the same checks whoever made them."""

    def draft(self, article: Article, *, seed: int = 0, rules: Collection[str] | None = None) -> DraftReport:
        """Return the drafts of an article; ``seed`` settles key positions, ``rules`` restricts the rules."""
        ...
