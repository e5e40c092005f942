"""Forms of accounts."""

from __future__ import annotations

from wtforms import EmailField, PasswordField, SelectField, StringField
from wtforms.validators import DataRequired, Length, Optional

from qbank.accounts.models import Role
from qbank.web.forms import CheckboxGroup, Form, stripped

ROLE_NAMES = {Role.STUDENT: "Student", Role.EDUCATOR: "Educator", Role.ADMINISTRATOR: "Administrator"}
ROLE_CHOICES = [(role.value, name) for role, name in ROLE_NAMES.items()]


class SignInForm(Form):
    """Address and password."""

    email = EmailField("E-mail", [DataRequired("Enter your e-mail address."), Length(max=254)], [stripped])
    password = PasswordField("Password", [DataRequired("Enter your password."), Length(max=1000)])


class AccountForm(Form):
    """A new account."""

    name = StringField("Name", [DataRequired("Enter your name."), Length(max=200)], [stripped])
    email = EmailField("E-mail", [DataRequired("Enter your e-mail address."), Length(max=254)], [stripped])
    password = PasswordField("Password", [DataRequired("Choose a password."), Length(max=1000)])


class SignUpForm(AccountForm):
    """A new account made by oneself, with a group's code where the bank asks for one."""

    join_code = StringField("Join code", [Optional(), Length(max=40)], [stripped])


class InviteForm(Form):
    """An invitation."""

    email = EmailField("E-mail (optional)", [Optional(), Length(max=254)], [stripped])
    roles = CheckboxGroup("Roles", choices=ROLE_CHOICES, default=[Role.STUDENT.value])


class PersonForm(Form):
    """What an administrator sets of a person."""

    roles = CheckboxGroup("Roles", choices=ROLE_CHOICES)
    time_percent = SelectField(
        "Time allowance",
        choices=[
            (100, "Standard time"),
            (125, "Time and a quarter"),
            (150, "Time and a half"),
            (200, "Double time"),
        ],
        coerce=int,
    )


class PasswordForm(Form):
    """A change of password."""

    old = PasswordField("Current password", [DataRequired("Enter your current password."), Length(max=1000)])
    new = PasswordField("New password", [DataRequired("Choose a new password."), Length(max=1000)])
