"""Subject: "DRUG (dose) can prevent ..." asks for the drug: the claim is specific, the subject a known term."""

from __future__ import annotations

import re
from collections.abc import Iterator

from qbank.articles.document import Statement
from qbank.articles.drafting.context import Context
from qbank.articles.drafting.pools import alike_terms, claim_of
from qbank.articles.drafting.rules.class_member import leading_terms
from qbank.articles.drafting.values import Candidate, Distractor, Refusal, Rule
from qbank.articles.drafting.wording import content_stems, ends_as_question

_PREDICATE = re.compile(
    r"^\s*(?:\((?P<inside>[^()]{2,60})\)\s*)?(?P<verb>may|can|might|should|is|are|was|were|has been|have been|"
    r"recommended|reduces?|increases?|prevents?|inhibits?|binds?|blocks?|stimulates?|improves?|treats?|suppresses|requires?|combines?)"
    r"\b(?P<rest> [^;:]{6,240}?)\.?$",
    re.IGNORECASE,
)
_SINGULAR = {"are": "is", "were": "was", "have been": "has been", "recommended": "is recommended"}
_DOSE = re.compile(r"^\d")
_RANKED = re.compile(r"^ (?:the|a|an) .*\bcause", re.IGNORECASE)  # the cause rule's
# what is not so, or only more so, holds for many; "A does X, whereas B does Y" is two claims
_NOT_OF_ONE = re.compile(r"^ (?:not|no|never|rarely|less|more|neither)\b|, (?:whereas|while|but)\b", re.IGNORECASE)
FEWEST_CONTENT_WORDS = 4
_KINDS = {"drug", "test", "hormone", "risk score", "cytokine", "signalling protein", "cell type", "disease", "nutrient"}


def propose(context: Context) -> Iterator[Candidate | Refusal]:
    """Yield one item for each specific claim about one or more known terms."""
    for statement in context.statements:
        terms = leading_terms(context, statement)
        if not terms or terms[0].term.semantic_type not in _KINDS:
            continue
        match = _PREDICATE.match(statement.text[terms[-1].end :])
        if match is None or _RANKED.match(match["rest"]) or _NOT_OF_ONE.search(match["rest"]):
            continue
        if len(content_stems(match["rest"])) < FEWEST_CONTENT_WORDS:
            yield Refusal(statement.id, "the claim is too general to single out one answer")
            continue
        yield _candidate(context, statement, terms[0].start, terms[0].end, match)


def _candidate(context: Context, statement: Statement, start: int, end: int, match: re.Match[str]) -> Candidate:
    verb = match["verb"].lower()
    verb = _SINGULAR.get(
        verb, verb if " " in verb or verb in ("may", "can", "might", "should", "is", "was") else _third(verb)
    )
    dose = f", given at {match['inside']}," if match["inside"] and _DOSE.match(match["inside"]) else ""
    condition = context.condition_of(statement)
    tail = f" {condition}" if condition else ""
    key = statement.text[start:end]
    question = f"Which of the following{dose} {verb}{match['rest']}{tail}"
    return Candidate(
        rule="subject",
        statement=statement,
        start=start,
        end=end,
        stem=ends_as_question(question),
        distractors=tuple(_pool(context, statement, key)),
        objective=f"Recognise what {verb}{match['rest']}{tail}.",
        confidence=0.7,
        claim=claim_of(f"{match['inside'] or ''} {match['rest']}"),
    )


def _third(verb: str) -> str:
    if verb.endswith("s") and not verb.endswith("ss"):
        return verb
    return verb + ("es" if verb.endswith(("ss", "sh", "ch", "x")) else "s")


def _pool(context: Context, statement: Statement, key: str) -> Iterator[Distractor]:
    own = context.lexicon.find(key)
    for distractor in alike_terms(context, key):
        if distractor.taken_from == statement.id:  # named beside the key: just as true, or part of the claim
            continue
        other = context.lexicon.find(distractor.text) if distractor.origin == "lexicon" else None
        if own is not None and other is not None and own.semantic_type == "drug" and own.class_ == other.class_:
            continue  # what holds for a drug may well hold for its class
        yield distractor


RULE = Rule("subject", "a specific claim about a known term: asks which term", "given at is was has been", propose)
