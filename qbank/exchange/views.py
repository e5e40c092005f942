"""Pages of imports: a file comes in, its preview, the decision, the report, undoing."""

from __future__ import annotations

from typing import Any

from flask import Response, flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from qbank import clock
from qbank.accounts.models import Role
from qbank.errors import ConflictError, InvalidError, NotFoundError
from qbank.exchange import columns, importing, jobs, queries, rendering, running, undoing, uploads
from qbank.exchange.blueprint import bp
from qbank.exchange.formats import FORMATS
from qbank.exchange.forms import ASK, TargetForm, UploadForm, likely, mapping_choices
from qbank.exchange.models import ImportRun, RunState
from qbank.exchange.planning import Remark
from qbank.exchange.shape import record_of
from qbank.exchange.target import DIMENSIONS, Target
from qbank.items import checks, taxonomy
from qbank.items.record import ItemRecord
from qbank.security.guard import person
from qbank.security.permissions import Permission, allow
from qbank.web.transaction import db, sessions, settings

BUSY = (RunState.READING, RunState.IMPORTING, RunState.UNDOING)


@bp.get("")
@allow(Permission.AUTHOR)
def index() -> ResponseReturnValue:
    """Choose a file to import; the latest imports."""
    undoing.recover(sessions())
    form = UploadForm()
    form.offer()
    return _index(form)


def _index(form: UploadForm) -> str:
    return render_template(
        "exchange/index.html", form=form, runs=queries.recent(db()), part=uploads.MAX_PART, most=uploads.MAX_FILE
    )


@bp.post("/imports")
@allow(Permission.AUTHOR)
def upload() -> ResponseReturnValue:
    """Take a file, whole or sent before in parts, and begin its preview."""
    form = UploadForm()
    form.offer()
    uploads.sweep(db(), settings())
    try:
        if not form.validate():
            raise InvalidError("There is no file to read.")
        run = _received(form) if form.upload.data else _sent_whole(form)
    except InvalidError as error:
        form.take_problems(error)
        if not form.errors:
            form.file.errors = [error.message]
        return _index(form), error.status
    running.claim(run.id)
    run.state = RunState.READING
    db().commit()  # the work beside this request needs the database for itself
    jobs.preview(sessions(), settings(), run)
    return redirect(url_for("exchange.show", token=run.token))


def _sent_whole(form: UploadForm) -> ImportRun:
    name = form.file.data.filename or "file"
    run = running.start(db(), person().id, running.Upload(name, ""), RunState.RECEIVING)
    try:
        run.size = uploads.keep(settings(), run, form.file.data.stream)
        run.format = importing.sniff(uploads.path_of(settings(), run), name, form.format.data or None).name
    except BaseException:
        uploads.forget(settings(), run)
        raise
    return run


def _received(form: UploadForm) -> ImportRun:
    run = _mine(form.upload.data or "")
    path = uploads.path_of(settings(), run)
    if run.state is not RunState.RECEIVING or not path.exists() or path.stat().st_size != run.size:
        raise InvalidError("The file did not arrive whole.", problems={"file": "Choose it again."})
    run.format = importing.sniff(path, run.file_name, form.format.data or None).name
    return run


@bp.post("/imports/parts")
@allow(Permission.AUTHOR)
def announce() -> ResponseReturnValue:
    """Begin a file that comes in parts; answers with where to send them."""
    body: Any = request.get_json(silent=True)
    body = body if isinstance(body, dict) else {}
    name, size = body.get("name"), body.get("size")
    if not isinstance(name, str) or not name or not isinstance(size, int) or isinstance(size, bool) or size < 1:
        raise InvalidError("Name the file and its size in bytes.", problems={"name": "text", "size": "a whole number"})
    uploads.check_size(size)
    run = running.start(db(), person().id, running.Upload(name, "", size), RunState.RECEIVING)
    return jsonify({"token": run.token, "url": url_for("exchange.receive", token=run.token)}), 201


