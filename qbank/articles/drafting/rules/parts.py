"""Parts: "X combines A and B" asks for a missing part."""

from __future__ import annotations

import re
from collections.abc import Iterator

from qbank.articles.drafting.context import Context
from qbank.articles.drafting.pools import alike_terms
from qbank.articles.drafting.values import Candidate, Refusal, Rule
from qbank.articles.drafting.wording import capitalised, ends_as_question, lowered

PATTERN = re.compile(
    r"(?P<whole>[A-Z\d][\w™®/-]*(?: [\w-]+){0,3}?),?(?: (?:which|that))? "
    r"(?P<verb>combines|consists of|comprises|integrates|is composed of) "
    r"(?P<first>[^,;:.()]{3,60}?) and (?P<second>[^,;:.()]{3,60}?)\.?$"
)


def propose(context: Context) -> Iterator[Candidate | Refusal]:
    """Yield one item for each part whose kind is known."""
    for statement in context.statements:
        match = PATTERN.search(statement.text)
        if match is None:
            continue
        whole = match["whole"].replace("™", "").replace("®", "")
        for part, other in (("second", "first"), ("first", "second")):
            if not context.lexicon.kinds(match[part]):
                continue
            yield Candidate(
                rule="parts",
                statement=statement,
                start=match.start(part),
                end=match.end(part),
                stem=ends_as_question(
                    capitalised(
                        f"{whole} {match['verb']} {lowered(match[other], context.lexicon)} and which of the following"
                    )
                ),
                distractors=tuple(alike_terms(context, match[part])),
                objective=f"Know that {whole} {match['verb']} {match['first']} and {match['second']}.",
                confidence=0.75,
                about=whole,
                scope=match.span(),
            )


RULE = Rule("parts", "X combines A and B, consists of: asks for a missing part", "", propose)
