"""Queries of the statistics pages: each a fixed number of statements, rows by the page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from qbank.items.models import Item, ItemState, ItemVersion
from qbank.items.taxonomy import Taxon
from qbank.measurement.flags import Limits
from qbank.measurement.intervals import wilson
from qbank.statistics.difficulty import current_run_id, in_run
from qbank.statistics.models import ItemCalibration, ItemCounter

_Query = sa.Select[*tuple[Any, ...]]

LIMITS = Limits()
STATES = (ItemState.LIVE, ItemState.PRETEST, ItemState.SUSPENDED, ItemState.RETIRED)


class Look(StrEnum):
    """Why an item needs a look, the gravest first."""

    CHECK_KEY = "check_key"
    TOO_HARD = "too_hard"
    WEAK = "weak"
    TOO_EASY = "too_easy"
    RARE_DISTRACTOR = "rare_distractor"
    SLOW = "slow"


@dataclass(frozen=True, slots=True)
class LookFilter:
    """What the list of the bank shows. ``flag`` None and ``flagged`` False: every version with answers."""

    flag: Look | None = None
    flagged: bool = True
    system_id: int | None = None
    state: ItemState | None = None


@dataclass(frozen=True, slots=True)
class Figures:
    """The figures of one version, from its counters and the current calibration. ``p`` is None below 26 answers."""

    item_id: int
    external_id: str
    version_id: int
    number: int
    state: ItemState
    text: str
    system: str
    n: int
    correct: int
    omitted: int
    p: float | None
    p_low: float | None
    p_high: float | None
    mean_seconds: float | None
    a: float | None
    se_a: float | None
    b: float | None
    se_b: float | None
    r: float | None
    r_n: int
    looks: tuple[Look, ...]


def first_deliveries(session: Session, version_id: int) -> int:
    """Return how many learners' first deliveries of this version have been counted: the n of its statistics."""
    return session.scalar(sa.select(ItemCounter.n).where(ItemCounter.version_id == version_id)) or 0


def _conditions() -> dict[Look, sa.ColumnElement[bool]]:
    """Return what each reason means. Multiplied out: a division of whole numbers would cut off."""
    n, correct = ItemCounter.n, ItemCounter.correct
    enough = n >= LIMITS.n
    # No calibration, no r: a comparison with NULL is not true, and coalesce says so.
    r = ItemCalibration.r
    return {
        Look.CHECK_KEY: sa.func.coalesce(r < 0, sa.false()),
        Look.TOO_HARD: sa.and_(enough, correct < LIMITS.hard * n),
        Look.WEAK: sa.func.coalesce(sa.and_(r >= 0, r < LIMITS.discrimination), sa.false()),
        Look.TOO_EASY: sa.and_(enough, correct > LIMITS.easy * n),
        Look.RARE_DISTRACTOR: sa.and_(enough, ItemCounter.rarest < LIMITS.distractor * n),
        Look.SLOW: sa.and_(enough, ItemCounter.seconds > ItemCounter.allowed_seconds),
    }


def _weight(conditions: dict[Look, sa.ColumnElement[bool]]) -> sa.ColumnElement[int]:
    """Return a number in which a graver reason outweighs all lesser ones together, and which holds them as bits."""
    parts: list[sa.ColumnElement[int]] = [
        sa.case((condition, 2 ** (len(Look) - 1 - place)), else_=0)
        for place, condition in enumerate(conditions.values())
    ]
    total = parts[0]
    for part in parts[1:]:
        total = total + part
    return total


def _looks(weight: int) -> tuple[Look, ...]:
    return tuple(look for place, look in enumerate(Look) if weight & 2 ** (len(Look) - 1 - place))


def _joined(query: _Query) -> _Query:
    """Return the query over counted versions that learners get (or got last), with the current calibration."""
    return (
        query.select_from(ItemCounter)
        .join(ItemVersion, ItemVersion.id == ItemCounter.version_id)
        .join(Item, Item.published_version_id == ItemVersion.id)
        .outerjoin(
            ItemCalibration,
            in_run(ItemCounter.version_id, current_run_id()),
        )
    )


