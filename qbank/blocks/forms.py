"""Forms of blocks: the builder, and what a page or a script may send of one item."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from wtforms import DateField, IntegerField, RadioField, SelectField, StringField
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from qbank.blocks.adaptive_models import Aim
from qbank.blocks.criteria import Criteria
from qbank.blocks.filter_models import NAME_MAX, SavedFilter
from qbank.blocks.highlighting import FIELDS, Stroke
from qbank.blocks.models import EventKind, ExamPreset, Feedback, Timing
from qbank.blocks.room import RoomItem
from qbank.blocks.taking import Action
from qbank.blocks.wording import DIFFICULTY_CHOICES, STATUS_CHOICES
from qbank.errors import InvalidError
from qbank.items.taxonomy import Dimension, Taxon
from qbank.web.filters import duration
from qbank.web.forms import CheckboxGroup, Form, stripped

FEEDBACK_CHOICES = [(Feedback.TUTOR.value, "Tutor: after each item"), (Feedback.EXAM.value, "Exam: after the block")]
AIM_CHOICES = [
    (Aim.PRACTICE.value, "Practise: items you should get right about 3 times in 4"),
    (Aim.MEASURE.value, "Measure: the items that tell most about your ability"),
]
TIMING_CHOICES = [(Timing.UNTIMED.value, "Untimed"), (Timing.TIMED.value, "Timed")]
GROUPS = ("systems", "disciplines", "tasks", "difficulties", "statuses")  # the filters that have counts
SENT_KINDS = frozenset(
    {
        EventKind.CHOOSE,
        EventKind.CLEAR,
        EventKind.SUBMIT,
        EventKind.MARK,
        EventKind.UNMARK,
        EventKind.STRIKE,
        EventKind.RESTORE,
        EventKind.NOTE,
        EventKind.HIGHLIGHT,
        EventKind.CONFIDENCE,
    }
)
WITH_LETTER = frozenset({EventKind.CHOOSE, EventKind.STRIKE, EventKind.RESTORE})
WITH_TEXT = frozenset({EventKind.NOTE, EventKind.CONFIDENCE})
NOTE_MAX = 10_000
_NAME = re.compile(r"[A-Za-z0-9._-]{8,100}\Z")
_LETTER = re.compile(r"[A-Z]\Z")
_LARGEST = 2**31 - 1  # what the column holds


class BuildForm(Form):
    """What a block is made from. The choices of taxa and presets are the bank's."""

    systems = CheckboxGroup("Systems", coerce=int)
    disciplines = CheckboxGroup("Disciplines", coerce=int)
    tasks = CheckboxGroup("Tasks", coerce=int)
    difficulties = CheckboxGroup("Difficulty", choices=DIFFICULTY_CHOICES)
    statuses = CheckboxGroup("Your history with them", choices=STATUS_CHOICES)
    not_seen_days = IntegerField(
        "Not seen for this many days (optional)",
        [Optional(), NumberRange(1, 3650, "Give a number of days from 1 to 3650.")],
    )
    count = IntegerField("Number of items", [InputRequired("Say how many items.")], default=20)
    feedback = RadioField("Feedback", choices=FEEDBACK_CHOICES, default=Feedback.TUTOR.value)
    timing = RadioField("Timing", choices=TIMING_CHOICES, default=Timing.UNTIMED.value)
    preset = SelectField("Exam format", coerce=int)
    exam_on = DateField("Day of your exam (optional)", [Optional()])
    name = StringField("Name of the block (optional)", [Optional(), Length(max=200)], [stripped])
    aim = RadioField("Adaptive practice is to", choices=AIM_CHOICES, default=Aim.PRACTICE.value)
    minutes = IntegerField(
        "Minutes after which nothing new comes (optional)",
        [Optional(), NumberRange(1, 600, "Give a number of minutes from 1 to 600.")],
    )
    saved_as = StringField("Save these filters as (optional)", [Optional(), Length(max=NAME_MAX)], [stripped])
    kept: SavedFilter | None = None  # whose choices the form shows

    def offer(self, taxa: Mapping[Dimension, list[Taxon]], presets: Iterable[ExamPreset], seconds: int) -> None:
        """Set the choices: taxa by dimension, the presets in force (newest first), and the bank's own pace."""
        for field, dimension in (
            (self.systems, Dimension.SYSTEM),
            (self.disciplines, Dimension.DISCIPLINE),
            (self.tasks, Dimension.TASK),
        ):
            field.choices = [(taxon.id, taxon.name) for taxon in taxa[dimension]]
        formats: dict[str, list[tuple[int, str]]] = {}
        for row in presets:
            formats.setdefault(row.exam, []).append((row.id, _format_words(row)))
        self.preset.choices = formats | {"Without an exam": [(0, f"No exam format ({seconds} s per item)")]}

    def criteria(self) -> Criteria:
        """Return the filters as chosen; what is not among the choices is left out."""
        picked: dict[str, frozenset[Any]] = {}
        for name in GROUPS:
            field = self[name]
            known = {value for value, _label in field.choices}
            picked[name] = frozenset(value for value in field.data or () if value in known)
        days = self.not_seen_days.data
        return Criteria(**picked, not_seen_days=days if isinstance(days, int) and 1 <= days <= 3650 else None)

    def limit_words(self, seconds: int, percent: int) -> str:
        """Say the limit that the block would get, as the builder's script does; "" where no number is given."""
        if self.timing.data != Timing.TIMED.value:
            return "No time limit. You can leave the block and come back to it."
        count = self.count.data
        if not isinstance(count, int) or count < 1:
            return ""
        base = f"{count} {'item' if count == 1 else 'items'} × {seconds} s = {_minutes(count * seconds)}"
        if percent == 100:
            return base
        return f"{base}, with your time allowance {_minutes(count * seconds * percent // 100)}"


