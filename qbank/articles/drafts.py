"""Drafts in the bank: running the drafter on a stored revision, and what people decide on each draft.

A proposal is a drafted item that nobody owns yet. Accepting it makes it the person's own draft; rejecting keeps
it, with the reason; no draft is ever shown to a student.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from qbank.accounts.models import Person
from qbank.articles import service
from qbank.articles.drafting import DraftItem, DraftReport, draft_items
from qbank.articles.models import ArticleRevision, Statement
from qbank.errors import ConflictError, NotFoundError
from qbank.exchange.service import declare_enemies
from qbank.items import lifecycle, records, store
from qbank.items.checks import Note, findings, shipped_lexicon
from qbank.items.content import OptionContent, Provenance, VersionContent
from qbank.items.models import Item, ItemState, ItemVersion, Origin, StateChange, VersionStatement
from qbank.settings import Settings


@dataclass(frozen=True)
class Made:
    """What drafting made: how many statements were read, how many new items drafted."""

    statements: int
    items: int


@dataclass(frozen=True)
class Proposal:
    """One draft of the desk with what stands beside it."""

    item: Item
    version: ItemVersion
    findings: list[Note]
    decided: str  # "", "accepted", "rejected"
    reason: str
    statements: list[Statement]

    @property
    def place(self) -> str:
        """Return the key of the first statement that it rests on."""
        return self.statements[0].key if self.statements else ""


def draft(session: Session, slug: str) -> Made:
    """Draft items from the current revision of an article and store the new ones as proposals."""
    revision = service.find(session, slug)
    report = draft_items(service.as_document(revision), lexicon=shipped_lexicon())
    revision.drafting_report = {
        "without_item": [{"statement": key, "reason": reason} for key, reason in report.without_item],
        "problems": [
            {"line": problem.line, "code": problem.code, "message": problem.message} for problem in report.problems
        ],
    }
    return Made(len(revision.statements), _store(session, revision, report))


def _store(session: Session, revision: ArticleRevision, report: DraftReport) -> int:
    statements = {statement.key: statement for statement in revision.statements}
    references = {entry.key: entry.reference_id for entry in revision.references}
    known = _known_digests(session, revision.article_id)
    stored: dict[str, list[int]] = {}
    made = 0
    for drafted in report.items:
        content = _content(drafted, statements, references)
        digest = content.digest()
        if digest in known:
            continue
        spans = tuple((statements[key].id, start, end) for key, start, end in drafted.key_spans)
        saved = store.create_item(
            session,
            None,
            content,
            external_id=f"{revision.article.slug}-{drafted.id}-{digest[:6]}",
            origin=Origin.DRAFTED,
            provenance=Provenance(rule=drafted.rule, confidence=drafted.confidence, key_spans=spans),
        )
        made += 1
        if drafted.enemy_set:
            for other in stored.setdefault(drafted.enemy_set, []):
                declare_enemies(session, other, saved.item.id)
            stored[drafted.enemy_set].append(saved.item.id)
    return made


def _known_digests(session: Session, article_id: int) -> set[str]:
    """Return the contents that this article has given before: what was rejected once is not proposed again."""
    query = (
        sa.select(ItemVersion.content_hash)
        .join(VersionStatement, VersionStatement.version_id == ItemVersion.id)
        .join(Statement, Statement.id == VersionStatement.statement_id)
        .join(ArticleRevision, ArticleRevision.id == Statement.revision_id)
        .where(ArticleRevision.article_id == article_id, ItemVersion.origin == Origin.DRAFTED)
    )
    return set(session.scalars(query))


def _content(drafted: DraftItem, statements: dict[str, Statement], references: dict[str, int]) -> VersionContent:
    own = tuple(statements[key].id for key in drafted.statements)
    return VersionContent(
        stem=drafted.stem,
        lead_in=drafted.lead_in or "",
        objective=drafted.objective,
        explanation=drafted.explanation,
        options=tuple(
            OptionContent(
                text=option.text,
                is_key=option.key,
                rationale=option.rationale,
                statement_ids=own if option.key else (),
                origin=option.origin,
                needs_expert=option.needs_expert,
            )
            for option in drafted.options
        ),
        reference_ids=tuple(references[key] for key in drafted.references),
        statement_ids=own,
    )


def proposals(session: Session, revision: ArticleRevision) -> list[Proposal]:
    """Return the drafts that rest on this revision, in the order of its statements, undecided ones first."""
    order = {statement.id: place for place, statement in enumerate(revision.statements)}
    by_id = {statement.id: statement for statement in revision.statements}
    newest = sa.func.coalesce(Item.draft_version_id, Item.published_version_id)
    first = aliased(ItemVersion)
    query = (
        sa.select(Item, ItemVersion.id)
        .join(ItemVersion, ItemVersion.id == newest)
        .join(first, sa.and_(first.item_id == Item.id, first.number == 1, first.origin == Origin.DRAFTED))
        .join(VersionStatement, VersionStatement.version_id == first.id)
        .where(VersionStatement.statement_id.in_(by_id))
        .distinct()
    )
    found = [(item, version_id) for item, version_id in session.execute(query)]
    versions = records.load_versions(session, [version_id for _item, version_id in found])
    reasons = _reasons(session, list(versions))
    rows = []
    for item, version_id in found:
        version = versions[version_id]
        own = [by_id[row.statement_id] for row in version.statements if row.statement_id in by_id]
        decided = _decided(item, version)
        rows.append(
            Proposal(
                item,
                version,
                findings(records.to_record(version)) if not decided else [],
                decided,
                reasons.get(version_id, ""),
                own,
            )
        )
    return sorted(
        rows,
        key=lambda row: (
            bool(row.decided),
            min((order[statement.id] for statement in row.statements), default=len(order)),
            row.item.id,
        ),
    )


def _decided(item: Item, version: ItemVersion) -> str:
    if version.state is ItemState.REJECTED:
        return "rejected"
    return "accepted" if item.owner_id is not None else ""


def _reasons(session: Session, version_ids: Sequence[int]) -> dict[int, str]:
    query = (
        sa.select(StateChange.version_id, StateChange.comment)
        .where(StateChange.version_id.in_(version_ids), StateChange.to_state == ItemState.REJECTED)
        .order_by(StateChange.id)
    )
    return dict(session.execute(query).all())


@dataclass(frozen=True)
class DeskRow:
    """One statement of the desk: how many of its drafts wait, how many are decided, or why there is none."""

    id: str
    text: str
    waiting: int
    decided: int
    reason: str


def desk_rows(revision: ArticleRevision, rows: Sequence[Proposal]) -> list[DeskRow]:
    """Return the statements in order with the state of their drafts; a draft counts at its first statement."""
    reasons = coverage(revision)
    at: dict[str, list[Proposal]] = {}
    for row in rows:
        at.setdefault(row.place, []).append(row)
    return [
        DeskRow(
            id=statement.key,
            text=statement.text,
            waiting=sum(1 for row in at.get(statement.key, []) if not row.decided),
            decided=sum(1 for row in at.get(statement.key, []) if row.decided),
            reason=reasons.get(statement.key, ""),
        )
        for statement in revision.statements
    ]


def coverage(revision: ArticleRevision) -> dict[str, str]:
    """Return, by statement key, why a statement gave no item."""
    return {row["statement"]: row["reason"] for row in revision.drafting_report.get("without_item", [])}


def _proposal(session: Session, item_id: int) -> tuple[Item, ItemVersion]:
    item = store.lock_item(session, item_id)
    version = store.newest_version(session, item)
    if version.origin is not Origin.DRAFTED:
        raise NotFoundError("This is not a drafted item.")
    return item, version


def accept(
    session: Session,
    actor: Person,
    item_id: int,
    *,
    system_id: int | None,
    task_id: int | None,
    discipline_ids: Sequence[int],
) -> Item:
    """Make a proposal the actor's own draft, classified. Raises ConflictError when somebody decided already."""
    item, version = _proposal(session, item_id)
    if item.owner_id is not None or version.state is not ItemState.DRAFT:
        raise ConflictError("Somebody has decided on this draft already.")
    item.owner_id = actor.id
    whole = records.load_versions(session, [version.id])[version.id]
    content = records.content_of(
        whole, system_id=system_id, task_id=task_id, discipline_ids=tuple(sorted(discipline_ids))
    )
    spans = tuple(
        (row.statement_id, row.key_start, row.key_end)
        for row in whole.statements
        if row.key_start is not None and row.key_end is not None
    )
    provenance = Provenance(rule=version.rule, confidence=version.confidence, key_spans=spans)
    store.save_version(
        session,
        actor,
        item.id,
        content,
        base_version_id=version.id,
        origin=Origin.DRAFTED,
        provenance=provenance,
    )
    session.flush()
    return item


def send_to_review(session: Session, actor: Person, item_id: int, settings: Settings) -> None:
    """Send an accepted draft to review."""
    item = store.lock_item(session, item_id)
    version = store.newest_version(session, item)
    lifecycle.change_state(session, actor, item.id, version.id, ItemState.IN_REVIEW, settings)


def reject(session: Session, actor: Person, item_id: int, reason: str, settings: Settings) -> None:
    """Turn a proposal down. The reason is kept: it tells how good a drafting rule is."""
    _item, version = _proposal(session, item_id)
    lifecycle.change_state(session, actor, item_id, version.id, ItemState.REJECTED, settings, reason)


def undo(session: Session, actor: Person, item_id: int, settings: Settings) -> None:
    """Take a rejected proposal back."""
    _item, version = _proposal(session, item_id)
    lifecycle.change_state(session, actor, item_id, version.id, ItemState.DRAFT, settings)
