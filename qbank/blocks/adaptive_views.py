"""Pages of adaptive practice: its start from the builder, the step to the next item, and the estimate afterwards."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from qbank.blocks import adaptive, adaptive_queries, taking
from qbank.blocks.blueprint import bp
from qbank.blocks.forms import BuildForm
from qbank.blocks.models import Block, BlockState
from qbank.blocks.pages import room_address, writing
from qbank.errors import NotAllowedError
from qbank.security.guard import person
from qbank.security.permissions import Permission, allow
from qbank.web.transaction import db, settings


def start_from(form: BuildForm) -> Block:
    """Start an adaptive block from the builder's filters. Raises InvalidError by field."""
    return adaptive.start(
        db(), person(), settings(), criteria=form.criteria(), aim=form.aim.data, most=form.count.data or 0,
        minutes=form.minutes.data, name=form.name.data or None,
    )  # fmt: skip


def progress_at(block: Block, position: int) -> dict[str, object] | None:
    """Return what the room needs where the block is adaptive: whether a next item comes, and why not."""
    if not adaptive.is_adaptive(block):
        return None
    now = adaptive.progress(db(), block)
    stop = adaptive.STOP_WORDS[now.stop] if now.stop is not None else None
    waiting = now.submitted < block.item_count
    return {"stop": None if waiting else stop, "asks": position == block.item_count and not waiting and stop is None}


@bp.post("/blocks/<token>/next")
@allow(Permission.TAKE_BLOCKS)
def next_item(token: str) -> ResponseReturnValue:
    """Give the item after the one just submitted, once however often it is asked for."""
    block = taking.find_block(writing(), person(), token)
    if block.state is BlockState.ENDED:
        return redirect(url_for("blocks.result", token=token))
    sent = request.form.get("after", "")
    after = int(sent) if sent.isascii() and sent.isdecimal() and len(sent) < 6 else 0
    try:
        position = adaptive.next_item(db(), person(), token, after)
    except NotAllowedError as refused:
        db().rollback()
        flash(f"{refused.message} {refused.cure}".strip(), "info")
        return redirect(url_for("blocks.resume", token=token))
    return redirect(room_address(token, position))


@bp.get("/blocks/<token>/estimate")
@allow(Permission.TAKE_BLOCKS)
def estimate(token: str) -> ResponseReturnValue:
    """Explain what an ended adaptive block says of the ability, and what it does not."""
    block = taking.find_block(writing(), person(), token)
    if block.state is not BlockState.ENDED:
        flash(adaptive_queries.STILL_OPEN, "info")
        return redirect(room_address(token, block.position))
    found = adaptive_queries.report(db(), block)
    return render_template("blocks/estimate.html", block=block, found=found, least=adaptive_queries.LEAST)
