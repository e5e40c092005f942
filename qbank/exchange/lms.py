"""What the formats of learning management systems have in common: one text, tags, fractions, text formats.

Such a question has one text where an item has vignette, stem and lead-in: writing joins them, reading gives a stem.
What these formats have no field for but can carry as a tag is written as one: ``system:``, ``discipline:``,
``task:``, ``difficulty:`` in front of the code, and the category as ``category:``, the question's own name, where
it is not its id or its beginning, as ``name:``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from qbank.exchange.html_markdown import Converted, Image, to_markdown
from qbank.exchange.plain_markdown import from_plain, to_plain
from qbank.exchange.report import Outcome, Problem, Refused
from qbank.exchange.shape import MAX_CODE, ShapeError, record_of
from qbank.items.record import ItemRecord

_FIELDS = {"system": "systems", "discipline": "disciplines", "task": "tasks"}
_DIFFICULTIES = ("easy", "medium", "hard")
_TAG = re.compile(r"</?[a-zA-Z][a-zA-Z0-9]*(?:\s[^<>]*)?/?>|&(?:#\d+|#x[0-9a-fA-F]+|[a-zA-Z]+);")
_NAME_CHARS = 60


@dataclass(slots=True)
class Draft:
    """A question while it is read: values of the item, and remarks on what had to be changed."""

    number: int
    line: int
    values: dict[str, Any] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)

    def remark(self, message: str) -> None:
        """Note something a person should know, once."""
        if message not in self.remarks:
            self.remarks.append(message)

    def outcomes(self) -> list[Outcome]:
        """Return the item, or why there is none, with the remarks behind an item."""
        try:
            record = record_of({key: value for key, value in self.values.items() if value is not None}, self.line)
        except ShapeError as error:
            return [Refused(self.number, self.line, error.cause, str(self.values.get("external_id") or ""))]
        return [record, *(Problem(self.number, self.line, remark) for remark in self.remarks)]


def text_of(text: str, kind: str, image: Image | None = None) -> Converted:
    """Return a text as Markdown; ``kind`` is "html", "markdown", "plain", or "moodle" (plain with HTML in it)."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if kind == "markdown":
        return Converted(tidy(text))
    if kind == "html":
        return to_markdown(text, image)
    if kind == "moodle" and _TAG.search(text):
        return to_markdown(text.strip().replace("\n", "<br>\n"), image)
    return Converted(from_plain(text))


def tidy(text: str | None) -> str:
    """Return a Markdown text without white space around it: these formats do not keep it."""
    return (text or "").replace("\r\n", "\n").replace("\r", "\n").strip()


def shows_itself(text: str) -> bool:
    """Say whether a tidy text is the same read as Markdown and as plain text with HTML in it."""
    return not _TAG.search(text) and from_plain(text) == text


def question_text(record: ItemRecord) -> str:
    """Return vignette, stem and lead-in as one Markdown text."""
    return "\n\n".join(part for part in map(tidy, (record.vignette, record.stem, record.lead_in)) if part)


def short_name(record: ItemRecord) -> str:
    """Return the name that a question carries: from its tags, its id, or the beginning of its text."""
    named = _tagged(record, "name:")
    return named or record.external_id or _beginning(question_text(record))


def _beginning(text: str) -> str:
    plain = label(to_plain(text[:2_000]))
    return plain if len(plain) <= _NAME_CHARS else plain[:_NAME_CHARS].rstrip() + "..."


def category(record: ItemRecord) -> str:
    """Return the category's path, "" where the item has none."""
    return _tagged(record, "category:")


def _tagged(record: ItemRecord, prefix: str) -> str:
    return next((tag.removeprefix(prefix) for tag in record.tags if tag.startswith(prefix) and tag != prefix), "")


