"""Bank Markdown: the bank's own format for people and git, described in ``questions/README.md``.

One file holds one item or several. Each begins with a YAML head between ``---`` lines; its texts are sections of
Markdown. Reading streams, one item at a time; what is written reads back as the same record.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from qbank.exchange.lines import Line, Source, numbered_lines
from qbank.exchange.markdown_body import SECTIONS, Body, read_body
from qbank.exchange.markdown_escape import escape_option, escape_section, hide_marker, take_markers
from qbank.exchange.markdown_head import head_lines
from qbank.exchange.report import Outcome, Refused
from qbank.exchange.shape import ShapeError, record_of, value_of
from qbank.exchange.strict_yaml import Document, StrictYamlError, load
from qbank.items.record import ItemRecord

MAX_RECORD_CHARS = 4_000_000
_HEAD_NAMES = {"id": "external_id", "bank_id": "id"}  # as the head says it -> field of the item
_FIELD_NAMES = {name: said for said, name in _HEAD_NAMES.items()}
_NO_HEAD_KEYS = {"external_id", *SECTIONS}
_RULE_HINT = "inside a text, write a rule as '***' and a line of dashes as '\\---'"


class _Chunk:
    """The lines of one record as they come in."""

    def __init__(self, line: int) -> None:
        self.line = line
        self.head: list[Line] = []
        self.body: list[Line] = []
        self.closed = False  # has the head ended
        self.size = 0

    def add(self, line: Line) -> None:
        self.size += len(line.text) + 1
        if self.size <= MAX_RECORD_CHARS:
            (self.body if self.closed else self.head).append(line)


def read(source: Source, name: str = "") -> Iterator[Outcome]:  # noqa: ARG001
    """Yield one outcome for each item of a file, in its order. ``name`` is not needed; every format takes it."""
    for number, chunk in enumerate(_chunks(source), start=1):
        yield _outcome(chunk, number)


def _chunks(source: Source) -> Iterator[_Chunk]:
    chunk: _Chunk | None = None
    for line in numbered_lines(source):
        fence = line.text.rstrip() == "---"
        if chunk is None:
            if fence:
                chunk = _Chunk(line.number)
            elif line.text.strip() or line.problem:
                chunk = _Chunk(line.number)
                chunk.closed = True
                chunk.add(line)
        elif not fence:
            chunk.add(line)
        elif chunk.closed:
            yield chunk
            chunk = _Chunk(line.number)
        else:
            chunk.closed = True
    if chunk is not None:
        yield chunk


def _outcome(chunk: _Chunk, number: int) -> Outcome:
    fault = _unreadable(chunk)
    if fault:
        return Refused(number, *fault)
    try:
        head = load("\n".join(line.text for line in chunk.head))
    except StrictYamlError as error:
        hint = f" ({_RULE_HINT})" if number > 1 else ""  # a rule inside a text looks like the next item
        return Refused(number, chunk.line + error.line, error.cause + hint)
    body = read_body(chunk.body, chunk.line)
    value = _value(head, body, chunk.line)
    name = value.get("external_id")
    if not body.faults:
        try:
            return record_of(value, chunk.line, names=_FIELD_NAMES)
        except ShapeError as error:
            body.faults.append((_line_of(error.path, head, body, chunk.line), error.cause))
    line, cause = body.faults[0]
    more = "".join(f"; line {where}: {what}" for where, what in body.faults[1:6])
    return Refused(number, line, cause + more, name if isinstance(name, str) else "")


def _unreadable(chunk: _Chunk) -> tuple[int, str] | None:
    for line in (*chunk.head, *chunk.body):
        if line.problem:
            return line.number, line.problem
    if chunk.size > MAX_RECORD_CHARS:
        return chunk.line, f"the item is longer than {MAX_RECORD_CHARS:,} characters"
    if not chunk.closed:
        return chunk.line, f"the head that begins here is not closed by a line '---' ({_RULE_HINT})"
    if chunk.body and chunk.body[0].number == chunk.line:
        return chunk.line, "there is no head: an item begins with a line '---', its keys, and a line '---'"
    return None


def _value(head: Document, body: Body, line: int) -> dict[str, Any]:
    """Return head and sections as one JSON object; faults of the head join those of the body."""
    value: dict[str, Any] = {}
    notes: Any = None
    for key, content in head.value.items():
        if key in _NO_HEAD_KEYS:
            cure = f"a section '# {SECTIONS[key]}'" if key in SECTIONS else "the key 'id'"
            body.faults.append((line + head.lines[(key,)], f"'{key}' is not a key of the head: use {cure}"))
        elif key == "option_notes":
            notes = content
        elif content is not None:
            value[_HEAD_NAMES.get(key, key)] = content
    value |= body.values
    _resolve_markers(value, body)
    if notes is not None:
        cause = _add_notes(notes, value.get("options", []))
        if cause:
            body.faults.append((line + head.lines[("option_notes",)], cause))
    return value


def _resolve_markers(value: dict[str, Any], body: Body) -> None:
    """Put the statements that the markers name into the options, whole, as the head gives them."""
    known: dict[str, list[Any]] = {}
    links = value.get("statements")
    for link in links if isinstance(links, list) else []:
        if isinstance(link, dict) and isinstance(link.get("id"), str):
            known.setdefault(link["id"], []).append(link)
            known.setdefault(f"{link.get('article')}/{link['id']}", []).append(link)
    for index, markers in enumerate(body.markers):
        for marker in markers:
            found = known.get(marker, [])
            if len(found) == 1:
                value["options"][index].setdefault("statements", []).append(found[0])
                continue
            what = "more than one statement: write [@article/id]" if found else "no statement that the head lists"
            body.faults.append((body.lines[index], f"option {index + 1}: [@{marker}] names {what}"))


def _add_notes(notes: object, options: list[dict[str, Any]]) -> str:
    """Merge the head's notes on options into them; return what is wrong, if anything is."""
    if not isinstance(notes, list):
        return "option_notes must be a list"
    for note in notes:
        number = note.get("option") if isinstance(note, dict) else None
        if not (isinstance(number, str) and number.isascii() and number.isdigit() and len(number) < 4):
            return "each of the option_notes names its 'option' by number, counting from 1"
        if not 1 <= int(number) <= len(options):
            return f"option_notes: there is no option {number}"
        unknown = set(note) - {"option", "origin", "needs_expert", "statements"}
        if unknown:
            return f"option_notes: '{min(unknown)}' is not one of origin, needs_expert, statements"
        options[int(number) - 1] |= {key: note[key] for key in note if key != "option"}
    return ""


