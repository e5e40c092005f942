"""Are the options alike in kind? Head nouns first, then what the lexicon knows of them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from qbank.items.flaws.finding import Check, Hit, Severity, example, letter, letters
from qbank.items.flaws.phrases import head_noun, kind_of, named_kind, plural_of
from qbank.items.flaws.reading import OptionReading, Reading

# What to do next may be a test, a drug or an operation: such options differ in kind, and rightly.
_ACTION = re.compile(
    r"\b(?:step|management|manage|action|intervention|recommend\w*|treat\w*|therap\w+|approach|advice|counsel\w*|prevent\w*"
    r"|reduces?|improves?|do next)\b",
    re.IGNORECASE,
)
# Causes and risks come in all kinds too; there only a shared head noun shows that the author meant one kind.
_OPEN_KIND = re.compile(
    r"\b(?:cause\w*|risk\w*|factors?|explain\w*|explanation|contribut\w+|associated|responsible|reason|consistent|history"
    r"|findings?|likely to|predispos\w+|indicat\w+|feature\w*|increases?|decreases?|affects?)\b",
    re.IGNORECASE,
)
# Words that stand for a number among numbers.
_NUMBER_WORD = re.compile(
    r"\b(?:no|none|not|nothing|unchanged|same|unlimited|indefinite\w*|never|lifelong|once|twice|daily|weekly|monthly|yearly"
    r"|annual\w*|half|third|quarter|double\w*|every|hundred|thousand|immediate\w*|any|infinite\w*)\b",
    re.IGNORECASE,
)


def _unlike_options(reading: Reading) -> Iterator[Hit]:
    options = reading.options
    if len(options) < 3:
        return
    odd = _odd_number(options)
    if odd is not None:
        others = "number" if odd.quantity is None else "word"
        yield _hit(odd, f"the others are {others}s, {letter(odd.index)} is not")
        return
    if any(option.quantity is not None for option in options) or _ACTION.search(reading.question.text):
        return
    yield from _odd_kind(reading)


def _odd_number(options: tuple[OptionReading, ...]) -> OptionReading | None:
    """Return the one option that is a number among words, or a word among numbers."""
    for group in ([o for o in options if o.quantity is None], [o for o in options if o.quantity is not None]):
        if len(group) == 1 and len(options) > 3 and not _NUMBER_WORD.search(group[0].phrase):
            bare = group[0].quantity is not None or not any(character.isdigit() for character in group[0].phrase)
            return group[0] if bare else None
    return None


def _odd_kind(reading: Reading) -> Iterator[Hit]:
    options = reading.options
    heads = [head_noun(option.phrase) for option in options]
    head, shared = Counter(heads).most_common(1)[0]
    by_head = bool(head) and shared == len(options) - 1
    if shared == len(options) or (not by_head and _OPEN_KIND.search(reading.question.text)):
        return
    kinds = [kind_of(option.phrase, reading.lexicon) for option in options]
    if None in kinds:
        return
    counts = Counter(kinds).most_common()
    if len(counts) != 2 or counts[1][1] != 1 or (counts[0][1] < 3 and not by_head):
        return
    odd = options[kinds.index(counts[1][0])]
    if by_head and heads[kinds.index(counts[1][0])] == head:
        return
    alike = letters(option.index for option in options if option is not odd)
    group = plural_of(head) if by_head else plural_of(str(counts[0][0]).removesuffix(" of the body"))
    yield _hit(odd, f"{alike} are {group}, {letter(odd.index)} ('{odd.phrase}') is {named_kind(str(counts[1][0]))}")


def _hit(option: OptionReading, what: str) -> Hit:
    return Hit(
        f"The options are not alike in kind: {what}.",
        f"Replace option {letter(option.index)} by one of the same kind as the others.",
        option.field,
        0,
        len(option.text),
        option.index,
    )


_CAUSE = "Which of the following is the main cause of bone resorption after menopause?"

UNLIKE_OPTIONS = Check(
    "unlike_options",
    "Options are alike in kind.",
    Severity.WARNING,
    _unlike_options,
    fires=(
        example(
            "", _CAUSE, "*Estrogen deficiency", "Prolactin deficiency", "Progesterone deficiency", "Dental extractions"
        ),
        example("", "Which cell resorbs bone?", "*Osteoclast", "Osteoblast", "Osteocyte", "Alendronate"),
        example("", "Which dose?", "5 mg", "*10 mg", "20 mg", "Denosumab"),
    ),
    quiet=(
        example(
            "", _CAUSE, "*Estrogen deficiency", "Prolactin deficiency", "Progesterone deficiency", "Cortisol deficiency"
        ),
        example("", _CAUSE, "*Hyperthyroidism", "Multiple myeloma", "Vitamin D deficiency", "Prednisone"),
        example("", "Which is the next step?", "*Alendronate", "Denosumab", "Teriparatide", "Vertebroplasty"),
        example("", "At which interval?", "Every month", "Every 3 months", "*Every 6 months", "Once a year"),
        example("", "What is the change?", "10% loss", "*20% loss", "No change", "30% loss"),
        example("", _CAUSE, "*Iron deficiency", "Folate deficiency", "Copper deficiency", "Hemolytic anemia"),
    ),
)
