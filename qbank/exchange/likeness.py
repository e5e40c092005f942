"""Questions of a file that are nearly the same as one that the bank holds.

The file's first questions are kept as sets of words; the bank's are read past them once, so that memory depends on
neither. Two questions as alike as `SIMILAR` share one of their rarest words, so only such pairs are compared.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from dataclasses import dataclass, field

import sqlalchemy as sa
from sqlalchemy.orm import Session

from qbank.items.flaws.reading import words
from qbank.items.models import Item, ItemVersion
from qbank.items.record import ItemRecord

SIMILAR = 0.8  # shared words over all words of two questions
MIN_WORDS = 4
MAX_COMPARED = 2_000  # questions of the file
MAX_CANDIDATES = 50  # for each word
MAX_FOUND = 200


@dataclass(frozen=True, slots=True)
class Alike:
    """A record of the file and the item of the bank that asks nearly the same."""

    record: int
    line: int
    name: str
    item: str
    share: float  # of the words, from 0 to 1

    @property
    def message(self) -> str:
        """Return the finding as a sentence."""
        return f"Its question is nearly the same as that of the item {self.item} ({self.share:.0%} of the words)."


@dataclass(slots=True)
class _Question:
    record: int
    line: int
    name: str
    words: frozenset[str]


@dataclass(slots=True)
class Likeness:
    """Takes the questions of a file, then finds their likes in the bank."""

    questions: list[_Question] = field(default_factory=list)

    def add(self, number: int, name: str, record: ItemRecord) -> None:
        """Take one question; those beyond `MAX_COMPARED` are not compared."""
        if len(self.questions) < MAX_COMPARED:
            asked = frozenset(words(f"{record.stem} {record.lead_in or ''}"))
            if len(asked) >= MIN_WORDS:
                self.questions.append(_Question(number, record.line, name, asked))

    def find(self, session: Session) -> list[Alike]:
        """Read the bank's questions past those of the file. At most `MAX_FOUND` pairs."""
        index = self._index()
        if not index:
            return []
        newest = sa.func.coalesce(Item.draft_version_id, Item.published_version_id)
        query = sa.select(Item.external_id, ItemVersion.stem, ItemVersion.lead_in).join(
            ItemVersion, ItemVersion.id == newest
        )
        found: list[Alike] = []
        for name, stem, lead_in in session.execute(query.execution_options(yield_per=1000)):
            asked = frozenset(words(f"{stem} {lead_in}"))
            found += self._alike(name, asked, index)
            if len(found) >= MAX_FOUND:
                break
        return sorted(found, key=lambda each: each.record)[:MAX_FOUND]

    def _index(self) -> dict[str, list[int]]:
        frequency = Counter(word for question in self.questions for word in question.words)
        index: defaultdict[str, list[int]] = defaultdict(list)
        for at, question in enumerate(self.questions):
            rare_first = sorted(question.words, key=lambda word: (frequency[word], word))
            for word in rare_first[: len(rare_first) - math.ceil(SIMILAR * len(rare_first)) + 1]:
                if len(index[word]) < MAX_CANDIDATES:
                    index[word].append(at)
        return dict(index)

    def _alike(self, name: str, asked: frozenset[str], index: dict[str, list[int]]) -> list[Alike]:
        found = []
        for at in sorted({at for word in asked if word in index for at in index[word]}):
            question = self.questions[at]
            share = len(asked & question.words) / len(asked | question.words)
            if share >= SIMILAR and question.name != name:
                found.append(Alike(question.record, question.line, question.name, name, share))
        return found
