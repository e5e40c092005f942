"""Pages of the spaced review: what is due, the queue and its schedule, and what has left it."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from fsrs import Rating

from qbank import clock
from qbank.errors import InvalidError
from qbank.review import queries, service, starting
from qbank.review.models import Departure, Reason
from qbank.security.guard import person
from qbank.security.permissions import Permission, allow
from qbank.web.pagination import Page
from qbank.web.transaction import db, settings

bp = Blueprint("review", __name__, url_prefix="/review")

CARD = "/cards/<int(max=2147483647):card_id>"  # a larger number is no id: no such page
REASON_WORDS = {Reason.MISSED: "Missed", Reason.UNSURE: "Right, but unsure", Reason.MARKED: "Marked"}
RATING_WORDS = {
    Rating.Again: "wrong or omitted",
    Rating.Hard: "right with effort",
    Rating.Good: "right",
    Rating.Easy: "right and sure",
}
LEFT_WORDS = {Departure.LEARNED: "Right twice on different days", Departure.REMOVED: "Taken out"}


@bp.get("")
@allow(Permission.TAKE_BLOCKS)
def index() -> ResponseReturnValue:
    """Show what is due, the schedule, and the queue or what has left it."""
    left = request.args.get("show") == "left"
    now, who = clock.now(), person()
    waiting, gone = queries.count(db(), who), queries.count(db(), who, left=True)
    page = Page.from_request(request.args, size=25)
    page.total = gone if left else waiting
    page.number = min(page.number, page.pages)
    return render_template(
        "review/index.html",
        left=left,
        waiting=waiting,
        gone=gone,
        due=queries.due(db(), who, now),
        schedule=queries.schedule(db(), who, now),
        rows=queries.cards(db(), who, left=left, limit=page.size, offset=page.offset),
        page=page,
        now=now,
        most=starting.most(settings()),
        fitted=service.newest_fit(db(), who.id),
        logged=queries.reviews_logged(db(), who.id),
        enough=settings().review_fit_from,
        reasons=REASON_WORDS,
        ratings=RATING_WORDS,
        departures=LEFT_WORDS,
        again=Rating.Again,
    )


@bp.post("/start")
@allow(Permission.TAKE_BLOCKS)
def start() -> ResponseReturnValue:
    """Start a block of the items due."""
    try:
        block = starting.start(db(), person(), settings())
    except InvalidError as error:
        db().rollback()
        flash(f"{error.message} {error.cure}".strip(), "info")
        return redirect(url_for("review.index"))
    return redirect(url_for("blocks.room", token=block.token, position=1))


@bp.post(f"{CARD}/remove")
@allow(Permission.TAKE_BLOCKS)
def remove(card_id: int) -> ResponseReturnValue:
    """Take an item out of the queue; the list of those that left offers to put it back."""
    service.remove(db(), person(), card_id)
    flash("Taken out of your review. It stands first under “Left the review”, where you can put it back.", "success")
    return redirect(url_for("review.index"))


@bp.post(f"{CARD}/put-back")
@allow(Permission.TAKE_BLOCKS)
def put_back(card_id: int) -> ResponseReturnValue:
    """Put an item that left back into the queue."""
    service.put_back(db(), person(), card_id)
    flash("Back in your review.", "success")
    return redirect(url_for("review.index"))
