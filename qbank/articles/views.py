"""Pages of articles: the list, loading, the article with its evidence, the drafting desk."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from qbank.articles import changes as comparing
from qbank.articles import drafts, queries, reported, service
from qbank.articles.drafts import UNCLASSIFIED, Classification
from qbank.articles.forms import AcceptForm, ConfirmForm, LoadForm, RejectForm
from qbank.articles.model_drafting import asks_a_model, drafter_of
from qbank.articles.reading import ArticleError
from qbank.articles.trust import PRIOR_DECISIONS
from qbank.db.engine import begin_write
from qbank.errors import ConflictError, InvalidError, QBankError
from qbank.items import queries as items
from qbank.items import rechecks, taxonomy
from qbank.items.checks import shipped_lexicon
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
            if loaded.changed or _undrafted(loaded):
                made = _draft(loaded)
                as_what = f" as revision {loaded.revision.number}" if loaded.revision.number > 1 else ""
                flash(
                    f"Read {made.statements} statements{as_what} and drafted {made.items} items from them.", "success"
                )
                if loaded.flagged:
                    flash(
                        f"Items flagged for a check, because their statement changed or is gone: {loaded.flagged}.",
                        "warning",
                    )
                if made.failure:
                    flash(made.failure, "warning")
            else:
                flash("This text is loaded already; nothing was changed.", "success")
            return redirect(url_for("articles.desk", slug=loaded.article.slug))
    return render_template("articles/new.html", form=form), 422 if form.errors else 200


def _undrafted(loaded: service.Loaded) -> bool:
    """Return whether the program ended while a language model was asked about this revision."""
    return asks_a_model(settings()) and not loaded.revision.drafting_report


def _draft(loaded: service.Loaded) -> drafts.Made:
    """Draft from what was just loaded, as the settings say.

    A language model takes its time. Meanwhile the article is stored and no transaction is open: on SQLite an open
    one would keep every learner's answer waiting.
    """
    slug, number = loaded.article.slug, loaded.revision.number
    if not asks_a_model(settings()):
        return drafts.draft(db(), slug)
    document = service.as_document(service.find(db(), slug, number))
    db().commit()
    report = drafter_of(settings(), shipped_lexicon()).draft(document)
    begin_write(db())
    return drafts.draft(db(), slug, number=number, report=report)


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
        reviewer=may(person().roles, Permission.REVIEW),
        form=ConfirmForm(),
    )


@bp.get("/<slug>/changes")
@allow(Permission.AUTHOR)
def changes(slug: str) -> ResponseReturnValue:
    """Show what changed between two revisions, word by word; between the last two where none are named."""
    article = service.find_article(db(), slug)
    revisions = queries.revisions(db(), article.id)
    newest = revisions[0].number
    newer = _number(request.args.get("to", str(newest)))
    older = _number(request.args.get("from", str(newer - 1)))
    found = comparing.between(db(), slug, older, newer)
    return render_template(
        "articles/changes.html",
        article=article,
        changes=found,
        revisions=revisions,
        on_statement=items.on_revision(db(), found.older.id),
    )


def _number(text: str) -> int:
    """Return a revision's number; 0, which none has, for anything else."""
    return int(text) if text.isdecimal() and len(text) < 9 else 0


@bp.post("/<slug>/references/<int:reference_id>/retract")
@allow(Permission.REVIEW)
def retract(slug: str, reference_id: int) -> ResponseReturnValue:
    """Mark a reference of this article as retracted, or take that back; the items that name it are flagged."""
    service.check_names(db(), slug, reference_id)
    retracted = request.form.get("retracted") == "y"
    flagged = rechecks.retract(db(), person(), reference_id, retracted=retracted)
    if retracted:
        flash(f"Marked as retracted. Items flagged for a check: {flagged}.", "success")
    else:
        flash("The retraction is taken back, and its checks are cleared.", "success")
    return redirect(url_for("articles.show", slug=slug, _anchor="references"))


@dataclass(frozen=True)
class Refusal:
    """Why what was asked of one draft was not done: shown beside it, with what was chosen."""

    item_id: int
    message: str
    chosen: Classification = UNCLASSIFIED
    reason: str = ""


@bp.get("/<slug>/desk")
@allow(Permission.AUTHOR)
def desk(slug: str) -> ResponseReturnValue:
    """Show the drafts of one statement beside it and its reference; the other statements stand at the side."""
    return _desk(slug, request.args.get("at", ""))


