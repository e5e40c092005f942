"""Planned records into the tables, many rows a statement.

The rows are those that `qbank.items.store` writes for one item; the draft pointers are left empty, so that nobody
sees the items before the run ends.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from operator import itemgetter
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.orm import Session

from qbank import clock, search
from qbank.db.base import Base
from qbank.exchange import image_names, rendering
from qbank.exchange.models import ImportProblem, ImportRecord, RecordFate
from qbank.exchange.planning import Batch, Planned, Remark
from qbank.items import rechecks
from qbank.items.content import OptionContent, VersionContent
from qbank.items.markers import split_marks
from qbank.items.models import (
    Item,
    ItemState,
    ItemVersion,
    Option,
    OptionStatement,
    Origin,
    StateChange,
    VersionDiscipline,
    VersionReference,
    VersionStatement,
)
from qbank.media import links, service
from qbank.media.images import Facts
from qbank.search.entries import Entry, compose
from qbank.search.index import reference_texts

Rows = list[dict[str, Any]]
Pictures = Mapping[str, tuple[Facts, str]]  # by hash: the image and the name of its file
NO_PICTURES: Pictures = {}


def render_batch(batch: Batch, unchanged: Collection[int] = ()) -> None:
    """Render the texts of a batch's records, but for those of these numbers: work that needs no transaction."""
    for each in batch.records:
        if each.fate is RecordFate.IMPORTED and each.number not in unchanged:
            _render(each)


def _render(each: Planned) -> None:
    record = each.record
    assert record is not None
    each.html = {
        "stem_html": rendering.render(record.stem),
        "lead_in_html": rendering.render_inline(record.lead_in or ""),
        "objective_html": rendering.render_inline(record.objective or ""),
        "explanation_html": rendering.render(split_marks(record.explanation or "")[0]),
    }
    each.options_html = [
        (rendering.render_inline(option.text), rendering.render(option.rationale or "")) for option in record.options
    ]


def write_batch(
    session: Session, run_id: int, person_id: int | None, batch: Batch, pictures: Pictures = NO_PICTURES
) -> None:
    """Write a planned batch: its new items and versions, a line for each record, and the remarks.

    ``pictures``: images whose files are in the bank, by their hash; those that the batch shows get their rows.
    """
    moment = clock.now()
    fresh = [each for each in batch.records if each.content is not None]
    for each in fresh:
        if each.html is None:
            _render(each)
    new = [each for each in fresh if each.fate is RecordFate.IMPORTED]
    _insert(
        session,
        Item,
        [{"external_id": each.name, "owner_id": person_id, "created_at": moment, "versions_made": 1} for each in new],
    )
    made = _ids(session, Item.external_id, Item.id, [each.name for each in new])
    for each in new:
        each.item_id = made[each.name]
    numbers = _next_numbers(session, [each.item_id for each in fresh if each.fate is RecordFate.UPDATED])
    versions = [_version(each, numbers.get(each.item_id or 0, 1), person_id, moment) for each in fresh]
    _insert(session, ItemVersion, versions)
    version_ids = _version_ids(session, versions)
    _write_parts(session, list(zip(version_ids, fresh, strict=True)), person_id, moment)
    _write_images(session, list(zip(version_ids, fresh, strict=True)), person_id, pictures)
    search.add(session, _search_entries(session, list(zip(version_ids, fresh, strict=True))))
    made_versions = {each.number: version_id for each, version_id in zip(fresh, version_ids, strict=True)}
    _note_records(session, run_id, batch.records, made_versions)
    note_problems(session, run_id, batch)


def _search_entries(session: Session, made: list[tuple[int, Planned]]) -> Iterator[Entry]:
    """Yield what the search index holds of these new versions: what `search.refresh` would read back."""
    named = {linked for _version_id, each in made if each.content for linked in each.content.reference_ids}
    works = reference_texts(session, named)
    for version_id, each in made:
        content, record = each.content, each.record
        assert content is not None
        assert record is not None
        options = [text for option in content.options for text in (option.text, option.rationale)]
        references = [text for linked in dict.fromkeys(content.reference_ids) for text in works[linked]]
        yield compose(
            version_id,
            question=(content.stem, content.lead_in, record.vignette, each.name, *content.tags),
            rest=(content.objective, content.explanation, *options, *references),
        )


