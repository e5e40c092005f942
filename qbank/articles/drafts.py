"""Drafts in the bank: running the drafter on a stored revision, and what people decide on each draft.

A proposal is a drafted item that nobody owns yet. Accepting it makes it the person's own draft; rejecting keeps
it, with the reason; no draft is ever shown to a student.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from qbank.accounts.models import Person
from qbank.articles import service
from qbank.articles.drafting import DraftItem, DraftReport, draft_items
from qbank.articles.model_drafting import failure_of, kept_of, redraft
from qbank.articles.models import Article, ArticleRevision, Statement
from qbank.articles.trust import Trust, decisions
from qbank.errors import ConflictError, NotFoundError
from qbank.exchange.service import declare_enemies
from qbank.items import lifecycle, records, store, waivers
from qbank.items.checks import findings, shipped_lexicon
from qbank.items.content import OptionContent, Provenance, VersionContent
from qbank.items.models import Item, ItemState, ItemVersion, Option, Origin, StateChange, VersionStatement
from qbank.settings import Settings

MAX_PREFIX = 32


@dataclass(frozen=True)
class Made:
    """What drafting made: how many statements were read, how many new items drafted."""

    statements: int
    items: int
    failure: str = ""  # why another drafter than the rules gave nothing


@dataclass(frozen=True)
class Proposal:
    """One draft of the desk with what stands beside it."""

    item: Item
    version: ItemVersion
    checked: waivers.Checked
    decided: str  # "", "accepted", "rejected"
    reason: str
    statements: list[Statement]
    trust: Trust

    @property
    def place(self) -> str:
        """Return the key of the first statement that it rests on."""
        return self.statements[0].key if self.statements else ""


def draft(session: Session, slug: str, *, number: int | None = None, report: DraftReport | None = None) -> Made:
    """Draft items from a revision of an article (the current one) and store the new ones as proposals.

    ``report`` is what a drafter made of this revision before: one that waits for a service works while no
    transaction is open. Where none is given, the rules draft.
    """
    revision = service.find(session, slug, number)
    if report is None:
        report = draft_items(service.as_document(revision), lexicon=shipped_lexicon())
    revision.drafting_report = {
        "without_item": [{"statement": key, "reason": reason} for key, reason in report.without_item],
        "problems": [
            {"line": problem.line, "code": problem.code, "message": problem.message} for problem in report.problems
        ],
        **kept_of(report),
    }
    return Made(len(revision.statements), _store(session, revision, report), failure_of(report))


def _store(session: Session, revision: ArticleRevision, report: DraftReport) -> int:
    statements = {statement.key: statement for statement in revision.statements}
    references = {entry.key: entry.reference_id for entry in revision.references}
    known = _known(session, revision.article_id)
    stored: dict[str, list[int]] = {}
    made = 0
    for drafted in report.items:
        content = _content(drafted, statements, references)
        spans = tuple((statements[key].id, start, end) for key, start, end in drafted.key_spans)
        provenance = Provenance(rule=drafted.rule, confidence=drafted.confidence, key_spans=spans)
        item_id = known.get(_mark(content))
        if item_id is None:
            name = f"{_short(revision.article.slug)}-{drafted.id}-{content.digest()[:6]}"
            item_id = store.create_item(
                session, None, content, external_id=name, origin=Origin.DRAFTED, provenance=provenance
            ).item.id
            made += 1
        else:
            _refresh(session, item_id, content, provenance)
        if drafted.enemy_set:
            for other in stored.setdefault(drafted.enemy_set, []):
                declare_enemies(session, other, item_id)
            stored[drafted.enemy_set].append(item_id)
    return made


def _short(slug: str) -> str:
    """Return the first words of an article's name: an item's id has to stay short, and readable in a list."""
    return slug if len(slug) <= MAX_PREFIX else slug[:MAX_PREFIX].rsplit("-", 1)[0]


def _mark(content: VersionContent) -> tuple[str, str]:
    """Return what makes a drafted question the same question: its stem and its key."""
    key = next((option.text for option in content.options if option.is_key), "")
    return content.stem.casefold(), key.casefold()


def _known(session: Session, article_id: int) -> dict[tuple[str, str], int]:
    """Return the questions that this article has given before, with their items.

    Whatever became of them, they are not proposed a second time: not after a new revision that changed other
    lines, and not after somebody confirmed a citation.
    """
    query = (
        sa.select(ItemVersion.stem, Option.text, ItemVersion.item_id)
        .join(Option, sa.and_(Option.version_id == ItemVersion.id, Option.is_key))
        .join(VersionStatement, VersionStatement.version_id == ItemVersion.id)
        .join(Statement, Statement.id == VersionStatement.statement_id)
        .join(ArticleRevision, ArticleRevision.id == Statement.revision_id)
        .where(ArticleRevision.article_id == article_id, ItemVersion.origin == Origin.DRAFTED)
    )
    return {(stem.casefold(), key.casefold()): item_id for stem, key, item_id in session.execute(query)}


def _refresh(session: Session, item_id: int, content: VersionContent, provenance: Provenance) -> None:
    """Bring a waiting proposal in line with the article as it is now: its statements, its references."""
    item = store.lock_item(session, item_id)
    version = store.newest_version(session, item)
    if item.owner_id is None and version.state is ItemState.DRAFT and version.origin is Origin.DRAFTED:
        store.save_version(
            session, None, item_id, content, base_version_id=None, origin=Origin.DRAFTED, provenance=provenance
        )


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
    """Return the drafts that rest on this revision, undecided ones first, in the order of its statements.

    The drafts of one statement stand in the order of their confidence.
    """
    order = {statement.id: place for place, statement in enumerate(revision.statements)}
    by_id = {statement.id: statement for statement in revision.statements}
    newest = sa.func.coalesce(Item.draft_version_id, Item.published_version_id)
    drafted = aliased(ItemVersion)
    query = (
        sa.select(Item, ItemVersion.id)
        .join(ItemVersion, ItemVersion.id == newest)
        .join(drafted, sa.and_(drafted.item_id == Item.id, drafted.origin == Origin.DRAFTED))
        .join(VersionStatement, VersionStatement.version_id == drafted.id)
        .where(VersionStatement.statement_id.in_(by_id))
        .distinct()
    )
    found = [(item, version_id) for item, version_id in session.execute(query)]
    versions = records.load_versions(session, [version_id for _item, version_id in found])
    reasons = _reasons(session, list(versions))
    dismissed = waivers.of_items(session, [item.id for item, _version_id in found])
    past = decisions(session)
    rows = []
    for item, version_id in found:
        version = versions[version_id]
        own = [by_id[row.statement_id] for row in version.statements if row.statement_id in by_id]
        decided = _decided(item, version)
        rows.append(
            Proposal(
                item,
                version,
                waivers.split(findings(records.to_record(version)) if not decided else [], dismissed[item.id]),
                decided,
                reasons.get(version_id, ""),
                own,
                Trust(version.confidence or 0.0, *past.get(version.rule, (0, 0))),
            )
        )
    return sorted(
        rows,
        key=lambda row: (
            bool(row.decided),
            min((order[statement.id] for statement in row.statements), default=len(order)),
            -row.trust.expected,
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


DECIDED = "Somebody has decided on this draft already."


def _proposal(session: Session, article_slug: str, item_id: int) -> tuple[Item, ItemVersion]:
    """Return a drafted item of this article, locked, with its newest version. Raises NotFoundError."""
    item = store.lock_item(session, item_id)
    drafted = (
        sa.select(ItemVersion.id)
        .join(VersionStatement, VersionStatement.version_id == ItemVersion.id)
        .join(Statement, Statement.id == VersionStatement.statement_id)
        .join(ArticleRevision, ArticleRevision.id == Statement.revision_id)
        .join(Article, Article.id == ArticleRevision.article_id)
        .where(ItemVersion.item_id == item.id, ItemVersion.origin == Origin.DRAFTED, Article.slug == article_slug)
    )
    if session.scalar(drafted.limit(1)) is None:
        raise NotFoundError("There is no such draft of this article.")
    return item, store.newest_version(session, item)


def _undecided(session: Session, article_slug: str, item_id: int) -> tuple[Item, ItemVersion]:
    item, version = _proposal(session, article_slug, item_id)
    if _decided(item, version):
        raise ConflictError(DECIDED, cure="The desk shows what became of it.")
    return item, version


@dataclass(frozen=True)
class Classification:
    """Where an accepted draft belongs; whatever is missing can be added later, before review."""

    system_id: int | None = None
    task_id: int | None = None
    discipline_ids: tuple[int, ...] = ()


UNCLASSIFIED = Classification()


def accept(session: Session, actor: Person, article_slug: str, item_id: int, chosen: Classification) -> Item:
    """Make a proposal the actor's own draft, classified. Raises ConflictError when somebody decided already."""
    item, version = _undecided(session, article_slug, item_id)
    item.owner_id = actor.id
    whole = records.load_versions(session, [version.id])[version.id]
    content = records.content_of(
        whole,
        system_id=chosen.system_id,
        task_id=chosen.task_id,
        discipline_ids=tuple(sorted(chosen.discipline_ids)),
    )
    store.save_version(
        session, actor, item.id, content, base_version_id=version.id, origin=Origin.DRAFTED, provenance=_kept(whole)
    )
    session.flush()
    return item


