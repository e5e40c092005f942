"""Comparison: "X has fewer A than Y" asks how X compares with Y; the inverses are the distractors."""

from __future__ import annotations

import re
from collections.abc import Iterator

from qbank.articles.drafting.context import Context
from qbank.articles.drafting.values import Candidate, Distractor, Refusal, Rule
from qbank.articles.drafting.wording import capitalised, ends_as_question, is_plural, lowered

_PATTERN = re.compile(
    r"^(?P<what>[^,;:.]{3,100}?) (?:(?P<modal>may|might|can|could|tends? to) )?"
    r"(?P<verb>have|has|causes?|shows?|carry|carries) "
    r"(?P<key>(?:an? )?(?P<word>fewer|more|lower|higher|less|greater|smaller|larger|better|worse|shorter|longer) "
    r"(?P<aspect>[^,;:.]{3,80}?)) than (?P<other>[^,;:]{3,120}?)\.?$"
)
_OPPOSITE = {
    "fewer": "more", "more": "fewer", "lower": "higher", "higher": "lower", "less": "more", "greater": "smaller",
    "smaller": "greater", "larger": "smaller", "better": "worse", "worse": "better", "shorter": "longer",
    "longer": "shorter",
}  # fmt: skip


def propose(context: Context) -> Iterator[Candidate | Refusal]:
    """Yield one item for each comparison with a clear opposite."""
    for statement in context.statements:
        match = _PATTERN.match(statement.text)
        if match is None:
            continue
        what = lowered(match["what"], context.lexicon)
        other, aspect, word = match["other"], match["aspect"], match["word"]
        article = re.match(r"an? ", match["key"])
        opposite = _OPPOSITE[word]
        if word == "more" and not is_plural(aspect):
            opposite = "less"
        verb = f"{match['modal']} {match['verb']}" if match["modal"] else match["verb"]
        because = f"It says {match['key']}."
        lead = f"{context.condition_of(statement)}, compared" if context.condition_of(statement) else "compared"
        same = f"the same {'number of ' if word in ('fewer', 'more') and is_plural(aspect) else ''}{aspect}"
        yield Candidate(
            rule="comparison",
            statement=statement,
            start=match.start("key"),
            end=match.end("key"),
            stem=ends_as_question(capitalised(f"{lead} with {other}, {what} {verb} which of the following")),
            distractors=(
                Distractor(f"{'a ' if article else ''}{opposite} {aspect}", "inverse", because, statement.id),
                Distractor(same, "inverse", because, statement.id),
            ),
            objective=f"Know that {what} {verb} {match['key']} than {other}.",
            confidence=0.75,
            phrases=True,
        )


RULE = Rule("comparison", "X has fewer A than Y: asks how X compares with Y", "compared with", propose)
