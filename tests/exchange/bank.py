"""What the tests of imports and exports share: files, and the bank as it stands."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, sessionmaker

from qbank.db import models
from qbank.items.taxonomy import Dimension, Taxon

# What an import leaves behind even when nothing of it is kept, and what only ever grows.
REMEMBERED = {"import_run", "import_record", "import_problem", "state_change", "reference", "vignette"}


def line(number: int, **more: Any) -> dict[str, Any]:
    """Return an item as a line of JSON Lines."""
    value: dict[str, Any] = {
        "external_id": f"x-{number}",
        "stem": f"Patient number {number} has had a distinctive complaint {number * 7} for days.",
        "lead_in": "Which drug comes first?",
        "options": [
            {"text": f"Drug {number} A", "key": True, "rationale": "It *works*."},
            {"text": "Drug B", "rationale": "It does not."},
            {"text": "Drug C"},
        ],
        "systems": ["renal"],
        "tags": ["made"],
        "references": [{"title": f"Title {number % 3}", "year": 2001}],
    }
    return value | more


def file_of(folder: Path, lines: Iterable[dict[str, Any]], name: str = "items.jsonl") -> Path:
    """Write lines of JSON Lines to a file."""
    path = folder / name
    path.write_text("".join(json.dumps(each) + "\n" for each in lines), encoding="utf-8")
    return path


def add_taxa(sessions: sessionmaker[Session]) -> None:
    """Put a small taxonomy into the bank."""
    with sessions() as session:
        rows = [(Dimension.SYSTEM, "renal", "Renal"), (Dimension.TASK, "diagnosis", "Diagnosis")]
        rows.append((Dimension.DISCIPLINE, "pathology", "Pathology"))
        session.add_all(Taxon(dimension=d, code=c, name=n, ordinal=place) for place, (d, c, n) in enumerate(rows))
        session.commit()


def snapshot(sessions: sessionmaker[Session]) -> dict[str, list[str]]:
    """Return every row of the bank but what `REMEMBERED` names."""
    found = {}
    with sessions() as session:
        for table in models.metadata.sorted_tables:
            if table.name in REMEMBERED or table.name.startswith("vignette"):
                continue
            columns = [column for column in table.columns if column.name != "versions_made"]
            found[table.name] = sorted(repr(tuple(row)) for row in session.execute(sa.select(*columns)))
    return found


def visible(sessions: sessionmaker[Session]) -> set[str]:
    """Return the ids of the items that lists, counts and exports see."""
    from qbank.exchange.exporting import Selection, selected

    with sessions() as session:
        return {record.name for record in selected(session, Selection())}