@bp.post("/imports/<token>/parts")
@allow(Permission.AUTHOR)
def receive(token: str) -> ResponseReturnValue:
    """Take one part of a file; the query names the offset at which it begins."""
    run = _mine(token)
    offset = request.args.get("offset", "")
    if run.state is not RunState.RECEIVING or not offset.isdecimal() or len(offset) > 12:
        raise ConflictError("No part of this file is awaited.", cure="Choose the file again.")
    run.beat_at = clock.now()
    return jsonify({"have": uploads.append(settings(), run, int(offset), request.get_data(cache=False))})


def _mine(token: str) -> ImportRun:
    """Return a run that this person may decide on. Raises NotFoundError for one of somebody else."""
    run = queries.find(db(), token)
    if run.person_id != person().id and Role.ADMINISTRATOR not in person().roles:
        raise NotFoundError("There is no such import.")
    return run


def _is_mine(run: ImportRun) -> bool:
    return run.person_id == person().id or Role.ADMINISTRATOR in person().roles


@bp.get("/imports/<token>")
@allow(Permission.AUTHOR)
def show(token: str) -> ResponseReturnValue:
    """Show a run as it stands: progress, preview, report."""
    undoing.recover(sessions())
    run = queries.find(db(), token)
    return _show(run)


def _show(run: ImportRun, form: TargetForm | None = None) -> str:
    if run.state in BUSY:
        return render_template("exchange/busy.html", run=run)
    common: dict[str, Any] = {
        "run": run,
        "mine": _is_mine(run),
        "refusals": queries.refusals(db(), run),
        "remarks": queries.remarks(db(), run),
        "kinds": Remark,
    }
    if run.state is not RunState.READY:
        return render_template("exchange/report.html", **common, names=queries.imported_names(db(), run))
    taxa = taxonomy.taxa(db())
    target = Target.from_json(run.options)
    if form is None:
        form = TargetForm(formdata=None, format=run.format)
        form.fill(target)
    form.offer(taxa)
    return render_template(
        "exchange/preview.html",
        **common,
        form=form,
        sample=[_shown(entry) for entry in run.sample],
        mapping=_mapping(run, target, taxa),
        columns=_columns(run, target),
        fields=columns.fields_offered(),
    )


def _shown(entry: dict[str, Any]) -> dict[str, Any]:
    """Return a sample item ready to be shown, as learners would see it, with its key and its flaws."""
    record: ItemRecord = record_of(entry["item"])
    return {
        **entry,
        "vignette": rendering.render(record.vignette or ""),
        "stem": rendering.render(record.stem),
        "lead_in": rendering.render_inline(record.lead_in or ""),
        "options": [(rendering.render_inline(option.text), option.key) for option in record.options],
        "findings": checks.findings(record),
    }


def _columns(run: ImportRun, target: Target) -> list[columns.ColumnShown]:
    return columns.columns_of(FORMATS[run.format], uploads.path_of(settings(), run), target.columns)


def _chosen_columns(run: ImportRun, target: Target) -> dict[str, str]:
    """Return what the form says of the columns: what was chosen before, and what differs from what was found."""
    chosen = dict(target.columns)
    for place, column in enumerate(_columns(run, target)):
        meant = request.form.get(f"column-{place}", column.field)
        if meant != column.field and (meant == "" or meant in columns.fields_offered()):
            chosen[column.header] = meant
    return chosen


def _mapping(run: ImportRun, target: Target, taxa: dict[Any, Any]) -> list[dict[str, Any]]:
    """Return one row for each code of the file that the bank lacks: how often it is there, what it is to mean."""
    rows = []
    for name in (*DIMENSIONS, "tags"):
        for place, (code, number) in enumerate(run.counts.get("codes", {}).get(name, {}).items()):
            rows.append(
                {
                    "field": f"map-{name}-{place}",
                    "name": name,
                    "code": code,
                    "count": number,
                    "choices": mapping_choices(name, taxa),
                    "current": target.codes.get((name, code)) or likely(name, code, taxa),
                }
            )
    return rows


