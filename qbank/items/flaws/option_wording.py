"""Checks of how options are worded: catch-alls, combinations, repeats, absolute and vague words, true-false series."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from qbank.items.flaws.finding import Check, Hit, Severity, example, letter
from qbank.items.flaws.reading import OptionReading, Reading

_STEM = "A 58-year-old woman has a hip fracture after a fall from standing height."
_ASK = "Which of the following is the most likely cause?"
_GOOD = example(_STEM, _ASK, "*Estrogen deficiency", "Prolactin deficiency", "Progesterone deficiency")


def _at(option: OptionReading, message: str, suggestion: str, span: tuple[int, int] | None = None) -> Hit:
    start, end = span or (0, len(option.text))
    return Hit(message, suggestion, option.field, start, end, option.index)


# --- all of the above, none of the above -----------------------------------------------------------------------

_GROUP = r"(?:the\s+)?(?:above|these|those|options?|choices?|answers?|alternatives|following|listed|others?|preceding)"
_ALL = re.compile(
    rf"(?:all|both|each|any)\s+(?:of\s+)?{_GROUP}(?:\s+(?:above|listed|options?|choices?|answers?))?(?:\s+(?:is|are)\s+\w+)?"
    r"|all\s+(?:are|of them(?:\s+are)?)\s+(?:correct|true|right)|all\s+of\s+them",
    re.IGNORECASE,
)
_NONE = re.compile(
    rf"(?:none|neither)\s+(?:of\s+)?{_GROUP}(?:\s+(?:above|listed|options?|choices?|answers?))?(?:\s+(?:is|are)\s+\w+)?"
    r"|none\s+(?:is|are|of them(?:\s+(?:is|are))?)\s+(?:correct|true|right)|none\s+of\s+them|not\s+listed",
    re.IGNORECASE,
)


def _all_of_the_above(reading: Reading) -> Iterator[Hit]:
    for option in reading.options:
        if _ALL.fullmatch(option.phrase):
            yield _at(
                option,
                f"Option {letter(option.index)} is a form of 'all of the above': knowing two options gives it away.",
                "Replace it by a plausible distractor, or do with one option less.",
            )


def _none_of_the_above(reading: Reading) -> Iterator[Hit]:
    for option in reading.options:
        if _NONE.fullmatch(option.phrase):
            yield _at(
                option,
                f"Option {letter(option.index)} is a form of 'none of the above': it does not show "
                f"what the learner knows.",
                "Replace it by a plausible distractor, or do with one option less.",
            )


# --- the same option twice -------------------------------------------------------------------------------------

_GREEK = {"α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "κ": "kappa", "µ": "u", "μ": "u", "ω": "omega"}
_ARTICLE = re.compile(r"(?:a|an|the)\s+")


def normalised(text: str) -> str:
    """Return an option as what it says: no case, articles, closing stops, or differences of dash and spacing."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    for sign, name in _GREEK.items():
        folded = folded.replace(sign, name)
    folded = re.sub(r"[‐‑‒–—−]", "-", folded).replace("’", "'")
    folded = re.sub(r"(?<=[a-z])-(?=[a-z])", " ", folded)
    folded = re.sub(r"(?<=\d)\s+(?=%)", "", folded)
    folded = " ".join(folded.split()).strip(" .;,!\"'")
    return _ARTICLE.sub("", folded, count=1) if _ARTICLE.match(folded) else folded


def _duplicate_options(reading: Reading) -> Iterator[Hit]:
    seen: dict[str, OptionReading] = {}
    for option in reading.options:
        text = normalised(option.text) or option.text.strip()
        first = seen.setdefault(text, option)
        if first is not option:
            yield _at(
                option,
                f"Option {letter(option.index)} says the same as option {letter(first.index)}.",
                "Replace one of the two.",
            )


# --- combinations of options -----------------------------------------------------------------------------------

_JOIN = r"(?: ?[,&+](?: (?:and|or)\b)?| (?:and|or)\b) ?"  # one way to match each, so that no text takes long
_NAMED = r"\(?[A-H]\)?"
_COUNTED = r"\(?(?:[IVX]{1,4}|[1-9])\)?"
_LETTERS = re.compile(rf"(?i:both |only |options? |choices? )?{_NAMED}(?:{_JOIN}{_NAMED})+(?i: only| but not .*)?")
_NUMBERS = re.compile(rf"(?i:both |only )?{_COUNTED}(?:{_JOIN}{_COUNTED})+(?i: only)?")
_ENUMERATED = re.compile(r"^[ \t]{0,8}\(?(?:I|1|i)[.)]\s", re.MULTILINE)


