"""Definition: "X is defined as Y", "X, which combines A and B" ask which thing it is."""

from __future__ import annotations

import re
from collections.abc import Iterator

from qbank.articles.drafting.context import Context
from qbank.articles.drafting.pools import alike_terms, claim_of
from qbank.articles.drafting.rules.parts import PATTERN as PARTS
from qbank.articles.drafting.values import Candidate, Refusal, Rule
from qbank.articles.drafting.wording import ends_as_question, lowered

_DEFINED = re.compile(
    r"^(?P<whole>[^,;:.()]{2,60}?)(?: \([^()]{1,30}\))? "
    r"(?P<verb>is defined as|refers to|is characterized by|is characterised by) "
    r"(?P<what>[^;:]{8,240}?)\.?$"
)


def propose(context: Context) -> Iterator[Candidate | Refusal]:
    """Yield one item for each definition of a known term."""
    for statement in context.statements:
        match = _DEFINED.match(statement.text)
        what = match["what"] if match else ""
        if match is None:
            match = PARTS.search(statement.text)
            if match is None:
                continue
            what = f"{match['first']} and {match['second']}"
        start, end = match.span("whole")
        while end > start and statement.text[end - 1] in "™®":
            end -= 1
        if not context.lexicon.kinds(statement.text[start:end]):
            yield Refusal(statement.id, f"no known kind for '{statement.text[start:end]}'")
            continue
        key = lowered(statement.text[start:end], context.lexicon)
        yield Candidate(
            rule="definition",
            statement=statement,
            start=start,
            end=end,
            stem=ends_as_question(f"Which of the following {match['verb']} {what}"),
            distractors=tuple(alike_terms(context, key)),
            objective=f"Recognise {key} as what {match['verb']} {what}.",
            confidence=0.75,
            claim=claim_of(what),
            scope=match.span(),
        )


RULE = Rule("definition", "X is defined as Y, X which combines A and B: asks which thing it is", "", propose)
