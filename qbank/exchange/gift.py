"""GIFT, Moodle's text format: categories, ids and tags in comments, text formats, weights, feedback.

Questions are parted by blank lines. Multiple-choice and true/false questions become items; the other types are
reported by name. A comment may stand anywhere; ``[id:...]`` and ``[tag:...]`` in the comments right before a
question are its own. A blank line inside braces is forgiven where the braces close before any others open.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from qbank.exchange import lms
from qbank.exchange.html_markdown import HtmlError, images_of
from qbank.exchange.lines import Source, numbered_lines
from qbank.exchange.report import Outcome, Refused, Unsupported
from qbank.items.record import ItemRecord, OptionRecord

MAX_RECORD_CHARS = 1_000_000
_MAX_ANSWERS = 500
_MAX_COMMENT = 20_000  # characters of one comment that are looked through for labels
_ESCAPED = re.compile(r"\\([\\:#={}~n])")
_HELD = re.compile("\0([a-h])")  # stands for an escaped character while the structure is looked for
_HOLD = dict(zip("\\:#={}~n", "abcdefgh", strict=True))
_RELEASE = {letter: "\n" if sign == "n" else sign for sign, letter in _HOLD.items()}
_COMMENT = re.compile(r"\s*//")
_LABEL = re.compile(r"\[(id|tag):((?:[^\x00-\x1f\x7f\\\]]|\\.|\\(?=\])){0,400})\]")
_CATEGORY = re.compile(r"\s*\$CATEGORY:(.*)", re.IGNORECASE)
_COURSE = re.compile(r"\s*\$\w+\$/?")
_NAME = re.compile(r"::(.*?)::", re.DOTALL)
_PREFIX = re.compile(r"\s*\[(html|markdown|plain|moodle)\]", re.IGNORECASE)
_WEIGHT = re.compile(r"\s*%(-?\d{1,3}(?:\.\d{1,10})?)%")
_TRUE_FALSE = re.compile(r"\s*(T|TRUE|F|FALSE)\s*(?:#(.*))?\Z", re.IGNORECASE | re.DOTALL)


@dataclass(slots=True)
class _Chunk:
    """The lines of one question as they come in, comments apart."""

    line: int = 0
    category: str = ""
    lines: list[str] = field(default_factory=list)
    labels: list[tuple[str, str]] = field(default_factory=list)
    problem: tuple[int, str] | None = None
    size: int = 0

    def add(self, number: int, text: str) -> None:
        self.line = self.line or number
        self.size += len(text) + 1
        if "\0" in text:
            self.problem = self.problem or (number, "the line holds a NUL character: remove it")
        if self.size <= MAX_RECORD_CHARS:
            self.lines.append(text)

    @property
    def text(self) -> str:
        """Return the text with escaped characters set apart."""
        return _ESCAPED.sub(lambda found: "\0" + _HOLD[found[1]], "\n".join(self.lines))


def read(source: Source, name: str = "") -> Iterator[Outcome]:  # noqa: ARG001
    """Yield one outcome for each question, remarks behind it. ``name`` is not needed; every format takes it."""
    number = 0
    for number, chunk in enumerate(_joined(_chunks(source)), start=1):
        yield from _outcomes(chunk, number)


def _chunks(source: Source) -> Iterator[_Chunk]:
    chunk = _Chunk()
    path = ""
    for line in numbered_lines(source):
        found = _CATEGORY.match(line.text)
        if line.problem:
            chunk.problem = chunk.problem or (line.number, line.problem)
            chunk.add(line.number, "?")
        elif _COMMENT.match(line.text):
            chunk.labels += [
                (kind, text.replace("\\]", "]")) for kind, text in _LABEL.findall(line.text[:_MAX_COMMENT])
            ]
        elif found or not line.text.strip():
            if chunk.lines:
                yield chunk
            chunk = _Chunk()
            path = _path(found[1]) if found else path
        else:
            chunk.add(line.number, line.text.strip())
        chunk.category = path
    if chunk.lines:
        yield chunk


def _path(text: str) -> str:
    return lms.label(_COURSE.sub("", text, count=1)).removeprefix("top/").removeprefix("top")


def _joined(chunks: Iterable[_Chunk]) -> Iterator[_Chunk]:
    """Join what a blank line inside braces has parted."""
    held: _Chunk | None = None
    for chunk in chunks:
        if held is not None and _closes(chunk) and held.size + chunk.size <= MAX_RECORD_CHARS:
            held.lines += ["", *chunk.lines]
            held.size += chunk.size + 1
            held.problem = held.problem or chunk.problem
        else:
            if held is not None:
                yield held
            held = chunk
        if held.problem or not _open(held):
            yield held
            held = None
    if held is not None:
        yield held


def _open(chunk: _Chunk) -> bool:
    return chunk.text.count("{") > chunk.text.count("}")


def _closes(chunk: _Chunk) -> bool:
    text = chunk.text
    return "}" in text and "{" not in text[: text.index("}")] and not text.startswith("::")


def _outcomes(chunk: _Chunk, number: int) -> list[Outcome]:
    if chunk.problem:
        return [Refused(number, *chunk.problem)]
    if chunk.size > MAX_RECORD_CHARS:
        return [Refused(number, chunk.line, f"the question is longer than {MAX_RECORD_CHARS:,} characters")]
    try:
        return _question(chunk, number)
    except HtmlError as error:
        return [Refused(number, chunk.line, str(error))]
    except _GiftError as error:
        return [Refused(number, chunk.line, str(error))]


class _GiftError(ValueError):
    """The question breaks the format's rules; the message says how, and what mends it."""


