"""An item as the checks look at it: plain text at the offsets of the Markdown, the question, the words."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

from qbank.items.flaws.quantities import Quantity, quantity
from qbank.items.record import ItemRecord

# Characters that are looked at; no real text is longer, and a check must stay quick whatever it is given.
MAX_LOOKED_AT = 20_000  # of one field
MAX_QUESTION = 2_000
MAX_OPTION = 2_000

_MARKUP = re.compile(
    r"!?\[(?P<label>[^\]\[]{0,300})\]\([^()\s]{0,500}(?:\s\"[^\"]{0,200}\")?\)"  # image or link: its label stays
    r"|(?P<escape>\\)(?P<escaped>[!-/:-@\[-`{-~])"
    r"|(?P<tag></?[a-zA-Z][^<>]{0,200}>)"
    r"|(?P<mark>\*{1,3}|`+|(?<!\w)_{1,3}(?=[^\W_])|(?<=[^\W_])_{1,3}(?!\w))"
)
_WORD = re.compile(r"[^\W\d_]+(?:['’][a-z]+)?|\d+(?:[.,]\d+)*")
_SENTENCE_END = re.compile(
    r"[.!?:](?=[\"'”’)\]*_]{0,4}\s{1,8}[A-Z\"'“(\[*_]|[\"'”’)\]*_]{0,4}[ \t]{0,4}\n)|\n[ \t]{0,8}\n"
)
_ABBREVIATION = re.compile(r"(?:\b(?:Dr|Mr|Mrs|Ms|vs|No|St|approx|e\.g|i\.e|etc|Fig|ca|cf)|\b[A-Z])\.$")


class SemanticTypes(Protocol):
    """What the checks ask of a lexicon."""

    def semantic_type(self, text: str) -> str | None:
        """Return the semantic type of a term, None where it is not known."""


@dataclass(frozen=True, slots=True)
class Passage:
    """A stretch of one field: ``text`` is plain, ``start`` its offset in the field's Markdown."""

    field: str
    text: str
    start: int = 0

    @property
    def end(self) -> int:
        """Return the offset behind the passage."""
        return self.start + len(self.text)


@dataclass(frozen=True)
class OptionReading:
    """One option with its plain text; ``text`` has the length of the Markdown."""

    index: int
    markdown: str
    key: bool

    @property
    def field(self) -> str:
        """Return the name of the field that the option's text is."""
        return f"options[{self.index}].text"

    @cached_property
    def text(self) -> str:
        """Return the option without Markdown signs, at the same offsets."""
        return plain(self.markdown)

    @cached_property
    def phrase(self) -> str:
        """Return the plain text with single spaces and without a full stop at its end."""
        return " ".join(self.text.split()).rstrip(".;, ")

    @cached_property
    def words(self) -> tuple[str, ...]:
        """Return the words and numbers in lower case."""
        return words(self.text)

    @cached_property
    def quantity(self) -> Quantity | None:
        """Return the number, range or threshold that the option states, None where it is not just that."""
        return quantity(self.phrase)

    @property
    def blank(self) -> bool:
        """Say whether nothing is written yet."""
        return not self.markdown.strip()


class Reading:
    """One item with what checks have in common, each computed once and only when asked for."""

    def __init__(self, record: ItemRecord, lexicon: SemanticTypes | None = None) -> None:
        self.record = record
        self.lexicon = lexicon

    @cached_property
    def stem(self) -> Passage:
        """Return the stem."""
        return Passage("stem", plain(self.record.stem))

    @cached_property
    def lead_in(self) -> Passage:
        """Return the lead-in; the whole stem where the stem holds the question."""
        text = self.record.lead_in or ""
        return Passage("lead_in", plain(text)) if text.strip() else self.stem

    @cached_property
    def question(self) -> Passage:
        """Return the last sentence of the lead-in: what the options answer."""
        whole = self.lead_in
        text = whole.text.rstrip()
        start = 0
        for end in _SENTENCE_END.finditer(text):
            if end.end() < len(text) and not _ABBREVIATION.search(text[max(0, end.start() - 8) : end.end()]):
                start = end.end()
        start = max(start, len(text) - MAX_QUESTION)
        while start < len(text) and text[start].isspace():
            start += 1
        return Passage(whole.field, text[start:], whole.start + start)

    @cached_property
    def options(self) -> tuple[OptionReading, ...]:
        """Return the options that have a text."""
        return tuple(
            OptionReading(index, option.text[:MAX_OPTION], option.key)
            for index, option in enumerate(self.record.options)
            if option.text.strip()
        )

    @cached_property
    def key(self) -> OptionReading | None:
        """Return the key, None unless there is exactly one."""
        keys = [option for option in self.options if option.key]
        return keys[0] if len(keys) == 1 else None

    @cached_property
    def distractors(self) -> tuple[OptionReading, ...]:
        """Return the options that are not keys."""
        return tuple(option for option in self.options if not option.key)

    @cached_property
    def asked_text(self) -> str:
        """Return stem and lead-in as one plain text, for words and counts."""
        return self.stem.text if self.lead_in is self.stem else f"{self.stem.text}\n{self.lead_in.text}"


def plain(markdown: str) -> str:
    """Return Markdown with its signs blanked out, each character at its old offset."""
    return _MARKUP.sub(_blank, markdown[:MAX_LOOKED_AT])


def _blank(found: re.Match[str]) -> str:
    label = found["label"]
    if label is not None:
        before = found.start("label") - found.start()
        return " " * before + label + " " * (len(found[0]) - before - len(label))
    if found["escape"]:
        return "__" if found["escaped"] == "_" else " " + found["escaped"]
    return " " * len(found[0])


def words(text: str) -> tuple[str, ...]:
    """Return the words and numbers of a plain text in lower case."""
    return tuple(_WORD.findall(text.lower()))
