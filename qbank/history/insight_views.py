"""Pages of a history that answer one question each: what next, how fast, how sure, how much better."""

from __future__ import annotations

from flask import render_template
from flask.typing import ResponseReturnValue

from qbank import clock
from qbank.history import answers, calendar, charts, comparing, overview, pace, reflecting
from qbank.history.blueprint import OF, PRACTISE, asked_which, bp, make_frame
from qbank.security.guard import person
from qbank.security.permissions import Permission, allow
from qbank.web.transaction import db, settings


@bp.get("/overview")
@bp.get(f"{OF}/overview")
@allow(Permission.TAKE_BLOCKS)
def summary(person_id: int | None = None) -> ResponseReturnValue:
    """Show what to do next and where one stands."""
    frame = make_frame(person_id)
    return render_template(
        "history/overview.html",
        frame=frame,
        seen=overview.overview(db(), person(), frame.who, settings()),
        minimum=settings().min_group_n,
        low=settings().band_low,
        high=settings().band_high,
        practise=PRACTISE,
    )


@bp.get("/pace")
@bp.get(f"{OF}/pace")
@allow(Permission.TAKE_BLOCKS)
def by_pace(person_id: int | None = None) -> ResponseReturnValue:
    """Show accuracy and seconds by place in the block and by hour, and the calendar of activity."""
    frame, which = make_frame(person_id), asked_which()
    places = pace.by_position(db(), frame.who.id, frame.which, which, settings())
    hours = pace.by_hour(db(), frame.who.id, frame.which, which, settings())
    cut = settings().band_low / 100
    html = render_template(
        "history/pace.html",
        frame=frame,
        which=which,
        places=places,
        hours=hours,
        days=calendar.calendar(db(), frame.who.id, frame.which, clock.now().date()),
        data={
            "places": charts.interval_data([row.cell for row in places], cut=cut),
            "hours": charts.interval_data([row.cell for row in hours], cut=cut),
            "seconds": charts.seconds_data(places),
        },
        minimum=settings().min_group_n,
        low=settings().band_low,
    )
    return html, frame.status


@bp.get("/answers")
@bp.get(f"{OF}/answers")
@allow(Permission.TAKE_BLOCKS)
def by_answers(person_id: int | None = None) -> ResponseReturnValue:
    """Show what changed answers were worth, how sure the learner was, and why items were missed."""
    frame, which = make_frame(person_id), asked_which()
    cut = settings().band_low / 100
    sure = reflecting.calibration(db(), frame.who.id, frame.which, settings())
    html = render_template(
        "history/answers.html",
        frame=frame,
        which=which,
        changes=answers.changes(db(), frame.who.id, frame.which, which),
        enough=answers.ENOUGH,
        times=answers.by_outcome(db(), frame.who.id, frame.which, which, settings()),
        sure=sure,
        sure_data=charts.interval_data(sure, cut=cut),
        overconfident=reflecting.overconfident(sure, cut),
        misses=reflecting.reasons(db(), frame.who.id, frame.which),
        words=reflecting.REASON_WORDS,
        minimum=settings().min_group_n,
        low=settings().band_low,
        practise=PRACTISE,
    )
    return html, frame.status


@bp.get("/passes")
@bp.get(f"{OF}/passes")
@allow(Permission.TAKE_BLOCKS)
def by_pass(person_id: int | None = None) -> ResponseReturnValue:
    """Compare the times through the bank."""
    frame, which = make_frame(person_id), asked_which()
    found = comparing.passes(db(), frame.who.id, frame.which, which, settings())
    html = render_template(
        "history/passes.html",
        frame=frame,
        which=which,
        found=found,
        data=charts.interval_data([line.whole for line in found.lines], cut=settings().band_low / 100),
        minimum=settings().min_group_n,
        low=settings().band_low,
    )
    return html, frame.status
