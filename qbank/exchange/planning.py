"""What would become of a file's records: read, compared with the bank, nothing written.

The preview and the dry run show what `Planner` says; the import writes it.
"""

from __future__ import annotations

import hashlib
import re
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Session

from qbank.exchange.models import RecordFate
from qbank.exchange.report import Outcome, Problem, Refused, Unsupported
from qbank.exchange.resolving import BatchResolver
from qbank.exchange.target import AS_IS, Target
from qbank.items.content import VersionContent
from qbank.items.models import Item, ItemState, ItemVersion
from qbank.items.record import ItemRecord
from qbank.markup import MAX_CHARS

BATCH = 200  # records: a batch is written in a fraction of a second, and others write between two of them
MAX_NAME = 100
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


class Remark(StrEnum):
    """What a remark is about."""

    READING = "reading"  # the format's reader changed or left out something
    UNRESOLVED = "unresolved"  # a code or a statement that this bank lacks
    ALIKE = "alike"  # the bank asks nearly the same
    DUPLICATE = "duplicate"  # the bank, or the file, says this already under another id


@dataclass(slots=True)
class Planned:
    """One record and what becomes of it. ``content`` is set for imported and updated ones."""

    number: int  # counts from 1
    line: int
    fate: RecordFate
    name: str = ""
    cause: str = ""
    record: ItemRecord | None = None
    content: VersionContent | None = None
    digest: str = ""  # of the content
    item_id: int | None = None
    base_version_id: int | None = None
    base_state: ItemState | None = None
    remarks: list[tuple[Remark, str]] = field(default_factory=list)
    html: dict[str, str] | None = None  # the rendered texts, and those of each option with its rationale
    options_html: list[tuple[str, str]] | None = None

    def refuse(self, cause: str) -> None:
        """Turn the record down."""
        self.fate, self.cause, self.content = RecordFate.REFUSED, cause, None


@dataclass(slots=True)
class Batch:
    """Some records of a file, one after the other, and the reader's remarks on any record."""

    records: list[Planned] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def batches(outcomes: Iterable[Outcome], target: Target = AS_IS, size: int = BATCH) -> Iterator[Batch]:
    """Yield the outcomes of a reader in batches, its records numbered from 1, not compared with the bank yet."""
    batch, number = Batch(), 0
    for outcome in outcomes:
        if isinstance(outcome, Problem):
            batch.problems.append(outcome)
        else:
            number += 1
            batch.records.append(_numbered(outcome, number, target))
        if len(batch.records) >= size or len(batch.problems) >= 10 * size:
            yield batch
            batch = Batch()
    yield batch


def _numbered(outcome: ItemRecord | Refused | Unsupported, number: int, target: Target) -> Planned:
    if isinstance(outcome, Refused):
        return Planned(number, outcome.line, RecordFate.REFUSED, outcome.name[:MAX_NAME], outcome.cause)
    if isinstance(outcome, Unsupported):
        return Planned(number, outcome.line, RecordFate.UNSUPPORTED, "", outcome.type)
    record = target.apply(outcome)
    planned = Planned(number, record.line, RecordFate.IMPORTED, record=record)
    if fault := _fault(record):
        planned.refuse(fault)
    else:
        planned.name = name_of(record)
    return planned


def name_of(record: ItemRecord) -> str:
    """Return the id that an item goes by: the file's, else one made from its question and options.

    The same question without an id is so the same item again, however it is classified or explained.
    """
    if record.external_id or record.id:
        return (record.external_id or record.id or "").strip()
    said = [record.vignette or "", record.stem, record.lead_in or ""]
    said += [f"{option.key:d}{option.text}" for option in record.options]
    return "import-" + hashlib.sha256("\x1f".join(said).encode()).hexdigest()[:16]


def _texts(record: ItemRecord) -> list[str | None]:
    texts = [record.stem, record.lead_in, record.objective, record.explanation, record.vignette, record.doubt]
    texts += (record.id, record.external_id, record.rule)
    for codes in (record.systems, record.disciplines, record.tasks, record.tags, record.media, record.enemies):
        texts += codes
    for option in record.options:
        texts += (option.text, option.rationale, option.origin)
    for entry in record.references:
        texts += (entry.title, entry.authors, entry.container, entry.kind, entry.doi, entry.pmid, entry.url)
    for link in (*record.statements, *[link for option in record.options for link in option.statements]):
        texts += (link.article, link.id, link.quote)
    return texts


def _fault(record: ItemRecord) -> str:
    """Return why no database could hold the record; "" when it can."""
    texts = [text for text in _texts(record) if text]
    together = "".join(texts)
    if "\x00" in together or not (together.isascii() or _UNSTORABLE.search(together) is None):
        return "it holds a NUL or half of a character: remove it"
    if len(together) > MAX_CHARS and any(len(text) > MAX_CHARS for text in texts):
        return f"one of its texts is longer than {MAX_CHARS:,} characters: shorten it"
    given = record.external_id or record.id
    if given and len(given.strip()) > MAX_NAME:
        return f"its id is longer than {MAX_NAME} characters: shorten it"
    return ""


