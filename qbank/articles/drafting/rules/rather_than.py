"""Rather than: "... to X rather than Z" asks for X; Z is the surest distractor."""

from __future__ import annotations

import re
from collections.abc import Iterator

from qbank.articles.drafting.context import Context
from qbank.articles.drafting.pools import alike_terms, claim_of, sentence_about
from qbank.articles.drafting.values import Candidate, Distractor, Refusal, Rule
from qbank.articles.drafting.wording import capitalised, ends_as_question, strip_brackets

_PATTERN = re.compile(
    r"^(?P<before>.{4,240}\b"
    r"(?:to|into|become|becomes|form|toward|towards|by|with|from|as|is|are|"
    r"prefers?|uses?|give|recommends?|causes?|affects?|involves?)) "
    r"(?P<key>(?:[\w/-]+ ){0,3}?[\w/-]+) (?:rather than|instead of|but not) (?P<other>[\w/-]+(?: [\w/-]+){0,3}?)"
    r"(?P<after>[,;.].*| (?:in|for|when|among|during)\b[^,;.]*\.?)?$"
)


def propose(context: Context) -> Iterator[Candidate | Refusal]:
    """Yield one item for each "X rather than Z" whose X follows a preposition or a verb."""
    for statement in context.statements:
        match = _PATTERN.match(statement.text)
        if match is None:
            continue
        subject = context.subject_of(statement) if _lacks_subject(statement.text) else ""
        if subject is None:
            yield Refusal(statement.id, "the sentence does not say what it speaks of")
            continue
        clause = strip_brackets(sentence_about(subject, match["before"], context))
        condition = context.condition_of(statement)
        key, other = match["key"], match["other"].strip()
        lead = f"{capitalised(condition)}, {clause}" if condition else capitalised(clause)
        tail = match["after"] if (match["after"] or "").startswith(" ") else ""
        yield Candidate(
            rule="rather-than",
            statement=statement,
            start=match.start("key"),
            end=match.end("key"),
            stem=ends_as_question(f"{lead} which of the following{tail}"),
            distractors=(
                Distractor(other, "statement", f"It says {key} rather than {other}.", statement.id, statement.id),
                *alike_terms(context, key),
            ),
            objective=f"Know that {clause} {key} rather than {other}.",
            confidence=0.85,
            claim=claim_of(match["before"]),
            scope=(0, match.end("other") + len(tail)),
        )


def _lacks_subject(text: str) -> bool:
    """Return whether a statement begins with its verb ("Upregulates ...")."""
    first = text.split()[0].lower() if text.split() else ""
    return first.endswith("s") and not first.endswith(("ss", "is", "us")) and text[:1].isupper() and " " in text


RULE = Rule("rather-than", "... X rather than Z: asks for X, with Z as a distractor", "", propose)
