"""Building a block: what may be asked, what is drawn, and everything that rules it copied in at the start."""

from __future__ import annotations

import math
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from qbank import clock
from qbank.accounts.models import Person
from qbank.blocks import closing, drawing, statuses
from qbank.blocks.counting import Counts, count_eligible
from qbank.blocks.criteria import Criteria
from qbank.blocks.models import (
    Block,
    BlockState,
    Delivery,
    ExamPreset,
    Feedback,
    LearnerItem,
    TimeUpPolicy,
    Timing,
)
from qbank.blocks.passes import current_pass, latest_pass, lock_learner
from qbank.blocks.timing import closing_moment, limit_seconds
from qbank.db.engine import begin_write
from qbank.errors import ConflictError, InvalidError
from qbank.items.models import ItemVersion, Option, PoolEntry
from qbank.settings import Settings

__all__ = ["Counts", "OpenTimedBlockError", "count_eligible", "start_block"]

MAX_NAME = 200
ORDERS_TRIED = 5  # draws where enemies use up the items
FEW = 200  # eligible items up to which it is worked out how many can stand together
LISTED = "listed"  # in a block's criteria: its items were named, not filtered


class OpenTimedBlockError(ConflictError):
    """The learner has a timed block open; ``token`` is its name in the address."""

    def __init__(self, token: str) -> None:
        super().__init__("A timed block is still open.", cure="Go on with it, or end it, before you start another.")
        self.token = token


@dataclass(frozen=True, slots=True)
class _Order:
    """What was asked for, checked."""

    criteria: Criteria
    count: int
    feedback: Feedback
    timing: Timing
    preset: ExamPreset | None
    name: str
    seed: str
    items: tuple[int, ...] | None = None


def start_block(
    session: Session,
    person: Person,
    settings: Settings,
    *,
    criteria: Criteria,
    count: int,
    feedback: Feedback | str,
    timing: Timing | str,
    preset: ExamPreset | None = None,
    name: str | None = None,
    seed: str | None = None,
    items: Sequence[int] | None = None,
) -> Block:
    """Start a block for this learner and return it. A fixed number of queries, whatever the bank's size.

    Creates nothing and raises InvalidError where the count is 0, above the setting, or above what is eligible
    (the message says how many are); OpenTimedBlockError where a timed block is open already. The same seed on the
    same bank and history gives the same items, order and option order.

    ``items`` asks for these and no others, the ones wanted most first: as many of them as are live, in no other open
    block and no enemies of one another, ``count`` at most; the criteria are not looked at, and no pretest item
    comes in. InvalidError where none is left.
    """
    begin_write(session)
    order = _Order(
        criteria, _count(count, settings), Feedback(feedback), Timing(timing), preset,
        (name or "").strip()[:MAX_NAME], seed or secrets.token_hex(8), None if items is None else tuple(items),
    )  # fmt: skip
    lock_learner(session, person)
    if order.timing is Timing.TIMED:
        _refuse_second_timed(session, person)
    pass_id = current_pass(session, person).id
    if order.items is None:
        scored, pretest = _draw(session, person, settings, pass_id, order)
    else:
        scored, pretest = _take_listed(session, pass_id, order), []
        order = replace(order, count=len(scored))
    block = _block(session, person, settings, pass_id, order)
    deliveries = _deliver(session, block, scored, pretest)
    statuses.begin(session, pass_id, deliveries, block.started_at)
    return block


def _count(count: int, settings: Settings) -> int:
    if count < 1:
        raise InvalidError("A block needs at least one item.", problems={"count": "Ask for at least one item."})
    if count > settings.block_max_items:
        message = f"A block holds at most {settings.block_max_items} items."
        raise InvalidError(message, problems={"count": message})
    return count


def _refuse_second_timed(session: Session, person: Person) -> None:
    query = sa.select(Block).where(
        Block.person_id == person.id, Block.timing == Timing.TIMED, Block.state != BlockState.ENDED
    )
    block = session.scalar(query)
    if block is not None and not closing.close_if_due(session, block):
        raise OpenTimedBlockError(block.token)


