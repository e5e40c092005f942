"""Create the full-text index and fill it; let the lists of items be read from an index.

The index's table differs between the databases and is no part of the models. What it holds is made of other tables,
with the program's present spelling of words, so that a search finds it; `qbank search rebuild` makes it anew.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import sqlalchemy as sa
from alembic import context, op

from qbank.search import postgresql
from qbank.search.entries import compose

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

BATCH = 500
OLD = [["state", "item_id"], ["system_id"]]
NEW = [["state", "item_id", "origin", "id"], ["system_id", "item_id", "state", "origin", "id"]]
POINTED = (
    "SELECT draft_version_id FROM item WHERE draft_version_id IS NOT NULL "
    "UNION SELECT published_version_id FROM item WHERE published_version_id IS NOT NULL"
)
VERSIONS = (
    "SELECT v.id, v.stem, v.lead_in, g.text AS vignette, i.external_id, v.objective, v.explanation, v.tags "
    "FROM item_version v JOIN item i ON i.id = v.item_id "
    "LEFT JOIN vignette_version g ON g.id = v.vignette_version_id WHERE v.id IN :ids"
)
OPTIONS = "SELECT version_id, text, rationale FROM item_option WHERE version_id IN :ids ORDER BY version_id, ordinal"
REFERENCES = (
    "SELECT l.version_id, r.title, r.authors, r.doi, r.pmid FROM version_reference l "
    "JOIN reference r ON r.id = l.reference_id WHERE l.version_id IN :ids ORDER BY l.version_id, l.ordinal"
)


def upgrade() -> None:
    if op.get_context().dialect.name == "sqlite":
        op.execute(
            "CREATE VIRTUAL TABLE search_entry USING fts5(question, rest, tokenize = 'unicode61 remove_diacritics 0')"
        )
    else:
        op.execute(
            "CREATE TABLE search_entry ("
            "version_id BIGINT NOT NULL CONSTRAINT pk_search_entry PRIMARY KEY "
            "CONSTRAINT fk_search_entry_version_id_item_version REFERENCES item_version (id) ON DELETE RESTRICT, "
            "words TSVECTOR NOT NULL)"
        )
        op.execute("CREATE INDEX ix_search_entry_words ON search_entry USING gin (words)")
    _swap(OLD, NEW)
    if not context.is_offline_mode():
        _fill(op.get_bind())


def downgrade() -> None:
    _swap(NEW, OLD)
    op.execute("DROP TABLE search_entry")


def _swap(old: list[list[str]], new: list[list[str]]) -> None:
    for columns in old:
        op.drop_index(op.f(f"ix_item_version_{'_'.join(columns)}"), table_name="item_version")
    for columns in new:
        op.create_index(op.f(f"ix_item_version_{'_'.join(columns)}"), "item_version", columns, unique=False)


def _fill(connection: sa.Connection) -> None:
    ids = sorted(connection.scalars(sa.text(POINTED)))
    for start in range(0, len(ids), BATCH):
        rows = list(_rows(connection, ids[start : start + BATCH]))
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("INSERT INTO search_entry (rowid, question, rest) VALUES (?, ?, ?)", rows)
        else:
            connection.exec_driver_sql("INSERT INTO search_entry VALUES (%s, %s::tsvector)", rows)


def _rows(connection: sa.Connection, ids: list[int]) -> Iterator[tuple[object, ...]]:
    parts: defaultdict[int, list[str | None]] = defaultdict(list)
    for query in (OPTIONS, REFERENCES):
        for version_id, *texts in connection.execute(_among(query), {"ids": ids}):
            parts[version_id] += texts
    for row in connection.execute(_among(VERSIONS).columns(tags=sa.JSON), {"ids": ids}):
        entry = compose(
            row.id,
            question=(row.stem, row.lead_in, row.vignette, row.external_id, *(row.tags or ())),
            rest=(row.objective, row.explanation, *parts[row.id]),
        )
        if connection.dialect.name == "sqlite":
            yield entry.version_id, entry.question, entry.rest
        else:
            yield entry.version_id, postgresql.vector(entry)


def _among(query: str) -> sa.TextClause:
    return sa.text(query).bindparams(sa.bindparam("ids", expanding=True))