def tags_of(record: ItemRecord) -> list[str]:
    """Return the tags of a question: the item's own, and what else tags can carry."""
    carried = [f"{prefix}:{code}" for prefix, name in _FIELDS.items() for code in getattr(record, name)]
    if record.difficulty:
        carried.append(f"difficulty:{record.difficulty}")
    rest = list(record.tags)
    for prefix in ("category:", "name:"):
        first = prefix + _tagged(record, prefix)
        if first != prefix:
            rest.remove(first)
    return carried + rest


def set_labels(draft: Draft, name: str, path: str, tags: Iterable[str]) -> None:
    """Put a question's category, name and tags into the item's fields."""
    values: dict[str, list[str]] = {"tags": []}
    _add(draft, values["tags"], "category:", path)
    external_id = draft.values.get("external_id")
    if name and name not in {external_id, _beginning(draft.values.get("stem", ""))}:
        _add(draft, values["tags"], "name:", name)
    for tag in tags:
        prefix, _, code = tag.partition(":")
        if prefix in _FIELDS and code.strip():
            _add(draft, values.setdefault(_FIELDS[prefix], []), "", code)
        elif prefix == "difficulty" and code in _DIFFICULTIES and "difficulty" not in draft.values:
            draft.values["difficulty"] = code
        else:
            _add(draft, values["tags"], "", tag)
    draft.values |= values


def _add(draft: Draft, codes: list[str], prefix: str, text: str) -> None:
    code = label(text)
    if not code:
        return
    if len(prefix + code) > MAX_CODE:
        draft.remark(f"'{prefix}{code[:60]}...' is longer than {MAX_CODE} characters and is left out")
    else:
        codes.append(prefix + code)


def label(text: str) -> str:
    """Return a name or tag on one line of printable text."""
    kept = "".join(character for character in text if character.isprintable() or character.isspace())
    return " ".join(kept.split())


def set_options(draft: Draft, options: Sequence[dict[str, Any]], fractions: Sequence[float], *, single: bool) -> None:
    """Mark the keys by their per cent of the credit, and note credit that the bank does not keep."""
    full = [abs(fraction - 100) < 1e-3 for fraction in fractions]
    only_full = any(full) and (single or sum(fraction > 0 for fraction in fractions) == sum(full))
    keys = full if only_full else [fraction > 0 for fraction in fractions]
    for option, key in zip(options, keys, strict=True):
        option["key"] = key
    share = 100 / max(1, sum(keys))
    kept = [(100 if only_full else share) if key else 0 for key in keys]
    odd = [shown(given) for given, held in zip(fractions, kept, strict=True) if abs(given - held) > 0.01]
    if odd:
        draft.remark(f"partial credit and penalties are not kept: {', '.join(odd[:6])}")
    if not any(keys):
        draft.remark("no answer is marked as right")
    draft.values["options"] = list(options)


def shown(fraction: float) -> str:
    """Return a per cent as people write it: 50 %, -33.33 %."""
    return f"{fraction:.2f}".rstrip("0").rstrip(".") + " %"


def fraction_text(keys: int) -> str:
    """Return the share of one of several keys, with the five decimals that such formats use."""
    return f"{100 / keys:.5f}".rstrip("0").rstrip(".")


def note_left_out(draft: Draft, converted: Converted) -> str:
    """Return the text; what the Markdown has no place for becomes a remark."""
    for what in sorted(converted.left_out):
        draft.remark(f"{what} is left out, as an item has no place for it")
    return converted.text


def common_losses(record: ItemRecord) -> list[str]:
    """Return what any of these formats loses of an item, in words."""
    parts = {
        "the lead-in as a part of its own: it ends the question's text": record.lead_in,
        "the vignette as a part of its own: it begins the question's text": record.vignette,
        "the bank's own id": record.id,
        f"the status ({record.status}): what is read is a draft": record.status != "draft",
        "the objective": record.objective,
        "the references": record.references,
        "the links to statements": record.statements or any(option.statements for option in record.options),
        "where distractors come from": any(option.origin or option.needs_expert for option in record.options),
        "the enemies": record.enemies,
        "the doubt": record.doubt,
        "the drafting rule": record.rule,
    }
    return [what for what, held in parts.items() if held]
