"""Forms of the exchange pages."""

from __future__ import annotations

import re

from flask_wtf.file import FileField
from wtforms import BooleanField, HiddenField, RadioField, SelectField, StringField
from wtforms.validators import Length, ValidationError

from qbank.exchange.exporting import Selection
from qbank.exchange.formats import FORMATS
from qbank.exchange.target import LEFT_OUT, Target
from qbank.items.models import ItemState
from qbank.items.taxonomy import Dimension, Taxon
from qbank.web.forms import CheckboxGroup, Form, stripped

ASK = "keep"  # a code that is not mapped: it is reported and left out
STATE_NAMES = [(str(state), str(state).replace("_", " ").capitalize()) for state in ItemState]


def readable() -> list[tuple[str, str]]:
    """Return the formats that the bank reads, for a list of choices."""
    return [(entry.name, entry.title) for entry in FORMATS.values() if entry.can_read]


def writable() -> list[tuple[str, str]]:
    """Return the formats that the bank writes, for a list of choices."""
    return [(entry.name, entry.title) for entry in FORMATS.values() if entry.can_write]


class UploadForm(Form):
    """A file, sent whole or before in parts, and its format."""

    file = FileField("File")
    format = SelectField("Format", choices=[], validate_choice=False)  # the service names the choices
    upload = HiddenField(validators=[Length(max=100)])

    def offer(self) -> None:
        """Fill the choices."""
        self.format.choices = [("", "Find it from the file"), *readable()]

    def validate_file(self, field: FileField) -> None:
        """Ask for a file unless it came in parts."""
        if not self.upload.data and not (field.data and field.data.filename):
            raise ValidationError("Choose a file.")


def _given(value: object) -> str:
    """Return a choice as text; "" where the form does not hold the field."""
    return str(value or "")


class TargetForm(Form):
    """Where the items of a file go, and the format, should it have been found wrong."""

    format = SelectField("Format", choices=[])
    system = SelectField("System of items that name none", choices=[], coerce=_given, default="")
    task = SelectField("Task of items that name none", choices=[], coerce=_given, default="")
    disciplines = CheckboxGroup("Disciplines of items that name none", choices=[])
    tags = StringField("Tags for every item (optional)", [Length(max=500)], [stripped])

    def offer(self, taxa: dict[Dimension, list[Taxon]]) -> None:
        """Fill the choices."""
        empty = ("", "None")
        self.format.choices = readable()
        self.system.choices = [empty, *((taxon.code, taxon.name) for taxon in taxa[Dimension.SYSTEM])]
        self.task.choices = [empty, *((taxon.code, taxon.name) for taxon in taxa[Dimension.TASK])]
        self.disciplines.choices = [(taxon.code, taxon.name) for taxon in taxa[Dimension.DISCIPLINE]]

    def fill(self, target: Target) -> None:
        """Show what was chosen before."""
        self.system.data = next(iter(target.systems), "")
        self.task.data = next(iter(target.tasks), "")
        self.disciplines.data = list(target.disciplines)
        self.tags.data = ", ".join(target.tags)

    def target(self, codes: dict[tuple[str, str], str], columns: dict[str, str]) -> Target:
        """Return the choices of a valid form, with the mappings of codes and of columns that came with it."""
        return Target(
            columns=columns,
            codes={key: meant for key, meant in codes.items() if meant != ASK and (meant or key[0] != "tags")},
            systems=(self.system.data,) if self.system.data else (),
            tasks=(self.task.data,) if self.task.data else (),
            disciplines=tuple(self.disciplines.data or ()),
            tags=tuple(dict.fromkeys(tag.strip()[:100] for tag in (self.tags.data or "").split(",") if tag.strip())),
        )


def mapping_choices(name: str, taxa: dict[Dimension, list[Taxon]]) -> list[tuple[str, str]]:
    """Return what a code of this field can be mapped to."""
    wanted = {"systems": Dimension.SYSTEM, "disciplines": Dimension.DISCIPLINE, "tasks": Dimension.TASK}
    if name == "tags":
        found = [
            (f"{field}:{taxon.code}", f"{str(dimension).capitalize()}: {taxon.name}")
            for field, dimension in wanted.items()
            for taxon in taxa[dimension]
        ]
        return [(ASK, "Only a tag"), *found]
    return [(ASK, "Not known here"), (LEFT_OUT, "Leave it out"), *((t.code, t.name) for t in taxa[wanted[name]])]


def likely(name: str, code: str, taxa: dict[Dimension, list[Taxon]]) -> str:
    """Return what a code of a file most likely means: a class with all of its words in code or name, if just one has.

    A category is judged by its last part. `ASK` where none or several fit.
    """
    last = code.removeprefix("category:").rstrip("/").rpartition("/")[2]
    wanted = _words(last)
    found = [
        value
        for value, _label in mapping_choices(name, taxa)
        if value not in (ASK, LEFT_OUT) and wanted and wanted <= _words(_names(taxa)[value.rpartition(":")[2]])
    ]
    return found[0] if len(found) == 1 else ASK


def _words(text: str) -> set[str]:
    return set(re.findall(r"[^\W_]{3,}", text.casefold())) - {"and", "system", "the"}


def _names(taxa: dict[Dimension, list[Taxon]]) -> dict[str, str]:
    return {taxon.code: f"{taxon.code} {taxon.name}" for each in taxa.values() for taxon in each}


class ExportForm(Form):
    """Which items leave, and how. A GET form."""

    class Meta:
        """A form that only reads needs no token, and its address can be kept."""

        csrf = False

    format = RadioField("Format", choices=[])
    states = CheckboxGroup("State", choices=STATE_NAMES)
    systems = CheckboxGroup("System", choices=[])
    disciplines = CheckboxGroup("Discipline", choices=[])
    tasks = CheckboxGroup("Task", choices=[])
    tags = StringField("Tags (optional, commas between them)", [Length(max=500)], [stripped])
    text = StringField("Words of stem, lead-in or id (optional)", [Length(max=200)], [stripped])
    published = BooleanField("The versions that learners get, instead of the newest ones")

    def offer(self, taxa: dict[Dimension, list[Taxon]]) -> None:
        """Fill the choices."""
        self.format.choices = writable()
        self.systems.choices = [(taxon.code, taxon.name) for taxon in taxa[Dimension.SYSTEM]]
        self.disciplines.choices = [(taxon.code, taxon.name) for taxon in taxa[Dimension.DISCIPLINE]]
        self.tasks.choices = [(taxon.code, taxon.name) for taxon in taxa[Dimension.TASK]]

    def selection(self) -> Selection:
        """Return the choices of a valid form."""
        return Selection(
            states=tuple(self.states.data or ()),
            systems=tuple(self.systems.data or ()),
            disciplines=tuple(self.disciplines.data or ()),
            tasks=tuple(self.tasks.data or ()),
            tags=tuple(tag.strip() for tag in (self.tags.data or "").split(",") if tag.strip()),
            text=self.text.data or "",
            published=bool(self.published.data),
        )
