"""Writing the simulated answers: the log, and beside it everything that the log amounts to, in bulk.

What a block comes to is worked out here once and written as rows; `qbank rebuild --check` afterwards finds nothing to
put right, which the tests hold it to. Ids count up from 1 and every time comes from the seed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from qbank.accounts.models import Person, PersonRole, Role
from qbank.blocks import statuses
from qbank.blocks.after_models import MissReason, Reason
from qbank.blocks.models import (
    Block,
    BlockScore,
    BlockState,
    Confidence,
    Delivery,
    DeliveryEvent,
    EndedReason,
    EventKind,
    Feedback,
    LearnerItem,
    Mark,
    Outcome,
    StudyPass,
    TimeUpPolicy,
    Timing,
)
from qbank.demo import world
from qbank.demo.world import Learner, Response, Size, TrueItem

AT_ONCE = 5_000  # rows in one statement
ABANDON_DAYS = 30
TABLES: tuple[type[Any], ...] = (
    StudyPass, Block, Delivery, DeliveryEvent, BlockScore, LearnerItem, Mark, MissReason,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Stocked:
    """One item as the bank holds it. ``options`` are ids in the authored order, ``key`` one of them."""

    item_id: int
    version_id: int
    options: tuple[int, ...]
    key: int
    truth: TrueItem

    def option(self, place: int) -> int:
        """Return the option of a place of the simulation: 0 is the key, then the distractors in their order."""
        return self.key if place == 0 else [each for each in self.options if each != self.key][place - 1]


@dataclass(slots=True)
class _Clock:
    """Where a block's time stands, and where it ends at the latest."""

    now: datetime
    end: datetime | None

    @property
    def over(self) -> bool:
        return self.end is not None and self.now >= self.end

    def spend(self, seconds: int) -> tuple[datetime, int, bool]:
        """Go on by so many seconds; return the start, what was left for it, and whether time cut it short."""
        start = self.now
        until = start + timedelta(seconds=seconds)
        cut = self.end is not None and until >= self.end
        self.now = self.end if cut and self.end is not None else until
        return start, round((self.now - start).total_seconds()), cut


@dataclass(slots=True)
class Writer:
    """Collects rows by table and writes them in order, so that a row comes after what it points to."""

    session: Session
    rows: dict[type[Any], list[dict[str, Any]]] = field(default_factory=lambda: {table: [] for table in TABLES})
    blocks: int = 0
    deliveries: int = 0
    events: int = 0

    def add(self, table: type[Any], **values: Any) -> None:
        """Keep one row."""
        self.rows[table].append(values)

    def flush(self) -> None:
        """Write what was kept."""
        for table in TABLES:
            rows = self.rows[table]
            for start in range(0, len(rows), AT_ONCE):
                self.session.execute(sa.insert(table), rows[start : start + AT_ONCE])
            rows.clear()


def add_people(session: Session, people: list[Learner], first_id: int, at: datetime) -> None:
    """Write the accounts of the learners, without passwords: nobody signs in as them."""
    rows: list[dict[str, Any]] = [
        {
            "id": first_id + place, "email": f"learner{learner.number:04d}@simulated.example",
            "name": f"Simulated learner {learner.number:03d}", "password_hash": None, "created_at": at,
            "preferences": {}, "time_percent": 100,
        }
        for place, learner in enumerate(people)
    ]  # fmt: skip
    roles = [{"person_id": row["id"], "role": Role.STUDENT, "granted_at": at} for row in rows]
    session.execute(sa.insert(Person), rows)
    session.execute(sa.insert(PersonRole), roles)


def answer_all(
    writer: Writer, people: dict[int, Learner], size: Size, scored: list[Stocked], pretest: list[Stocked]
) -> Iterator[int]:
    """Let every learner (by person id) take the blocks; yield the number of deliveries after each learner."""
    for person_id, learner in people.items():
        _Course(writer, person_id, learner, size, scored, pretest).take()
        writer.flush()
        yield writer.deliveries


