"""Items of 2.0, 2.1, 2.2 and 3.0, after `names.simplify`: one ``assessmentItem`` each."""

from __future__ import annotations

from collections.abc import Callable

from lxml import etree

from qbank.exchange.qti import evidence
from qbank.exchange.qti.gathering import Gathered, GatheredOption, UnreadableItemError, UnsupportedTypeError
from qbank.exchange.qti.names import local_name
from qbank.exchange.qti.scoring import Scoring, read_scoring
from qbank.exchange.qti.writing_items import EXPLANATION, OBJECTIVE, TOOL, VIGNETTE
from qbank.exchange.qti.xhtml import Image, markdown_of

_AUTHORS_VIEWS = {"author", "scorer", "proctor", "testConstructor", "tutor"}
Stimulus = Callable[[str], etree._Element | None]


def read_item(root: etree._Element, image: Image, stimulus: Stimulus) -> Gathered:
    """Return what an ``assessmentItem`` says.

    ``image`` names an image's file in the bank, ``stimulus`` finds the body of a shared stimulus by its reference.
    Raises `UnsupportedTypeError` and `UnreadableItemError`.
    """
    body = root.find("itemBody")
    if body is None:
        raise UnreadableItemError("the item has no body")
    interaction = _interaction(root, body)
    reader = _Reader(root, image)
    reader.read_identity()
    reader.read_stimuli(stimulus)
    reader.read_rubrics()
    reader.read_inline_feedback(body)
    reader.read_choices(interaction)
    reader.read_body(body, interaction)
    reader.read_modal_feedback()
    return reader.gathered


def _interaction(root: etree._Element, body: etree._Element) -> etree._Element:
    """Return the one choice interaction; anything else is a type of its own."""
    found = [element for element in body.iter() if str(element.tag).endswith("Interaction")]
    names = sorted({str(element.tag) for element in found})
    if not found:
        raise UnsupportedTypeError("no interaction (information only)")
    if len(found) > 1:
        raise UnsupportedTypeError(f"several interactions in one item: {len(found)} of {', '.join(names)}")
    if names != ["choiceInteraction"]:
        raise UnsupportedTypeError(names[0])
    if root.get("adaptive") == "true":
        raise UnsupportedTypeError("adaptive item")
    if root.find("templateDeclaration") is not None or root.find("templateProcessing") is not None:
        raise UnsupportedTypeError("item template")
    return found[0]


