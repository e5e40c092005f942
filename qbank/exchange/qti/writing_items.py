"""One item as one ``assessmentItem`` document, in whichever version.

The stem is the item's body, the lead-in the interaction's prompt. The rationale of each option is modal feedback
under the option's own identifier; objective, explanation, references and statement links are one modal feedback
that is always shown. The tree is built with the names of 2.x and translated at the end.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from lxml import etree

from qbank.exchange.qti import evidence
from qbank.exchange.qti.dialects import Dialect
from qbank.exchange.qti.names import PREFIX, dashed
from qbank.exchange.qti.xhtml import blocks, fill, settled, without_bad_characters
from qbank.items.record import ItemRecord, OptionRecord

TOOL = "qbank"
VIGNETTE = "qbank-vignette"
OBJECTIVE = "qbank-objective"
EXPLANATION = "qbank-explanation"
EXPLANATION_ID = "explanation"
_XSI = "http://www.w3.org/2001/XMLSchema-instance"
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,99}")  # an NCName that every platform takes
_TITLE_CHARS = 60
_QTI = {
    "assessmentItem", "responseDeclaration", "correctResponse", "value", "outcomeDeclaration", "defaultValue",
    "itemBody", "choiceInteraction", "prompt", "simpleChoice", "responseProcessing", "responseCondition", "responseIf",
    "match", "variable", "correct", "setOutcomeValue", "baseValue", "modalFeedback", "contentBody",
    "assessmentStimulus", "stimulusBody", "assessmentStimulusRef",
}  # fmt: skip


def letter(index: int) -> str:
    """Return the identifier of an option by its place: A to Z, then Z26 and so on."""
    return chr(ord("A") + index) if index < 26 else f"Z{index}"


def identifier_of(item: ItemRecord) -> tuple[str, str | None]:
    """Return the item's identifier in the file, and its own id where that cannot be one."""
    name = item.external_id or item.id
    if name is None:
        said = "\0".join((item.vignette or "", item.stem, *(option.text for option in item.options)))
        return "item-" + hashlib.sha256(said.encode()).hexdigest()[:16], None
    if _IDENTIFIER.fullmatch(name):
        return name, None
    return "item-" + hashlib.sha256(name.encode()).hexdigest()[:16], name


def stimulus_of(item: ItemRecord) -> tuple[str, list[etree._Element]] | None:
    """Return identifier and blocks of an item's vignette; the same text has the same identifier."""
    parts = blocks(item.vignette or "")
    if not parts:
        return None
    digest = hashlib.sha256(settled(item.vignette or "").encode()).hexdigest()[:16]
    return f"stimulus-{digest}", parts


def stimulus_tree(identifier: str, parts: list[etree._Element]) -> etree._Element:
    """Return an ``assessmentStimulus`` with the names of 2.x."""
    root = etree.Element("assessmentStimulus", {"identifier": identifier, "title": "Vignette"})
    etree.SubElement(root, "stimulusBody").extend(parts)
    return root


def item_tree(item: ItemRecord, dialect: Dialect, stimulus: tuple[str, str] | None = None) -> etree._Element:
    """Return an ``assessmentItem`` with the names of 2.x; ``stimulus`` is identifier and path of its vignette."""
    identifier, own = identifier_of(item)
    if not blocks(item.stem):  # the question is all there is
        item = replace(item, stem=item.lead_in or "", lead_in=None)
    several = sum(option.key for option in item.options) > 1
    body = _body(item, several, inline_vignette=stimulus is None)
    root = etree.Element("assessmentItem", {"identifier": identifier, "title": _title(body, identifier)})
    if own is not None:
        root.set("label", without_bad_characters(own))
    root.set("adaptive", "false")
    root.set("timeDependent", "false")
    root.set("toolName", TOOL)
    feedback = [_option_feedback(option, index) for index, option in enumerate(item.options)]
    feedback = [entry for entry in feedback if entry is not None]
    closing = _explanation(item)
    _declare(root, item, several, bool(feedback), closing is not None)
    if stimulus is not None:
        name, path = stimulus
        etree.SubElement(root, "assessmentStimulusRef", {"identifier": name, "href": quote(path)})
    root.append(body)
    root.append(_processing(dialect, bool(feedback), closing is not None))
    root.extend([entry for entry in (*feedback, closing) if entry is not None])
    return root


def _title(body: etree._Element, identifier: str) -> str:
    """Return the question's first words, by which platforms list an item."""
    words = ""
    for block in body:
        if block.tag != "choiceInteraction":
            words = " ".join("".join(str(text) for text in block.itertext()).split())
        if words:
            break
    words = words or identifier
    return words if len(words) <= _TITLE_CHARS else words[: _TITLE_CHARS - 1] + "…"


def _declare(root: etree._Element, item: ItemRecord, several: bool, feedback: bool, closing: bool) -> None:
    cardinality = "multiple" if several else "single"
    response = _declaration(root, "responseDeclaration", "RESPONSE", cardinality, "identifier")
    keys = [letter(index) for index, option in enumerate(item.options) if option.key]
    if keys:
        correct = etree.SubElement(response, "correctResponse")
        for key in keys:
            etree.SubElement(correct, "value").text = key
    score = _declaration(root, "outcomeDeclaration", "SCORE", "single", "float")
    etree.SubElement(etree.SubElement(score, "defaultValue"), "value").text = "0"
    if feedback:
        _declaration(root, "outcomeDeclaration", "FEEDBACK", cardinality, "identifier")
    if closing:
        _declaration(root, "outcomeDeclaration", "EXPLANATION", "single", "identifier")


