"""Pages of the score history: blocks, breakdown, trend; one's own, or a learner's of a group that one teaches.

Both come by the same code: `access.learner` decides whose history it is, nothing after it asks again.
"""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from qbank.accounts.models import Person
from qbank.blocks import taking
from qbank.db.engine import begin_write
from qbank.history import access, blocks, breakdown, charts, details
from qbank.history import trend as trends
from qbank.history.filters import BlockFilter
from qbank.history.forms import REASON_NAMES, FilterForm
from qbank.items.taxonomy import Dimension
from qbank.security.guard import person
from qbank.security.permissions import Permission, allow
from qbank.web.pagination import Page
from qbank.web.transaction import db, settings

bp = Blueprint("history", __name__, url_prefix="/history")

OF = "/of/<int(max=2147483647):person_id>"  # a larger number is no id: no such page
PRACTISE = 10  # items that a row of the breakdown offers to practise
DIMENSION_NAMES = {Dimension.SYSTEM: "System", Dimension.DISCIPLINE: "Discipline", Dimension.TASK: "Task"}


@dataclass(frozen=True)
class Frame:
    """What every page of a history needs: whose it is, its filter, and how its links keep both."""

    who: Person
    own: bool
    form: FilterForm
    which: BlockFilter
    kept: dict[str, str]

    def link(self, endpoint: str, **values: object) -> str:
        """Return the address of a page of this history, with the filter kept; None takes a value out."""
        return self.bare(endpoint, **{**self.kept, **values})

    def bare(self, endpoint: str, **values: object) -> str:
        """Return the address of a page of this history without the filter."""
        whose = {} if self.own else {"person_id": self.who.id}
        return url_for(f"history.{endpoint}", **whose, **values)  # type: ignore[arg-type]


def _frame(person_id: int | None) -> Frame:
    who = access.learner(db(), person(), person_id)
    if blocks.any_due(db(), who.id):
        begin_write(db())  # a look at the history is a first look at blocks whose time is up: it closes them
        taking.open_blocks(db(), who)
    form = FilterForm(request.args)
    which = form.chosen()
    return Frame(who=who, own=who.id == person().id, form=form, which=which, kept=form.kept())


@bp.get("")
@bp.get(OF)
@allow(Permission.TAKE_BLOCKS)
def index(person_id: int | None = None) -> ResponseReturnValue:
    """List the ended blocks, one line each, and the open ones apart."""
    frame = _frame(person_id)
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
    return html, 422 if frame.form.errors else 200


@bp.get("/breakdown")
@bp.get(f"{OF}/breakdown")
@allow(Permission.TAKE_BLOCKS)
def by_class(person_id: int | None = None) -> ResponseReturnValue:
    """Show the results by system, discipline and task with their intervals."""
    frame = _frame(person_id)
    wanted = request.args.get("count", "")
    which = breakdown.Which(wanted) if wanted in set(breakdown.Which) else breakdown.Which.FIRST
    found = breakdown.breakdown(db(), frame.who.id, frame.which, which, settings())
    cut = settings().band_low / 100
    html = render_template(
        "history/breakdown.html",
        frame=frame,
        found=found,
        which=which,
        names=DIMENSION_NAMES,
        data={dimension: charts.interval_data(cells, cut=cut) for dimension, cells in found.cells.items()},
        minimum=settings().min_group_n,
        low=settings().band_low,
        high=settings().band_high,
        practise=PRACTISE,
    )
    return html, 422 if frame.form.errors else 200


@bp.get("/trend")
@bp.get(f"{OF}/trend")
@allow(Permission.TAKE_BLOCKS)
def trend(person_id: int | None = None) -> ResponseReturnValue:
    """Show the scores by date with their moving average."""
    frame = _frame(person_id)
    tutor = request.args.get("tutor") == "1"
    found = trends.trend(db(), frame.who.id, frame.which, tutor=tutor)
    html = render_template(
        "history/trend.html",
        frame=frame,
        found=found,
        data=charts.trend_data(found),
        tutor=tutor,
        most=trends.MOST,
    )
    return html, 422 if frame.form.errors else 200


@bp.get("/blocks/<token>")
@bp.get(f"{OF}/blocks/<token>")
@allow(Permission.TAKE_BLOCKS)
def block(token: str, person_id: int | None = None) -> ResponseReturnValue:
    """Show one ended block item by item: outcome, time, changed answers. What it asks stays with the learner."""
    frame = _frame(person_id)
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
        reasons=REASON_NAMES,
        minimum=settings().min_group_n,
    )
