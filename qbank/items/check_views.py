"""Pages of what a person still has to judge: items whose source changed, and flaw warnings dismissed."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response

from qbank.errors import ConflictError, InvalidError
from qbank.items import recheck_queries, rechecks, views, waivers
from qbank.items.blueprint import bp
from qbank.security.guard import person
from qbank.security.permissions import Permission, allow
from qbank.web.pagination import Page
from qbank.web.transaction import db


@bp.get("/check-needed")
@allow(Permission.AUTHOR)
def check_needed() -> ResponseReturnValue:
    """List the items whose source changed since they were written, oldest first, each with the difference."""
    page = Page.from_request(request.args, size=25)
    mine = bool(request.args.get("mine"))
    everybody, own = recheck_queries.count_waiting(db()), recheck_queries.count_waiting(db(), person().id)
    page.total = own if mine else everybody
    rows = recheck_queries.waiting(db(), owner_id=person().id if mine else None, limit=page.size, offset=page.offset)
    return render_template(
        "items/check_needed.html", rows=rows, page=page, mine=mine, counts={"all": everybody, "mine": own}
    )


def _back(item_id: int) -> Response:
    """Go back to where the form stood: the list, an article's drafting desk, or the item."""
    if request.form.get("back") == "list":
        return redirect(url_for("items.check_needed"))
    if slug := request.form.get("desk", "")[:100]:
        at = request.form.get("at", "")[:20]
        return redirect(url_for("articles.desk", slug=slug, at=at, _anchor=f"draft-{item_id}"))
    return redirect(url_for("items.show", item_id=item_id, _anchor="checks"))


@bp.post("/<int:item_id>/checks/<int:flag_id>/clear")
@allow(Permission.REVIEW)
def clear_check(item_id: int, flag_id: int) -> ResponseReturnValue:
    """Clear a flag with a comment: the item holds although its source changed."""
    comment = request.form.get("comment", "")
    try:
        rechecks.clear(db(), person(), item_id, flag_id, comment)
    except (InvalidError, ConflictError) as error:
        return views.refused(item_id, error, "")
    flash("Checked: your comment is noted.", "success")
    return _back(item_id)


@bp.post("/<int:item_id>/waivers")
@allow(Permission.AUTHOR)
def waive(item_id: int) -> ResponseReturnValue:
    """Dismiss a flaw warning with a reason."""
    given = request.form
    try:
        waivers.waive(
            db(), person(), item_id, given.get("code", "")[:100], given.get("field", "")[:100], given.get("reason", "")
        )
    except (InvalidError, ConflictError) as error:
        return views.refused(item_id, error, "")
    flash("Dismissed. Reviewers see the warning with your reason.", "success")
    return _back(item_id)


@bp.post("/<int:item_id>/waivers/<int:waiver_id>/undo")
@allow(Permission.AUTHOR)
def unwaive(item_id: int, waiver_id: int) -> ResponseReturnValue:
    """Let a dismissed warning stand again."""
    waivers.undo(db(), person(), item_id, waiver_id)
    flash("The warning stands again.", "success")
    return _back(item_id)