def _write_images(session: Session, made: list[tuple[int, Planned]], person_id: int | None, pictures: Pictures) -> None:
    showing = {version_id: each for version_id, each in made if each.record and links.may_show(each.record.texts())}
    if not showing:
        return
    shown = {sha256 for each in showing.values() if each.record for sha256 in image_names.kept_in(each.record)}
    service.note(session, [pictures[sha256] for sha256 in sorted(shown & pictures.keys())], person_id)
    links.follow(session, sorted(showing))


@dataclass(frozen=True, slots=True)
class _Insert:
    """An INSERT as the driver takes it, and what turns a column's values into what the driver stores."""

    sql: str
    positional: bool
    names: tuple[str, ...]
    turns: tuple[tuple[str, Callable[[Any], Any]], ...]

    def values(self, rows: Rows) -> list[Any]:
        """Return the rows as the driver takes them. Column by column: most of a batch say the same there."""
        for name, turn in self.turns:
            last, turned = rows[0][name], turn(rows[0][name])
            for row in rows:
                value = row[name]
                if value is not last:
                    last, turned = value, turn(value)
                row[name] = turned
        return list(map(itemgetter(*self.names), rows)) if self.positional else rows


@cache
def _prepared(table: sa.Table, names: tuple[str, ...], dialect: sa.Dialect) -> _Insert:
    compiled = sa.insert(table).compile(dialect=dialect, column_keys=list(names))
    order = tuple(compiled.positiontup or names)
    turns = ((name, table.c[name].type.dialect_impl(dialect).bind_processor(dialect)) for name in order)
    needed = tuple((name, turn) for name, turn in turns if turn is not None)
    return _Insert(str(compiled), bool(compiled.positiontup), order, needed)


def _insert(session: Session, model: type[Base], rows: Rows) -> None:
    """Write rows that all have the same columns, two at least; the rows are used up.

    The statement is prepared once, not once for every row.
    """
    if rows:
        connection = session.connection()
        table = cast(sa.Table, model.__table__)
        prepared = _prepared(table, tuple(rows[0]), connection.dialect)
        connection.exec_driver_sql(prepared.sql, prepared.values(rows))


def _ids(session: Session, by: Any, key: Any, values: list[Any]) -> dict[Any, int]:
    """Return keys by another column's values. Asking once behind an insert is cheaper than one answer a row."""
    return dict(session.execute(sa.select(by, key).where(by.in_(values))).all()) if values else {}


def _version_ids(session: Session, versions: Rows) -> list[int]:
    """Return the ids of these rows, just written, in their order."""
    if not versions:
        return []
    query = sa.select(ItemVersion.item_id, ItemVersion.number, ItemVersion.id)
    query = query.where(ItemVersion.item_id.in_([row["item_id"] for row in versions]))
    found = {(item_id, number): version_id for item_id, number, version_id in session.execute(query)}
    return [found[row["item_id"], row["number"]] for row in versions]


def _next_numbers(session: Session, item_ids: list[int | None]) -> dict[int, int]:
    """Take a version number for each of these items; a number once taken is never given again."""
    ids = [item_id for item_id in item_ids if item_id is not None]
    if not ids:
        return {}
    session.execute(
        sa.update(Item)
        .where(Item.id.in_(ids))
        .values(versions_made=Item.versions_made + 1)
        .execution_options(synchronize_session=False)
    )
    return dict(session.execute(sa.select(Item.id, Item.versions_made).where(Item.id.in_(ids))).all())


def _version(each: Planned, number: int, person_id: int | None, moment: datetime) -> dict[str, Any]:
    content, record = each.content, each.record
    assert content is not None
    assert record is not None
    return {
        "item_id": each.item_id,
        "number": number,
        "state": ItemState.DRAFT,
        "content_hash": each.digest,
        "author_id": person_id,
        "created_at": moment,
        "stem": content.stem,
        "lead_in": content.lead_in,
        "objective": content.objective,
        "explanation": content.explanation,
        **(each.html or {}),
        "vignette_version_id": content.vignette_version_id,
        "system_id": content.system_id,
        "task_id": content.task_id,
        "difficulty": content.difficulty,
        "tags": list(content.tags),
        "shuffle": content.shuffle,
        "origin": Origin.IMPORTED,
        "rule": record.rule or "",
        "confidence": None,
        "doubt": content.doubt,
    }


