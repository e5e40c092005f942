"""Answers written straight into the tables, as many as a statistic needs, counted as a close would count them.

``answers`` is an array persons x items of option numbers: 0 the key, 1 to 3 the distractors, -1 omitted, -2 not taken.
Each person has one ended block of what they took.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from qbank.accounts.models import Person
from qbank.blocks.models import (
    Block,
    BlockState,
    Delivery,
    EndedReason,
    Feedback,
    Outcome,
    StudyPass,
    TimeUpPolicy,
    Timing,
)
from qbank.items.models import Item, ItemState, ItemVersion, Option, PoolEntry
from qbank.items.taxonomy import Dimension, Taxon
from qbank.statistics import counters

WHEN = datetime(2026, 2, 1, 8, 0, tzinfo=UTC)
OPTIONS = 4
SECONDS = 60
Numbers = NDArray[np.int64]


@dataclass
class Bank:
    """Live items in order, all of one system and task; option 0 is the key."""

    items: list[int] = field(default_factory=list)
    versions: list[int] = field(default_factory=list)
    options: list[list[int]] = field(default_factory=list)
    system: int = 0


def insert(session: Session, model: type[Any], rows: list[dict[str, Any]]) -> list[int]:
    """Insert rows and return their ids in order."""
    found: list[int] = []
    for start in range(0, len(rows), 5_000):
        statement = sa.insert(model).returning(model.id, sort_by_parameter_order=True)
        found += session.scalars(statement, rows[start : start + 5_000])
    return found


def make_bank(session: Session, count: int, state: ItemState = ItemState.LIVE, name: str = "made") -> Bank:
    """Write items with four options each, in the pool."""
    taxa = [
        {
            "dimension": dimension,
            "code": f"{name}-{dimension}",
            "name": f"{name} {dimension}",
            "ordinal": 0,
            "source": "",
        }
        for dimension in (Dimension.SYSTEM, Dimension.TASK)
    ]
    system, task = insert(session, Taxon, taxa)
    bank = Bank(system=system)
    bank.items = insert(
        session, Item, [{"external_id": f"{name}-{n}", "created_at": WHEN, "versions_made": 1} for n in range(count)]
    )
    bank.versions = insert(
        session, ItemVersion,
        [
            {
                "item_id": item, "number": 1, "state": state, "content_hash": str(n), "created_at": WHEN,
                "stem": f"Stem {n}", "stem_html": f"<p>Stem {n}</p>", "lead_in": f"Which one is it, item {n}?",
                "system_id": system, "task_id": task, "difficulty": "medium",
            }
            for n, item in enumerate(bank.items)
        ],
    )  # fmt: skip
    session.execute(
        sa.update(Item),
        [{"id": i, "published_version_id": v} for i, v in zip(bank.items, bank.versions, strict=True)],
    )
    options = insert(
        session, Option,
        [
            {"version_id": v, "ordinal": place, "text": f"Option {place}", "text_html": "", "is_key": place == 0}
            for v in bank.versions
            for place in range(OPTIONS)
        ],
    )  # fmt: skip
    bank.options = [options[n : n + OPTIONS] for n in range(0, len(options), OPTIONS)]
    session.execute(
        sa.insert(PoolEntry),
        [
            {
                "item_id": i, "version_id": v, "pretest": state is ItemState.PRETEST, "system_id": system,
                "task_id": task, "difficulty": "medium", "disciplines": ",",
            }
            for i, v in zip(bank.items, bank.versions, strict=True)
        ],
    )  # fmt: skip
    return bank


def make_people(session: Session, count: int) -> list[int]:
    """Write learners and return their ids."""
    rows = [{"email": f"{uuid4().hex}@example.org", "name": f"Learner {n}", "created_at": WHEN} for n in range(count)]
    return insert(session, Person, rows)


def answer(
    session: Session,
    bank: Bank,
    answers: Numbers,
    people: list[int] | None = None,
    *,
    feedback: Feedback = Feedback.EXAM,
    reason: EndedReason = EndedReason.LEARNER,
    pretest: bool = False,
) -> list[int]:
    """Write one ended block a person and return the people. The counters are not told: `counters.rebuild` is."""
    people = people or make_people(session, len(answers))
    known = dict(
        session.execute(sa.select(StudyPass.person_id, sa.func.max(StudyPass.id)).group_by(StudyPass.person_id)).all()
    )
    fresh = [person for person in people if person not in known]
    made = insert(session, StudyPass, [{"person_id": p, "number": 1, "started_at": WHEN} for p in fresh])
    known |= dict(zip(fresh, made, strict=True))
    taken = answers > -2
    blocks = insert(
        session, Block,
        [
            {
                "token": uuid4().hex, "person_id": person, "pass_id": known[person], "name": "Block",
                "feedback": feedback, "timing": Timing.UNTIMED, "preset_copy": {}, "criteria": {}, "seed": "1",
                "item_count": max(1, int(taken[n].sum())), "seconds_per_item": 90, "time_percent": 100,
                "time_up_policy": TimeUpPolicy.LOCK, "state": BlockState.ENDED, "started_at": WHEN,
                "last_active_at": WHEN, "ended_at": WHEN, "closes_at": WHEN, "ended_reason": reason,
            }
            for n, person in enumerate(people)
        ],
    )  # fmt: skip
    rows: list[dict[str, Any]] = []
    for n, block in enumerate(blocks):
        rows += _deliveries(bank, block, answers[n], np.flatnonzero(taken[n]), pretest)
        if len(rows) > 20_000:
            session.execute(sa.insert(Delivery), rows)
            rows = []
    if rows:
        session.execute(sa.insert(Delivery), rows)
    return people


def _deliveries(bank: Bank, block: int, answers: Numbers, taken: Numbers, pretest: bool) -> list[dict[str, Any]]:
    rows = []
    for position, item in enumerate(taken.tolist(), start=1):
        number = int(answers[item])
        chosen = bank.options[item][number] if number >= 0 else None
        outcome = Outcome.OMITTED if chosen is None else Outcome.CORRECT if number == 0 else Outcome.INCORRECT
        rows.append(
            {
                "block_id": block, "position": position, "item_id": bank.items[item],
                "version_id": bank.versions[item], "option_order": [], "pretest": pretest, "first": True,
                "chosen_option_id": chosen, "first_option_id": chosen, "changes": 0, "seconds": SECONDS, "seen": True,
                "struck": [], "outcome": outcome,
            }
        )  # fmt: skip
    return rows


def simulated(persons: int, items: int, each: int, *, seed: int = 1) -> tuple[Numbers, NDArray[np.float64]]:
    """Return answers by the 2PL model, ``each`` items a person, and the items' (a, d)."""
    random = np.random.default_rng(seed)
    a, d = random.lognormal(0, 0.25, items), random.normal(0.5, 1, items)
    theta = random.normal(size=persons)
    right = random.random((persons, items)) < 1 / (1 + np.exp(-(a * theta[:, None] + d)))
    answers = np.where(right, 0, random.integers(1, OPTIONS, (persons, items)))
    if each < items:
        order = np.argsort(random.random((persons, items)), axis=1)
        answers[order >= each] = -2
    return answers, np.stack([a, d])


def counted(session: Session) -> None:
    """Let the counters catch up with what was written."""
    counters.rebuild(session)