def _kept(whole: ItemVersion) -> Provenance:
    """Return how a whole version came about, for the version that follows it."""
    spans = tuple(
        (row.statement_id, row.key_start, row.key_end)
        for row in whole.statements
        if row.key_start is not None and row.key_end is not None
    )
    return Provenance(rule=whole.rule, confidence=whole.confidence, key_spans=spans)


def accept_and_send(
    session: Session, actor: Person, article_slug: str, item_id: int, chosen: Classification, settings: Settings
) -> None:
    """Accept a draft and send it to review: both, or neither. Raises InvalidError naming all that it lacks."""
    with session.begin_nested():
        item = accept(session, actor, article_slug, item_id, chosen)
        version = store.newest_version(session, item)
        lifecycle.change_state(session, actor, item.id, version.id, ItemState.IN_REVIEW, settings)


def reject(session: Session, actor: Person, article_slug: str, item_id: int, reason: str, settings: Settings) -> None:
    """Turn a proposal down. The reason is kept: it tells how good a drafting rule is."""
    _item, version = _undecided(session, article_slug, item_id)
    lifecycle.change_state(session, actor, item_id, version.id, ItemState.REJECTED, settings, reason)


def undo(session: Session, actor: Person, article_slug: str, item_id: int, settings: Settings) -> None:
    """Take a rejected proposal back."""
    _item, version = _proposal(session, article_slug, item_id)
    if version.state is not ItemState.REJECTED:
        raise ConflictError("This draft is not rejected (any more).", cure="The desk shows what became of it.")
    lifecycle.change_state(session, actor, item_id, version.id, ItemState.DRAFT, settings)


