"""YAML without its surprises: every plain value is text, so ``No``, ``1:30``, ``010`` and dates stay as written.

Anchors, aliases, tags and repeated keys are refused, depth and size are capped, and each value's line is kept
for messages. An empty value, ``null`` and ``~`` are "not given". What type a value has is the schema's business.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import yaml

Value: TypeAlias = "str | list[Value] | dict[str, Value] | None"
Path: TypeAlias = tuple[str | int, ...]

MAX_CHARS = 1_000_000
MAX_DEPTH = 8
_NOTHING = {"", "~", "null", "Null", "NULL"}
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the C parser where PyYAML has it


class StrictYamlError(ValueError):
    """The text is not acceptable YAML; ``line`` counts from 1 in the text given."""

    def __init__(self, line: int, cause: str) -> None:
        super().__init__(cause)
        self.line = line
        self.cause = cause


@dataclass(frozen=True, slots=True)
class Document:
    """A mapping read from YAML, and the line on which each value begins."""

    value: dict[str, Value]
    lines: dict[Path, int]

    def line_of(self, path: Path) -> int:
        """Return the line of the value at this path, or of the nearest value around it."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)


def load(text: str) -> Document:
    """Return the one mapping that the text holds; an empty text is an empty mapping.

    Raises `StrictYamlError` with the line for anything else.
    """
    if len(text) > MAX_CHARS:
        raise StrictYamlError(1, f"the head is longer than {MAX_CHARS:,} characters")
    try:
        return _Builder(yaml.parse(text, Loader=_LOADER)).document()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        cause = error.problem or error.context or "not YAML"
        raise StrictYamlError(mark.line + 1 if mark else 1, f"the head is not YAML: {cause}") from None
    except yaml.YAMLError as error:
        raise StrictYamlError(_line_of_bad_character(text, error), _bad_character(error)) from None


def _bad_character(error: yaml.YAMLError) -> str:
    character = getattr(error, "character", None)
    if isinstance(character, int):
        return f"the head holds the character U+{character:04X}, which YAML does not allow: remove it"
    return "the head is not YAML: it holds a character that YAML does not allow"


def _line_of_bad_character(text: str, error: yaml.YAMLError) -> int:
    character = getattr(error, "character", None)
    where = text.find(chr(character)) if isinstance(character, int) else -1
    return text.count("\n", 0, where) + 1 if where >= 0 else 1


class _Builder:
    """Builds values from parser events, and so sees anchors and tags before they can do anything."""

    def __init__(self, events: Any) -> None:
        self.events = events
        self.lines: dict[Path, int] = {}

    def document(self) -> Document:
        value: Value = None
        for event in self.events:
            if isinstance(event, yaml.DocumentStartEvent):
                value = self.value(next(self.events), (), 0)
        if value is None:
            value = {}
        if not isinstance(value, dict):
            raise StrictYamlError(1, "the head is not a list of 'key: value' lines")
        return Document(value, self.lines)

    def value(self, event: Any, path: Path, depth: int) -> Value:
        line = event.start_mark.line + 1
        self.lines.setdefault(path, line)
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise StrictYamlError(
                line, "anchors (&) and aliases (*) are not used here: write the value out, or quote it"
            )
        if getattr(event, "tag", None):
            raise StrictYamlError(line, "tags (!) are not used here: quote a value that begins with '!'")
        if depth > MAX_DEPTH:
            raise StrictYamlError(line, f"values are nested more than {MAX_DEPTH} deep")
        if isinstance(event, yaml.ScalarEvent):
            return None if event.implicit[0] and not event.style and event.value in _NOTHING else event.value
        if isinstance(event, yaml.SequenceStartEvent):
            return self.sequence(path, depth)
        return self.mapping(path, depth)

    def sequence(self, path: Path, depth: int) -> list[Value]:
        found: list[Value] = []
        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            found.append(self.value(event, (*path, len(found)), depth + 1))
        return found

    def mapping(self, path: Path, depth: int) -> dict[str, Value]:
        found: dict[str, Value] = {}
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            line = event.start_mark.line + 1
            if not isinstance(event, yaml.ScalarEvent):
                raise StrictYamlError(line, "a key must be plain text")
            key: str = event.value
            if key in found:
                raise StrictYamlError(line, f"the key '{key}' is given twice")
            self.lines[(*path, key)] = line
            found[key] = self.value(next(self.events), (*path, key), depth + 1)
        return found
