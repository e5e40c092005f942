"""Table row: `label (value qualifier)` under one header asks for the value of a label, and the label of a value."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from qbank.articles.document import Statement
from qbank.articles.drafting.context import Context
from qbank.articles.drafting.pools import other_numbers
from qbank.articles.drafting.quantities import Quantity, quantities_in
from qbank.articles.drafting.values import Candidate, Distractor, Refusal, Rule
from qbank.articles.drafting.wording import ends_as_question, lowered

_ROW = re.compile(r"^(?P<label>[^():;]{2,60}?) ?\((?P<inside>[^()]{2,80})\)\.?$")
_MEASURE = re.compile(
    r"^(?:the )?(?:[\w-]+ ){0,2}(?:reduction|increase|decrease|rate|risk|incidence|prevalence|frequency|share|"
    r"proportion|sensitivity|specificity|mortality|dose|duration)\b(?!.*\b(?:is|are|include|includes|was|were)\b)",
    re.IGNORECASE,
)
_COMPARATIVE = re.compile(r"^(?:lower|higher|less|more|fewer|greater|smaller)\b", re.IGNORECASE)
# "nonvertebral" holds hip and wrist, "other" whatever is not named, "any" all: as options they overlap the rest
_HOLDS_OTHERS = re.compile(r"^(?:non-?\w|other\b|any\b|all\b|total\b|overall\b|combined\b)", re.IGNORECASE)
FEWEST_ROWS = 3
MOST_ROWS = 12  # of a longer table only the first rows are asked for


@dataclass(frozen=True, slots=True)
class Row:
    """One row: a label, its value, and the words that say what the value is."""

    statement: Statement
    label: str
    label_end: int
    quantity: Quantity
    qualifier: str  # what the values are
    from_lead_in: bool = False


def rows_in(context: Context) -> list[list[Row]]:
    """Return the groups of rows that share section, lead-in, unit and qualifier; three rows at the least."""
    groups: dict[tuple[tuple[str, ...], str, str, str], list[Row]] = {}
    for statement in context.statements:
        row = _row(statement)
        if row is not None:
            key = (statement.section, statement.lead_in or "", row.quantity.unit, row.qualifier.lower())
            groups.setdefault(key, []).append(row)
    return [rows[:MOST_ROWS] for rows in groups.values() if len(rows) >= FEWEST_ROWS]


def _row(statement: Statement) -> Row | None:
    match = _ROW.match(statement.text)
    if match is None:
        return None
    quantities = list(quantities_in(match["inside"]))
    if len(quantities) != 1 or quantities[0].start != 0 or quantities[0].is_range:
        return None
    found, shift = quantities[0], match.start("inside")
    quantity = Quantity(found.low, found.high, found.unit, found.tail, found.start + shift, found.end + shift)
    qualifier = match["inside"][found.end :].strip()
    if len(qualifier.split()) < 2:
        return None
    label = match["label"].strip()
    return Row(statement, label, len(label), quantity, _topic(statement) or qualifier, _topic(statement) is not None)


def _topic(statement: Statement) -> str | None:
    """Return what a table's lead-in says its values are ("Reduction of risk with HRT, by site"), if it is a noun."""
    lead_in = (statement.lead_in or "").strip().rstrip(":").strip()
    if "|" in lead_in or not _MEASURE.match(lead_in):
        return None
    topic = re.sub(r",? by [\w ]+$", "", lead_in)
    return topic[:1].lower() + topic[1:]


def propose(context: Context) -> Iterator[Candidate | Refusal]:
    """Yield two items for each row whose value and label no other row shares."""
    for rows in rows_in(context):
        fact = f"table {rows[0].statement.id}"
        values = [row.quantity.value for row in rows]
        labels = [row.label.lower() for row in rows]
        for row in rows:
            if values.count(row.quantity.value) > 1 or labels.count(row.label.lower()) > 1:
                yield Refusal(row.statement.id, "another row of the table has the same value or label")
                continue
            if _COMPARATIVE.match(row.qualifier):
                yield Refusal(row.statement.id, "the table does not say what its values are")
                continue
            yield _value_of_label(context, row, rows, fact)
            if _HOLDS_OTHERS.match(row.label):
                yield Refusal(row.statement.id, f"'{row.label}' may hold other rows of the table")
                continue
            yield _label_of_value(context, row, rows, fact)


def _value_of_label(context: Context, row: Row, rows: list[Row], fact: str) -> Candidate:
    label = lowered(row.label, context.lexicon)
    siblings = tuple(
        (other.quantity, other.statement.id, f"It gives this value for {lowered(other.label, context.lexicon)}.")
        for other in rows
        if other is not row
    )
    return Candidate(
        rule="table-row",
        statement=row.statement,
        start=row.quantity.start,
        end=row.quantity.end,
        stem=ends_as_question(f"What is the {row.qualifier} for {label}"),
        distractors=tuple(other_numbers(context, row.quantity, siblings=siblings, contradicted_by=row.statement.id)),
        objective=f"Know the {row.qualifier} for {label}.",
        confidence=0.85,
        about=row.label,
        value=row.quantity.value,
        fact=fact,
    )


def _label_of_value(context: Context, row: Row, rows: list[Row], fact: str) -> Candidate:
    value = row.statement.text[row.quantity.start : row.quantity.end]
    article = "an" if re.match(r"8|11\b|18\b", value) else "a"
    said = f"the {row.qualifier} {value}" if row.from_lead_in else f"there {article} {value} {row.qualifier}"
    distractors = tuple(
        Distractor(
            lowered(other.label, context.lexicon),
            "statement",
            f"It gives {other.statement.text[other.quantity.start : other.quantity.end]} here.",
            other.statement.id,
            other.statement.id,
        )
        for other in rows
        if other is not row and not _HOLDS_OTHERS.match(other.label)
    )
    return Candidate(
        rule="table-row",
        statement=row.statement,
        start=0,
        end=row.label_end,
        stem=ends_as_question(f"For which of the following is {said}"),
        distractors=distractors,
        objective=f"Know for what {said}.".replace(" there ", " there is ", 1),
        confidence=0.85,
        about=row.label,
        claim=frozenset({"\x00"}),  # nothing else can claim the label: the rows' own values decide
        fact=fact,
    )


RULE = Rule(
    "table-row",
    "label (value qualifier) rows under one header: asks for the value, and for the label",
    "what for there",
    propose,
)
