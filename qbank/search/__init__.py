"""Full-text search over the bank's items: one interface, FTS5 on SQLite and tsvector on PostgreSQL behind it.

``refresh(session, item_ids)`` keeps the index right, ``matching`` and ``excerpts`` search it.
"""

from qbank.search.finding import Found, excerpts, matching, with_texts
from qbank.search.index import add, check, ensure, forget, forget_unused, rebuild, refresh

__all__ = [
    "Found",
    "add",
    "check",
    "ensure",
    "excerpts",
    "forget",
    "forget_unused",
    "matching",
    "rebuild",
    "refresh",
    "with_texts",
]
