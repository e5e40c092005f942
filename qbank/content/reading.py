"""From a YAML file to a checked model: every fault becomes one message with file, line, cause and cure."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Annotated, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, StringConstraints, ValidationError
from pydantic_core import ErrorDetails

from qbank.errors import InvalidError
from qbank.exchange.strict_yaml import Document, StrictYamlError, load

MAX_BYTES = 1_000_000
_MAX_FAULTS = 20

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TRUTH = {"true": True, "false": False}


class ContentError(InvalidError):
    """A file of the shipped content is not usable; ``file`` and ``line`` say where (the first fault)."""

    def __init__(self, file: str, line: int, cause: str, *, cure: str) -> None:
        super().__init__(f"{file}, line {line}: {cause}", cure=cure)
        self.file = file
        self.line = line
        self.cause = cause


class Shape(BaseModel):
    """Base of the schemas: no unknown key, no stray blanks, values do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


def _truth(value: object) -> object:
    if isinstance(value, str):
        if value not in _TRUTH:
            raise ValueError("write true or false")
        return _TRUTH[value]
    return value


def _day(value: object) -> object:
    """Refuse what `date` would read from a number of seconds; only YYYY-MM-DD is a day here."""
    if not isinstance(value, str):
        return value
    if _DAY.fullmatch(value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
    raise ValueError("write a date that exists, as 2026-05-14")


Truth = Annotated[bool, BeforeValidator(_truth)]
Day = Annotated[date, BeforeValidator(_day)]
ClassCode = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=100)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=500)]
Note = Annotated[str, StringConstraints(max_length=5000)]

Model = TypeVar("Model", bound=Shape)


def read_model(path: Path, model: type[Model]) -> tuple[Model, Document]:
    """Return the file as this model, and the document that knows the line of each value.

    Raises `ContentError` for a file that is missing, too long, not UTF-8, not strict YAML, or not of this shape.
    """
    document = _document(path)
    try:
        return model.model_validate(document.value), document
    except ValidationError as error:
        faults = [_fault(detail, document) for detail in error.errors()]
    faults.sort()
    line, cause = faults[0]
    more = "".join(f"; line {where}: {what}" for where, what in faults[1:_MAX_FAULTS])
    raise ContentError(path.name, line, cause + more, cure="Correct the lines named, then load the file again.")


def _document(path: Path) -> Document:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        cause = f"the file cannot be read ({error.strerror})"
        raise ContentError(path.name, 1, cause, cure="Restore the file from the release.") from None
    if len(data) > MAX_BYTES:
        raise ContentError(path.name, 1, f"the file is longer than {MAX_BYTES:,} bytes", cure="Shorten it.")
    try:
        return load(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ContentError(path.name, line, "the text is not UTF-8", cure="Save it as UTF-8.") from None
    except StrictYamlError as error:
        raise ContentError(path.name, error.line, error.cause, cure="Correct the line.") from None


def _fault(detail: ErrorDetails, document: Document) -> tuple[int, str]:
    path = detail["loc"]
    name = next((part for part in reversed(path) if isinstance(part, str)), "the file")
    cause = {
        "extra_forbidden": f"'{name}' is not a key that is known here",
        "missing": f"'{name}' is missing",
    }.get(detail["type"], f"'{name}': {detail['msg'].removeprefix('Value error, ')}")
    return document.line_of(path), cause