def _format_words(row: ExamPreset) -> str:
    notes = ["can be paused"] if row.pause_allowed else []
    if not row.pretest_share:
        notes.append("every item scored")
    return f"{row.name} ({', '.join(notes)})" if notes else row.name


def exam_day(text: str) -> date | None:
    """Read the day of an exam, written 2026-05-14; None for anything else."""
    try:
        return date.fromisoformat(text) if len(text) == 10 else None
    except ValueError:
        return None


def _minutes(seconds: int) -> str:
    return duration(seconds).replace(" min 00 s", " min")


def filters_from_query(args: dict[str, list[str]]) -> dict[str, object]:
    """Read the filters of a link such as ``?systems=3&count=10``; what is not understood is left out."""
    values: dict[str, object] = {}
    for name in GROUPS:
        raw = args.get(name, [])
        whole = name in {"systems", "disciplines", "tasks"}
        values[name] = [int(part) for part in raw if part.isdecimal() and len(part) < 10] if whole else raw
    for name in ("not_seen_days", "count", "preset"):
        text = args.get(name, [""])[0]
        if text.isdecimal() and len(text) < 10:
            values[name] = int(text)
    if day := exam_day(args.get("exam_on", [""])[0]):
        values["exam_on"] = day
    for name in ("feedback", "timing", "name"):
        if name in args:
            values[name] = args[name][0]
    return values


def _text(body: Mapping[str, Any], name: str, pattern: re.Pattern[str], problems: dict[str, str]) -> str:
    value = body.get(name)
    if isinstance(value, str) and pattern.match(value):
        return value
    problems[name] = "is missing or not of the form that is expected"
    return ""


def _kind(body: Mapping[str, Any], problems: dict[str, str]) -> EventKind | None:
    value = body.get("kind")
    if isinstance(value, str) and value in {kind.value for kind in SENT_KINDS}:
        return EventKind(value)
    problems["kind"] = "must be one of " + ", ".join(sorted(SENT_KINDS))
    return None


def _sequence(body: Mapping[str, Any], problems: dict[str, str]) -> int | None:
    value = body.get("client_seq")
    if value is None or (type(value) is int and 0 < value <= _LARGEST):
        return value
    problems["client_seq"] = "must be a whole number above 0"
    return None


