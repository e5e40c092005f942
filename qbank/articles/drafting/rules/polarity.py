"""Polarity: what a subject promotes or suppresses; the objects of the opposite direction are the distractors."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from qbank.articles.drafting.context import Context
from qbank.articles.drafting.pools import MAX_POOL, alike_terms
from qbank.articles.drafting.relations import DOWN, UP, Relation, participle, third_person
from qbank.articles.drafting.values import Candidate, Distractor, Refusal, Rule
from qbank.articles.drafting.wording import (
    capitalised,
    ends_as_question,
    lowered,
    population_phrases,
    stem_of,
    strip_brackets,
)

_CLAIM = {
    True: frozenset(stem_of(verb) for verb in UP),
    False: frozenset(stem_of(verb) for verb in DOWN),
}


def propose(context: Context) -> Iterator[Candidate | Refusal]:
    """Yield one item for each relation whose object is a term of a known kind, or has opposites."""
    for relation in context.relations:
        if not context.lexicon.kinds(relation.object) and not list(_opposites(context, relation)):
            yield Refusal(relation.statement.id, f"no known kind for '{relation.object}'")
            continue
        stem = _purpose_stem(context, relation) if relation.form == "base" else _main_stem(context, relation)
        if stem is None:
            yield Refusal(relation.statement.id, "the sentence does not say what it speaks of")
            continue
        subject = lowered(relation.subject, context.lexicon)
        what = f"{relation.carrier} of {relation.object}" if relation.carrier else relation.object
        modal = f"{relation.modal} {relation.verb}" if relation.modal else _finite(relation)
        yield Candidate(
            rule="polarity",
            statement=relation.statement,
            start=relation.start,
            end=relation.end,
            stem=stem,
            distractors=_pool(context, relation),
            objective=f"Know that {subject} {modal} {what}.",
            confidence=0.85,
            about=relation.subject,
            claim=_CLAIM[relation.up],
            scope=_scope(relation),
        )


def _pool(context: Context, relation: Relation) -> tuple[Distractor, ...]:
    """Return the opposites; terms that nothing contradicts only where two opposites of a kind are not to be had."""
    opposites = tuple(_opposites(context, relation))
    like = [one for one in opposites if context.lexicon.alike(one.text, relation.object)]
    return opposites if len(like) >= 2 else (*opposites, *alike_terms(context, relation.object))


def _scope(relation: Relation) -> tuple[int, int]:
    text = relation.statement.text
    before = text[: relation.verb_start]
    start = max(before.rfind(","), before.rfind(";"), before.rfind(" and ")) + 1
    modal = before.rfind(relation.modal) if relation.modal else -1
    return min(start, modal) if modal >= 0 else start, relation.end + len(_tail(relation))


def _tail(relation: Relation) -> str:
    """Return the condition or population that belongs to the object: " in women with osteoporosis"."""
    text = relation.statement.text
    rest = text[relation.joined[-1][1] if relation.joined else relation.end :]
    rest = re.sub(r"^\s*\([^()]*\)", "", rest)
    match = re.match(r"\s+(?:in|among|during|when|after|for)\b[^,;:.()]*", rest)
    if match:
        return match.group()
    people = population_phrases(rest)
    return f" {people[-1]}" if people and rest.rstrip(" .").endswith(people[-1]) else ""


def _main_stem(context: Context, relation: Relation) -> str:
    """Return "Which of the following is suppressed by SUBJECT?", or the active form where a purpose follows."""
    subject = lowered(relation.subject, context.lexicon)
    condition = context.condition_of(relation.statement)
    ending = f" {condition}" if condition else ""
    carrier = f"{relation.carrier} of " if relation.carrier else ""
    rest = relation.statement.text[relation.end :].rstrip(" .")
    if re.match(r"\s+to\s", rest):
        verb = f"{relation.modal} {relation.verb}" if relation.modal else relation.said
        clause = f"{subject} {verb} {carrier}which of the following {strip_brackets(rest)}"
        return ends_as_question(capitalised(f"{clause}{ending}"))
    verb = f"{relation.modal} be" if relation.modal else "is"
    asked = capitalised(f"{'the ' if carrier else ''}{carrier}which of the following")
    return ends_as_question(f"{asked} {verb} {participle(relation.verb)} by {subject}{_tail(relation)}{ending}")


def _purpose_stem(context: Context, relation: Relation) -> str | None:
    """Return "SUBJECT activates A to increase which of the following?"."""
    main = _main_of(context, relation)
    if main is None:
        return None
    text = relation.statement.text
    clause = strip_brackets(text[main.verb_start : relation.start])
    subject = lowered(main.subject, context.lexicon)
    return ends_as_question(
        capitalised(f"{subject} {lowered(clause, context.lexicon)} which of the following{_tail(relation)}")
    )


def _main_of(context: Context, relation: Relation) -> Relation | None:
    """Return the main clause in front of a purpose ("activates A to increase B")."""
    earlier = [
        other
        for other in context.relations
        if other.statement.id == relation.statement.id and other.form == "third" and other.end < relation.start
    ]
    return earlier[-1] if earlier else None


def _opposites(context: Context, relation: Relation) -> Iterator[Distractor]:
    """Yield what the article says the same subject does the opposite to."""
    directions = context.by_subject[context.canonical(relation.subject)]
    for name, (other, words) in islice(directions[not relation.up].items(), MAX_POOL):
        if name not in directions[relation.up]:
            because = f"It says that {lowered(other.subject, context.lexicon)} {_finite(other)} this."
            bare = lowered(_bare(words), context.lexicon)
            yield Distractor(bare, "article", because, other.statement.id, other.statement.id)


def _finite(relation: Relation) -> str:
    """Return the verb for a clause: as written where it is finite, else in the third person."""
    return relation.said if relation.form == "third" else third_person(relation.verb)


def _bare(words: str) -> str:
    """Return an object without its carrier ("expression of X" is X) and brackets."""
    return strip_brackets(re.sub(r"^(?:expression|production|secretion|release|synthesis|levels?) of ", "", words))


RULE = Rule(
    "polarity",
    "SUBJECT promotes / suppresses OBJECT: asks for the object, with those of the opposite direction as distractors",
    "by the of be " + " ".join((*UP, *DOWN)),
    propose,
)