def _declaration(root: etree._Element, name: str, identifier: str, cardinality: str, base: str) -> etree._Element:
    attributes = {"identifier": identifier, "cardinality": cardinality, "baseType": base}
    return etree.SubElement(root, name, attributes)


def _body(item: ItemRecord, several: bool, *, inline_vignette: bool) -> etree._Element:
    body = etree.Element("itemBody")
    vignette = blocks(item.vignette or "") if inline_vignette else []
    if vignette:
        etree.SubElement(body, "div", {"class": VIGNETTE}).extend(vignette)
    body.extend(blocks(item.stem))
    interaction = etree.SubElement(
        body,
        "choiceInteraction",
        {
            "responseIdentifier": "RESPONSE",
            "shuffle": "true" if item.shuffle else "false",
            "maxChoices": "0" if several else "1",
        },
    )
    if blocks(item.lead_in or ""):
        fill(etree.SubElement(interaction, "prompt"), item.lead_in or "")
    for index, option in enumerate(item.options):
        fill(etree.SubElement(interaction, "simpleChoice", {"identifier": letter(index)}), option.text)
    return body


def _processing(dialect: Dialect, feedback: bool, closing: bool) -> etree._Element:
    """Return the scoring: one point for the key, and which feedback is shown."""
    if not (feedback or closing):
        return etree.Element("responseProcessing", {"template": dialect.match_correct})
    root = etree.Element("responseProcessing")
    branch = etree.SubElement(etree.SubElement(root, "responseCondition"), "responseIf")
    match = etree.SubElement(branch, "match")
    etree.SubElement(match, "variable", {"identifier": "RESPONSE"})
    etree.SubElement(match, "correct", {"identifier": "RESPONSE"})
    _set(branch, "SCORE", "float", "1")
    if feedback:
        shown = etree.SubElement(root, "setOutcomeValue", {"identifier": "FEEDBACK"})
        etree.SubElement(shown, "variable", {"identifier": "RESPONSE"})
    if closing:
        _set(root, "EXPLANATION", "identifier", EXPLANATION_ID)
    return root


def _set(parent: etree._Element, outcome: str, base: str, value: str) -> None:
    rule = etree.SubElement(parent, "setOutcomeValue", {"identifier": outcome})
    etree.SubElement(rule, "baseValue", {"baseType": base}).text = value


def _feedback(outcome: str, identifier: str) -> tuple[etree._Element, etree._Element]:
    root = etree.Element("modalFeedback", {"outcomeIdentifier": outcome, "identifier": identifier, "showHide": "show"})
    return root, etree.SubElement(root, "contentBody")


def _option_feedback(option: OptionRecord, index: int) -> etree._Element | None:
    root, body = _feedback("FEEDBACK", letter(index))
    body.extend(blocks(option.rationale or ""))
    if option.statements:
        body.append(evidence.statements_list(option.statements))
    return root if len(body) else None


def _explanation(item: ItemRecord) -> etree._Element | None:
    root, body = _feedback("EXPLANATION", EXPLANATION_ID)
    for kind, text in ((OBJECTIVE, item.objective), (EXPLANATION, item.explanation)):
        parts = blocks(text or "")
        if parts:
            etree.SubElement(body, "div", {"class": kind}).extend(parts)
    if item.references:
        body.append(evidence.references_list(item.references))
    if item.statements:
        body.append(evidence.statements_list(item.statements))
    return root if len(body) else None


def to_bytes(root: etree._Element, dialect: Dialect) -> bytes:
    """Return a tree with the names of 2.x as a document of the given version."""
    translated = _translated(root, dialect, None)
    location = f"{dialect.namespace} {dialect.schema}"
    translated.set(f"{{{_XSI}}}schemaLocation", location)
    return etree.tostring(translated, xml_declaration=True, encoding="UTF-8")


def _translated(element: etree._Element, dialect: Dialect, parent: etree._Element | None) -> etree._Element:
    """Copy a tree under the version's namespace and names. Items are nested no deeper than their Markdown."""
    name = str(element.tag)
    if name == "contentBody" and not dialect.dashed and parent is not None:
        target = parent  # 2.x has the content right inside the feedback
    else:
        ours = name in _QTI and dialect.dashed
        tag = f"{{{dialect.namespace}}}{PREFIX + dashed(name) if ours else name}"
        attributes = {dashed(str(key)) if ours else str(key): str(value) for key, value in element.attrib.items()}
        if parent is None:
            names: Any = {None: dialect.namespace, "xsi": _XSI}
            target = etree.Element(tag, attributes, nsmap=names)
        else:
            target = etree.SubElement(parent, tag, attributes)
        target.text, target.tail = element.text, element.tail
    for child in element:
        _translated(child, dialect, target)
    return target
