"""Taxa, items, people and short cuts for tests of blocks. Everything is inserted in bulk and flushed, not committed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from qbank import clock
from qbank.accounts.models import Person, PersonRole, Role
from qbank.blocks import building, closing, taking
from qbank.blocks.criteria import Criteria
from qbank.blocks.models import Block, Delivery, ExamPreset, Feedback, TimeUpPolicy, Timing
from qbank.blocks.room import Ack
from qbank.items.models import Item, ItemEnemy, ItemState, ItemVersion, Option, PoolEntry, VersionDiscipline
from qbank.items.taxonomy import Dimension, Taxon
from qbank.settings import Settings

_numbers = count(1)
OPTIONS = 4
DIFFICULTIES = ("easy", "medium", "hard")


@dataclass(frozen=True)
class Taxa:
    """Ids of the taxa by dimension."""

    systems: tuple[int, ...]
    disciplines: tuple[int, ...]
    tasks: tuple[int, ...]


def make_taxa(session: Session, systems: int = 3, disciplines: int = 3, tasks: int = 2) -> Taxa:
    """Add so many taxa in each dimension."""
    made: dict[Dimension, list[Taxon]] = {}
    for dimension, n in ((Dimension.SYSTEM, systems), (Dimension.DISCIPLINE, disciplines), (Dimension.TASK, tasks)):
        made[dimension] = [
            Taxon(dimension=dimension, code=f"{dimension}{next(_numbers)}", name=f"{dimension} {i}", ordinal=i)
            for i in range(n)
        ]
        session.add_all(made[dimension])
    session.flush()
    ids = {dimension: tuple(taxon.id for taxon in taxa) for dimension, taxa in made.items()}
    return Taxa(ids[Dimension.SYSTEM], ids[Dimension.DISCIPLINE], ids[Dimension.TASK])


def make_items(
    session: Session,
    n: int,
    taxa: Taxa,
    *,
    state: ItemState = ItemState.LIVE,
    shuffle: bool = False,
    system: int | None = None,
    key: int | None = None,
) -> list[int]:
    """Add n items with four options each, spread over the taxa; return their ids. The pool gets the selectable ones.

    The key is option ``key``, or moves from item to item.
    """
    now, first = clock.now(), next(_numbers)
    codes = [f"i{first}-{place}" for place in range(n)]
    rows = [{"external_id": code, "created_at": now, "versions_made": 1} for code in codes]
    session.execute(sa.insert(Item), rows)
    items = list(session.scalars(sa.select(Item.id).where(Item.external_id.like(f"i{first}-%")).order_by(Item.id)))
    versions = [
        {
            "item_id": item_id, "number": 1, "state": state, "content_hash": "x", "created_at": now,
            "stem": f"Stem {place}", "stem_html": f"<p>Stem {place}</p>", "shuffle": shuffle,
            "system_id": system or taxa.systems[place % len(taxa.systems)],
            "task_id": taxa.tasks[place % len(taxa.tasks)], "difficulty": DIFFICULTIES[place % 3],
        }
        for place, item_id in enumerate(items)
    ]  # fmt: skip
    session.execute(sa.insert(ItemVersion), versions)
    query = sa.select(ItemVersion.item_id, ItemVersion.id).where(ItemVersion.item_id.between(items[0], items[-1]))
    version_of = dict(session.execute(query).all())
    _hang_on(session, items, version_of, taxa, key)
    session.execute(
        sa.update(Item)
        .where(Item.id.between(items[0], items[-1]))
        .values(published_version_id=sa.select(ItemVersion.id).where(ItemVersion.item_id == Item.id).scalar_subquery()),
        execution_options={"synchronize_session": False},
    )
    if state in {ItemState.LIVE, ItemState.PRETEST}:
        pool = [
            {
                "item_id": row["item_id"], "version_id": version_of[int(str(row["item_id"]))],
                "pretest": state is ItemState.PRETEST, "system_id": row["system_id"], "task_id": row["task_id"],
                "difficulty": row["difficulty"], "disciplines": f",{_discipline(taxa, place)},",
            }
            for place, row in enumerate(versions)
        ]  # fmt: skip
        session.execute(sa.insert(PoolEntry), pool)
    return items


def _discipline(taxa: Taxa, place: int) -> int:
    return taxa.disciplines[place % len(taxa.disciplines)]


def _hang_on(session: Session, items: Sequence[int], version_of: dict[int, int], taxa: Taxa, key: int | None) -> None:
    options: list[dict[str, Any]] = []
    links = []
    for place, item_id in enumerate(items):
        right = place % OPTIONS if key is None else key
        links.append({"version_id": version_of[item_id], "taxon_id": _discipline(taxa, place)})
        options += [
            {
                "version_id": version_of[item_id], "ordinal": i, "text": f"option {i} of {place}",
                "text_html": f"option {i}", "is_key": i == right, "rationale_html": f"<p>why {i}</p>",
            }
            for i in range(OPTIONS)
        ]  # fmt: skip
    session.execute(sa.insert(Option), options)
    session.execute(sa.insert(VersionDiscipline), links)


def retire(session: Session, item_ids: Sequence[int]) -> None:
    """Take items out of the pool, as retiring them does."""
    session.execute(sa.delete(PoolEntry).where(PoolEntry.item_id.in_(item_ids)))


def make_enemies(session: Session, one: int, other: int) -> None:
    """Declare two items enemies."""
    session.add(ItemEnemy(item_id=min(one, other), enemy_id=max(one, other)))
    session.flush()


def make_person(session: Session, *, time_percent: int = 100) -> Person:
    """Add a student."""
    number = next(_numbers)
    person = Person(
        email=f"p{number}@example.org", name=f"Person {number}", created_at=clock.now(), time_percent=time_percent
    )
    person.role_rows = [PersonRole(role=Role.STUDENT, granted_at=clock.now())]
    session.add(person)
    session.flush()
    return person


def make_preset(session: Session, **values: Any) -> ExamPreset:
    """Add an exam preset; keyword arguments are its columns."""
    usual: dict[str, Any] = {
        "code": f"preset{next(_numbers)}", "exam": "Test", "name": "Test", "seconds_per_item": 90,
        "time_up_policy": TimeUpPolicy.LOCK,
    }  # fmt: skip
    preset = ExamPreset(**(usual | values))
    session.add(preset)
    session.flush()
    return preset


def start(session: Session, person: Person, settings: Settings, count: int = 4, **values: Any) -> Block:
    """Start a block, exam feedback and untimed unless told otherwise."""
    usual: dict[str, Any] = {"criteria": Criteria(), "feedback": Feedback.EXAM, "timing": Timing.UNTIMED, "seed": "s"}
    return building.start_block(session, person, settings, count=count, **(usual | values))


def deliveries(session: Session, block: Block) -> list[Delivery]:
    """Return the block's deliveries as stored now."""
    query = sa.select(Delivery).where(Delivery.block_id == block.id).order_by(Delivery.position)
    return list(session.scalars(query.execution_options(populate_existing=True)))


def letters(session: Session, block: Block) -> dict[int, tuple[str, str]]:
    """Return by position the letter of the key and that of a distractor."""
    found = {}
    for delivery in deliveries(session, block):
        key = closing.keys_of(session, [delivery.version_id])[delivery.version_id]
        shown = list(enumerate(delivery.option_order))
        right = next(chr(65 + place) for place, option in shown if option in key)
        wrong = next(chr(65 + place) for place, option in shown if option not in key)
        found[delivery.position] = (right, wrong)
    return found


def act(
    session: Session, person: Person, block: Block, position: int, kind: str, letter: str | None = None, **values: Any
) -> Ack:
    """Send one action under an id of its own."""
    action = taking.Action(**({"event_id": f"e{next(_numbers)}", "kind": kind, "letter": letter} | values))
    return taking.apply(session, person, block.token, position, action)


def answer(session: Session, person: Person, block: Block, *, right: int = 0, wrong: int = 0) -> None:
    """Answer the first items of the block: so many right, then so many wrong."""
    known = letters(session, block)
    for position in range(1, right + wrong + 1):
        act(session, person, block, position, "choose", known[position][position > right])
