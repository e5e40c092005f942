"""Forms of authoring and review."""

from __future__ import annotations

import re

from wtforms import (
    BooleanField,
    Field,
    FieldList,
    FileField,
    FormField,
    HiddenField,
    IntegerField,
    RadioField,
    SelectField,
    StringField,
    TextAreaField,
    ValidationError,
)
from wtforms import (
    Form as PlainForm,
)
from wtforms.validators import Length, NumberRange, Optional, Regexp

from qbank.items.markers import join_marks, split_marks
from qbank.items.models import Vote
from qbank.items.taxonomy import Dimension, Taxon
from qbank.markup import MAX_CHARS, render
from qbank.media.links import images_in
from qbank.web.forms import CheckboxGroup, Form, stripped

MAX_OPTIONS = 10
MAX_KEY = 2**31 - 1  # the largest id that both databases hold
EMPTY_CHOICE = [("", "–")]
DIFFICULTIES = [*EMPTY_CHOICE, ("easy", "Easy"), ("medium", "Medium"), ("hard", "Hard")]
DOI = re.compile(r"10\.\d{4,9}/\S+\Z")


def described_images(_form: PlainForm, field: Field) -> None:
    """Validator: every image that the text shows is one of this bank, and has an alternative text."""
    if "![" not in (field.data or "") or len(field.data) > MAX_CHARS:
        return
    shown = list(images_in(render(field.data)))
    if any(not image.alt for image in shown):
        raise ValidationError("Say in words what the image shows, between the brackets of ![...].")
    if any(not image.sha256 for image in shown):
        raise ValidationError("It shows an image from elsewhere. Learners would not see it: add it under Images.")


class OptionForm(PlainForm):
    """One option: its text and why it is right or wrong. An empty text means no option."""

    text = TextAreaField("Option", [Length(max=2000), described_images], [stripped])
    rationale = TextAreaField("Rationale", [Length(max=MAX_CHARS), described_images], [stripped])


class ReferenceForm(PlainForm):
    """A reference that the bank does not hold yet; without a title it is ignored."""

    title = StringField("Title", [Length(max=1000)], [stripped])
    authors = StringField("Authors", [Length(max=1000)], [stripped])
    container = StringField("Journal or book", [Length(max=500)], [stripped])
    year = IntegerField("Year", [Optional(), NumberRange(1500, 2100, "Give a year between 1500 and 2100.")])
    doi = StringField("DOI", [Optional(), Regexp(DOI, message="A DOI looks like 10.1234/abc.")], [stripped])
    pmid = StringField("PMID", [Optional(), Regexp(r"\d{1,8}\Z", message="A PMID is a number.")], [stripped])
    url = StringField("Web address", [Optional(), Length(max=1000), Regexp(r"https?://\S+\Z")], [stripped])


class ItemForm(Form):
    """An item as its author writes it. What is missing is said beside it, and never stops a save as draft."""

    base_version = HiddenField()
    stem = TextAreaField("Stem", [Length(max=MAX_CHARS), described_images], [stripped])
    lead_in = TextAreaField("Lead-in", [Length(max=2000), described_images], [stripped])
    options = FieldList(FormField(OptionForm), "Options", min_entries=4, max_entries=MAX_OPTIONS)
    key = RadioField("Key", choices=[], validate_choice=False)
    shuffle = BooleanField("Options may be shown in another order")
    objective = TextAreaField("Objective", [Length(max=2000), described_images], [stripped])
    explanation = TextAreaField("Explanation", [Length(max=MAX_CHARS), described_images], [stripped])
    statements = CheckboxGroup("Statements", choices=[], coerce=int, validate_choice=False)
    references = CheckboxGroup("References", choices=[], coerce=int, validate_choice=False)
    new_reference = FormField(ReferenceForm, "Another reference")
    system = SelectField("System", choices=[], default="")
    task = SelectField("Task", choices=[], default="")
    disciplines = CheckboxGroup("Disciplines", choices=[], coerce=int)
    difficulty = SelectField("Difficulty (your estimate)", choices=DIFFICULTIES, default="")
    tags = StringField("Tags", [Length(max=500)], [stripped])
    doubt = TextAreaField("Doubts for the reviewers", [Length(max=5000)], [stripped])
    image = FileField("Image file")
    image_alt = StringField("What it shows (alternative text)", filters=[stripped])
    image_into = SelectField("Where it goes", choices=[], validate_choice=False)

    def offer(self, taxa: dict[Dimension, list[Taxon]]) -> None:
        """Fill the choices of the taxonomy."""
        self.system.choices = EMPTY_CHOICE + [(str(taxon.id), taxon.name) for taxon in taxa[Dimension.SYSTEM]]
        self.task.choices = EMPTY_CHOICE + [(str(taxon.id), taxon.name) for taxon in taxa[Dimension.TASK]]
        self.disciplines.choices = [(taxon.id, taxon.name) for taxon in taxa[Dimension.DISCIPLINE]]
        letters = [chr(65 + place) for place in range(len(self.options.entries))]
        self.key.choices = [(str(place), letter) for place, letter in enumerate(letters)]
        self.image_into.choices = [
            *((name, self[name].label.text) for name in ("stem", "lead_in", "explanation", "objective")),
            *((f"options-{place}-text", f"Option {letter}") for place, letter in enumerate(letters)),
            *((f"options-{place}-rationale", f"Rationale of option {letter}") for place, letter in enumerate(letters)),
        ]

    def show_image(self, markdown: str) -> None:
        """Put an image at the end of the text that the form names (else the stem), before the marks there."""
        texts: dict[str, Field] = {name: self[name] for name in ("stem", "lead_in", "explanation", "objective")}
        for entry in self.options.entries:
            texts |= {part.id: part for part in (entry.form.text, entry.form.rationale)}
        field = texts.get(self.image_into.data or "", self.stem)
        text, marks = split_marks(field.data or "")
        field.data = join_marks(f"{text}\n\n{markdown}" if text else markdown, marks)
        self.image_alt.data = ""

    def add_option(self) -> None:
        """Add an empty option, as long as there is room for one."""
        if len(self.options.entries) < MAX_OPTIONS:
            self.options.append_entry()

    def too_long(self) -> bool:
        """Return whether some text is longer than the checks and the preview take on."""
        options = [text for entry in self.options.entries for text in (entry.form.text.data, entry.form.rationale.data)]
        texts = (self.stem.data, self.lead_in.data, self.objective.data, self.explanation.data, *options)
        return any(len(text or "") > MAX_CHARS for text in texts)


class StateForm(Form):
    """A step in an item's life."""

    version = IntegerField(validators=[NumberRange(1, MAX_KEY)])
    to = StringField()
    comment = TextAreaField("Comment", [Length(max=5000)], [stripped])


class VoteForm(Form):
    """A reviewer's word."""

    version = IntegerField(validators=[NumberRange(1, MAX_KEY)])
    vote = RadioField(
        "Your word on it",
        choices=[(Vote.APPROVE.value, "Approve"), (Vote.ADVISE.value, "Advise"), (Vote.REJECT.value, "Reject")],
    )
    comment = TextAreaField("Comment", [Length(max=5000)], [stripped])
