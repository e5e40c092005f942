"""The index's table, which differs between the two databases and so is no part of the models' metadata.

It is made together with the other tables wherever those are made at once; in a real bank a migration makes it.
"""

from __future__ import annotations

from types import ModuleType
from typing import Any

import sqlalchemy as sa

from qbank.db.base import Base
from qbank.search import postgresql, sqlite

NAME = "search_entry"


def backend(dialect: str) -> ModuleType:
    """Return the implementation for a database: both modules have the same functions."""
    return sqlite if dialect == "sqlite" else postgresql


def is_own(table: str) -> bool:
    """Say whether a table of the database is the index's: on SQLite it has several, named after the first."""
    return table == NAME or table.startswith(f"{NAME}_")


@sa.event.listens_for(Base.metadata, "after_create")
def _create(_metadata: sa.MetaData, connection: sa.Connection, tables: Any = (), **_more: Any) -> None:
    if any(table.name == "item_version" for table in tables or ()):
        for statement in backend(connection.dialect.name).CREATE:
            connection.exec_driver_sql(statement)


@sa.event.listens_for(Base.metadata, "before_drop")
def _drop(_metadata: sa.MetaData, connection: sa.Connection, tables: Any = (), **_more: Any) -> None:
    if any(table.name == "item_version" for table in tables or ()):
        for statement in backend(connection.dialect.name).DROP:
            connection.exec_driver_sql(statement)