def _draw(
    session: Session, person: Person, settings: Settings, pass_id: int, order: _Order
) -> tuple[list[int], list[int]]:
    """Return the item ids to be scored and those in pretest.

    Pretest items take the place of some, so the count asked for must be eligible without them: nothing in what
    may be asked tells that there are any.
    """
    rng = Random(f"{order.seed}:draw")  # noqa: S311  a draw that can be repeated, no secret
    eligible = drawing.eligible(session, person, pass_id, order.criteria)
    if order.count > eligible.total:
        raise _too_many(f"{eligible.total} {'is' if eligible.total == 1 else 'are'} eligible", order.count)
    scored = _most_together(session, eligible, rng, order.count)
    if len(scored) < order.count:
        raise _too_many(
            f"{eligible.total} are eligible, but only {len(scored)} of them can be in one block, because some give "
            "others away",
            order.count,
        )
    share = _pretest_share(settings, order)
    places = math.floor(order.count * share + 1e-9)  # 0.29 x 100 is 28.999999999999996 in binary
    if not places:
        return scored, []
    waiting = sorted(drawing.pretest_items(session, pass_id, order.criteria))
    rng.shuffle(waiting)
    pretest = drawing.pick(session, waiting, places, taken=scored)
    return scored[: order.count - len(pretest)], pretest


def _most_together(session: Session, eligible: drawing.Eligible, rng: Random, count: int) -> list[int]:
    """Return ``count`` items that may stand together; where an unlucky order gives fewer, the best of some orders."""
    best: list[int] = []
    for _order in range(ORDERS_TRIED):
        found = drawing.pick(session, eligible.ranked(session, rng, drawing.first_look(count)), count)
        best = max(best, found, key=len)
        if len(best) == count:
            break
    return best


def usual_count(session: Session, person: Person, criteria: Criteria, wanted: int) -> int:
    """Return how many items to propose: ``wanted``, or as many as can stand in one block where these are fewer.

    The number is the smallest of some draws, so that a draw in earnest reaches it. Five queries at most.
    """
    current = latest_pass(session, person)
    eligible = drawing.eligible(session, person, current.id if current else 0, criteria)
    if eligible.total > FEW:
        return wanted
    return max(1, drawing.surely_together(session, eligible, min(wanted, eligible.total), ORDERS_TRIED))


def _take_listed(session: Session, pass_id: int, order: _Order) -> list[int]:
    """Return the items to be scored of a block that names them."""
    found = drawing.pick(session, drawing.listed(session, pass_id, order.items or ()), order.count)
    if not found:
        message = "None of these items can be taken now."
        cure = "They are in a block that is still open, or no longer live. End your open blocks first."
        raise InvalidError(message, problems={"count": message}, cure=cure)
    return found


def _too_many(found: str, asked: int) -> InvalidError:
    return InvalidError(
        f"You asked for {asked}; {found}.",
        problems={"count": f"{found[0].upper()}{found[1:]}."},
        cure="Ask for fewer items, or widen the filters.",
    )


def _pretest_share(settings: Settings, order: _Order) -> float:
    """Pretest items are for exam feedback only. A preset's own share, 0 too, replaces the setting."""
    if order.feedback is not Feedback.EXAM:
        return 0.0
    return settings.pretest_share if order.preset is None else order.preset.pretest_share


def _copy(preset: ExamPreset | None) -> dict[str, Any]:
    """Return the preset as JSON: a later edit of it must not reach this block."""
    if preset is None:
        return {}
    values = {column.key: getattr(preset, column.key) for column in sa.inspect(ExamPreset).columns}
    return {name: value.isoformat() if isinstance(value, date | datetime) else value for name, value in values.items()}


