"""Pages of exports: what to take, what the format would lose, the file; a paper form and its key."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

from flask import Response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from qbank import clock
from qbank.errors import InvalidError
from qbank.exchange import exporting, rendering, sending
from qbank.exchange.blueprint import bp
from qbank.exchange.exporting import Selection
from qbank.exchange.forms import ExportForm
from qbank.exchange.images import Outgoing
from qbank.items import taxonomy
from qbank.items.record import ItemRecord
from qbank.media.shelf import Shelf
from qbank.security.permissions import Permission, allow
from qbank.web.transaction import db, sessions, settings

PAPER = 500  # items of one paper form


def _form() -> ExportForm:
    """Return the form that the address fills, with the usual format where it names none."""
    given = MultiDict(request.args)
    given.setdefault("format", "markdown")
    form = ExportForm(formdata=given)
    form.offer(taxonomy.taxa(db()))
    return form


def _images() -> Outgoing:
    return Outgoing(Shelf(settings().data_dir))


def _selection(form: ExportForm) -> Selection:
    """Return the choices. Raises InvalidError naming what is wrong with them."""
    if not form.validate():
        problems = {name or "form": " ".join(map(str, errors)) for name, errors in form.errors.items()}
        raise InvalidError("The selection cannot be read.", problems=problems, cure="Go back and choose again.")
    chosen = form.selection()
    chosen.check(db())
    return chosen


@bp.get("/export")
@allow(Permission.AUTHOR)
def export() -> ResponseReturnValue:
    """Choose items and a format; with ``look``, say what would be in the file and what would be lost."""
    form = _form()
    found: dict[str, Any] = {}
    if "look" in request.args and form.validate():
        chosen = form.selection()
        entry = exporting.format_named(form.format.data)
        found = {
            "entry": entry,
            "total": exporting.count(db(), chosen),
            "losses": exporting.losses(entry, exporting.selected(db(), chosen, limit=exporting.LOOKED_AT), _images()),
            "query": {name: values for name, values in request.args.to_dict(flat=False).items() if name != "look"},
        }
    return render_template("exchange/export.html", form=form, found=found, paper=PAPER), 422 if form.errors else 200


@bp.get("/export/file")
@allow(Permission.AUTHOR)
def export_file() -> ResponseReturnValue:
    """Download the selection in the format."""
    form = _form()
    chosen = _selection(form)
    entry = exporting.format_named(form.format.data)
    parts = sending.sent(sessions(), chosen, entry, _images())
    first = next(parts, b"")  # what is wrong with the selection is said on a page, before the file begins
    response = Response(_behind(first, parts), mimetype="application/octet-stream")
    suffix = entry.suffixes[0] if entry.suffixes else ".xml"
    response.headers.set("Content-Disposition", "attachment", filename=f"items-{clock.now():%Y-%m-%d}{suffix}")
    response.cache_control.no_store = True
    response.call_on_close(parts.close)
    return response


def _behind(first: bytes, parts: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from parts


@bp.get("/export/paper")
@bp.get("/export/key", endpoint="key")
@allow(Permission.AUTHOR)
def paper() -> ResponseReturnValue:
    """Show the selection as a form to print, or, apart from it, the form's answer key."""
    chosen = _selection(_form())
    key = request.endpoint == "exchange.key"
    query: dict[str, Any] = request.args.to_dict(flat=False)
    items = [_printed(record) for record in islice(exporting.selected(db(), chosen), PAPER)]
    if not items:
        raise InvalidError("No item of the bank fits this selection.", cure="Choose wider.")
    response = Response(
        render_template(
            "exchange/key.html" if key else "exchange/paper.html",
            items=items,
            total=exporting.count(db(), chosen),
            other=url_for("exchange.paper" if key else "exchange.key", **query),
            back=url_for("exchange.export", look=1, **query),
            today=clock.now().date(),
        )
    )
    response.cache_control.no_store = True
    return response


def _printed(record: ItemRecord) -> dict[str, Any]:
    return {
        "name": record.name,
        "vignette": rendering.render(record.vignette or ""),
        "stem": rendering.render(record.stem),
        "lead_in": rendering.render_inline(record.lead_in or ""),
        "options": [rendering.render_inline(option.text) for option in record.options],
        "keys": [chr(65 + place) for place, option in enumerate(record.options) if option.key],
        "rationales": list(_rationales(record)),
    }


def _rationales(record: ItemRecord) -> Iterator[tuple[str, str]]:
    for place, option in enumerate(record.options):
        if option.key and option.rationale:
            yield chr(65 + place), rendering.render(option.rationale)
