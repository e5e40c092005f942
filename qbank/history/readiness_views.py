"""The page of readiness: the target, what is missing, or the chance of reaching the cut."""

from __future__ import annotations

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from qbank import clock
from qbank.blocks import presets
from qbank.blocks.models import ExamPreset
from qbank.errors import InvalidError
from qbank.history import readiness
from qbank.history.blueprint import OF, bp, make_frame
from qbank.history.forms import TargetForm
from qbank.security.guard import person
from qbank.security.permissions import Permission, allow
from qbank.web.transaction import db, settings


def _target_form(values: dict[str, object] | None = None) -> tuple[TargetForm, list[ExamPreset]]:
    offered = presets.in_force(db(), clock.now().date())
    form = TargetForm(data=values) if values is not None else TargetForm()
    form.offer(offered, readiness.FORM_ITEMS)
    return form, offered


def _page(person_id: int | None, form: TargetForm | None = None) -> ResponseReturnValue:
    frame = make_frame(person_id)
    found = readiness.readiness(db(), frame.who)
    if form is None and frame.own:
        goal = found.target
        values: dict[str, object] = {"preset": 0, "cut_percent": round(settings().band_low)}
        if goal:
            values = {"preset": goal.preset_id or 0, "exam_day": goal.exam_day, "cut_percent": goal.cut_percent}
        form, _offered = _target_form(values)
    html = render_template(
        "history/readiness.html",
        frame=frame,
        found=found,
        form=form,
        half_life=readiness.HALF_LIFE,
        blocks_needed=readiness.BLOCKS,
        items_needed=readiness.ITEMS,
    )
    return html, 422 if form and form.errors else 200


@bp.get("/readiness")
@bp.get(f"{OF}/readiness")
@allow(Permission.TAKE_BLOCKS)
def ready(person_id: int | None = None) -> ResponseReturnValue:
    """Show the chance of reaching the cut, or what is missing to say it."""
    return _page(person_id)


@bp.post("/readiness")
@allow(Permission.TAKE_BLOCKS)
def set_target() -> ResponseReturnValue:
    """Set one's own target."""
    form, offered = _target_form()
    if not form.validate_on_submit():
        return _page(None, form)
    day, cut = form.exam_day.data, form.cut_percent.data
    assert day is not None and cut is not None  # noqa: PT018  both are required fields
    preset = next((row for row in offered if row.id == form.preset.data), None)
    try:
        readiness.set_target(db(), person(), preset=preset, exam_day=day, cut_percent=cut)
    except InvalidError as error:
        form.take_problems(error)
        return _page(None, form)
    flash("Your target is set.", "success")
    return redirect(url_for("history.ready"))


@bp.post("/readiness/clear")
@allow(Permission.TAKE_BLOCKS)
def clear_target() -> ResponseReturnValue:
    """Take one's own target away."""
    readiness.clear_target(db(), person())
    flash("Your target is removed.", "success")
    return redirect(url_for("history.ready"))
