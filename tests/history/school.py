"""A learner's past, written straight into the tables: quick, and with exactly the answers that a test names.

``answers`` has one sign an item: R right, W wrong, O omitted; p a pretest item answered right; a an annulled item
answered right; - an item of an abandoned block that was left unanswered. Items are taken from the bank in their order,
beginning at ``start``, so that a later block can meet the same items again.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import sqlalchemy as sa
from sqlalchemy.orm import Session

from qbank.accounts.models import Person, PersonRole, Role
from qbank.blocks.models import (
    Block,
    BlockScore,
    BlockState,
    Delivery,
    EndedReason,
    Feedback,
    ItemStatus,
    LearnerItem,
    Outcome,
    StudyPass,
    TimeUpPolicy,
    Timing,
)
from qbank.items.models import Difficulty, Item, ItemState, ItemVersion, Option, PoolEntry, VersionDiscipline
from qbank.items.taxonomy import Dimension, Taxon

LONG_AGO = datetime(2026, 1, 1, 8, 0, tzinfo=UTC)
SYSTEMS = ("Musculoskeletal", "Endocrine")
DISCIPLINES = ("Pathology", "Pharmacology")
TASKS = ("Diagnosis", "Management")
OUTCOMES = {"R": Outcome.CORRECT, "W": Outcome.INCORRECT, "O": Outcome.OMITTED, "p": Outcome.CORRECT,
            "a": Outcome.CORRECT, "-": None}  # fmt: skip


@dataclass
class Bank:
    """Live items in order: item n has system, task and discipline n % 2 (of two), a key and a distractor."""

    items: list[int] = field(default_factory=list)
    versions: list[int] = field(default_factory=list)
    keys: list[int] = field(default_factory=list)
    distractors: list[int] = field(default_factory=list)
    systems: list[int] = field(default_factory=list)
    disciplines: list[int] = field(default_factory=list)
    tasks: list[int] = field(default_factory=list)


def _insert(session: Session, model: type[Any], rows: Sequence[dict[str, Any]]) -> list[int]:
    statement = sa.insert(model).returning(model.id, sort_by_parameter_order=True)
    return list(session.scalars(statement, rows))


def _taxa(session: Session, dimension: Dimension, names: Collection[str]) -> list[int]:
    rows = [
        {"dimension": dimension, "code": f"{dimension}-{n}", "name": name, "ordinal": n, "source": ""}
        for n, name in enumerate(names)
    ]
    return _insert(session, Taxon, rows)


def make_bank(session: Session, count: int = 40, *, systems: Collection[str] = SYSTEMS, stem: str = "Stem") -> Bank:
    """Write ``count`` live items."""
    bank = Bank(
        systems=_taxa(session, Dimension.SYSTEM, systems),
        disciplines=_taxa(session, Dimension.DISCIPLINE, DISCIPLINES),
        tasks=_taxa(session, Dimension.TASK, TASKS),
    )
    bank.items = _insert(
        session,
        Item,
        [{"external_id": f"made-{n:05d}", "created_at": LONG_AGO, "versions_made": 1} for n in range(count)],
    )
    bank.versions = _insert(
        session, ItemVersion,
        [
            {
                "item_id": item_id, "number": 1, "state": ItemState.LIVE, "content_hash": str(n),
                "created_at": LONG_AGO, "stem": f"{stem} {n}", "stem_html": "", "difficulty": Difficulty.EASY,
                "system_id": bank.systems[n % len(bank.systems)], "task_id": bank.tasks[n % 2],
            }
            for n, item_id in enumerate(bank.items)
        ],
    )  # fmt: skip
    session.execute(
        sa.update(Item),
        [{"id": i, "published_version_id": v} for i, v in zip(bank.items, bank.versions, strict=True)],
    )
    options = _insert(
        session, Option,
        [
            {
                "version_id": version_id, "ordinal": place, "text": str(place), "text_html": str(place),
                "is_key": place == 0,
            }
            for version_id in bank.versions
            for place in range(2)
        ],
    )  # fmt: skip
    bank.keys, bank.distractors = options[0::2], options[1::2]
    session.execute(
        sa.insert(VersionDiscipline),
        [{"version_id": v, "taxon_id": bank.disciplines[n % 2]} for n, v in enumerate(bank.versions)],
    )
    session.execute(
        sa.insert(PoolEntry),
        [
            {
                "item_id": i, "version_id": v, "pretest": False, "system_id": bank.systems[n % len(bank.systems)],
                "task_id": bank.tasks[n % 2], "difficulty": "easy", "disciplines": f",{bank.disciplines[n % 2]},",
            }
            for n, (i, v) in enumerate(zip(bank.items, bank.versions, strict=True))
        ],
    )  # fmt: skip
    return bank


def make_person(session: Session, name: str = "Ada Learner", roles: Collection[Role] = (Role.STUDENT,)) -> Person:
    """Write a person with an address of their own; nobody can sign in with a password."""
    person = Person(email=f"{uuid4().hex}@example.org", name=name, created_at=LONG_AGO)
    person.role_rows = [PersonRole(role=role, granted_at=LONG_AGO) for role in roles]
    session.add(person)
    session.flush()
    return person


@dataclass
class Taken:
    """One ended block."""

    answers: str
    ended_at: datetime = LONG_AGO
    name: str = "Block"
    feedback: Feedback = Feedback.EXAM
    timing: Timing = Timing.UNTIMED
    reason: EndedReason = EndedReason.LEARNER
    start: int = 0
    preset: str = ""
    seconds: int = 600


def _pass(session: Session, person: Person) -> int:
    found = session.scalar(sa.select(StudyPass.id).where(StudyPass.person_id == person.id))
    if found is None:
        found = _insert(session, StudyPass, [{"person_id": person.id, "number": 1, "started_at": LONG_AGO}])[0]
    return found


def _block_row(person: Person, pass_id: int, taken: Taken) -> dict[str, Any]:
    started = taken.ended_at - timedelta(seconds=taken.seconds)
    timed = taken.timing is Timing.TIMED
    return {
        "token": uuid4().hex, "person_id": person.id, "pass_id": pass_id, "name": taken.name,
        "feedback": taken.feedback, "timing": taken.timing,
        "preset_copy": {"name": taken.preset} if taken.preset else {},
        "criteria": {}, "seed": "1", "item_count": len(taken.answers), "seconds_per_item": 90, "time_percent": 100,
        "limit_seconds": 90 * len(taken.answers) if timed else None, "time_up_policy": TimeUpPolicy.LOCK,
        "state": BlockState.ENDED, "started_at": started, "last_active_at": taken.ended_at, "ended_at": taken.ended_at,
        "closes_at": taken.ended_at, "deadline_at": taken.ended_at if timed else None, "ended_reason": taken.reason,
    }  # fmt: skip


def _score_row(block_id: int, taken: Taken) -> dict[str, Any]:
    counts = {sign: taken.answers.count(sign) for sign in OUTCOMES}
    return {
        "block_id": block_id, "revision": 1, "correct": counts["R"], "incorrect": counts["W"], "omitted": counts["O"],
        "scored": counts["R"] + counts["W"] + counts["O"], "pretest": counts["p"], "annulled": counts["a"],
        "seconds": taken.seconds, "partial": taken.reason is EndedReason.ABANDONED, "made_at": taken.ended_at,
    }  # fmt: skip


def take(session: Session, person: Person, bank: Bank, *blocks: Taken) -> list[str]:
    """Write the blocks in this order, with their deliveries and scores, and return their tokens."""
    pass_id = _pass(session, person)
    rows = [_block_row(person, pass_id, taken) for taken in blocks]
    ids = _insert(session, Block, rows)
    met: set[int] = set()
    deliveries = []
    for block_id, taken in zip(ids, blocks, strict=True):
        for place, sign in enumerate(taken.answers):
            n = (taken.start + place) % len(bank.items)
            outcome = OUTCOMES[sign]
            chosen = {Outcome.CORRECT: bank.keys[n], Outcome.INCORRECT: bank.distractors[n]}.get(outcome)  # type: ignore[arg-type]
            deliveries.append(
                {
                    "block_id": block_id, "position": place + 1, "item_id": bank.items[n],
                    "version_id": bank.versions[n],
                    "option_order": [bank.keys[n], bank.distractors[n]], "pretest": sign == "p", "first": n not in met,
                    "chosen_option_id": chosen, "first_option_id": chosen, "seconds": 30, "seen": True, "struck": [],
                    "outcome": outcome, "annulled_at": taken.ended_at if sign == "a" else None,
                }
            )  # fmt: skip
            met.add(n)
    session.execute(sa.insert(Delivery), deliveries)
    session.execute(
        sa.insert(BlockScore), [_score_row(block_id, taken) for block_id, taken in zip(ids, blocks, strict=True)]
    )
    return [row["token"] for row in rows]


def open_block(
    session: Session, person: Person, bank: Bank, *, name: str = "Still open", closes_at: datetime | None = None
) -> str:
    """Write an open, timed block of the bank's last two items, unanswered, and return its token."""
    closes_at = closes_at or LONG_AGO + timedelta(days=3650)
    row = _block_row(person, _pass(session, person), Taken("OO", name=name, timing=Timing.TIMED)) | {
        "state": BlockState.OPEN, "ended_at": None, "ended_reason": None, "closes_at": closes_at,
        "deadline_at": closes_at,
    }  # fmt: skip
    block_id = _insert(session, Block, [row])[0]
    session.execute(
        sa.insert(Delivery),
        [
            {
                "block_id": block_id, "position": place, "item_id": bank.items[-place],
                "version_id": bank.versions[-place],
                "option_order": [bank.keys[-place], bank.distractors[-place]], "struck": [],
            }
            for place in (1, 2)
        ],
    )  # fmt: skip
    moment = row["started_at"]
    session.execute(
        sa.insert(LearnerItem),
        [
            {
                "pass_id": row["pass_id"], "item_id": bank.items[-place], "status": ItemStatus.IN_PROGRESS,
                "times_seen": 1, "last_seen_at": moment,
            }
            for place in (1, 2)
        ],
    )  # fmt: skip
    return str(row["token"])
