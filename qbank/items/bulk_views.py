"""Pages that take one step with many items: choose on the list, look at what would happen, confirm, read the report."""

from __future__ import annotations

from flask import render_template, request
from flask.typing import ResponseReturnValue

from qbank.blocks import statuses
from qbank.errors import InvalidError
from qbank.items import bulk, lifecycle, queries
from qbank.items.blueprint import bp
from qbank.items.models import ItemState
from qbank.security.guard import person
from qbank.security.permissions import Permission, allow
from qbank.web.transaction import db, settings

MAX_DIGITS = 16


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < MAX_DIGITS else 0


def _to() -> ItemState:
    wanted = request.form.get("to", "")
    if wanted not in set(map(str, bulk.STEPS)):
        raise InvalidError("Choose what to do with the items.", problems={"to": "Choose a step."})
    return ItemState(wanted)


def chosen_filter(values: dict[str, str]) -> queries.ItemFilter:
    """Return the filter of the items list that these query values stand for; nonsense narrows nothing."""
    state = values.get("state", "")
    known = state in set(map(str, ItemState))
    system = values.get("system", "")
    return queries.ItemFilter(
        state=ItemState(state) if known else None,
        proposals=state == "proposed",
        text=values.get("q", "")[:200],
        system_id=int(system) if system.isdecimal() and len(system) < 10 else None,
        owner_id=person().id if values.get("mine") else None,
    )


@bp.post("/bulk")
@allow(Permission.AUTHOR)
def bulk_confirm() -> ResponseReturnValue:
    """Show what the step would do to each chosen item, and why some are refused. Nothing is changed."""
    to, comment = _to(), request.form.get("comment", "").strip()
    scope = request.form.get("scope", "rows")
    matching = None
    if scope == "all":
        chosen, matching = bulk.choose_matching(db(), chosen_filter(dict(request.form)))
    else:
        names = request.form.getlist("page" if scope == "page" else "item")[: bulk.MAX_ITEMS]
        chosen = bulk.choose(db(), [number for name in names if (number := _number(name))])
    if not chosen:
        raise InvalidError("No item was chosen.", cure="Go back and tick some, or choose all of the page.")
    if len(comment) > bulk.MAX_COMMENT:
        raise InvalidError("The comment is too long.", cure=f"At most {bulk.MAX_COMMENT:,} characters.")
    return render_template(
        "items/bulk.html",
        plan=bulk.plan(db(), person(), chosen, to, comment, settings()),
        to=to,
        comment=comment,
        done=False,
        matching=matching,
        most=bulk.MAX_ITEMS,
        state_names=lifecycle.NAMES,
    )


@bp.post("/bulk/do")
@allow(Permission.AUTHOR)
def bulk_do() -> ResponseReturnValue:
    """Take the step with the items that were confirmed, and report on each."""
    to = _to()
    pairs = [value.partition(":") for value in request.form.getlist("chosen")[: bulk.MAX_ITEMS]]
    chosen = {item: version for a, _colon, b in pairs if (item := _number(a)) and (version := _number(b))}
    if not chosen:
        raise InvalidError("No item was chosen.", cure="Begin again on the list of items.")
    report = bulk.carry_out(db(), person(), chosen, to, request.form.get("comment", "").strip(), settings())
    if to in lifecycle.PUBLISHED and report.moving:  # another key makes an item unused again
        statuses.restate(db(), item_ids=[line.item.id for line in report.moving])
    return render_template(
        "items/bulk.html",
        plan=report,
        to=to,
        comment="",
        done=True,
        matching=None,
        most=bulk.MAX_ITEMS,
        state_names=lifecycle.NAMES,
    )
