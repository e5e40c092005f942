"""The shape of an item as JSON: one schema for JSON Lines, for the head of bank Markdown, and for publication.

`record_of` checks a plain value against it and returns the item; `value_of` is its inverse and leaves out what
is not given. Unknown keys are refused, so that nothing a file says is dropped unseen.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, ValidationError

from qbank.items.record import ItemRecord, OptionRecord, ReferenceRecord, StatementLink

MAX_TEXT = 50_000  # characters of one Markdown field
MAX_LINE = 2_000
MAX_CODE = 100
MAX_OPTIONS = 26  # as many as there are letters
MAX_ENTRIES = 200
NO_NAMES: Mapping[str, str] = MappingProxyType({})

Status = Literal["draft", "in_review", "approved", "pretest", "live", "suspended", "retired", "rejected", "superseded"]


def _clean(text: str) -> str:
    """Refuse NUL and give every line the same end."""
    if "\0" in text:
        raise ValueError("holds a NUL character: remove it")
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def _code(text: str) -> str:
    if not text.strip() or not text.isprintable():
        raise ValueError("must be one line of printable text")
    return text


def _none_is_empty(value: object) -> object:
    return () if value is None else value


def _link(value: object) -> object:
    """Let a statement be written shortly, ``slug/s07`` or ``s07``."""
    if isinstance(value, str):
        article, _, statement = value.rpartition("/")
        return {"article": article, "id": statement}
    return value


Text = Annotated[str, StringConstraints(max_length=MAX_TEXT), AfterValidator(_clean)]
Line = Annotated[str, StringConstraints(max_length=MAX_LINE), AfterValidator(_clean)]
Code = Annotated[str, StringConstraints(min_length=1, max_length=MAX_CODE), AfterValidator(_code)]
Codes = Annotated[tuple[Code, ...], Field(max_length=MAX_ENTRIES), BeforeValidator(_none_is_empty)]
Lines = Annotated[tuple[Line, ...], Field(max_length=MAX_ENTRIES), BeforeValidator(_none_is_empty)]


class _Shape(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class StatementShape(_Shape):
    """A statement of an article that something rests on; ``quote`` is its text, word for word."""

    article: Annotated[str, StringConstraints(max_length=MAX_CODE), AfterValidator(_clean)] = ""
    id: Code
    quote: Text | None = None


Links = Annotated[
    tuple[Annotated[StatementShape, BeforeValidator(_link, json_schema_input_type=str | StatementShape)], ...],
    Field(max_length=MAX_ENTRIES),
    BeforeValidator(_none_is_empty),
]


class ReferenceShape(_Shape):
    """One bibliographic reference."""

    title: Line
    authors: Line | None = None
    container: Line | None = None
    year: Annotated[int, Field(ge=0, le=9999)] | None = None
    kind: Code | None = None
    doi: Line | None = None
    pmid: Code | None = None
    url: Line | None = None


class OptionShape(_Shape):
    """One option; ``rationale`` says why it is right or wrong."""

    text: Text
    key: bool = False
    rationale: Text | None = None
    statements: Links = ()
    origin: Line | None = None
    needs_expert: bool = False


class ItemShape(_Shape):
    """One multiple-choice item. Text is Markdown; a stem that holds the question needs no lead_in."""

    id: Code | None = None
    external_id: Code | None = None
    status: Status = "draft"
    stem: Text
    lead_in: Text | None = None
    options: Annotated[tuple[OptionShape, ...], Field(max_length=MAX_OPTIONS)]
    objective: Text | None = None
    explanation: Text | None = None
    references: Annotated[
        tuple[ReferenceShape, ...], Field(max_length=MAX_ENTRIES), BeforeValidator(_none_is_empty)
    ] = ()
    statements: Links = ()
    systems: Codes = ()
    disciplines: Codes = ()
    tasks: Codes = ()
    tags: Codes = ()
    difficulty: Literal["easy", "medium", "hard"] | None = None
    vignette: Text | None = None
    media: Lines = ()
    enemies: Codes = ()
    shuffle: bool = False
    doubt: Text | None = None
    rule: Code | None = None


class ShapeError(ValueError):
    """The value is no item. ``path`` is where, ``cause`` names the place, what is wrong and what mends it."""

    def __init__(self, path: tuple[str | int, ...], cause: str) -> None:
        super().__init__(cause)
        self.path = path
        self.cause = cause


def record_of(value: Mapping[str, Any], line: int = 0, *, names: Mapping[str, str] = NO_NAMES) -> ItemRecord:
    """Return the item that a JSON object holds; raise `ShapeError` with every fault in one message.

    ``names`` gives what the file calls a field, where that differs.
    """
    try:
        shape = ItemShape.model_validate(value)
    except ValidationError as error:
        faults = error.errors(include_url=False, include_context=True)
        causes = [explain(fault, names) for fault in faults[:5]]
        if len(faults) > 5:
            causes.append(f"and {len(faults) - 5} more faults")
        raise ShapeError(_path(faults[0]["loc"]), "; ".join(causes)) from None
    fields = {name: getattr(shape, name) for name in ItemShape.model_fields}
    fields["options"] = tuple(_option(option) for option in shape.options)
    fields["references"] = tuple(
        ReferenceRecord(**{name: getattr(entry, name) for name in ReferenceShape.model_fields})
        for entry in shape.references
    )
    fields["statements"] = _links(shape.statements)
    return ItemRecord(**fields, line=line)


def _option(shape: OptionShape) -> OptionRecord:
    return OptionRecord(
        text=shape.text,
        key=shape.key,
        rationale=shape.rationale,
        statements=_links(shape.statements),
        origin=shape.origin,
        needs_expert=shape.needs_expert,
    )


def _links(shapes: tuple[StatementShape, ...]) -> tuple[StatementLink, ...]:
    return tuple([StatementLink(article=link.article, id=link.id, quote=link.quote) for link in shapes])


def value_of(record: ItemRecord) -> dict[str, Any]:
    """Return the item as a JSON object in the schema's order, without what is not given."""
    value = _given(record, ItemShape)
    value["options"] = [_given(option, OptionShape) for option in record.options]
    return value


