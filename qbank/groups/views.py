"""Pages of groups: an educator makes and keeps them, a learner joins and leaves them."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from qbank.errors import InvalidError
from qbank.groups import queries, service
from qbank.groups.forms import GroupForm, JoinForm
from qbank.groups.models import GroupRole
from qbank.security.guard import limiter, person
from qbank.security.permissions import Permission, allow, may
from qbank.web.pagination import Page
from qbank.web.transaction import db

bp = Blueprint("groups", __name__, url_prefix="/groups")

GROUP = "/<int(max=2147483647):group_id>"
PERSON = "<int(max=2147483647):person_id>"


def _page(status: int = 200, *, new: GroupForm | None = None, join: JoinForm | None = None) -> ResponseReturnValue:
    teaches = may(person().roles, Permission.MANAGE_GROUPS)
    html = render_template(
        "groups/index.html",
        teaches=teaches,
        taught=service.groups_of(db(), person(), GroupRole.EDUCATOR) if teaches else [],
        joined=queries.joined(db(), person()),
        new_form=new or GroupForm(formdata=None),
        join_form=join or JoinForm(formdata=None),
    )
    return html, status


@bp.get("")
@allow(Permission.SIGNED_IN)
def index() -> ResponseReturnValue:
    """List the groups that one teaches and those that one has joined."""
    return _page()


@bp.post("")
@allow(Permission.MANAGE_GROUPS)
def create() -> ResponseReturnValue:
    """Make a group."""
    form = GroupForm()
    if not form.validate_on_submit():
        return _page(422, new=form)
    group = service.create(db(), person(), form.name.data or "")
    flash("The group is made. Give its join code to the learners.", "success")
    return redirect(url_for("groups.show", group_id=group.id))


@bp.post("/join")
@limiter.limit("20 per minute")
@allow(Permission.SIGNED_IN)
def join() -> ResponseReturnValue:
    """Join a group by its code."""
    form = JoinForm()
    if not form.validate_on_submit():
        return _page(422, join=form)
    try:
        group = service.join(db(), person(), form.code.data or "")
    except InvalidError as error:
        form.take_problems(error)
        return _page(422, join=form)
    flash(f"You are in the group {group.name}.", "success")
    return redirect(url_for("groups.index"))


@bp.post(f"{GROUP}/leave")
@allow(Permission.SIGNED_IN)
def leave(group_id: int) -> ResponseReturnValue:
    """Leave a group. The history stays one's own."""
    service.leave(db(), person(), group_id, person().id)
    flash("You have left the group. Its educators no longer see your history.", "success")
    return redirect(url_for("groups.index"))


@bp.get(GROUP)
@allow(Permission.MANAGE_GROUPS)
def show(group_id: int) -> ResponseReturnValue:
    """Show a group to its educator: join code, learners, what they did last."""
    group = service.taught(db(), person(), group_id)
    page = Page.from_request(request.args)
    learners, page.total = queries.learners(db(), group.id, limit=page.size, offset=page.offset)
    mine = service.teaches(db(), person(), group.id)
    return render_template("groups/show.html", group=group, learners=learners, page=page, mine=mine)


@bp.post(f"{GROUP}/renew")
@allow(Permission.MANAGE_GROUPS)
def renew(group_id: int) -> ResponseReturnValue:
    """Give the group another join code."""
    service.renew_code(db(), person(), group_id)
    flash("The group has a new join code; the old one no longer works.", "success")
    return redirect(url_for("groups.show", group_id=group_id))


@bp.post(f"{GROUP}/archive")
@allow(Permission.MANAGE_GROUPS)
def archive(group_id: int) -> ResponseReturnValue:
    """Close the group."""
    group = service.archive(db(), person(), group_id)
    flash(f"The group {group.name} is archived: nobody can join it any more.", "success")
    return redirect(url_for("groups.index"))


@bp.post(f"{GROUP}/learners/{PERSON}/remove")
@allow(Permission.MANAGE_GROUPS)
def remove(group_id: int, person_id: int) -> ResponseReturnValue:
    """Take a learner out of the group."""
    service.leave(db(), person(), group_id, person_id)
    flash("The learner is no longer in the group.", "success")
    return redirect(url_for("groups.show", group_id=group_id))
