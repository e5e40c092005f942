"""Check over a file: what an item points at must be there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from qbank.items.flaws.finding import BankCheck, Hit, Severity, example
from qbank.items.flaws.reading import MAX_LOOKED_AT, Reading
from qbank.items.record import ItemRecord, StatementLink

_STATEMENT = re.compile(r"(?<!\\)\[@([^\]\[\s@]{1,200})\]")
_NUMBER = re.compile(r"(?<![\w\\\]])\[(\d{1,3})\](?![(\[:])")


@dataclass(slots=True)
class _Links:
    names: set[str] = field(default_factory=set)
    enemies: list[tuple[str, str]] = field(default_factory=list)
    hits: list[tuple[str, Hit]] = field(default_factory=list)
    items: int = 0


def _fields(record: ItemRecord) -> Iterator[tuple[str, str, int | None]]:
    for name in ("stem", "lead_in", "objective", "explanation"):
        yield name, getattr(record, name) or "", None
    for index, option in enumerate(record.options):
        yield f"options[{index}].rationale", option.rationale or "", index


def _add(memory: _Links, reading: Reading) -> None:
    record = reading.record
    memory.items += 1
    memory.names |= {name for name in (record.external_id, record.id) if name}
    memory.enemies += [(record.name, enemy) for enemy in record.enemies]
    known = {link.id for link in record.statements} | {f"{link.article}/{link.id}" for link in record.statements}
    for name, text, option in _fields(record):
        if "[" not in text:
            continue
        for found in _STATEMENT.finditer(text[:MAX_LOOKED_AT]):
            if found[1] not in known:
                message = f"{found[0]} names a statement that the item does not list."
                memory.hits.append((record.name, _hit(name, found, option, message)))
        for found in _NUMBER.finditer(text[:MAX_LOOKED_AT]):
            if record.references and not 1 <= int(found[1]) <= len(record.references):
                message = f"{found[0]} names a reference, but the item has {len(record.references)}."
                memory.hits.append((record.name, _hit(name, found, option, message)))


def _hit(field_name: str, found: re.Match[str], option: int | None, message: str) -> Hit:
    return Hit(message, "Correct the marker, or add what it names.", field_name, *found.span(), option)


def _dangling_reference(memory: _Links) -> Iterator[tuple[str | None, Hit]]:
    yield from memory.hits
    for name, enemy in memory.enemies if memory.items > 1 else ():
        if enemy not in memory.names:
            yield (
                name,
                Hit(
                    f"The enemy '{enemy}' is not among the items looked at.",
                    "Correct its id, remove it, or check the files together.",
                    "enemies",
                    severity=Severity.HINT,
                ),
            )


_GOOD = replace(
    example("A stem.", "Which?", "*Gout", "Scurvy", "Rickets", name="a"),
    statements=(StatementLink("bone", "s1"),),
    explanation="So it is [@s1] and [@bone/s1]. See [1].",
)

DANGLING_REFERENCE: BankCheck[_Links] = BankCheck(
    "dangling_reference",
    "What an item points at exists: statements, references, enemies.",
    Severity.WARNING,
    _Links,
    _add,
    _dangling_reference,
    fires=(
        (replace(_GOOD, explanation="So it is [@s2]."),),
        (replace(_GOOD, explanation="See [3]."),),
        (replace(_GOOD, enemies=("z",)), replace(_GOOD, external_id="b")),
    ),
    quiet=((_GOOD,), (replace(_GOOD, enemies=("b",)), replace(_GOOD, external_id="b"))),
)
