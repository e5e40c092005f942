"""Checks of the question: is there one, is it positive, does it stand on its own."""

from __future__ import annotations

import re
from collections.abc import Iterator

from qbank.items.flaws.finding import Check, Hit, Severity, example
from qbank.items.flaws.reading import Passage, Reading, words

LONG_STEM_WORDS = 300

_OPTIONS = ("*Estrogen deficiency", "Prolactin deficiency", "Progesterone deficiency")
_VIGNETTE = "A 58-year-old woman has a hip fracture after a fall from standing height."
_GOOD = example(_VIGNETTE, "Which of the following is the most likely cause?", *_OPTIONS)


def _hit(passage: Passage, start: int, end: int, message: str, suggestion: str) -> Hit:
    return Hit(message, suggestion, passage.field, passage.start + start, passage.start + end)


def _whole(passage: Passage, message: str, suggestion: str) -> Hit:
    return _hit(passage, 0, len(passage.text), message, suggestion)


# --- negative lead-in ------------------------------------------------------------------------------------------

_NEGATIVE = re.compile(
    r"\b(?P<except>except)\b"
    r"|\b(?P<least>least)\s+(?:likely|appropriate|consistent|effective|useful|accurate|helpful|suggestive|probable"
    r"|common|commonly|important|associated|expected|concerning|suitable|indicated|correct|true)\b"
    r"|\b(?:is|are|was|were|would|should|does|do|did|can|could|will|may|might|has|have|must)\s+(?:[a-z]+\s+)?"
    r"(?P<not>not)\b(?!\s+only)"
    r"|\b(?P<contracted>(?:is|are|was|were|would|should|does|do|did|can|could|will|has|have)n['’]t|cannot)\b",
    re.IGNORECASE,
)
_SUBORDINATE = re.compile(
    r"\b(?:why|because|that|who|whom|whose|when|where|although|though|if|but|while|since|despite|whether)\b",
    re.IGNORECASE,
)


def _negative_lead_in(reading: Reading) -> Iterator[Hit]:
    question = reading.question
    for found in _NEGATIVE.finditer(question.text):
        group = next(name for name, text in found.groupdict().items() if text)
        start, end = found.span(group)
        if group in {"not", "contracted"} and _SUBORDINATE.search(question.text[:start]):
            continue  # "why the patient does not respond": the question itself is positive
        if not _emphasised(reading, question, start, end):
            yield _hit(
                question,
                start,
                end,
                f"The lead-in is negative, and '{question.text[start:end]}' is easily missed.",
                "Ask for the one best answer instead; if the exception must be tested, write NOT, "
                "LEAST or EXCEPT in capitals.",
            )
            return


def _emphasised(reading: Reading, passage: Passage, start: int, end: int) -> bool:
    if passage.text[start:end].isupper():
        return True
    markdown = (reading.record.lead_in if passage.field == "lead_in" else reading.record.stem) or ""
    before, after = markdown[: passage.start + start], markdown[passage.start + end :]
    return before.endswith(("*", "_", "<u>", "<b>")) and after.startswith(("*", "_", "<"))


# --- no question, unfocused question ----------------------------------------------------------------------------

_GENERIC = re.compile(
    r"(?:which|what)\s+(?:one\s+)?(?:of\s+(?:the\s+following|these|the\s+below)\s*)?(?:statements?|options?|choices?|answers?"
    r"|assertions?|sentences?)?\s*(?:below\s+)?(?:is|are)\s+(?:most\s+|the\s+most\s+|the\s+)?(?:not\s+|in)?"
    r"(?:true|correct|false|accurate|untrue|right|wrong)(?P<topic>\b.*)?",
    re.IGNORECASE | re.DOTALL,
)
_IMPERATIVE = re.compile(
    r"(?:please\s+)?(?:select|choose|name|identify|pick|calculate|estimate|indicate|match|give|state|find|mark|determine)\b",
    re.IGNORECASE,
)
_OPEN_END = re.compile(r"(?:[_:…]|\.\.\.|\.{3,}|[\w,)\]\-–—%])\s*\Z")
_BLANK = re.compile(r"(?<![\w_])_{2,}(?!\w)")
_COPULA = re.compile(
    r"\b(?:is|are|was|were|a|an|the|of|by|to|with|in|for|from|as|because|has|have|shows?|includes?|causes?|be|than|at|on"
    r"|due to|called|named|known as|suggests?|indicates?|requires?|and)\s*(?:[:…_]|\.\.\.|\(s\))*\s*\Z",
    re.IGNORECASE,
)


