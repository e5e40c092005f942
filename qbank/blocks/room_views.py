"""The room's other pages: the paused block, and the laboratory reference ranges."""

from __future__ import annotations

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from qbank.blocks import pausing, taking
from qbank.blocks.blueprint import bp
from qbank.blocks.models import BlockState
from qbank.content.lab_ranges import shipped_lab_ranges
from qbank.db.engine import begin_write
from qbank.security.guard import person
from qbank.security.permissions import Permission, allow
from qbank.web.transaction import db, settings


@bp.route("/blocks/<token>/pause", methods=["GET", "POST"])
@allow(Permission.TAKE_BLOCKS)
def paused(token: str) -> ResponseReturnValue:
    """Show a paused block without its items; the page's button lets the clock run on."""
    session = db()
    begin_write(session)
    block = taking.find_block(session, person(), token)
    if request.method == "POST":
        pausing.resume(session, person(), settings(), token)
    if block.state is not BlockState.PAUSED:
        return redirect(url_for("blocks.resume", token=token))
    shown = taking.room_block(session, block)
    return render_template("blocks/paused.html", block=shown, paused_at=block.paused_at, person_id=person().id)


@bp.get("/labs")
@allow(Permission.TAKE_BLOCKS)
def labs() -> ResponseReturnValue:
    """Show the laboratory reference ranges; with ``?part=1`` only their table, for the panel in the room."""
    part = "part" in request.args
    return render_template("blocks/_labs.html" if part else "blocks/labs.html", groups=shipped_lab_ranges())
