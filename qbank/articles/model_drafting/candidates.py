"""From a model's proposal to a candidate that the checks of drafting can judge."""

from __future__ import annotations

import re
from decimal import Decimal

from qbank.articles.document import Statement
from qbank.articles.drafting.context import Context
from qbank.articles.drafting.evidence import quote
from qbank.articles.drafting.options import FAR
from qbank.articles.drafting.pools import claim_of
from qbank.articles.drafting.quantities import quantities_in
from qbank.articles.drafting.values import Candidate, Distractor, Interval
from qbank.articles.drafting.wording import content_stems, padded
from qbank.articles.model_drafting.answer import Proposal, shown

RULE_NAME = "model"
ORIGIN = "language model"
CONFIDENCE = 0.5  # nothing vouches for a model's choice but the checks
_DIGITS = re.compile(r"\d+")
_BARE = re.compile(r"[-−]?\d{1,9}(?:\.\d{1,6})?")

Value = tuple[Interval, str]


def vocabulary(context: Context) -> frozenset[str]:
    """Return the roots of the words that any option may use: those of the article, and the lexicon's head nouns."""
    return frozenset(content_stems(" ".join(context.all_words.values()))) | frozenset(context.lexicon.heads)


def candidate_of(context: Context, statement: Statement, proposal: Proposal, words: frozenset[str]) -> Candidate | str:
    """Return a proposal as a candidate on its statement, or the reason why it cannot be one.

    ``words`` is the article's `vocabulary`.
    """
    span = _place(statement.text, proposal.key)
    if isinstance(span, str):
        return span
    start, end = span
    value = value_of(statement.text[start:end])
    twice = _said_twice(proposal)
    if twice is not None:
        return f"the option '{shown(twice)}' is given twice"
    distractors = []
    for text in proposal.distractors:
        distractor = _distractor(context, text, value, words)
        if isinstance(distractor, str):
            return distractor
        distractors.append(distractor)
    return Candidate(
        rule=RULE_NAME,
        statement=statement,
        start=start,
        end=end,
        stem=proposal.stem,
        distractors=tuple(distractors),
        objective=f"Know this statement of the article: {quote(statement)}",
        confidence=CONFIDENCE,
        about=context.subject_of(statement) or "",
        claim=claim_of(proposal.stem),
        value=value[0] if value else None,
    )


def value_of(text: str) -> Value | None:
    """Return the value and unit of a text that is one number and nothing else ("2%", "1000-1200 mg", "-1.5")."""
    for quantity in quantities_in(text):
        if quantity.start == 0 and quantity.end == len(text):
            return quantity.value, quantity.unit
    if _BARE.fullmatch(text):
        number = Decimal(text.replace("−", "-"))
        return (number, number), ""
    return None


def _place(text: str, key: str) -> tuple[int, int] | str:
    """Return where the key stands in the statement, or why that is nowhere, twice, or within a number."""
    found = list(re.finditer(rf"(?<![\w.,−-]){re.escape(key)}(?![\w]|[.,]\d|-)", text, re.IGNORECASE))
    if not found:
        return f"the answer '{shown(key)}' does not stand in the statement"
    if len(found) > 1:
        return f"the answer '{shown(key)}' stands in the statement more than once"
    start, end = found[0].span()
    for quantity in quantities_in(text):
        apart = quantity.end <= start or end <= quantity.start
        if not apart and (quantity.start, quantity.end) != (start, end):
            return f"the answer '{shown(key)}' holds a number that cannot be compared with others"
    return start, end


def _said_twice(proposal: Proposal) -> str | None:
    seen: set[str] = set()
    for text in (proposal.key, *proposal.distractors):
        mark = padded(text)
        if mark in seen:
            return text
        seen.add(mark)
    return None


def _distractor(context: Context, text: str, key: Value | None, words: frozenset[str]) -> Distractor | str:
    """Return a wrong option, or why it may not stand beside the key."""
    value = value_of(text)
    if key is not None:
        if value is None or value[1] != key[1]:
            return f"the option '{shown(text)}' is no number in the unit of the answer"
        if not _near(value[0], key[0]):
            return f"the option '{shown(text)}' is too far from the answer to be plausible"
        return Distractor(text, ORIGIN, value=value[0])
    foreign = _foreign(context, text, words)
    if foreign:
        return f"the option '{shown(text)}' has words of neither the article nor the lexicon ({shown(foreign)})"
    return Distractor(text, ORIGIN)


def _near(value: Interval, key: Interval) -> bool:
    small, large = sorted((abs(value[0]), abs(key[0])))
    return small > 0 and large / small <= FAR


def _foreign(context: Context, text: str, words: frozenset[str]) -> str | None:
    """Return the first word or number of an option that is in neither the article nor the lexicon."""
    known: set[str] = set()
    unknown = text
    for spot in reversed(context.lexicon.spot(text)):
        known.update(content_stems(text[spot.start : spot.end]))
        unknown = unknown[: spot.start] + unknown[spot.end :]
    number = _DIGITS.search(unknown)
    if number is not None:
        return number.group()
    return next((word for word in content_stems(text) if word not in words and word not in known), None)