class SeenBefore:
    """The ids and contents that one file has shown so far, in a temporary file: memory stays flat."""

    def __init__(self) -> None:
        self._db = sqlite3.connect("")
        self._db.execute("CREATE TABLE seen (name TEXT PRIMARY KEY, record INT, digest TEXT) WITHOUT ROWID")
        self._db.execute("CREATE INDEX by_digest ON seen (digest)")

    def add(self, name: str, record: int, digest: str) -> tuple[int, str] | None:
        """Note a record; return number and digest of an earlier one of the same name, which then stays."""
        row = self._db.execute("SELECT record, digest FROM seen WHERE name = ?", (name,)).fetchone()
        if row is None:
            self._db.execute("INSERT INTO seen VALUES (?, ?, ?)", (name, record, digest))
        return row  # type: ignore[no-any-return]

    def twin(self, record: int, digest: str) -> str | None:
        """Return the id of an earlier record of the file that says the same."""
        query = "SELECT name FROM seen WHERE digest = ? AND record < ? LIMIT 1"
        row = self._db.execute(query, (digest, record)).fetchone()
        return row[0] if row else None

    def close(self) -> None:
        """Throw the notes away."""
        self._db.close()


@dataclass(slots=True)
class _Known:
    """An item of the bank that a record's id names."""

    item_id: int
    current: tuple[int, ItemState] | None  # its newest version
    digests: set[str]


class Planner:
    """Compares batches with the bank. ``seen`` spans the file."""

    def __init__(self, session: Session, seen: SeenBefore, *, create: bool = False) -> None:
        self.session = session
        self.resolver = BatchResolver(session, create=create)
        self.seen = seen

    def plan(self, batch: Batch) -> None:
        """Decide what becomes of the batch's records. A fixed number of queries a batch."""
        wanted = [each for each in batch.records if each.fate is RecordFate.IMPORTED and each.record is not None]
        self.resolver.prime(each.record for each in wanted if each.record)
        for each in wanted:
            assert each.record is not None
            each.content = self.resolver.content(each.record)
            each.remarks += [(Remark.UNRESOLVED, text) for text in self.resolver.problems]
            each.remarks += _not_kept(each.record)
            each.digest = each.content.digest()
        known = self._known([each.name for each in wanted])
        for each in wanted:
            self._decide(each, each.digest, known.get(each.name))
        self._note_twins([each for each in wanted if each.fate is RecordFate.IMPORTED])

    def unchanged(self, batch: Batch) -> set[int]:
        """Return the numbers of the records that the bank holds just so. Reads only; decides nothing."""
        records = {each.number: each for each in batch.records if each.fate is RecordFate.IMPORTED}
        known = self._known([each.name for each in records.values()])
        records = {number: each for number, each in records.items() if each.name in known}
        self.resolver.prime(each.record for each in records.values() if each.record)
        return {
            number
            for number, each in records.items()
            if each.record and self.resolver.content(each.record).digest() in known[each.name].digests
        }

    def _decide(self, each: Planned, digest: str, known: _Known | None) -> None:
        earlier = self.seen.add(each.name, each.number, digest)
        if earlier and earlier[1] != digest:
            each.refuse(f"record {earlier[0]} of this file has the same id {each.name}: give one of them another id")
        elif earlier:
            each.fate, each.content = RecordFate.UNCHANGED, None
            each.remarks.append((Remark.DUPLICATE, f"It is the same as record {earlier[0]} of this file."))
        elif known is None:
            return
        elif known.current is None:
            each.refuse(f"another import that is not finished holds the id {each.name}: wait for it, then import again")
        elif digest in known.digests:
            each.fate, each.content, each.item_id = RecordFate.UNCHANGED, None, known.item_id
        else:
            each.fate, each.item_id = RecordFate.UPDATED, known.item_id
            each.base_version_id, each.base_state = known.current

    def _known(self, names: list[str]) -> dict[str, _Known]:
        query = (
            sa.select(
                Item.external_id,
                Item.id,
                Item.draft_version_id,
                Item.published_version_id,
                ItemVersion.id,
                ItemVersion.state,
                ItemVersion.content_hash,
            )
            .join(ItemVersion, ItemVersion.item_id == Item.id)
            .where(Item.external_id.in_(names))
        )
        found: dict[str, _Known] = {}
        for name, item_id, draft, published, version_id, state, digest in self.session.execute(query):
            known = found.setdefault(name, _Known(item_id, None, set()))
            known.digests.add(digest)
            if version_id == (draft or published):
                known.current = (version_id, state)
        return found

    def _note_twins(self, fresh: list[Planned]) -> None:
        """Remark on new items that say, to the letter, what the bank or the file says under another id."""
        wanted = {each.digest for each in fresh}
        query = (
            sa.select(ItemVersion.content_hash, sa.func.min(Item.external_id))
            .join(Item, ItemVersion.id == sa.func.coalesce(Item.draft_version_id, Item.published_version_id))
            .where(ItemVersion.content_hash.in_(wanted))
            .group_by(ItemVersion.content_hash)
        )
        stored = dict(self.session.execute(query).all()) if wanted else {}
        for each in fresh:
            if twin := stored.get(each.digest):
                each.remarks.append((Remark.DUPLICATE, f"It says the same as the item {twin} of the bank."))
            elif twin := self.seen.twin(each.number, each.digest):
                each.remarks.append((Remark.DUPLICATE, f"It says the same as {twin} in this file."))


def _not_kept(record: ItemRecord) -> list[tuple[Remark, str]]:
    """Name the files that the record holds or shows and the bank does not keep."""
    if not record.media:
        return []
    names = ", ".join(name[:80] for name in record.media[:5])
    message = f"Files left out ({names}): kept are images that the item shows and that lie in the file or beside it."
    return [(Remark.READING, message)]
