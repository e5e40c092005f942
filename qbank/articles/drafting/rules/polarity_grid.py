"""Polarity grid: one sentence with both directions asks for the right combination of the four."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from qbank.articles.drafting.context import Context
from qbank.articles.drafting.relations import Relation, third_person
from qbank.articles.drafting.values import Candidate, Distractor, Refusal, Rule
from qbank.articles.drafting.wording import capitalised, ends_as_question, lowered

_CHANGES = re.compile(
    r"^(?P<head>[^,;:]{2,160}?\b(?:leads? to|causes?|results? in|produces?|is associated with|are associated with)) "
    r"(?P<key>(?:an? )?(?P<pre1>(?:[\w%.–-]+ ){0,2}?)(?P<noun1>increase|decrease|rise|fall|reduction|gain|decline) in "
    r"(?P<what1>[^,;:]{2,80}?) and (?:an? )?(?P<pre2>(?:[\w%.–-]+ ){0,2}?)"
    r"(?P<noun2>increase|decrease|rise|fall|reduction|gain|decline) in (?P<what2>[^,;:.]{2,80}?))\.?$"
)
_OF_AMOUNT = {"increase", "raise", "elevate", "improve", "decrease", "reduce", "lower", "diminish"}
_UP_NOUNS = {"increase", "rise", "gain"}


def propose(context: Context) -> Iterator[Candidate | Refusal]:
    """Yield one item for each sentence that joins one promotion and one suppression, as verbs or as nouns."""
    for first, second in pairwise(context.relations):
        if _pair(first, second):
            yield _from_verbs(context, first, second)
    for statement in context.statements:
        match = _CHANGES.match(statement.text)
        if match and (match["noun1"] in _UP_NOUNS) != (match["noun2"] in _UP_NOUNS):
            yield _from_nouns(context, match, statement.id)


def _pair(first: Relation, second: Relation) -> bool:
    """Return whether two main verbs of one sentence go in opposite directions, joined by "and"."""
    between = first.statement.text[first.end : second.verb_start]
    return (
        first.statement.id == second.statement.id
        and first.up != second.up
        and first.form == second.form == "third"
        and first.modal == second.modal
        and re.fullmatch(r"\s*(?:\([^()]*\)\s*)?,?\s*and\s+", between) is not None
    )


def _from_verbs(context: Context, first: Relation, second: Relation) -> Candidate:
    text = first.statement.text
    start, end = first.verb_start, second.end
    head, between = text[first.verb_end : first.end], text[first.end : second.verb_start]
    closing = text[second.verb_end : end]
    one, two = text[first.verb_start : first.verb_end].lower(), text[second.verb_start : second.verb_end].lower()
    subject = lowered(first.subject, context.lexicon)
    rest = re.sub(r"^\s*\([^()]*\)", "", text[end:])
    tail = re.match(r"\s+(?:in|among|during|when|after)\b[^,;:.()]*", rest)
    ending = tail.group() if tail else ""
    condition = context.condition_of(first.statement)
    lead = f"{condition}, {subject}" if condition else subject
    plural = first.said == first.verb and not first.modal
    modal = f"{first.modal} have" if first.modal else "have" if plural else "has"
    turned_one, turned_two = _turned(first, second)
    wrong = [(turned_one, turned_two), (one, turned_two), (turned_one, two)]
    return Candidate(
        rule="polarity-grid",
        statement=first.statement,
        start=start,
        end=end,
        stem=ends_as_question(capitalised(f"{lead} {modal} which of the following combinations of effects{ending}")),
        distractors=tuple(
            Distractor(
                f"{a}{head}{between}{b}{closing}", "inverse", _said(subject, text[start:end]), first.statement.id
            )
            for a, b in wrong
        ),
        objective=f"Know that {subject} {lowered(text[start:end], context.lexicon)}{ending}.",
        confidence=0.8,
        about=first.subject,
        scope=(start, end + len(ending)),
        phrases=True,
    )


def _turned(first: Relation, second: Relation) -> tuple[str, str]:
    """Return the verbs for the opposite of each.

    Each takes the other's verb where both change an amount, or both act on something; elsewhere "inhibits CYP2C9
    and increases the INR" would turn into "increases CYP2C9 and inhibits the INR".
    """
    if (first.verb in _OF_AMOUNT) == (second.verb in _OF_AMOUNT):
        return second.said, first.said
    plain = first.said == first.verb
    return _opposite(first, plain), _opposite(second, plain)


def _opposite(relation: Relation, plain: bool) -> str:
    up, down = ("increase", "reduce") if relation.verb in _OF_AMOUNT else ("induce", "inhibit")
    verb = down if relation.up else up
    return verb if plain else third_person(verb)


def _said(subject: str, words: str) -> str:
    return f"It says that {subject} {words[:1].lower()}{words[1:]}."


def _from_nouns(context: Context, match: re.Match[str], statement_id: str) -> Candidate:
    statement = context.article.statement(statement_id)
    condition = context.condition_of(statement)
    head = lowered(match["head"], context.lexicon)
    lead = f"{condition}, {head}" if condition else head
    nouns = match["noun1"], match["noun2"]

    def said(one: str, two: str) -> str:
        return (
            f"{_with_a(match['pre1'] + one)} in {match['what1']} and {_with_a(match['pre2'] + two)} in {match['what2']}"
        )

    wrong = [(nouns[1], nouns[0]), (nouns[0], nouns[0]), (nouns[1], nouns[1])]
    return Candidate(
        rule="polarity-grid",
        statement=statement,
        start=match.start("key"),
        end=match.end("key"),
        stem=ends_as_question(capitalised(f"{lead} which of the following combinations of changes")),
        distractors=tuple(
            Distractor(said(*pair), "inverse", f"It says {match['key']}.", statement.id) for pair in wrong
        ),
        objective=f"Know that {head} {match['key']}.",
        confidence=0.8,
        phrases=True,
    )


def _with_a(words: str) -> str:
    vowel = re.match(r"[aeio]|8|11\b|18\b", words) is not None
    return f"{'an' if vowel else 'a'} {words}"


RULE = Rule(
    "polarity-grid",
    "one sentence with both directions: asks for the right combination of the four",
    "has have combinations of effects changes",
    propose,
)