def _question(chunk: _Chunk, number: int) -> list[Outcome]:
    text = chunk.text
    name = ""
    if found := _NAME.match(text):
        name = lms.label(_plain(found[1]))
        text = text[found.end() :]
    before, brace, rest = text.partition("{")
    answers, end, after = rest.partition("}")
    if not brace:
        if "}" in before:
            raise _GiftError("a '}' closes no '{': write it as '\\}' where it belongs to the text")
        return [Unsupported(number, chunk.line, "description")]
    if not end:
        raise _GiftError("the '{' of the answers is not closed: add '}', and leave no blank line before it")
    if "{" in answers + after or "}" in after:
        raise _GiftError("there is more than one pair of braces: write those of the text as '\\{' and '\\}'")
    answers, separator, general = _general_feedback(answers)
    kind = _kind(answers)
    if kind not in {"multichoice", "truefalse"}:
        return [Unsupported(number, chunk.line, kind)]
    draft = lms.Draft(number, chunk.line)
    form, before = _form(before, "moodle")
    stem = f"{before.rstrip()} _____ {after.strip()}" if after.strip() else before
    draft.values["stem"] = _converted(draft, stem, form)
    draft.values["explanation"] = (_text(draft, general, form) or None) if separator else None
    if kind == "truefalse":
        _true_false(draft, answers, form)
    else:
        _multiple_choice(draft, answers, form)
    _label(draft, chunk, name)
    return draft.outcomes()


def _general_feedback(answers: str) -> tuple[str, str, str]:
    """Part the answers from the feedback for all, which the last ``####`` begins."""
    before, separator, general = answers.rpartition("####")
    return (before, separator, general) if separator else (general, "", "")


def _kind(answers: str) -> str:
    """Return the question's type by its answers, in the order in which the format decides it."""
    text = answers.strip()
    if not text:
        return "essay"
    if text.startswith("#"):
        return "numerical"
    if "~" in text:
        return "multichoice"
    if _TRUE_FALSE.match(text):
        return "truefalse"
    if text.startswith("="):
        return "matching" if "->" in text else "shortanswer"
    raise _GiftError(f"the answers begin with '{_plain(text[:30])}': begin each with '=' (right) or '~' (wrong)")


def _true_false(draft: lms.Draft, answers: str, form: str) -> None:
    found = _TRUE_FALSE.match(answers)
    assert found is not None
    right = found[1].upper().startswith("T")
    if_wrong, _, if_right = (found[2] or "").partition("#")
    feedback = {True: _text(draft, if_right, form) or None, False: _text(draft, if_wrong, form) or None}
    draft.values["options"] = [
        {"text": "True", "key": right, "rationale": feedback[right]},
        {"text": "False", "key": not right, "rationale": feedback[not right]},
    ]


def _multiple_choice(draft: lms.Draft, answers: str, form: str) -> None:
    start, *parts = re.split(r"([=~])", answers)
    if start.strip():
        raise _GiftError(f"'{_plain(start.strip()[:30])}' stands before the first answer: begin it with '=' or '~'")
    if len(parts) > 2 * _MAX_ANSWERS:
        raise _GiftError(f"there are more than {_MAX_ANSWERS} answers")
    options: list[dict[str, Any]] = []
    fractions: list[float] = []
    for sign, content in zip(parts[::2], parts[1::2], strict=True):
        weight = _WEIGHT.match(content)
        fractions.append(float(weight[1]) if weight else 100.0 if sign == "=" else 0.0)
        text, _, feedback = (content[weight.end() :] if weight else content).partition("#")
        options.append({"text": _text(draft, text, form), "rationale": _text(draft, feedback, form) or None})
    lms.set_options(draft, options, fractions, single="=" in parts[::2])


def _label(draft: lms.Draft, chunk: _Chunk, name: str) -> None:
    ids = [lms.label(text) for kind, text in chunk.labels if kind == "id"]
    draft.values["external_id"] = next((text for text in ids if text), None)
    lms.set_labels(draft, name, chunk.category, [text for kind, text in chunk.labels if kind == "tag"])
    pictures = [draft.values["stem"], draft.values["explanation"] or ""]
    for option in draft.values["options"]:
        pictures += [option["text"], option["rationale"] or ""]
    draft.values["media"] = list(dict.fromkeys(image for text in pictures for image in images_of(text)))


