"""The form of a new exam format."""

from __future__ import annotations

from datetime import date

from wtforms import BooleanField, DateField, FloatField, IntegerField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from qbank.blocks.models import TimeUpPolicy
from qbank.blocks.presets import NewPreset
from qbank.web.forms import Form, stripped

POLICIES = [
    (TimeUpPolicy.LOCK.value, "Lock: later choices do not count"),
    (TimeUpPolicy.GRACE.value, "Grace: some seconds more"),
    (TimeUpPolicy.SOFT.value, "Soft: the learner may go on; the time over is shown"),
]


def _whole(low: int, high: int) -> NumberRange:
    return NumberRange(low, high, f"Give a whole number from {low} to {high}.")


class PresetForm(Form):
    """An exam's format from one day to another."""

    exam = StringField("Exam", [InputRequired("Name the exam."), Length(max=200)], [stripped])
    name = StringField("Name of this format", [InputRequired("Name the format."), Length(max=200)], [stripped])
    valid_from = DateField("In force from (optional)", [Optional()])
    valid_to = DateField("In force until (optional)", [Optional()])
    items_per_block = IntegerField("Items in a block", [InputRequired("Say how many items."), _whole(1, 1000)])
    minutes_per_block = IntegerField("Minutes for a block", [InputRequired("Say how many minutes."), _whole(1, 1000)])
    blocks = IntegerField("Blocks in the exam (optional)", [Optional(), _whole(1, 1000)])
    items_total = IntegerField("Items in the exam (optional)", [Optional(), _whole(1, 10_000)])
    time_up_policy = SelectField("When time is up", choices=POLICIES, default=TimeUpPolicy.LOCK.value)
    grace_seconds = IntegerField("Seconds of grace (optional)", [Optional(), _whole(0, 3600)], default=0)
    pause_allowed = BooleanField("The clock may be stopped for a pause")
    pretest_percent = FloatField(
        "Pretest items in a block, per cent (optional)",
        [Optional(), NumberRange(0, 50, "Give a number from 0 to 50.")],
        default=0.0,
    )
    source = StringField(
        "Source", [InputRequired("Say where the figures come from."), Length(max=500)], [stripped],
        description="A title with an address, so that others can check it.",
    )  # fmt: skip
    source_date = DateField("Date of the source", [InputRequired("Give the date of the source.")])
    note = TextAreaField("Note (optional)", [Optional(), Length(max=1000)], [stripped])

    def new(self) -> NewPreset:
        """Return the values of a form that was validated."""
        return NewPreset(
            exam=self.exam.data or "", name=self.name.data or "",
            valid_from=self.valid_from.data, valid_to=self.valid_to.data,
            blocks=self.blocks.data, minutes_per_block=self.minutes_per_block.data or 1,
            items_per_block=self.items_per_block.data or 1, items_total=self.items_total.data,
            time_up_policy=TimeUpPolicy(self.time_up_policy.data), grace_seconds=self.grace_seconds.data or 0,
            pause_allowed=self.pause_allowed.data, pretest_share=(self.pretest_percent.data or 0.0) / 100,
            note=self.note.data or "", source=self.source.data or "", source_date=self.source_date.data or date.min,
        )  # fmt: skip
