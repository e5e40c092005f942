"""The application: what is set up, in which order."""

from __future__ import annotations

from datetime import timedelta
from importlib import import_module
from pathlib import Path

import sqlalchemy as sa
from jinja2 import StrictUndefined
from werkzeug.middleware.proxy_fix import ProxyFix

from qbank import clock, paths
from qbank.db import models  # noqa: F401  the mappers must be whole before the first query
from qbank.db.engine import make_engine, make_sessions
from qbank.security import guard, headers
from qbank.settings import Settings
from qbank.web import assets, edge, errors, filters, navigation, transaction

# Every feature's pages. A feature that is not finished is not listed, and so has no address.
FEATURES = (
    "home", "accounts", "groups", "articles", "items", "blocks", "annulments", "history", "review", "statistics",
    "exchange", "media",
)  # fmt: skip
MAX_BODY = 6 * 1024 * 1024  # an article of 5 MB and the rest of its form


def create_app(settings: Settings, engine: sa.Engine | None = None) -> transaction.Application:
    """Return the application. Raises RuntimeError when an endpoint lacks its permission."""
    app = transaction.Application(
        "qbank", static_folder=str(paths.PACKAGE / "static"), template_folder=str(paths.templates_dir())
    )
    _configure(app, settings)
    engine = engine or make_engine(settings.database_url)
    app.extensions["qbank.settings"] = settings
    app.extensions["qbank.engine"] = engine
    app.extensions["qbank.sessions"] = make_sessions(engine)
    app.teardown_appcontext(transaction.close)
    headers.install(app)
    edge.install_sizes(app)
    guard.install(app)
    edge.install(app)
    errors.install(app)
    assets.install(app)
    filters.install(app)
    navigation.install(app)
    for feature in FEATURES:
        app.register_blueprint(import_module(f"qbank.{feature}.views").bp)
    guard.check_marks(app)
    return app


def _configure(app: transaction.Application, settings: Settings) -> None:
    app.config.update(
        SECRET_KEY=settings.secret_key,
        TESTING=settings.testing,
        TRUSTED_HOSTS=settings.trusted_hosts or None,
        MAX_CONTENT_LENGTH=MAX_BODY,
        MAX_FORM_MEMORY_SIZE=MAX_BODY,
        MAX_FORM_PARTS=2000,
        SESSION_COOKIE_NAME="qbank_session",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.secure_cookies,
        PERMANENT_SESSION_LIFETIME=timedelta(days=settings.sign_in_days),
        PROPAGATE_EXCEPTIONS=False,
        WTF_CSRF_TIME_LIMIT=None,  # a block may be open longer than an hour; the token dies with the sign-in
        RATELIMIT_STORAGE_URI=settings.ratelimit_storage_uri,
        RATELIMIT_HEADERS_ENABLED=True,
        RATELIMIT_IN_MEMORY_FALLBACK_ENABLED=True,  # the counters' store being down must not close the door
        RATELIMIT_ENABLED=not settings.testing,
    )
    app.jinja_options = {"trim_blocks": True, "lstrip_blocks": True}
    app.jinja_env.undefined = StrictUndefined
    if settings.testing and settings.clock_file:
        clock.use(clock.file_source(Path(settings.clock_file)))
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops, x_port=hops)  # type: ignore[method-assign]
