"""Forms of the article pages."""

from __future__ import annotations

from flask_wtf.file import FileField
from wtforms import BooleanField, HiddenField, SelectField, StringField, TextAreaField
from wtforms.validators import Length

from qbank.articles.drafts import Classification
from qbank.items.taxonomy import Dimension, Taxon
from qbank.web.forms import CheckboxGroup, Form, stripped

MAX_TEXT = 5 * 1024 * 1024


class LoadForm(Form):
    """An article's text, pasted or uploaded."""

    file = FileField("File")
    text = TextAreaField("Text", [Length(max=MAX_TEXT, message="At most 5 MB.")])
    article = SelectField("Load as", choices=[])

    def check_source(self) -> bool:
        """Say what is wrong when there is no text, or two."""
        uploaded = bool(self.file.data and self.file.data.filename)
        if not uploaded:
            self.file.data = None
        pasted = bool((self.text.data or "").strip())
        if uploaded and pasted:
            self.text.errors = ["Choose a file or paste a text, not both."]
        elif not uploaded and not pasted:
            self.text.errors = ["Paste the article's text, or choose a file."]
        return uploaded != pasted


class ConfirmForm(Form):
    """Which entry a marker means; empty for none."""

    reference = StringField("Reference", [Length(max=20)], [stripped])
    anchor = HiddenField()


def _id_or_none(value: object) -> int | None:
    """Return the id that a choice stands for; None for the empty choice."""
    return int(str(value)) if value not in (None, "") else None


class AcceptForm(Form):
    """How an accepted draft is classified. What is left open can be added before review."""

    system = SelectField("System", choices=[], coerce=_id_or_none)
    task = SelectField("Task", choices=[], coerce=_id_or_none)
    disciplines = CheckboxGroup("Discipline", choices=[], coerce=_id_or_none)
    review = BooleanField("Send to review at once")

    def offer(self, taxa: dict[Dimension, list[Taxon]]) -> None:
        """Fill the choices."""
        empty: list[tuple[object, str]] = [("", "–")]
        self.system.choices = [*empty, *((taxon.id, taxon.name) for taxon in taxa[Dimension.SYSTEM])]
        self.task.choices = [*empty, *((taxon.id, taxon.name) for taxon in taxa[Dimension.TASK])]
        self.disciplines.choices = [*empty, *((taxon.id, taxon.name) for taxon in taxa[Dimension.DISCIPLINE])]

    def chosen(self) -> Classification:
        """Return the choices of a valid form."""
        ids = [each for each in self.disciplines.data or [] if each is not None]
        return Classification(self.system.data, self.task.data, tuple(ids))


class RejectForm(Form):
    """Why a draft is turned down."""

    reason = StringField("Reason", [Length(max=2000, message="At most 2,000 characters.")], [stripped])
