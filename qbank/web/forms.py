"""The base of every WTForms form, and the fields that several forms share."""

from __future__ import annotations

from typing import Any

from flask_wtf import FlaskForm
from wtforms import Field, SelectMultipleField
from wtforms.widgets import CheckboxInput, ListWidget

from qbank.errors import InvalidError


class Form(FlaskForm):
    """A form whose fields can also carry the problems that a service found."""

    def take_problems(self, error: InvalidError) -> bool:
        """Put a service's problems beside their fields; False when one has no field here."""
        for name, problem in error.problems.items():
            if name not in self:
                return False
            field: Field = self[name]
            field.errors = [*field.errors, problem]
        return bool(error.problems)


def stripped(value: Any) -> Any:
    """Filter: take white space off both ends."""
    return value.strip() if isinstance(value, str) else value


class CheckboxGroup(SelectMultipleField):
    """Several choices as a group of check boxes."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()
