"""Pages of the score history: blocks, breakdown, trend; one's own, or a learner's of a group that one teaches.

Both come by the same code: `access.learner` decides whose history it is, nothing after it asks again.
"""

from __future__ import annotations

from flask import Response, render_template, request
from flask.typing import ResponseReturnValue

from qbank.history import access, blocks, breakdown, charts, cohort, details, exporting, heatmap
from qbank.history import trend as trends
from qbank.history.blueprint import OF, PRACTISE, asked_cohort, asked_which, bp, make_frame
from qbank.history.forms import REASON_NAMES
from qbank.items.taxonomy import Dimension
from qbank.security.guard import person
from qbank.security.permissions import Permission, allow, may
from qbank.web.pagination import Page
from qbank.web.transaction import db, settings

DIMENSION_NAMES = {Dimension.SYSTEM: "System", Dimension.DISCIPLINE: "Discipline", Dimension.TASK: "Task"}


@bp.get("")
@bp.get(OF)
@allow(Permission.TAKE_BLOCKS)
def index(person_id: int | None = None) -> ResponseReturnValue:
    """List the ended blocks, one line each, and the open ones apart."""
    frame = make_frame(person_id)
    sort = request.args.get("sort", "")
    sort = sort if sort in blocks.SORTS else blocks.DEFAULT_SORT
    descending = request.args.get("dir", "desc") != "asc"
    totals = blocks.totals(db(), frame.who.id, frame.which)
    page = Page.from_request(request.args)
    page.total = totals.blocks
    page.number = min(page.number, page.pages)
    rows = blocks.lines(
        db(),
        frame.who.id,
        frame.which,
        sort=sort,
        descending=descending,
        limit=page.size,
        offset=page.offset,
    )
    whole = breakdown.make_cell(0, "All", totals.correct, totals.scored, settings())
    html = render_template(
        "history/index.html",
        frame=frame,
        open_blocks=blocks.open_blocks(db(), frame.who.id),
        rows=rows,
        totals=totals,
        whole=whole,
        page=page,
        sort=sort,
        descending=descending,
        reasons=REASON_NAMES,
        minimum=settings().min_group_n,
    )
    return html, frame.status


@bp.get("/blocks.csv")
@bp.get(f"{OF}/blocks.csv")
@allow(Permission.TAKE_BLOCKS)
def download(person_id: int | None = None) -> ResponseReturnValue:
    """Send the list of blocks, with its filter and its order, as a CSV file."""
    frame = make_frame(person_id)
    rows = blocks.lines(
        db(),
        frame.who.id,
        frame.which,
        sort=request.args.get("sort", ""),
        descending=request.args.get("dir", "desc") != "asc",
        limit=exporting.MOST,
    )
    kept = {"Content-Disposition": "attachment; filename=blocks.csv", "Cache-Control": "no-store"}
    return Response(exporting.rows(rows), mimetype="text/csv", headers=kept)


@bp.get("/breakdown")
@bp.get(f"{OF}/breakdown")
@allow(Permission.TAKE_BLOCKS)
def by_class(person_id: int | None = None) -> ResponseReturnValue:
    """Show the results by system, discipline and task with their intervals."""
    frame = make_frame(person_id)
    which = asked_which()
    found = breakdown.breakdown(db(), frame.who.id, frame.which, which, settings())
    cut = settings().band_low / 100
    html = render_template(
        "history/breakdown.html",
        frame=frame,
        found=found,
        heat=heatmap.heat_map(found, settings()),
        which=which,
        names=DIMENSION_NAMES,
        data={dimension: charts.interval_data(cells, cut=cut) for dimension, cells in found.cells.items()},
        minimum=settings().min_group_n,
        low=settings().band_low,
        high=settings().band_high,
        practise=PRACTISE,
    )
    return html, frame.status


@bp.get("/trend")
@bp.get(f"{OF}/trend")
@allow(Permission.TAKE_BLOCKS)
def trend(person_id: int | None = None) -> ResponseReturnValue:
    """Show the scores by date with their moving average."""
    frame = make_frame(person_id)
    tutor = request.args.get("tutor") == "1"
    found = trends.trend(db(), frame.who.id, frame.which, tutor=tutor)
    groups, group = asked_cohort(frame)
    steps = []
    if group and found.points:
        period = (found.points[0].block.ended_at.date(), found.points[-1].block.ended_at.date())
        steps = cohort.band(db(), frame.who, group, frame.which, settings(), period=period)
    html = render_template(
        "history/trend.html",
        frame=frame,
        found=found,
        data=charts.trend_data(found, steps),
        groups=groups,
        group=group,
        steps=steps,
        standing=cohort.standing(db(), frame.who, group, frame.which, settings()) if group else None,
        fewest=settings().min_peers,
        enough=settings().min_group_n,
        tutor=tutor,
        most=trends.MOST,
    )
    return html, frame.status


@bp.get("/blocks/<token>")
@bp.get(f"{OF}/blocks/<token>")
@allow(Permission.TAKE_BLOCKS)
def block(token: str, person_id: int | None = None) -> ResponseReturnValue:
    """Show one ended block item by item: outcome, time, changed answers. What it asks stays with the learner."""
    frame = make_frame(person_id)
    found = access.ended_block(db(), frame.who, token)
    items = details.deliveries(db(), found)
    line = blocks.line(db(), found)
    scored = (line.correct or 0, line.scored or 0)
    return render_template(
        "history/block.html",
        frame=frame,
        block=found,
        line=line,
        whole=breakdown.make_cell(0, "All", *scored, settings()),
        items=items,
        changes=details.change_counts(items),
        missed=details.missed_systems(items),
        reasons=REASON_NAMES,
        minimum=settings().min_group_n,
        practise=PRACTISE,
        staff=not frame.own or may(person().roles, Permission.MANAGE_GROUPS),
    )


from qbank.history import insight_views, readiness_views, staff_views  # noqa: E402, F401  on the same blueprint
