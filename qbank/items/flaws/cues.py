"""Cues to the key that need no knowledge: grammar, length, echoes of the stem, convergence, pairs."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from itertools import combinations

from qbank.items.flaws.finding import Check, Hit, Severity, example, letter
from qbank.items.flaws.phrases import is_plural
from qbank.items.flaws.reading import OptionReading, Reading, words
from qbank.lexicon.terms import singular

_STEM = "A 58-year-old woman has a hip fracture after a fall from standing height."
_ASK = "Which of the following is the most likely cause?"
_GOOD = example(_STEM, _ASK, "*Estrogen deficiency", "Prolactin deficiency", "Progesterone deficiency")


def _at(option: OptionReading, message: str, suggestion: str) -> Hit:
    return Hit(message, suggestion, option.field, 0, len(option.text), option.index)


# --- grammar ---------------------------------------------------------------------------------------------------

_ARTICLE_END = re.compile(r"\b(?P<article>an?)\s*[:_…\s.]*\Z")
_VERB_END = re.compile(r"\b(?:(?P<plural>are|were)|(?P<singular>is|was))(?:\s+the)?\s*[:_…\s.]*\Z")
_CONSONANT_SOUND = re.compile(r"(?:uni|use|usu|ut[ei]|ur[aei]|eu|ew|one\b|once\b|ub|uk)", re.IGNORECASE)
_SILENT_H = re.compile(r"(?:hour|hono|heir)", re.IGNORECASE)
_SPELT = re.compile(r"[A-Z][A-Z0-9]*\b")


def _takes_an(phrase: str) -> bool | None:
    """Say whether a phrase takes "an"; None where it has an article of its own or its sound is not clear."""
    first = re.match(r"[\w]+", phrase)
    if not first or re.match(r"(?:an?|the)\s", phrase, re.IGNORECASE):
        return None
    word = first[0]
    if word[0].isdigit():
        return word.startswith("8") or word in {"11", "18"}
    if _SPELT.match(word):
        return word[0] in "AEFHILMNORSX"
    if _SILENT_H.match(word):
        return True
    return word[0].lower() in "aeiou" and not _CONSONANT_SOUND.match(word)


def _grammar_cue(reading: Reading) -> Iterator[Hit]:
    text = reading.lead_in.text.rstrip()
    article = _ARTICLE_END.search(text)
    verb = _VERB_END.search(text)
    if article:
        yield from _article_cue(reading, article["article"])
    elif verb and reading.key:
        yield from _number_cue(reading, plural=bool(verb["plural"]))


def _article_cue(reading: Reading, article: str) -> Iterator[Hit]:
    for option in reading.options:
        takes_an = _takes_an(option.phrase)
        if takes_an is not None and takes_an != (article == "an"):
            yield _at(
                option,
                f"Option {letter(option.index)} does not follow from '{article}' at the end of the lead-in.",
                "End the lead-in before the article, and put 'a' or 'an' into the options.",
            )
        elif is_plural(option.phrase):
            yield _at(
                option,
                f"Option {letter(option.index)} is a plural and does not follow from '{article}' at "
                f"the end of the lead-in.",
                "Put all options into the number that the lead-in asks for.",
            )


def _number_cue(reading: Reading, *, plural: bool) -> Iterator[Hit]:
    assert reading.key is not None
    if is_plural(reading.key.phrase) != plural:
        return
    for option in reading.distractors:
        if is_plural(option.phrase) != plural and " and " not in option.phrase:
            yield _at(
                option,
                f"Option {letter(option.index)} is {'not ' if plural else ''}a plural and does not "
                f"follow from the lead-in.",
                "Put all options into the number that the lead-in asks for.",
            )


# --- length ----------------------------------------------------------------------------------------------------

LONGER_BY = 1.5  # the key against the longest distractor
LONGER_CHARS = 12


def _longest_key(reading: Reading) -> Iterator[Hit]:
    key, distractors = reading.key, reading.distractors
    if key is None or len(distractors) < 2:
        return
    longest = max(len(option.phrase) for option in distractors)
    length = len(key.phrase)
    if length >= LONGER_BY * longest and length - longest >= LONGER_CHARS and len(key.words) > 2:
        yield _at(
            key,
            f"The key ({letter(key.index)}) is much longer than every distractor: {length} characters "
            f"against at most {longest}.",
            "Shorten the key to what decides; its details belong into the rationale.",
        )


# --- words of the stem that only the key has -------------------------------------------------------------------

LONG_TEXT_WORDS = 40  # in a vignette a finding may well be named again in the key
_COMMON = frozenset(
    words(
        "about above acute after among before being below best between blood cause cells chronic common "
        "condition decreased deficiency disease disorder drug effect elevated factor finding first "
        "following found function greater health high higher important increase increased initial large "
        "level likely lower main mechanism medical medication month most normal often other patient "
        "patients present primary process production range reduced related result right severe since "
        "small stage symptom symptoms syndrome system taking test testing their therapy there these "
        "three tissue treatment treated under upper using value various which while woman women would "
        "years year"
    )
)


def _word_repeat(reading: Reading) -> Iterator[Hit]:
    key = reading.key
    if key is None or len(reading.distractors) < 2:
        return
    asked = words(reading.asked_text)
    if len(asked) > LONG_TEXT_WORDS:
        asked = words(reading.question.text)
    known = {word for word in asked if _tells(word)}
    others = {word for option in reading.distractors for word in option.words}
    for word in key.words:
        if (
            _tells(word)
            and any(_akin(word, other) for other in known)
            and not any(_akin(word, other) for other in others)
        ):
            start = key.text.lower().find(word)
            yield Hit(
                f"'{word}' stands in the question and in the key ({letter(key.index)}), but in no distractor.",
                "Use another word in the key or the question, or the same word in a distractor.",
                key.field,
                start,
                start + len(word),
                key.index,
            )
            return


def _tells(word: str) -> bool:
    return len(word) >= 5 and word.isalpha() and word not in _COMMON and singular(word) not in _COMMON


def _akin(one: str, other: str) -> bool:
    """Say whether two words are forms of one: equal but for plural, or alike up to a short ending."""
    one, other = singular(one), singular(other)
    if one == other:
        return True
    if min(len(one), len(other)) < 8 or one[:7] != other[:7]:
        return False
    same = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    return len(one) - same <= 3 and len(other) - same <= 3


# --- convergence -----------------------------------------------------------------------------------------------

_ELEMENT = re.compile(r"\s*(?:,\s*and\b|,|;|\band\b|\bwith\b|\bplus\b|\+|/|&)\s*", re.IGNORECASE)


def _convergence(reading: Reading) -> Iterator[Hit]:
    key = reading.key
    if key is None or len(reading.options) < 4:
        return
    parts = {
        option.index: {part.lower() for part in _ELEMENT.split(option.phrase) if part.strip()}
        for option in reading.options
    }
    if min(len(part) for part in parts.values()) < 2:
        return
    counts = Counter(element for part in parts.values() for element in part)
    shares = {index: sum(counts[element] - 1 for element in part) / len(part) for index, part in parts.items()}
    best = max(share for index, share in shares.items() if index != key.index)
    if all(counts[element] > 1 for element in parts[key.index]) and shares[key.index] >= best + 0.5:
        yield _at(
            key,
            f"The key ({letter(key.index)}) shares more of its parts with the other options than any of them does.",
            "Let every part occur equally often, as in a grid, or ask for one thing only.",
        )


# --- pairs that leave nothing else -----------------------------------------------------------------------------

_OPPOSITES = {
    frozenset(pair)
    for pair in (
        ("increased", "decreased"),
        ("increase", "decrease"),
        ("increases", "decreases"),
        ("increasing", "decreasing"),
        ("high", "low"),
        ("higher", "lower"),
        ("raised", "lowered"),
        ("elevated", "reduced"),
        ("more", "less"),
        ("upregulation", "downregulation"),
        ("upregulated", "downregulated"),
        ("activation", "inhibition"),
        ("activates", "inhibits"),
        ("stimulation", "inhibition"),
        ("stimulates", "inhibits"),
        ("presence", "absence"),
        ("present", "absent"),
        ("positive", "negative"),
        ("gain", "loss"),
        ("agonist", "antagonist"),
        ("elevation", "depression"),
    )
}
_POLAR = {word for pair in _OPPOSITES for word in pair}


def _exhaustive_pair(reading: Reading) -> Iterator[Hit]:
    if reading.key is None or len(reading.options) < 3:
        return
    pairs = [pair for pair in combinations(reading.options, 2) if _opposite(*pair)]
    if len(pairs) != 1 or reading.key not in pairs[0]:
        return
    first, second = pairs[0]
    rest = [option for option in reading.options if option not in pairs[0]]
    if any(_polar(option) for option in rest):
        return
    yield _at(
        second,
        f"{letter(first.index)} and {letter(second.index)} are opposites and the others are not: one "
        f"of the two must be the key.",
        "Drop one of the pair, or give the other options their opposites too.",
    )


def _opposite(one: OptionReading, other: OptionReading) -> bool:
    first, second = one.words, other.words
    if len(first) == len(second):
        apart = [(a, b) for a, b in zip(first, second, strict=True) if a != b]
        return len(apart) == 1 and (frozenset(apart[0]) in _OPPOSITES or _prefixed(*apart[0]))
    short, long = sorted((first, second), key=len)
    return bool(short) and long[0] in {"not", "no", "non"} and long[1:] == short


def _prefixed(one: str, other: str) -> bool:
    """Say whether one word is the other with "hyper" for "hypo"."""
    high, low = (one, other) if one.startswith("hyper") else (other, one)
    return high.startswith("hyper") and low.startswith("hypo") and high[5:] == low[4:]


def _polar(option: OptionReading) -> bool:
    return any(word in _POLAR or word.startswith(("hyper", "hypo")) for word in option.words)


GRAMMAR_CUE = Check(
    "grammar_cue",
    "Every option follows grammatically from the lead-in.",
    Severity.WARNING,
    _grammar_cue,
    fires=(
        example(_STEM, "She most likely has an", "*Estrogen deficiency", "Prolactin deficiency", "Infection"),
        example("", "A drug that inhibits osteoclasts is a", "*bisphosphonate", "androgen", "thiazides"),
        example("", "The cells that resorb bone are", "*osteoclasts", "an osteoblast", "osteocytes"),
    ),
    quiet=(
        _GOOD,
        example(_STEM, "She most likely has a(n)", "*Estrogen deficiency", "Prolactin deficiency", "Infection"),
        example("", "The best test is an", "*MRI", "X-ray", "ultrasound"),
        example("", "The disease is", "*rickets", "diabetes", "scurvy"),
        example("", "Which vitamin is vitamin A?", "*Retinol", "Thiamine", "Folate"),
    ),
)
LONGEST_KEY = Check(
    "longest_key",
    "The key is not longer or more detailed than the distractors.",
    Severity.WARNING,
    _longest_key,
    fires=(
        example(
            _STEM,
            _ASK,
            "*Estrogen deficiency that raises RANKL and so the number of osteoclasts",
            "Old age",
            "A fall",
            "Smoking",
        ),
    ),
    quiet=(
        _GOOD,
        example(_STEM, _ASK, "*Estrogen deficiency that raises RANKL", "Prolactin deficiency of the aged", "Old age"),
        example(_STEM, _ASK, "*Osteoporosis", "Gout", "Scurvy"),
    ),
)
WORD_REPEAT = Check(
    "word_repeat",
    "No word of the stem is repeated in the key alone.",
    Severity.WARNING,
    _word_repeat,
    fires=(
        example("", "Which hormone protects the estrogen-dependent skeleton?", "*Estrogen", "Prolactin", "Cortisol"),
        example(
            "A woman has osteoporosis.",
            "Which fracture fits?",
            "*Osteoporotic fracture",
            "Stress fracture",
            "Old fracture",
        ),
    ),
    quiet=(
        _GOOD,
        example(
            "",
            "Which hormone deficiency is the cause?",
            "*Estrogen deficiency",
            "Prolactin deficiency",
            "Cortisol deficiency",
        ),
        example("A patient has acute pain.", "Which is it?", "*Acute gout", "Scurvy", "Rickets"),
    ),
)
CONVERGENCE = Check(
    "convergence",
    "The key does not share the most parts with the other options.",
    Severity.HINT,
    _convergence,
    fires=(
        example(
            "",
            "Which changes?",
            "*High calcium and low phosphate",
            "High calcium and low sodium",
            "High potassium and low phosphate",
            "High calcium and high urea",
            "Low iron and low phosphate",
        ),
    ),
    quiet=(
        example("", "Which changes?", "*High A and high B", "High A and low B", "Low A and high B", "Low A and low B"),
        _GOOD,
    ),
)
EXHAUSTIVE_PAIR = Check(
    "exhaustive_pair",
    "No two options cover all cases or single themselves out as opposites.",
    Severity.HINT,
    _exhaustive_pair,
    fires=(
        example(_STEM, "Which change?", "*Increased RANKL", "Decreased RANKL", "Fatty marrow", "Sclerosis"),
        example(_STEM, "Which?", "*Hypercalcemia", "Hypocalcemia", "Anemia", "Acidosis"),
        example(_STEM, "Which?", "*Malignant", "Not malignant", "Infected"),
    ),
    quiet=(
        _GOOD,
        example("", "Which?", "*Increased A", "Decreased A", "Increased B", "Decreased B"),
        example("", "Which?", "*Hypercalcemia", "Hypocalcemia", "Hyponatremia", "Hyperkalemia"),
    ),
)