def _desk(slug: str, at: str, refusal: Refusal | None = None) -> str:
    found = service.find(db(), slug)
    proposals = drafts.proposals(db(), found)
    rows = drafts.desk_rows(found, proposals)
    waiting = [row.id for row in rows if row.waiting]
    keys = [row.id for row in rows]
    at = at if at in keys else next(iter(waiting or keys), "")
    later = [key for key in waiting if keys.index(key) > keys.index(at)] if at else []
    form = AcceptForm(formdata=None)
    form.offer(taxonomy.taxa(db()))
    here = [row for row in proposals if row.place == at]
    return render_template(
        "articles/desk.html",
        article=found.article,
        revision=found,
        rows=rows,
        problems=reported.problems(found),
        prior_decisions=PRIOR_DECISIONS,
        at=at,
        statement=next((statement for statement in found.statements if statement.key == at), None),
        proposals=here,
        waiting=sum(row.waiting for row in rows),
        next_at=next(iter(later or [key for key in waiting if key != at]), ""),
        reason=next((row.reason for row in rows if row.id == at), ""),
        form=form,
        refusal=refusal,
        # What was decided in the meantime has no form to stand beside.
        refused_apart=refusal is not None and all(row.decided or row.item.id != refusal.item_id for row in here),
    )


def _refused(slug: str, error: QBankError, refusal: Refusal) -> ResponseReturnValue:
    """Return the desk as it stands, with the refusal beside its draft."""
    return _desk(slug, request.form.get("at", ""), refusal), error.status


def _back(slug: str) -> ResponseReturnValue:
    return redirect(url_for("articles.desk", slug=slug, at=request.form.get("at", "")[:20]))


@bp.post("/<slug>/drafts/<int:item_id>/accept")
@allow(Permission.AUTHOR)
def accept(slug: str, item_id: int) -> ResponseReturnValue:
    """Take a draft over as one's own, classified; send it to review when asked to, or leave it untouched."""
    form = AcceptForm()
    form.offer(taxonomy.taxa(db()))
    if not form.validate():
        raise InvalidError("Choose from the lists.", problems={k: str(v[0]) for k, v in form.errors.items() if k})
    try:
        if form.review.data:
            drafts.accept_and_send(db(), person(), slug, item_id, form.chosen(), settings())
        else:
            drafts.accept(db(), person(), slug, item_id, form.chosen())
    except (InvalidError, ConflictError) as error:
        return _refused(slug, error, Refusal(item_id, error.message, chosen=form.chosen()))
    sent = "Accepted and sent to review. Somebody else approves it."
    flash(sent if form.review.data else "Accepted: the draft is yours.", "success")
    return _back(slug)


@bp.post("/<slug>/drafts/<int:item_id>/reject")
@allow(Permission.AUTHOR)
def reject(slug: str, item_id: int) -> ResponseReturnValue:
    """Turn a draft down, with the reason."""
    form = RejectForm()
    try:
        if not form.validate():
            raise InvalidError(str(next(iter(form.reason.errors), "Say why.")))
        drafts.reject(db(), person(), slug, item_id, form.reason.data or "", settings())
    except (InvalidError, ConflictError) as error:
        return _refused(slug, error, Refusal(item_id, error.message, reason=(form.reason.data or "")[:2000]))
    flash("Rejected. It stays in the list of rejected drafts and can be taken back.", "success")
    return _back(slug)


@bp.post("/<slug>/drafts/<int:item_id>/undo")
@allow(Permission.AUTHOR)
def undo(slug: str, item_id: int) -> ResponseReturnValue:
    """Take a rejected draft back."""
    try:
        drafts.undo(db(), person(), slug, item_id, settings())
    except ConflictError as error:
        return _refused(slug, error, Refusal(item_id, error.message))
    flash("The draft is back.", "success")
    return _back(slug)


@bp.post("/<slug>/citations/<int:citation_id>")
@allow(Permission.AUTHOR)
def confirm(slug: str, citation_id: int) -> ResponseReturnValue:
    """Confirm or repair which entry a marker means; the drafts that rest on the statement follow."""
    form = ConfirmForm()
    if not form.validate():
        raise InvalidError("Choose an entry of this article.", problems={"reference": "not in this article's list"})
    citation = service.confirm_citation(db(), person(), slug, citation_id, form.reference.data or None)
    drafts.follow_citation(db(), person(), slug)
    flash(f"Marker {citation.marker}: noted. The drafts that rest on it follow.", "success")
    return redirect(url_for("articles.show", slug=slug, _anchor=(form.anchor.data or "statements")[:20]))
