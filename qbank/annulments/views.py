"""Pages of annulments: what to decide of a version, what that would do, and what learners are told."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from qbank.annulments import planning, queries, service
from qbank.annulments.models import AnnulmentKind
from qbank.annulments.planning import Decision, Preview
from qbank.errors import ConflictError, InvalidError, NotFoundError, QBankError
from qbank.items.models import Item, ItemVersion
from qbank.items.records import load_versions
from qbank.security.guard import person
from qbank.security.permissions import Permission, allow
from qbank.web.pagination import Page
from qbank.web.transaction import db, settings

bp = Blueprint("annulments", __name__, url_prefix="/annulments")
MAX_DIGITS = 16
MAX_TOKEN = 64


def _number(text: str) -> int | None:
    return int(text) if text.isdecimal() and len(text) < MAX_DIGITS else None


def _version(version_id: int) -> tuple[Item, ItemVersion]:
    version = load_versions(db(), [version_id]).get(version_id)
    if version is None:
        raise NotFoundError("There is no such version of an item.")
    return version.item, version


def _decision(version_id: int, kind: str, option: str) -> Decision:
    if kind not in set(AnnulmentKind):
        raise InvalidError("Choose what to do.", problems={"kind": "Choose what to do."})
    wanted = AnnulmentKind(kind)
    return Decision(version_id, wanted, _number(option) if wanted is AnnulmentKind.KEY_CHANGED else None)


def _page(
    version_id: int,
    *,
    given: dict[str, str] | None = None,
    refusal: QBankError | None = None,
    preview: Preview | None = None,
    status: int = 200,
) -> ResponseReturnValue:
    item, version = _version(version_id)
    page = Page.from_request(request.args, size=25)
    page.total = preview.blocks if preview else 0
    made = queries.decisions(db(), version_id)
    html = render_template(
        "annulments/decide.html",
        item=item,
        version=version,
        made=made,
        held=next((each.row for each in made if each.row.ended_at is None), None),
        given=given or {},
        problems=getattr(refusal, "problems", {}),
        refusal=refusal,
        preview=preview,
        page=page,
        told=service.TOLD,
        most=service.MAX_REASON,
        minimum=settings().min_group_n,
    )
    return html, status


def _preview(decision: Decision) -> Preview:
    page = Page.from_request(request.args, size=25)
    return planning.preview(db(), decision, limit=page.size, offset=page.offset)


@bp.get("/<int(max=2147483647):version_id>")
@allow(Permission.REVIEW)
def decide(version_id: int) -> ResponseReturnValue:
    """Show what can be decided of a version and, once that is chosen, what it would do to scores and statistics."""
    kind, option = request.args.get("kind", ""), request.args.get("option", "")
    if not kind:
        return _page(version_id)
    given = {"kind": kind[:20], "option": option[:MAX_DIGITS]}
    try:
        return _page(version_id, given=given, preview=_preview(_decision(version_id, kind, option)))
    except (InvalidError, ConflictError) as error:
        return _page(version_id, given=given, refusal=error, status=error.status)


@bp.post("/<int(max=2147483647):version_id>")
@allow(Permission.REVIEW)
def confirm(version_id: int) -> ResponseReturnValue:
    """Carry out what the preview showed; where that is no longer true, show the new preview and change nothing."""
    given = {name: request.form.get(name, "")[: 2 * service.MAX_REASON] for name in ("kind", "option", "reason")}
    token = request.form.get("token", "")[:MAX_TOKEN]
    item, _old = _version(version_id)
    item_id = item.id
    decision: Decision | None = None
    try:
        decision = _decision(version_id, given["kind"], given["option"])
        done = service.decide(db(), person(), settings(), decision, reason=given["reason"], token=token)
    except (InvalidError, ConflictError) as error:
        db().rollback()
        return _again(version_id, decision, given, error)
    flash(_said(done), "success")
    return redirect(url_for("items.show", item_id=item_id))


def _again(version_id: int, decision: Decision | None, given: dict[str, str], error: QBankError) -> ResponseReturnValue:
    """Show the page with what was refused, and the preview as it is now where there is one."""
    preview = None
    if decision is not None:
        try:
            preview = _preview(decision)
        except (InvalidError, ConflictError) as now:
            error = now
    return _page(version_id, given=given, refusal=error, preview=preview, status=error.status)


def _said(done: service.Decided) -> str:
    blocks = "No score changed." if not done.blocks else f"{done.blocks:,} scores changed; their learners are told."
    if done.blocks == 1:
        blocks = "One score changed; its learner is told."
    draft = f" Version {done.draft.number} with the new key is in draft." if done.draft else ""
    return blocks + (" The item is suspended." if done.suspended else "") + draft


@bp.get("/notices")
@allow(Permission.TAKE_BLOCKS)
def notices() -> ResponseReturnValue:
    """List the learner's blocks whose score changed, and why; they count as seen from then on."""
    page = Page.from_request(request.args, size=25)
    who = person().id
    page.total = queries.count_notices(db(), who)
    rows = queries.notices(db(), who, limit=page.size, offset=page.offset)
    html = render_template("annulments/notices.html", rows=rows, page=page, minimum=settings().min_group_n)
    if fresh := [row.notice.id for row in rows if row.notice.seen_at is None]:
        queries.mark_seen(db(), fresh)
    return html
