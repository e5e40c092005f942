"""Items of 1.2, after `names.simplify`: as Canvas, Blackboard, Brightspace and plain 1.2 programs write them."""

from __future__ import annotations

import html
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from lxml import etree

from qbank.exchange.plain_markdown import from_plain
from qbank.exchange.qti.gathering import Gathered, GatheredOption, UnreadableItemError, UnsupportedTypeError
from qbank.exchange.qti.xhtml import Image, html_to_markdown, markdown_of

_CHOICE_TYPES = {
    "multiple_choice_question", "true_false_question", "multiple_answers_question",  # Canvas
    "multiple choice", "true/false", "multiple answer", "either/or",  # Blackboard
    "multi-select", "cc.multiple_choice.v0p1", "cc.multiple_response.v0p1", "cc.true_false.v0p1",  # and cartridges
}  # fmt: skip
_TYPE_LABELS = {"question_type", "qmd_questiontype", "cc_profile"}
_RESPONSES = ("response_lid", "response_str", "response_num", "response_xy", "response_grp", "response_extension")
_LOOKS_LIKE_HTML = re.compile(r"</?(?:p|br|b|i|u|em|strong|span|div|sub|sup|img|ul|ol|li|table|font|a)\b[^<>]*>", re.I)
_MEDIA = {"mataudio": "a sound", "matvideo": "a video", "matapplet": "an applet", "matapplication": "a file"}


def read_item(item: etree._Element, image: Image) -> Gathered:
    """Return what an ``item`` says. Raises `UnsupportedTypeError` and `UnreadableItemError`."""
    presentation = item.find("presentation")
    if presentation is None:
        raise UnreadableItemError("the item has no presentation")
    response = _response(item, presentation)
    gathered = Gathered(identifier=_identifier(item))
    texts = _Texts(gathered, image)
    gathered.stem.append(texts.markdown(_before(presentation)))
    for render in response.iter("render_choice"):
        gathered.shuffle = (render.get("shuffle") or "").lower() == "yes"
    for label in response.iter("response_label"):
        gathered.add_option(GatheredOption(label.get("ident") or "", texts.markdown(label.iter())))
    scoring = _Scoring({option.identifier for option in gathered.options})
    for condition in item.iter("respcondition"):
        scoring.add(condition)
    keys = scoring.keys((response.get("rcardinality") or "").lower() == "multiple")
    gathered.mark_keys(keys)
    if scoring.partial:
        gathered.remark("points other than all or nothing were left out: the bank scores the key only")
    for feedback in item.iter("itemfeedback"):
        _place(feedback, gathered, scoring, keys, texts)
    return gathered


def _identifier(item: etree._Element) -> str:
    own = item.find(".//bbmd_asi_object_id")
    return item.get("ident") or (own.text or "" if own is not None else "")


def _response(item: etree._Element, presentation: etree._Element) -> etree._Element:
    """Return the one list of choices; anything else is a type of its own, by the name that the file gives it."""
    named = _type(item)
    responses = [part for part in presentation.iter() if part.tag in _RESPONSES]
    lists = [part for part in responses if part.tag == "response_lid" and part.find(".//render_choice") is not None]
    if named and named.lower() not in _CHOICE_TYPES:
        raise UnsupportedTypeError(named)
    if len(responses) == 1 and len(lists) == 1:
        return lists[0]
    if not responses:
        raise UnsupportedTypeError("no response (information only)")
    names = {str(part.tag) for part in responses}
    if names <= {"response_str", "response_num"}:
        raise UnsupportedTypeError(f"free text or number ({', '.join(sorted(names))})")
    if len(lists) > 1:
        raise UnsupportedTypeError(f"matching, or several questions in one item ({len(responses)} responses)")
    raise UnsupportedTypeError(f"no list of options ({', '.join(sorted(names))})")


def _type(item: etree._Element) -> str:
    for entry in item.iter("qtimetadatafield"):
        label, value = entry.find("fieldlabel"), entry.find("fieldentry")
        if label is not None and (label.text or "").strip() in _TYPE_LABELS and value is not None:
            return (value.text or "").strip()
    named = item.find(".//bbmd_questiontype")
    return (named.text or "").strip() if named is not None else ""


def _before(presentation: etree._Element) -> Iterator[etree._Element]:
    """Yield the elements of the question, without those of its responses."""
    for child in presentation:
        if child.tag in _RESPONSES:
            continue
        yield child
        if child.tag in {"flow", "flow_mat", "material", "mat_extension"}:
            yield from _before(child)


