"""The reviewers' queue of problems that learners reported."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from qbank.blocks import report_queries, reports
from qbank.errors import InvalidError
from qbank.items.blueprint import bp
from qbank.security.guard import person
from qbank.security.permissions import Permission, allow
from qbank.web.pagination import Page
from qbank.web.transaction import db

MAX_WORD = 100


def _page(resolved: bool, status: int = 200, **wrong: object) -> ResponseReturnValue:
    page = Page.from_request(request.args, size=25)
    waiting, done = report_queries.counts(db())
    page.total = done if resolved else waiting
    html = render_template(
        "items/reports.html",
        rows=report_queries.staff_page(db(), resolved=resolved, limit=page.size, offset=page.offset),
        page=page,
        resolved=resolved,
        counts={"open": waiting, "resolved": done},
        names=reports.PROBLEM_NAMES,
        outcomes=reports.RESOLUTION_NAMES,
        most=reports.MAX_TEXT,
        **{"problems": {}, "given": {}, "at": 0, **wrong},
    )
    return html, status


@bp.get("/reports")
@allow(Permission.REVIEW)
def reported() -> ResponseReturnValue:
    """List the reports that are open, the oldest first, or those that are resolved, the newest first."""
    return _page(request.args.get("tab") == "resolved")


@bp.post("/reports/<int:report_id>/resolve")
@allow(Permission.REVIEW)
def resolve_report(report_id: int) -> ResponseReturnValue:
    """Resolve a report with an outcome and a reply to its maker."""
    resolution, reply = request.form.get("resolution", "")[:MAX_WORD], request.form.get("reply", "")
    try:
        reports.resolve(db(), person(), report_id, resolution, reply)
    except InvalidError as error:
        given = {"resolution": resolution, "reply": reply[: 2 * reports.MAX_TEXT]}
        return _page(False, 422, problems=error.problems, given=given, at=report_id)
    flash("Resolved. The reporter sees the outcome and your reply.", "success")
    return redirect(url_for("items.reported"))


@bp.post("/reports/<int:report_id>/reopen")
@allow(Permission.REVIEW)
def reopen_report(report_id: int) -> ResponseReturnValue:
    """Take a resolution back: the report is open again."""
    reports.reopen(db(), person(), report_id)
    flash("The report is open again.", "success")
    return redirect(url_for("items.reported"))
