"""The base of every WTForms form, and the fields that several forms share."""

from __future__ import annotations

from typing import Any

from flask import request
from flask_wtf import FlaskForm
from wtforms import Field, SelectMultipleField
from wtforms.widgets import CheckboxInput, ListWidget

from qbank.errors import InvalidError


class Form(FlaskForm):
    """A form whose fields can also carry the problems that a service found."""

    class Meta(FlaskForm.Meta):
        """Where the values come from."""

        def wrap_formdata(self, form: Any, formdata: Any) -> Any:
            """Take JSON for a form only where it is one: names with texts, or with lists of texts."""
            if request.is_json and not _is_form(request.get_json(silent=True)):
                raise InvalidError("The JSON is not a form.", cure="Send an object that maps field names to texts.")
            return super().wrap_formdata(form, formdata)

    def take_problems(self, error: InvalidError) -> bool:
        """Put a service's problems beside their fields; False when one has no field here."""
        for name, problem in error.problems.items():
            if name not in self:
                return False
            field: Field = self[name]
            field.errors = [*field.errors, problem]
        return bool(error.problems)


def _is_form(body: Any) -> bool:
    """Return whether a JSON body can stand for a form's fields."""
    if not isinstance(body, dict):
        return False
    values = [value if isinstance(value, list) else [value] for value in body.values()]
    return all(isinstance(text, str) for texts in values for text in texts)


def stripped(value: Any) -> Any:
    """Filter: take white space off both ends, and end lines as files do.

    A browser sends ``\\r\\n`` for every line end; kept so, a text saved unchanged would be another text.
    """
    return value.replace("\r\n", "\n").strip() if isinstance(value, str) else value


class CheckboxGroup(SelectMultipleField):
    """Several choices as a group of check boxes."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()