def _line_of(path: tuple[str | int, ...], head: Document, body: Body, line: int) -> int:
    if len(path) > 1 and path[0] == "options" and isinstance(path[1], int):
        return body.lines.get(path[1], line)
    if path and path[0] in body.lines:
        return body.lines[path[0]]
    said = (_FIELD_NAMES.get(str(path[0]), path[0]), *path[1:]) if path else ()
    return line + head.line_of(said)


def write(items: Iterable[ItemRecord]) -> Iterator[bytes]:
    """Yield each item as a part of one file. Line ends become LF; NUL or half characters raise `ValueError`."""
    for count, item in enumerate(items):
        text = "\n".join(_item_lines(item)) + "\n"
        try:
            if "\0" in text:
                raise ValueError("a text holds a NUL character")
            yield ("\n" + text if count else text).encode("utf-8")
        except ValueError as error:
            raise ValueError(f"item {item.name} cannot be written: {error}") from None


def _item_lines(item: ItemRecord) -> list[str]:
    value = value_of(item)
    sections = {name: value.pop(name, None) for name in SECTIONS}
    names = _marker_names(item)
    notes = [note for index in range(len(item.options)) if (note := _note(item, index, names))]
    head = {_FIELD_NAMES.get(key, key): content for key, content in value.items()}
    if notes:
        head["option_notes"] = notes
    lines = ["---", *head_lines(head), "---"]
    for name, heading in SECTIONS.items():
        if name == "options":
            lines += ["", f"# {heading}"]
            for index in range(len(item.options)):
                lines += ["", *_option_lines(item, index, names)]
        elif sections[name] is not None:
            lines += ["", f"# {heading}", "", *escape_section(_line_ends(sections[name]))]
    return lines


def _marker_names(item: ItemRecord) -> dict[Any, str]:
    """Return the marker of each statement of the item that one marker names without doubt."""
    names: dict[Any, str] = {}
    for link in item.statements:
        short = sum(other.id == link.id for other in item.statements) == 1
        name = link.id if short else f"{link.article}/{link.id}"
        same = sum(f"{other.article}/{other.id}" == name for other in item.statements)
        if (short and same == 0) or (not short and same == 1):
            names[link] = name
    return names


def _marks(item: ItemRecord, index: int, names: dict[Any, str]) -> str | None:
    """Return the markers that stand for an option's statements, or None where only a note can hold them."""
    option = item.options[index]
    rationale = _line_ends(option.rationale or "")
    if not option.statements or not rationale or rationale != rationale.rstrip():
        return None
    if any(link not in names for link in option.statements):
        return None
    marks = "".join(f" [@{names[link]}]" for link in option.statements)
    wanted = tuple(names[link] for link in option.statements)
    return marks if take_markers(hide_marker(rationale) + marks) == (rationale, wanted) else None


def _note(item: ItemRecord, index: int, names: dict[Any, str]) -> dict[str, Any]:
    option = value_of(item)["options"][index]
    note = {key: option[key] for key in ("origin", "needs_expert") if key in option}
    if "statements" in option and _marks(item, index, names) is None:
        note["statements"] = option["statements"]
    return {"option": index + 1, **note} if note else {}


def _option_lines(item: ItemRecord, index: int, names: dict[Any, str]) -> list[str]:
    option = item.options[index]
    first, *rest = escape_option(_line_ends(option.text))
    lines = [
        f"- [{'x' if option.key else ' '}] {first}".rstrip(" ")
        if not first
        else f"- [{'x' if option.key else ' '}] {first}"
    ]
    lines += [f"  {line}" if line else "" for line in rest]
    if option.rationale is not None:
        rationale = hide_marker(_line_ends(option.rationale)) + (_marks(item, index, names) or "")
        lines += ["", *(f"  > {line}" if line else "  >" for line in rationale.split("\n"))]
    return lines


def _line_ends(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")