class _Reader:
    def __init__(self, root: etree._Element, image: Image) -> None:
        self.root = root
        self.image = image
        self.gathered = Gathered()
        self.scoring = Scoring()

    def text(self, element: etree._Element) -> str:
        return markdown_of(element, self.image, self.gathered.remark)

    def read_identity(self) -> None:
        identifier = self.root.get("identifier") or ""
        if self.root.get("toolName") == TOOL and self.root.get("label"):
            identifier = self.root.get("label") or ""
        self.gathered.identifier = identifier

    def read_stimuli(self, stimulus: Stimulus) -> None:
        for reference in self.root.iter("assessmentStimulusRef"):
            href = reference.get("href") or ""
            body = stimulus(href)
            if body is None:
                self.gathered.remark(f"the shared stimulus '{href[:80]}' is not in the file: add it by hand")
            else:
                self.gathered.vignette.append(self.text(body))

    def read_rubrics(self) -> None:
        """Take what a rubric tells the candidate as part of the vignette; name the rest."""
        for rubric in list(self.root.iter("rubricBlock")):
            views = set((rubric.get("view") or "candidate").split())
            content = rubric.find("contentBody")
            text = self.text(content if content is not None else rubric)
            if "candidate" in views:
                self.gathered.vignette.append(text)
            elif text:
                who = ", ".join(sorted(views & _AUTHORS_VIEWS)) or "others"
                self.gathered.remark(f"a rubric for {who} was left out")
            _remove(rubric)

    def read_inline_feedback(self, body: etree._Element) -> None:
        """Take feedback blocks out of the body and make them part of the explanation; choices come later."""
        for element in list(body.iter("feedbackBlock", "feedbackInline")):
            if element.getparent() is not None and not any(True for _ in element.iterancestors("simpleChoice")):
                content = element.find("contentBody")
                self.gathered.explain(self.text(content if content is not None else element))
                _remove(element)

    def read_choices(self, interaction: etree._Element) -> None:
        response = interaction.get("responseIdentifier") or "RESPONSE"
        multiple = self.is_multiple(interaction, response)
        self.scoring = read_scoring(self.root, response, multiple)
        gathered = self.gathered
        gathered.shuffle = interaction.get("shuffle") == "true"
        prompt = interaction.find("prompt")
        gathered.lead_in = self.text(prompt) if prompt is not None else ""
        for choice in interaction.iter("simpleChoice"):
            self.read_choice(choice)
        for remark in self.scoring.remarks:
            gathered.remark(remark)
        gathered.mark_keys(self.scoring.keys)

    def is_multiple(self, interaction: etree._Element, response: str) -> bool:
        for declaration in self.root.iter("responseDeclaration"):
            if declaration.get("identifier") == response:
                return declaration.get("cardinality") == "multiple"
        return interaction.get("maxChoices", "1") != "1"

    def read_choice(self, choice: etree._Element) -> None:
        rationale = ""
        for feedback in list(choice.iter("feedbackInline", "feedbackBlock")):
            content = feedback.find("contentBody")
            rationale = rationale or self.text(content if content is not None else feedback)
            _remove(feedback)
        identifier = choice.get("identifier") or ""
        self.gathered.add_option(GatheredOption(identifier, self.text(choice), rationale=rationale))

    def read_body(self, body: etree._Element, interaction: etree._Element) -> None:
        _remove(interaction)
        for vignette in [part for part in body.iter("div") if part.get("class") == VIGNETTE]:
            self.gathered.vignette.append(self.text(vignette))
            _remove(vignette)
        self.gathered.stem.append(self.text(body))

    def read_modal_feedback(self) -> None:
        for feedback in self.root.iter("modalFeedback"):
            content = feedback.find("contentBody")
            self.place(feedback, content if content is not None else feedback)

    def place(self, feedback: etree._Element, content: etree._Element) -> None:
        """Give one modal feedback to the option that it is shown for, else to the explanation."""
        gathered, identifier = self.gathered, feedback.get("identifier") or ""
        option = gathered.option(identifier)
        if option is not None and feedback.get("showHide") != "hide":
            option.statements = evidence.take_statements(content)
            gathered.add_rationale(identifier, self.text(content))
            return
        if option is None and self.place_sections(content):
            return
        text = self.text(content)
        targets = self.targets(identifier)
        for target in sorted(targets):
            gathered.add_rationale(target, text)
        if not targets:
            if identifier in self.scoring.shown_if_wrong:
                gathered.remark("feedback for every wrong answer became part of the explanation")
            gathered.explain(text)

    def targets(self, identifier: str) -> set[str]:
        """Return the options that a feedback is shown for, where the scoring says so."""
        options = {option.identifier for option in self.gathered.options}
        shown = self.scoring.shown_for.get(identifier, set()) & options
        if not shown and identifier in self.scoring.shown_if_right - self.scoring.shown_if_wrong:
            shown = self.scoring.keys & options
        return shown if len(shown) < len(options) else set()

    def place_sections(self, content: etree._Element) -> bool:
        """Take the bank's own sections out of a feedback; True where there were any."""
        gathered = self.gathered
        references, statements = evidence.take_references(content), evidence.take_statements(content)
        gathered.references += references
        gathered.statements += statements
        sections = [part for part in content.iter("div") if part.get("class") in {OBJECTIVE, EXPLANATION}]
        for section in sections:
            text = self.text(section)
            if section.get("class") == OBJECTIVE:
                gathered.objective = text
            else:
                gathered.explain(text)
            _remove(section)
        if not (sections or references or statements):
            return False
        gathered.explain(self.text(content))
        return True


def _remove(element: etree._Element) -> None:
    """Remove an element; the text behind it stays."""
    parent = element.getparent()
    if parent is None:
        return
    before, tail = element.getprevious(), element.tail or ""
    if before is not None:
        before.tail = (before.tail or "") + tail
    else:
        parent.text = (parent.text or "") + tail
    parent.remove(element)


def stimulus_body(root: etree._Element) -> etree._Element | None:
    """Return the body of an ``assessmentStimulus``, None where the document is something else."""
    return root.find("stimulusBody") if local_name(root) == "assessmentStimulus" else None
