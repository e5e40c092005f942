"""The authoring desk: writing an item beside its checks, its preview and its evidence."""

from __future__ import annotations

import secrets

from flask import flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from qbank.articles import queries as articles
from qbank.errors import ConflictError, InvalidError, NotFoundError
from qbank.items import authoring, checks, records, store, taxonomy, waivers
from qbank.items.authoring import Evidence
from qbank.items.blueprint import bp
from qbank.items.forms import ItemForm
from qbank.items.models import Item, ItemVersion, Origin
from qbank.markup import MAX_CHARS, render, render_inline
from qbank.media import service as media
from qbank.media.shelf import Shelf
from qbank.security.guard import person
from qbank.security.permissions import Permission, allow
from qbank.web.transaction import db, settings

MAX_DISMISSED = 20  # warnings dismissed in one save
MAX_ID_LENGTH = 16


def _form() -> ItemForm:
    form = ItemForm()
    form.offer(taxonomy.taxa(db()))
    return form


def _slug() -> str:
    """Return the article whose statements the desk offers: the one just picked, else the one carried along."""
    return request.values.get("article_pick", request.values.get("article", ""))[:100]


def _offered(form: ItemForm, slug: str) -> Evidence:
    return authoring.evidence(db(), form.statements.data or [], form.references.data or [], slug)


def _checked(form: ItemForm, item: Item | None) -> waivers.Checked:
    """Return what the checks say of a half-written item, what its author dismissed before apart from it."""
    notes = checks.findings(authoring.half_written(form))
    return waivers.split(notes, waivers.of_items(db(), [item.id])[item.id] if item else [])


def _reasons() -> dict[str, str]:
    """Return the reasons for dismissing a warning that the form carries, by the names of their fields."""
    found = {name: text for name, text in request.form.items() if name.startswith(waivers.PREFIX) and text.strip()}
    return dict(list(found.items())[:MAX_DISMISSED])


def _dismiss(item_id: int) -> None:
    """Dismiss what the form gives a reason for; a warning that the saved text no longer gives needs none."""
    for name, reason in _reasons().items():
        code, _bar, field = name.removeprefix(waivers.PREFIX).partition("|")
        try:
            waivers.waive(db(), person(), item_id, code, field, reason[: waivers.MAX_REASON])
        except (ConflictError, InvalidError):
            continue


def _add_image(form: ItemForm) -> bool:
    """Keep the image that the form brings and show it in its text; False where it cannot be, with the reasons beside.

    The texts stay as they are. A form that brings no image and does not ask for one has nothing to add.
    """
    file = request.files.get("image")
    if "add_image" not in request.form and not (file and file.filename):
        return True
    data, name = (file.read(), file.filename or "") if file else (b"", "")
    shelf = Shelf(settings().data_dir)
    try:
        form.show_image(media.add(db(), shelf, person(), data, name, form.image_alt.data or ""))
    except InvalidError as error:
        form.take_problems(error)
        return False
    return True


def _page(
    form: ItemForm, offered: Evidence, *, slug: str, status: int = 200, item: Item | None = None, **more: object
) -> ResponseReturnValue:
    form.offer(taxonomy.taxa(db()))
    page = render_template(
        "items/desk.html",
        form=form,
        offered=offered,
        slug=slug,
        articles=articles.choices(db()),
        checked=waivers.Checked([], []) if form.too_long() else _checked(form, item),
        reasons=_reasons(),
        unsaved=form.is_submitted(),
        item=item,
        **{"version": None, "conflict": None, **more},
    )
    return page, status


@bp.route("/new", methods=["GET", "POST"])
@allow(Permission.AUTHOR)
def new() -> ResponseReturnValue:
    """Write a new item."""
    form, slug = _form(), _slug()
    offered = _offered(form, slug)
    if form.is_submitted() and "more_options" in request.form:
        form.add_option()
        return _page(form, offered, slug=slug)
    if form.is_submitted() and "add_image" in request.form:
        added = _add_image(form)
        return _page(form, offered, slug=slug, status=200 if added else 422)
    if form.validate_on_submit() and "offer" not in request.form and _add_image(form):
        content = authoring.to_content(db(), form, offered)
        saved = store.create_item(
            db(), person(), content, external_id=f"q-{secrets.token_hex(5)}", origin=Origin.WRITTEN
        )
        _dismiss(saved.item.id)
        flash("Saved as a draft.", "success")
        return redirect(url_for("items.show", item_id=saved.item.id))
    return _page(form, offered, slug=slug, status=422 if form.errors else 200)


