"""What an item lacks: a key, options, rationales, a reference."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from qbank.items.flaws.finding import Check, Hit, Severity, example, letter, letters
from qbank.items.flaws.reading import Reading

MIN_OPTIONS = 3

_GOOD = example(
    "A 58-year-old woman has a hip fracture after a fall from standing height.",
    "Which of the following is the most likely cause?",
    "*Estrogen deficiency",
    "Prolactin deficiency",
    "Progesterone deficiency",
)


def _no_key(reading: Reading) -> Iterator[Hit]:
    if reading.record.options and not any(option.key for option in reading.record.options):
        yield Hit("No option is marked as the key.", "Mark the one best answer.")


def _several_keys(reading: Reading) -> Iterator[Hit]:
    keys = [index for index, option in enumerate(reading.record.options) if option.key]
    if len(keys) > 1:
        yield Hit(
            f"{letters(keys)} are all marked as the key.",
            "Mark only the one best answer; reword the others until they are clearly less good.",
            field=f"options[{keys[1]}].text",
            end=len(reading.record.options[keys[1]].text),
            option=keys[1],
        )


def _too_few_options(reading: Reading) -> Iterator[Hit]:
    written, total = len(reading.options), len(reading.record.options)
    if written < MIN_OPTIONS:
        empty = f" ({total - written} of {total} are empty)" if written < total else ""
        count = "is 1 option" if written == 1 else f"are {written} options"
        yield Hit(f"There {count}{empty}.", f"Write at least {MIN_OPTIONS} options: the key and two distractors.")


def _missing_rationale(reading: Reading) -> Iterator[Hit]:
    for option in reading.options:
        if not (reading.record.options[option.index].rationale or "").strip():
            yield Hit(
                f"Option {letter(option.index)} has no rationale.",
                "Say why it is right." if option.key else "Say why it is wrong.",
                field=f"options[{option.index}].rationale",
                option=option.index,
            )


def _missing_reference(reading: Reading) -> Iterator[Hit]:
    if not reading.record.references:
        yield Hit("The item names no reference.", "Add the source that the key rests on.", field="references")


NO_KEY = Check(
    "no_key",
    "An item has one best answer.",
    Severity.ERROR,
    _no_key,
    fires=(example("A stem.", "Which is it?", "One", "Two", "Three"),),
    quiet=(_GOOD, example("A stem.", "Which is it?")),
)
SEVERAL_KEYS = Check(
    "several_keys",
    "An item has one best answer.",
    Severity.ERROR,
    _several_keys,
    fires=(example("A stem.", "Which is it?", "*One", "*Two", "Three"),),
    quiet=(_GOOD,),
)
TOO_FEW_OPTIONS = Check(
    "too_few_options",
    "Three to five options: as many as there are plausible ones.",
    Severity.ERROR,
    _too_few_options,
    fires=(
        example("A stem.", "Which is it?", "*True", "False"),
        example("A stem.", "Which is it?", "*One", "Two", " "),
        example("", ""),
    ),
    quiet=(_GOOD,),
)
MISSING_RATIONALE = Check(
    "missing_rationale",
    "Every option has a rationale, so that learners see why each is right or wrong.",
    Severity.WARNING,
    _missing_rationale,
    fires=(replace(_GOOD, options=(*_GOOD.options[:2], replace(_GOOD.options[2], rationale=" "))),),
    quiet=(_GOOD,),
)
MISSING_REFERENCE = Check(
    "missing_reference",
    "The key rests on a source that can be looked up.",
    Severity.WARNING,
    _missing_reference,
    fires=(replace(_GOOD, references=()),),
    quiet=(_GOOD,),
)
