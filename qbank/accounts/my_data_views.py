"""Pages of one's own data: what is held, the files, and deleting an account."""

from __future__ import annotations

from collections.abc import Iterator

from flask import Response, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import logout_user
from wtforms import PasswordField, StringField
from wtforms.validators import DataRequired, Length

from qbank import clock
from qbank.accounts import my_data, my_data_export, service
from qbank.accounts.models import Person
from qbank.accounts.views import bp
from qbank.db.engine import begin_write
from qbank.errors import ConflictError
from qbank.security import passwords
from qbank.security.guard import limiter, person
from qbank.security.permissions import Permission, allow
from qbank.web.forms import Form, stripped
from qbank.web.transaction import db, sessions, settings

PHRASE = "delete my account"
FILES = {
    "history.csv": (my_data_export.history_csv, "text/csv; charset=utf-8"),
    "history.json": (my_data_export.history_json, "application/json"),
    "other.json": (my_data_export.rest_json, "application/json"),
}


class DeleteForm(Form):
    """The password again, and the words that say that it is meant."""

    password = PasswordField("Your password", [DataRequired("Enter your password."), Length(max=1000)])
    words = StringField("Confirmation", [DataRequired("Type the words shown above."), Length(max=300)], [stripped])


def _refused(response: Response) -> bool:
    return response.status_code == 422


@bp.get("/account/data")
@allow(Permission.SIGNED_IN)
def my_data_page() -> ResponseReturnValue:
    """Show what the bank holds of the person, with the files and the way to delete the account."""
    return render_template("accounts/my_data.html", who=person(), holdings=my_data.holdings(db(), person().id))


@bp.get("/account/data/history.csv", endpoint="my_history_csv")
@bp.get("/account/data/history.json", endpoint="my_history_json")
@bp.get("/account/data/other.json", endpoint="my_other_json")
@allow(Permission.SIGNED_IN)
def my_data_file() -> ResponseReturnValue:
    """Send one of the files, written while it is being read."""
    name = request.path.rpartition("/")[2]
    write, kind = FILES[name]
    rows: Iterator[str] = write(sessions(), person().id)
    response = Response(rows, content_type=kind)
    stem, _dot, suffix = name.partition(".")
    response.headers.set("Content-Disposition", "attachment", filename=f"{stem}-{clock.now():%Y-%m-%d}.{suffix}")
    response.cache_control.no_store = True
    return response


def _is_password(given: str) -> bool:
    """Check the signed-in person's password between two transactions: it takes a tenth of a second."""
    stored, who = person().password_hash, person().id
    db().rollback()
    fits = passwords.verify(stored, given)
    begin_write(db())
    return fits and service.get_person(db(), who).password_hash == stored


def _check(form: DeleteForm, words: str) -> bool:
    """Return whether the form says that it is meant; what is wrong stands beside its field."""
    if not form.validate_on_submit():
        return False
    if " ".join((form.words.data or "").split()).casefold() != words.casefold():
        form.words.errors = ["These are not the words shown above."]
    if not _is_password(form.password.data or ""):
        form.password.errors = ["This is not your password."]
    return not form.errors


def _erase(form: DeleteForm, who: Person) -> bool:
    try:
        my_data.erase(db(), service.get_person(db(), person().id), who)
    except ConflictError as error:
        db().rollback()
        form.form_errors.append(f"{error.message} {error.cure}".strip())
        return False
    return True


@bp.route("/account/delete", methods=["GET", "POST"])
@limiter.limit(lambda: settings().sign_in_limit, methods=["POST"], deduct_when=_refused)
@allow(Permission.SIGNED_IN)
def delete_account() -> ResponseReturnValue:
    """Delete one's own account for good, after the password and the typed words."""
    form = DeleteForm()
    if request.method == "POST" and _check(form, PHRASE) and _erase(form, service.get_person(db(), person().id)):
        logout_user()
        session.clear()
        flash("Your account is deleted.", "success")
        return redirect(url_for("accounts.sign_in"))
    return _delete_page(form, person(), PHRASE, own=True)


@bp.route("/people/<int(max=2147483647):person_id>/delete", methods=["GET", "POST"])
@limiter.limit(lambda: settings().sign_in_limit, methods=["POST"], deduct_when=_refused)
@allow(Permission.MANAGE_PEOPLE)
def delete_person(person_id: int) -> ResponseReturnValue:
    """Delete somebody's account at their request, after the administrator's password and the person's address."""
    if person_id == person().id:
        return redirect(url_for("accounts.delete_account"))
    form = DeleteForm()
    who = service.get_person(db(), person_id)
    words = who.email or who.name
    if request.method == "POST" and _check(form, words) and _erase(form, service.get_person(db(), person_id)):
        flash("The account is deleted.", "success")
        return redirect(url_for("accounts.people"))
    return _delete_page(form, service.get_person(db(), person_id), words, own=False)


def _delete_page(form: DeleteForm, who: Person, words: str, *, own: bool) -> ResponseReturnValue:
    held = my_data.holdings(db(), who.id)
    page = render_template("accounts/delete.html", form=form, who=who, words=words, own=own, holdings=held)
    return page, 422 if form.errors or form.form_errors else 200
