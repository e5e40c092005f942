"""When the source changes the item is flagged: raising the flags, settling them, clearing them.

An item's state never changes here: a person decides what a changed source means for a question.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased, joinedload

from qbank import clock
from qbank.accounts.models import Person
from qbank.articles.matching import Change, Saying, match
from qbank.articles.models import Article, ArticleRevision, Statement
from qbank.errors import ConflictError, InvalidError, NotFoundError
from qbank.items.check_models import CheckKind, CheckNeeded
from qbank.items.models import Item, ItemState, ItemVersion, Option, OptionStatement, VersionReference, VersionStatement
from qbank.items.reference_models import ReferenceChange, ReferenceStep
from qbank.items.references import Reference
from qbank.security import audit

# Nobody gets these any more, or ever will: their sources may change.
AT_REST = frozenset({ItemState.REJECTED, ItemState.RETIRED, ItemState.SUPERSEDED})
MAX_COMMENT = 2000
FLAG_BATCH = 1000


@dataclass(frozen=True, slots=True)
class _Resting:
    """A version that an item points at, and a statement of an earlier revision that it rests on."""

    item_id: int
    version_id: int
    statement_id: int
    revision_id: int


def saying(statement: Statement) -> Saying:
    """Return what a stored statement says, as the matching compares it."""
    return Saying(statement.text, statement.lead_in or "")


def raise_for_revision(session: Session, revision: ArticleRevision) -> int:
    """Flag the items that rest on statements which this new revision of their article changed or dropped.

    Each is compared with the statement that it rests on, however many revisions ago that was. What was flagged for
    the same change before, cleared or not, is not flagged again; an open flag for another change makes room for
    the new one; a statement that reads again as it did settles its flag. Return how many flags were raised.
    """
    resting = _resting(session, revision)
    if not resting:
        return 0
    current = _statements(session, [revision.id])
    earlier: dict[int, list[Statement]] = defaultdict(list)
    for row in _statements(session, {each.revision_id for each in resting}):
        earlier[row.revision_id].append(row)
    became: dict[int, tuple[Change, Statement | None]] = {}
    for rows in earlier.values():
        for pair in match([saying(row) for row in rows], [saying(row) for row in current]):
            if pair.old is not None:
                became[rows[pair.old].id] = (pair.change, current[pair.new] if pair.new is not None else None)
    return _raise(session, revision, resting, became)


def look_again(session: Session, version: ItemVersion) -> None:
    """Flag what an item missed while it was rejected: its articles may have changed since."""
    rests = _union().subquery()
    older = aliased(ArticleRevision)
    query = (
        sa.select(ArticleRevision)
        .join(Article, Article.current_id == ArticleRevision.id)
        .where(
            Article.id.in_(
                sa.select(older.article_id)
                .join(Statement, Statement.revision_id == older.id)
                .join(rests, rests.c.statement_id == Statement.id)
                .where(rests.c.version_id == version.id)
            )
        )
    )
    for revision in session.scalars(query).all():
        raise_for_revision(session, revision)


def _resting(session: Session, revision: ArticleRevision) -> list[_Resting]:
    """Return what rests on other revisions of the article, for each item and statement the newest version that does."""
    rests = _union().subquery()
    query = (
        sa.select(Item.id, ItemVersion.id, Statement.id, Statement.revision_id)
        .join(ItemVersion, ItemVersion.id.in_([Item.draft_version_id, Item.published_version_id]))
        .join(rests, rests.c.version_id == ItemVersion.id)
        .join(Statement, Statement.id == rests.c.statement_id)
        .join(ArticleRevision, ArticleRevision.id == Statement.revision_id)
        .where(
            ArticleRevision.article_id == revision.article_id,
            ArticleRevision.id != revision.id,
            ItemVersion.state.not_in(AT_REST),
        )
        .order_by(ItemVersion.number)
    )
    newest = {(row[0], row[2]): _Resting(*row) for row in session.execute(query)}
    return [newest[key] for key in sorted(newest)]


def _union() -> sa.CompoundSelect[tuple[int, int]]:
    """Return version and statement of every link: what an item rests on, and what its rationales do."""
    own = sa.select(VersionStatement.version_id, VersionStatement.statement_id)
    through_options = sa.select(Option.version_id, OptionStatement.statement_id).join(
        Option, Option.id == OptionStatement.option_id
    )
    return sa.union(own, through_options)


def _statements(session: Session, revision_ids: Iterable[int]) -> list[Statement]:
    query = sa.select(Statement).where(Statement.revision_id.in_(list(revision_ids))).order_by(Statement.ordinal)
    return list(session.scalars(query))


def _raise(
    session: Session,
    revision: ArticleRevision,
    resting: list[_Resting],
    became: dict[int, tuple[Change, Statement | None]],
) -> int:
    before = _last_flags(session, revision.article_id)
    raised = 0
    for each in resting:
        change, new = became[each.statement_id]
        last = before.get((each.item_id, each.statement_id))
        if change is Change.UNCHANGED:
            _close(last, None, f"Revision {revision.number} of the article reads again as it did.")
        elif last is None or not _known(last, new):
            _close(last, None, f"Revision {revision.number} of the article changed it again.")
            session.add(_flag(each, revision, new))
            raised += 1
    session.flush()
    return raised


def _last_flags(session: Session, article_id: int) -> dict[tuple[int, int | None], CheckNeeded]:
    """Return the last flag of each item and statement of an article."""
    query = (
        sa.select(CheckNeeded)
        .join(ArticleRevision, ArticleRevision.id == CheckNeeded.revision_id)
        .where(ArticleRevision.article_id == article_id)
        .options(joinedload(CheckNeeded.new_statement))
        .order_by(CheckNeeded.id)
    )
    return {(flag.item_id, flag.statement_id): flag for flag in session.scalars(query)}


def _known(last: CheckNeeded, new: Statement | None) -> bool:
    """Return whether this change is flagged already, or was judged by a person."""
    if last.cleared_at is not None and last.cleared_by_id is None:
        return False  # the source had read as before for a while
    words = last.new_statement
    if words is None or new is None:
        return words is new
    return match([saying(words)], [saying(new)])[0].change is Change.UNCHANGED


def _flag(each: _Resting, revision: ArticleRevision, new: Statement | None) -> CheckNeeded:
    return CheckNeeded(
        item_id=each.item_id,
        version_id=each.version_id,
        kind=CheckKind.DROPPED if new is None else CheckKind.CHANGED,
        revision_id=revision.id,
        statement_id=each.statement_id,
        new_statement_id=new.id if new is not None else None,
        raised_at=clock.now(),
        comment="",
    )


def _close(flag: CheckNeeded | None, actor: Person | None, comment: str) -> None:
    """Clear a flag that is open."""
    if flag is not None and flag.cleared_at is None:
        flag.cleared_at = clock.now()
        flag.cleared_by_id = actor.id if actor else None
        flag.comment = comment


def settle(session: Session, actor: Person | None, version: ItemVersion) -> None:
    """Clear the flags that a version just saved answers: it rests on the new statement, or on the old no longer."""
    query = sa.select(CheckNeeded).where(CheckNeeded.item_id == version.item_id, CheckNeeded.cleared_at.is_(None))
    flags = session.scalars(query).all()
    if not flags:
        return
    rests = _union().subquery()
    statements = set(session.scalars(sa.select(rests.c.statement_id).where(rests.c.version_id == version.id)))
    named = sa.select(VersionReference.reference_id).where(VersionReference.version_id == version.id)
    references = set(session.scalars(named))
    for flag in flags:
        if flag.kind is CheckKind.RETRACTED:
            answered = flag.reference_id not in references
        else:
            answered = flag.new_statement_id in statements or flag.statement_id not in statements
        if answered:
            _close(flag, actor, f"Version {version.number} was saved.")
    session.flush()


def clear(session: Session, actor: Person, item_id: int, flag_id: int, comment: str) -> None:
    """Clear a flag: the item holds as it is, and the comment says why. It is written in the audit log.

    Raises NotFoundError, InvalidError without a comment, ConflictError where it was cleared already.
    """
    query = sa.select(CheckNeeded).where(CheckNeeded.id == flag_id, CheckNeeded.item_id == item_id).with_for_update()
    flag = session.scalar(query.execution_options(populate_existing=True))
    if flag is None:
        raise NotFoundError("There is no such check on this item.")
    if flag.cleared_at is not None:
        raise ConflictError("This check was done already.", cure="The item's page shows what came of it.")
    if not comment.strip():
        raise InvalidError("Say why the item holds.", problems={"comment": "A comment is needed to clear a check."})
    if len(comment) > MAX_COMMENT:
        raise InvalidError("The comment is too long.", problems={"comment": f"At most {MAX_COMMENT:,} characters."})
    _close(flag, actor, comment.strip())
    session.flush()
    audit.record(session, "check cleared", person_id=actor.id, subject=f"item {item_id}", kind=str(flag.kind))


def retract(session: Session, actor: Person, reference_id: int, *, retracted: bool, reason: str = "") -> int:
    """Mark a reference as retracted, or take that back, and flag every item that names it, or clear those flags.

    Doing it twice changes nothing. Return how many flags were raised. Raises NotFoundError, InvalidError for a
    reason that is too long.
    """
    if len(reason) > MAX_COMMENT:
        raise InvalidError("The reason is too long.", problems={"reason": f"At most {MAX_COMMENT:,} characters."})
    query = sa.select(Reference).where(Reference.id == reference_id).with_for_update()
    reference = session.scalar(query.execution_options(populate_existing=True))
    if reference is None:
        raise NotFoundError("There is no such reference.")
    if (reference.retracted_at is not None) == retracted:
        return 0
    reference.retracted_at = clock.now() if retracted else None
    step = ReferenceStep.RETRACTED if retracted else ReferenceStep.RESTORED
    session.add(
        ReferenceChange(
            reference_id=reference.id, person_id=actor.id, kind=step, reason=reason.strip(), at=clock.now(), detail={}
        )
    )
    audit.record(
        session,
        "reference retracted" if retracted else "retraction taken back",
        person_id=actor.id,
        subject=f"reference {reference.id}",
    )
    if retracted:
        return flag_naming(session, reference)
    open_ones = sa.select(CheckNeeded).where(CheckNeeded.reference_id == reference.id, CheckNeeded.cleared_at.is_(None))
    for flag in session.scalars(open_ones):
        _close(flag, actor, "The retraction was taken back.")
    session.flush()
    return 0


def flag_naming(session: Session, reference: Reference) -> int:
    """Flag the newest version of each item that names a retracted reference, unless it is flagged for it already."""
    flagged = sa.select(CheckNeeded.item_id).where(
        CheckNeeded.reference_id == reference.id, CheckNeeded.cleared_at.is_(None)
    )
    query = (
        sa.select(Item.id, ItemVersion.id)
        .join(ItemVersion, ItemVersion.id.in_([Item.draft_version_id, Item.published_version_id]))
        .join(VersionReference, VersionReference.version_id == ItemVersion.id)
        .where(
            VersionReference.reference_id == reference.id,
            ItemVersion.state.not_in(AT_REST),
            Item.id.not_in(flagged),
        )
        .order_by(ItemVersion.number)
    )
    naming = dict(session.execute(query).all())
    session.add_all(_retraction(item_id, version_id, reference.id) for item_id, version_id in sorted(naming.items()))
    session.flush()
    return len(naming)


def _retraction(item_id: int, version_id: int, reference_id: int) -> CheckNeeded:
    return CheckNeeded(
        item_id=item_id,
        version_id=version_id,
        kind=CheckKind.RETRACTED,
        reference_id=reference_id,
        raised_at=clock.now(),
        comment="",
    )


def flag_retracted(session: Session, version_ids: Sequence[int]) -> int:
    """Flag versions just saved that name a reference which was retracted before. Return how many were flagged.

    What is flagged already is not flagged again; nor is what a person cleared, while the item goes on naming the
    reference. One query where nothing is retracted, for up to a thousand versions.
    """
    raised = 0
    for start in range(0, len(version_ids), FLAG_BATCH):
        query = (
            sa.select(ItemVersion.item_id, ItemVersion.id, ItemVersion.number, VersionReference.reference_id)
            .join(VersionReference, VersionReference.version_id == ItemVersion.id)
            .join(Reference, Reference.id == VersionReference.reference_id)
            .where(ItemVersion.id.in_(version_ids[start : start + FLAG_BATCH]), Reference.retracted_at.is_not(None))
        )
        for item_id, version_id, number, reference_id in session.execute(query).all():
            if _is_news(session, item_id, number, reference_id):
                session.add(_retraction(item_id, version_id, reference_id))
                raised += 1
    session.flush()
    return raised


def _is_news(session: Session, item_id: int, number: int, reference_id: int) -> bool:
    """Return whether nobody was told yet that this item names this retracted reference (again)."""
    last = session.scalar(
        sa.select(CheckNeeded)
        .where(CheckNeeded.item_id == item_id, CheckNeeded.reference_id == reference_id)
        .order_by(CheckNeeded.id.desc())
        .limit(1)
    )
    if last is None or last.cleared_at is None:
        return last is None
    before = (
        sa.select(ItemVersion.id)
        .where(ItemVersion.item_id == item_id, ItemVersion.number < number)
        .order_by(ItemVersion.number.desc())
        .limit(1)
    )
    named = sa.select(VersionReference.version_id).where(
        VersionReference.version_id == before.scalar_subquery(), VersionReference.reference_id == reference_id
    )
    return session.scalar(named) is None
