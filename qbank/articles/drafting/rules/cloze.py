"""Cloze: a statement that ends in a known term, the term left blank. Off by default: recall, not reasoning."""

from __future__ import annotations

from collections.abc import Iterator

from qbank.articles.drafting.context import Context
from qbank.articles.drafting.pools import alike_terms, claim_of
from qbank.articles.drafting.values import Candidate, Refusal, Rule
from qbank.articles.drafting.wording import lowered


def propose(context: Context) -> Iterator[Candidate | Refusal]:
    """Yield one item for each statement whose last words are a known term."""
    for statement in context.statements:
        spots = context.lexicon.spot(statement.text)
        text = statement.text.rstrip(" .")
        if not spots or spots[-1].end != len(text) or spots[-1].start == 0:
            continue
        start, end = spots[-1].start, spots[-1].end
        frame = f"{statement.lead_in.strip()} " if statement.lead_in else ""
        before = text[:start].rstrip()
        yield Candidate(
            rule="cloze",
            statement=statement,
            start=start,
            end=end,
            stem=f"Which of the following completes this statement: {frame}{before} ____?",
            distractors=tuple(alike_terms(context, text[start:end])),
            objective=f"Complete: {frame}{before} {lowered(text[start:end], context.lexicon)}.",
            confidence=0.5,
            claim=claim_of(before),
        )


RULE = Rule(
    "cloze",
    "any statement that ends in a term: blank at the end; off by default",
    "completes this statement",
    propose,
    default=False,
)