def _editable(item_id: int) -> tuple[Item, ItemVersion]:
    item = db().get(Item, item_id)
    if item is None:
        raise NotFoundError("There is no such item.")
    newest = store.newest_version(db(), item)
    return item, records.load_versions(db(), [newest.id])[newest.id]


@bp.route("/<int:item_id>/edit", methods=["GET", "POST"])
@allow(Permission.AUTHOR)
def edit(item_id: int) -> ResponseReturnValue:
    """Edit an item. A save makes a new version in draft; what learners get stays until that one is live."""
    item, version = _editable(item_id)
    form, slug = _form(), _slug()
    linked = [row.statement_id for row in version.statements]
    linked += [row.statement_id for option in version.options for row in option.statements]
    cited = [row.reference_id for row in version.references]
    offered = authoring.evidence(
        db(), linked + (form.statements.data or []), cited + (form.references.data or []), slug
    )
    if not form.is_submitted():
        authoring.fill(form, version, offered)
        return _page(form, offered, slug=slug, item=item, version=version)
    if "more_options" in request.form:
        form.add_option()
        return _page(form, offered, slug=slug, item=item, version=version)
    if "add_image" in request.form:
        added = _add_image(form)
        return _page(form, offered, slug=slug, item=item, version=version, status=200 if added else 422)
    if "offer" in request.form or not form.validate() or not _add_image(form):
        status = 422 if form.errors else 200
        return _page(form, offered, slug=slug, item=item, version=version, status=status)
    return _save(item, version, form, offered, slug)


def _save(item: Item, version: ItemVersion, form: ItemForm, offered: Evidence, slug: str) -> ResponseReturnValue:
    base = form.base_version.data or ""
    try:
        saved = store.save_version(
            db(),
            person(),
            item.id,
            authoring.to_content(db(), form, offered, version),
            base_version_id=int(base) if base.isdecimal() else 0,
        )
    except store.EditConflictError as clash:
        theirs = records.load_versions(db(), [clash.current.id])[clash.current.id]
        conflict = {"version": theirs, "fields": authoring.differences(form, offered, theirs, taxonomy.taxa(db()))}
        form.base_version.data = str(theirs.id)  # the next save is meant to replace it
        return _page(form, offered, slug=slug, item=item, version=version, conflict=conflict, status=409)
    except InvalidError as error:
        form.take_problems(error)
        return _page(form, offered, slug=slug, item=item, version=version, status=422)
    _dismiss(item.id)
    flash(f"Saved as version {saved.version.number}." if saved.changed else "Nothing was changed.", "success")
    return redirect(url_for("items.show", item_id=item.id))


@bp.post("/check.json")
@allow(Permission.AUTHOR)
def check() -> ResponseReturnValue:
    """Return the flaw findings of a half-written item, and its preview, as HTML for the side panes."""
    form = _form()
    if form.too_long():
        raise InvalidError("A text is too long.", problems={"item": f"at most {MAX_CHARS} characters fit in one field"})
    record = authoring.half_written(form)
    try:
        preview = render_template(
            "items/_preview.html",
            stem=render(record.stem),
            lead_in=render_inline(record.lead_in or ""),
            options=[(render_inline(option.text), option.key) for option in record.options if option.text],
        )
    except ValueError as error:
        raise InvalidError("The preview cannot be shown.", problems={"stem": str(error)}) from None
    base = form.base_version.data or ""
    version = db().get(ItemVersion, int(base)) if base.isdecimal() and len(base) < MAX_ID_LENGTH else None
    checked = _checked(form, db().get(Item, version.item_id) if version else None)
    # Without the reasons typed so far: the answer is the same while somebody types one, and nothing is redrawn.
    found = render_template("items/_findings.html", checked=checked, reasons={})
    return jsonify(findings=found, preview=preview, count=len(checked.standing))
