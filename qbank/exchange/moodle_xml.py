"""Moodle XML, read: multiple-choice and true/false questions with categories, tags, files, hints and feedback.

The other question types are reported by name. Moodle's settings for marking and layout (grade, penalty, numbering
of the answers, hidden) are no part of an item and are not read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from lxml import etree

from qbank.exchange import lms, moodle_write
from qbank.exchange.files import Files
from qbank.exchange.html_markdown import HtmlError
from qbank.exchange.lines import Source
from qbank.exchange.moodle_files import QuestionFiles
from qbank.exchange.report import Outcome, Refused, Unsupported
from qbank.exchange.safe_xml import UnsafeXmlError, stream
from qbank.items.record import ItemRecord

cannot_hold = moodle_write.cannot_hold
loses = moodle_write.loses

_TYPES = ("multichoice", "truefalse")
_FORMS = {"html": "html", "moodle_auto_format": "moodle", "plain_text": "plain", "markdown": "markdown"}
_COMBINED = ("correctfeedback", "partiallycorrectfeedback", "incorrectfeedback")
_USUAL = re.compile(r"your answer is (?:partially )?(?:correct|incorrect)\.?|", re.IGNORECASE)  # Moodle's own texts
_COURSE = re.compile(r"\s*\$\w+\$/?")


def read(source: Source, name: str = "", files: Files | None = None) -> Iterator[Outcome]:  # noqa: ARG001
    """Yield one outcome for each question, remarks behind it; images go to ``files``.

    A fault of the XML itself refuses the question it is in and ends the reading; what came before it is kept.
    """
    number = 0
    path = ""
    try:
        for element, line in stream(source, {"question"}, root="quiz"):
            if element.get("type") == "category":
                path = _path(element)
                continue
            number += 1
            yield from _outcomes(element, number, line, path, files)
    except UnsafeXmlError as error:
        yield Refused(number + 1, error.line, f"the file cannot be read from here on: {error}")


def write(items: Iterable[ItemRecord], files: Files | None = None) -> Iterator[bytes]:
    """Yield the parts of a file; images that ``files`` knows are embedded.

    What `cannot_hold` names raises `ValueError` with the item's name.
    """
    return moodle_write.write(items, files)


def _path(element: etree._Element) -> str:
    text = _COURSE.sub("", element.findtext("category/text") or "", count=1)
    return lms.label(text).removeprefix("top/").removeprefix("top")


def _outcomes(element: etree._Element, number: int, line: int, path: str, files: Files | None) -> list[Outcome]:
    kind = (element.get("type") or "").strip()
    if kind not in _TYPES:
        if kind:
            return [Unsupported(number, line, lms.label(kind)[:100] or "unknown")]
        return [Refused(number, line, 'the question has no type: add type="multichoice"')]
    draft = lms.Draft(number, line)
    try:
        _read_question(_Question(element, draft, files), path)
    except HtmlError as error:
        return [Refused(number, line, str(error))]
    return draft.outcomes()


class _Question:
    """One question's element, the draft that it becomes, and its files."""

    def __init__(self, element: etree._Element, draft: lms.Draft, files: Files | None) -> None:
        self.element = element
        self.draft = draft
        self.files = QuestionFiles(files, draft)

    def text(self, element: etree._Element | None) -> str:
        """Return the Markdown of an element with a ``text`` and, perhaps, files inside."""
        if element is None:
            return ""
        form = _FORMS.get(element.get("format", "html"), "html")
        here = self.files.take(element)
        text = element.findtext("text")
        if text is None:
            text = element.text or ""
        if form == "markdown":
            text = here.relink(text)
        return lms.note_left_out(self.draft, lms.text_of(text, form, here.image))


def _read_question(question: _Question, path: str) -> None:
    element, draft = question.element, question.draft
    values = draft.values
    values["external_id"] = lms.label(element.findtext("idnumber") or "") or None
    values["stem"] = question.text(element.find("questiontext"))
    _options(question)
    values["explanation"] = _explanation(question) or None
    values["shuffle"] = (element.findtext("shuffleanswers") or "0").strip().lower() in {"1", "true"}
    tags = [tag.findtext("text") or "" for tag in element.findall("tags/tag")]
    lms.set_labels(draft, lms.label(element.findtext("name/text") or ""), path, tags)
    values["media"] = question.files.names


def _options(question: _Question) -> None:
    options: list[dict[str, Any]] = []
    fractions: list[float] = []
    is_true_false = question.element.get("type") == "truefalse"
    for answer in question.element.findall("answer"):
        text = question.text(answer)
        if is_true_false:
            text = text.capitalize()
        options.append({"text": text, "rationale": question.text(answer.find("feedback")) or None})
        fractions.append(_fraction(answer.get("fraction", "0"), question.draft))
    single = (question.element.findtext("single") or "true").strip().lower() not in {"0", "false"}
    lms.set_options(question.draft, options, fractions, single=single or is_true_false)


def _fraction(text: str, draft: lms.Draft) -> float:
    if re.fullmatch(r"\s*-?\d{1,4}(?:\.\d{1,12})?\s*", text):
        return float(text)
    draft.remark(f"the fraction '{text[:20]}' is no per cent; the answer is taken as wrong")
    return 0.0


def _explanation(question: _Question) -> str:
    """Return the general feedback, with the hints behind it; combined feedback has no place."""
    parts = [question.text(question.element.find("generalfeedback"))]
    for hint in question.element.findall("hint"):
        if text := question.text(hint):
            parts.append(f"**Hint:** {text}")
            question.draft.remark("hints have no place of their own; they stand at the end of the explanation")
    for name in _COMBINED:
        text = question.text(question.element.find(name))
        if not _USUAL.fullmatch(text.strip()):
            question.draft.remark(f"{name} is left out, as an item has no place for it: '{text[:200]}'")
    return "\n\n".join(part for part in parts if part)
