"""Pages of items: the list, one item with its life, review, and the difference between versions."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from qbank.accounts.models import Person
from qbank.annulments import rulings
from qbank.blocks import report_queries, statuses
from qbank.blocks.seen import has_closed
from qbank.errors import ConflictError, InvalidError, NotFoundError, QBankError
from qbank.items import (
    checks,
    compare,
    lifecycle,
    queries,
    recheck_queries,
    records,
    review_queries,
    store,
    taxonomy,
    waivers,
)
from qbank.items.blueprint import bp
from qbank.items.forms import StateForm, VoteForm
from qbank.items.models import Item, ItemState, ItemVersion, Vote
from qbank.security.guard import person
from qbank.security.permissions import Permission, allow, may
from qbank.web.forms import Form
from qbank.web.pagination import Page
from qbank.web.transaction import db, settings

TABS = ("proposed", "draft", "in_review", "approved", "pretest", "live", "suspended", "retired", "rejected")


@bp.get("")
@allow(Permission.AUTHOR)
def index() -> ResponseReturnValue:
    """List the items by state, with a search over everything that they say."""
    page = Page.from_request(request.args)
    tab = request.args.get("state", "")
    tab = tab if tab in TABS else ""
    system = request.args.get("system", "")
    chosen = queries.ItemFilter(
        state=ItemState(tab) if tab and tab != "proposed" else None,
        proposals=tab == "proposed",
        text=request.args.get("q", "")[:200],
        system_id=int(system) if system.isdecimal() and len(system) < 10 else None,
        owner_id=person().id if request.args.get("mine") else None,
    )
    rows, page.total = queries.items(db(), chosen, limit=page.size, offset=page.offset)
    return render_template(
        "items/index.html",
        rows=rows,
        page=page,
        chosen=chosen,
        tab=tab,
        counts=queries.state_counts(db()),
        tab_names=TABS,
        reports=report_queries.count_open(db()),
        systems=taxonomy.taxa(db())[taxonomy.Dimension.SYSTEM],
    )


@bp.get("/review")
@allow(Permission.REVIEW)
def review() -> ResponseReturnValue:
    """List what waits for a reviewer, oldest first, with whether this person may approve it."""
    page = Page.from_request(request.args)
    part, system = request.args.get("part", ""), request.args.get("system", "")
    chosen = review_queries.QueueFilter(
        part=review_queries.Part(part) if part in set(review_queries.Part) else review_queries.Part.ANY,
        system_id=int(system) if system.isdecimal() and len(system) < 10 else None,
    )
    needed = settings().approvals_needed
    waiting, page.total = review_queries.waiting(
        db(), person().id, chosen, four_eyes=needed > 0, limit=page.size, offset=page.offset
    )
    return render_template(
        "items/review.html",
        waiting=waiting,
        page=page,
        chosen=chosen,
        systems=taxonomy.taxa(db())[taxonomy.Dimension.SYSTEM],
        needed=needed,
    )


def _find(item_id: int) -> Item:
    item = db().get(Item, item_id)
    if item is None:
        raise NotFoundError("There is no such item.")
    return item


def _version(item: Item, number: int | None) -> ItemVersion:
    versions = queries.versions_of(db(), item.id)
    if number is None:
        wanted = store.newest_version(db(), item).id
    else:
        wanted = next((version.id for version, _author in versions if version.number == number), 0)
    found = records.load_versions(db(), [wanted]).get(wanted)
    if found is None:
        raise NotFoundError("There is no such version of this item.")
    return found


@bp.get("/<int:item_id>")
@bp.get("/<int:item_id>/versions/<int:number>", endpoint="version")
@allow(Permission.AUTHOR)
def show(item_id: int, number: int | None = None) -> ResponseReturnValue:
    """Show one item as a learner will see it, with key, rationales, evidence, checks and life."""
    return _show(item_id, number)


def _show(item_id: int, number: int | None = None, refusal: QBankError | None = None, comment: str = "") -> str:
    item = _find(item_id)
    version = _version(item, number)
    record = records.to_record(version, records.enemies_of(db(), [item.id])[item.id])
    current = version.id in (item.draft_version_id, item.published_version_id)
    owner = db().get(Person, item.owner_id) if item.owner_id else None
    return render_template(
        "items/show.html",
        item=item,
        version=version,
        owner=owner,
        enemies=record.enemies,
        current=current,
        versions=queries.versions_of(db(), item.id),
        changes=queries.changes_of(db(), item.id),
        votes=queries.votes_of(db(), version.id),
        checked=waivers.split(checks.findings(record), waivers.of_items(db(), [item.id])[item.id]),
        flags=recheck_queries.of_item(db(), item.id),
        ruling=rulings.in_force(db(), [version.id]).get(version.id),
        missing=lifecycle.missing_parts(db(), version, settings()) if version.state is ItemState.DRAFT else [],
        steps=lifecycle.STEPS[version.state] if current else (),
        state_names=lifecycle.NAMES,
        may_approve=version.state is ItemState.IN_REVIEW and lifecycle.may_approve(db(), person(), version, settings()),
        approvals=lifecycle.approvals(db(), version),
        needed=settings().approvals_needed,
        vote_form=VoteForm(version=version.id),
        state_form=StateForm(version=version.id),
        refusal=refusal,
        comment=comment,
    )


def refused(item_id: int, error: QBankError, comment: str) -> ResponseReturnValue:
    """Return the item as it stands, with why the step was not taken and the comment that came with it."""
    db().expire_all()
    return _show(item_id, refusal=error, comment=comment[:5000]), error.status


@bp.get("/<int:item_id>/compare/<int:old>/<int:new>")
@allow(Permission.SIGNED_IN)
def difference(item_id: int, old: int, new: int) -> ResponseReturnValue:
    """Show what changed between two versions, word by word."""
    item = _find(item_id)
    staff = may(person().roles, Permission.AUTHOR)
    older, newer = _version(item, old), _version(item, new)
    if not staff:
        _check_learner_may_compare(older, newer)
    fields = compare.records(records.to_record(older), records.to_record(newer))
    names = {version.number: author for version, author in queries.versions_of(db(), item.id)}
    return render_template(
        "items/difference.html", item=item, older=older, newer=newer, fields=fields, authors=names, staff=staff
    )


def _check_learner_may_compare(older: ItemVersion, newer: ItemVersion) -> None:
    """A learner compares versions that were published, once a block of theirs with the item has ended."""
    published = {ItemState.LIVE, ItemState.SUPERSEDED, ItemState.SUSPENDED, ItemState.RETIRED}
    if not {older.state, newer.state} <= published or not has_closed(db(), person(), older.item_id):
        raise NotFoundError("There is no such comparison.")


def _check_form(form: Form) -> None:
    """Raise InvalidError naming what is wrong with a form that has no page of its own."""
    if not form.validate():
        problems = {name or "form": " ".join(map(str, errors)) for name, errors in form.errors.items()}
        raise InvalidError("That could not be read: " + "; ".join(problems.values()), problems=problems)


@bp.post("/<int:item_id>/state")
@allow(Permission.AUTHOR)
def change_state(item_id: int) -> ResponseReturnValue:
    """Take one step in the item's life."""
    form = StateForm()
    try:
        to = ItemState(form.to.data or "")
    except ValueError:
        raise InvalidError("There is no such state.", problems={"to": "unknown"}) from None
    comment = form.comment.data or ""
    try:
        _check_form(form)
        version = lifecycle.change_state(db(), person(), item_id, form.version.data or 0, to, settings(), comment)
        if to in lifecycle.PUBLISHED:  # another key makes the item unused again for those who had answered it
            statuses.restate(db(), item_ids=[item_id])
    except (InvalidError, ConflictError) as error:
        return refused(item_id, error, comment)
    flash(f"The item is {lifecycle.NAMES[version.state]}.", "success")
    return redirect(url_for("items.show", item_id=item_id))


@bp.post("/<int:item_id>/vote")
@allow(Permission.REVIEW)
def vote(item_id: int) -> ResponseReturnValue:
    """Vote on the version in review."""
    form = VoteForm()
    comment = form.comment.data or ""
    try:
        _check_form(form)
        version = lifecycle.cast_vote(
            db(), person(), item_id, form.version.data or 0, Vote(form.vote.data), comment, settings()
        )
    except (InvalidError, ConflictError) as error:
        return refused(item_id, error, comment)
    flash(f"Your word is noted. The item is {lifecycle.NAMES[version.state]}.", "success")
    return redirect(url_for("items.show", item_id=item_id))


# they put their pages on the same blueprint
from qbank.items import bulk_views, check_views, desk_views, reference_views, report_views, vignette_views  # noqa: E402, F401