def follow_citation(session: Session, actor: Person, article_slug: str) -> None:
    """Let the drafts follow a citation that a person confirmed or repaired.

    Proposals are drafted again in place. A draft that somebody accepted and nobody edited gets the references and
    the explanation as they would be drafted now; what was edited by hand, or has left draft, stays as it is.
    """
    revision = service.find(session, article_slug)
    report = redraft(service.as_document(revision), revision.drafting_report, shipped_lexicon())
    _store(session, revision, report)
    statements = {statement.key: statement for statement in revision.statements}
    references = {entry.key: entry.reference_id for entry in revision.references}
    known = _known(session, revision.article_id)
    for drafted in report.items:
        content = _content(drafted, statements, references)
        if (item_id := known.get(_mark(content))) is not None:
            _follow(session, actor, item_id, content)


def _follow(session: Session, actor: Person, item_id: int, content: VersionContent) -> None:
    item = store.lock_item(session, item_id)
    version = store.newest_version(session, item)
    if item.owner_id is None or version.state is not ItemState.DRAFT or version.origin is not Origin.DRAFTED:
        return
    whole = records.load_versions(session, [version.id])[version.id]
    if [row.statement_id for row in whole.statements] != list(content.statement_ids):
        return
    kept = records.content_of(
        whole,
        system_id=whole.system_id,
        task_id=whole.task_id,
        discipline_ids=tuple(sorted(taxon.id for taxon in whole.disciplines)),
    )
    followed = replace(kept, reference_ids=content.reference_ids, explanation=content.explanation)
    store.save_version(
        session, actor, item_id, followed, base_version_id=version.id, origin=Origin.DRAFTED, provenance=_kept(whole)
    )
