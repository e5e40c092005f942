"""Pages of articles: the list, loading, the article with its evidence, the drafting desk."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from qbank.articles import drafts, queries, service
from qbank.articles.forms import AcceptForm, ConfirmForm, LoadForm, RejectForm
from qbank.articles.reading import ArticleError
from qbank.errors import InvalidError
from qbank.items import queries as items
from qbank.items import taxonomy
from qbank.security.guard import person
from qbank.security.permissions import Permission, allow, may
from qbank.web.transaction import db, settings

bp = Blueprint("articles", __name__, url_prefix="/articles")


@bp.get("")
@allow(Permission.AUTHOR)
def index() -> ResponseReturnValue:
    """List the articles with their coverage."""
    return render_template("articles/index.html", rows=queries.articles(db()))


@bp.route("/new", methods=["GET", "POST"])
@allow(Permission.AUTHOR)
def new() -> ResponseReturnValue:
    """Load an article by upload or paste, as a new one or as a new revision, and draft from it."""
    form = LoadForm()
    form.article.choices = [("", "A new article"), *queries.choices(db())]
    if form.validate_on_submit() and form.check_source():
        upload = form.file.data
        slug = form.article.data or None
        try:
            if upload:
                loaded = service.load_bytes(db(), person(), upload.read(), name=upload.filename, slug=slug)
            else:
                loaded = service.load_text(db(), person(), form.text.data or "", slug=slug)
        except ArticleError as error:
            field = form.file if upload else form.text
            field.errors = [*field.errors, str(error)]
        else:
            if loaded.changed:
                made = drafts.draft(db(), loaded.article.slug)
                flash(f"Read {made.statements} statements and drafted {made.items} items from them.", "success")
            else:
                flash("This text is loaded already; nothing was changed.", "success")
            return redirect(url_for("articles.desk", slug=loaded.article.slug))
    return render_template("articles/new.html", form=form), 422 if form.errors else 200


@bp.get("/<slug>")
@bp.get("/<slug>/revisions/<int:revision>", endpoint="revision")
@allow(Permission.SIGNED_IN)
def show(slug: str, revision: int | None = None) -> ResponseReturnValue:
    """Show an article: its statements with their markers, its references, its problems.

    Learners come here from an explanation, and see no item.
    """
    found = service.find(db(), slug, revision)
    staff = may(person().roles, Permission.AUTHOR)
    return render_template(
        "articles/show.html",
        article=found.article,
        revision=found,
        revisions=queries.revisions(db(), found.article_id),
        on_statement=items.on_revision(db(), found.id) if staff else {},
        staff=staff,
        form=ConfirmForm(),
    )


@bp.get("/<slug>/desk")
@allow(Permission.AUTHOR)
def desk(slug: str) -> ResponseReturnValue:
    """Show the drafts of one statement beside it and its reference; the other statements stand at the side."""
    found = service.find(db(), slug)
    proposals = drafts.proposals(db(), found)
    rows = drafts.desk_rows(found, proposals)
    waiting = [row.id for row in rows if row.waiting]
    keys = [row.id for row in rows]
    at = request.args.get("at", "")
    at = at if at in keys else next(iter(waiting or keys), "")
    later = [key for key in waiting if keys.index(key) > keys.index(at)] if at else []
    form = AcceptForm()
    form.offer(taxonomy.taxa(db()))
    return render_template(
        "articles/desk.html",
        article=found.article,
        revision=found,
        rows=rows,
        at=at,
        statement=next((statement for statement in found.statements if statement.key == at), None),
        proposals=[row for row in proposals if row.place == at],
        waiting=sum(row.waiting for row in rows),
        next_at=next(iter(later or [key for key in waiting if key != at]), ""),
        reason=next((row.reason for row in rows if row.id == at), ""),
        form=form,
    )


@bp.post("/<slug>/drafts/<int:item_id>/accept")
@allow(Permission.AUTHOR)
def accept(slug: str, item_id: int) -> ResponseReturnValue:
    """Take a draft over as one's own, classified; send it to review when asked to."""
    form = AcceptForm()
    form.offer(taxonomy.taxa(db()))
    if not form.validate():
        raise InvalidError("Choose from the lists.", problems={k: str(v[0]) for k, v in form.errors.items() if k})
    drafts.accept(
        db(),
        person(),
        item_id,
        system_id=form.system.data or None,
        task_id=form.task.data or None,
        discipline_ids=form.disciplines.data or [],
    )
    if form.review.data:
        drafts.send_to_review(db(), person(), item_id, settings())
        flash("Accepted and sent to review. Somebody else approves it.", "success")
    else:
        flash("Accepted: the draft is yours.", "success")
    return redirect(url_for("articles.desk", slug=slug, at=request.form.get("at", "")))


@bp.post("/<slug>/drafts/<int:item_id>/reject")
@allow(Permission.AUTHOR)
def reject(slug: str, item_id: int) -> ResponseReturnValue:
    """Turn a draft down, with the reason."""
    form = RejectForm()
    drafts.reject(db(), person(), item_id, form.reason.data or "", settings())
    flash("Rejected. It stays in the list of rejected drafts and can be taken back.", "success")
    return redirect(url_for("articles.desk", slug=slug, at=request.form.get("at", "")))


@bp.post("/<slug>/drafts/<int:item_id>/undo")
@allow(Permission.AUTHOR)
def undo(slug: str, item_id: int) -> ResponseReturnValue:
    """Take a rejected draft back."""
    drafts.undo(db(), person(), item_id, settings())
    flash("The draft is back.", "success")
    return redirect(url_for("articles.desk", slug=slug, at=request.form.get("at", "")))


@bp.post("/<slug>/citations/<int:citation_id>")
@allow(Permission.AUTHOR)
def confirm(slug: str, citation_id: int) -> ResponseReturnValue:
    """Confirm or repair which entry a marker means."""
    form = ConfirmForm()
    citation = service.confirm_citation(db(), person(), citation_id, form.reference.data or None)
    flash(f"Marker {citation.marker}: noted.", "success")
    return redirect(url_for("articles.show", slug=slug, _anchor=form.anchor.data or "statements"))
