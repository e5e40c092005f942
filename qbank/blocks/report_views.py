"""Pages of reported problems for the learner: the form at an explanation, and the list of own reports."""

from __future__ import annotations

from flask import flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from wtforms import RadioField, TextAreaField
from wtforms.validators import InputRequired, Length

from qbank.blocks import report_queries, reports, taking
from qbank.blocks.blueprint import bp
from qbank.blocks.models import Block
from qbank.blocks.pages import explained_address, explanation_at, writing
from qbank.errors import InvalidError
from qbank.security.guard import person
from qbank.security.permissions import Permission, allow
from qbank.web.forms import Form, stripped
from qbank.web.pagination import Page
from qbank.web.transaction import db


class ReportForm(Form):
    """What is wrong with an item."""

    problem = RadioField(
        "What is wrong?",
        [InputRequired("Say what is wrong.")],
        choices=[(problem.value, name) for problem, name in reports.PROBLEM_NAMES.items()],
    )
    text = TextAreaField(
        "Describe it",
        [
            InputRequired("Describe the problem, so that somebody can mend it."),
            Length(max=reports.MAX_TEXT, message=f"Write at most {reports.MAX_TEXT:,} characters."),
        ],
        [stripped],
    )


def _page(block: Block, position: int, form: ReportForm, status: int = 200) -> ResponseReturnValue:
    session = db()
    explanation_at(session, block, position)  # refused while the answer can still change
    page = render_template(
        "blocks/report.html",
        block=block,
        position=position,
        item=taking.room_item(session, block, position, highlights=False),
        form=form,
        held=reports.open_report(session, block, position),
        names=reports.PROBLEM_NAMES,
        back=explained_address(block, position),
        most=reports.MAX_TEXT,
    )
    return page, status


@bp.get("/blocks/<token>/<int(max=99999):position>/report")
@allow(Permission.TAKE_BLOCKS)
def report(token: str, position: int) -> ResponseReturnValue:
    """Show the form for a problem with an item whose explanation may be seen."""
    block = taking.find_block(writing(), person(), token)
    return _page(block, position, ReportForm(formdata=None))


@bp.post("/blocks/<token>/<int(max=99999):position>/report")
@allow(Permission.TAKE_BLOCKS)
def send_report(token: str, position: int) -> ResponseReturnValue:
    """Take a report and go back to the explanation."""
    block = taking.find_block(writing(), person(), token)
    form = ReportForm()
    if not form.validate():
        return _page(block, position, form, 422)
    try:
        reports.report(db(), person(), token, position, form.problem.data or "", form.text.data or "")
    except InvalidError as error:
        if not form.take_problems(error):
            raise
        return _page(block, position, form, 422)
    flash("Thank you. Your report is with the educators; its outcome will be in the list of your reports.", "success")
    return redirect(explained_address(block, position))


@bp.get("/reports")
@allow(Permission.TAKE_BLOCKS)
def my_reports() -> ResponseReturnValue:
    """List the learner's own reports with what became of them; those outcomes count as seen from then on."""
    page = Page.from_request(request.args, size=25)
    who = person().id
    page.total = report_queries.count_own(db(), who)
    rows = report_queries.own_page(db(), who, limit=page.size, offset=page.offset)
    html = render_template(
        "blocks/my_reports.html",
        rows=rows,
        page=page,
        names=reports.PROBLEM_NAMES,
        outcomes=reports.RESOLUTION_NAMES,
    )
    if any(row.report.resolved_at and not row.report.seen_at for row in rows):
        reports.mark_seen(db(), person())
    return html