class _Course:
    """One learner's way through the bank: one pass, block after block."""

    def __init__(
        self, writer: Writer, person_id: int, learner: Learner, size: Size, scored: list[Stocked],
        pretest: list[Stocked],
    ) -> None:  # fmt: skip
        self.writer, self.person_id, self.learner, self.size = writer, person_id, learner, size
        self.rng = world.source(size.seed, f"answers of {learner.number}")
        self.scored, self.pretest = scored, pretest
        self.waiting = self.rng.sample(range(len(scored)), len(scored))
        self.unmet = self.rng.sample(range(len(pretest)), len(pretest))
        self.seen: dict[int, list[statuses.Taken]] = {}
        self.marked: set[int] = set()
        self.pass_id = person_id

    def take(self) -> None:
        """Take every block."""
        days = world.starts(self.learner, self.size)
        self.writer.add(StudyPass, id=self.pass_id, person_id=self.person_id, number=1, started_at=days[0])
        for number, at in enumerate(days, start=1):
            _Sitting(self, number, at).take()
        for item_id, taken in self.seen.items():
            now = statuses.standing(taken)
            self.writer.add(
                LearnerItem, pass_id=self.pass_id, item_id=item_id, status=now.status, settled_status=now.settled,
                times_seen=now.times_seen, ever_incorrect=now.ever_incorrect, correct_day=now.correct_day,
                last_seen_at=now.last_seen_at, last_delivery_id=now.last_delivery_id,
            )  # fmt: skip

    def draw(self, *, exam: bool) -> list[tuple[Stocked, bool]]:
        """Return the items of one block with whether each is in pretest, in the order shown."""
        count = min(world.ITEMS_A_BLOCK, len(self.scored))
        unscored = [self.unmet.pop() for _ in range(min(world.PRETEST_A_BLOCK, len(self.unmet)))] if exam else []
        taken = world.draw(self.waiting, range(len(self.scored)), count - len(unscored), self.rng)
        items = [(self.scored[place], False) for place in taken] + [(self.pretest[place], True) for place in unscored]
        self.rng.shuffle(items)
        return items


