"""Who may see an image: whoever may see a text that shows it, and at the same moment."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from qbank.blocks.models import Block, BlockState, Delivery
from qbank.blocks.showing import may_explain
from qbank.items.models import Media, MediaField, VersionMedia

WHILE_ANSWERING = (MediaField.VIGNETTE, MediaField.STEM, MediaField.LEAD_IN, MediaField.OPTION)
AFTERWARDS = tuple(field for field in MediaField if field not in WHILE_ANSWERING)


def may_see(session: Session, person_id: int, sha256: str) -> bool:
    """Return whether a learner may see an image now; staff see all and are not asked about.

    Theirs are the images of questions that were put to them in a block that is not paused, and those of
    rationales, objective and explanation once that very delivery may be explained.
    """
    return _asked(session, person_id, sha256) or _explained(session, person_id, sha256)


def _deliveries(person_id: int, sha256: str, fields: tuple[MediaField, ...]) -> sa.Select[Block, Delivery]:
    return (
        sa.select(Block, Delivery)
        .join(Delivery, Delivery.block_id == Block.id)
        .join(VersionMedia, VersionMedia.version_id == Delivery.version_id)
        .join(Media, Media.id == VersionMedia.media_id)
        .where(Block.person_id == person_id, Media.sha256 == sha256, VersionMedia.field.in_(fields))
    )


def _asked(session: Session, person_id: int, sha256: str) -> bool:
    query = _deliveries(person_id, sha256, WHILE_ANSWERING).where(Block.state != BlockState.PAUSED)
    return session.execute(query.limit(1)).first() is not None


def _explained(session: Session, person_id: int, sha256: str) -> bool:
    rows = session.execute(_deliveries(person_id, sha256, AFTERWARDS).execution_options(yield_per=100))
    try:
        return any(may_explain(block, delivery) for block, delivery in rows)
    finally:
        rows.close()
