"""The index on SQLite: one FTS5 table, its row ids the versions' ids.

The table holds its own copy of the folded texts, so that a row can be taken out whatever has changed since. Words are
found by the table's own tokenizer; what is asked for goes through the same one.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from qbank.items.models import Item
from qbank.search.entries import Entry
from qbank.search.words import Term, Wanted

NAME = "search_entry"
CREATE = (
    f"CREATE VIRTUAL TABLE IF NOT EXISTS {NAME} USING fts5(question, rest, tokenize = 'unicode61 remove_diacritics 0')",
)
DROP = (f"DROP TABLE IF EXISTS {NAME}",)
_ENTRY = sa.table(NAME, sa.column("rowid", sa.Integer))
_INSERT = f"INSERT INTO {NAME} (rowid, question, rest) VALUES (?, ?, ?)"  # noqa: S608  a constant
_WEIGHTS = "5.0, 1.0"  # of question and rest in the rank


def write(session: Session, entries: Iterable[Entry]) -> None:
    """Put entries into the index that it does not hold yet."""
    if rows := [(each.version_id, each.question, each.rest) for each in entries]:
        session.connection().exec_driver_sql(_INSERT, rows)


def erase(session: Session, version_ids: Sequence[int]) -> None:
    """Take entries out; those that are not there are passed over."""
    session.execute(sa.delete(_ENTRY).where(_ENTRY.c.rowid.in_(version_ids)))


def clear(session: Session) -> None:
    """Take everything out."""
    session.execute(sa.delete(_ENTRY))


def ids() -> sa.Select[int]:
    """Return the query of the ids of all versions in the index."""
    return sa.select(_ENTRY.c.rowid.label("version_id"))


def tidy(session: Session) -> None:
    """Bring the index into its best form after much was written."""
    session.connection().exec_driver_sql(f"INSERT INTO {NAME} ({NAME}) VALUES ('optimize')")  # noqa: S608


def hits(wanted: Wanted, *, ranked: bool) -> sa.Select[int, float]:
    """Return the query of the versions that match, with their rank: the lower, the better. Some word is present."""
    rank = sa.literal_column(f"bm25({NAME}, {_WEIGHTS})") if ranked else sa.literal(0.0)
    matches = sa.literal_column(NAME).op("MATCH")(expression(wanted))
    return sa.select(_ENTRY.c.rowid.label("version_id"), rank.label("rank")).where(matches)


def pointed_at(hits: sa.Select[int, float]) -> sa.ColumnElement[bool]:
    """Return whether an item's newest or published version is among many hits. The list is made once a statement."""
    versions = sa.select(hits.subquery().c.version_id)
    newest = sa.func.coalesce(Item.draft_version_id, Item.published_version_id, 0)
    beside = sa.and_(Item.draft_version_id.is_not(None), Item.published_version_id.is_not(None))
    return sa.or_(newest.in_(versions), sa.and_(beside, Item.published_version_id.in_(versions)))


def listed(version_ids: list[int]) -> sa.Select[int]:
    """Return these ids as a table of one column, sent as one value."""
    each = sa.func.json_each(json.dumps(version_ids)).table_valued(sa.column("value", sa.Integer))
    return sa.select(each.c.value)


def expression(wanted: Wanted) -> str:
    """Return what was asked for in FTS5's language. Words are letters and digits only, and in quotes besides."""
    present = " AND ".join(map(_term, wanted.present))
    absent = " OR ".join(map(_term, wanted.absent))
    return f"({present}) NOT ({absent})" if absent else present


def _term(term: Term) -> str:
    star = " *" if term.begins else ""
    return "(" + " OR ".join(f'"{" ".join(run)}"{star}' for run in term.spellings) + ")"
