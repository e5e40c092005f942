"""One row of a table and the item it holds. Cells are text; texts of items are Markdown.

Lists stand in one cell with ``;`` between the entries, references one a line. What a person would not write by
hand (statement links with their quotes, notes on options, a reference in parts) is JSON. Cells that a spreadsheet
would take for a formula get an apostrophe in front on the way out, and lose it on the way in.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from qbank.exchange.shape import ShapeError, record_of, value_of
from qbank.exchange.table_columns import CODES, ONES, STRUCTURED, TEXTS, HeaderMap
from qbank.items.record import ItemRecord

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_FORMULA = re.compile(r"'*[=+\-@\t\r\n＝＋－＠]")
_DEFUSED = re.compile(r"'+[=+\-@\t\r\n＝＋－＠]")
_YES = {"true", "yes", "1", "x", "y"}
_NO = {"false", "no", "0", "n", ""}
_TRAILERS = (
    ("pmid", re.compile(r"[\s.;,]*\bPMID:?\s*(\d{1,9})\.?\s*\Z", re.IGNORECASE)),
    ("doi", re.compile(r"[\s.;,]*(?:\bdoi:\s*|https?://(?:dx\.)?doi\.org/)(10\.\d{4,9}/\S+?)\.?\s*\Z", re.IGNORECASE)),
    ("url", re.compile(r"[\s.;,]*(https?://[^\s]+)\s*\Z")),
)


class RowError(ValueError):
    """The row is no item; the message names the column, the cause and the cure."""


def defuse(cell: str) -> str:
    """Return a cell that no spreadsheet takes for a formula."""
    return "'" + cell if _FORMULA.match(cell) else cell


def restore(cell: str) -> str:
    """Return the text of a cell that `defuse` or a spreadsheet has put an apostrophe in front of."""
    return cell[1:] if _DEFUSED.match(cell) else cell


@dataclass(slots=True)
class _Cells:
    """The cells of one row by their meaning."""

    head: HeaderMap
    fields: dict[str, str] = field(default_factory=dict)
    options: dict[int, str] = field(default_factory=dict)
    rationales: dict[int, str] = field(default_factory=dict)
    distractors: dict[int, str] = field(default_factory=dict)


def record_of_row(cells: Sequence[str], head: HeaderMap, line: int) -> ItemRecord:
    """Return the item of one row; raise `RowError` where it holds none."""
    row = _sorted_cells(cells, head)
    value: dict[str, Any] = {}
    for name in TEXTS:
        if text := row.fields.get(name, ""):
            value[name] = text
    for name in ONES:
        if text := row.fields.get(name, "").strip():
            value[name] = text.lower() if name in {"status", "difficulty"} else text
    for name in CODES:
        if text := row.fields.get(name, ""):
            value[name] = split_list(text)
    value.setdefault("stem", "")
    if not value["stem"].strip() and not value.get("lead_in"):
        raise RowError(f"the column '{head.header('stem')}' is empty: write the question there")
    value["shuffle"] = _yes_no(row)
    value["options"] = _options(row)
    _structured(row, value)
    try:
        return record_of(value, line, names={"stem": head.header("stem")})
    except ShapeError as error:
        raise RowError(error.cause) from None


def _sorted_cells(cells: Sequence[str], head: HeaderMap) -> _Cells:
    row = _Cells(head)
    kinds = {"option": row.options, "rationale": row.rationales, "distractor": row.distractors}
    for index, column in head.columns.items():
        cell = restore(cells[index]) if index < len(cells) else ""
        cell = cell.replace("\r\n", "\n").replace("\r", "\n")
        if not cell:
            continue
        if column.field in kinds:
            kinds[column.field][column.place] = cell
        else:
            row.fields[column.field] = cell
    beyond = [cell for cell in cells[len(head.headers) :] if cell.strip()]
    if beyond:
        raise RowError(f"there are more cells than columns ('{beyond[0][:40]}'): quote texts that hold the delimiter")
    return row


def _yes_no(row: _Cells) -> bool:
    text = row.fields.get("shuffle", "").strip().lower()
    if text in _YES or text in _NO:
        return text in _YES
    raise RowError(f"the column '{row.head.header('shuffle')}' must say true or false, not '{text[:40]}'")


def _options(row: _Cells) -> list[dict[str, Any]]:
    if row.distractors and not row.options:
        return _key_and_distractors(row)
    last = max([*row.options, *row.rationales, *_noted(row.fields.get("option_notes", ""))], default=0)
    for name in ("key", "answer"):
        if name in row.fields:
            keys = _keys(row, name, last)
            break
    else:
        keys = set()
    last = max([last, *keys])
    return [
        {"text": row.options.get(place, ""), "key": place in keys, "rationale": row.rationales.get(place)}
        for place in range(1, last + 1)
    ]


def _noted(cell: str) -> list[int]:
    """Return the options that notes are on: they exist, though their texts may be empty."""
    places = [int(place) for place in re.findall(r'(?m)^\{"option": (\d{1,2})\b', cell)]
    return [place for place in places if place <= len(LETTERS)]


def _key_and_distractors(row: _Cells) -> list[dict[str, Any]]:
    """Return the options of a table with one column for the right answer and others for the wrong ones."""
    key = row.fields.get("answer", row.fields.get("key", ""))
    if not key.strip():
        raise RowError(f"the column '{row.head.header('answer')}' is empty: write the right answer there")
    texts = [row.distractors[place] for place in sorted(row.distractors)]
    return [{"text": key, "key": True}, *({"text": text, "key": False} for text in texts)]


def _keys(row: _Cells, name: str, last: int) -> set[int]:
    """Return the places that a key names: by letters, by numbers or by an option's own text."""
    said = row.fields[name].strip()
    by_text = {place for place, text in row.options.items() if text.strip().casefold() == said.casefold()}
    parts = [part for part in re.split(r"[\s,;&/+]+|\band\b", said) if part]
    by_place = {_place(part.strip("().")) for part in parts}
    by_place = by_place if by_place and by_place <= set(range(1, max(last, len(LETTERS)) + 1)) else set()
    if name == "key" and by_place:
        return by_place
    by_place = {place for place in by_place if place <= last} if len(by_place) == len(parts) else set()
    if by_text and by_place and by_text != by_place:
        raise RowError(f"'{said[:40]}' in '{row.head.header(name)}' is an option's text and another's letter or "
                       "number: call the column 'key' and write letters")  # fmt: skip
    if len(by_text) > 1:
        raise RowError(f"'{said[:40]}' in '{row.head.header(name)}' is the text of several options: write the letter")
    if not by_text and not by_place:
        raise RowError(f"'{said[:40]}' in '{row.head.header(name)}' names no option: write a letter, as in 'B'")
    return by_text or by_place


