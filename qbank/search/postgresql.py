"""The index on PostgreSQL: one row a version, its words as a tsvector under a GIN index.

The vector is written here, word by word, and not by one of the server's parsers: they split numbers and addresses in
ways of their own, and depend on the locale of the database.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import TSQUERY, TSVECTOR
from sqlalchemy.orm import Session

from qbank.items.models import Item
from qbank.search.entries import Entry
from qbank.search.folding import TOKEN
from qbank.search.words import Term, Wanted

NAME = "search_entry"
CREATE = (
    f"CREATE TABLE IF NOT EXISTS {NAME} ("
    f"version_id BIGINT NOT NULL CONSTRAINT pk_{NAME} PRIMARY KEY "
    f"CONSTRAINT fk_{NAME}_version_id_item_version REFERENCES item_version (id) ON DELETE RESTRICT, "
    "words TSVECTOR NOT NULL)",
    f"CREATE INDEX IF NOT EXISTS ix_{NAME}_words ON {NAME} USING gin (words)",
)
DROP = (f"DROP TABLE IF EXISTS {NAME}",)
_ENTRY = sa.table(NAME, sa.column("version_id", sa.BigInteger), sa.column("words", TSVECTOR))
_INSERT = f"INSERT INTO {NAME} (version_id, words) VALUES (%s, %s::tsvector)"  # noqa: S608  a constant
_LONGEST_WORD = 100  # characters; the server refuses 2,048 bytes
_MOST_WORDS = 16_000  # places of a vector: the server counts no further
_MOST_PLACES = 100  # of one word; the server keeps 255
_WEIGHTS = [0.2, 0.2, 0.2, 1.0]  # of the classes D, C, B, A: the rest is D, the question A


def write(session: Session, entries: Iterable[Entry]) -> None:
    """Put entries into the index that it does not hold yet."""
    if rows := [(each.version_id, vector(each)) for each in entries]:
        session.connection().exec_driver_sql(_INSERT, rows)


def erase(session: Session, version_ids: Sequence[int]) -> None:
    """Take entries out; those that are not there are passed over."""
    session.execute(sa.delete(_ENTRY).where(_ENTRY.c.version_id.in_(version_ids)))


def clear(session: Session) -> None:
    """Take everything out."""
    session.execute(sa.delete(_ENTRY))


def ids() -> sa.Select[int]:
    """Return the query of the ids of all versions in the index."""
    return sa.select(_ENTRY.c.version_id)


def tidy(session: Session) -> None:
    """Do nothing: the server looks after its indexes."""


def vector(entry: Entry) -> str:
    """Return the entry as a tsvector reads: each word with its places, an A behind those in the question."""
    places: defaultdict[str, list[str]] = defaultdict(list)
    place = 0
    for text, weight in ((entry.question, "A"), (entry.rest, "")):
        for word in TOKEN.findall(text):
            place += 1
            if place < _MOST_WORDS:
                places[word[:_LONGEST_WORD]].append(f"{place}{weight}")
        place += 1  # no phrase runs from one text into the other
    return " ".join([f"'{word}':{','.join(at[:_MOST_PLACES])}" for word, at in places.items()])


def hits(wanted: Wanted, *, ranked: bool) -> sa.Select[int, float]:
    """Return the query of the versions that match, with their rank: the lower, the better. Some word is present."""
    query = sa.cast(expression(wanted), TSQUERY)
    rank: sa.ColumnElement[float] = sa.literal(0.0)
    if ranked:  # 1: divided by the logarithm of the length
        rank = -sa.func.ts_rank(sa.cast(_WEIGHTS, sa.ARRAY(sa.REAL)), _ENTRY.c.words, query, 1)
    return sa.select(_ENTRY.c.version_id, rank.label("rank")).where(_ENTRY.c.words.op("@@")(query))


def pointed_at(hits: sa.Select[int, float]) -> sa.ColumnElement[bool]:
    """Return whether an item's newest or published version is among many hits.

    Written with EXISTS, not IN: the server makes a list of the hits where it fits in memory, and else looks each
    version up by its id.
    """
    newest = sa.func.coalesce(Item.draft_version_id, Item.published_version_id)
    beside = sa.and_(Item.draft_version_id.is_not(None), Item.published_version_id.is_not(None))
    found, other = hits.subquery(), hits.subquery()
    among = sa.exists().where(found.c.version_id == newest).correlate(Item)
    published = sa.exists().where(other.c.version_id == Item.published_version_id).correlate(Item)
    return sa.or_(among, sa.and_(beside, published))


def listed(version_ids: list[int]) -> sa.Select[int]:
    """Return these ids as a table of one column, sent as one value."""
    return sa.select(sa.func.unnest(sa.cast(version_ids, sa.ARRAY(sa.BigInteger))).column_valued("version_id"))


def expression(wanted: Wanted) -> str:
    """Return what was asked for as a tsquery reads. Words are letters and digits only, and in quotes besides."""
    return " & ".join([*map(_term, wanted.present), *("!" + _term(term) for term in wanted.absent)])


def _term(term: Term) -> str:
    star = ":*" if term.begins else ""
    runs = (" <-> ".join(f"'{word[:_LONGEST_WORD]}'" for word in run) for run in term.spellings)
    return "(" + " | ".join(f"({run}{star})" for run in runs) + ")"
