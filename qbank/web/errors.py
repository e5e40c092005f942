"""Errors as pages, or as JSON where the request asks for it. No traceback reaches a person."""

from __future__ import annotations

from flask import Flask, current_app, g, jsonify, render_template, request
from flask.typing import ResponseReturnValue
from flask_login import AnonymousUserMixin
from flask_wtf.csrf import CSRFError
from markupsafe import Markup
from sqlalchemy.exc import (
    DatabaseError,
    DataError,
    IntegrityError,
    InterfaceError,
    OperationalError,
    ProgrammingError,
    TimeoutError,
)
from werkzeug.exceptions import HTTPException

from qbank.errors import InvalidError, QBankError

TEXTS = {
    400: ("The request could not be read", "Go back and try again."),
    401: ("Please sign in", "Sign in to go on."),
    403: ("This is not yours to open", "Ask an administrator if you think that it should be."),
    404: ("There is nothing here", "The address may be mistyped, or the page may have moved."),
    405: ("That cannot be done here", "Go back and use the page's own buttons."),
    409: ("It changed in the meantime", "Look at it as it is now, then decide again."),
    408: ("It took too long to arrive", "Send it again."),
    413: ("That is too large", "Send less at a time."),
    414: ("The address is too long", "Shorten the search or the filter and try again."),
    415: ("This kind of content is not read here", "Go back and use the page's own form."),
    416: ("The file has no such part", "Fetch it whole."),
    422: ("Something needs correcting", "Go back and mend what is named here."),
    429: ("Too many attempts", "Wait a minute, then try again."),
    500: (
        "Something went wrong on our side",
        "Nothing was changed. Try again; if it stays, tell the administrator.",
    ),
    503: ("Not saved: the database did not answer", "Nothing was lost on this page. Try again in a moment."),
}


def wants_json() -> bool:
    """Return whether the caller is a script of ours or another program."""
    return request.is_json or request.accept_mimetypes.best == "application/json"


# The page of last resort: where even the usual one cannot be drawn.
_BARE = Markup(
    '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title></head>'
    "<body><main><h1>{title}</h1><p>{cause}</p><p>{cure}</p><p>Error {code}</p></main></body></html>\n"
)
_KEPT_HEADERS = frozenset({"Allow", "Content-Range", "Retry-After"})
RETRY_SECONDS = "5"


def error_page(
    status: int,
    cause: str = "",
    cure: str = "",
    problems: dict[str, str] | None = None,
    headers: dict[str, str] | None = None,
) -> ResponseReturnValue:
    """Return the error as a page or as JSON, with its status."""
    title, usual_cure = TEXTS.get(status, TEXTS[500 if status >= 500 else 400])
    told = {"title": title, "cause": cause, "cure": cure or usual_cure}
    headers = headers or {}
    if wants_json():
        body = {"error": title, "cause": cause, "cure": told["cure"], "problems": problems or {}}
        return jsonify(body), status, headers
    try:
        page = render_template("errors/error.html", code=status, problems=problems or {}, **told)
    except Exception:  # an error while an error is shown: what is left is a page that needs nothing
        current_app.logger.exception("the error page could not be drawn")
        page = _BARE.format(code=status, **told)
    return page, status, headers


def _database_down(error: Exception) -> ResponseReturnValue:
    current_app.logger.error("the database did not answer: %s", getattr(error, "orig", None) or error)
    g._login_user = AnonymousUserMixin()  # whoever asks stays unknown: the page must not ask the database again
    return error_page(503, headers={"Retry-After": RETRY_SECONDS})


def _unforeseen(error: Exception) -> ResponseReturnValue:
    current_app.logger.exception("unforeseen", exc_info=error)
    return error_page(500)


def install(app: Flask) -> None:
    """Register a handler for every kind of error."""
    # Locked, full, read-only, damaged, gone, or every connection taken: the database's trouble, not the person's.
    for kind in (OperationalError, InterfaceError, DatabaseError, TimeoutError):
        app.register_error_handler(kind, _database_down)
    app.register_error_handler(ProgrammingError, _unforeseen)
    app.register_error_handler(Exception, _unforeseen)

    @app.errorhandler(QBankError)
    def _ours(error: QBankError) -> ResponseReturnValue:
        problems = error.problems if isinstance(error, InvalidError) else None
        return error_page(error.status, error.message, error.cure, problems)

    @app.errorhandler(CSRFError)
    def _token(_error: CSRFError) -> ResponseReturnValue:
        return error_page(400, "This page's security token no longer fits.", "Reload the page and send it again.")

    @app.errorhandler(HTTPException)
    def _http(error: HTTPException) -> ResponseReturnValue:
        if error.code is not None and error.code < 400:
            return error.get_response()
        kept = {name: value for name, value in error.get_headers() if name in _KEPT_HEADERS}
        return error_page(error.code or 500, headers=kept)

    @app.errorhandler(IntegrityError)
    def _race(error: IntegrityError) -> ResponseReturnValue:
        app.logger.warning("refused by a constraint: %s", error.orig)
        return error_page(409, "Somebody, or another tab, was faster.")

    @app.errorhandler(DataError)
    @app.errorhandler(OverflowError)
    def _data(error: DataError | OverflowError) -> ResponseReturnValue:
        app.logger.warning("refused by the database: %s", getattr(error, "orig", error))
        return error_page(422, "A value is too long or of the wrong kind.")
