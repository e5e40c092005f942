"""Contrast: "X, not A, B, or C, is ..." asks for X; the article itself names what is wrong."""

from __future__ import annotations

import re
from collections.abc import Iterator

from qbank.articles.document import Statement
from qbank.articles.drafting.context import Context
from qbank.articles.drafting.pools import claim_of
from qbank.articles.drafting.values import Candidate, Distractor, Refusal, Rule
from qbank.articles.drafting.wording import content_stems, ends_as_question, lowered

_PATTERN = re.compile(
    r"^(?P<key>[^,;:.]{2,80}?),? (?:and |but )?not (?P<others>[^;:.]{2,200}?), "
    r"(?P<verb>is|are|was|were|remains?|causes?|leads? to|results? in|requires?) (?P<rest>[^;:]{4,240}?)\.?$"
)
_PLURAL = {"are": "is", "were": "was", "remain": "remains", "cause": "causes", "lead to": "leads to",
           "result in": "results in", "require": "requires"}  # fmt: skip
_ASKS_FOR_NOUN = re.compile(r"^(?:[^?,]{3,60}, )?(?:what|which)\b.*\?$", re.IGNORECASE)


def contrast_in(statement: Statement) -> tuple[re.Match[str], tuple[str, ...]] | None:
    """Return the match of a contrast and the rejected things, or None."""
    match = _PATTERN.match(statement.text)
    if match is None:
        return None
    pieces = re.split(r",\s*(?:or|nor|and)\s+|,\s*|\s+(?:or|nor)\s+", match["others"])
    others = tuple(re.sub(r"^(?:not|by)\s+", "", piece.strip()) for piece in pieces if piece.strip())
    return match, others


def propose(context: Context) -> Iterator[Candidate | Refusal]:
    """Yield one item for each contrast."""
    for statement in context.statements:
        found = contrast_in(statement)
        if found is None:
            continue
        match, others = found
        key, verb, rest = match["key"], match["verb"], match["rest"]
        predicate = f"{_PLURAL.get(verb, verb)} {rest}"
        predicate = re.sub(r"^(?:is|was) what ", "", predicate)
        stem = _title_question(context, rest) or ends_as_question(f"Which of the following {predicate}")
        yield Candidate(
            rule="contrast",
            statement=statement,
            start=match.start("key"),
            end=match.end("key"),
            stem=stem,
            distractors=tuple(
                Distractor(
                    lowered(other, context.lexicon),
                    "statement",
                    f"It sets this apart from {lowered(key, context.lexicon)}.",
                    statement.id,
                    statement.id,
                )
                for other in others
            ),
            objective=f"Recognise {lowered(key, context.lexicon)} as {rest.rstrip('.')}."
            if verb in ("is", "are", "remains", "remain", "was", "were")
            else f"Know that {lowered(key, context.lexicon)} {verb} {rest.rstrip('.')}.",
            confidence=0.95,
            claim=claim_of(rest),
        )


def _title_question(context: Context, predicate: str) -> str | None:
    """Return the article's title where it asks for just what the predicate says."""
    title = context.article.title.strip()
    said = set(content_stems(predicate))
    if not _ASKS_FOR_NOUN.match(title) or not said:
        return None
    return title if said <= set(content_stems(title)) else None


RULE = Rule("contrast", "X, not A, B, or C, is ...: asks for X, with A, B, C as distractors", "", propose)
