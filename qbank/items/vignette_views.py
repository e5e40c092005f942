"""Pages of the vignettes that items share."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from wtforms import HiddenField, TextAreaField
from wtforms.validators import DataRequired, Length

from qbank.errors import ConflictError, InvalidError, NotFoundError
from qbank.items import lifecycle, vignette_items, vignette_queries, vignettes
from qbank.items.blueprint import bp
from qbank.items.compare import words
from qbank.markup import MAX_CHARS
from qbank.security.guard import person
from qbank.security.permissions import Permission, allow
from qbank.web.forms import Form, stripped
from qbank.web.pagination import Page
from qbank.web.transaction import db


class VignetteForm(Form):
    """A vignette's text."""

    base = HiddenField()
    text = TextAreaField(
        "Text", [DataRequired("Write the case that the items share."), Length(max=MAX_CHARS)], [stripped]
    )


@bp.get("/vignettes")
@allow(Permission.AUTHOR)
def vignette_list() -> ResponseReturnValue:
    """List the vignettes, last changed first."""
    page = Page.from_request(request.args)
    text = request.args.get("q", "")[:200]
    rows, page.total = vignette_queries.listed(db(), text, limit=page.size, offset=page.offset)
    return render_template("items/vignettes.html", rows=rows, page=page, text=text)


@bp.route("/vignettes/new", methods=["GET", "POST"])
@allow(Permission.AUTHOR)
def new_vignette() -> ResponseReturnValue:
    """Write a vignette."""
    form = VignetteForm()
    if form.validate_on_submit():
        try:
            made = vignettes.create(db(), person(), form.text.data or "")
        except InvalidError as error:
            form.take_problems(error)
        else:
            flash("Saved. Now put items on it.", "success")
            return redirect(url_for("items.vignette", vignette_id=made.vignette_id))
    return render_template(
        "items/vignette_edit.html", form=form, version=None, conflict=None
    ), 422 if form.errors else 200


@bp.get("/vignettes/<int:vignette_id>")
@allow(Permission.AUTHOR)
def vignette(vignette_id: int) -> ResponseReturnValue:
    """Show a vignette, the items on it, and its versions."""
    return _show(vignette_id)


def _show(vignette_id: int, problem: str = "", status: int = 200) -> ResponseReturnValue:
    newest = vignettes.newest(db(), vignette_id)
    html = render_template(
        "items/vignette.html",
        version=newest,
        followers=vignette_items.followers(db(), vignette_id),
        most=vignette_items.MAX_FOLLOWERS,
        steps=vignette_queries.steps(db(), vignette_id),
        problem=problem,
        external_id=request.form.get("external_id", "")[:100],
    )
    return html, status


@bp.route("/vignettes/<int:vignette_id>/edit", methods=["GET", "POST"])
@allow(Permission.AUTHOR)
def edit_vignette(vignette_id: int) -> ResponseReturnValue:
    """Write another text; look at what changes and choose the items that follow; save."""
    newest = vignettes.newest(db(), vignette_id)
    form = VignetteForm(data={"text": newest.text, "base": str(newest.id)})
    if not form.validate_on_submit() or "write" in request.form:
        status = 422 if form.errors else 200
        return render_template("items/vignette_edit.html", form=form, version=newest, conflict=None), status
    text = form.text.data or ""
    try:
        vignettes.check_text(text)
        if "save" not in request.form:
            return _preview(form, vignette_id)
        saved = vignettes.revise(db(), person(), vignette_id, text, base_version_id=_number(form.base.data))
        followed = vignette_items.follow(db(), person(), vignette_id, _chosen())
    except InvalidError as error:
        form.take_problems(error)
        return render_template("items/vignette_edit.html", form=form, version=newest, conflict=None), 422
    except vignettes.VignetteConflictError as clash:
        form.base.data = str(clash.current.id)  # the next save is meant to replace it
        pieces = words(clash.current.text, text)
        return render_template("items/vignette_edit.html", form=form, version=clash.current, conflict=pieces), 409
    _say(followed, f"Saved as version {saved.number}." if saved.id != newest.id else "The text was not changed.")
    return redirect(url_for("items.vignette", vignette_id=vignette_id))


def _preview(form: VignetteForm, vignette_id: int) -> str:
    newest = vignettes.newest(db(), vignette_id)
    return render_template(
        "items/vignette_preview.html",
        form=form,
        version=newest,
        pieces=words(newest.text, form.text.data or ""),
        same=newest.text == form.text.data,
        followers=vignette_items.followers(db(), vignette_id),
        most=vignette_items.MAX_FOLLOWERS,
        state_names=lifecycle.NAMES,
    )


def _number(text: str | None) -> int:
    return int(text) if text and text.isdecimal() and len(text) < 16 else 0


def _chosen() -> dict[int, int]:
    """Return the items that were ticked, each with the version that the page showed."""
    pairs = [value.partition(":") for value in request.form.getlist("items")[: vignette_items.MAX_FOLLOWERS]]
    return {item: seen for left, _colon, right in pairs if (item := _number(left)) and (seen := _number(right))}


def _say(followed: vignette_items.Followed, what: str) -> None:
    many = len(followed.moved)
    drafts = f" {many} {'item has' if many == 1 else 'items have'} a new draft on it." if many else ""
    flash(what + drafts, "success")
    for name, reason in followed.refused:
        flash(f"{name} does not follow: {reason}", "warning")


@bp.post("/vignettes/<int:vignette_id>/follow")
@allow(Permission.AUTHOR)
def follow_vignette(vignette_id: int) -> ResponseReturnValue:
    """Give the ticked items a new draft version on the newest text."""
    followed = vignette_items.follow(db(), person(), vignette_id, _chosen())
    _say(followed, "Done." if followed.moved or followed.refused else "No item was chosen.")
    return redirect(url_for("items.vignette", vignette_id=vignette_id))


@bp.post("/vignettes/<int:vignette_id>/items")
@allow(Permission.AUTHOR)
def put_on_vignette(vignette_id: int) -> ResponseReturnValue:
    """Put an item on the vignette, by its id."""
    name = request.form.get("external_id", "").strip()[:100]
    vignettes.newest(db(), vignette_id)
    try:
        saved = vignette_items.put_on(db(), person(), vignette_id, name)
    except (NotFoundError, ConflictError) as error:
        return _show(vignette_id, error.message, 422)
    flash(f"{name} has a draft on this vignette." if saved.changed else f"{name} stands on it already.", "success")
    return redirect(url_for("items.vignette", vignette_id=vignette_id))


@bp.post("/vignettes/<int:vignette_id>/items/<int:item_id>/off")
@allow(Permission.AUTHOR)
def take_off_vignette(vignette_id: int, item_id: int) -> ResponseReturnValue:
    """Take an item off the vignette."""
    try:
        vignette_items.take_off(db(), person(), vignette_id, item_id, _number(request.form.get("version")))
    except ConflictError as error:
        return _show(vignette_id, error.message, error.status)
    flash("The item has a draft without the vignette.", "success")
    return redirect(url_for("items.vignette", vignette_id=vignette_id))
