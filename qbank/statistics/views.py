"""Pages of statistics: the bank, what needs a look first; one version closely; fixed forms."""

from __future__ import annotations

from flask import Blueprint, Response, render_template, request, stream_with_context
from flask.typing import ResponseReturnValue

from qbank.errors import NotFoundError
from qbank.items import records, taxonomy
from qbank.items.models import Item, ItemState
from qbank.measurement.flags import MEANING, Flag
from qbank.security.permissions import Permission, allow
from qbank.statistics import analysis, calibrating, curves, exporting, fitting, fixed_forms, queries
from qbank.statistics.queries import Look, LookFilter
from qbank.web.pagination import Page
from qbank.web.transaction import db, settings

bp = Blueprint("statistics", __name__, url_prefix="/statistics")

LOOK_NAMES = {
    Look.CHECK_KEY: "Check the key",
    Look.TOO_HARD: "Very hard",
    Look.WEAK: "Discriminates weakly",
    Look.TOO_EASY: "Very easy",
    Look.RARE_DISTRACTOR: "Rare distractor",
    Look.SLOW: "Takes long",
}
ALL = "all"


def _chosen() -> LookFilter:
    """Read the filter from the address; nonsense means no filter."""
    flag, system, state = (request.args.get(name, "") for name in ("flag", "system", "state"))
    return LookFilter(
        flag=Look(flag) if flag in set(Look) else None,
        flagged=flag != ALL,
        system_id=int(system) if system.isdecimal() and len(system) < 10 else None,
        state=ItemState(state) if state in set(queries.STATES) else None,
    )


@bp.get("")
@allow(Permission.AUTHOR)
def index() -> ResponseReturnValue:
    """List the versions whose figures ask for a look, the gravest first."""
    chosen = _chosen()
    counts = queries.look_counts(db(), chosen)
    page = Page.from_request(request.args)
    tab = str(chosen.flag) if chosen.flag else "flagged" if chosen.flagged else ALL
    page.total = counts[tab]
    page.number = min(page.number, page.pages)
    return render_template(
        "statistics/index.html",
        rows=queries.page_of(db(), chosen, limit=page.size, offset=page.offset),
        page=page,
        chosen=chosen,
        tab=tab,
        counts=counts,
        look_names=LOOK_NAMES,
        run=calibrating.current_run(db()),
        stopped=calibrating.unfinished(db()),
        systems=taxonomy.taxa(db())[taxonomy.Dimension.SYSTEM],
        states=queries.STATES,
        limits=queries.LIMITS,
        b_least=fitting.B_LEAST,
        a_least=fitting.A_LEAST,
    )


@bp.get("/items.csv")
@allow(Permission.AUTHOR)
def download() -> ResponseReturnValue:
    """Download the figures of every version that the filter lets through."""
    lines = exporting.rows(queries.every(db(), _chosen()))
    head = {"Content-Disposition": "attachment; filename=item-statistics.csv", "Cache-Control": "no-store"}
    return Response(stream_with_context(lines), mimetype="text/csv", headers=head)


@bp.get("/items/<int(max=2147483647):item_id>")
@bp.get("/items/<int(max=2147483647):item_id>/versions/<int(max=2147483647):number>", endpoint="version")
@allow(Permission.AUTHOR)
def item(item_id: int, number: int | None = None) -> ResponseReturnValue:
    """Show the figures of one version of an item, and its versions side by side."""
    found = db().get(Item, item_id)
    if found is None:
        raise NotFoundError("There is no such item.")
    lines = queries.versions_of(db(), item_id)
    line = _line(found, lines, number)
    version = records.load_versions(db(), [line.version_id])[line.version_id]
    run = calibrating.current_run(db())
    figures = analysis.analyse(db(), version, run, line.calibration)
    return render_template(
        "statistics/item.html",
        item=found,
        version=version,
        line=line,
        lines=lines,
        run=run,
        figures=figures,
        calibration=line.calibration,
        meaning=MEANING,
        thin=Flag.TOO_FEW,
        pretest_least=settings().pretest_min_deliveries,
        limits=queries.LIMITS,
        b_least=fitting.B_LEAST,
        a_least=fitting.A_LEAST,
        tail=analysis.tail_percent(),
        **_pictures(figures, line),
    )


def _line(item: Item, lines: list[queries.VersionLine], number: int | None) -> queries.VersionLine:
    """Return the version asked for; without a number the published one, else the newest."""
    if number is None:
        wanted = next((line for line in lines if line.version_id == item.published_version_id), None)
        wanted = wanted or next(iter(lines), None)
    else:
        wanted = next((line for line in lines if line.number == number), None)
    if wanted is None:
        raise NotFoundError("There is no such version of this item.")
    return wanted


def _pictures(figures: analysis.Analysis, line: queries.VersionLine) -> dict[str, curves.Plot | None]:
    if not figures.groups:
        return {"right_plot": None, "option_plot": None}
    ability = figures.basis is analysis.Basis.ABILITY
    label = "Ability" if ability else "Right on the rest of the block"
    scores = [group.score for group in figures.groups]
    known = line.calibration
    parameters = (known.a, known.d) if known and known.a is not None and known.d is not None else None
    right = [(group.right.value, group.right.low, group.right.high) for group in figures.groups]
    key = next((place for place, row in enumerate(figures.options) if row.key), -1)
    return {
        "right_plot": curves.characteristic(scores, right, parameters, label, ability=ability),
        "option_plot": curves.option_curves(
            scores, [group.options for group in figures.groups], [row.label for row in figures.options], key, label,
            ability=ability,
        ),
    }  # fmt: skip


@bp.get("/forms")
@allow(Permission.AUTHOR)
def forms() -> ResponseReturnValue:
    """List the fixed forms that several learners took."""
    return render_template(
        "statistics/forms.html",
        forms=fixed_forms.forms(db()),
        most=fixed_forms.SHOWN,
        least=fixed_forms.LEAST,
        run=calibrating.current_run(db()),
    )


@bp.get("/forms/<int(max=2147483647):block_id>")
@allow(Permission.AUTHOR)
def form(block_id: int) -> ResponseReturnValue:
    """Show the reliability and the scores of one fixed form."""
    found = fixed_forms.find(db(), block_id)
    plot = curves.histogram([(line.score, line.n) for line in found.scores], "Items right") if found.scores else None
    return render_template("statistics/form.html", form=found, plot=plot, least=fixed_forms.LEAST)
