"""Migrations: run with foreign keys off on SQLite, because a rebuilt parent table would take its children along.

Inside a transaction the pragma is silently ignored, so it goes first; afterwards the foreign keys are checked.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from qbank import paths
from qbank.db import models
from qbank.db.base import UtcDateTime
from qbank.db.engine import WRITE, make_engine
from qbank.search import tables as search_tables


class MigrationError(Exception):
    """A migration left the database in a state that may not stand; nothing was committed."""


def config(url: str) -> Config:
    """Return Alembic's configuration for this database; there is no alembic.ini."""
    alembic = Config()
    alembic.set_main_option("script_location", str(paths.migrations_dir()))
    alembic.set_main_option("path_separator", "os")
    alembic.attributes["url"] = url
    return alembic


def _render_item(kind: str, item: Any, autogenerate: Any) -> str | bool:
    """Write our column types as plain SQLAlchemy: an old migration must not change with the models."""
    if kind == "type" and isinstance(item, sa.JSON):
        autogenerate.imports.add("from sqlalchemy.dialects import postgresql")
        return 'sa.JSON().with_variant(postgresql.JSONB(), "postgresql")'
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    return False


def _include_name(name: str | None, kind: str, _parents: Any) -> bool:
    """Leave the search index's tables out of the comparison with the models: they differ between the databases."""
    return kind != "table" or name is None or not search_tables.is_own(name)


def _options(dialect: str) -> dict[str, Any]:
    return {
        "target_metadata": models.metadata,
        "render_as_batch": dialect == "sqlite",
        "compare_type": True,
        "render_item": _render_item,
        "include_name": _include_name,
        "transaction_per_migration": False,
    }


def run_offline(context: Any) -> None:
    """Write the SQL of the migrations instead of running it."""
    url = context.config.attributes["url"]
    context.configure(url=url, literal_binds=True, **_options(sa.make_url(url).get_backend_name()))
    with context.begin_transaction():
        context.run_migrations()


def run_online(context: Any) -> None:
    """Run the migrations in one transaction; check foreign keys before it is committed."""
    engine = make_engine(context.config.attributes["url"], pooled=False)
    with engine.connect() as connection:
        sqlite = connection.dialect.name == "sqlite"
        if sqlite:
            raw = connection.connection.dbapi_connection
            raw.execute("PRAGMA foreign_keys = OFF")  # type: ignore[union-attr]
        connection = connection.execution_options(**{WRITE: True})
        with connection.begin():
            context.configure(connection=connection, **_options(connection.dialect.name))
            context.run_migrations()
            broken = connection.exec_driver_sql("PRAGMA foreign_key_check").all() if sqlite else []
            if broken:
                raise MigrationError(f"{len(broken)} rows would point at nothing, the first in {broken[0][0]}")
    engine.dispose()


def upgrade(url: str, revision: str = "head") -> None:
    """Bring the database up to a revision."""
    command.upgrade(config(url), revision)


def downgrade(url: str, revision: str) -> None:
    """Take the database down to a revision."""
    command.downgrade(config(url), revision)


def current(engine: sa.Engine) -> str | None:
    """Return the revision that the database is at; None when it is empty."""
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def knows(revision: str) -> bool:
    """Return whether this program has the revision; one that it lacks was made by a newer program."""
    scripts = ScriptDirectory(str(paths.migrations_dir()))
    return any(script.revision == revision for script in scripts.walk_revisions())


def head() -> str | None:
    """Return the newest revision that this program knows."""
    return ScriptDirectory(str(paths.migrations_dir())).get_current_head()
