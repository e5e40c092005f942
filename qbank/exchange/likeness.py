"""Questions of a file that are nearly the same as another one, of the bank or of the file itself.

The whole file is compared with the whole bank. Of each question of the file its words stay, as numbers of four
bytes, and of each of its rarest words where it stands: under half a kilobyte a question, whatever its words. The
bank's questions are read past them once. Two questions as alike as `SIMILAR` share one of the rarest words of
either, so only such pairs are compared, and for one question at most `MAX_CANDIDATES`, its rarest words first: the
time grows in proportion to the questions.
"""

from __future__ import annotations

import zlib
from array import array
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import sqlalchemy as sa
from sqlalchemy.orm import Session

from qbank.items.flaws import BankChecker
from qbank.items.flaws.overlap import NEAR_DUPLICATE
from qbank.items.flaws.reading import words
from qbank.items.flaws.word_sets import MIN_WORDS, SIMILAR, finding_words, may_be_alike, shared
from qbank.items.models import Item, ItemVersion
from qbank.items.record import ItemRecord

MAX_WORDS = 2_000  # of one question
MAX_CANDIDATES = 50  # for each question of the bank
MAX_KEPT = 5_000  # pairs that are named; all are counted
_COUNTERS = 1 << 18  # words are counted in so many places: two that share one seem more frequent, nothing else


@dataclass(frozen=True, slots=True)
class Alike:
    """A record of the file and what asks nearly the same: an item of the bank, or another one of the file."""

    record: int
    line: int
    name: str
    message: str


@dataclass(slots=True)
class Likeness:
    """Takes the questions of a file one after the other, then finds their likes. ``total`` counts all that it finds."""

    total: int = 0
    _kept: list[Alike] = field(default_factory=list)
    _names: list[str] = field(default_factory=list)
    _records: array[int] = field(default_factory=lambda: array("Q"))
    _lines: array[int] = field(default_factory=lambda: array("Q"))
    _words: array[int] = field(default_factory=lambda: array("I"))  # of one question after the other
    _ends: array[int] = field(default_factory=lambda: array("Q", [0]))
    _frequency: array[int] = field(default_factory=lambda: array("I", bytes(4 * _COUNTERS)))
    _within: BankChecker = field(default_factory=lambda: BankChecker((NEAR_DUPLICATE,)))

    def add(self, number: int, name: str, record: ItemRecord) -> None:
        """Take one question; a very short one is like too many and is passed over."""
        asked = _numbers(f"{record.stem} {record.lead_in or ''}")
        if len(asked) < MIN_WORDS:
            return
        self._within.add(record if record.name == name else replace(record, external_id=name))
        self._names.append(name)
        self._records.append(number)
        self._lines.append(record.line)
        self._words.extend(sorted(asked))
        self._ends.append(len(self._words))
        for word in asked:
            self._frequency[word % _COUNTERS] += 1

    def find(self, session: Session) -> list[Alike]:
        """Return the pairs, those of the file's first records first; at most `MAX_KEPT` of the ``total``."""
        if self._names:
            self._find_in_bank(session)
            self._find_within()
        return sorted(self._kept, key=lambda each: each.record)

    def _find_within(self) -> None:
        """Compare the file's questions with each other, as ``qbank check`` does."""
        places = {name: at for at, name in enumerate(self._names)}
        for found in self._within.findings():
            if (at := places.get(found.item or "")) is not None:
                self._keep(at, found.message.removesuffix(".") + " in this file.")

    def _find_in_bank(self, session: Session) -> None:
        index = self._index()
        newest = sa.func.coalesce(Item.draft_version_id, Item.published_version_id)
        query = sa.select(Item.external_id, ItemVersion.stem, ItemVersion.lead_in).join(
            ItemVersion, ItemVersion.id == newest
        )
        for name, stem, lead_in in session.execute(query.execution_options(yield_per=1000)):
            asked = _numbers(f"{stem} {lead_in}")
            for at in self._candidates(asked, index) if len(asked) >= MIN_WORDS else ():
                share = self._share(asked, at)
                if share >= SIMILAR and self._names[at] != name:
                    said = f"Its question is nearly the same as that of the item {name} ({share:.0%} of the words)."
                    self._keep(at, said)

    def _keep(self, at: int, message: str) -> None:
        self.total += 1
        if len(self._kept) < MAX_KEPT:
            self._kept.append(Alike(self._records[at], self._lines[at], self._names[at], message))

    def _index(self) -> array[int]:
        """Return the rarest words of each question with its place, word before place in one number, ascending."""
        pairs = array("Q")
        for at in range(len(self._names)):
            asked = self._words[self._ends[at] : self._ends[at + 1]]
            rare_first = sorted(asked, key=self._rarity)
            for word in finding_words(rare_first):
                pairs.append(word << 32 | at)
        return array("Q", sorted(pairs))

    def _rarity(self, word: int) -> tuple[int, int]:
        return self._frequency[word % _COUNTERS], word

    def _candidates(self, asked: frozenset[int], index: array[int]) -> Iterator[int]:
        """Yield the places of questions that share a rare word and could be as long, each once."""
        seen: set[int] = set()
        for word in sorted(asked, key=self._rarity):
            place = bisect_left(index, word << 32)
            looked_at = 0
            while place < len(index) and index[place] >> 32 == word and looked_at < MAX_CANDIDATES:
                at = index[place] & 0xFFFFFFFF
                place, looked_at = place + 1, looked_at + 1
                if at not in seen and may_be_alike(len(asked), self._ends[at + 1] - self._ends[at]):
                    seen.add(at)
                    yield at
                    if len(seen) >= MAX_CANDIDATES:
                        return

    def _share(self, asked: frozenset[int], at: int) -> float:
        return shared(asked, self._words[self._ends[at] : self._ends[at + 1]])


def _numbers(text: str) -> frozenset[int]:
    """Return the different words of a text as numbers: two words with the same one are rare enough, and do no harm."""
    return frozenset(zlib.crc32(word.encode("utf-8", "replace")) for word in dict.fromkeys(words(text)[:MAX_WORDS]))
