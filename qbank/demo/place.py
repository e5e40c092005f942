"""The folder of a demo: its own, marked as simulated, and never that of a real bank."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from qbank.errors import ConflictError
from qbank.settings import Settings, load

MARKER = "simulated.json"
TRUTH = "truth.json"
DATABASE = "qbank.sqlite3"
OWN = frozenset(
    {MARKER, TRUTH, DATABASE, f"{DATABASE}-wal", f"{DATABASE}-shm", f"{DATABASE}-journal", "secret_key", "media"}
)


def settings_of(folder: Path, **more: Any) -> Settings:
    """Return the settings of the bank in this folder: SQLite there, whatever the environment says."""
    folder = folder.expanduser().absolute()
    return load(data_dir=str(folder), database_url=f"sqlite:///{folder / DATABASE}", **more)


def check(folder: Path, configured: Path) -> bool:
    """Return whether a demo is in the folder. Raises ConflictError where anything else is, or for the bank's own."""
    folder = folder.expanduser().absolute()
    if folder == configured or folder in configured.parents:
        raise ConflictError(
            f"{folder} is the data folder of the configured bank.", cure="Choose another one with --data-dir."
        )
    if not folder.exists():
        return False
    if not folder.is_dir():
        raise ConflictError(f"{folder} is no folder.", cure="Choose another one with --data-dir.")
    held = {each.name for each in folder.iterdir()}
    if not held:
        return False
    if MARKER not in held:
        raise ConflictError(
            f"{folder} holds something that is no demo: nothing was changed.",
            cure="Choose an empty or new folder with --data-dir.",
        )
    if strange := sorted(held - OWN):
        raise ConflictError(
            f"{folder} holds a demo and more ({', '.join(strange[:3])}): nothing was changed.",
            cure="Move that away, or choose another folder with --data-dir.",
        )
    return True


def clear(folder: Path) -> None:
    """Remove the database and the truth of the demo in the folder; its marker goes last."""
    for name in (DATABASE, f"{DATABASE}-wal", f"{DATABASE}-shm", f"{DATABASE}-journal", TRUTH):
        (folder / name).unlink(missing_ok=True)


def mark(folder: Path, values: dict[str, object]) -> None:
    """Mark the folder as a demo, before anything else is written to it."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    write(folder / MARKER, values)


def write(file: Path, values: object) -> None:
    """Write a JSON file, the same bytes for the same values."""
    file.write_text(json.dumps(values, indent=1, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8")


def is_simulated(chosen: Settings) -> bool:
    """Return whether these settings are those of a demo: its marker beside its own database."""
    url = f"sqlite:///{chosen.data_dir / DATABASE}"
    return chosen.database_url == url and (chosen.data_dir / MARKER).is_file()
