"""Pages of the reference manager."""

from __future__ import annotations

from dataclasses import asdict

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from qbank.errors import InvalidError
from qbank.items import rechecks
from qbank.items import reference_queries as queries
from qbank.items import reference_service as service
from qbank.items.blueprint import bp
from qbank.items.reference_forms import ReferenceEntryForm, RetractForm
from qbank.items.reference_queries import Show
from qbank.items.references import Reference
from qbank.security.guard import person
from qbank.security.permissions import Permission, allow
from qbank.web.pagination import Page
from qbank.web.transaction import db


@bp.get("/references")
@allow(Permission.AUTHOR)
def references() -> ResponseReturnValue:
    """List the references with how often each is used."""
    page = Page.from_request(request.args)
    wanted = request.args.get("show", "")
    show = Show(wanted) if wanted in set(Show) else Show.ALL
    text = request.args.get("q", "")[:200]
    rows, page.total = queries.listed(db(), show, text, limit=page.size, offset=page.offset)
    return render_template(
        "items/references.html",
        rows=rows,
        page=page,
        show=str(show),
        text=text,
        counts=queries.counts(db()),
        lacking=queries.lacking,
    )


@bp.route("/references/new", methods=["GET", "POST"])
@allow(Permission.AUTHOR)
def new_reference() -> ResponseReturnValue:
    """Add a reference."""
    form = ReferenceEntryForm()
    duplicate = None
    if form.validate_on_submit():
        try:
            made = service.add(db(), person(), form.record())
        except service.DuplicateError as error:
            duplicate = service.find(db(), error.reference_id)
        else:
            flash("The reference is added.", "success")
            return redirect(url_for("items.reference", reference_id=made.id))
    status = 409 if duplicate else 422 if form.errors else 200
    return render_template(
        "items/reference_edit.html", form=form, reference=None, duplicate=duplicate, live=0, stale=None
    ), status


@bp.get("/references/<int:reference_id>")
@allow(Permission.AUTHOR)
def reference(reference_id: int) -> ResponseReturnValue:
    """Show a reference, what rests on it, and what happened to it. One that was merged leads to the one that stays."""
    found = _find(reference_id)
    if found.id != reference_id:
        flash("That entry was merged: this is the one that took it in.", "success")
        return redirect(url_for("items.reference", reference_id=found.id))
    return _show(found, RetractForm(formdata=None))


def _find(reference_id: int) -> Reference:
    return service.find(db(), reference_id)


def _show(found: Reference, form: RetractForm, status: int = 200) -> ResponseReturnValue:
    page = Page.from_request(request.args)
    current, earlier = queries.versions_naming(db(), found.id)
    page.total = current
    html = render_template(
        "items/reference.html",
        reference=found,
        lacking=queries.lacking(found),
        rows=queries.items_naming(db(), found.id, limit=page.size, offset=page.offset),
        page=page,
        earlier=earlier,
        articles=queries.articles_naming(db(), found.id),
        duplicates=queries.with_uses(db(), queries.duplicates_of(db(), found)),
        history=queries.history(db(), found.id),
        form=form,
    )
    return html, status


@bp.route("/references/<int:reference_id>/edit", methods=["GET", "POST"])
@allow(Permission.AUTHOR)
def edit_reference(reference_id: int) -> ResponseReturnValue:
    """Correct a reference; where live items name it, only with an explicit yes."""
    found = _find(reference_id)
    form = ReferenceEntryForm(data=asdict(found.record()) | {"base": service.base_of(found.record())})
    duplicate, stale = None, None
    if form.validate_on_submit():
        base, confirmed = form.base.data or "", bool(form.confirm.data)
        try:
            changed = service.edit(db(), person(), found.id, form.record(), base=base, confirmed=confirmed)
        except service.DuplicateError as error:
            duplicate = service.find(db(), error.reference_id)
        except service.StaleError as error:
            stale = error
            form.base.data = service.base_of(found.record())  # the next save is meant to replace it
        except InvalidError as error:
            form.take_problems(error)
        else:
            flash("Saved." if changed else "Nothing was changed.", "success")
            return redirect(url_for("items.reference", reference_id=found.id))
    status = 409 if duplicate or stale else 422 if form.errors else 200
    return (
        render_template(
            "items/reference_edit.html",
            form=form,
            reference=found,
            duplicate=duplicate,
            live=service.live_items(db(), found.id),
            stale=stale,
        ),
        status,
    )


@bp.route("/references/<int:reference_id>/merge/<int:other_id>", methods=["GET", "POST"])
@allow(Permission.AUTHOR)
def merge_references(reference_id: int, other_id: int) -> ResponseReturnValue:
    """Show what merging the other reference into this one would move, and do it when confirmed."""
    if request.method == "POST":
        done = service.merge(db(), person(), reference_id, other_id)
        flash(
            f"Merged. Moved: {done.versions} versions of {done.items} items, {done.articles} article revisions.",
            "success",
        )
        return redirect(url_for("items.reference", reference_id=reference_id))
    plan = service.plan_merge(db(), reference_id, other_id)
    return render_template("items/reference_merge.html", plan=plan)


@bp.post("/references/<int:reference_id>/retract")
@allow(Permission.REVIEW)
def retract_reference(reference_id: int) -> ResponseReturnValue:
    """Mark a reference as retracted, with the reason; the items that rest on it are flagged."""
    found = _find(reference_id)
    form = RetractForm()
    if not form.validate():
        return _show(found, form, 422)
    flagged = rechecks.retract(db(), person(), found.id, retracted=True, reason=form.reason.data or "")
    flash(f"Marked as retracted. Items flagged for a check: {flagged}.", "success")
    return redirect(url_for("items.reference", reference_id=found.id))


@bp.post("/references/<int:reference_id>/restore")
@allow(Permission.REVIEW)
def restore_reference(reference_id: int) -> ResponseReturnValue:
    """Take a retraction back; its checks are cleared."""
    found = _find(reference_id)
    rechecks.retract(db(), person(), found.id, retracted=False)
    flash("The retraction is taken back, and its checks are cleared.", "success")
    return redirect(url_for("items.reference", reference_id=found.id))
