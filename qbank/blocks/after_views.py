"""Pages after a block: its result, its items again with their explanations, trying them anew, and printing."""

from __future__ import annotations

import secrets

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from qbank.blocks import looking_back, more, practice, preferences, reasons, results, taking
from qbank.blocks.blueprint import bp
from qbank.blocks.explaining import whole_block
from qbank.blocks.forms import NOTE_MAX, read_note
from qbank.blocks.looking_back import SHOW_NAMES, LookBack, Show
from qbank.blocks.models import Block, BlockState
from qbank.blocks.pages import (
    explained_address,
    explanation_at,
    room_address,
    statement_address,
    tools_after,
    writing,
)
from qbank.blocks.room import Explanation
from qbank.blocks.seen import has_closed
from qbank.blocks.showing import find_delivery
from qbank.blocks.timing import late_seconds
from qbank.errors import InvalidError
from qbank.security.guard import person
from qbank.security.permissions import Permission, allow
from qbank.web.transaction import db, settings

MAX_EVENT = 100
STILL_OPEN = "This block is still open. Explanations are shown once it has ended."


def _ended(token: str, message: str = STILL_OPEN) -> tuple[Block, ResponseReturnValue | None]:
    """Return the learner's block, and where to go instead while it is open."""
    block = taking.find_block(writing(), person(), token)
    if block.state is BlockState.ENDED:
        return block, None
    flash(message, "info")
    return block, redirect(room_address(token, block.position))


def _show() -> Show | None:
    """Return the filter that the address names; None for none."""
    wanted = request.args.get("show", "")
    return Show(wanted) if wanted in set(Show) else None


def _look_back(session: Session, block: Block) -> LookBack:
    return looking_back.look_back(session, block, enough=settings().min_group_n)


@bp.get("/blocks/<token>/result")
@allow(Permission.TAKE_BLOCKS)
def result(token: str) -> ResponseReturnValue:
    """Show what an ended block came to."""
    block, elsewhere = _ended(token, "This block is still open. Its result is shown once it has ended.")
    if elsewhere:
        return elsewhere
    return render_template(
        "blocks/result.html",
        block=block,
        result=results.result(db(), block),
        entries=taking.review(db(), block),
        late_seconds=late_seconds(block),
        minimum=settings().min_group_n,
    )


@bp.get("/blocks/<token>/items")
@allow(Permission.TAKE_BLOCKS)
def look_back(token: str) -> ResponseReturnValue:
    """List the items of an ended block under a filter, each with what there is to learn from it."""
    block, elsewhere = _ended(token)
    if elsewhere:
        return elsewhere
    return render_template(
        "blocks/look_back.html",
        block=block,
        found=_look_back(db(), block),
        show=_show() or Show.ALL,
        names=SHOW_NAMES,
        reason_names=reasons.REASON_NAMES,
        slow=looking_back.SLOW,
        minimum=settings().min_group_n,
    )


def _change_address(session: Session, shown: Explanation | None) -> str | None:
    """Return the page that compares the version seen with a newer one, while no open block holds the item."""
    if shown is None or shown.newer_number is None or not has_closed(session, person(), shown.item_id):
        return None
    return url_for("items.difference", item_id=shown.item_id, old=shown.version_number, new=shown.newer_number)


def _around(session: Session, block: Block, position: int, show: Show | None) -> tuple[int | None, int | None]:
    """Return the positions before and after this one: under the filter, or in the block's own order."""
    if show is not None:
        return _look_back(session, block).around(show, position)
    return position - 1 or None, position + 1 if position < block.item_count else None


@bp.get("/blocks/<token>/result/<int(max=99999):position>")
@allow(Permission.TAKE_BLOCKS)
def explained(token: str, position: int) -> ResponseReturnValue:
    """Show one item of an ended block with its explanation."""
    block, elsewhere = _ended(token)
    if elsewhere:
        return elsewhere
    session = db()
    explanation, show = explanation_at(session, block, position), _show()
    previous, following = _around(session, block, position, show)
    return render_template(
        "blocks/explained.html",
        block=block,
        shown=taking.room_block(session, block),
        item=taking.room_item(session, block, position),
        explanation=explanation,
        statement_address=statement_address,
        change_href=_change_address(session, explanation),
        position=position,
        person_id=person().id,
        note_max=NOTE_MAX,
        after=tools_after(session, block, position),
        alike=more.count_alike(session, person(), find_delivery(session, block, position)),
        practised=practice.practised(session, block, position),
        show=show,
        show_name=SHOW_NAMES[show] if show else "",
        previous=previous,
        following=following,
    )


