"""Pages of accounts: set-up, sign-in, sign-up, people, the account itself."""

from __future__ import annotations

from flask import Blueprint, Response, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user, login_user, logout_user

from qbank.accounts import service
from qbank.accounts.forms import (
    ROLE_NAMES,
    AccountForm,
    InviteForm,
    PasswordForm,
    PersonForm,
    SignInForm,
    SignUpForm,
)
from qbank.accounts.models import Person, PersonState, Role
from qbank.db.engine import begin_write
from qbank.errors import ConflictError, InvalidError, NotAllowedError
from qbank.groups import service as groups
from qbank.security import audit, known_browser, passwords, signin
from qbank.security.guard import after_sign_in, limiter, person
from qbank.security.permissions import Permission, allow
from qbank.settings import SignUp
from qbank.web.pagination import Page
from qbank.web.transaction import db, sessions, settings

bp = Blueprint("accounts", __name__)


def _start_session(who: Person) -> None:
    if current_user.is_authenticated:
        signin.end(db(), current_user.sign_in_id)
    session.pop("csrf_token", None)  # a fixed form token must not outlive the change of person
    signed = signin.start(db(), who, days=settings().sign_in_days, user_agent=request.user_agent.string)
    session.permanent = True
    login_user(signed)
    known_browser.remember(who.email or "")
    audit.record(db(), "signed in", person_id=who.id, address=request.remote_addr or "")


def _account_limit() -> str:
    return known_browser.bucket(service.fold_email(request.form.get("email", "")))


def _refused(response: Response) -> bool:
    """Return whether the attempt counts: a class that signs in from one address must not throttle itself."""
    return response.status_code == 422


def _authenticate(email: str, password: str) -> Person | None:
    """Return whose address and password these are.

    Checking a password takes a tenth of a second, so it happens between two transactions: nobody who saves an
    answer waits for it, and guessing passwords stops nobody from working.
    """
    stored = service.stored_password(db(), email)
    db().rollback()
    fits = passwords.verify(stored, password)
    begin_write(db())
    return service.active_person(db(), email, stored) if fits else None


@bp.route("/sign-in", methods=["GET", "POST"])
@limiter.limit(lambda: settings().sign_in_limit, methods=["POST"], deduct_when=_refused)
@limiter.limit(lambda: settings().sign_in_limit, methods=["POST"], key_func=_account_limit, deduct_when=_refused)
@allow(Permission.PUBLIC)
def sign_in() -> ResponseReturnValue:
    """Sign in."""
    if current_user.is_authenticated and request.method == "GET":
        return redirect(url_for("home.index"))
    form = SignInForm()
    if form.validate_on_submit():
        who = _authenticate(form.email.data or "", form.password.data or "")
        if who is not None:
            target = after_sign_in()
            _start_session(who)
            return redirect(target)
        known = service.find_by_email(db(), form.email.data or "")
        whose = known.id if known else None
        db().rollback()
        audit.record_apart(sessions(), "sign-in refused", person_id=whose, address=request.remote_addr or "")
        form.form_errors.append("Address and password do not fit together.")
    page = render_template("accounts/sign_in.html", form=form, sign_up=settings().sign_up)
    return page, 422 if form.form_errors or form.errors else 200


@bp.post("/sign-out")
@allow(Permission.SIGNED_IN)
def sign_out() -> ResponseReturnValue:
    """Sign this browser out, at once and for good."""
    signin.end(db(), current_user.sign_in_id)
    audit.record(db(), "signed out", person_id=person().id)
    logout_user()
    session.clear()
    flash("You are signed out.", "success")
    return redirect(url_for("accounts.sign_in"))


def _make_account(form: AccountForm, make: object) -> Person | None:
    """Make the account, or put what is wrong beside the fields and return None."""
    assert callable(make)
    try:
        made: Person = make(email=form.email.data, name=form.name.data, password=form.password.data)
    except InvalidError as error:
        if not form.take_problems(error):
            raise
        db().rollback()
        return None
    except ConflictError as error:
        db().rollback()
        form.email.errors = [*form.email.errors, error.message]
        return None
    return made


@bp.route("/join/<token>", methods=["GET", "POST"])
@limiter.limit("30 per minute", methods=["POST"])
@allow(Permission.PUBLIC)
def join(token: str) -> ResponseReturnValue:
    """Accept an invitation, or set the bank up: the first administrator comes in by a link too."""
    invitation = service.open_invitation(db(), token)
    form = AccountForm(email=invitation.email)
    is_setup, fixed = invitation.is_setup, invitation.email
    if form.validate_on_submit():
        who = _make_account(form, lambda **data: service.accept_invitation(db(), settings(), token, **data))
        if who is not None:
            _start_session(who)
            flash("The bank is yours." if is_setup else "Welcome.", "success")
            return redirect(url_for("home.index"))
    page = render_template(
        "accounts/join.html",
        form=form,
        is_setup=is_setup,
        fixed_email=fixed,
        minimum=settings().password_min_length,
    )
    return page, 422 if form.errors else 200