class _Sitting:
    """One block of one learner."""

    def __init__(self, course: _Course, number: int, at: datetime) -> None:
        self.course, self.number, self.at = course, number, at
        self.writer, self.rng = course.writer, course.rng
        self.tutor = self.rng.random() < world.TUTOR_SHARE
        self.timed = not self.tutor and self.rng.random() >= world.UNTIMED_SHARE
        self.writer.blocks += 1
        self.block_id = self.writer.blocks
        self.outcomes: list[tuple[Outcome, bool, int]] = []  # outcome, pretest, seconds

    def take(self) -> None:
        """Answer every item that time is left for, then end."""
        items = self.course.draw(exam=not self.tutor)
        limit = len(items) * world.SECONDS_AN_ITEM if self.timed else None
        deadline = self.at + timedelta(seconds=limit) if limit is not None else None
        clock = _Clock(self.at + timedelta(seconds=2), deadline)
        reached, waiting = 1, []
        for position, (item, pretest) in enumerate(items, start=1):
            if clock.over:
                waiting.append(self._unseen(position, item, pretest))
                continue
            reached = position
            response = world.respond(self.course.learner, item.truth, len(item.options), self.rng)
            waiting.append(self._answer(position, item, pretest, response, clock))
        ended = clock.now
        self._block(len(items), limit, deadline, reached, ended, time_up=clock.over)
        for values in waiting:
            self.writer.add(Delivery, **values)
            self._follow(values, ended)
        self._score(ended)

    def _block(
        self, count: int, limit: int | None, deadline: datetime | None, reached: int, ended: datetime, *, time_up: bool
    ) -> None:
        self.writer.add(
            Block, id=self.block_id, token=f"simulated-{self.block_id:06d}", person_id=self.course.person_id,
            pass_id=self.course.pass_id, name=f"Block {self.number}",
            feedback=Feedback.TUTOR if self.tutor else Feedback.EXAM,
            timing=Timing.TIMED if self.timed else Timing.UNTIMED, preset_id=None, preset_copy={}, criteria={},
            seed=f"{self.block_id:016x}", item_count=count, seconds_per_item=world.SECONDS_AN_ITEM, time_percent=100,
            limit_seconds=limit, time_up_policy=TimeUpPolicy.LOCK, grace_seconds=0, pause_allowed=False,
            paused_seconds=0, state=BlockState.ENDED, started_at=self.at, deadline_at=deadline,
            closes_at=deadline or self.at + timedelta(days=ABANDON_DAYS), last_active_at=ended, position=reached,
            ended_at=ended, ended_reason=EndedReason.TIME_UP if time_up else EndedReason.LEARNER,
        )  # fmt: skip

    def _values(self, position: int, item: Stocked, pretest: bool) -> dict[str, Any]:
        self.writer.deliveries += 1
        return {
            "id": self.writer.deliveries, "block_id": self.block_id, "position": position, "item_id": item.item_id,
            "version_id": item.version_id, "option_order": list(item.options), "pretest": pretest,
            "first": item.item_id not in self.course.seen, "chosen_option_id": None, "first_option_id": None,
            "changes": 0, "struck": [], "seconds": 0, "visited_at": None, "seen": False, "submitted_at": None,
            "outcome": Outcome.OMITTED, "annulled_at": None, "confidence": None,
        }  # fmt: skip

    def _unseen(self, position: int, item: Stocked, pretest: bool) -> dict[str, Any]:
        values = self._values(position, item, pretest)
        self.outcomes.append((Outcome.OMITTED, pretest, 0))
        return values

    def _answer(self, position: int, item: Stocked, pretest: bool, response: Response, clock: _Clock) -> dict[str, Any]:
        values = self._values(position, item, pretest)
        start, seconds, cut = clock.spend(response.seconds)
        self._event(values, EventKind.VISIT, start)
        values |= {"seen": True, "seconds": seconds}
        if response.final is not None and not cut:
            self._choose(values, item, response, start, seconds)
        self.outcomes.append((values["outcome"], pretest, seconds))
        if response.reason and values["outcome"] is Outcome.INCORRECT:
            self.writer.add(
                MissReason, delivery_id=values["id"], reason=Reason(response.reason),
                at=clock.now if self.tutor else clock.now + timedelta(hours=2),
            )  # fmt: skip
        return values

    def _choose(self, values: dict[str, Any], item: Stocked, response: Response, start: datetime, seconds: int) -> None:
        assert response.final is not None
        final = item.option(response.final)
        chosen = [item.option(response.first), final] if response.first is not None else [final]
        for place, option in enumerate(chosen, start=1):
            self._event(values, EventKind.CHOOSE, start + timedelta(seconds=seconds * place / 4), option)
        values |= {"chosen_option_id": final, "first_option_id": chosen[0], "changes": len(chosen) - 1}
        values["outcome"] = Outcome.CORRECT if final == item.key else Outcome.INCORRECT
        if response.confidence:
            at = start + timedelta(seconds=seconds * 0.8)
            self._event(values, EventKind.CONFIDENCE, at, payload={"text": response.confidence})
            values["confidence"] = Confidence(response.confidence)
        if response.marked:
            at = start + timedelta(seconds=seconds * 0.9)
            self._event(values, EventKind.MARK, at)
            if item.item_id not in self.course.marked:
                self.course.marked.add(item.item_id)
                self.writer.add(Mark, person_id=self.course.person_id, item_id=item.item_id, at=at)
        if self.tutor:
            at = start + timedelta(seconds=seconds)
            self._event(values, EventKind.SUBMIT, at, final)
            values["submitted_at"] = at

    def _event(
        self, values: dict[str, Any], kind: EventKind, at: datetime, option: int | None = None,
        payload: dict[str, str] | None = None,
    ) -> None:  # fmt: skip
        self.writer.events += 1
        number = self.writer.events
        self.writer.add(
            DeliveryEvent, id=number, delivery_id=values["id"], event_id=f"simulated-{number:09d}", body_hash="",
            client="", client_seq=None, kind=kind, option_id=option, payload=payload or {}, applied=True, at=at,
        )  # fmt: skip

    def _follow(self, values: dict[str, Any], ended: datetime) -> None:
        if values["pretest"]:
            return
        taken = statuses.Taken(values["id"], self.at, values["submitted_at"] or ended, values["outcome"])
        self.course.seen.setdefault(values["item_id"], []).append(taken)

    def _score(self, ended: datetime) -> None:
        counted = [outcome for outcome, pretest, _seconds in self.outcomes if not pretest]
        self.writer.add(
            BlockScore, id=self.block_id, block_id=self.block_id, revision=1,
            correct=counted.count(Outcome.CORRECT), incorrect=counted.count(Outcome.INCORRECT),
            omitted=counted.count(Outcome.OMITTED), scored=len(counted), pretest=len(self.outcomes) - len(counted),
            annulled=0, seconds=sum(seconds for _outcome, _pretest, seconds in self.outcomes), partial=False,
            reason="", made_at=ended,
        )  # fmt: skip
