"""Attempts to sign in are counted apart for a browser that this account was used in before.

Otherwise anybody could lock the owner of an account out by guessing wrong for them all day. A browser is known by
a signed cookie that holds a random mark and the account; it proves nothing else and opens nothing.
"""

from __future__ import annotations

import hashlib
import secrets

from flask import Flask, Response, current_app, g, request
from itsdangerous import BadData, URLSafeTimedSerializer

COOKIE = "qbank_known"
DAYS = 180


def _signer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.config["SECRET_KEY"], salt="known browser")


def _account(email: str) -> str:
    return hashlib.sha256(email.encode()).hexdigest()[:32]


def bucket(email: str) -> str:
    """Return the name under which attempts on this (folded) address are counted for the asking browser."""
    account = _account(email)
    try:
        known = _signer().loads(request.cookies.get(COOKIE, ""), max_age=DAYS * 24 * 3600)
    except BadData:
        known = None
    if isinstance(known, list) and len(known) == 2 and known[0] == account:
        return f"account:{account}:{known[1]}"
    return f"account:{account}"


def remember(email: str) -> None:
    """Make the asking browser known for this (folded) address."""
    g.known_browser = _signer().dumps([_account(email), secrets.token_hex(8)])


def install(app: Flask) -> None:
    """Send the cookie with the response to a sign-in."""

    @app.after_request
    def _send(response: Response) -> Response:
        if value := g.get("known_browser"):
            response.set_cookie(
                COOKIE,
                value,
                max_age=DAYS * 24 * 3600,
                httponly=True,
                samesite="Lax",
                secure=app.config["SESSION_COOKIE_SECURE"],
            )
        return response
