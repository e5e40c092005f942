"""The application for a WSGI server of one's own: ``gunicorn --preload --workers 2 "qbank.wsgi:application()"``.

The server must speak for one process a worker: no connection to the database is open before the workers are made.
Bring the database up to date first (``qbank db upgrade``); ``qbank serve`` does that by itself.
"""

from __future__ import annotations

from flask import Flask


def application() -> Flask:
    """Return the application with the settings of the environment. Raises SettingsError naming what is wrong."""
    from qbank.app import create_app
    from qbank.settings import load

    return create_app(load())