@bp.route("/sign-up", methods=["GET", "POST"])
@limiter.limit("30 per minute", methods=["POST"])
@allow(Permission.PUBLIC)
def sign_up() -> ResponseReturnValue:
    """Make an account by oneself, where the bank allows it."""
    mode = settings().sign_up
    if mode is SignUp.INVITATION:
        raise NotAllowedError("Accounts are made by invitation here.", cure="Ask your educator for a link.")
    form = SignUpForm()
    if form.validate_on_submit():
        who = _sign_up(form, needs_code=mode is SignUp.JOIN_CODE)
        if who is not None:
            _start_session(who)
            flash("Welcome.", "success")
            return redirect(url_for("home.index"))
    page = render_template("accounts/sign_up.html", form=form, mode=mode, minimum=settings().password_min_length)
    return page, 422 if form.errors else 200


def _sign_up(form: SignUpForm, *, needs_code: bool) -> Person | None:
    code = form.join_code.data or ""
    group = groups.find_by_code(db(), code) if code else None
    if group is None and (needs_code or code):
        form.join_code.errors = ["No group has this code."]
        return None
    who = _make_account(form, lambda **data: service.create_person(db(), settings(), roles={Role.STUDENT}, **data))
    if who is not None and group is not None:
        groups.join(db(), who, code)
    return who


@bp.get("/people")
@allow(Permission.MANAGE_PEOPLE)
def people() -> ResponseReturnValue:
    """List everybody, with roles; invite."""
    page = Page.from_request(request.args)
    search = request.args.get("q", "")
    rows, page.total = service.people(db(), search=search, limit=page.size, offset=page.offset)
    return render_template(
        "accounts/people.html",
        people=rows,
        page=page,
        search=search,
        form=InviteForm(),
        role_names=ROLE_NAMES,
    )


@bp.post("/people/invite")
@allow(Permission.MANAGE_PEOPLE)
def invite() -> ResponseReturnValue:
    """Make an invitation and show its link once."""
    form = InviteForm()
    if not form.validate_on_submit():
        raise InvalidError("The invitation could not be made.", problems={k: v[0] for k, v in form.errors.items() if k})
    roles = {Role(name) for name in form.roles.data or []}
    token = service.invite(db(), person(), roles=roles, email=form.email.data or None)
    link = url_for("accounts.join", token=token, _external=True)
    return render_template("accounts/invited.html", link=link, email=form.email.data, days=service.INVITATION_DAYS)


@bp.route("/people/<int:person_id>", methods=["GET", "POST"])
@allow(Permission.MANAGE_PEOPLE)
def edit_person(person_id: int) -> ResponseReturnValue:
    """Set a person's roles and time allowance."""
    who = service.get_person(db(), person_id)
    form = PersonForm(roles=[role.value for role in who.roles], time_percent=who.time_percent)
    if form.validate_on_submit():
        service.set_roles(db(), person(), who, {Role(name) for name in form.roles.data or []})
        service.set_time_percent(db(), person(), who, form.time_percent.data)
        flash(f"Saved what {who.name} may do.", "success")
        return redirect(url_for("accounts.people"))
    return render_template("accounts/person.html", who=who, form=form), 422 if form.errors else 200


@bp.post("/people/<int:person_id>/<any(open, close):what>")
@allow(Permission.MANAGE_PEOPLE)
def set_state(person_id: int, what: str) -> ResponseReturnValue:
    """Open or close an account."""
    who = service.get_person(db(), person_id)
    service.set_state(db(), person(), who, PersonState.ACTIVE if what == "open" else PersonState.DISABLED)
    flash(f"The account of {who.name} is {'open' if what == 'open' else 'closed'}.", "success")
    return redirect(url_for("accounts.people"))


@bp.route("/account", methods=["GET", "POST"])
@limiter.limit(lambda: settings().sign_in_limit, methods=["POST"], deduct_when=_refused)
@allow(Permission.SIGNED_IN)
def account() -> ResponseReturnValue:
    """Show one's own account; change the password."""
    form = PasswordForm()
    if form.validate_on_submit():
        try:
            service.change_password(db(), settings(), person(), form.old.data or "", form.new.data or "")
        except InvalidError as error:
            form.take_problems(error)
        else:
            signin.end_all(db(), person().id, keep=current_user.sign_in_id)
            flash("The password is changed; other browsers are signed out.", "success")
            return redirect(url_for("accounts.account"))
    page = render_template(
        "accounts/account.html",
        who=person(),
        form=form,
        minimum=settings().password_min_length,
        role_names=ROLE_NAMES,
    )
    return page, 422 if form.errors else 200


# they put their pages on the same blueprint
from qbank.accounts import my_data_views  # noqa: E402, F401
