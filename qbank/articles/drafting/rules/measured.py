"""Questions about a number in a sentence, shared by the rules for single values and for ranges."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from qbank.articles.document import Statement
from qbank.articles.drafting.context import Context
from qbank.articles.drafting.pools import other_numbers
from qbank.articles.drafting.quantities import Quantity, quantities_in
from qbank.articles.drafting.values import Candidate, Distractor
from qbank.articles.drafting.wording import (
    capitalised,
    ends_as_question,
    is_plural,
    lowered,
    names_people,
    with_article,
)

_LABEL = re.compile(r"^(?P<label>[^():;,]{3,60}?) \((?P<inside>[^()]{3,60})\)\.?$")
_GIVEN = re.compile(
    r"^(?P<subject>[^():;,]{3,60}?) \((?P<inside>[^()]{3,60})\) "
    r"(?P<modal>can|may|should|could|might|must|is|are|was|were|has|have) (?P<rest>[^;:]{4,200}?)\.?$"
)
_EVERY = re.compile(r"\b(?:every|each)\s+$", re.IGNORECASE)
_ADVICE = re.compile(r"strateg|manag|treat|prevent|approach|intervention|therap|lifestyle|recommend|dos", re.IGNORECASE)
_LATER = re.compile(r",?\s*(?:followed by|and then|whereas|while|compared with|versus|vs\.?)\b")
_DURATION = re.compile(
    r"\b(?:every|each|for|first|lasts?|least|take|takes|continued)\s*(?:the |first |about |approximately |up to )*$",
    re.IGNORECASE,
)
_LIMIT_BEFORE = re.compile(
    r"(?:below|above|under|over|less than|greater than|more than|at least|at most|[<>≤≥])\s*$", re.IGNORECASE
)
_AMOUNT_NOUN = re.compile(r"\b(?:supplementation|therapy|treatment|dose)$", re.IGNORECASE)
_PASSIVE = re.compile(r"^(?P<noun>[^,;:]{2,80}?) (?P<verb>is|are|was|were|should be|may be|can be) (?P<rest>[^,;:]+)$")
MOST_NUMBERS = 6  # a sentence with more is a list of results, not one fact
WORDING = "how many percentage often interval dose amount daily weekly appropriate given at when what"

Wanted = Callable[[Quantity], bool]


def number_items(context: Context, rule: str, wanted: Wanted) -> Iterator[Candidate]:
    """Yield the items on the numbers of each statement that ``wanted`` accepts."""
    for statement in context.statements:
        label, given = _LABEL.match(statement.text), _GIVEN.match(statement.text)
        quantities = quantities_in(statement.text)
        for quantity in quantities if len(quantities) <= MOST_NUMBERS else ():
            if not wanted(quantity):
                continue
            candidate = None
            if label is not None and quantity.start == label.start("inside"):
                candidate = _of_label(context, statement, rule, label, quantity)
            elif given is not None and quantity.end <= given.end("inside"):
                candidate = _of_dose(context, statement, rule, given, quantity)
            elif label is None:
                candidate = _in_place(context, statement, rule, quantity)
            if candidate is not None:
                yield candidate


def _of_label(
    context: Context, statement: Statement, rule: str, match: re.Match[str], quantity: Quantity
) -> Candidate | None:
    """Return "Which daily dose is appropriate for LABEL?" for an entry of a list of measures."""
    rest = statement.text[quantity.end : match.end("inside")].strip().lower()
    rest = {"per day": "daily", "a day": "daily", "/day": "daily", "per week": "weekly", "a week": "weekly"}.get(
        rest, rest
    )
    if rest not in ("", "daily", "weekly") or not _ADVICE.search(" ".join(statement.section)):
        return None
    label = with_article(match["label"].strip(), context.lexicon)
    often = f"{rest} " if rest in ("daily", "weekly") else ""
    noun = "dose" if _AMOUNT_NOUN.search(match["label"]) else "amount"
    people = f" {context.population}" if context.population and not names_people(label) else ""
    return Candidate(
        rule=rule,
        statement=statement,
        start=quantity.start,
        end=quantity.end,
        stem=ends_as_question(f"Which {often}{noun} is appropriate for {label}{people}"),
        distractors=tuple(other_numbers(context, quantity)),
        objective=f"Know the {often}{noun} for {label}{people}.",
        confidence=0.75,
        about=match["label"],
        value=quantity.value,
    )


def _of_dose(
    context: Context, statement: Statement, rule: str, match: re.Match[str], quantity: Quantity
) -> Candidate | None:
    """Return a question on the dose or the interval of "DRUG (60 mg every 6 months) can ..."."""
    text = statement.text
    inside_start, inside_end = match.span("inside")
    before, after = text[inside_start : quantity.start], text[quantity.end : inside_end]
    subject = lowered(match["subject"], context.lexicon)
    clause = f"{match['modal']} {subject} {match['rest']}"
    if _EVERY.search(before):
        start = inside_start + len(before.rstrip()) - len(before.split()[-1])
        other = before[: start - inside_start].strip()
        lead = f"When given at {other}, at which interval" if other else "At which interval"
        return _repeated(context, statement, rule, start, quantity, f"{lead} {clause}", match["subject"])
    if before.strip() or quantity.is_time:
        return None
    return Candidate(
        rule=rule,
        statement=statement,
        start=quantity.start,
        end=quantity.end,
        stem=ends_as_question(f"At which dose{f', given {after.strip()},' if after.strip() else ''} {clause}"),
        distractors=tuple(other_numbers(context, quantity)),
        objective=f"Know the dose at which {subject} {match['modal']} {match['rest']}.",
        confidence=0.8,
        about=match["subject"],
        value=quantity.value,
    )


def _repeated(
    context: Context, statement: Statement, rule: str, start: int, quantity: Quantity, question: str, about: str
) -> Candidate:
    """Return an item whose options are intervals: "Every 6 months"."""
    every = statement.text[start : quantity.start]
    pool = []
    for one in other_numbers(context, quantity):
        text = f"{every}{one.text}"
        text = re.sub(r"^(every|each) 1[ -]", r"\1 ", text)
        pool.append(Distractor(text, one.origin, "", None, one.taken_from, one.value))
    return Candidate(
        rule=rule,
        statement=statement,
        start=start,
        end=quantity.end,
        stem=ends_as_question(capitalised(question)),
        distractors=tuple(pool),
        objective=f"Know how often: {lowered(statement.text, context.lexicon)}.",
        confidence=0.8,
        about=about,
        value=quantity.value,
    )


def _in_place(context: Context, statement: Statement, rule: str, quantity: Quantity) -> Candidate | None:
    """Return the sentence itself as the question, the number replaced by "what percentage" or "how many ..."."""
    text = statement.text
    before, after = text[: quantity.start], text[quantity.end :]
    if _LIMIT_BEFORE.search(before) or before.count("(") > before.count(")") or len(before.split()) < 2:
        return None
    if quantity.is_time and not _DURATION.search(before):
        return None
    later = _LATER.search(after)
    cut = quantity.end + later.start() if later else len(text)
    scope = (0, cut)
    after = text[quantity.end : cut]
    condition = context.condition_of(statement)
    lead = f"{condition}, {lowered(before, context.lexicon)}" if condition else before
    every = _EVERY.search(lead)
    if every:
        lead = _with_verb(lead[: every.start()], context)
        start = quantity.start - len(every.group())
        question = _how_often(context, lead, after)
        return _repeated(context, statement, rule, start, quantity, question, _subject(before)) if question else None
    asked = "what percentage" if quantity.unit == "%" else f"how many{re.sub(r'^ ?(?=.)', ' ', quantity.tail)}"
    lead = re.sub(r"\ban? $", "", lead)
    siblings = tuple(
        (other, statement.id, f"It gives {text[other.start : other.end]} for something else.")
        for other in quantities_in(text)
        if other.unit == quantity.unit and other.start != quantity.start and not other.is_range
    )
    shown = [one for one in siblings if not scope[0] <= one[0].start < scope[1]]
    return Candidate(
        rule=rule,
        statement=statement,
        start=quantity.start,
        end=quantity.end,
        stem=ends_as_question(capitalised(f"{lead}{asked}{after}")),
        distractors=tuple(
            one
            for one in other_numbers(context, quantity, siblings=tuple(shown), contradicted_by=statement.id)
            if one.value not in [other[0].value for other in siblings if other not in shown]
        ),
        objective=f"Know that {lowered(text[:cut].rstrip('.'), context.lexicon)}.",
        confidence=0.8,
        about=_subject(before),
        claim=frozenset(),
        value=quantity.value,
        scope=scope,
    )


def _subject(before: str) -> str:
    """Return the words of the clause in front of the number, to tell what it is about."""
    return re.split(r"\b(?:is|are|was|were|leads?|has|have|recommended|in|of)\b", before, maxsplit=1)[0].strip()


def _with_verb(lead: str, context: Context) -> str:
    """Return a clause with the verb that a note leaves out: "DEXA scan recommended" has "is recommended"."""
    match = re.match(
        r"^(?P<noun>[^,;:]{2,60}?) (?P<verb>recommended|advised|indicated|required|needed|given) ", lead + " "
    )
    if match is None or re.search(r"\b(?:is|are|be|was|were|been)$", match["noun"]):
        return lead
    noun = with_article(match["noun"], context.lexicon)
    return f"{noun} {'are' if is_plural(noun) else 'is'} {lead[match.start('verb') :]}"


def _how_often(context: Context, lead: str, after: str) -> str | None:
    """Return the question for a clause around "every N": "How often is a DEXA scan recommended ...?", or None."""
    match = _PASSIVE.match(lead)
    if match is None:
        late = re.match(r"^ (?P<verb>is|are|was|were|should be|may be|can be) (?P<rest>[^,;:]+)$", after.rstrip("."))
        if late is None:
            return None
        first, *more = late["verb"].split()
        return f"how often {first} {lowered(lead.strip(), context.lexicon)} {' '.join([*more, late['rest']])}"
    first, *more = match["verb"].split()
    return (
        f"how often {first} {lowered(match['noun'], context.lexicon)} {' '.join([*more, match['rest'].strip()])}{after}"
    )