def _form(text: str, inherited: str) -> tuple[str, str]:
    found = _PREFIX.match(text)
    return (found[1].lower(), text[found.end() :]) if found else (inherited, text)


def _text(draft: lms.Draft, text: str, inherited: str) -> str:
    """Return one text as Markdown; without a prefix of its own it has the format of the question's text."""
    form, text = _form(text, inherited)
    return _converted(draft, text, form)


def _converted(draft: lms.Draft, text: str, form: str) -> str:
    return lms.note_left_out(draft, lms.text_of(_plain(text).strip(), form))


def _plain(text: str) -> str:
    return _HELD.sub(lambda found: _RELEASE[found[1]], text)


def write(items: Iterable[ItemRecord]) -> Iterator[bytes]:
    """Yield each item as a question. What `cannot_hold` names raises `ValueError` with the item's name."""
    category = ""
    for item in items:
        cause = cannot_hold(item)
        if cause:
            raise ValueError(f"item {item.name} cannot be written as GIFT: {cause}")
        lines: list[str] = []
        path = lms.label(lms.category(item))
        if path != category:
            lines += [f"$CATEGORY: $course$/top/{path}".removesuffix("/"), ""]
            category = path
        yield "\n".join([*lines, *_comments(item), *_question_lines(item), "", ""]).encode("utf-8")


def cannot_hold(record: ItemRecord) -> str:
    """Return why an item cannot be written at all, "" where it can."""
    if not record.options:
        return "without options it would be read as an essay"
    return unwritable(record)


def unwritable(record: ItemRecord) -> str:
    """Return which text of an item no file can hold, "" where all can be written."""
    texts = [lms.question_text(record), record.explanation or "", record.external_id or "", *record.tags]
    texts += [part for option in record.options for part in (option.text, option.rationale or "")]
    if any("\0" in text for text in texts):
        return "a text holds a NUL character"
    if any("\ud800" <= character <= "\udfff" for text in texts if not text.isascii() for character in text):
        return "a text holds half of a character"
    return ""


def loses(record: ItemRecord) -> list[str]:
    """Return what of an item is not in the file, in words."""
    lost = lms.common_losses(record)
    if record.shuffle:
        lost.append("that the options may be shuffled")
    if record.media:
        lost.append("the image files: their names stay")
    if any(not _can_label(text) for text in _labels(record)):
        lost.append("an id or tag that ends with a backslash or is empty")
    return lost


def _labels(record: ItemRecord) -> list[str]:
    return [*([record.external_id] if record.external_id else []), *lms.tags_of(record)]


def _can_label(text: str) -> bool:
    text = lms.label(text)
    return bool(text) and not text.endswith("\\") and "\\]" not in text


def _comments(item: ItemRecord) -> list[str]:
    labels = [f"[id:{_labelled(item.external_id)}]"] if item.external_id and _can_label(item.external_id) else []
    labels += [f"[tag:{_labelled(tag)}]" for tag in lms.tags_of(item) if _can_label(tag)]
    return ["// " + " ".join(labels)] if labels else []


def _labelled(text: str) -> str:
    return lms.label(text).replace("]", "\\]")


def _question_lines(item: ItemRecord) -> list[str]:
    stem = lms.question_text(item)
    options = [(lms.tidy(option.text), lms.tidy(option.rationale)) for option in item.options]
    explanation = lms.tidy(item.explanation)
    texts = [stem, explanation, *(text for option in options for text in option)]
    form = "moodle" if all(lms.shows_itself(text) for text in texts) else "markdown"
    start = "[markdown]" if form == "markdown" or _PREFIX.match(stem) else ""
    lines = [f"::{_escape(lms.label(lms.short_name(item)))}::{start}{_escape(stem)}{{"]
    for option, sign in zip(options, _signs(item.options), strict=True):
        text, rationale = map(_written, option)
        lines.append(f"\t{sign}{text}" + (f"#{rationale}" if rationale else ""))
    if explanation:
        lines.append(f"\t####{_written(explanation)}")
    return [*lines, "}"]


def _signs(options: Sequence[OptionRecord]) -> list[str]:
    """Return the sign of each option: one key is ``=``; several, or one alone, are ``~`` with their weight."""
    keys = sum(option.key for option in options)
    right = "=" if keys == 1 and len(options) > 1 else f"~%{lms.fraction_text(keys)}%" if keys else ""
    return [right if option.key else "~" for option in options]


def _written(text: str) -> str:
    return ("[markdown]" if _PREFIX.match(text) else "") + _escape(text)


def _escape(text: str) -> str:
    return re.sub(r"[\\:#={}~]", r"\\\g<0>", text).replace("\n", "\\n")