def _poses_question(text: str) -> bool:
    """Say whether a sentence asks, orders, or is left open for the option to complete."""
    if "?" in text or _BLANK.search(text) or _IMPERATIVE.match(text.lstrip("*_ ")):
        return True
    if text.endswith((":", "…", "...", "_")):
        return True
    return bool(_OPEN_END.search(text) and (_COPULA.search(text) or len(text.split()) > 2))


def _no_question(reading: Reading) -> Iterator[Hit]:
    question = reading.question
    text = question.text.strip()
    generic = _GENERIC.fullmatch(text.rstrip("?:. "))
    if generic and not (generic["topic"] or "").strip(" ?:.,"):
        yield _whole(
            question,
            "The lead-in asks nothing: any true statement would answer it.",
            "Ask one thing that can be answered before the options are read, such as the cause, the "
            "test or the next step.",
        )
    elif not text:
        yield Hit("There is no lead-in yet.", "Write the question that the options answer.", "lead_in")
    elif not _poses_question(text) and not _poses_question(reading.lead_in.text.strip()):
        yield _whole(question, "The lead-in is not a question.", "End the stem with one clear question.")


_FOCUSLESS = re.compile(
    r"(?:which|what)\s+(?:one\s+)?of\s+(?:the\s+following|these)\s+"
    r"(?:describes|characterizes|applies to|is a feature of)\s+"
    r"(?:it|this|him|her|them)\b",
    re.IGNORECASE,
)


def _unfocused_stem(reading: Reading) -> Iterator[Hit]:
    question = reading.question
    text = question.text.strip()
    generic = _GENERIC.fullmatch(text.rstrip("?:. "))
    topic = (generic["topic"] or "").strip(" ?:.,") if generic else ""
    bare = reading.lead_in is reading.stem and reading.options and 0 < len(words(reading.stem.text)) <= 2
    if (topic and re.match(r"(?:about|regarding|of|concerning|for|with|in|on|as)\b", topic)) or _FOCUSLESS.match(text):
        message = "The question cannot be answered with the options covered: it asks only which statement is true."
    elif bare and "?" not in reading.stem.text:
        message = "The stem names a topic but asks nothing about it."
    else:
        return
    yield _whole(
        question,
        message,
        "Ask for one thing (cause, mechanism, finding, test, treatment), with options all of that kind.",
    )


_NEAR = 300  # characters around a blank that can be its sentence

# --- blanks, length, dependence --------------------------------------------------------------------------------


def _blank_not_at_end(reading: Reading) -> Iterator[Hit]:
    passages = (reading.stem,) if reading.lead_in is reading.stem else (reading.stem, reading.lead_in)
    for passage in passages:
        for found in _BLANK.finditer(passage.text):
            before = passage.text[max(0, found.start() - _NEAR) : found.start()].rpartition("\n")[2]
            behind = passage.text[found.end() : found.end() + _NEAR]
            alone = not before.strip() and not behind.partition("\n")[0].strip(" _")  # a rule across the page
            if not alone and re.search(r"[^\W_]", re.split(r"[.?!:](?:\s|\Z)", behind, maxsplit=1)[0]):
                yield _hit(
                    passage,
                    found.start(),
                    found.end(),
                    "The blank stands in the middle of the sentence, so it must be held in mind while reading on.",
                    "Turn it into a question, or move the blank to the end.",
                )
                break


def _long_stem(reading: Reading) -> Iterator[Hit]:
    lines = reading.stem.text.split("\n")
    count = sum(len(words(line)) for line in lines if not line.lstrip().startswith("|"))
    if count > LONG_STEM_WORDS:
        yield _whole(
            reading.stem,
            f"The stem has {count} words; much above {LONG_STEM_WORDS} it tests reading speed.",
            "Keep what is needed to answer, and what a clinician would be told; take out the rest.",
        )


_HINGED = re.compile(
    r"\b(?:previous|preceding|prior|next)\s+(?:question|item|vignette)s?\b"
    r"|\b(?:question|item)\s+(?:above|below|before)\b"
    r"|\b(?:your|the)\s+answer\s+(?:to|from|in|of)\s+(?:the\s+)?(?:question|item|previous|last|part)\b"
    r"|\b(?:in|from|to|of|for)\s+(?:question|item)\s+(?:no\.?\s*)?\d+\b(?!\s+(?:of|on|in)\b)",
    re.IGNORECASE,
)


def _hinged(reading: Reading) -> Iterator[Hit]:
    passages = (reading.stem,) if reading.lead_in is reading.stem else (reading.stem, reading.lead_in)
    for passage in passages:
        for found in _HINGED.finditer(passage.text):
            yield _hit(
                passage,
                *found.span(),
                f"'{found[0]}' makes this item hang on another: who missed that one misses both.",
                "Say here what is needed to answer; put a shared case into a vignette.",
            )


