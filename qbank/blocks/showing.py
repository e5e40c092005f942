"""What may be seen of a block now, as plain values for its pages. Nothing here tells the key before its time."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from qbank import clock
from qbank.accounts.models import Person
from qbank.blocks import highlighting
from qbank.blocks.closing import close_if_due
from qbank.blocks.marking import with_marks, written
from qbank.blocks.models import Block, BlockState, Delivery, DeliveryEvent, EventKind, Feedback, Mark, Note, Timing
from qbank.blocks.room import NavigatorEntry, RoomBlock, RoomItem, RoomOption
from qbank.blocks.timing import closes_in, remaining
from qbank.errors import NotFoundError
from qbank.items.models import ItemVersion, Option
from qbank.markup import plain

EXCERPT = 140  # characters of the stem in a list


@dataclass(frozen=True, slots=True)
class ReviewEntry:
    """One line of the review screen, and of the list after the block. ``outcome`` only once it may be seen."""

    position: int
    answered: bool
    marked: bool
    seen: bool
    submitted: bool
    choice: str | None  # letter
    excerpt: str
    outcome: str | None
    pretest: bool  # known only after the block; False until then
    annulled: bool
    seconds: int
    item_id: int


def letter(place: int) -> str:
    """Return the letter of an option by its place as shown, from 0."""
    return chr(ord("A") + place)


def letter_of(delivery: Delivery, option_id: int | None) -> str | None:
    """Return the letter under which an option is shown; None for no option."""
    return None if option_id is None else letter(delivery.option_order.index(option_id))


def may_explain(block: Block, delivery: Delivery) -> bool:
    """Return whether key and explanation may be seen: the block has ended, or tutor feedback and submitted."""
    submitted = block.feedback is Feedback.TUTOR and delivery.submitted_at is not None
    return block.state is BlockState.ENDED or submitted


def find_delivery(session: Session, block: Block, position: int) -> Delivery:
    """Return the delivery at this position, as stored now. Raises NotFoundError."""
    query = sa.select(Delivery).where(Delivery.block_id == block.id, Delivery.position == position)
    delivery = session.scalar(query.execution_options(populate_existing=True))
    if delivery is None:
        raise NotFoundError(f"This block has {block.item_count} items; there is no item {position}.")
    return delivery


def open_blocks(session: Session, person: Person) -> list[Block]:
    """Return the learner's open blocks, the last touched first; those whose time is over are closed on the way."""
    query = sa.select(Block).where(Block.person_id == person.id, Block.state != BlockState.ENDED)
    found = session.scalars(query.order_by(Block.last_active_at.desc(), Block.id.desc())).all()
    for block in found:
        close_if_due(session, block)
    return [block for block in found if block.state is not BlockState.ENDED]


def _deliveries(session: Session, block: Block) -> list[Delivery]:
    query = sa.select(Delivery).where(Delivery.block_id == block.id).order_by(Delivery.position)
    return list(session.scalars(query.execution_options(populate_existing=True)))


def _marked(session: Session, block: Block) -> set[int]:
    query = sa.select(Mark.item_id).join(Delivery, Delivery.item_id == Mark.item_id)
    return set(session.scalars(query.where(Delivery.block_id == block.id, Mark.person_id == block.person_id)))


def room_block(session: Session, block: Block) -> RoomBlock:
    """Return the block with its navigator and its clock. Two queries."""
    marked = _marked(session, block)
    navigator = tuple(
        NavigatorEntry(
            position=delivery.position,
            answered=delivery.chosen_option_id is not None,
            marked=delivery.item_id in marked,
            seen=delivery.seen,
            submitted=delivery.submitted_at is not None,
            outcome=_outcome(block, delivery),
        )
        for delivery in _deliveries(session, block)
    )
    return RoomBlock(
        token=block.token,
        name=block.name,
        feedback=str(block.feedback),
        timing=str(block.timing),
        item_count=block.item_count,
        position=block.position,
        remaining=remaining(block, clock.now()),
        deadline_at=block.deadline_at,
        time_percent=block.time_percent,
        navigator=navigator,
        ended=block.state is BlockState.ENDED,
        closes_in=closes_in(block, clock.now()),
        policy=str(block.time_up_policy),
        grace_seconds=block.grace_seconds,
        pause_allowed=block.pause_allowed and block.timing is Timing.TIMED,
        paused=block.state is BlockState.PAUSED,
    )


