"""List member: "including A, B, and C" asks for one of them; the other members are barred as distractors."""

from __future__ import annotations

import re
from collections.abc import Iterator

from qbank.articles.document import Statement
from qbank.articles.drafting.context import Context
from qbank.articles.drafting.pools import alike_terms, claim_of
from qbank.articles.drafting.values import Candidate, Distractor, Refusal, Rule
from qbank.articles.drafting.wording import capitalised, ends_as_question, is_plural, lowered, names_people

_IN_BRACKETS = re.compile(r"(?P<noun>(?:[a-zA-Z-]+ )?[a-zA-Z-]+s) \((?P<list>[^()]+,[^()]+)\)")
_INCLUDING = re.compile(
    r"^(?P<head>[^;:()]{4,160}?),? (?:including|such as|for example|e\.g\.) (?P<list>[^;:.()]{4,200}?)\.?$"
)
_INCLUDE = re.compile(r"^(?P<head>[^,;:()]{4,120}?) (?:include|are|comprise) (?P<list>[^;:.()]+,[^;:.()]+?)\.?$")
_CAUSES = re.compile(
    r"^(?P<head>[^,;:()]{3,80} (?:causes?|produces?|secretes?|inhibits?|impairs?|affects?)) "
    r"(?P<list>[^;:.()]+,[^;:.()]+?(?:,| and | or )[^;:.()]+?)\.?$"
)
_PARTICULARLY = re.compile(
    r"^(?P<head>[^,;:()]{4,80}?), (?:particularly|especially|notably|above all) (?P<list>[^;:.()]{4,120}?)\.?$"
)
_IMPERATIVE = re.compile(
    r"^(?:monitor for|monitor|watch for|look for|assess for|screen for|consider|assess|be aware of|avoid)\s+",
    re.IGNORECASE,
)
_PLURAL_HEAD = re.compile(
    r"(?:^|\b(?:has|have|cause|causes|with|are|of|for|to|by|from)\s)"
    r"(?P<np>(?:(?:the|several|many|common) )?(?:[\w-]+ ){0,3}?[\w-]+s(?: (?:of|in|for|with) [\w\s-]+)?)$"
)
_VAGUE = re.compile(r"\b(?:issues?|problems?|others?|conditions?|factors?|etc|symptoms?)$", re.IGNORECASE)
_OF_WHAT = re.compile(r"\b(?:of|for|in|with|to|from|against)\b")  # "the preventive drugs" does not say against what
_FINITE = re.compile(r"\b(?:is|are|was|were|has|have|can|may|includes?|increases|causes|leads|occurs?)\b")
MOST_PER_LIST = 2
_ADVICE = re.compile(r"strateg|manag|treat|prevent|approach|intervention|therap|lifestyle", re.IGNORECASE)


def propose(context: Context) -> Iterator[Candidate | Refusal]:
    """Yield up to two items for each list whose members are known terms."""
    for statement in context.statements:
        for question, objective, list_start, listed in _questions(context, statement):
            members = _members(listed, list_start)
            usable = _of_one_kind(context, statement.text, members)
            if not usable:
                yield Refusal(statement.id, f"no known kind for the members of '{listed}'")
            for start, end in usable[:MOST_PER_LIST]:
                key = statement.text[start:end]
                yield Candidate(
                    rule="list-member",
                    statement=statement,
                    start=start,
                    end=end,
                    stem=question,
                    distractors=tuple(_pool(context, statement, key)),
                    objective=objective.replace("{key}", lowered(key, context.lexicon)),
                    confidence=0.75,
                    fact=f"list {statement.id}",
                    claim=claim_of(re.sub(r"^Which of the following", "", question)),
                )