def _place(part: str) -> int:
    if len(part) == 1 and part.upper() in LETTERS:
        return LETTERS.index(part.upper()) + 1
    return int(part) if re.fullmatch(r"[1-9]\d?", part) else 0


def _structured(row: _Cells, value: dict[str, Any]) -> None:
    for name in STRUCTURED:
        cell = row.fields.get(name, "")
        if not cell.strip():
            continue
        entries = [_entry(line, name, row) for line in cell.split("\n") if line.strip()]
        if name == "option_notes":
            _add_notes(entries, value["options"], row.head.header(name))
        else:
            value[name] = entries


def _entry(line: str, name: str, row: _Cells) -> object:
    if line.lstrip().startswith("{"):
        try:
            return json.loads(line)
        except (ValueError, RecursionError):
            raise RowError(f"the column '{row.head.header(name)}' holds a line that is not JSON: {line[:40]}") from None
    return _reference(line.strip()) if name == "references" else line.strip()


def _reference(line: str) -> dict[str, Any]:
    """Return a reference written as one line: its title, with the PMID, DOI and address at its end apart."""
    found: dict[str, Any] = {}
    for name, pattern in _TRAILERS:
        if (match := pattern.search(line)) and match.start() > 0:
            found[name] = match[1]
            line = line[: match.start()]
    return {"title": line, **found}


