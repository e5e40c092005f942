"""Pages around the builder: the learner's saved filters, a new pass, and the exam formats."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from qbank import clock
from qbank.blocks import passes, presets, saved_filters, taking
from qbank.blocks.blueprint import bp
from qbank.blocks.builder_forms import PresetForm
from qbank.blocks.filter_models import NAME_MAX
from qbank.blocks.pages import writing
from qbank.blocks.wording import words_of
from qbank.errors import ConflictError, InvalidError, NotFoundError
from qbank.items.taxonomy import taxa
from qbank.security.guard import person
from qbank.security.permissions import Permission, allow
from qbank.web.transaction import db

FILTER = "/practise/filters/<int(max=2147483647):filter_id>"  # a larger number is no id: no such page
PRESET = "/exam-formats/<int(max=2147483647):preset_id>"


# ---- saved filters


def _filters_page(problem: tuple[int, str] | None = None, status: int = 200) -> ResponseReturnValue:
    names = {taxon.id: taxon.name for found in taxa(db()).values() for taxon in found}
    deleted = request.args.get("deleted", "")
    gone = None
    if deleted.isdecimal() and len(deleted) < 10:
        try:
            gone = saved_filters.find(db(), person(), int(deleted), deleted=True)
        except NotFoundError:
            gone = None  # brought back, or gone for good
    kept = saved_filters.all_of(db(), person())
    page = render_template(
        "blocks/filters.html",
        kept=[(row, words_of(saved_filters.criteria_of(row), names)) for row in kept],
        gone=gone,
        problem=problem,
        name_max=NAME_MAX,
    )
    return page, status


@bp.get("/practise/filters")
@allow(Permission.TAKE_BLOCKS)
def filters() -> ResponseReturnValue:
    """List the learner's saved filters."""
    return _filters_page()


@bp.post(FILTER)
@allow(Permission.TAKE_BLOCKS)
def change_filter(filter_id: int) -> ResponseReturnValue:
    """Rename a saved filter, delete it or take that back, or make it the default."""
    what = request.form.get("what", "rename")
    if what == "delete":
        saved_filters.delete(db(), person(), filter_id)
        return redirect(url_for("blocks.filters", deleted=filter_id))
    if what == "undelete":
        found = saved_filters.undelete(db(), person(), filter_id)
        flash(f"“{found.name}” is back.", "success")
    elif what in {"default", "no_default"}:
        saved_filters.set_default(db(), person(), filter_id, on=what == "default")
    else:
        try:
            saved_filters.rename(db(), person(), filter_id, request.form.get("saved_as", ""))
        except InvalidError as error:
            db().rollback()
            return _filters_page((filter_id, error.message), 422)
    return redirect(url_for("blocks.filters"))


# ---- a new pass


@bp.route("/practise/new-pass", methods=["GET", "POST"])
@allow(Permission.TAKE_BLOCKS)
def new_pass() -> ResponseReturnValue:
    """Ask, then begin another pass: every item is unused again, and nothing is erased."""
    open_blocks = taking.open_blocks(writing(), person())
    if request.method == "POST" and request.form.get("confirm") == "yes":
        try:
            made = passes.new_pass(db(), person())
        except ConflictError as error:
            db().rollback()
            flash(f"{error.message} {error.cure}", "warning")
            return redirect(url_for("blocks.new_pass"))
        flash(f"Pass {made.number} begins: every item is unused again.", "success")
        return redirect(url_for("blocks.build"))
    found = passes.latest_pass(db(), person())
    return render_template("blocks/new_pass.html", current=found, open_blocks=open_blocks)


# ---- exam formats


@bp.get("/exam-formats")
@allow(Permission.AUTHOR)
def exam_formats() -> ResponseReturnValue:
    """List the exam formats with their sources."""
    return render_template("blocks/presets.html", rows=presets.listing(db()), today=clock.now().date())


@bp.route("/exam-formats/new", methods=["GET", "POST"])
@allow(Permission.AUTHOR)
def new_exam_format() -> ResponseReturnValue:
    """Add an exam format."""
    form, status = PresetForm(), 200
    if request.method == "POST":
        status = 422
        try:
            if form.validate():
                made = presets.add(db(), form.new())
                flash(f"“{made.name}” is offered in the builder while it is in force.", "success")
                return redirect(url_for("blocks.exam_formats"))
        except InvalidError as error:
            db().rollback()
            form.take_problems(error)
    return render_template("blocks/preset_new.html", form=form), status


@bp.post(PRESET)
@allow(Permission.AUTHOR)
def change_exam_format(preset_id: int) -> ResponseReturnValue:
    """Take an exam format out of the builder, or offer it again."""
    out = request.form.get("what") == "retire"
    row = presets.retire(db(), preset_id, on=out)
    flash(f"“{row.name}” is {'no longer offered' if out else 'offered again'}.", "success")
    return redirect(url_for("blocks.exam_formats"))