def _outcome(block: Block, delivery: Delivery) -> str | None:
    return str(delivery.outcome) if delivery.outcome and may_explain(block, delivery) else None


def room_item(session: Session, block: Block, position: int, *, highlights: bool = True) -> RoomItem:
    """Return one item as the learner may see it in the room, without its highlights where they are not wanted.

    Raises NotFoundError for a position out of range.
    """
    delivery = find_delivery(session, block, position)
    query = sa.select(ItemVersion).where(ItemVersion.id == delivery.version_id)
    version = session.scalars(query.options(joinedload(ItemVersion.vignette_version))).one()
    query_texts = sa.select(Option.id, Option.text_html).where(Option.version_id == delivery.version_id)
    texts = dict(session.execute(query_texts).all())
    own = (block.person_id, delivery.item_id)
    spans = highlighting.spans_of(session, delivery) if highlights else {}
    vignette = version.vignette_version.text_html if version.vignette_version else ""
    note = session.scalar(sa.select(Note.text).where(Note.person_id == own[0], Note.item_id == own[1]))
    return RoomItem(
        position=position,
        vignette_html=with_marks(vignette, spans.get("vignette", ())),
        stem_html=with_marks(version.stem_html, spans.get("stem", ())),
        lead_in_html=with_marks(version.lead_in_html, spans.get("lead_in", ())),
        options=tuple(
            RoomOption(letter(place), texts[option_id], option_id in delivery.struck)
            for place, option_id in enumerate(delivery.option_order)
        ),
        choice=letter_of(delivery, delivery.chosen_option_id),
        submitted=delivery.submitted_at is not None,
        marked=is_marked(session, block, delivery),
        note=note or "",
        sequence=sequence(session, delivery),
        highlights={field: written(spans.get(field, ())) for field in highlighting.FIELDS},
        confidence=delivery.confidence,
    )


def is_marked(session: Session, block: Block, delivery: Delivery) -> bool:
    """Return whether the learner's mark is on the item."""
    query = sa.select(sa.literal(1)).where(Mark.person_id == block.person_id, Mark.item_id == delivery.item_id)
    return session.scalar(query) is not None


def sequence(session: Session, delivery: Delivery) -> int:
    """Return the server's number of the delivery's last action that counted; 0 before the first."""
    query = sa.select(sa.func.max(DeliveryEvent.id)).where(
        DeliveryEvent.delivery_id == delivery.id,
        DeliveryEvent.applied.is_(True),
        DeliveryEvent.kind != EventKind.VISIT,
    )
    return session.scalar(query) or 0


def review(session: Session, block: Block) -> list[ReviewEntry]:
    """Return every item of the block in order: answered, unanswered, marked; after it, right and wrong."""
    marked = _marked(session, block)
    query = (
        sa.select(ItemVersion.id, ItemVersion.stem_html)
        .join(Delivery, Delivery.version_id == ItemVersion.id)
        .where(Delivery.block_id == block.id)
    )
    stems = dict(session.execute(query).all())
    ended = block.state is BlockState.ENDED
    return [
        ReviewEntry(
            position=delivery.position,
            answered=delivery.chosen_option_id is not None,
            marked=delivery.item_id in marked,
            seen=delivery.seen,
            submitted=delivery.submitted_at is not None,
            choice=letter_of(delivery, delivery.chosen_option_id),
            excerpt=_excerpt(stems[delivery.version_id]),
            outcome=_outcome(block, delivery),
            pretest=ended and delivery.pretest,
            annulled=ended and delivery.annulled_at is not None,
            seconds=delivery.seconds,
            item_id=delivery.item_id,
        )
        for delivery in _deliveries(session, block)
    ]


def _excerpt(html: str) -> str:
    text = plain(html)
    if len(text) <= EXCERPT:
        return text
    return text[:EXCERPT].rsplit(" ", 1)[0] + " …"