def _add_notes(notes: Sequence[object], options: list[dict[str, Any]], header: str) -> None:
    for note in notes:
        number = note.get("option") if isinstance(note, dict) else None
        if not isinstance(note, dict) or not isinstance(number, int) or not 1 <= number <= len(options):
            raise RowError(f"the column '{header}': each line is JSON and names its \"option\" by number")
        unknown = set(note) - {"option", "origin", "needs_expert", "statements"}
        if unknown:
            raise RowError(
                f"the column '{header}': '{min(unknown)[:40]}' is not one of origin, needs_expert, statements"
            )
        options[number - 1] |= {key: entry for key, entry in note.items() if key != "option"}


def split_list(cell: str) -> list[str]:
    """Return the entries of a list in one cell, parted by ``;`` or line ends; ``\\;`` belongs to an entry."""
    parts = re.split(r"[;\n]", _hold(cell))
    return [entry for part in parts if (entry := _release(part.strip()))]


def join_list(entries: Sequence[str]) -> str:
    """Return a list as one cell, the inverse of `split_list`."""
    folded = (" ".join(entry.split()) for entry in entries)
    return "; ".join(re.sub(r"[\\;]", r"\\\g<0>", entry) for entry in folded if entry)


def _hold(cell: str) -> str:
    return cell.replace("\\\\", "\0b").replace("\\;", "\0s")


def _release(part: str) -> str:
    return part.replace("\0s", ";").replace("\0b", "\\")


def cells_of(record: ItemRecord) -> dict[str, str]:
    """Return an item as cells by the names of `table_columns.heads`, not yet defused."""
    value = value_of(record)
    cells = {name: value[name] for name in TEXTS if value.get(name)}
    cells |= {name: str(value[name]).strip() for name in ONES if value.get(name)}
    cells["status"] = record.status
    cells["shuffle"] = "true" if record.shuffle else ""
    cells |= {name: join_list(value[name]) for name in CODES if value.get(name)}
    keys = []
    notes = []
    for place, option in enumerate(value["options"], start=1):
        cells[f"option_{place}"] = option["text"]
        cells[f"rationale_{place}"] = option.get("rationale") or ""
        if option.get("key"):
            keys.append(LETTERS[place - 1])
        note = {key: option[key] for key in ("origin", "needs_expert", "statements") if key in option}
        if note:
            notes.append({"option": place, **note})
    cells["key"] = ", ".join(keys)
    cells["option_notes"] = "\n".join(_json(note) for note in notes)
    cells["statements"] = "\n".join(_json(link) for link in value.get("statements", []))
    cells["references"] = "\n".join(_written_reference(entry) for entry in value.get("references", []))
    return {name: cell.replace("\r\n", "\n").replace("\r", "\n") for name, cell in cells.items() if cell}


def _written_reference(entry: Mapping[str, Any]) -> str:
    title = entry["title"]
    simple = set(entry) == {"title"} and title.strip() == title and "\n" not in title and not title.startswith("{")
    return title if simple and title and _reference(title) == entry else _json(entry)


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def option_places(cells: Mapping[str, str]) -> int:
    """Return how many option columns a row needs."""
    places = [int(name.rpartition("_")[2]) for name in cells if re.fullmatch(r"(?:option|rationale)_\d+", name)]
    letters = [LETTERS.index(letter) + 1 for letter in re.findall(r"[A-Z]", cells.get("key", ""))]
    return max([*places, *letters, *_noted(cells.get("option_notes", ""))], default=0)


def cannot_hold(record: ItemRecord) -> str:
    """Return why an item cannot be a row, "" where it can."""
    if not record.stem.strip() and not record.lead_in:
        return "it has no stem"
    if len(record.options) > len(LETTERS):
        return f"it has more than {len(LETTERS)} options"
    text = json.dumps(value_of(record), ensure_ascii=False)
    if "\\u0000" in text and any("\0" in cell for cell in cells_of(record).values()):
        return "a text holds a NUL character"
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return "a text holds half of a character"
    return ""


def loses(record: ItemRecord) -> list[str]:
    """Return what of an item is not in its row, in words."""
    lost = []
    last = record.options[-1] if record.options else None
    if last is not None and not (last.text or last.key or last.rationale or last.statements or last.origin):
        lost.append("empty options at the end")
    if record.media:
        lost.append("the image files: their names stay")
    return lost