def _write_parts(session: Session, made: list[tuple[int, Planned]], person_id: int | None, moment: datetime) -> None:
    pairs = [(version_id, each.content) for version_id, each in made if each.content is not None]
    options: Rows = []
    for version_id, each in made:
        assert each.options_html is not None
        assert each.content is not None
        options += [
            _option(version_id, ordinal, option, *each.options_html[ordinal])
            for ordinal, option in enumerate(each.content.options)
        ]
    _insert(session, Option, options)
    _write_option_statements(session, pairs)
    _insert(session, VersionStatement, _links(pairs, "statement"))
    _insert(session, VersionReference, _links(pairs, "reference"))
    rechecks.flag_retracted(session, [version_id for version_id, _content in pairs])
    disciplines = [(made_id, taxon) for made_id, content in pairs for taxon in sorted(set(content.discipline_ids))]
    _insert(session, VersionDiscipline, [{"version_id": made_id, "taxon_id": taxon} for made_id, taxon in disciplines])
    born = {"person_id": person_id, "from_state": None, "to_state": ItemState.DRAFT, "comment": "", "at": moment}
    _insert(session, StateChange, [{"version_id": version_id, **born} for version_id, _ in made])


def _option(version_id: int, ordinal: int, option: OptionContent, text_html: str, html: str) -> dict[str, Any]:
    return {
        "version_id": version_id,
        "ordinal": ordinal,
        "text": option.text,
        "text_html": text_html,
        "is_key": option.is_key,
        "rationale": option.rationale,
        "rationale_html": html,
        "origin": option.origin[:500],
        "needs_expert": option.needs_expert,
    }


def _links(pairs: Iterable[tuple[int, VersionContent]], what: str) -> Rows:
    extra = {"key_start": None, "key_end": None} if what == "statement" else {}
    return [
        {"version_id": version_id, f"{what}_id": linked, "ordinal": place, **extra}
        for version_id, content in pairs
        for place, linked in enumerate(dict.fromkeys(getattr(content, f"{what}_ids")))
    ]


def _write_option_statements(session: Session, pairs: list[tuple[int, VersionContent]]) -> None:
    resting = {made: content for made, content in pairs if any(option.statement_ids for option in content.options)}
    if not resting:
        return
    query = sa.select(Option.id, Option.version_id, Option.ordinal).where(Option.version_id.in_(resting))
    _insert(
        session,
        OptionStatement,
        [
            {"option_id": option_id, "statement_id": statement_id, "ordinal": place}
            for option_id, version_id, ordinal in session.execute(query)
            for place, statement_id in enumerate(dict.fromkeys(resting[version_id].options[ordinal].statement_ids))
        ],
    )


def _note_records(session: Session, run_id: int, records: Iterable[Planned], version_ids: dict[int, int]) -> None:
    # A line points at an item only where the run has a hand in it: others may take theirs back freely.
    lines = [
        {
            "run_id": run_id,
            "record": each.number,
            "line": each.line,
            "fate": each.fate,
            "name": each.name[:500],
            "cause": each.cause,
            "item_id": each.item_id,
            "version_id": version_ids.get(each.number),
            "base_version_id": each.base_version_id,
            "base_state": each.base_state,
            "enemies": list(each.record.enemies) if each.record and each.record.enemies and each.item_id else None,
            "enemy_ids": None,
        }
        for each in records
    ]
    _insert(session, ImportRecord, lines)


def note_problems(session: Session, run_id: int, batch: Batch) -> None:
    """Write the remarks of a batch: the reader's, and those that the comparison made."""
    rows = [
        {"run_id": run_id, "record": each.record, "line": each.line, "kind": Remark.READING, "message": each.message}
        for each in batch.problems
    ]
    rows += [
        {"run_id": run_id, "record": each.number, "line": each.line, "kind": kind, "message": message}
        for each in batch.records
        for kind, message in each.remarks
    ]
    _insert(session, ImportProblem, rows)


def note_refusals(session: Session, run_id: int, batch: Batch) -> None:
    """Write a line for each record that a preview turns down; the import writes all lines anew."""
    refused = (RecordFate.REFUSED, RecordFate.UNSUPPORTED)
    _note_records(session, run_id, [each for each in batch.records if each.fate in refused], {})
