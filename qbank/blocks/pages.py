"""What the views of blocks share: addresses, and the explanation of an item by its position."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from flask import url_for
from sqlalchemy.orm import Session

from qbank.blocks import explaining, reasons, reports
from qbank.blocks.after_models import Reason
from qbank.blocks.models import Block, BlockState, Delivery
from qbank.blocks.room import Explanation, QuotedStatement
from qbank.db.engine import begin_write
from qbank.errors import NotFoundError
from qbank.web.transaction import db, settings


@dataclass(frozen=True, slots=True)
class ToolsAfter:
    """What the learner may say of an item after its answer: why it was missed, and that something is wrong with it."""

    missed: bool
    reason: Reason | None
    reported: bool  # a report of it is open


def tools_after(session: Session, block: Block, position: int) -> ToolsAfter:
    """Return what the learner has said of the item at this position. Three queries."""
    missed, reason = reasons.miss(session, block, position)
    return ToolsAfter(missed, reason, reports.open_report(session, block, position) is not None)


def writing() -> Session:
    """Return the request's session in a writing transaction: a look at a block may close it or note the visit."""
    session = db()
    begin_write(session)
    return session


def statement_address(statement: QuotedStatement) -> str:
    """Return where the article opens at the statement, in the revision that the item rests on."""
    slug, revision, key = statement.article_slug, statement.revision, statement.key
    return url_for("articles.show", slug=slug, revision=revision, _anchor=key)


def room_address(token: str, position: int, anchor: str | None = None) -> str:
    """Return the address of an item in the room."""
    return url_for("blocks.room", token=token, position=position, _anchor=anchor)


def explained_address(block: Block, position: int) -> str:
    """Return where the item is explained: after the block, or in the room once it was submitted there."""
    if block.state is BlockState.ENDED:
        return url_for("blocks.explained", token=block.token, position=position)
    return room_address(block.token, position, "explanation")


def explanation_at(session: Session, block: Block, position: int) -> Explanation:
    """Return the explanation of the item at this position. Raises NotFoundError, and NotAllowedError too early."""
    query = sa.select(Delivery).where(Delivery.block_id == block.id, Delivery.position == position)
    delivery = session.scalar(query)
    if delivery is None:
        raise NotFoundError("This block has no such item.")
    return explaining.explanation(session, delivery, min_peers=settings().min_peers)
