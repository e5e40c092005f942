"""Words: which carry content, which hedge, which name a population; and the small changes an option needs."""

from __future__ import annotations

import re
from functools import lru_cache

from qbank.lexicon import Lexicon
from qbank.lexicon.terms import words_of

_SMALL = {
    "a", "an", "and", "are", "as", "at", "be", "been", "being", "but", "by", "did", "do", "does", "for",
    "from", "had", "has", "have", "how", "if", "in", "into", "is", "it", "its", "may", "might", "can", "could",
    "must", "no", "nor", "not", "of", "on", "onto", "or", "per", "shall", "should", "so", "such", "than",
    "that", "the", "their", "them", "then", "there", "these", "they", "this", "those", "to", "was", "were",
    "what", "when", "where", "which", "while", "who", "whom", "whose", "will", "with", "within", "without",
    "would", "you", "your",
}  # fmt: skip
HEDGES = (
    "may", "might", "can", "could", "should", "approximately", "about", "around", "roughly", "nearly", "almost",
    "potential", "potentially", "possibly", "probably", "likely", "suggests", "suggest", "appears", "appear", "seems",
    "generally", "typically", "usually", "often", "sometimes", "rarely", "at least", "up to", "at most", "more than",
    "less than", "expected", "shown to", "considered", "tends to",
)  # fmt: skip
_HEDGE = re.compile(r"\b(?:" + "|".join(sorted(HEDGES, key=len, reverse=True)) + r")\b", re.IGNORECASE)
_PEOPLE = (
    "women|men|patients|people|persons|individuals|children|adults|adolescents|infants|neonates|candidates|"
    "smokers|participants|males|females|boys|girls"
)
_POPULATION = re.compile(
    rf"\b(?:in|among|for|of)\s+(?P<who>(?:[\w/-]+\s+){{0,3}}(?:{_PEOPLE})\b"
    r"(?:\s+(?:with|without|at|aged|over|under|who|on|undergoing)\b[^,;.:()]*)?)",
    re.IGNORECASE,
)
_PEOPLE_WORDS = frozenset(_PEOPLE.split("|"))
_ENDINGS = ("ations", "ation", "ating", "ings", "ing", "ated", "ates", "ate", "ied", "ies", "ed", "es", "s", "e", "y")


def stem_of(word: str) -> str:
    """Return a crude root, so that "suppressed" meets "suppresses"; words under five letters stay."""
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 4 and not (ending == "s" and word.endswith("ss")):
            root = word[: -len(ending)]
            return root[:-1] if len(root) > 4 and root[-1] == root[-2] and root[-1] not in "s" else root
    return word


@lru_cache(maxsize=16384)
def content_stems(text: str) -> tuple[str, ...]:
    """Return the roots of the words that carry content, in order, repeats kept."""
    stems = []
    for word, _, _ in words_of(text):
        for part in re.split(r"[-/]", word):
            if part and part not in _SMALL and not part.isdigit():
                stems.append(stem_of(part))
    return tuple(stems)


@lru_cache(maxsize=16384)  # options and statements are compared again and again
def padded(text: str) -> str:
    """Return the normalised words with a space at either end, for looking up whole words in whole words."""
    return f" {' '.join(word for word, _, _ in words_of(text))} "


def hedges_in(text: str) -> list[str]:
    """Return the hedging words of a text, lower case, in order."""
    return [match.group().lower() for match in _HEDGE.finditer(text)]


def populations_in(text: str) -> list[str]:
    """Return the groups of people a text speaks of ("postmenopausal women without risk factors")."""
    return [match.group("who").strip() for match in _POPULATION.finditer(text)]


def population_phrases(text: str) -> list[str]:
    """Return the groups of people with their preposition ("in women with breast cancer")."""
    return [match.group().strip() for match in _POPULATION.finditer(text)]


def names_people(text: str) -> bool:
    """Return whether the text names a group of people."""
    return any(word in _PEOPLE_WORDS for word in re.findall(r"[a-z]+", text.lower()))


def strip_brackets(text: str) -> str:
    """Return the text without what stands in round or square brackets, spaces mended."""
    return re.sub(r"\s+", " ", re.sub(r"\s*[(\[][^()\[\]]*[)\]]", "", text)).strip()


def capitalised(text: str) -> str:
    """Return the text with a capital first letter, unless its first word has a spelling of its own (mTOR)."""
    first = re.split(r"[\s-]", text, maxsplit=1)[0]
    return text[:1].upper() + text[1:] if first[1:].islower() or len(first) == 1 else text


def lowered(text: str, lexicon: Lexicon) -> str:
    """Return the text as it stands inside a sentence: a capital that only begins a sentence is taken back."""
    first = re.split(r"[\s-]", text, maxsplit=1)[0]
    if (
        not first[:1].isupper()
        or (len(first) > 1 and not first[1:].isalpha())
        or not (first[1:].islower() or first == "A")
    ):
        return text
    if _is_proper(text, lexicon):
        return text
    return text[:1].lower() + text[1:]


def _is_proper(text: str, lexicon: Lexicon) -> bool:
    spotted = next(iter(lexicon.spot(text)), None)
    if spotted is None or spotted.start != 0:
        return False
    said = text[spotted.start : spotted.end].casefold()
    return any(name[:1].isupper() for name in spotted.term.names if name.casefold() == said)


def with_article(noun: str, lexicon: Lexicon) -> str:
    """Return the noun phrase with a or an where it is a countable singular that needs one."""
    text = lowered(noun, lexicon)
    head = re.split(r"\s(?:of|in|rich|with|for|at)\s", text)[0]
    last = head.split()[-1].lower() if head.split() else ""
    countable = last in {"scan", "diet", "test", "drug", "score", "agent", "disease", "supplement", "index", "tool"}
    if not countable or text.split()[0].lower() in {"a", "an", "the"}:
        return text
    return f"{'an' if text[:1].lower() in 'aeiou' else 'a'} {text}"


def ends_as_question(text: str) -> str:
    """Return the text with one question mark at its end and single spaces."""
    return re.sub(r"\s+", " ", text).strip().rstrip(" .?;:,") + "?"


def is_plural(noun: str) -> bool:
    """Return whether a noun phrase takes a plural verb: by its head's ending, or because it joins two nouns."""
    head = strip_brackets(re.split(r"\b(?:of|in|with|for|from|to)\b", noun)[0]).strip().lower()
    if re.search(r"\band\b", head):
        return True
    last = head.split()[-1] if head.split() else ""
    return last in _PEOPLE_WORDS or (last.endswith("s") and not last.endswith(("ss", "us", "is")))
