"""What every request passes before its view: text that no database can hold is refused by field."""

from __future__ import annotations

import re
from typing import Any

from flask import Flask, request

from qbank.errors import InvalidError

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def check_text(field: str, value: str) -> None:
    """Raise InvalidError when the text holds NUL or half a surrogate pair."""
    if _UNSTORABLE.search(value):
        raise InvalidError(
            f"The field “{field}” holds a character that cannot be stored.",
            problems={field: "holds a NUL or a broken character"},
            cure="Remove it, or paste the text again as plain text.",
        )


def check_json(field: str, value: Any) -> None:
    """Walk a JSON value and check each text in it."""
    if isinstance(value, str):
        check_text(field, value)
    elif isinstance(value, dict):
        for name, inner in value.items():
            check_text(field, str(name))
            check_json(str(name), inner)
    elif isinstance(value, list):
        for inner in value:
            check_json(field, inner)


def _check_request() -> None:
    for field, values in (*request.args.lists(), *request.form.lists()):
        check_text("field name", field)
        for value in values:
            check_text(field, value)
    if request.is_json:
        check_json("body", request.get_json(silent=True))


def install(app: Flask) -> None:
    """Check the query string, the form and the JSON body of every request."""
    app.before_request(_check_request)
