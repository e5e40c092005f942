"""Does a stem that somebody else worded still say what its statement says?

A drafting rule builds its stem, so that words in the article's vocabulary are enough of a check. A model writes
freely: "RANKL suppresses which?" uses only words of "estrogen suppresses RANKL" and is wrong. So a model's stem has
to be the statement itself with a question in the key's place: the same words in the same order, the key's own clause
among them, every number and every word that turns a meaning kept.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from qbank.articles.document import Statement
from qbank.articles.drafting.context import Context
from qbank.articles.drafting.values import Candidate
from qbank.articles.drafting.wording import content_stems

_ASKS = re.compile(r"\b(?:which|what)\b(?: (?:one )?of the following\b)?", re.IGNORECASE)
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_NEGATES = re.compile(
    r"\b(?:not|no|nor|never|neither|none|cannot|without|instead|rather|except|excluding|unless|unlike|only)\b"
    r"|(?<=n)['’]t\b",
    re.IGNORECASE,
)
_COMPARES = re.compile(
    r"\b(?:than|versus|vs|fewer|less|lower|higher|more|before|after|above|below|over|under)\b", re.IGNORECASE
)
_CLAUSE_END = re.compile(
    r"[,;:](?=\s)|\b(?:and|but|or|while|whereas|although|because|if|followed by|leading to|rather than)\b",
    re.IGNORECASE,
)
_NEEDS_SUBJECT = re.compile(
    r"(?:should|may|can|could|might|must|is|are|was|were|has|have|had)\b|\w+ed (?:for|in|by|as|to|with|at)\b",
    re.IGNORECASE,
)


def why_unfaithful(context: Context, candidate: Candidate) -> str | None:
    """Return the first way in which a stem departs from its statement, or None."""
    asks = list(_ASKS.finditer(candidate.stem))
    if len(asks) != 1:
        return "the stem does not ask exactly one 'which' or 'what'"
    before, after = candidate.stem[: asks[0].start()], candidate.stem[asks[0].end() :]
    return (
        _order_lost(context, candidate, before, after)
        or _number_added(candidate, before, after)
        or _turn_lost(candidate)
        or _clause_left(candidate)
    )


def _order_lost(context: Context, candidate: Candidate, before: str, after: str) -> str | None:
    text = candidate.statement.text
    left, right = content_stems(text[: candidate.start]), content_stems(text[candidate.end :])
    if not _within(content_stems(after), right):
        return "what follows the question word is not what follows the answer in the statement"
    said = content_stems(before)
    for opening in _openings(context, candidate.statement):
        if said[: len(opening)] == opening and _within(said[len(opening) :], left):
            return None
    return "what precedes the question word is not what precedes the answer in the statement"


def _openings(context: Context, statement: Statement) -> Iterator[tuple[str, ...]]:
    """Yield how a stem may begin: with the statement, or with the subject and condition that frame it."""
    subject = context.subject_of(statement)
    condition = content_stems(context.condition_of(statement) or "")
    named = content_stems(subject or "")
    if named:
        yield named
        yield condition + named
    population = content_stems(context.population)
    if not named or not _lacks_subject(statement):
        yield ()
        yield condition
        yield population


def _lacks_subject(statement: Statement) -> bool:
    """Return whether a statement goes on from its lead-in or heading: "Activates ...", "Should be considered ..."."""
    first = next(iter(statement.text.split()), "").lower()
    verb = first.endswith("s") and not first.endswith(("ss", "us", "is")) and statement.lead_in is not None
    return verb or _NEEDS_SUBJECT.match(statement.text) is not None


def _within(words: Sequence[str], whole: Sequence[str]) -> bool:
    """Return whether the words stand in the whole in this order, gaps allowed."""
    rest = iter(whole)
    return all(word in rest for word in words)


def _number_added(candidate: Candidate, before: str, after: str) -> str | None:
    statement = candidate.statement
    framing = " ".join((*statement.section, statement.lead_in or ""))
    sides = (
        (before, f"{framing} {statement.text[: candidate.start]}"),
        (after, statement.text[candidate.end :]),
    )
    for asked, source in sides:
        extra = Counter(_NUMBER.findall(asked)) - Counter(_NUMBER.findall(source))
        if extra:
            return f"the stem gives a number that the statement does not give there ({min(extra)})"
    return None


def _turn_lost(candidate: Candidate) -> str | None:
    """Return a word such as "not" or "than" that the stem adds, or leaves out.

    A negation anywhere counts ("A, not B or C, is the cause"); a comparison in a last part that the stem leaves out
    as a whole (", leading to a higher incidence") does not.
    """
    statement = candidate.statement
    framing = " ".join((*statement.section, statement.lead_in or ""))
    for turns, end in ((_NEGATES, len(statement.text)), (_COMPARES, _last_used(candidate))):
        told = _count(turns, statement.text[: candidate.start]) + _count(turns, statement.text[candidate.end : end])
        asked = _count(turns, candidate.stem)
        if lost := told - asked:
            return f"the question would lose '{min(lost)}'"
        if added := asked - told - _count(turns, framing):
            return f"the question would add '{min(added)}'"
    return None


def _count(turns: re.Pattern[str], text: str) -> Counter[str]:
    return Counter(match.group().lower() for match in turns.finditer(text))


def _last_used(candidate: Candidate) -> int:
    """Return where the last clause ends that the stem takes a word from."""
    text = candidate.statement.text
    asked = set(content_stems(candidate.stem))
    end = len(text)
    starts = [match.end() for match in _CLAUSE_END.finditer(text, candidate.end)]
    for start in reversed(starts):
        if (set(content_stems(text[start:end])) - set(content_stems(text[:start]))) & asked:
            break
        end = start
    return end


def _clause_left(candidate: Candidate) -> str | None:
    """Return a reason where the stem asks with the words of another clause than the one that holds the key."""
    text = candidate.statement.text
    ends = [match.span() for match in _CLAUSE_END.finditer(text)]
    start = max((end for _, end in ends if end <= candidate.start), default=0)
    stop = min((begin for begin, _ in ends if begin >= candidate.end), default=len(text))
    own = set(content_stems(f"{text[start : candidate.start]} . {text[candidate.end : stop]}"))
    own -= set(content_stems(f"{text[:start]} . {text[stop:]}"))
    if own and not own & set(content_stems(candidate.stem)):
        return "the question is put with the words of another clause than the answer's"
    return None
