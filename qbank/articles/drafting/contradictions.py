"""Statements that contradict one another: they give no item, and are reported together."""

from __future__ import annotations

import re
from collections.abc import Iterator

from qbank.articles.document import Problem, Statement
from qbank.articles.drafting.context import Context
from qbank.articles.drafting.quantities import quantities_in


def contradictions(context: Context) -> list[tuple[str, str, str]]:
    """Return (statement id, statement id, what they disagree about), in the order of the article."""
    found = [*_of_direction(context), *_of_number(context)]
    return list(dict.fromkeys(found))


def as_problems(context: Context, found: list[tuple[str, str, str]]) -> list[Problem]:
    """Return the contradictions as problems for a person to look at."""
    problems = []
    for first, second, about in found:
        one, two = context.article.statement(first), context.article.statement(second)
        message = (
            f"{first} (line {one.line}) and {second} (line {two.line}) disagree about {about}; neither gave an item "
            "on it. Settle which is right, and load the article again."
        )
        problems.append(Problem(one.line, "contradiction", message))
    return problems


def _of_direction(context: Context) -> Iterator[tuple[str, str, str]]:
    """Yield statements in which one subject promotes and suppresses the same object."""
    seen: dict[tuple[str, str], dict[bool, str]] = {}
    for relation in context.relations:
        for words in relation.objects:
            said = seen.setdefault((context.canonical(relation.subject), context.canonical(words)), {})
            opposite = said.get(not relation.up)
            if opposite not in (None, relation.statement.id):
                yield str(opposite), relation.statement.id, f"the effect of {relation.subject} on {words}"
            said.setdefault(relation.up, relation.statement.id)


def _of_number(context: Context) -> Iterator[tuple[str, str, str]]:
    """Yield statements that are the same but for their numbers."""
    seen: dict[tuple[str, ...], Statement] = {}
    for statement in context.statements:
        quantities = list(quantities_in(statement.text))
        if not quantities:
            continue
        masked = statement.text
        for quantity in reversed(quantities):
            masked = masked[: quantity.start] + f"# {quantity.unit}" + masked[quantity.end :]
        key = (*statement.section[-1:], statement.lead_in or "", context.canonical(masked))
        earlier = seen.setdefault(key, statement)
        values = [quantity.value for quantity in quantities]
        if [quantity.value for quantity in quantities_in(earlier.text)] != values:
            yield earlier.id, statement.id, f"the numbers in '{re.sub(r'  *', ' ', statement.text)}'"
