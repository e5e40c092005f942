"""Pages of blocks: the builder, the room, the review screen, and the end; what comes afterwards is in `after_views`.

What may be seen and what counts is decided in the services; these views only ask, and show the answer. The same
services answer the plain forms, the scripts and the pages.
"""

from __future__ import annotations

import math
import secrets
from dataclasses import asdict

from flask import abort, flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import generate_csrf

from qbank import clock
from qbank.blocks import building, closing, pausing, preferences, presets, saved_filters, taking
from qbank.blocks.blueprint import bp
from qbank.blocks.filter_models import SavedFilter
from qbank.blocks.forms import (
    GROUPS,
    NOTE_MAX,
    BuildForm,
    exam_day,
    filters_from_query,
    plain_actions,
    read_action,
    read_button,
)
from qbank.blocks.models import Block, BlockState, ExamPreset, Feedback, Timing
from qbank.blocks.pages import explanation_at, room_address, statement_address, tools_after, writing
from qbank.blocks.room import Ack
from qbank.errors import ConflictError, InvalidError
from qbank.items.taxonomy import taxa
from qbank.security.guard import person
from qbank.security.permissions import Permission, allow, may
from qbank.web.transaction import db, settings

TIME_UP = "Time is up: the block is closed. What was answered in time counts."
CONFIDENCE_OFF = "You are no longer asked how sure you are. Where you build a block you can switch it on again."
MAX_ACTION = 64 * 1024  # bytes of one action; a note of 10,000 characters fits


# ---- the builder


def _build_form() -> tuple[BuildForm, list[ExamPreset]]:
    """Return the form with the bank's choices; a GET takes its filters from the query string."""
    offered = _offered()
    first = offered[0] if offered else None
    usual = min(first.items_per_block_max or 20 if first else 20, settings().block_max_items)
    defaults = {"preset": first.id if first else 0, "count": usual}
    asked: dict[str, object] = {"count": None} if request.method == "POST" else {}
    if request.method == "POST":
        form = BuildForm(data=defaults)
    else:
        known = request.args.to_dict(flat=False)
        kept = _kept_filter() if request.endpoint == "blocks.build" else None
        values = saved_filters.criteria_of(kept).to_dict() if kept else {}
        asked = filters_from_query(known) | values
        form = BuildForm(formdata=None, data=defaults | asked, meta={"csrf": False})
        form.kept = kept
    form.offer(taxa(db()), offered, settings().seconds_per_item)
    if request.endpoint == "blocks.build" and "count" not in asked:
        form.count.data = building.usual_count(db(), person(), form.criteria(), usual)
    return form, offered


def _offered() -> list[ExamPreset]:
    """Return the formats in force on the day of the exam where one is given; else today's and those to come."""
    today = clock.now().date()
    if (day := exam_day(request.values.get("exam_on", ""))) is not None:
        return presets.in_force(db(), day)
    return [*presets.in_force(db(), today), *presets.to_come(db(), today)]


def _kept_filter() -> SavedFilter | None:
    """Return the saved filter that the address names; where it names nothing at all, the learner's default one."""
    wanted = request.args.get("saved", "")
    if wanted.isdecimal() and len(wanted) < 10:
        return saved_filters.find(db(), person(), int(wanted))
    if request.args:
        return None
    return next((kept for kept in saved_filters.all_of(db(), person()) if kept.is_default), None)


def _build_page(form: BuildForm, offered: list[ExamPreset], status: int = 200) -> ResponseReturnValue:
    counts = building.count_eligible(db(), person(), form.criteria())
    chosen = next((preset for preset in offered if preset.id == form.preset.data), None)
    seconds = chosen.seconds_per_item if chosen else settings().seconds_per_item
    percent = person().time_percent
    page = render_template(
        "blocks/build.html",
        form=form,
        counts=counts,
        has_items=presets.has_live_items(db()),
        paces={preset.id: preset.seconds_per_item for preset in offered} | {0: settings().seconds_per_item},
        limit_words=form.limit_words(seconds, percent),
        time_percent=percent,
        can_pause=any(preset.pause_allowed for preset in offered),
        most=settings().block_max_items,
        open_blocks=taking.open_blocks(db(), person()),
        asks_confidence=preferences.asks_confidence(person()),
        saved=saved_filters.all_of(db(), person()),
        writes=may(person().roles, Permission.AUTHOR),
    )
    return page, status


