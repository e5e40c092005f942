"""Checks over a file: items that are nearly the same, and items that give one another away.

Both look only at candidates that share a rare word, and at no more than a fixed number of those, so that a large
bank, or a hostile one, takes time in proportion to its size.
"""

from __future__ import annotations

import re
from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from qbank.items.flaws.finding import BankCheck, Hit, Severity, example
from qbank.items.flaws.option_wording import normalised
from qbank.items.flaws.reading import Reading, words
from qbank.items.flaws.word_sets import MIN_WORDS, SIMILAR, finding_words, may_be_alike, shared
from qbank.lexicon.terms import singular

NEARLY_ALL = 0.95
LONG_WORDS = 30
MAX_CANDIDATES = 50  # for each word
_NONE: frozenset[str] = frozenset()

_EMPTY = frozenset(
    words(
        "a an the of in on at to for with by from and or is are was were be been does do did has have "
        "which what who following "
        "these this that her his she he it its most likely best one would should can may patient woman man year old"
    )
)


class _Vocabulary(dict[str, int]):
    """Numbers words, so that a text is a row of four-byte numbers and 100,000 texts stay small."""

    def __missing__(self, word: str) -> int:
        self[word] = number = len(self)
        return number

    def set_of(self, text: str) -> array[int]:
        """Return the different words of a text, in the order of their numbers."""
        return array("I", sorted({self[word] for word in words(text)}))


@dataclass(frozen=True, slots=True)
class _Text:
    name: str
    words: array[int]
    question: array[int]
    key: int
    enemies: frozenset[str]  # declared ones never meet in a block


@dataclass(slots=True)
class _Texts:
    numbers: _Vocabulary = field(default_factory=_Vocabulary)
    keys: _Vocabulary = field(default_factory=_Vocabulary)
    texts: list[_Text] = field(default_factory=list)


def _add_text(memory: _Texts, reading: Reading) -> None:
    asked = memory.numbers.set_of(reading.asked_text)
    if len(asked) >= MIN_WORDS:
        key = memory.keys[normalised(reading.key.text)] if reading.key and normalised(reading.key.text) else -1
        enemies = frozenset(reading.record.enemies) or _NONE
        question = memory.numbers.set_of(reading.question.text)
        memory.texts.append(_Text(reading.record.name, asked, question, key, enemies))


def _same_question(one: _Text, other: _Text) -> bool:
    if one.name in other.enemies or other.name in one.enemies or not may_be_alike(len(one.words), len(other.words)):
        return False
    alike = shared(set(one.words), other.words)
    if alike < SIMILAR or shared(set(one.question), other.question) < SIMILAR:
        return False
    if one.key >= 0 and one.key == other.key:
        return True
    return alike == 1.0 or (alike >= NEARLY_ALL and len(one.words) >= LONG_WORDS)


def _near_duplicate(memory: _Texts) -> Iterator[tuple[str | None, Hit]]:
    """Compare only texts that share one of their rarest words; two texts as similar as that must share one."""
    texts = memory.texts
    frequency = Counter(word for text in texts for word in text.words)
    index: defaultdict[int, array[int]] = defaultdict(lambda: array("I"))
    for at, text in enumerate(texts):
        rare_first = sorted(text.words, key=lambda word: (frequency[word], word))
        prefix = finding_words(rare_first)
        candidates = sorted({other for word in prefix for other in index[word]})
        twin = next((texts[other] for other in candidates if _same_question(texts[other], text)), None)
        if twin is not None:
            yield (
                text.name,
                Hit(
                    f"The question is nearly the same as that of {twin.name}.",
                    "Keep one of the two, or declare them enemies so that they never meet in a block.",
                    "stem",
                ),
            )
        for word in prefix:
            if len(index[word]) < MAX_CANDIDATES:
                index[word].append(at)


# --- one item's stem answers another -----------------------------------------------------------------------------

_SENTENCES = re.compile(r"(?<=[.!?;])\s+|\n+")
MAX_SENTENCES = 40