@bp.post("/blocks/<token>/result/<int(max=99999):position>")
@allow(Permission.TAKE_BLOCKS)
def keep(token: str, position: int) -> ResponseReturnValue:
    """Keep the learner's mark or note on an item of an ended block; neither touches the score."""
    session = db()
    block = taking.find_block(session, person(), token)
    if block.state is not BlockState.ENDED:
        return redirect(room_address(token, position))
    button = request.form.get("action", "")
    if button in {"mark", "unmark"}:
        taking.set_mark(session, person(), block, position, on=button == "mark")
    elif button == "note":
        taking.set_note(session, person(), block, position, read_note(request.form))
        flash("Your note is saved.", "success")
    return redirect(url_for("blocks.explained", token=token, position=position, show=_show()))


@bp.post("/blocks/<token>/<int(max=99999):position>/reason")
@allow(Permission.TAKE_BLOCKS)
def reason(token: str, position: int) -> ResponseReturnValue:
    """Take the learner's reason for a miss, another one, or none any more."""
    block = taking.find_block(writing(), person(), token)
    now = reasons.set_reason(db(), person(), token, position, request.form.get("reason", "")[:MAX_EVENT])
    flash(f"Noted: {reasons.REASON_NAMES[now].lower()}." if now else "The reason is taken back.", "success")
    if block.state is BlockState.ENDED:
        return redirect(url_for("blocks.explained", token=token, position=position, show=_show(), _anchor="after"))
    return redirect(room_address(token, position, "after"))


@bp.post("/blocks/<token>/result/<int(max=99999):position>/more")
@allow(Permission.TAKE_BLOCKS)
def more_like_this(token: str, position: int) -> ResponseReturnValue:
    """Start a small block on what this item is about."""
    try:
        made = more.start_alike(db(), person(), settings(), token, position)
    except InvalidError as error:
        db().rollback()
        flash(f"{error.message} {error.cure}".strip(), "warning")
        block = taking.find_block(writing(), person(), token)
        return redirect(explained_address(block, position))
    return redirect(room_address(made.token, 1))


# ---- trying again


@bp.get("/blocks/<token>/again/<int(max=99999):position>")
@allow(Permission.TAKE_BLOCKS)
def again(token: str, position: int) -> ResponseReturnValue:
    """Show the clean item; with ``?answer=`` one answer given again, with the explanation."""
    block, elsewhere = _ended(token)
    return elsewhere or _again_page(block, position)


def _again_page(block: Block, position: int, problem: str = "", status: int = 200) -> ResponseReturnValue:
    session = db()
    item = practice.clean_item(session, block, position)
    tried = practice.practised(session, block, position)
    given = next((one for one in tried if str(one.id) == request.args.get("answer")), None)
    show = _show()
    previous, following = _around(session, block, position, show)
    page = render_template(
        "blocks/again.html",
        block=block,
        item=item,
        position=position,
        given=given,
        explanation=practice.as_practised(explanation_at(session, block, position), given) if given else None,
        before=practice.first_choice(session, block, position) if given else None,
        statement_address=statement_address,
        form_event=secrets.token_hex(16),
        person_id=person().id,
        problem=problem,
        show=show,
        previous=previous,
        following=following,
    )
    return page, status


@bp.post("/blocks/<token>/again/<int(max=99999):position>")
@allow(Permission.TAKE_BLOCKS)
def answer_again(token: str, position: int) -> ResponseReturnValue:
    """Store the answer as practice and show it at once."""
    block, elsewhere = _ended(token)
    if elsewhere:
        return elsewhere
    try:
        made = practice.answer(
            db(), person(), token, position, request.form.get("choice"), request.form.get("event_id", "")[:MAX_EVENT]
        )
    except InvalidError as error:
        return _again_page(block, position, problem=error.problems.get("choice", error.message), status=422)
    return redirect(url_for("blocks.again", token=token, position=position, answer=made, show=_show()))


# ---- paper, and preferences


@bp.get("/blocks/<token>/print")
@allow(Permission.TAKE_BLOCKS)
def on_paper(token: str) -> ResponseReturnValue:
    """Show an ended block as one page to be printed: with answers and explanations, or as a worksheet without."""
    block, elsewhere = _ended(token)
    if elsewhere:
        return elsewhere
    worksheet = request.args.get("answers") == "no"
    return render_template("blocks/print.html", block=block, items=whole_block(db(), block), worksheet=worksheet)


@bp.post("/practise/confidence")
@allow(Permission.TAKE_BLOCKS)
def confidence() -> ResponseReturnValue:
    """Switch on or off that the room asks how sure the learner is."""
    on = request.form.get("on") == "yes"
    preferences.set_asks_confidence(writing(), person(), on=on)
    flash("The room asks how sure you are." if on else "The room no longer asks how sure you are.", "success")
    return redirect(url_for("blocks.build", _anchor="confidence"))
