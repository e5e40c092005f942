"""Threshold: "below -2 without A or below -1.5 with A" asks for each value under its condition."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal

from qbank.articles.document import Statement
from qbank.articles.drafting.context import Context
from qbank.articles.drafting.quantities import plain
from qbank.articles.drafting.values import Candidate, Distractor, Refusal, Rule
from qbank.articles.drafting.wording import capitalised, ends_as_question, lowered

_SIDE = (
    r"below|above|under|over|less than|greater than|more than|at least|at or below|at or above|lower than|higher than"
)
_LIMIT = re.compile(
    rf"\b(?P<side>{_SIDE}) (?P<value>[-−–]?\d{{1,6}}(?:\.\d{{1,4}})?)"
    r"(?P<unit> ?%| (?:mIU/L|mU/L|mEq/L|g/dL|pg/mL|mg/dL|ng/mL|mmol/L|nmol/L|mm ?Hg|mL/min|years?|"
    r"kg/m2|kg/m²|SD|mg|g))?"
    r"(?![\d%])(?P<condition> (?:with|without|in|if|for|when) [^,;:.()]*?)?(?=$|[,;.]| or (?:" + _SIDE + r")\b)"
)
_VERBLESS = re.compile(r"^(?P<verb>recommended|indicated|advised|considered|contraindicated)\b", re.IGNORECASE)


def propose(context: Context) -> Iterator[Candidate | Refusal]:
    """Yield one item for each limit that a statement sets."""
    for statement in context.statements:
        limits = list(_LIMIT.finditer(statement.text))
        if not limits or len(limits) > 3:
            continue
        front = _front(context, statement, statement.text[: limits[0].start()])
        if front is None:
            yield Refusal(statement.id, "the sentence does not say what it speaks of")
            continue
        for limit in limits:
            if re.search(r"\b(?:them|it|these|those|this)\b", limit["condition"] or ""):
                yield Refusal(statement.id, f"'{limit['condition'].strip()}' does not say what it speaks of")
                continue
            yield _candidate(statement, front, limits, limit)


def _front(context: Context, statement: Statement, words: str) -> str | None:
    """Return the clause in front of the limits, with a subject and a verb."""
    match = _VERBLESS.match(words)
    if match is None:
        return lowered(words, context.lexicon).strip() if len(words.split()) >= 2 else None
    subject = context.subject_of(statement)
    if subject is None:
        return None
    verb = "are" if subject.endswith("s") else "is"
    return f"{subject} {verb} {lowered(words, context.lexicon)}".strip()


def _candidate(statement: Statement, front: str, limits: list[re.Match[str]], limit: re.Match[str]) -> Candidate:
    value = _number(limit["value"])
    condition = (limit["condition"] or "").strip()
    unit = limit["unit"] or ""
    siblings = [other for other in limits if other is not limit]
    question = f"{_with_condition(front, condition)} {limit['side']} which value"
    return Candidate(
        rule="threshold",
        statement=statement,
        start=limit.start("value"),
        end=limit.end("value") + len(unit),
        stem=ends_as_question(capitalised(question)),
        distractors=(*_siblings(siblings, statement.id), *_grid(value, unit)),
        objective=f"Know that {front} {limit['side']} {limit['value']}{unit}{' ' + condition if condition else ''}.",
        confidence=0.8,
        about=front.split(" ")[0],
        claim=frozenset(),
        value=(value, value),
        scope=(0, limits[0].start()),
        fact=f"limits {statement.id}",
    )


def _with_condition(front: str, condition: str) -> str:
    """Return the clause with the condition beside the people it limits: "women without A with T-scores"."""
    if not condition:
        return front
    match = re.search(r" (?:with|at|who have|having) (?:an? |the )?[\w-]+(?: [\w-]+)?$", front)
    if match is None:
        return f"{front}, {condition},"
    return f"{front[: match.start()]} {condition}{match.group()}"


def _number(text: str) -> Decimal:
    return Decimal(text.replace("−", "-").replace("–", "-"))


def _siblings(others: list[re.Match[str]], statement: str) -> Iterator[Distractor]:
    for other in others:
        number = _number(other["value"])
        case = f": {other['condition'].strip()}" if other["condition"] else ""
        why = f"It gives {other['value']} for another case{case}."
        text = f"{plain(number)}{other['unit'] or ''}"
        yield Distractor(text, "statement", why, statement, statement, (number, number))


def _rounded(value: Decimal) -> Decimal:
    """Return a value rounded as people choose limits: to fives from 10 on, to tens from 100 on."""
    step = Decimal(10 if abs(value) >= 100 else 5 if abs(value) >= 10 else 1)
    return (value / step).quantize(Decimal(1)) * step


def _grid(value: Decimal, unit: str) -> Iterator[Distractor]:
    """Yield values of the usual grid: steps of a half for small numbers, else round parts and multiples."""
    percent = unit.strip() == "%"
    if abs(value) < 5:
        steps = [value + Decimal(step) for step in ("1", "-1", "1.5", "-1.5", "0.5", "-0.5", "-2")]
    elif percent and value > 60:  # near the top of the scale a multiple lies beyond it
        steps = [value * Decimal(part) // 5 * 5 for part in ("0.7", "0.5", "0.3")]
    else:
        steps = [_rounded(value * Decimal(part)) for part in ("0.65", "1.5", "0.5", "2", "3")]
    for step in steps:
        if step != 0 and (step < 0) == (value < 0) and not (percent and step >= 100 > value):
            yield Distractor(f"{plain(step)}{unit}", "ladder", "", None, None, (step, step))


RULE = Rule("threshold", "below / above N, with or without a condition: asks for the value", "value are", propose)
