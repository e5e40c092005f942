"""A learner's highlights on one delivery: checked, kept as a projection of the log, and made again from it.

Every highlight, added or taken off, is an event. The rows of `Highlight` are what the events amount to: per field the
highlighted spans, merged. Nothing here is an answer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from qbank.blocks.marking import Span, Spans, added, overlap, removed, visible_text
from qbank.blocks.models import Delivery, DeliveryEvent, EventKind, Highlight
from qbank.errors import InvalidError
from qbank.items.models import ItemVersion, VignetteVersion

FIELDS = ("vignette", "stem", "lead_in")
MAX_SPANS = 500  # of one field: far above any reader's, far below what slows the page


@dataclass(frozen=True, slots=True)
class Stroke:
    """One stroke of the highlighter over a field, or of its eraser (``on`` is False)."""

    field: str
    start: int
    end: int
    on: bool = True

    @property
    def span(self) -> Span:
        """The characters that it goes over."""
        return Span(self.start, self.end)

    def payload(self) -> dict[str, Any]:
        """Return it as the log keeps it."""
        return {"field": self.field, "start": self.start, "end": self.end, "on": self.on}


def from_payload(payload: Mapping[str, Any]) -> Stroke:
    """Return the stroke that the log kept."""
    return Stroke(payload["field"], payload["start"], payload["end"], payload["on"])


def drawn(spans: Spans, stroke: Stroke) -> Spans:
    """Return the spans of the stroke's field after it."""
    return added(spans, stroke.span) if stroke.on else removed(spans, stroke.span)


def check(session: Session, delivery: Delivery, stroke: Stroke) -> None:
    """Raise InvalidError where the stroke does not lie in the visible text of its field. One query."""
    if stroke.field not in FIELDS:
        raise InvalidError("The action cannot be taken.", problems={"field": f"must be one of {', '.join(FIELDS)}"})
    length = len(visible_text(_html(session, delivery, stroke.field)))
    if not 0 <= stroke.start < stroke.end <= length:
        message = f"must be a span within the {length} characters of this text"
        raise InvalidError("The action cannot be taken.", problems={"start": message})


def _html(session: Session, delivery: Delivery, field: str) -> str:
    column = {
        "vignette": VignetteVersion.text_html, "stem": ItemVersion.stem_html, "lead_in": ItemVersion.lead_in_html,
    }[field]  # fmt: skip
    query = sa.select(column).select_from(ItemVersion).where(ItemVersion.id == delivery.version_id)
    if field == "vignette":
        query = query.join(VignetteVersion, VignetteVersion.id == ItemVersion.vignette_version_id)
    return session.scalar(query) or ""


def is_stale(session: Session, delivery: Delivery, stroke: Stroke, client: str, client_seq: int) -> bool:
    """Return whether a newer stroke of the same browser over some of the same words counted already."""
    query = sa.select(DeliveryEvent.payload).where(
        DeliveryEvent.delivery_id == delivery.id,
        DeliveryEvent.client == client,
        DeliveryEvent.kind == EventKind.HIGHLIGHT,
        DeliveryEvent.client_seq > client_seq,
        DeliveryEvent.applied.is_(True),
    )
    newer = [from_payload(payload) for payload in session.scalars(query)]
    return any(other.field == stroke.field and overlap(other.span, stroke.span) for other in newer)


def spans_of(session: Session, delivery: Delivery) -> dict[str, Spans]:
    """Return the highlighted spans of a delivery by field. One query."""
    return _stored(session, [delivery.id]).get(delivery.id, {})


def _stored(session: Session, delivery_ids: Sequence[int]) -> dict[int, dict[str, Spans]]:
    query = sa.select(Highlight.delivery_id, Highlight.field, Highlight.start, Highlight.end)
    query = query.where(Highlight.delivery_id.in_(delivery_ids)).order_by(Highlight.start)
    found: dict[int, dict[str, Spans]] = {}
    for delivery_id, field, start, end in session.execute(query):
        fields = found.setdefault(delivery_id, {})
        fields[field] = (*fields.get(field, ()), Span(start, end))
    return found


def too_many(session: Session, delivery: Delivery, stroke: Stroke) -> bool:
    """Return whether the field would hold more spans than it may."""
    return len(drawn(spans_of(session, delivery).get(stroke.field, ()), stroke)) > MAX_SPANS


def draw(session: Session, delivery: Delivery, stroke: Stroke, at: datetime) -> None:
    """Move the projection on by one stroke."""
    before = spans_of(session, delivery).get(stroke.field, ())
    _write(session, delivery.id, stroke.field, before, drawn(before, stroke), at)


def _write(session: Session, delivery_id: int, field: str, before: Spans, now: Spans, at: datetime) -> None:
    """Put these spans in place of those, touching only the rows that differ."""
    for gone in set(before) - set(now):
        session.execute(
            sa.delete(Highlight).where(
                Highlight.delivery_id == delivery_id,
                Highlight.field == field,
                Highlight.start == gone.start,
                Highlight.end == gone.end,
            )
        )
    rows = [Highlight(delivery_id=delivery_id, field=field, start=s, end=e, at=at) for s, e in set(now) - set(before)]
    session.add_all(rows)
    session.flush()


def restore(
    session: Session, delivery_ids: Sequence[int], events: Sequence[DeliveryEvent], at: datetime
) -> list[tuple[int, str, Spans, Spans]]:
    """Make the highlights of these deliveries what their events (in order) say.

    Return what was different: delivery id, field, the spans stored, the right ones.
    """
    right: dict[int, dict[str, Spans]] = {}
    for event in events:
        if event.kind is EventKind.HIGHLIGHT:
            stroke = from_payload(event.payload)
            fields = right.setdefault(event.delivery_id, {})
            fields[stroke.field] = drawn(fields.get(stroke.field, ()), stroke)
    held = _stored(session, delivery_ids)
    found = []
    for delivery_id in delivery_ids:
        was, now = held.get(delivery_id, {}), right.get(delivery_id, {})
        for field in sorted(was.keys() | now.keys()):
            before, after = was.get(field, ()), now.get(field, ())
            if before != after:
                found.append((delivery_id, field, before, after))
                _write(session, delivery_id, field, before, after, at)
    return found
