"""Where the files outside the package are: beside it in a checkout, under ``_data`` in a wheel."""

from __future__ import annotations

from pathlib import Path

PACKAGE = Path(__file__).resolve().parent


def _root() -> Path:
    checkout = PACKAGE.parent
    return checkout if (checkout / "pyproject.toml").is_file() else PACKAGE / "_data"


def config_file() -> Path:
    """Return the file of default settings."""
    return _root() / "config.py"


def templates_dir() -> Path:
    """Return the folder of Jinja templates."""
    return _root() / "templates"


def migrations_dir() -> Path:
    """Return the Alembic folder."""
    return _root() / "migrations"


def questions_dir() -> Path:
    """Return the folder of the content that ships."""
    return _root() / "questions"