def _matching(chosen: LookFilter) -> list[sa.ColumnElement[bool]]:
    found: list[sa.ColumnElement[bool]] = []
    if chosen.system_id is not None:
        found.append(ItemVersion.system_id == chosen.system_id)
    if chosen.state is not None:
        found.append(ItemVersion.state == chosen.state)
    return found


def look_counts(session: Session, chosen: LookFilter) -> dict[str, int]:
    """Return how many versions have each reason, any ("flagged"), or are counted at all ("all"). One statement."""
    conditions = _conditions()
    columns = [sa.func.sum(sa.case((condition, 1), else_=0)) for condition in conditions.values()]
    flagged = sa.func.sum(sa.case((sa.or_(*conditions.values()), 1), else_=0))
    row = session.execute(_joined(sa.select(sa.func.count(), flagged, *columns)).where(*_matching(chosen))).one()
    names = ("all", "flagged", *map(str, conditions))
    return {name: int(value or 0) for name, value in zip(names, row, strict=True)}


def _select(chosen: LookFilter) -> _Query:
    conditions = _conditions()
    weight = _weight(conditions).label("weight")
    query = _joined(
        sa.select(
            Item.id, Item.external_id, ItemVersion.id, ItemVersion.number, ItemVersion.state, ItemVersion.lead_in,
            ItemVersion.stem, Taxon.name, ItemCounter.n, ItemCounter.correct, ItemCounter.omitted,
            ItemCounter.seconds, ItemCalibration.a, ItemCalibration.se_a, ItemCalibration.b, ItemCalibration.se_b,
            ItemCalibration.r, ItemCalibration.n, weight,
        )
    )  # fmt: skip
    query = query.outerjoin(Taxon, Taxon.id == ItemVersion.system_id).where(*_matching(chosen))
    if chosen.flag is not None:
        query = query.where(conditions[chosen.flag])
    elif chosen.flagged:
        query = query.where(sa.or_(*conditions.values()))
    return query.order_by(weight.desc(), ItemCounter.n.desc(), ItemCounter.version_id)


def page_of(session: Session, chosen: LookFilter, *, limit: int, offset: int) -> list[Figures]:
    """Return one page of versions, what needs a look most first. One statement."""
    return [_figures(row) for row in session.execute(_select(chosen).limit(limit).offset(offset))]


def every(session: Session, chosen: LookFilter) -> Iterator[Figures]:
    """Yield every version that the filter lets through, read in parts."""
    for row in session.execute(_select(chosen).execution_options(yield_per=1000)):
        yield _figures(row)


def _figures(row: Any) -> Figures:
    (item_id, external_id, version_id, number, state, lead_in, stem, system, n, correct, omitted, seconds,
     a, se_a, b, se_b, r, r_n, weight) = row  # fmt: skip
    enough = n >= LIMITS.n
    low, high = wilson(correct, n) if enough else (None, None)
    return Figures(
        item_id, external_id, version_id, number, state, lead_in or stem, system or "", n, correct, omitted,
        correct / n if enough else None, low, high, seconds / n if enough else None,
        a, se_a, b, se_b, r, r_n or 0, _looks(weight),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class VersionLine:
    """One version of an item with its counts and its place in the current calibration, for comparison."""

    version_id: int
    number: int
    state: ItemState
    n: int
    p: float | None
    p_low: float | None
    p_high: float | None
    mean_seconds: float | None
    calibration: ItemCalibration | None


def versions_of(session: Session, item_id: int) -> list[VersionLine]:
    """Return every version of an item, newest first, with what is counted and calibrated of it. One statement."""
    query = (
        sa.select(ItemVersion, ItemCounter, ItemCalibration)
        .outerjoin(ItemCounter, ItemCounter.version_id == ItemVersion.id)
        .outerjoin(
            ItemCalibration,
            in_run(ItemVersion.id, current_run_id()),
        )
        .where(ItemVersion.item_id == item_id)
        .order_by(ItemVersion.number.desc())
    )
    lines = []
    for version, counter, calibration in session.execute(query.execution_options(populate_existing=True)):
        n = counter.n if counter else 0
        enough = n >= LIMITS.n
        low, high = wilson(counter.correct, n) if enough else (None, None)
        lines.append(
            VersionLine(
                version.id, version.number, version.state, n, counter.correct / n if enough else None, low, high,
                counter.seconds / n if enough else None, calibration,
            )
        )  # fmt: skip
    return lines