def _block(session: Session, person: Person, settings: Settings, pass_id: int, order: _Order) -> Block:
    preset, now = order.preset, clock.now()
    seconds = preset.seconds_per_item if preset else settings.seconds_per_item
    policy = preset.time_up_policy if preset else TimeUpPolicy.LOCK
    grace = preset.grace_seconds if preset else 0
    timed = order.timing is Timing.TIMED
    limit = limit_seconds(order.count, seconds, person.time_percent) if timed else None
    deadline = now + timedelta(seconds=limit) if limit is not None else None
    block = Block(
        token=secrets.token_urlsafe(16),
        person_id=person.id,
        pass_id=pass_id,
        name=order.name or _name(session, person),
        feedback=order.feedback,
        timing=order.timing,
        preset_id=preset.id if preset else None,
        preset_copy=_copy(preset),
        criteria=order.criteria.to_dict() if order.items is None else {LISTED: True},
        seed=order.seed,
        item_count=order.count,
        seconds_per_item=seconds,
        time_percent=person.time_percent,
        limit_seconds=limit,
        time_up_policy=policy,
        grace_seconds=grace,
        pause_allowed=bool(preset and preset.pause_allowed),
        started_at=now,
        last_active_at=now,
        deadline_at=deadline,
        closes_at=closing_moment(now, deadline, policy, grace_seconds=grace, abandon_days=settings.abandon_days),
    )
    session.add(block)
    session.flush()
    return block


def _name(session: Session, person: Person) -> str:
    earlier = session.scalar(sa.select(sa.func.count()).select_from(Block).where(Block.person_id == person.id))
    return f"Block {(earlier or 0) + 1}"


def deliver_next(session: Session, block: Block, item_id: int) -> None:
    """Add one more item to an open block, after its last. The block is locked by the caller."""
    made = _deliver(session, block, [item_id], [], first=block.item_count + 1)
    seen = sa.select(LearnerItem.last_seen_at).where(
        LearnerItem.pass_id == block.pass_id, LearnerItem.item_id == item_id
    )
    # An open delivery counts as of its block's start, and a standing never goes back in time.
    at = max(session.scalar(seen) or block.started_at, block.started_at)
    statuses.begin(session, block.pass_id, {item_id: made[item_id]}, at)
    block.item_count += 1
    session.flush()


def _deliver(
    session: Session, block: Block, scored: list[int], pretest: list[int], *, first: int = 1
) -> dict[int, int]:
    """Write the deliveries in shuffled order from position ``first`` on, each pinned to its version and option order.

    Return the delivery of each scored item, by id.
    """
    items = sorted([*scored, *pretest])
    Random(f"{block.seed}:order").shuffle(items)  # noqa: S311
    versions = _versions(session, items)
    options = _options(session, [version_id for version_id, _ in versions.values()])
    seen = sa.select(LearnerItem.item_id).where(
        LearnerItem.pass_id == block.pass_id, LearnerItem.item_id.in_(items), LearnerItem.times_seen > 0
    )
    again = set(session.scalars(seen))
    unscored = set(pretest)
    rows = []
    for position, item_id in enumerate(items, start=first):
        version_id, shuffle = versions[item_id]
        order = options[version_id]
        if shuffle:
            Random(f"{block.seed}:options:{position}").shuffle(order)  # noqa: S311  blind to the key
        rows.append(
            {
                "block_id": block.id,
                "position": position,
                "item_id": item_id,
                "version_id": version_id,
                "option_order": order,
                "pretest": item_id in unscored,
                "first": item_id not in again,
            }
        )
    session.execute(sa.insert(Delivery), rows)
    made = sa.select(Delivery.item_id, Delivery.id).where(Delivery.block_id == block.id, Delivery.pretest.is_(False))
    return dict(session.execute(made).all())


def _versions(session: Session, item_ids: list[int]) -> dict[int, tuple[int, bool]]:
    query = (
        sa.select(PoolEntry.item_id, PoolEntry.version_id, ItemVersion.shuffle)
        .join(ItemVersion, ItemVersion.id == PoolEntry.version_id)
        .where(PoolEntry.item_id.in_(item_ids))
    )
    return {item_id: (version_id, shuffle) for item_id, version_id, shuffle in session.execute(query)}


def _options(session: Session, version_ids: list[int]) -> dict[int, list[int]]:
    """Return the options of each version by id in the authored order. Which one is the key is not read."""
    found: dict[int, list[int]] = {version_id: [] for version_id in version_ids}
    query = sa.select(Option.version_id, Option.id).where(Option.version_id.in_(version_ids))
    for version_id, option_id in session.execute(query.order_by(Option.version_id, Option.ordinal)):
        found[version_id].append(option_id)
    return found
