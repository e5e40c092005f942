"""How far a draft can be trusted: what its rule claims, corrected by what became of that rule's drafts in this bank."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from qbank.items.models import Item, ItemState, ItemVersion, Origin

# The rule's own confidence counts as much as so many decisions.
PRIOR_DECISIONS = 10


@dataclass(frozen=True, slots=True)
class Trust:
    """A draft's confidence: the chance that a person accepts it, and the decisions behind it."""

    prior: float
    accepted: int = 0
    decided: int = 0

    @property
    def expected(self) -> float:
        """Return the mean of the Beta distribution that the decisions make of the prior; from 0 to 1.

        Prior: Beta(m p, m (1 - p)) with p the rule's own confidence and m = `PRIOR_DECISIONS`; with a accepted of n
        decided the mean is (m p + a) / (m + n).
        """
        return (PRIOR_DECISIONS * self.prior + self.accepted) / (PRIOR_DECISIONS + self.decided)


def decisions(session: Session) -> dict[str, tuple[int, int]]:
    """Return for each drafting rule how many of its drafts were accepted, and how many decided on. One query.

    A draft is decided on when somebody owns it or turned it down; it counts by the rule that first proposed it,
    whatever became of its text.
    """
    first = aliased(ItemVersion)
    newest = aliased(ItemVersion)
    rejected = newest.state == ItemState.REJECTED
    query = (
        sa.select(first.rule, sa.func.sum(sa.case((rejected, 0), else_=1)), sa.func.count())
        .select_from(first)
        .join(Item, Item.id == first.item_id)
        .join(newest, newest.id == sa.func.coalesce(Item.draft_version_id, Item.published_version_id))
        .where(
            first.number == 1,
            first.origin == Origin.DRAFTED,
            first.rule != "",
            sa.or_(Item.owner_id.is_not(None), rejected),
        )
        .group_by(first.rule)
    )
    return {rule: (accepted, decided) for rule, accepted, decided in session.execute(query)}
