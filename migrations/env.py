"""The migration environment: one connection, foreign keys off on SQLite, rows counted before and after."""

from __future__ import annotations

from alembic import context

from qbank.db.migrate import run_offline, run_online

if context.is_offline_mode():
    run_offline(context)
else:
    run_online(context)
