"""Statements of direction: which subject promotes what, and suppresses what."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from qbank.articles.document import Statement

UP = (
    "promote", "activate", "upregulate", "increase", "stimulate", "enhance", "induce", "raise", "elevate", "improve",
)  # fmt: skip
DOWN = (
    "suppress", "inhibit", "downregulate", "decrease", "reduce", "lower", "block", "diminish", "impair", "attenuate",
)  # fmt: skip
_NOUNS = {"increase", "decrease", "block"}  # read as verbs only where they look like one


def third_person(verb: str) -> str:
    """Return "suppresses" for "suppress"."""
    return verb + ("es" if verb.endswith(("ss", "ch", "sh", "x")) else "s")


def participle(verb: str) -> str:
    """Return the past participle of a regular verb: "suppressed", "induced"."""
    return verb + ("d" if verb.endswith("e") else "ed")


def _gerund(verb: str) -> str:
    return (verb[:-1] if verb.endswith("e") else verb) + "ing"


_FORMS = {
    form: (verb, kind)
    for verb in (*UP, *DOWN)
    for form, kind in ((verb, "base"), (third_person(verb), "third"), (_gerund(verb), "gerund"))
}
VERBS = tuple(sorted(_FORMS, key=len, reverse=True))
_VERB = re.compile(r"\b(" + "|".join(VERBS) + r")\b", re.IGNORECASE)
_AIMS = ("maintain", "prevent", "assess", "form", "protect", "achieve", "treat", "support", "avoid", "produce", "allow")
_STOP = re.compile(
    rf"[,;:.]|\s+to\s+(?:{'|'.join((*UP, *DOWN, *_AIMS))})\b"
    r"|\s+(?:in|by|through|via|with|without|when|while|during|from|after|before|for|leading|resulting|which|that|but|as|rather|among|at|thereby|because|than|is|are|was|were|may|can|on|compared)\b"
    rf"|\s+(?:and|or)\s+(?:{'|'.join(VERBS)})\b",
    re.IGNORECASE,
)
_CARRIER = re.compile(
    r"^(?:the\s+)?(?P<carrier>expression|production|secretion|release|synthesis|activity|levels?)\s+of\s+",
    re.IGNORECASE,
)
_NEGATED = re.compile(r"\b(?:not|no|never|without|neither|fails? to|cannot)\s*(?:\w+ly\s+)?$", re.IGNORECASE)
_MODAL = re.compile(r"\b(?P<modal>may|might|can|could|should)\s*(?:also\s+)?$", re.IGNORECASE)
_SUBJECT_END = re.compile(r"[,;:]|\b(?:and|that|which|because|when|while|although|but)\b", re.IGNORECASE)
MAX_OBJECT = 70  # characters; longer stretches are clauses


@dataclass(frozen=True, slots=True)
class Relation:
    """SUBJECT verb OBJECT, the object at ``statement.text[start:end]``.

    ``form`` is "third" (a main clause), "base" (a purpose: "to increase ..."), or "gerund" ("inhibiting ...").
    ``carrier`` is the noun of "expression of"; ``joined`` are further objects under the same verb.
    """

    statement: Statement
    subject: str
    verb: str
    up: bool
    form: str
    carrier: str | None
    start: int
    end: int
    joined: tuple[tuple[int, int], ...]
    verb_start: int
    verb_end: int
    modal: str | None = None

    @property
    def object(self) -> str:
        """Return the first object's words."""
        return self.statement.text[self.start : self.end]

    @property
    def said(self) -> str:
        """Return the verb as the statement has it, lower case."""
        return self.statement.text[self.verb_start : self.verb_end].lower()

    @property
    def objects(self) -> tuple[str, ...]:
        """Return the words of every object under the verb."""
        return (self.object, *(self.statement.text[start:end] for start, end in self.joined))


def relations_in(statement: Statement, inherited: str) -> Iterator[Relation]:
    """Yield the relations of one statement; ``inherited`` is its subject where it has none of its own."""
    text = statement.text
    subject = ""
    previous_form = ""
    for match in _VERB.finditer(text):
        verb, form = _FORMS[match.group().lower()]
        before = text[: match.start()]
        form = _form_here(form, before)
        own = _subject_before(before) if form in ("third", "modal") else ""
        if form == "third" and not before.strip():
            own = inherited
        joined_on = bool(re.search(r"(?:,|\band)\s*$", before)) and previous_form in ("third", "modal")
        if form in ("third", "modal") and not joined_on:
            subject = own
        previous_form = form
        if not subject or form == "noun" or _NEGATED.search(before):
            continue
        relation = _build(statement, subject, verb, form, match, before)
        if relation is not None:
            yield relation


def _form_here(form: str, before: str) -> str:
    """Return how the verb is used here; a bare form counts only after "to" or a modal verb, or it is a noun."""
    if form == "base":
        if re.fullmatch(r"\s*(?:[\w/-]+\s+){0,4}(?:and\s+)?[\w/-]+(?<![su])s\s+", before):
            return "third"  # a plural subject: "ACE inhibitors reduce"
        if re.search(r"\bto\s+(?:\w+ly\s+)?$", before):
            return "base"
        return "modal" if _MODAL.search(before) else "noun"
    if form == "third" and re.search(r"\b(?:the|an?|these|with|of|in)\s+$", before):
        return "noun"
    return form


def _subject_before(before: str) -> str:
    """Return the noun phrase that ends a text, if the clause holds nothing but a short one."""
    clean = _MODAL.sub("", before).strip()
    clause = _SUBJECT_END.split(clean)[-1].strip()
    starts_clause = clean == clause or clean[: -len(clause)].rstrip().endswith((",", ";")) if clause else False
    words = clause.split()
    if not starts_clause or not 1 <= len(words) <= 6 or _VERB.search(clause):
        return ""
    return clause if re.match(r"^[A-Za-z]", clause) else ""


def _build(
    statement: Statement, subject: str, verb: str, form: str, match: re.Match[str], before: str
) -> Relation | None:
    text = statement.text
    start = match.end()
    stop = _STOP.search(_masked(text), start)
    end = stop.start() if stop else len(text)
    spans = _coordinated(text, start, end)
    if not spans or spans[0][1] - spans[0][0] > MAX_OBJECT:
        return None
    first_start, first_end = spans[0]
    carrier = _CARRIER.match(text[first_start:first_end])
    if carrier:
        first_start += carrier.end()
    modal = _MODAL.search(before)
    return Relation(
        statement, subject, verb, verb in UP, "third" if form == "modal" else form,
        carrier["carrier"].lower() if carrier else None, first_start, first_end, tuple(spans[1:]),
        match.start(), match.end(), modal["modal"].lower() if modal else None,
    )  # fmt: skip


def _masked(text: str) -> str:
    """Return the text with bracketed stretches blanked out, offsets unchanged."""
    return re.sub(r"\([^()]*\)|\[[^\[\]]*\]", lambda found: "_" * len(found.group()), text)


def _coordinated(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """Return the spans of "A and B" within a stretch, trimmed, brackets at their end left out."""
    spans = []
    at = start
    for piece in re.split(r"(\s+and\s+|\s+or\s+)", text[start:end]):
        left, right = at, at + len(piece)
        at = right
        words = text[left:right]
        if not words.strip() or words.strip().lower() in ("and", "or"):
            continue
        left += len(words) - len(words.lstrip())
        trimmed = re.sub(r"\s*\([^()]*\)\s*$", "", text[left:right].rstrip())
        spans.append((left, left + len(trimmed)))
    return [(left, right) for left, right in spans if right > left]