def _complex_options(reading: Reading) -> Iterator[Hit]:
    enumerated = _ENUMERATED.search(reading.asked_text) is not None
    for option in reading.options:
        if _refers(option, reading) or (enumerated and _NUMBERS.fullmatch(option.phrase)):
            yield _at(
                option,
                f"Option {letter(option.index)} combines others: partial knowledge narrows the choice.",
                "Let every option stand on its own; ask for the one best answer.",
            )


def _refers(option: OptionReading, reading: Reading) -> bool:
    if not _LETTERS.fullmatch(option.phrase):
        return False
    named = {ord(name) - ord("A") for name in re.findall(r"\b[A-H]\b", option.phrase)}
    plain = {other.index for other in reading.options if not _LETTERS.fullmatch(other.phrase)}
    return len(named) > 1 and named <= plain  # "A and D" among vitamins names no options


# --- absolute and vague words ----------------------------------------------------------------------------------

_ABSOLUTE = re.compile(
    r"(?<![-\w])(?:always|never|invariably|under no circumstances|in (?:all|every|no) (?:cases?|patients?)"
    r"|only(?!\s*(?:\Z|[,;.)]|child))|exclusively|every(?!\s+(?:\d|other|few|two|three|four|six|eight|twelve|day|week|month"
    r"|year|morning|night|hour))|all(?=\s+(?:of\s+the|the|patients?|cases?|women|men|children|adults|types|forms|people"
    r"|individuals|instances|drugs|agents|cells|tissues|fractures|tumou?rs|infants|newborns)\b))(?![-\w])",
    re.IGNORECASE,
)
_VAGUE = re.compile(
    r"(?<![-\w])(?<!most )(?<!more )(?<!less )(?<!least )(?<!how )"
    r"(?:usually|often|rarely|frequently|sometimes|occasionally"
    r"|seldom|generally)(?![-\w])",
    re.IGNORECASE,
)


def _absolute_term(reading: Reading) -> Iterator[Hit]:
    hits = [(option, found) for option in reading.options if (found := _ABSOLUTE.search(option.text))]
    if len(hits) == len(reading.options):
        return  # a word that all options share tells them apart in nothing
    for option, found in hits:
        if (found[0].isupper() and len(found[0]) <= 3) or _ALL.fullmatch(option.phrase):
            continue  # ALL, the leukaemia
        yield _at(
            option,
            f"'{found[0]}' in option {letter(option.index)} is absolute: such options are seldom "
            f"right, and test-wise readers know it.",
            "State it without the absolute word.",
            found.span(),
        )


def _vague_term(reading: Reading) -> Iterator[Hit]:
    for option in reading.options:
        found = _VAGUE.search(option.text)
        if found:
            yield _at(
                option,
                f"'{found[0]}' in option {letter(option.index)} means a different frequency to every reader.",
                "Give the frequency, or leave the word out.",
                found.span(),
            )


# --- true-false series -----------------------------------------------------------------------------------------

_TRUTH = re.compile(
    r"\b(?:statements?|which|following)\b[^.?]{0,80}\b(?:true|false|correct|incorrect|accurate|untrue)\b", re.IGNORECASE
)
_VERB = re.compile(
    r"\b(?:is|are|was|were|has|have|had|can|cannot|may|will|should|must|does|do|occurs?|causes?|increases?|decreases?|leads?"
    r"|results?|affects?|requires?|inhibits?|activates?|suppresses?|promotes?|reduces?|prevents?|produces?|stimulates?"
    r"|contains?|binds?|presents?|shows?|arises?|becomes?|remains?)\b",
    re.IGNORECASE,
)


def _true_false_series(reading: Reading) -> Iterator[Hit]:
    question = reading.question
    found = _TRUTH.search(question.text)
    if not found or len(reading.options) < 3:
        return
    with_verb = sum(_VERB.search(option.text) is not None for option in reading.options)
    if with_verb * 2 < len(reading.options) or any(len(option.words) < 3 for option in reading.options):
        return  # phrases, not statements
    yield Hit(
        "The options are statements to be judged true or false one by one, not answers to one question.",
        "Ask for one thing, so that the options can be ranked on one line from best to worst.",
        question.field,
        question.start,
        question.end,
    )


