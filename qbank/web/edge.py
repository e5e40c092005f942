"""What every request passes before its view: sizes first, then text and numbers that no database can hold.

Refused here by name, so that no view and no driver meets them. The order matters: the size of the body is settled
before anything (the form protection is the first) reads it.
"""

from __future__ import annotations

import math
import re
from typing import Any

from flask import Flask, request, session
from werkzeug.exceptions import RequestURITooLarge
from werkzeug.routing import IntegerConverter, Map

from qbank.errors import InvalidError

MAX_QUERY = 16 * 1024  # bytes; the longest filter of ours has a few hundred
MAX_PATH = 2 * 1024
MAX_ANONYMOUS_BODY = 64 * 1024  # nobody has to sign in to make the server read a form: a short one
MAX_DEPTH = 32  # lists and objects within one another in a JSON body
BIGGEST = 2**63 - 1  # what both databases hold in their widest integer

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


class Number(IntegerConverter):
    """A whole number in an address. One that no row can have as its id is an address that does not exist."""

    regex = r"\d{1,19}"  # beyond 4,300 digits Python itself refuses to read a number

    def __init__(self, url_map: Map, fixed_digits: int = 0, min: int | None = None, max: int | None = None) -> None:
        super().__init__(url_map, fixed_digits, min, BIGGEST if max is None else max)


def check_text(field: str, value: str) -> None:
    """Raise InvalidError when the text holds NUL or half a surrogate pair."""
    if _UNSTORABLE.search(value):
        shown = field[:60]
        raise InvalidError(
            f"The field “{shown}” holds a character that cannot be stored.",
            problems={shown: "holds a NUL or a broken character"},
            cure="Remove it, or paste the text again as plain text.",
        )


def _check_number(field: str, value: int | float) -> None:
    if not (math.isfinite(value) and abs(value) <= BIGGEST):
        shown = field[:60]
        raise InvalidError(
            f"The field “{shown}” holds a number that cannot be stored.",
            problems={shown: "is not a finite number of at most 63 bits"},
            cure="Send a smaller number.",
        )


def check_json(field: str, value: Any, depth: int = 0) -> None:
    """Walk a JSON value and check each text and number in it. Raises InvalidError, also for very deep nesting."""
    if depth > MAX_DEPTH:
        raise InvalidError(f"The JSON is nested more than {MAX_DEPTH} deep.", cure="Send it flatter.")
    if isinstance(value, str):
        check_text(field, value)
    elif isinstance(value, int | float):
        _check_number(field, value)
    elif isinstance(value, dict):
        for name, inner in value.items():
            check_text(field, name)
            check_json(name, inner, depth + 1)
    elif isinstance(value, list):
        for inner in value:
            check_json(field, inner, depth + 1)


def _check_sizes() -> None:
    """Settle how much may be sent. Only the cookie is looked at: no database is asked for this."""
    if len(request.query_string) > MAX_QUERY or len(request.path) > MAX_PATH:
        raise RequestURITooLarge
    if request.method not in ("GET", "HEAD", "OPTIONS") and "_user_id" not in session:
        request.max_content_length = MAX_ANONYMOUS_BODY


def _check_content() -> None:
    for name, value in (request.view_args or {}).items():
        check_text(name, str(value))
    for field, values in (*request.args.lists(), *request.form.lists()):
        check_text("field name", field)
        for value in values:
            check_text(field, value)
    for field, file in request.files.items(multi=True):
        check_text("field name", field)
        check_text(field, file.filename or "")
    if request.is_json:
        try:
            body = request.get_json(silent=True)
        except RecursionError:
            raise InvalidError("The JSON is nested too deep to be read.", cure="Send it flatter.") from None
        check_json("body", body)


def install_sizes(app: Flask) -> None:
    """Limit address and body. Goes before everything that reads a form."""
    app.url_map.converters["int"] = Number
    app.before_request(_check_sizes)


def install(app: Flask) -> None:
    """Check the address, the query string, the form and the JSON body of every request."""
    app.before_request(_check_content)
