"""A person's data as files: the history of answers, one row a delivery, and everything else that is theirs.

Rows are read a batch at a time and written as they come, however long the history is. What an open block still holds
back is not in it: a delivery is exported once its answer can no longer change.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, sessionmaker

from qbank.accounts.models import Person
from qbank.accounts.my_data import belongs, table_of
from qbank.accounts.personal import HANDLERS, Handler
from qbank.blocks.after_models import MissReason
from qbank.blocks.models import Block, BlockState, Delivery, Mark, Outcome
from qbank.exchange.table_rows import defuse
from qbank.items.models import Item, ItemVersion, Option

BATCH = 500
HEADS = (
    "delivery", "block", "block_name", "feedback", "timing", "started_at", "ended_at", "ended_reason", "position",
    "item", "version", "option_order", "first_choice", "final_choice", "outcome", "correct", "seconds", "changes",
    "marked", "reason", "confidence", "pretest", "annulled",
)  # fmt: skip
SECRET = ("_hash", "_html", "seed", "search")  # ends of columns that no export shows
Sessions = sessionmaker[Session]
_Query = sa.Select[*tuple[Any, ...]]


def deliveries(sessions: Sessions, person_id: int) -> Iterator[dict[str, Any]]:
    """Yield the person's closed deliveries, oldest first, as plain values; options by their letter in the version.

    ``option_order`` lists the letters as they were shown. ``correct`` is None for what was never answered or omitted
    in an abandoned block.
    """
    last: int | None = 0
    while last is not None:
        with sessions() as session:
            rows = session.execute(_batch(person_id, last)).all()
            letters = _letters(session, [row.version_id for row in rows])
        yield from (_values(row, letters) for row in rows)
        last = rows[-1].delivery if rows else None


def _batch(person_id: int, after: int) -> _Query:
    closed = sa.or_(Block.state == BlockState.ENDED, Delivery.submitted_at.is_not(None))
    marked = sa.and_(Mark.person_id == person_id, Mark.item_id == Delivery.item_id)
    return (
        sa.select(
            Delivery.id.label("delivery"), Block.token, Block.name, Block.feedback, Block.timing, Block.started_at,
            Block.ended_at, Block.ended_reason, Delivery.position, Item.external_id, ItemVersion.number,
            Delivery.version_id, Delivery.option_order, Delivery.first_option_id, Delivery.chosen_option_id,
            Delivery.outcome, Delivery.seconds, Delivery.changes, Mark.at.label("marked_at"), MissReason.reason,
            Delivery.confidence, Delivery.pretest, Delivery.annulled_at,
        )
        .join(Block, Block.id == Delivery.block_id)
        .join(Item, Item.id == Delivery.item_id)
        .join(ItemVersion, ItemVersion.id == Delivery.version_id)
        .outerjoin(Mark, marked)
        .outerjoin(MissReason, MissReason.delivery_id == Delivery.id)
        .where(Block.person_id == person_id, closed, Delivery.id > after)
        .order_by(Delivery.id)
        .limit(BATCH)
    )  # fmt: skip


def _letters(session: Session, version_ids: list[int]) -> dict[int, str]:
    query = sa.select(Option.id, Option.ordinal).where(Option.version_id.in_(set(version_ids)))
    return {option_id: chr(65 + ordinal) for option_id, ordinal in session.execute(query)}


def _values(row: Any, letters: dict[int, str]) -> dict[str, Any]:
    outcome = row.outcome
    return {
        "delivery": row.delivery, "block": row.token, "block_name": row.name, "feedback": str(row.feedback),
        "timing": str(row.timing), "started_at": _time(row.started_at), "ended_at": _time(row.ended_at),
        "ended_reason": str(row.ended_reason) if row.ended_reason else None, "position": row.position,
        "item": row.external_id, "version": row.number,
        "option_order": "".join(letters.get(option, "?") for option in row.option_order),
        "first_choice": letters.get(row.first_option_id), "final_choice": letters.get(row.chosen_option_id),
        "outcome": str(outcome) if outcome else None, "correct": outcome is Outcome.CORRECT if outcome else None,
        "seconds": row.seconds, "changes": row.changes, "marked": row.marked_at is not None,
        "reason": str(row.reason) if row.reason else None,
        "confidence": str(row.confidence) if row.confidence else None, "pretest": row.pretest,
        "annulled": row.annulled_at is not None,
    }  # fmt: skip


def _time(value: datetime | None) -> str | None:
    return value.isoformat(timespec="seconds") if value else None


def history_csv(sessions: Sessions, person_id: int) -> Iterator[str]:
    """Yield the history as CSV, line by line. What a spreadsheet would compute is defused."""
    yield _line(HEADS)
    for row in deliveries(sessions, person_id):
        yield _line(_cell(row[head]) for head in HEADS)


def _cell(value: Any) -> object:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return defuse(value) if isinstance(value, str) else value


def _line(cells: Any) -> str:
    buffer = io.StringIO()
    csv.writer(buffer).writerow(list(cells))
    return buffer.getvalue()


def history_json(sessions: Sessions, person_id: int) -> Iterator[str]:
    """Yield the history as one JSON list, a row a piece."""
    yield from _list(deliveries(sessions, person_id))
    yield "\n"


def _list(rows: Iterator[dict[str, Any]]) -> Iterator[str]:
    yield "["
    for place, row in enumerate(rows):
        yield (",\n" if place else "\n") + json.dumps(row, ensure_ascii=False, default=_plain)
    yield "]"


def rest_json(sessions: Sessions, person_id: int) -> Iterator[str]:
    """Yield everything else that belongs to the person as one JSON object, a list for each kind of row."""
    with sessions() as session:
        person = session.get_one(Person, person_id)
        about = {
            "name": person.name, "email": person.email, "time_percent": person.time_percent,
            "preferences": person.preferences, "created_at": _time(person.created_at),
        }  # fmt: skip
    yield '{"person": ' + json.dumps(about, ensure_ascii=False)
    for handler in HANDLERS:
        if handler.title:
            yield f',\n"{handler.title}": '
            yield from _list(_rows(sessions, handler, person_id))
    yield "}\n"


def _rows(sessions: Sessions, handler: Handler, person_id: int) -> Iterator[dict[str, Any]]:
    table = table_of(handler)
    hidden = {handler.column, *(column.name for column in table.c if column.name.endswith(SECRET))}
    shown = [column for column in table.c if column.name not in hidden]
    order = list(table.primary_key.columns)
    place = 0
    while True:
        query = sa.select(*shown).where(belongs(handler, person_id)).order_by(*order).limit(BATCH).offset(place)
        with sessions() as session:
            rows = [dict(row) for row in session.execute(query).mappings()]
            names = _item_names(session, rows)
        for row in rows:
            if "item_id" in row:
                row["item"] = names.get(row.pop("item_id"))
            yield row
        if len(rows) < BATCH:
            return
        place += BATCH


def _item_names(session: Session, rows: list[dict[str, Any]]) -> dict[int, str]:
    ids = {row["item_id"] for row in rows if row.get("item_id")}
    if not ids:
        return {}
    return dict(session.execute(sa.select(Item.id, Item.external_id).where(Item.id.in_(ids))).all())


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return _time(value)
    return value.isoformat() if isinstance(value, date) else str(value)
