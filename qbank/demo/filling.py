"""Filling a demo: the shipped content, simulated items, people and groups, then the answers and a calibration."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from qbank import clock
from qbank.accounts import service as accounts
from qbank.accounts.models import Person, Role
from qbank.content.service import load_shipped
from qbank.db import migrate
from qbank.db.engine import begin_write, make_engine, make_sessions
from qbank.demo import place, world, writing
from qbank.demo.world import Learner, Size
from qbank.demo.writing import Stocked, Writer
from qbank.exchange.service import store_records
from qbank.groups import service as groups
from qbank.groups.models import GroupMember, GroupRole
from qbank.items import pool
from qbank.items.models import Item, ItemState, ItemVersion, Option, Origin, PoolEntry
from qbank.items.record import ItemRecord, OptionRecord
from qbank.items.taxonomy import Dimension, Taxon
from qbank.media.shelf import Shelf
from qbank.security import passwords
from qbank.settings import Settings
from qbank.statistics import calibrating, counters
from qbank.statistics.fitting import Limits, fit
from qbank.statistics.models import CalibrationRun
from qbank.statistics.reading import first_responses

OPTIONS = 4
PRETEST_EVERY = 20  # one simulated item in so many is in pretest
WITH_PASSWORD = 2  # learners that one can sign in as
ADMINISTRATOR, EDUCATOR = "admin@simulated.example", "educator@simulated.example"
Tell = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Filled:
    """What a demo holds."""

    learners: int
    items: int
    blocks: int
    deliveries: int
    calibrated: int  # items; 0 where there were too few answers
    people: list[str]  # addresses that have a password, the administrator's first


def fill(chosen: Settings, size: Size, secrets: list[str], tell: Tell) -> Filled:
    """Fill the empty folder of these settings; ``tell`` is called with 1 for every learner done.

    ``secrets`` are the passwords of the administrator, the educator and the first learners. Only their hashes and
    the folder's secret key are not from the seed.
    """
    start = size.until - timedelta(days=round(size.months * 30.4) + 7)
    place.mark(chosen.data_dir, {"seed": size.seed, "learners": size.learners, "simulated": True})
    migrate.upgrade(chosen.database_url)
    engine = make_engine(chosen.database_url)
    clock.use(lambda: start)
    try:
        with make_sessions(engine)() as session:
            begin_write(session)
            filled = _fill(session, chosen, size, secrets, tell)
            clock.use(lambda: size.until)
            run = calibrate(session)
            session.commit()
            return Filled(*filled, run.items if run else 0, people(size))
    finally:
        clock.use(None)
        engine.dispose()


def people(size: Size) -> list[str]:
    """Return the addresses that get a password."""
    few = min(WITH_PASSWORD, size.learners)
    return [ADMINISTRATOR, EDUCATOR, *(f"learner{number:04d}@simulated.example" for number in range(1, few + 1))]


def _fill(session: Session, chosen: Settings, size: Size, secrets: list[str], tell: Tell) -> tuple[int, int, int, int]:
    for _line in load_shipped(session, shelf=Shelf(chosen.data_dir)):
        pass
    _simulated_items(session, size)
    stock = _stock(session, size)
    educator = _staff(session, chosen, secrets)
    everybody = world.learners(size)
    first = 1 + (session.scalar(sa.select(sa.func.max(Person.id))) or 0)
    writing.add_people(session, everybody, first, clock.now())
    for number, password in enumerate(secrets[2:][: len(everybody)]):
        session.get_one(Person, first + number).password_hash = passwords.hash_password(password, quick=chosen.testing)
    ids = {first + number: learner for number, learner in enumerate(everybody)}
    _groups(session, educator, list(ids), size)
    pretest = frozenset(session.scalars(sa.select(PoolEntry.item_id).where(PoolEntry.pretest.is_(True))))
    writer = Writer(session)
    scored = [item for item in stock if item.item_id not in pretest]
    unscored = [item for item in stock if item.item_id in pretest]
    for _deliveries in writing.answer_all(writer, ids, size, scored, unscored):
        tell(1)
    session.flush()
    counters.rebuild(session)
    _write_truth(chosen.data_dir, size, ids, stock, pretest)
    return len(everybody), len(stock), writer.blocks, writer.deliveries


def _simulated_items(session: Session, size: Size) -> None:
    """Add items until there are as many as wanted; one in twenty of them in pretest."""
    held = session.scalar(sa.select(sa.func.count()).select_from(PoolEntry)) or 0
    wanted = max(0, size.items - held)
    codes = {
        dimension: list(
            session.scalars(sa.select(Taxon.code).where(Taxon.dimension == dimension).order_by(Taxon.ordinal))
        )
        for dimension in (Dimension.SYSTEM, Dimension.DISCIPLINE, Dimension.TASK)
    }
    rng = world.source(size.seed, "places of keys")
    records = [_record(number, codes, rng.randrange(OPTIONS)) for number in range(1, wanted + 1)]
    stored = store_records(session, None, records, origin=Origin.IMPORTED, keep_status=True)
    made = [stored.item_ids[f"simulated-{number:04d}"] for number in range(1, wanted + 1)]
    if waiting := made[PRETEST_EVERY - 1 :: PRETEST_EVERY]:
        versions = sa.select(Item.published_version_id).where(Item.id.in_(waiting))
        session.execute(
            sa.update(ItemVersion)
            .where(ItemVersion.id.in_(versions))
            .values(state=ItemState.PRETEST)
            .execution_options(synchronize_session=False)
        )
        session.expire_all()
        pool.sync(session, waiting)


def _record(number: int, codes: dict[Dimension, list[str]], key: int) -> ItemRecord:
    def code(dimension: Dimension, step: int) -> tuple[str, ...]:
        return (codes[dimension][number // step % len(codes[dimension])],)

    options = tuple(
        OptionRecord(
            text=f"Answer {'ABCD'[at]} of simulated item {number}", key=at == key,
            rationale=f"Simulated: this is {'the key' if at == key else 'no key'}. There is nothing to learn here.",
        )
        for at in range(OPTIONS)
    )  # fmt: skip
    return ItemRecord(
        stem=f"Simulated item {number}. It stands for a question and says nothing about medicine.",
        lead_in=f"Which answer is the key of simulated item {number}?", options=options,
        external_id=f"simulated-{number:04d}", status=ItemState.LIVE.value, tags=("simulated item",),
        objective="Simulated item: no objective.", systems=code(Dimension.SYSTEM, 1),
        disciplines=code(Dimension.DISCIPLINE, 3), tasks=code(Dimension.TASK, 2),
    )  # fmt: skip


def _stock(session: Session, size: Size) -> list[Stocked]:
    """Return what may be asked with its truth, by item id."""
    query = (
        sa.select(PoolEntry.item_id, PoolEntry.version_id, Option.id, Option.is_key)
        .join(Option, Option.version_id == PoolEntry.version_id)
        .order_by(PoolEntry.item_id, Option.ordinal)
    )
    options: dict[tuple[int, int], list[tuple[int, bool]]] = {}
    for item_id, version_id, option_id, is_key in session.execute(query):
        options.setdefault((item_id, version_id), []).append((option_id, is_key))
    truths = world.true_items(size, len(options))
    return [
        Stocked(item, version, tuple(each for each, _ in held), next(each for each, is_key in held if is_key), truth)
        for ((item, version), held), truth in zip(options.items(), truths, strict=True)
    ]


def _staff(session: Session, chosen: Settings, secrets: list[str]) -> Person:
    made = [
        accounts.create_person(session, chosen, email=email, name=name, password=password, roles=roles)
        for (email, name, roles), password in zip(
            (
                (ADMINISTRATOR, "Simulated administrator", list(Role)),
                (EDUCATOR, "Simulated educator", [Role.EDUCATOR]),
            ),
            secrets,
            strict=False,
        )
    ]
    return made[1]


def _groups(session: Session, educator: Person, ids: list[int], size: Size) -> None:
    rng = world.source(size.seed, "join codes")
    half = (len(ids) + 1) // 2
    for name, members in (("Simulated group 1", ids[:half]), ("Simulated group 2", ids[half:])):
        group = groups.create(session, educator, name)
        group.join_code = "".join(rng.choices(groups.ALPHABET, k=groups.CODE_LENGTH))
        session.flush()
        rows = [
            {"group_id": group.id, "person_id": person, "role": GroupRole.LEARNER, "joined_at": clock.now()}
            for person in members
        ]
        if rows:
            session.execute(sa.insert(GroupMember), rows)


def _write_truth(
    folder: Path, size: Size, ids: dict[int, Learner], stock: list[Stocked], pretest: frozenset[int]
) -> None:
    values: dict[str, Any] = {
        "seed": size.seed,
        "model": "P = 1 / (1 + exp(-a (theta - b))), theta ~ N(0, 1), constant over time",
        "learners": [{"person": person, "theta": learner.theta} for person, learner in ids.items()],
        "items": [
            {
                "item": each.item_id, "version": each.version_id, "a": each.truth.a, "b": each.truth.b,
                "pretest": each.item_id in pretest,
            }
            for each in stock
        ],
    }  # fmt: skip
    place.write(folder / place.TRUTH, values)


def calibrate(session: Session) -> CalibrationRun | None:
    """Calibrate the demo's bank; None where no item has enough answers."""
    read = first_responses(session)
    n = read.responses.by_cell().sum(axis=1)
    if not len(n) or n.max() < Limits().b:
        return None
    run = calibrating.begin(session)
    return calibrating.finish(session, run.id, read, fit(read.responses))