NEGATIVE_LEAD_IN = Check(
    "negative_lead_in",
    "Word the lead-in positively; if it must be negative, emphasise the negative word.",
    Severity.WARNING,
    _negative_lead_in,
    fires=(
        example(_VIGNETTE, "Which of the following is not a risk factor?", *_OPTIONS),
        example(_VIGNETTE, "Which of the following is the least likely cause?", *_OPTIONS),
        example(_VIGNETTE, "All of the following are causes except:", *_OPTIONS),
        example("Which of these does not occur in rickets?", "", *_OPTIONS),
    ),
    quiet=(
        _GOOD,
        example(_VIGNETTE, "Which of the following is NOT a risk factor?", *_OPTIONS),
        example(_VIGNETTE, "Which of the following is **not** a risk factor?", *_OPTIONS),
        example(_VIGNETTE, "Which of the following explains why she does not respond to treatment?", *_OPTIONS),
        example("She does not smoke.", "Which of the following is the most likely cause?", *_OPTIONS),
        example(_VIGNETTE, "Which is the least invasive test that takes at least a day?", *_OPTIONS),
    ),
)
NO_QUESTION = Check(
    "no_question",
    "The lead-in poses a question.",
    Severity.WARNING,
    _no_question,
    fires=(
        example(_VIGNETTE, "Which of the following is true?", *_OPTIONS),
        example(_VIGNETTE, "Which one of the following statements is correct?", *_OPTIONS),
        example(_VIGNETTE, "", *_OPTIONS),
        example(_VIGNETTE, "She takes no drugs.", *_OPTIONS),
    ),
    quiet=(
        _GOOD,
        example("The hormone that falls at menopause is", "", *_OPTIONS),
        example(_VIGNETTE, "The most likely cause is:", *_OPTIONS),
        example(_VIGNETTE, "Select the most likely cause.", *_OPTIONS),
        example(_VIGNETTE, "The most likely cause is ____.", *_OPTIONS),
        example(_VIGNETTE + " Which hormone is lacking? (Assume that she takes no drugs.)", "", *_OPTIONS),
    ),
)
UNFOCUSED_STEM = Check(
    "unfocused_stem",
    "The stem is focused: a knowing reader can answer it with the options covered.",
    Severity.WARNING,
    _unfocused_stem,
    fires=(
        example("Which of the following is true about osteoporosis?", "", *_OPTIONS),
        example("Which of the following statements is correct regarding estrogen?", "", *_OPTIONS),
        example("Osteoporosis", "", *_OPTIONS),
    ),
    quiet=(_GOOD, example("Which hormone is lacking after menopause?", "", *_OPTIONS), example("", "")),
)
BLANK_NOT_AT_END = Check(
    "blank_not_at_end",
    "A blank to be filled stands at the end of the stem.",
    Severity.WARNING,
    _blank_not_at_end,
    fires=(
        example("The hormone ____ falls at menopause.", "", *_OPTIONS),
        example(_VIGNETTE, r"A lack of \_\_\_ is the most likely cause.", *_OPTIONS),
    ),
    quiet=(
        _GOOD,
        example("The hormone that falls at menopause is ____.", "", *_OPTIONS),
        example("The __main__ hormone that falls at menopause is called", "", *_OPTIONS),
        example("Two findings.\n\n___\n\nWhich hormone falls at menopause?", "", *_OPTIONS),
    ),
)
LONG_STEM = Check(
    "long_stem",
    "A stem holds what is needed and no more.",
    Severity.HINT,
    _long_stem,
    fires=(example("She tells a long story about her garden. " * 40, "Which is the cause?", *_OPTIONS),),
    quiet=(_GOOD, example("| sodium | 140 mmol/L |\n" * 120, "Which is the cause?", *_OPTIONS)),
)
HINGED = Check(
    "hinged",
    "An item can be answered without the answer to another.",
    Severity.WARNING,
    _hinged,
    fires=(
        example("For the patient in the previous question, therapy is started.", "Which drug fits best?", *_OPTIONS),
        example(_VIGNETTE, "Given your answer to question 3, which drug fits best?", *_OPTIONS),
    ),
    quiet=(
        _GOOD,
        example("The PHQ-9 asks in item 9 of its list about self-harm.", "Which is its cut?", *_OPTIONS),
        example("She has had the previous fracture treated.", "Which is the cause?", *_OPTIONS),
    ),
)