def _note(body: Mapping[str, Any], problems: dict[str, str]) -> str:
    value = body.get("text")
    if isinstance(value, str) and len(value) <= NOTE_MAX:
        return value
    problems["text"] = f"must be text of at most {NOTE_MAX} characters"
    return ""


def _stroke(body: Mapping[str, Any], problems: dict[str, str]) -> Stroke | None:
    span = body.get("span")
    if isinstance(span, dict):
        field, start, end, on = (span.get(name) for name in ("field", "start", "end", "on"))
        numbers = type(start) is int and type(end) is int and 0 <= start < end <= _LARGEST
        if field in FIELDS and numbers and type(on) is bool:
            return Stroke(str(field), int(str(start)), int(str(end)), on)
    problems["span"] = "must be {field, start, end, on}: a field of the item, start below end, on true or false"
    return None


def read_action(body: object) -> Action:
    """Return the action in a JSON body ``{event_id, kind, letter, text, span, client, client_seq}``.

    Raises InvalidError naming every field that is wrong.
    """
    if not isinstance(body, dict):
        raise InvalidError("The body is not a JSON object.", cure="Send one action as a JSON object.")
    problems: dict[str, str] = {}
    kind = _kind(body, problems)
    action = Action(
        event_id=_text(body, "event_id", _NAME, problems),
        kind=kind or EventKind.CLEAR,
        letter=_text(body, "letter", _LETTER, problems) if kind in WITH_LETTER else None,
        text=_note(body, problems) if kind in WITH_TEXT else None,
        client=_text(body, "client", _NAME, problems) if body.get("client") else "",
        client_seq=_sequence(body, problems),
        stroke=_stroke(body, problems) if kind is EventKind.HIGHLIGHT else None,
    )
    if problems:
        raise InvalidError("The action could not be read.", problems=problems)
    return action


def read_button(value: str) -> tuple[str, str]:
    """Split a button's value: "strike:B" into ("strike", "B"), "next" into ("next", "")."""
    name, _colon, detail = value.partition(":")
    return name, detail


def read_note(form: Mapping[str, str]) -> str:
    """Return the note in a form, with plain line ends. Raises InvalidError for one that is too long."""
    note = form.get("note", "").replace("\r\n", "\n")
    if len(note) > NOTE_MAX:
        raise InvalidError(f"A note holds at most {NOTE_MAX} characters.", problems={"note": "is too long"})
    return note


def plain_actions(form: Mapping[str, str], item: RoomItem) -> list[Action]:
    """Return what a plain form of the room asks for, in order: the choice and note on the page, then its button.

    Raises InvalidError for a note that is too long and for an option that is not there.
    """
    button, detail = read_button(form.get("action", "save"))
    letters = {option.letter for option in item.options}
    actions = []
    choice = form.get("choice")
    if choice in letters and choice != item.choice and button != "clear" and not item.submitted:
        actions.append(_plain(form, item, EventKind.CHOOSE, letter=choice))
    if "note" in form and read_note(form) != item.note:
        actions.append(_plain(form, item, EventKind.NOTE, text=read_note(form)))
    if button in {"strike", "restore"}:
        if detail not in letters:
            raise InvalidError("There is no such option.", problems={"action": "names no option of this item"})
        actions.append(_plain(form, item, EventKind(button), letter=detail))
    elif button == EventKind.CONFIDENCE:
        actions.append(_plain(form, item, EventKind.CONFIDENCE, text=detail))
    elif button in {"clear", "mark", "unmark", "submit"}:
        actions.append(_plain(form, item, EventKind(button)))
    return actions


def _plain(
    form: Mapping[str, str], item: RoomItem, kind: EventKind, letter: str | None = None, text: str | None = None
) -> Action:
    """Name a plain form's action so that a double click is one action and a later change is another."""
    event = form.get("event_id", "")
    if not (event.isascii() and event.isalnum() and 8 <= len(event) <= 64):
        event = secrets.token_hex(16)
    return Action(event_id=f"{event}.{item.sequence}.{kind.value}", kind=kind, letter=letter, text=text)
