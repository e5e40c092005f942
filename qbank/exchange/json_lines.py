"""JSON Lines: one item a line, as the published schema describes it; for scripts and very large banks."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from qbank.exchange.lines import Line, Source, numbered_lines
from qbank.exchange.report import Outcome, Refused
from qbank.exchange.shape import ItemShape, ShapeError, record_of, value_of
from qbank.items.record import ItemRecord

SCHEMA_ID = "item.schema.json"


def read(source: Source, name: str = "") -> Iterator[Outcome]:  # noqa: ARG001
    """Yield one outcome for each line that is not blank. ``name`` is not needed; every format takes it."""
    number = 0
    for line in numbered_lines(source):
        if line.text.strip() or line.problem:
            number += 1
            yield _outcome(line, number)


def _outcome(line: Line, number: int) -> Outcome:
    if line.problem:
        return Refused(number, line.number, line.problem)
    value: Any = None
    try:
        value = json.loads(line.text, object_pairs_hook=_object, parse_constant=_no_constant)
        if not isinstance(value, dict):
            return Refused(number, line.number, "the line is not a JSON object { ... }")
        return record_of(value, line.number)
    except json.JSONDecodeError as error:
        cause = f"the line is not JSON: {error.msg} at column {error.pos + 1}"
    except RecursionError:
        cause = "the line is not an item: it is nested too deep"
    except ShapeError as error:
        cause = error.cause
    except ValueError as error:
        cause = f"the line is not JSON that an item can have: {error}"
    name = value.get("external_id") or value.get("id") if isinstance(value, dict) else ""
    return Refused(number, line.number, cause, name if isinstance(name, str) else "")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse an object that names a key twice: one of the two values would be lost unseen."""
    value = dict(pairs)
    if len(value) < len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise ValueError(f"the key '{twice}' is given twice")
    return value


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON number")


def write(items: Iterable[ItemRecord]) -> Iterator[bytes]:
    """Yield one line an item. Half characters raise `ValueError` with the item's name."""
    for item in items:
        line = json.dumps(value_of(item), ensure_ascii=False, separators=(",", ":"))
        try:
            yield line.encode("utf-8") + b"\n"
        except ValueError as error:
            raise ValueError(f"item {item.name} cannot be written: {error}") from None


def schema() -> dict[str, Any]:
    """Return the JSON Schema of one line. The published ``schema/item.schema.json`` is `schema_text` of it."""
    described = ItemShape.model_json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": SCHEMA_ID, **described, "title": "Item"}


def schema_text() -> str:
    """Return the schema as the published file holds it."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"