@bp.get("/imports/<token>/progress")
@allow(Permission.AUTHOR)
def progress(token: str) -> ResponseReturnValue:
    """Tell a script how far a run is."""
    run = queries.find(db(), token)
    response = jsonify({"state": str(run.state), "busy": run.state in BUSY, "progress": run.progress})
    response.cache_control.no_store = True
    return response


@bp.post("/imports/<token>/decide")
@allow(Permission.AUTHOR)
def decide(token: str) -> ResponseReturnValue:
    """Read the file again with other choices, or import it."""
    run = _mine(token)
    if run.state is not RunState.READY:
        raise ConflictError("This import is decided on.", cure="Look at it as it is now.")
    taxa = taxonomy.taxa(db())
    form = TargetForm()
    form.offer(taxa)
    if not form.validate():
        return _show(run, form), 422
    chosen = {
        (row["name"], row["code"]): meant
        for row in _mapping(run, Target(), taxa)
        if (meant := request.form.get(row["field"], ASK)) in {value for value, _ in row["choices"]}
    }
    before = Target.from_json(run.options)
    target = form.target(chosen, _chosen_columns(run, before))
    run.options = target.to_json()
    # What was shown is what is imported: another format or other columns are another preview first.
    other = form.format.data != run.format or target.columns != before.columns
    again = request.form.get("what") != "import" or other
    run.format = form.format.data
    run.state = RunState.READING if again else RunState.IMPORTING
    run.progress, run.beat_at, run.owner = 0, clock.now(), running.owner_name()
    running.claim(run.id)
    db().commit()
    (jobs.preview if again else jobs.carry_out)(sessions(), settings(), run)
    return redirect(url_for("exchange.show", token=token))


@bp.post("/imports/<token>/discard")
@allow(Permission.AUTHOR)
def discard(token: str) -> ResponseReturnValue:
    """Decide against an import."""
    run = _mine(token)
    if run.state not in (RunState.READY, RunState.FAILED):
        raise ConflictError("This import is decided on.", cure="Look at it as it is now.")
    run.state, run.ended_at = RunState.DISCARDED, clock.now()
    uploads.forget(settings(), run)
    flash(f"{run.file_name} was not imported.", "success")
    return redirect(url_for("exchange.index"))


@bp.post("/imports/<token>/undo")
@allow(Permission.AUTHOR)
def undo(token: str) -> ResponseReturnValue:
    """Take an import back, as long as nobody has used an item of it."""
    run = _mine(token)
    undoing.begin_undo(db(), run.id)
    db().commit()
    jobs.undo(sessions(), run)
    return redirect(url_for("exchange.show", token=token))


@bp.get("/imports/<token>/report.csv")
@bp.get("/imports/<token>/report.json", endpoint="report_json")
@allow(Permission.AUTHOR)
def report(token: str) -> ResponseReturnValue:
    """Download what became of each record."""
    run = queries.find(db(), token)
    kind = "json" if request.endpoint == "exchange.report_json" else "csv"
    head = {"Content-Disposition": f"attachment; filename=import-{run.id}.{kind}", "Cache-Control": "no-store"}
    if kind == "json":
        return jsonify(importing.report_of(db(), run).to_json()), 200, head
    body = "\ufeff" + "".join(queries.report_rows(db(), run))
    return Response(body, mimetype="text/csv", headers=head)


@bp.get("/templates/<name>")
@allow(Permission.AUTHOR)
def template(name: str) -> ResponseReturnValue:
    """Download a file to fill in, of a format that has one."""
    entry = FORMATS.get(name)
    content = columns.template(entry) if entry else None
    if entry is None or content is None:
        raise NotFoundError("There is no such template.")
    head = {"Content-Disposition": f"attachment; filename=template{entry.suffixes[0]}"}
    return Response(content, mimetype="application/octet-stream", headers=head)


from qbank.exchange import export_views  # noqa: E402, F401  puts the export's pages on the same blueprint
