"""What commands share: settings, the database, and errors as one clear line."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from qbank.errors import InvalidError, QBankError
from qbank.settings import Settings, SettingsError, load

if TYPE_CHECKING:  # commands that need no database start without SQLAlchemy
    from sqlalchemy.orm import Session


_CLEAR = frozenset({"MigrationError", "CommandError"})  # by name, so that their packages need not be loaded


def explain(error: Exception) -> str:
    """Return the line that a person reads for this error. QBANK_DEBUG shows where it came from."""
    if os.environ.get("QBANK_DEBUG"):
        raise error
    if isinstance(error, InvalidError):
        lines = [
            error.message,
            *(f"  {field}: {problem}" for field, problem in error.problems.items()),
            error.cure,
        ]
        return "\n".join(line for line in lines if line)
    if isinstance(error, QBankError):
        return f"{error.message} {error.cure}".strip()
    if isinstance(error, SettingsError):
        return str(error)
    if isinstance(error, OSError) and error.filename:
        return f"{error.filename}: {error.strerror}"
    text = str(getattr(error, "orig", None) or error).strip() or "no further detail"
    if type(error).__module__.startswith("sqlalchemy"):
        return _explain_database(type(error).__name__, text)
    if type(error) is ValueError or type(error).__name__ in _CLEAR:
        return text
    return f"{type(error).__name__}: {text} (set QBANK_DEBUG=1 to see where)"


def _explain_database(kind: str, text: str) -> str:
    if kind == "ArgumentError":
        return f"DATABASE_URL is not the URL of a database: {text}"
    if kind in ("OperationalError", "InterfaceError", "DatabaseError", "InternalError"):
        return (
            f"the database cannot be used: {text}\n"
            "Check QBANK_DATABASE_URL, that its server runs or its folder can be written, and the free space."
        )
    return f"the database refused: {kind}: {text} (set QBANK_DEBUG=1 to see where)"


def settings() -> Settings:
    """Return the settings, or stop with what is wrong with them."""
    try:
        return load()
    except SettingsError as error:
        raise click.ClickException(str(error)) from None


@contextmanager
def transaction(chosen: Settings | None = None, *, write: bool = True) -> Iterator[Session]:
    """Open one transaction on the bank's database and commit it at the end."""
    from qbank.db import models  # noqa: F401
    from qbank.db.engine import begin_write, make_engine, make_sessions

    engine = make_engine((chosen or settings()).database_url)
    try:
        with make_sessions(engine)() as session:
            if write:
                begin_write(session)
            yield session
            session.commit()
    finally:
        engine.dispose()