def _questions(context: Context, statement: Statement) -> Iterator[tuple[str, str, int, str]]:
    """Yield (question, objective, where the list begins, the list) for the first pattern that fits."""
    text = statement.text
    condition = context.condition_of(statement)
    lead = f"{condition}, " if condition else ""
    tail = f" {condition}" if condition else ""
    if match := _IN_BRACKETS.search(text):
        question = _in_place(context, text, match, lead)
        yield question, f"Name {{key}} among the {match['noun']} in question{tail}.", match.start("list"), match["list"]
        return
    if match := _PARTICULARLY.match(text):
        if _ADVICE.search(" ".join(statement.section)) and not _FINITE.search(match["head"]):
            head = lowered(match["head"], context.lexicon)
            people = f" {context.population}" if context.population and not names_people(head) else ""
            question = f"Which form of {head} is particularly appropriate{people}{tail}?"
            yield (
                question,
                f"Name {{key}} as a form of {head} that is particularly appropriate{people}.",
                match.start("list"),
                match["list"],
            )
        return
    if match := _CAUSES.match(text):
        question = ends_as_question(
            f"{capitalised(lead + match['head'])} which of the following{tail if not lead else ''}"
        )
        objective = f"Name {{key}} as what {lowered(match['head'], context.lexicon)}."
        yield question, objective, match.start("list"), match["list"]
        return
    match = _INCLUDING.match(text)
    whole = None if match else _INCLUDE.match(text)
    if match or whole:
        match = match or whole
        assert match is not None
        noun = lowered(_IMPERATIVE.sub("", match["head"]).strip(), context.lexicon)
        found = noun if whole else _plural_phrase(noun)
        if found is not None and is_plural(found) and _OF_WHAT.search(found):
            np = re.sub(r"^the ", "", found)
            yield (
                f"Which of the following is among the {np}{tail}?",
                f"Name {{key}} among the {np}{tail}.",
                match.start("list"),
                match["list"],
            )


def _plural_phrase(words: str) -> str | None:
    """Return the plural noun phrase that ends a clause, which the list after it spells out."""
    match = _PLURAL_HEAD.search(words)
    return match["np"] if match else None


def _in_place(context: Context, text: str, match: re.Match[str], lead: str) -> str:
    before, after = text[: match.start()], text[match.end() :]
    clause = f"{lowered(before, context.lexicon)}which of the following {match['noun']}{after}"
    if not before:
        clause = f"which of the following {lowered(match['noun'], context.lexicon)}{after}"
    if not _FINITE.search(before) and not _FINITE.search(after) and lead:
        clause = f"there is {clause}"
    return ends_as_question(capitalised(f"{lead}{clause}"))


def _members(listed: str, shift: int) -> list[tuple[int, int]]:
    """Return the spans of a list's members in the statement."""
    spans = []
    for match in re.finditer(r"(?:(?!,| and | or ).)+", listed):
        words = match.group()
        left = match.start() + len(words) - len(words.lstrip())
        stripped = re.sub(r"^(?:and|or|the|an?)\s+", "", words.strip())
        left += len(words.strip()) - len(stripped)
        if stripped:
            spans.append((shift + left, shift + left + len(stripped)))
    return spans


def _of_one_kind(context: Context, text: str, members: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the members that are known terms; none where these are of different kinds (the words may mislead)."""
    known = [(start, end) for start, end in members if _known(context, text[start:end])]
    kinds = [context.lexicon.kinds(text[start:end]) for start, end in known]
    if not known or not frozenset.intersection(*kinds):
        return []
    # one of a numbered series is enough: IL-6 after IL-1 is the same question again, and TNF stands out among IL-1s
    names = [re.sub(r"[\d.]+\w?$", "", text[start:end]).casefold() for start, end in known]
    return [span for span, name in zip(known, names, strict=True) if names.count(name) > 1][:1] or known


def _known(context: Context, words: str) -> bool:
    return context.lexicon.find(words) is not None and not _VAGUE.search(words)


def _pool(context: Context, statement: Statement, key: str) -> Iterator[Distractor]:
    named_class = _PARTICULARLY.match(statement.text) is not None
    for distractor in alike_terms(context, key, same_class=named_class):
        if _VAGUE.search(distractor.text):  # "GI issues" holds whatever else is named
            continue
        if distractor.taken_from != statement.id:  # the other members of the list are just as true
            yield distractor


RULE = Rule(
    "list-member",
    "including A, B, and C: asks for a member, the other members barred",
    "there among the form particularly appropriate",
    propose,
)
