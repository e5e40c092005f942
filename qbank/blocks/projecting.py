"""From the log of one delivery to what it amounts to: choice, confidence, changes, strike-outs, time. Pure.

Taking an item moves the stored projection on by one action; rebuilding folds the whole log through the same
functions, so the two cannot come to differ.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from qbank.blocks.models import Confidence, Delivery, EventKind
from qbank.blocks.timing import visit_seconds


@dataclass(frozen=True, slots=True)
class Projection:
    """What the log of one delivery amounts to. Options by id; ``struck`` sorted."""

    chosen: int | None = None
    first: int | None = None
    changes: int = 0
    struck: tuple[int, ...] = ()
    seen: bool = False
    seconds: int = 0
    visited_at: datetime | None = None
    submitted_at: datetime | None = None
    confidence: Confidence | None = None


def stored(delivery: Delivery) -> Projection:
    """Return the projection as the row holds it."""
    return Projection(
        chosen=delivery.chosen_option_id,
        first=delivery.first_option_id,
        changes=delivery.changes,
        struck=tuple(delivery.struck),
        seen=delivery.seen,
        seconds=delivery.seconds,
        visited_at=delivery.visited_at,
        submitted_at=delivery.submitted_at,
        confidence=delivery.confidence,
    )


def store(delivery: Delivery, projection: Projection) -> None:
    """Write the projection to the row."""
    delivery.chosen_option_id = projection.chosen
    delivery.first_option_id = projection.first
    delivery.changes = projection.changes
    if tuple(delivery.struck) != projection.struck:
        delivery.struck = list(projection.struck)
    delivery.seen = projection.seen
    delivery.seconds = projection.seconds
    delivery.visited_at = projection.visited_at
    delivery.submitted_at = projection.submitted_at
    delivery.confidence = projection.confidence


def after(
    before: Projection, kind: EventKind, option: int | None, at: datetime, cap: int | None, said: str | None = None
) -> Projection:
    """Return the projection after one action that counts.

    ``cap`` bounds the seconds of one visit; ``said`` is the text of an action that has one.
    """
    if kind is EventKind.CHOOSE:
        return _answered(before, option)
    if kind is EventKind.CLEAR:
        return _answered(before, None)
    if kind is EventKind.SUBMIT:
        chosen = before.chosen if option is None else option
        return replace(left(_answered(before, chosen), at, cap), submitted_at=at)
    if kind is EventKind.STRIKE and option is not None:
        return replace(before, struck=tuple(sorted({*before.struck, option})))
    if kind is EventKind.RESTORE:
        return replace(before, struck=tuple(other for other in before.struck if other != option))
    if kind is EventKind.VISIT:
        return visited(before, at, cap)
    if kind is EventKind.LEAVE:
        return left(before, at, cap)
    if kind is EventKind.CONFIDENCE:
        return replace(before, confidence=Confidence(said) if said else None)
    return before  # marks, notes and highlights live in tables of their own


def _answered(before: Projection, option: int | None) -> Projection:
    """Count a change when, after the first selection, the answer becomes another one or none."""
    if option == before.chosen:
        return before
    if before.first is None:
        return replace(before, chosen=option, first=option)
    return replace(before, chosen=option, changes=before.changes + 1)


def visited(before: Projection, at: datetime, cap: int | None) -> Projection:
    """Begin a visit, ending the one under way. What was submitted is read, not worked on: no time runs."""
    ended = left(before, at, cap)
    return replace(ended, seen=True, visited_at=None if before.submitted_at else at)


def left(before: Projection, at: datetime, cap: int | None) -> Projection:
    """End the visit under way, if there is one."""
    if before.visited_at is None:
        return before
    return replace(before, seconds=before.seconds + visit_seconds(before.visited_at, at, cap), visited_at=None)
