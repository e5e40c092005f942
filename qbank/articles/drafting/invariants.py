"""What every candidate has to satisfy whichever rule or drafter made it; each check gives a reason or None."""

from __future__ import annotations

import re

from qbank.articles.drafting.context import Context, surroundings
from qbank.articles.drafting.values import Candidate
from qbank.articles.drafting.wording import content_stems, hedges_in, padded, populations_in

MAX_STEM = 420  # characters; a longer question is a paragraph
_OF_WHAT = re.compile(
    r"\b(?:of|for|from|after|against|prevents?|reduces?) (?:a |an |the |further |early |late )?"
    r"(?P<word>recurrences?|relapses?|progression|onset)\b(?! of\b| in\b| free\b|-)",
    re.IGNORECASE,
)
_WHICH_DISEASE = re.compile(
    r"\b(?:of|in|for|with) (?:the |this )?(?:advanced|severe|mild|early|late|active|the|this) "
    r"(?P<word>disease)\b(?! of\b)",
    re.IGNORECASE,
)
# The frame of every multiple-choice question, allowed to every rule.
FRAME = "which what of the following is are"


def why_refused(context: Context, candidate: Candidate, wording: str) -> str | None:
    """Return the first reason for which a candidate is no item, or None. ``wording`` is the rule's own."""
    return (
        _key_not_grounded(candidate)
        or _stem_not_a_question(candidate)
        or _stem_not_grounded(context, candidate, wording)
        or _stem_says_not_of_what(candidate)
        or _qualifier_lost(context, candidate)
        or _key_given_away(candidate)
    )


def _key_not_grounded(candidate: Candidate) -> str | None:
    key = candidate.key
    if not 0 <= candidate.start < candidate.end <= len(candidate.statement.text) or not key.strip():
        return "the answer is no part of the statement"
    written = candidate.key_text
    if written is not None and padded(written) != padded(key):
        return f"the answer '{written}' does not stand in the statement word for word"
    return None


def _stem_not_a_question(candidate: Candidate) -> str | None:
    stem = candidate.stem
    if not stem.endswith("?") or stem.count("?") != 1:
        return "the stem is not one question"
    if len(stem) > MAX_STEM:
        return "the question would be too long to read"
    unbalanced = stem.count("(") != stem.count(")") or "  " in stem or re.search(r"\s[,;.?]|[,;:]\?", stem)
    return "the sentence is not built in a way that gives a clean question" if unbalanced else None


def _stem_not_grounded(context: Context, candidate: Candidate, wording: str) -> str | None:
    explained = context.short_forms.long_forms_in(candidate.stem)  # in the article's own words, wherever it does so
    source = [context.article.title, *surroundings(candidate.statement), explained]
    allowed = set(content_stems(" ".join([*source, wording, FRAME])))
    foreign = [stem for stem in content_stems(candidate.stem) if stem not in allowed]
    return f"the question would add words that the article does not use ({', '.join(foreign)})" if foreign else None


def _stem_says_not_of_what(candidate: Candidate) -> str | None:
    """Refuse "at risk for recurrence", "in advanced disease": of what, only the article's reader knows."""
    match = _OF_WHAT.search(candidate.stem) or _WHICH_DISEASE.search(candidate.stem)
    return f"the question would not say what '{match['word']}' is of" if match else None


def _qualifier_lost(context: Context, candidate: Candidate) -> str | None:
    start, end = candidate.scope or (0, len(candidate.statement.text))
    scope = candidate.statement.text[start:end]
    asked = padded(f"{candidate.stem} . {candidate.key}")
    for hedge in hedges_in(scope):
        if padded(hedge) not in asked:
            return f"the question would lose the qualifier '{hedge}'"
    stems = set(content_stems(f"{candidate.stem} . {candidate.key}"))
    kept = [*populations_in(scope), context.condition_of(candidate.statement) or ""]
    for phrase in kept:
        if not set(content_stems(phrase)) <= stems:
            return f"the question would lose '{phrase}'"
    return None


def _key_given_away(candidate: Candidate) -> str | None:
    if candidate.phrases:
        return None
    if candidate.value is None and padded(candidate.key) in padded(candidate.stem):
        return "the question would contain its own answer"
    return None
