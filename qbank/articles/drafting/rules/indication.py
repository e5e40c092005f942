"""Indication: "X may be used for DISEASE" asks for the disease."""

from __future__ import annotations

import re
from collections.abc import Iterator

from qbank.articles.document import Statement
from qbank.articles.drafting.context import Context
from qbank.articles.drafting.pools import alike_terms, claim_of
from qbank.articles.drafting.values import Candidate, Refusal, Rule
from qbank.articles.drafting.wording import capitalised, ends_as_question, is_plural, lowered

_PATTERN = re.compile(
    r"^(?P<subject>[^,;:.()]{0,60}?)(?: \([^()]{1,40}\))?\s?(?P<verb>(?:may be|can be|should be|is|are)?\s?"
    r"(?:used|considered|indicated|recommended|approved|effective)) (?P<link>for|in) (?P<what>[^;:.()]{4,160}?)\.?$",
    re.IGNORECASE,
)
_NEGATED = re.compile(r"\b(?:not|no|never|neither)\b", re.IGNORECASE)  # "not recommended for A" says nothing of B
_KIND = "disease"


def propose(context: Context) -> Iterator[Candidate | Refusal]:
    """Yield one item for each indication that is a known disease."""
    for statement in context.statements:
        match = _PATTERN.match(statement.text)
        if match is None or _NEGATED.search(match["subject"]):
            continue
        diseases = [
            spot
            for spot in context.lexicon.spot(match["what"])
            if any(
                term.semantic_type == _KIND for term in context.lexicon.find_all(match["what"][spot.start : spot.end])
            )
        ]
        if len(diseases) != 1:
            continue
        yield from _candidate(context, statement, match, diseases[0].start, diseases[0].end)


def _candidate(
    context: Context, statement: Statement, match: re.Match[str], left: int, right: int
) -> Iterator[Candidate | Refusal]:
    subject = lowered(match["subject"].strip(), context.lexicon) or context.subject_of(statement)
    if not subject:
        yield Refusal(statement.id, "the sentence does not say what it speaks of")
        return
    verb = lowered(match["verb"].strip(), context.lexicon)
    if " " not in verb:
        verb = f"{'are' if is_plural(subject) else 'is'} {verb}"
    what = match["what"]
    before, after = what[:left], what[right:]
    clause = f"{subject} {verb} {match['link']} {before}"
    shift = match.start("what")
    yield Candidate(
        rule="indication",
        statement=statement,
        start=shift + left,
        end=shift + right,
        stem=ends_as_question(capitalised(f"{clause}which of the following{after}")),
        distractors=tuple(alike_terms(context, what[left:right])),
        objective=f"Know that {clause}{what[left:right]}{after}.",
        confidence=0.7,
        about=subject,
        claim=claim_of(f"{match['verb']}"),
    )


RULE = Rule("indication", "X may be used for DISEASE: asks for the disease", "is are", propose)