class _Texts:
    """Turns ``material`` into Markdown."""

    def __init__(self, gathered: Gathered, image: Image) -> None:
        self.gathered = gathered
        self.image = image

    def markdown(self, elements: Iterator[etree._Element]) -> str:
        """Return the texts and images among these elements, one paragraph each."""
        parts = [self.part(element) for element in elements]
        return "\n\n".join(part for part in parts if part)

    def part(self, element: etree._Element) -> str:
        tag = str(element.tag)
        if tag in {"mattext", "mat_formattedtext"}:
            return self.text(element)
        if tag == "matimage":
            source, label = element.get("uri") or "", element.get("label") or ""
            tag = f'<img src="{html.escape(source)}" alt="{html.escape(label)}">'
            return html_to_markdown(tag, self.image, self.gathered.remark) if source else ""
        if tag in _MEDIA:
            self.gathered.remark(f"{_MEDIA[tag]} was left out: items hold text and images")
        return ""

    def text(self, element: etree._Element) -> str:
        if len(element):  # XHTML right inside
            return markdown_of(element, self.image, self.gathered.remark)
        text = element.text or ""
        kind = (element.get("texttype") or element.get("type") or "").lower()
        if "rtf" in kind:
            self.gathered.remark("a text in RTF was left out: export it as HTML")
            return ""
        if "html" in kind or kind == "smart_text" or _LOOKS_LIKE_HTML.search(text):
            return html_to_markdown(text, self.image, self.gathered.remark)
        return from_plain(text)


@dataclass(slots=True)
class _Scoring:
    """What the response conditions say: points of each option, and which feedback they show."""

    options: set[str]
    points: dict[str, float] = field(default_factory=dict)
    shown_for: dict[str, set[str]] = field(default_factory=dict)  # feedback -> options
    shown_otherwise: set[str] = field(default_factory=set)
    partial: bool = False

    def add(self, condition: etree._Element) -> None:
        """Note one ``respcondition``."""
        chosen = {name for test in condition.iter("varequal") if (name := self.option(test)) and not _negated(test)}
        points = _points(condition)
        for name in chosen:
            if points is not None:
                self.points[name] = max(points, self.points.get(name, points))
        for shown in condition.iter("displayfeedback"):
            feedback = shown.get("linkrefid") or ""
            if chosen:
                self.shown_for.setdefault(feedback, set()).update(chosen)
            else:
                self.shown_otherwise.add(feedback)

    def option(self, test: etree._Element) -> str:
        """Return the option that a test names; Blackboard writes some as the response's own name."""
        named = (test.text or "").strip() or (test.get("respident") or "")
        return named if named in self.options else ""

    def keys(self, multiple: bool) -> set[str]:
        """Return the options with the most points; with several answers to choose, all that gain points."""
        best = max(self.points.values(), default=0.0)
        if best <= 0:
            return set()
        self.partial = any(points not in {0.0, best} for points in self.points.values())
        return {name for name, points in self.points.items() if points == best or (multiple and points > 0)}


def _negated(test: etree._Element) -> bool:
    return any(True for _ in test.iterancestors("not"))


def _points(condition: etree._Element) -> float | None:
    """Return the points that a condition gives, None where it gives none of any kind."""
    for variable in condition.iter("setvar"):
        text = (variable.text or "").strip()
        if text.lower().endswith(".max"):
            return 1.0
        try:
            points = float(text)
        except ValueError:
            continue
        if math.isfinite(points):
            return points
    return 1.0 if (condition.get("title") or "").lower() == "correct" else None


def _place(feedback: etree._Element, gathered: Gathered, scoring: _Scoring, keys: set[str], texts: _Texts) -> None:
    """Give one feedback to the options that it is shown for, else to the explanation."""
    name = feedback.get("ident") or ""
    text = texts.markdown(feedback.iter())
    if not text:
        return
    targets = scoring.shown_for.get(name, set())
    if not targets and name not in scoring.shown_otherwise:
        targets = {name.removesuffix("_fb")} & scoring.options
    if targets and targets != scoring.options and (len(targets) == 1 or targets <= keys):
        for target in sorted(targets):
            gathered.add_rationale(target, text)
        return
    if "incorrect" in name.lower():
        gathered.remark("feedback for every wrong answer became part of the explanation")
    gathered.explain(text)
