"""Forms of groups."""

from __future__ import annotations

from wtforms import StringField
from wtforms.validators import DataRequired, Length

from qbank.web.forms import Form, stripped


class GroupForm(Form):
    """A new group."""

    name = StringField(
        "Name of the group",
        [DataRequired("Give the group a name."), Length(max=200, message="Use at most 200 characters.")],
        [stripped],
    )


class JoinForm(Form):
    """Joining a group by its code."""

    code = StringField(
        "Join code",
        [DataRequired("Enter the code that your educator gave you."), Length(max=40, message="No code is so long.")],
        [stripped],
    )