@bp.get("/practise")
@allow(Permission.TAKE_BLOCKS)
def build() -> ResponseReturnValue:
    """Choose what a block is made from, with the count next to every choice."""
    writing()  # listing open blocks closes those that are due
    return _build_page(*_build_form())


@bp.get("/practise/counts.json")
@allow(Permission.TAKE_BLOCKS)
def counts() -> ResponseReturnValue:
    """Answer the builder's script: how many items are eligible, in all and next to every choice."""
    form, _offered = _build_form()
    found = building.count_eligible(db(), person(), form.criteria())
    groups = {name: {str(value): n for value, n in getattr(found, name).items()} for name in GROUPS}
    return jsonify(total=found.total, **groups)


@bp.post("/practise")
@allow(Permission.TAKE_BLOCKS)
def start() -> ResponseReturnValue:
    """Start a block, or only count again where the page has no script."""
    form, offered = _build_form()
    if request.form.get("what") == "count":
        return _build_page(form, offered)
    if request.form.get("what") == "save":
        return _save(form, offered)
    if not form.validate():
        return _build_page(form, offered, 422)
    try:
        block = _start(form, offered)
    except InvalidError as error:
        db().rollback()
        if not form.take_problems(error):
            form.count.errors = [*form.count.errors, f"{error.message} {error.cure}".strip()]
        return _build_page(form, offered, 422)
    except ConflictError as error:
        db().rollback()
        return _conflict(error)
    return redirect(url_for("blocks.room", token=block.token, position=1))


def _save(form: BuildForm, offered: list[ExamPreset]) -> ResponseReturnValue:
    try:
        made = saved_filters.save(db(), person(), form.saved_as.data or "", form.criteria())
    except InvalidError as error:
        db().rollback()
        form.take_problems(error)
        return _build_page(form, offered, 422)
    flash(f"The filters are saved as “{made.name}”.", "success")
    return redirect(url_for("blocks.build", saved=made.id))


def _start(form: BuildForm, offered: list[ExamPreset]) -> Block:
    if request.form.get("what") == "adaptive":
        return adaptive_views.start_from(form)
    return building.start_block(
        db(),
        person(),
        settings(),
        criteria=form.criteria(),
        count=form.count.data or 0,
        feedback=Feedback(form.feedback.data),
        timing=Timing(form.timing.data),
        preset=next((preset for preset in offered if preset.id == form.preset.data), None),
        name=form.name.data or None,
    )


def _conflict(error: ConflictError) -> ResponseReturnValue:
    """A timed block is open already: lead to it."""
    token = getattr(error, "token", None)
    if token is None:
        raise error
    return render_template("blocks/conflict.html", error=error, token=token), error.status


# ---- the room


