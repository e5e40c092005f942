"""One transaction a request, committed at the edge.

A safe method reads; any other method writes from its first query. The commit comes before the answer is made,
so what was acknowledged is stored. An error, or an answer of 400 and above, rolls back first.
"""

from __future__ import annotations

from typing import cast

from flask import Flask, current_app, g, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session, sessionmaker

from qbank.db.engine import begin_write
from qbank.settings import Settings

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


def settings() -> Settings:
    """Return the settings of the running application."""
    return cast(Settings, current_app.extensions["qbank.settings"])


def sessions() -> sessionmaker[Session]:
    """Return the application's session factory, for work outside the request's transaction."""
    return cast("sessionmaker[Session]", current_app.extensions["qbank.sessions"])


def db() -> Session:
    """Return the request's session, beginning its transaction at the first call."""
    if "db" not in g:
        g.db = sessions()()
        if request.method not in SAFE:
            begin_write(g.db)
    return cast(Session, g.db)


def _end(commit: bool) -> None:
    session: Session | None = g.get("db")
    if session is None:
        return
    if commit:
        session.commit()
    else:
        session.rollback()


class Application(Flask):
    """A Flask application whose requests are transactions."""

    def dispatch_request(self) -> ResponseReturnValue:
        """Run the view, then commit, then answer."""
        try:
            response = self.make_response(super().dispatch_request())
            _end(commit=response.status_code < 400)
        except BaseException:
            _end(commit=False)
            raise
        return response


def close(_error: BaseException | None = None) -> None:
    """Give the connection back when the request is over."""
    session: Session | None = g.pop("db", None)
    if session is not None:
        session.close()
