"""The guard at the door: who is asking, may they, and how often."""

from __future__ import annotations

from typing import Any, cast

from flask import Flask, g, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_login import LoginManager, current_user
from flask_wtf.csrf import CSRFProtect

from qbank.accounts.models import Person
from qbank.errors import NotAllowedError
from qbank.security import audit, known_browser, signin
from qbank.security.permissions import Permission, may, permission_of
from qbank.web.errors import error_page, wants_json
from qbank.web.transaction import SAFE, db, sessions, settings

limiter = Limiter(get_remote_address)
csrf = CSRFProtect()
_PUBLIC_BY_NAME = frozenset({"static"})
_NEXT = "next"
_NEXT_MAX = 500  # characters of an address kept in the cookie, which may not outgrow 4 kB


def person() -> Person:
    """Return the signed-in person. Raises NotAllowedError when nobody is."""
    if not current_user.is_authenticated:
        raise NotAllowedError("Nobody is signed in.")
    return cast(Person, current_user.person)


def person_or_none() -> Person | None:
    """Return the signed-in person, or None."""
    return cast(Person, current_user.person) if current_user.is_authenticated else None


def after_sign_in() -> str:
    """Return where the person wanted to go before signing in. Kept as a route, never as a URL."""
    wanted = session.pop(_NEXT, None)
    if isinstance(wanted, list) and len(wanted) == 2:
        try:
            return url_for(str(wanted[0]), **dict(wanted[1]))
        except Exception:  # an endpoint or argument that is gone: the front page will do
            return url_for("home.index")
    return url_for("home.index")


def _ask_to_sign_in() -> ResponseReturnValue:
    if wants_json():
        return error_page(401, "You are no longer signed in.")
    if request.method == "GET" and request.endpoint and len(request.path) <= _NEXT_MAX:
        session[_NEXT] = [request.endpoint, request.view_args or {}]
    return redirect(url_for("accounts.sign_in"))


def _check() -> ResponseReturnValue | None:
    if request.endpoint is None or request.endpoint in _PUBLIC_BY_NAME:
        return None
    needed = permission_of(g.qbank_views[request.endpoint])
    if needed is Permission.PUBLIC:
        return None
    if not current_user.is_authenticated:
        return _ask_to_sign_in()
    if needed is None or not may(current_user.person.roles, needed):
        person_id = current_user.person.id
        db().rollback()  # a refused POST holds the write lock that the record is about to ask for
        audit.record_apart(
            sessions(),
            "denied",
            person_id=person_id,
            subject=request.endpoint,
            address=request.remote_addr or "",
        )
        raise NotAllowedError("Your role does not include this page.")
    if request.method not in SAFE:
        signin.touch(db(), current_user.sign_in_id)
    return None


def _load(token: str) -> signin.SignedIn | None:
    return signin.find(db(), token, idle_days=settings().sign_in_idle_days)


def check_marks(app: Flask) -> None:
    """Raise RuntimeError naming every endpoint that carries no permission."""
    bare = sorted(
        name for name, view in app.view_functions.items() if name not in _PUBLIC_BY_NAME and not permission_of(view)
    )
    if bare:
        raise RuntimeError(f"these endpoints say nothing of who may use them: {', '.join(bare)}")


def install(app: Flask) -> None:
    """Install sign-in, form protection, throttling and the permission check, in this order."""
    manager = LoginManager()
    manager.session_protection = None  # the network may change in mid-block; the token is the proof
    manager.init_app(app)
    manager.user_loader(_load)
    csrf.init_app(app)
    limiter.init_app(app)
    known_browser.install(app)

    @app.before_request
    def _guard() -> Any:
        g.qbank_views = app.view_functions
        return _check()
