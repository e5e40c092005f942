"""May an option be called wrong? What the article asserts elsewhere, and what may be true outside it.

The check errs on the side of barring: a distractor that the article names together with the subject and the
claim of the question is dropped, unless the rule can point to the statement that contradicts it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from qbank.articles.document import Statement
from qbank.articles.drafting.context import Context, surroundings
from qbank.articles.drafting.values import Candidate, Distractor
from qbank.articles.drafting.wording import content_stems, padded

SHARE = 0.34  # of the claim's words, above which a statement is taken to make the same claim
_ABSENCE = r"(?: level)? (?:deficiency|decline|declines|loss|lack|withdrawal|absence|depletion|fall|falls|decrease)"


def why_barred(context: Context, candidate: Candidate, distractor: Distractor) -> str | None:
    """Return why a distractor may not be offered as wrong, or None where it may."""
    if distractor.contradicted_by is None and _may_be_true(context, candidate, distractor.text):
        return f"'{distractor.text}' may be right outside the article"
    for statement in _naming(context, candidate, distractor):
        if statement.id != distractor.contradicted_by and _same_claim(context, candidate, statement):
            return f"the article says the same of '{distractor.text}' in {statement.id}"
    return None


def _naming(context: Context, candidate: Candidate, distractor: Distractor) -> Iterator[Statement]:
    if distractor.value is None:
        for statement, _ in context.statements_naming(context.relatives(distractor.text)):
            yield statement
        return
    # a number alone is no claim: what has to agree is the question's subject, so that is where to look
    names = context.relatives(candidate.about or candidate.key)
    for statement in context.by_value.get(distractor.value, ()):
        if context.names_any(statement, names):
            yield statement


def _same_claim(context: Context, candidate: Candidate, statement: Statement) -> bool:
    words = context.all_words[statement.id]
    if candidate.about and not any(_speaks_of(words, name) for name in context.relatives(candidate.about)):
        return False
    if not candidate.claim:
        return True
    stems = _stems(" ".join(surroundings(statement)))
    shared = sum(1 for stem in candidate.claim if stem in stems)
    if candidate.about:
        return shared > 0
    return shared / len(candidate.claim) > SHARE


def _speaks_of(words: str, name: str) -> bool:
    """Return whether the words speak of the thing itself, not only of its absence ("estrogen deficiency")."""
    if f" {name} " not in words:
        return False
    rest = re.sub(rf"(?= {re.escape(name)}{_ABSENCE} ) {re.escape(name)}", " ", words)
    return f" {name} " in rest


@lru_cache(maxsize=4096)
def _stems(text: str) -> frozenset[str]:
    return frozenset(content_stems(text))


def _may_be_true(context: Context, candidate: Candidate, text: str) -> bool:
    key_names = " . ".join(context.relatives(candidate.key))
    classes = " . ".join(
        spot.term.class_ or "" for spot in context.lexicon.spot(f"{candidate.stem} . {candidate.about}")
    )
    asked = padded(f"{candidate.stem} . {candidate.about} . {candidate.key} . {key_names} . {classes}")
    names = set(context.relatives(text))
    for about, fact in context.facts:
        if fact in names and f" {about} " in asked:
            return True
        if about in names and f" {fact} " in asked:
            return True
    return False
