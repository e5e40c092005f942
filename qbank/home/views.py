"""The front page."""

from __future__ import annotations

from flask import Blueprint, current_app, render_template
from flask.typing import ResponseReturnValue

from qbank.accounts.models import Role
from qbank.blocks import taking
from qbank.db.engine import begin_write
from qbank.groups import queries as groups
from qbank.history import blocks
from qbank.home import queries
from qbank.security.guard import person
from qbank.security.permissions import Permission, allow, may
from qbank.web.transaction import db, settings

bp = Blueprint("home", __name__)


@bp.get("/")
@allow(Permission.SIGNED_IN)
def index() -> ResponseReturnValue:
    """Show what is open and what to do next, for each role that the person has."""
    who = person()
    if blocks.any_due(db(), who.id):
        begin_write(db())
        taking.open_blocks(db(), who)  # looking at them closes those whose time is up
    authors = may(who.roles, Permission.AUTHOR)
    # Who only writes or keeps the bank is not asked to practise, unless they have begun to.
    study = queries.study(db(), who, settings())
    studies = Role.STUDENT in who.roles or bool(study.open_blocks or study.last)
    return render_template(
        "home/index.html",
        who=who,
        study=study if studies else None,
        joined=groups.joined(db(), who) if studies else [],
        authoring=queries.authoring(db(), who) if authors else None,
        keeping=queries.keeping(db()) if may(who.roles, Permission.MANAGE_PEOPLE) else None,
        there=current_app.view_functions,
        minimum=settings().min_group_n,
        enough=queries.WEAKEST_FROM,
    )


@bp.get("/healthz")
@allow(Permission.PUBLIC)
def healthz() -> ResponseReturnValue:
    """Answer a monitor: the process runs and reaches its database."""
    db().connection()
    return "ok\n", 200, {"Content-Type": "text/plain; charset=utf-8"}
