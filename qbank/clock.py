"""The one clock. Every time that the program stores, compares or shows comes from `now`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

Source = Callable[[], datetime]


def _system() -> datetime:
    return datetime.now(UTC)


_source: Source = _system


def now() -> datetime:
    """Return the current time, aware, in UTC."""
    return _source()


def use(source: Source | None) -> None:
    """Make `now` ask this source; None returns to the system's clock. For tests."""
    global _source  # noqa: PLW0603  one clock a process is the point of this module
    _source = source or _system


def file_source(path: Path) -> Source:
    """Return a source that reads an ISO 8601 UTC time from a file at each call."""

    def read() -> datetime:
        moment = datetime.fromisoformat(path.read_text(encoding="utf-8").strip())
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)

    return read