ALL_OF_THE_ABOVE = Check(
    "all_of_the_above",
    "Avoid 'all of the above'.",
    Severity.WARNING,
    _all_of_the_above,
    fires=(
        example(_STEM, _ASK, "Age", "Smoking", "*All of the above"),
        example(_STEM, _ASK, "Age", "Smoking", "*All of these are correct."),
        example(_STEM, _ASK, "Age", "Smoking", "*Both of the above"),
    ),
    quiet=(_GOOD, example(_STEM, _ASK, "All bones above the knee", "*All-trans retinoic acid", "Any fracture")),
)
NONE_OF_THE_ABOVE = Check(
    "none_of_the_above",
    "Avoid 'none of the above'.",
    Severity.WARNING,
    _none_of_the_above,
    fires=(
        example(_STEM, _ASK, "*Age", "Smoking", "None of the above"),
        example(_STEM, _ASK, "*Age", "Smoking", "None of these"),
    ),
    quiet=(_GOOD, example(_STEM, "Which further test is needed?", "*None", "MRI", "CT")),
)
DUPLICATE_OPTIONS = Check(
    "duplicate_options",
    "Options differ.",
    Severity.ERROR,
    _duplicate_options,
    fires=(
        example(_STEM, _ASK, "*Estrogen deficiency", "Prolactin deficiency", "estrogen  deficiency."),
        example(_STEM, _ASK, "*The β-catenin pathway", "BMP signaling", "beta catenin pathway"),
        example(_STEM, _ASK, "*10 %", "20%", "10%"),
    ),
    quiet=(
        _GOOD,
        example(_STEM, _ASK, "-1.5", "*1.5", "15"),
        example(_STEM, _ASK, "< 5", "*> 5", "≥ 5"),
        example("", "", "", ""),
    ),
)
COMPLEX_OPTIONS = Check(
    "complex_options",
    "Avoid options that combine others ('A and C').",
    Severity.WARNING,
    _complex_options,
    fires=(
        example(_STEM, _ASK, "Age", "Smoking", "Height", "*A and B"),
        example(_STEM, _ASK, "Age", "Smoking", "*Both A and B"),
        example(_STEM, _ASK, "Age", "Smoking", "Height", "*A, B, and C only"),
        example("Consider:\n\n1. Age\n2. Smoking\n3. Height", _ASK, "*1 and 2", "2 and 3", "1, 2, and 3"),
    ),
    quiet=(
        _GOOD,
        example(_STEM, "Which vitamins?", "*A and D", "B and C", "D and E"),
        example(_STEM, "Which cranial nerves?", "*III and IV", "V and VII", "IX and X"),
        example(_STEM, _ASK, "*Hepatitis A and B", "Age and sex", "Smoking"),
    ),
)
ABSOLUTE_TERM = Check(
    "absolute_term",
    "Avoid absolute words (always, never, all, only) in options.",
    Severity.WARNING,
    _absolute_term,
    fires=(
        example(_STEM, _ASK, "*Falling estrogen", "It always follows a fall", "Age"),
        example(_STEM, _ASK, "*Falling estrogen", "Age never matters", "It occurs only in men"),
        example(_STEM, _ASK, "*Falling estrogen", "Loss in all patients", "Age"),
    ),
    quiet=(
        _GOOD,
        example(_STEM, _ASK, "*ALL", "AML", "CLL"),
        example(_STEM, "Which is the next step?", "*Observation only", "Radiography every 2 years", "Calcium"),
        example(_STEM, _ASK, "*All-trans retinoic acid", "Overall frailty", "Read-only memory"),
    ),
)
VAGUE_TERM = Check(
    "vague_term",
    "Avoid vague words of frequency (usually, often, rarely) in options.",
    Severity.WARNING,
    _vague_term,
    fires=(
        example(_STEM, _ASK, "*It usually resolves", "It progresses", "It recurs"),
        example(_STEM, _ASK, "*It resolves", "It rarely progresses", "It recurs"),
    ),
    quiet=(
        _GOOD,
        example("She often has headaches.", "Which is most often the cause?", "*Migraine", "Tumor", "Stroke"),
        example(_STEM, "Where?", "*The site most often affected", "The spine", "The wrist"),
    ),
)
TRUE_FALSE_SERIES = Check(
    "true_false_series",
    "Options answer one question; they are not a series of true-false statements.",
    Severity.WARNING,
    _true_false_series,
    fires=(
        example(
            "",
            "Which of the following statements is correct?",
            "*Estrogen inhibits osteoclasts",
            "Calcium is stored in fat",
            "Men lose no bone",
        ),
        example(
            "",
            "Which of the following statements about estrogen is true?",
            "*It suppresses RANKL",
            "It activates osteoclasts",
            "It is made in bone",
        ),
    ),
    quiet=(
        _GOOD,
        example(
            "",
            "Which of the following is the correct order?",
            "*Hip, then spine, then wrist",
            "Wrist, hip, spine",
            "Spine, hip, wrist",
        ),
        example(
            "", "Which of the following best explains her bone loss?", "*It suppresses RANKL", "It is old", "It was cut"
        ),
        example("", "Which of the following is the correct diagnosis?", "*Gout", "Rickets", "Scurvy"),
    ),
)
