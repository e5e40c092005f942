"""Errors as pages, or as JSON where the request asks for it. No traceback reaches a person."""

from __future__ import annotations

from flask import Flask, jsonify, render_template, request
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DataError, IntegrityError, OperationalError
from werkzeug.exceptions import HTTPException

from qbank.errors import InvalidError, QBankError

TEXTS = {
    400: ("The request could not be read", "Go back and try again."),
    401: ("Please sign in", "Sign in to go on."),
    403: ("This is not yours to open", "Ask an administrator if you think that it should be."),
    404: ("There is nothing here", "The address may be mistyped, or the page may have moved."),
    405: ("That cannot be done here", "Go back and use the page's own buttons."),
    409: ("It changed in the meantime", "Look at it as it is now, then decide again."),
    413: ("That is too large", "Send less at a time."),
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


def error_page(
    status: int, cause: str = "", cure: str = "", problems: dict[str, str] | None = None
) -> ResponseReturnValue:
    """Return the error as a page or as JSON, with its status."""
    title, usual_cure = TEXTS.get(status, TEXTS[500 if status >= 500 else 400])
    if wants_json():
        body = {"error": title, "cause": cause, "cure": cure or usual_cure, "problems": problems or {}}
        return jsonify(body), status
    page = render_template(
        "errors/error.html",
        code=status,
        title=title,
        cause=cause,
        cure=cure or usual_cure,
        problems=problems or {},
    )
    return page, status


def install(app: Flask) -> None:
    """Register a handler for every kind of error."""

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
        return error_page(error.code or 500)

    @app.errorhandler(OperationalError)
    def _database(error: OperationalError) -> ResponseReturnValue:
        app.logger.error("the database did not answer: %s", error.orig)
        return error_page(503)

    @app.errorhandler(IntegrityError)
    def _race(error: IntegrityError) -> ResponseReturnValue:
        app.logger.warning("refused by a constraint: %s", error.orig)
        return error_page(409, "Somebody, or another tab, was faster.")

    @app.errorhandler(DataError)
    def _data(error: DataError) -> ResponseReturnValue:
        app.logger.warning("refused by the database: %s", error.orig)
        return error_page(422, "A value is too long or of the wrong kind.")

    @app.errorhandler(Exception)
    def _unforeseen(error: Exception) -> ResponseReturnValue:
        app.logger.exception("unforeseen", exc_info=error)
        return error_page(500)
