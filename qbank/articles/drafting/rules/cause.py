"""Cause: "X is the major cause of Y" asks for the cause; "X causes Y" where X is a known term."""

from __future__ import annotations

import re
from collections.abc import Iterator

from qbank.articles.document import Statement
from qbank.articles.drafting.context import Context
from qbank.articles.drafting.pools import alike_terms, claim_of
from qbank.articles.drafting.rules.contrast import contrast_in
from qbank.articles.drafting.values import Candidate, Distractor, Refusal, Rule
from qbank.articles.drafting.wording import content_stems, ends_as_question, lowered, padded

_RANK = (
    r"primary|main|major|principal|leading|chief|predominant|dominant|central|key|most common|commonest|most frequent"
)
_NOUN = r"causes?|drivers?|source|determinant|regulator|trigger|mechanism|reason|predictor|site|form|type|complication"
_RANKED = re.compile(
    rf"^(?P<key>[^,;:.()]{{2,80}}?)(?: \([^()]{{1,40}}\))? (?P<verb>is|are|remains?) "
    rf"(?P<rest>(?:the|a|an) (?:\w+ )?(?:{_RANK})(?: \w+)? (?:{_NOUN}) (?:of|for) [^;:]{{3,240}}?)(?:\.?|[:;].*)$",
    re.IGNORECASE,
)
_CAUSES = re.compile(
    r"^(?P<key>[^,;:.()]{2,60}?)(?: \([^()]{1,40}\))? "
    r"(?P<verb>causes?|leads? to|results? in|accounts? for|triggers?) (?P<rest>[^;:]{6,240}?)\.?$",
    re.IGNORECASE,
)


def propose(context: Context) -> Iterator[Candidate | Refusal]:
    """Yield an item for each statement of a cause."""
    for statement in context.statements:
        match = _RANKED.match(statement.text)
        if match is not None and " not " not in match["key"]:
            rest = match["rest"]
            predicate = f"is {rest}" if match["verb"].lower() in ("is", "are") else f"remains {rest}"
            yield _candidate(context, statement, match, predicate, f"Recognise {_key(context, match)} as {rest}.", 0.9)
            continue
        match = _CAUSES.match(statement.text)
        if match is not None and context.lexicon.find(match["key"]) is not None:
            verb, rest = match["verb"].lower(), match["rest"]
            verb = re.sub(r"^(cause|lead|result|account|trigger)s?", r"\1s", verb)
            objective = f"Know that {_key(context, match)} {match['verb']} {rest}."
            yield _candidate(context, statement, match, f"{verb} {rest}", objective, 0.7)


def _key(context: Context, match: re.Match[str]) -> str:
    return lowered(match["key"], context.lexicon)


def _candidate(
    context: Context, statement: Statement, match: re.Match[str], predicate: str, objective: str, confidence: float
) -> Candidate:
    condition = context.condition_of(statement)
    tail = f" {condition}" if condition else ""
    claim = claim_of(match["rest"])
    return Candidate(
        rule="cause",
        statement=statement,
        start=match.start("key"),
        end=match.end("key"),
        stem=ends_as_question(f"Which of the following {predicate.rstrip('.')}{tail}"),
        distractors=(*_set_apart(context, match["key"], claim), *alike_terms(context, match["key"])),
        objective=objective,
        confidence=confidence,
        claim=claim,
        scope=(0, match.end("rest")),
    )


def _set_apart(context: Context, key: str, claim: frozenset[str]) -> Iterator[Distractor]:
    """Yield what the article elsewhere sets apart from this key, on the same question."""
    for statement in context.statements:
        found = contrast_in(statement)
        if found is None or padded(found[0]["key"]) != padded(key):
            continue
        said = set(content_stems(found[0]["rest"]))
        if len(said & claim) * 2 >= min(len(said), len(claim)):
            for other in found[1]:
                words = lowered(other, context.lexicon)
                yield Distractor(words, "article", "It sets the two apart.", statement.id, statement.id)


RULE = Rule(
    "cause", "X is the major cause of Y: asks for the cause", "remains causes leads results accounts triggers", propose
)
