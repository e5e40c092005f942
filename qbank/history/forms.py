"""The filter of the history's pages, read from the query string."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any, cast

from wtforms import DateField, IntegerField, SelectField
from wtforms.validators import InputRequired, NumberRange, Optional, ValidationError

from qbank.blocks.models import EndedReason, ExamPreset, Feedback, Timing
from qbank.history.filters import BlockFilter
from qbank.items.taxonomy import Taxon
from qbank.web.forms import Form

REASON_NAMES = {
    EndedReason.LEARNER: "Ended by the learner",
    EndedReason.TIME_UP: "Time up",
    EndedReason.ABANDONED: "Abandoned",
}
_ANY = ("", "Any")
NO_PRESET = "none"
_PRESET = "is:"  # goes before a format's name in the address, so that no name can stand for "none"


class FilterForm(Form):
    """Which ended blocks to look at. It changes nothing, so it is sent by GET and carries no token."""

    class Meta:
        """A GET form carries no token."""

        csrf = False

    feedback = SelectField(
        "Feedback", [Optional()], choices=[_ANY, (Feedback.TUTOR.value, "Tutor"), (Feedback.EXAM.value, "Exam")]
    )
    timing = SelectField(
        "Timing", [Optional()], choices=[_ANY, (Timing.TIMED.value, "Timed"), (Timing.UNTIMED.value, "Untimed")]
    )
    ended = SelectField(
        "Ended", [Optional()], choices=[_ANY, *((reason.value, name) for reason, name in REASON_NAMES.items())]
    )
    preset = SelectField("Exam format", [Optional()], choices=[_ANY])
    system = SelectField("Holds items of", [Optional()], choices=[_ANY])
    since = DateField("From", [Optional()])
    until = DateField("To", [Optional()])

    def offer(self, presets: Iterable[str], systems: Iterable[Taxon]) -> None:
        """Set the choices that depend on the learner and the bank: the names of exam formats, and the systems."""
        self.preset.choices = [_ANY, *((_PRESET + name, name) for name in presets), (NO_PRESET, "None")]
        self.system.choices = [_ANY, *((str(taxon.id), taxon.name) for taxon in systems)]

    def validate_until(self, field: DateField) -> None:
        """The range must not run backwards."""
        if self.since.data and field.data and field.data < self.since.data:
            raise ValidationError("This day is before the first one.")

    def chosen(self) -> BlockFilter:
        """Return the filter; a field that is not understood narrows nothing and carries its error."""
        self.validate()

        def good(field: Any) -> Any:
            given = field.data.strip() if isinstance(field.data, str) else field.data
            return given if given and not field.errors else None

        feedback, timing, ended = good(self.feedback), good(self.timing), good(self.ended)
        preset, system = good(self.preset), good(self.system)
        return BlockFilter(
            feedback=Feedback(feedback) if feedback else None,
            timing=Timing(timing) if timing else None,
            reason=EndedReason(ended) if ended else None,
            since=cast("date | None", good(self.since)),
            until=cast("date | None", good(self.until)),
            preset=(str(preset).removeprefix(_PRESET) if preset != NO_PRESET else "") if preset else None,
            system_id=int(system) if system else None,
        )

    def kept(self) -> dict[str, str]:
        """Return what a link must carry along to keep the filter."""
        which = self.chosen()
        values = {"feedback": which.feedback, "timing": which.timing, "ended": which.reason}
        kept = {name: value.value for name, value in values.items() if value}
        if which.preset is not None:
            kept["preset"] = _PRESET + which.preset if which.preset else NO_PRESET
        if which.system_id is not None:
            kept["system"] = str(which.system_id)
        days = {"since": which.since, "until": which.until}
        return kept | {name: day.isoformat() for name, day in days.items() if day}


class TargetForm(Form):
    """What the learner works towards."""

    preset = SelectField("Exam format", coerce=int)
    exam_day = DateField("Day of the exam", [InputRequired("Give the day.")])
    cut_percent = IntegerField(
        "Cut, in per cent", [InputRequired("Give the cut."), NumberRange(1, 99, "Give a whole number from 1 to 99.")]
    )

    def offer(self, presets: Iterable[ExamPreset], items: int) -> None:
        """Set the choices: the formats in force, and a form of the bank with so many items."""
        self.preset.choices = [(0, f"A form of this bank ({items} items)"), *((row.id, row.name) for row in presets)]
