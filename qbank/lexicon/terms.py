"""Terms, their types, and finding them in text whatever the case, the plural or the brackets.

A phrase is looked up whole, then without its leading words ("severe osteoporosis" is found as
"osteoporosis"), then by its head noun ("estrogen deficiency" is a deficiency, "dental extractions" are a
procedure). In "X of Y" and "X in Y" the head is X.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

MAX_PHRASE = 400  # characters; what is longer is a paragraph, not a term
_WORD = re.compile(r"[^\W_]+(?:[-/'’.][^\W_]+)*", re.UNICODE)
_BRACKETS = re.compile(r"\s*[(\[][^()\[\]]*[)\]]")
_TAIL = re.compile(
    r"\b(?:of|in|with|without|from|for|to|by|on|at|after|during|due|caused|among|against|than|that|which)\b.*",
    re.DOTALL,
)
_LEADING = frozenset(["a", "an", "the", "this", "these", "any", "some"])
_IRREGULAR = {
    "women": "woman",
    "men": "man",
    "children": "child",
    "vertebrae": "vertebra",
    "diagnoses": "diagnosis",
    "metastases": "metastasis",
    "analyses": "analysis",
    "bacteria": "bacterium",
    "viruses": "virus",
    "criteria": "criterion",
    "indices": "index",
    "ovaries": "ovary",
}


@dataclass(frozen=True, slots=True)
class Term:
    """One concept: its usual name, semantic type, other names, and the class within the type."""

    name: str
    semantic_type: str
    synonyms: tuple[str, ...] = ()
    class_: str | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """Return the name and the synonyms."""
        return (self.name, *self.synonyms)


@dataclass(frozen=True, slots=True)
class Spotted:
    """A term found in a text, at ``text[start:end]``."""

    term: Term
    start: int
    end: int


def singular(word: str) -> str:
    """Return the singular of a lower-case English word by the regular rules; unsure words stay."""
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if len(word) < 4 or not word.endswith("s") or word.endswith(("ss", "us", "is")):
        return word
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("ches", "shes", "xes", "sses", "zes")):
        return word[:-2]
    return word[:-1]


def words_of(text: str) -> list[tuple[str, int, int]]:
    """Return the words of a text as (normalised singular, start, end); marks and brackets are skipped."""
    found = []
    for match in _WORD.finditer(text):
        plain = unicodedata.normalize("NFKC", match.group()).casefold().replace("’", "'")
        found.append((singular(plain), match.start(), match.end()))
    return found


@lru_cache(maxsize=16384)  # the same names are compared again and again
def normalise(text: str) -> str:
    """Return the form under which texts are compared: case-folded words in the singular, one space apart."""
    return " ".join(word for word, _, _ in words_of(text.replace("™", " ").replace("®", " ")))


@dataclass(frozen=True)
class Lexicon:
    """Terms by normalised name, and head nouns by kind. Build it with `load_lexicon` or `Lexicon.of`."""

    terms: tuple[Term, ...]
    heads: Mapping[str, str]  # normalised head noun -> semantic type
    families: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # family -> types that go together
    facts: tuple[tuple[str, str], ...] = ()  # pairs never to be offered as a wrong answer
    _index: Mapping[str, tuple[Term, ...]] = field(repr=False, default_factory=dict)
    _longest: int = 1

    @classmethod
    def of(
        cls,
        terms: Iterable[Term],
        heads: Mapping[str, str] | None = None,
        families: Mapping[str, tuple[str, ...]] | None = None,
        facts: Iterable[tuple[str, str]] = (),
    ) -> Lexicon:
        """Return a lexicon of these terms; ``heads`` maps head nouns ("deficiency") to their kind.

        ``families`` groups types that stand side by side as options; ``facts`` are pairs that may be true
        together although an article does not say so.
        """
        kept = tuple(terms)
        index: dict[str, list[Term]] = {}
        for term in kept:
            for name in term.names:
                bucket = index.setdefault(normalise(name), [])
                if term not in bucket:
                    bucket.append(term)
        frozen = {key: tuple(bucket) for key, bucket in index.items() if key}
        longest = max((key.count(" ") + 1 for key in frozen), default=1)
        nouns = {normalise(noun): kind for noun, kind in (heads or {}).items()}
        return cls(kept, nouns, dict(families or {}), tuple(facts), frozen, longest)

    def find_all(self, text: str) -> tuple[Term, ...]:
        """Return every term with exactly this name or synonym (case and plural aside)."""
        return self._index.get(normalise(text), ())

    def find(self, text: str) -> Term | None:
        """Return the first term with exactly this name or synonym, else None."""
        return next(iter(self.find_all(text)), None)

    def semantic_types(self, text: str) -> tuple[str, ...]:
        """Return every type that the phrase can have, the likeliest first; empty where nothing is known."""
        if len(text) > MAX_PHRASE:
            return ()
        plain = _BRACKETS.sub("", text)
        for whole in (text, plain):
            types = tuple(dict.fromkeys(term.semantic_type for term in self.find_all(whole)))
            if types:
                return types
        words = [word for word, _, _ in words_of(_TAIL.sub("", plain))]
        return self._types_of_words([word for word in words if word not in _LEADING])

    def semantic_type(self, text: str) -> str | None:
        """Return the likeliest semantic type of a phrase: "dental extractions" -> "procedure", else None."""
        return next(iter(self.semantic_types(text)), None)

    def kinds(self, text: str) -> frozenset[str]:
        """Return the types of a phrase and the families they belong to; empty where nothing is known."""
        types = self.semantic_types(text)
        families = [name for name, members in self.families.items() if any(kind in members for kind in types)]
        return frozenset([*types, *(f"family:{name}" for name in families)])

    def alike(self, first: str, second: str) -> bool:
        """Return whether two phrases can be options side by side: they share a type or a family."""
        return bool(self.kinds(first) & self.kinds(second))

    def _types_of_words(self, words: list[str]) -> tuple[str, ...]:
        for start in range(max(0, len(words) - self._longest), len(words)):
            tail = " ".join(words[start:])
            types = list(dict.fromkeys(term.semantic_type for term in self._index.get(tail, ())))
            if tail in self.heads and self.heads[tail] not in types:
                types.append(self.heads[tail])
            if types:
                return tuple(types)
        return ()

    def of_type(self, semantic_type: str) -> tuple[Term, ...]:
        """Return the terms of one type in the order of the files."""
        return tuple(term for term in self.terms if term.semantic_type == semantic_type)

    def siblings(self, term: Term) -> tuple[Term, ...]:
        """Return the other terms of the same type: those of the same class first, then the nearest in the file.

        The files list related classes side by side, so that near means related.
        """
        everyone = self.of_type(term.semantic_type)
        here = next((place for place, other in enumerate(everyone) if other.name == term.name), 0)
        ranked = sorted(
            ((other.class_ != term.class_, abs(place - here), place) for place, other in enumerate(everyone)),
        )
        return tuple(everyone[place] for _, _, place in ranked if everyone[place].name != term.name)

    def spot(self, text: str) -> tuple[Spotted, ...]:
        """Return the terms named in a text, left to right, the longest name winning at each place."""
        return tuple(self._spot(words_of(text)))

    def _spot(self, words: list[tuple[str, int, int]]) -> Iterator[Spotted]:
        at = 0
        while at < len(words):
            for size in range(min(self._longest, len(words) - at), 0, -1):
                name = " ".join(word for word, _, _ in words[at : at + size])
                hits = self._index.get(name)
                if hits:
                    yield Spotted(hits[0], words[at][1], words[at + size - 1][2])
                    at += size
                    break
            else:
                at += 1
