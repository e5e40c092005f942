"""Class member: a heading that names a class, with its members, asks for one of them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from qbank.articles.document import Statement
from qbank.articles.drafting.context import Context
from qbank.articles.drafting.values import Candidate, Distractor, Refusal, Rule
from qbank.articles.drafting.wording import ends_as_question, lowered, strip_brackets
from qbank.lexicon import Spotted, Term, normalise
from qbank.lexicon.terms import singular


def propose(context: Context) -> Iterator[Candidate | Refusal]:
    """Yield one item for each statement that begins with members of the class that its heading names."""
    asked: set[str] = set()
    for statement in context.statements:
        heading = statement.section[-1] if statement.section else ""
        members = [spot for spot in leading_terms(context, statement) if _belongs(context, spot.term, heading)]
        for spot in members[:1]:
            if heading in asked:
                yield Refusal(statement.id, f"a member of '{heading}' is asked for already")
                break
            asked.add(heading)
            class_ = _singular(context.heading_phrase(heading))
            article = "an" if class_[:1].lower() in "aeio" else "a"
            name = statement.text[spot.start : spot.end]
            yield Candidate(
                rule="class-member",
                statement=statement,
                start=spot.start,
                end=spot.end,
                stem=ends_as_question(f"Which of the following is {article} {class_}"),
                distractors=tuple(_others(context, statement, spot.term, heading)),
                objective=f"Recognise {lowered(name, context.lexicon)} as {article} {class_}.",
                confidence=0.8,
                claim=frozenset({"\x00"}),  # membership is settled by heading and lexicon, not by wording
                scope=(spot.start, spot.end),
            )


def leading_terms(context: Context, statement: Statement) -> list[Spotted]:
    """Return the terms that a statement begins with: "A, B, and C are ..." gives three."""
    found: list[Spotted] = []
    at = 0
    for spot in context.lexicon.spot(statement.text):
        between = statement.text[at : spot.start]
        if not re.fullmatch(r"\s*(?:\([^()]*\))?\s*(?:,\s*)?(?:and\s+|or\s+)?" if found else r"", between):
            break
        found.append(spot)
        at = spot.end
    return found


def _belongs(context: Context, term: Term, heading: str) -> bool:
    """Return whether the lexicon agrees that the term belongs to the class of the heading."""
    if term.class_ is None or not heading:
        return False
    names = {normalise(strip_brackets(heading)), normalise(heading)}
    for class_term in context.lexicon.find_all(strip_brackets(heading)):
        names.update(normalise(name) for name in class_term.names)
    return normalise(term.class_) in names


def _singular(phrase: str) -> str:
    words = phrase.split()
    last = words[-1]
    words[-1] = last if last.isupper() else singular(last)
    return " ".join(words)


def _others(context: Context, statement: Statement, term: Term, heading: str) -> Iterator[Distractor]:
    """Yield members of the other headings, then terms of the same type but another class."""
    for other in context.statements:
        other_heading = other.section[-1] if other.section else ""
        if other_heading == heading or other.section[:-1] != statement.section[:-1]:
            continue
        for spot in leading_terms(context, other):
            if spot.term.semantic_type == term.semantic_type and spot.term.class_ != term.class_:
                words = lowered(other.text[spot.start : spot.end], context.lexicon)
                yield Distractor(words, "article", f"It lists this under {other_heading}.", other.id, other.id)
    classes = {term.class_}  # one of each class, the nearest first: three of one class stand out against the key
    for sibling in context.lexicon.siblings(term):
        if sibling.class_ is not None and sibling.class_ not in classes:
            classes.add(sibling.class_)
            yield Distractor(sibling.name, "lexicon")


RULE = Rule("class-member", "a heading that names a class, with its members: asks for a member", "a an", propose)