def _given(part: object, shape: type[BaseModel]) -> dict[str, Any]:
    """Return the fields of a record that are required or differ from "not given"."""
    value: dict[str, Any] = {}
    for name, spec in shape.model_fields.items():
        content = getattr(part, name)
        if spec.is_required() or not (content is None or content is False or content == ()):
            value[name] = [_plain(entry) for entry in content] if isinstance(content, tuple) else content
    return value


def _plain(entry: object) -> object:
    if isinstance(entry, StatementLink):
        return _given(entry, StatementShape)
    return _given(entry, ReferenceShape) if isinstance(entry, ReferenceRecord) else entry


def _path(loc: tuple[int | str, ...]) -> tuple[str | int, ...]:
    return tuple(step for step in loc if not (isinstance(step, str) and step.startswith("function-")))


def explain(fault: Mapping[str, Any], names: Mapping[str, str] = NO_NAMES) -> str:
    """Return one schema fault as a sentence that names the field and the cure."""
    path = tuple(names.get(step, step) if isinstance(step, str) else step for step in _path(tuple(fault["loc"])))
    return f"{place(path)} {_cause(fault)}"


def place(path: tuple[str | int, ...]) -> str:
    """Return a path as people read it; options count from 1: ``("options", 0, "text")`` is "option 1: text"."""
    words: list[str] = []
    for step in path:
        if isinstance(step, int) and words:
            words[-1] = f"{words[-1].removesuffix('s')} {step + 1}"
        else:
            words.append(str(step))
    return ": ".join(words) or "the record"


def _cause(fault: Mapping[str, Any]) -> str:
    kind, context, given = fault["type"], fault.get("ctx", {}), fault.get("input")
    if kind == "missing":
        return "is missing"
    if kind == "extra_forbidden":
        return "is not a key that items have: correct or remove it"
    if kind == "string_unicode":
        return "holds half of a character (a lone surrogate): remove it"
    if kind in {"string_too_long", "too_long"}:
        unit = "characters" if kind == "string_too_long" else "entries"
        return f"is longer than {context['max_length']:,} {unit}: shorten it"
    if kind == "string_too_short":
        return "is empty: fill it or leave it out"
    if kind == "literal_error":
        return f"is {given!r}; it can be {context['expected']}"[:300]
    if kind == "value_error":
        return str(context["error"])
    return _wrong_type(kind, given)


def _wrong_type(kind: str, given: object) -> str:
    expected = {
        "string_type": "text",
        "tuple_type": "a list",
        "int": "a whole number",
        "bool": "true or false",
        "model": "an object",
    }
    for start, word in expected.items():
        if kind.startswith(start):
            return f"must be {word}, not {_described(given)}"
    if kind in {"greater_than_equal", "less_than_equal"}:
        return f"is {given}, out of range"
    return "has the wrong type"


def _described(given: object) -> str:
    if isinstance(given, str):
        return repr(given) if len(given) <= 60 else repr(given[:57]) + "..."
    if isinstance(given, Mapping):
        return "an object"
    if isinstance(given, list | tuple):
        return "a list"
    if given is None:
        return "nothing"
    return str(given).lower() if isinstance(given, bool) else f"the number {str(given)[:30]}"
