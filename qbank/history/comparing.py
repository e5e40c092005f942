"""Passes compared: each time through the bank by itself, as a whole and by system."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from qbank.blocks.models import Block, Delivery, StudyPass
from qbank.history.breakdown import Cell, make_cell
from qbank.history.counted import Which, counted, sums
from qbank.history.filters import BlockFilter
from qbank.items.models import ItemVersion
from qbank.items.taxonomy import Dimension, Taxon
from qbank.settings import Settings


@dataclass(frozen=True, slots=True)
class PassLine:
    """One pass: when it began and what it came to; ``systems`` by the system's id, those with scored items."""

    number: int
    started_at: datetime
    whole: Cell
    systems: dict[int, Cell]


@dataclass(frozen=True, slots=True)
class Passes:
    """The passes in order, and the systems met in any of them in the order of the taxonomy, as (id, name)."""

    lines: list[PassLine]
    systems: list[tuple[int, str]]


def passes(session: Session, person_id: int, blocks: BlockFilter, which: Which, settings: Settings) -> Passes:
    """Return every pass with what counts in it: first, latest or all deliveries of that pass. Three queries."""
    columns = [Block.pass_id.label("pass_id"), Delivery.version_id.label("version_id")]
    found = counted(blocks.conditions(person_id), which, columns, within=Block.pass_id.expression)
    query = (
        sa.select(found.c.pass_id, ItemVersion.system_id, *sums(found))
        .join(ItemVersion, ItemVersion.id == found.c.version_id)
        .group_by(found.c.pass_id, ItemVersion.system_id)
    )
    scores: dict[int, dict[int | None, tuple[int, int]]] = {}
    for pass_id, system_id, correct, scored in session.execute(query):
        scores.setdefault(pass_id, {})[system_id] = (int(correct), int(scored))
    taxa = sa.select(Taxon.id, Taxon.name).where(Taxon.dimension == Dimension.SYSTEM).order_by(Taxon.ordinal, Taxon.id)
    met = {system_id for by_system in scores.values() for system_id in by_system}
    systems = [(taxon_id, name) for taxon_id, name in session.execute(taxa) if taxon_id in met]
    begun = sa.select(StudyPass).where(StudyPass.person_id == person_id).order_by(StudyPass.number)
    lines = [_line(each, scores.get(each.id, {}), systems, settings) for each in session.scalars(begun)]
    return Passes(lines, systems)


def _line(
    each: StudyPass, scores: dict[int | None, tuple[int, int]], systems: list[tuple[int, str]], settings: Settings
) -> PassLine:
    correct, scored = (sum(part) for part in zip(*scores.values(), strict=True)) if scores else (0, 0)
    cells = {
        taxon_id: make_cell(taxon_id, name, *scores[taxon_id], settings)
        for taxon_id, name in systems
        if taxon_id in scores
    }
    whole = make_cell(0, f"Pass {each.number}", correct, scored, settings)
    return PassLine(each.number, each.started_at, whole, cells)
