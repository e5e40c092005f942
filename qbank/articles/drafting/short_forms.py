"""Short forms that the article explains: spelled out where a question uses one, and the same thing as an option."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from qbank.articles.document import Article
from qbank.articles.drafting.wording import lowered
from qbank.articles.reading.abbreviations import find_abbreviations
from qbank.lexicon import Lexicon, normalise

MOST_SHORT_FORMS = 200  # an article explains a few dozen; each text is looked through for all of them


@dataclass(frozen=True)
class ShortForms:
    """The pairs (short form, long form as it stands inside a sentence) of one article."""

    pairs: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, article: Article, lexicon: Lexicon) -> ShortForms:
        """Return the short forms that the article's title, headings and statements explain."""
        found = find_abbreviations(article.title, article.statements)[:MOST_SHORT_FORMS]
        headings = {heading for one in article.statements for heading in one.section}
        in_headings = {word for heading in headings for word in re.findall(r"[^\s()]+", heading)}
        return cls(tuple((one.short, _inside_a_sentence(one.long, lexicon, one.short in in_headings)) for one in found))

    @cached_property
    def _long(self) -> dict[str, str]:
        return dict(self.pairs)

    @cached_property
    def _any(self) -> re.Pattern[str] | None:
        if not self.pairs:
            return None
        shorts = sorted(self._long, key=len, reverse=True)
        return re.compile(rf"(?<![\w/-])(?:{'|'.join(map(re.escape, shorts))})(?![\w/-])")

    def explained(self, text: str) -> str:
        """Return the text with each short form explained where it first stands: "bone mineral density (BMD)".

        A short form that the text explains itself stays, and so does one whose long form stands in the text.
        """
        done: set[str] = set()

        def spelled(match: re.Match[str]) -> str:
            short = match.group()
            known = short in done or self._long[short].casefold() in text.casefold() or f"{short} (" in text
            done.add(short)
            return short if known else f"{self._long[short]} ({short})"

        if self._any is None:
            return text
        explained = self._any.sub(spelled, text)
        # brackets within brackets read badly; there the long form stands alone
        for short, long in self.pairs:
            explained = re.sub(rf"(\([^()]*){re.escape(long)} \({re.escape(short)}\)", rf"\1{long}", explained)
        return explained[:1].upper() + explained[1:] if text[:1].isupper() else explained

    def long_forms_in(self, text: str) -> str:
        """Return the long forms of the short forms that stand in a text, joined by spaces."""
        if self._any is None:
            return ""
        return " ".join(self._long[short] for short in dict.fromkeys(self._any.findall(text)))

    def other_forms(self, phrase: str) -> tuple[str, ...]:
        """Return the normalised other forms of a phrase that is itself a short or a long form."""
        return self._others.get(normalise(phrase), ())

    @cached_property
    def _normalised(self) -> tuple[tuple[str, str], ...]:
        return tuple((normalise(short), normalise(long)) for short, long in self.pairs)

    @cached_property
    def _others(self) -> dict[str, tuple[str, ...]]:
        found: dict[str, tuple[str, ...]] = {}
        for short, long in self._normalised:
            found[short] = (*found.get(short, ()), long)
            found[long] = (*found.get(long, ()), short)
        return found

    @cached_property
    def _same(self) -> dict[str, tuple[str, ...]]:
        return {}

    def same(self, text: str) -> tuple[str, ...]:
        """Return the normalised texts that say the same with short forms spelled out or put in."""
        if self._any is None:
            return ()
        if text not in self._same:  # options are compared with one another again and again
            self._same[text] = self._other_wordings(self._any, text)
        return self._same[text]

    def _other_wordings(self, shorts: re.Pattern[str], text: str) -> tuple[str, ...]:
        long = normalise(shorts.sub(lambda match: self._long[match.group()], text))
        words = f" {normalise(text)} "
        short = words
        for abbreviation, full in self._normalised:
            short = short.replace(f" {full} ", f" {abbreviation} ")
        return tuple(dict.fromkeys(one for one in (long, short.strip()) if one and one != words.strip()))


def _inside_a_sentence(long: str, lexicon: Lexicon, in_heading: bool) -> str:
    """Return a long form as it stands inside a sentence.

    Names ("World Health Organization") keep their capitals; a heading's title case is taken back.
    """
    words = long.split()
    if in_heading:
        return " ".join(lowered(word, lexicon) for word in words)
    if len(words) == 1 or not any(word[:1].isupper() for word in words[1:]):
        return lowered(long, lexicon)
    return long
