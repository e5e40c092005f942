"""Aiken: a question, its options on lines "A. ..." or "A) ...", and "ANSWER: A". Plain text, one key.

The format asks for the question on one line; several lines are read as well. Questions need no blank line between
them, since each ends with its answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from qbank.exchange import lms
from qbank.exchange.gift import unwritable
from qbank.exchange.lines import Source, numbered_lines
from qbank.exchange.plain_markdown import from_plain, to_plain
from qbank.exchange.report import Outcome, Refused
from qbank.exchange.shape import ShapeError, record_of
from qbank.items.record import ItemRecord

MAX_RECORD_CHARS = 500_000
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_OPTION = re.compile(r"\s*([A-Za-z])[.)](?:\s+|\Z)(.*)")
_ANSWER = re.compile(r"\s*ANSWER\s*:\s*(.*?)\s*\Z", re.IGNORECASE)


@dataclass(slots=True)
class _Question:
    """The lines of one question as they come in."""

    line: int = 0
    stem: list[str] = field(default_factory=list)
    options: list[list[str]] = field(default_factory=list)
    fault: tuple[int, str] | None = None
    size: int = 0

    def add(self, number: int, text: str) -> None:
        """Take one line that is no answer line."""
        if not text.strip() and not self.line:
            return
        self.line = self.line or number
        self.size += len(text) + 1
        if self.size > MAX_RECORD_CHARS:
            self.blame(self.line, f"the question is longer than {MAX_RECORD_CHARS:,} characters; 'ANSWER:' is missing")
            return
        found = _OPTION.match(text)
        letter = LETTERS[len(self.options)] if len(self.options) < len(LETTERS) else ""
        if found and found[1].upper() == letter and (self.stem or self.options):
            self.options.append([found[2]])
        elif found and self.options and found[1].isupper():
            wanted = f"'{letter}.'" if letter else "'ANSWER:'"
            self.blame(number, f"'{found[1]}.' is out of order: {wanted} or 'ANSWER:' comes here")
        elif self.options and text.strip():
            self.options[-1].append(text)
        elif not self.options:
            self.stem.append(text)

    def blame(self, line: int, cause: str) -> None:
        """Note the first fault."""
        self.fault = self.fault or (line, cause)


def read(source: Source, name: str = "") -> Iterator[Outcome]:  # noqa: ARG001
    """Yield one outcome for each question. ``name`` is not needed; every format takes it."""
    number = 1
    question = _Question()
    for line in numbered_lines(source):
        answer = _ANSWER.match(line.text)
        if line.problem:
            question.line = question.line or line.number
            question.blame(line.number, line.problem)
        elif answer:
            yield _outcome(question, number, line.number, answer[1])
            number += 1
            question = _Question()
        elif "\0" in line.text:
            question.line = question.line or line.number
            question.blame(line.number, "the line holds a NUL character: remove it")
        else:
            question.add(line.number, line.text)
    if question.line:
        fault = question.fault or (question.line, "the question has no line 'ANSWER: A' behind its options: add it")
        yield Refused(number, *fault)


def _outcome(question: _Question, number: int, line: int, answer: str) -> Outcome:
    if question.fault:
        return Refused(number, *question.fault)
    letters = LETTERS[: len(question.options)]
    cause = ""
    if not question.line:
        cause = "there is no question before this answer"
    elif not question.options:
        cause = "the question has no options: write them on lines 'A. ...', 'B. ...'"
    elif not re.fullmatch(r"[A-Za-z][.)]?", answer):
        cause = f"'ANSWER: {answer[:40]}' must name one letter"
    elif answer[0].upper() not in letters:
        cause = f"'ANSWER: {answer[0]}' names no option: there are {', '.join(letters)}"
    if cause:
        return Refused(number, line, cause)
    key = letters.index(answer[0].upper())
    options = [
        {"text": from_plain("\n".join(text)), "key": index == key} for index, text in enumerate(question.options)
    ]
    try:
        return record_of({"stem": from_plain("\n".join(question.stem)), "options": options}, question.line)
    except ShapeError as error:
        return Refused(number, question.line, error.cause)


def write(items: Iterable[ItemRecord]) -> Iterator[bytes]:
    """Yield each item as a question in plain text. What `cannot_hold` names raises `ValueError` with its name."""
    for item in items:
        cause = cannot_hold(item)
        if cause:
            raise ValueError(f"item {item.name} cannot be written as Aiken: {cause}")
        lines = [_line(lms.question_text(item))]
        lines += [f"{letter}. {_line(option.text)}" for letter, option in zip(LETTERS, item.options, strict=False)]
        key = next(index for index, option in enumerate(item.options) if option.key)
        yield "\n".join([*lines, f"ANSWER: {LETTERS[key]}", "", ""]).encode("utf-8")


def _line(text: str) -> str:
    """Return a Markdown text as one line of plain text."""
    return " ".join(to_plain(text).replace("\ufeff", "").split())


def cannot_hold(record: ItemRecord) -> str:
    """Return why an item cannot be written at all, "" where it can."""
    keys = sum(option.key for option in record.options)
    if keys != 1:
        return f"it has {keys or 'no'} right options, and the format holds one"
    if len(record.options) > len(LETTERS):
        return f"it has more than {len(LETTERS)} options"
    cause = unwritable(record)
    if cause:
        return cause
    stem = _line(lms.question_text(record))
    if not stem:
        return "its question has no text"
    if _ANSWER.match(stem) or any(_ANSWER.match(_line(option.text)) for option in record.options):
        return "a text begins with 'ANSWER:', which ends a question in this format"
    return ""


def loses(record: ItemRecord) -> list[str]:
    """Return what of an item is not in the file, in words."""
    texts = [lms.question_text(record), *(option.text for option in record.options)]
    parts = {
        "emphasis, lists, tables and line breaks: the format is plain text": any(_line(t) != t for t in texts),
        "the explanation": record.explanation,
        "the rationales": any(option.rationale for option in record.options),
        "the id": record.external_id,
        "taxonomy, difficulty and tags": lms.tags_of(record) or lms.category(record),
        "the images": record.media,
        "that the options may be shuffled": record.shuffle,
    }
    return [*(what for what, held in parts.items() if held), *lms.common_losses(record)]
