"""The filter of the history's pages, read from the query string."""

from __future__ import annotations

from datetime import date
from typing import Any, cast

from wtforms import DateField, SelectField
from wtforms.validators import Optional, ValidationError

from qbank.blocks.models import EndedReason, Feedback, Timing
from qbank.history.filters import BlockFilter
from qbank.web.forms import Form

REASON_NAMES = {
    EndedReason.LEARNER: "Ended by the learner",
    EndedReason.TIME_UP: "Time up",
    EndedReason.ABANDONED: "Abandoned",
}
_ANY = ("", "Any")


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
    since = DateField("From", [Optional()])
    until = DateField("To", [Optional()])

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
        return BlockFilter(
            feedback=Feedback(feedback) if feedback else None,
            timing=Timing(timing) if timing else None,
            reason=EndedReason(ended) if ended else None,
            since=cast("date | None", good(self.since)),
            until=cast("date | None", good(self.until)),
        )

    def kept(self) -> dict[str, str]:
        """Return what a link must carry along to keep the filter."""
        which = self.chosen()
        values = {"feedback": which.feedback, "timing": which.timing, "ended": which.reason}
        kept = {name: value.value for name, value in values.items() if value}
        days = {"since": which.since, "until": which.until}
        return kept | {name: day.isoformat() for name, day in days.items() if day}
