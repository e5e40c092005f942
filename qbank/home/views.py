"""The front page."""

from __future__ import annotations

from flask import Blueprint, current_app, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from qbank.accounts.models import Role
from qbank.annulments import queries as annulments
from qbank.blocks import building, report_queries, taking
from qbank.blocks.timing import limit_seconds
from qbank.blocks.wording import words_of
from qbank.db.engine import begin_write
from qbank.errors import InvalidError, NotFoundError, QBankError
from qbank.groups import queries as groups
from qbank.history import blocks, breakdown
from qbank.history.counted import Which
from qbank.history.filters import BlockFilter
from qbank.home import queries, quick
from qbank.items.taxonomy import taxa
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
        report_news=report_queries.count_news(db(), who.id),
        score_news=annulments.count_news(db(), who.id),
        there=current_app.view_functions,
        minimum=settings().min_group_n,
        enough=queries.WEAKEST_FROM,
    )


def _quick_page(kind: str, found: quick.QuickStart, error: QBankError | None = None) -> ResponseReturnValue:
    names = {taxon.id: taxon.name for group in taxa(db()).values() for taxon in group}
    seconds = found.preset.seconds_per_item if found.preset else settings().seconds_per_item
    page = render_template(
        "home/quick.html",
        kind=kind,
        found=found,
        words=words_of(found.criteria, names),
        limit=limit_seconds(found.size, seconds, person().time_percent),
        error=error,
        open_token=getattr(error, "token", None),
        minimum=settings().min_group_n,
    )
    return page, error.status if error else 200


@bp.route("/quick/again", methods=["GET", "POST"])
@allow(Permission.TAKE_BLOCKS)
def quick_again() -> ResponseReturnValue:
    """Say what a block like the last one would be made of, and start it."""
    begin_write(db())
    return _quick("again", quick.again(db(), person(), settings()))


@bp.route("/quick/weakest", methods=["GET", "POST"])
@allow(Permission.TAKE_BLOCKS)
def quick_weakest() -> ResponseReturnValue:
    """Say what a block on the weakest area would be made of, and start it."""
    begin_write(db())
    found = breakdown.breakdown(db(), person().id, BlockFilter(), Which.FIRST, settings())
    return _quick("weakest", quick.weakest(db(), person(), settings(), found))


def _quick(kind: str, found: quick.QuickStart | None) -> ResponseReturnValue:
    if found is None:
        raise NotFoundError("There is no such quick start for you yet.", cure="Build a block instead.")
    if request.method == "GET":
        return _quick_page(kind, found)
    count = request.form.get("count", "")
    try:
        block = building.start_block(
            db(), person(), settings(), criteria=found.criteria, feedback=found.feedback, timing=found.timing,
            preset=found.preset, count=int(count) if count.isdecimal() and len(count) < 6 else found.count,
        )  # fmt: skip
    except (InvalidError, building.OpenTimedBlockError) as error:
        db().rollback()
        return _quick_page(kind, found, error)
    return redirect(url_for("blocks.room", token=block.token, position=1))


@bp.get("/healthz")
@allow(Permission.PUBLIC)
def healthz() -> ResponseReturnValue:
    """Answer a monitor: the process runs and reaches its database."""
    db().connection()
    return "ok\n", 200, {"Content-Type": "text/plain; charset=utf-8"}