@dataclass(slots=True)
class _Cues:
    """Keys by their longest word, and all sentences of stems."""

    keys: defaultdict[int, list[tuple[str, array[int], array[int]]]] = field(default_factory=lambda: defaultdict(list))
    numbers: _Vocabulary = field(default_factory=_Vocabulary)
    sentences: list[tuple[str, array[int]]] = field(default_factory=list)
    enemies: set[tuple[str, str]] = field(default_factory=set)


def _add_cues(memory: _Cues, reading: Reading) -> None:
    name = reading.record.name
    memory.enemies |= {(name, enemy) for enemy in reading.record.enemies}
    memory.enemies |= {(enemy, name) for enemy in reading.record.enemies}
    for sentence in _SENTENCES.split(reading.asked_text)[:MAX_SENTENCES]:
        if sentence.strip() and not sentence.rstrip().endswith("?"):
            memory.sentences.append((name, _numbered(memory, dict.fromkeys(_content(sentence)))))
    if reading.key is None:
        return
    key = _content(reading.key.phrase)
    asked = set(_content(reading.question.text)) - set(key)
    longest = max(key, key=len, default="")
    known = memory.keys[memory.numbers[longest]]
    if len(longest) >= 5 and len(asked) >= 3 and len(known) < MAX_CANDIDATES:
        known.append((name, _numbered(memory, key), _numbered(memory, asked)))


def _numbered(memory: _Cues, content: Iterable[str]) -> array[int]:
    return array("I", (memory.numbers[word] for word in content))


def _content(text: str) -> list[str]:
    return [singular(word) for word in words(text) if word not in _EMPTY]


def _cross_cue(memory: _Cues) -> Iterator[tuple[str | None, Hit]]:
    told: set[tuple[str, str]] = set()
    for name, sentence in memory.sentences:
        said = set(sentence)
        for word in sentence:
            for other, key, asked in memory.keys.get(word, ()):
                pair = (name, other)
                if other == name or pair in told or pair in memory.enemies or not said.issuperset(key):
                    continue
                if len(said.intersection(asked)) >= 0.7 * len(asked):
                    told.add(pair)
                    yield (
                        name,
                        Hit(
                            f"The stem answers {other}: it names that item's key together with what is asked there.",
                            "Reword it, or declare the two enemies so that they never meet in a block.",
                            "stem",
                        ),
                    )


_DUPLICATE = (
    example(
        "A woman of 58 breaks her hip in a fall at home.",
        "Which hormone is lacking?",
        "*Estrogen",
        "Cortisol",
        "Insulin",
        name="a",
    ),
    example(
        "A woman of 58 breaks her hip in a fall at home.",
        "Which hormone is she lacking?",
        "*Estrogen",
        "Growth hormone",
        "Insulin",
        name="b",
    ),
)
_SITES = tuple(
    example("", f"By how much does hormone therapy reduce {site} fractures after menopause?", *options, name=site)
    for site, options in {"hip": ("*36%", "40%", "61%"), "wrist": ("36%", "40%", "*61%")}.items()
)
_CUED = (
    example("", "Which hormone suppresses RANKL in bone?", "*Estrogen", "Cortisol", "Insulin", name="asks"),
    example(
        "Estrogen suppresses RANKL in bone, a woman reads.",
        "When does its level fall?",
        "*Menopause",
        "Puberty",
        "Birth",
        name="tells",
    ),
)

NEAR_DUPLICATE: BankCheck[_Texts] = BankCheck(
    "near_duplicate",
    "No two items ask the same.",
    Severity.WARNING,
    _Texts,
    _add_text,
    _near_duplicate,
    fires=(_DUPLICATE,),
    quiet=(
        _SITES,
        _CUED,
        (_DUPLICATE[0], replace(_DUPLICATE[1], enemies=("a",))),
        (
            _DUPLICATE[0],
            example(_DUPLICATE[0].stem, "What test comes next for her today?", "*DEXA", "CT", "MRI", name="c"),
        ),
    ),
)
CROSS_CUE: BankCheck[_Cues] = BankCheck(
    "cross_cue",
    "No item gives another's key away.",
    Severity.HINT,
    _Cues,
    _add_cues,
    _cross_cue,
    fires=(_CUED,),
    quiet=(_DUPLICATE, _SITES, (replace(_CUED[0], enemies=("tells",)), _CUED[1])),
)
