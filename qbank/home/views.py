"""The front page."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from qbank.security.guard import person
from qbank.security.permissions import Permission, allow
from qbank.web.transaction import db

bp = Blueprint("home", __name__)


@bp.get("/")
@allow(Permission.SIGNED_IN)
def index() -> ResponseReturnValue:
    """Show what is open and what to do next."""
    db()
    return render_template("home/index.html", who=person())


@bp.get("/healthz")
@allow(Permission.PUBLIC)
def healthz() -> ResponseReturnValue:
    """Answer a monitor: the process runs and reaches its database."""
    db().connection()
    return "ok\n", 200, {"Content-Type": "text/plain; charset=utf-8"}