@bp.app_template_filter()
def clock_text(seconds: float) -> str:
    """Write the time left as the room's clock shows it: "29:05", "1:02:09"; a second begun is a second left."""
    minutes, rest = divmod(max(0, math.ceil(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


@bp.get("/blocks/<token>")
@allow(Permission.TAKE_BLOCKS)
def resume(token: str) -> ResponseReturnValue:
    """Go on where the block was left, or to its result."""
    block = taking.find_block(writing(), person(), token)
    if block.state is BlockState.ENDED:
        return redirect(url_for("blocks.result", token=token))
    return redirect(room_address(token, block.position))


@bp.get("/blocks/<token>/<int(max=99999):position>")
@allow(Permission.TAKE_BLOCKS)
def room(token: str, position: int) -> ResponseReturnValue:
    """Show one item of an open block."""
    session = writing()
    block = taking.find_block(session, person(), token)
    if block.state is BlockState.ENDED:
        return _over(block)
    if block.state is BlockState.PAUSED:
        return redirect(url_for("blocks.paused", token=token))
    taking.open_item(session, block, position)
    item = taking.room_item(session, block, position)
    explained = explanation_at(session, block, position) if item.submitted else None
    return render_template(
        "blocks/room.html",
        block=taking.room_block(session, block),
        item=item,
        explanation=explained,
        position=position,
        person_id=person().id,
        statement_address=statement_address,
        form_event=secrets.token_hex(16),
        note_max=NOTE_MAX,
        asks_confidence=preferences.asks_confidence(person()),
        after=tools_after(session, block, position) if explained else None,
        adaptive=adaptive_views.progress_at(block, position),
    )


def _over(block: Block) -> ResponseReturnValue:
    if block.ended_reason == "time_up":
        flash(TIME_UP, "warning")
    return redirect(url_for("blocks.result", token=block.token))


@bp.post("/blocks/<token>/<int(max=99999):position>")
@allow(Permission.TAKE_BLOCKS)
def act(token: str, position: int) -> ResponseReturnValue:
    """Take what a plain form sends: the choice on the page first, then what its button says."""
    session = db()
    block = taking.find_block(session, person(), token)
    if block.state is BlockState.ENDED:
        return _over(block)
    button, detail = read_button(request.form.get("action", "save"))
    item = taking.room_item(session, block, position)
    for action in plain_actions(request.form, item):
        ack = taking.apply(session, person(), token, position, action)
        if ack.ended:
            flash(TIME_UP, "warning")
            return redirect(url_for("blocks.result", token=token))
        if ack.status == "refused":
            flash(ack.message or "That was refused; nothing was changed.", "warning")
            break
    if button == "pause":
        pausing.pause(session, person(), settings(), token)
    elif button == "hide-confidence":
        preferences.set_asks_confidence(session, person(), on=False)
        flash(CONFIDENCE_OFF, "info")
    return redirect(_next_address(block, position, button, detail))


def _next_address(block: Block, position: int, button: str, detail: str) -> str:
    if button == "pause":
        return url_for("blocks.paused", token=block.token)
    if button == "review":
        return url_for("blocks.review", token=block.token)
    if button == "submit":
        return room_address(block.token, position, "explanation")
    wanted = {"next": position + 1, "previous": position - 1}.get(button, position)
    if button == "goto" and detail.isdecimal():
        wanted = int(detail[:6])
    return room_address(block.token, max(1, min(wanted, block.item_count)))


@bp.post("/blocks/<token>/<int(max=99999):position>/events")
@allow(Permission.TAKE_BLOCKS)
def event(token: str, position: int) -> ResponseReturnValue:
    """Take one action of the room's script; the answer is the server's word on it."""
    if (request.content_length or 0) > MAX_ACTION:
        abort(413)
    action = read_action(request.get_json(silent=True))
    ack: Ack = taking.apply(db(), person(), token, position, action)
    return jsonify(asdict(ack))


@bp.get("/blocks/<token>/state.json")
@allow(Permission.TAKE_BLOCKS)
def state(token: str) -> ResponseReturnValue:
    """Answer the clock, the navigator and the form token that fits the present sign-in."""
    session = writing()
    block = taking.find_block(session, person(), token)
    shown = taking.room_block(session, block)
    return jsonify(
        remaining=shown.remaining,
        ended=shown.ended,
        closes_in=shown.closes_in,
        paused=shown.paused,
        navigator=[asdict(entry) for entry in shown.navigator],
        csrf_token=generate_csrf(),
    )


# ---- the end


@bp.get("/blocks/<token>/review")
@allow(Permission.TAKE_BLOCKS)
def review(token: str) -> ResponseReturnValue:
    """Show every item as answered, unanswered, marked, before the end."""
    session = writing()
    block = taking.find_block(session, person(), token)
    if block.state is BlockState.ENDED:
        return _over(block)
    if block.state is BlockState.PAUSED:
        return redirect(url_for("blocks.paused", token=token))
    return render_template(
        "blocks/review.html", block=taking.room_block(session, block), at=block.position, person_id=person().id
    )


@bp.route("/blocks/<token>/end", methods=["GET", "POST"])
@allow(Permission.TAKE_BLOCKS)
def end(token: str) -> ResponseReturnValue:
    """Ask once more, naming how many items are unanswered; then end the block for good."""
    session = writing()
    block = taking.find_block(session, person(), token)
    if block.state is BlockState.ENDED:
        return _over(block)
    if block.state is BlockState.PAUSED:
        return redirect(url_for("blocks.paused", token=token))
    if request.method == "POST" and request.form.get("confirm") == "yes":
        closing.end_block(session, person(), token)
        return redirect(url_for("blocks.result", token=token))
    return render_template(
        "blocks/end.html", block=taking.room_block(session, block), at=block.position, person_id=person().id
    )


# the rest of the feature's pages, on the same blueprint
from qbank.blocks import adaptive_views, after_views, builder_views, report_views, room_views  # noqa: E402, F401
