"""Drafts in the bank: proposed, decided, never proposed twice."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session, sessionmaker

from qbank.accounts.models import Person, PersonRole, Role
from qbank.articles import drafts, service
from qbank.articles.document import CitationStatus
from qbank.articles.drafts import Classification
from qbank.db.engine import begin_write
from qbank.errors import ConflictError, InvalidError, NotFoundError
from qbank.items import records, store
from qbank.items.content import VersionContent
from qbank.items.models import Item, ItemEnemy, ItemState, ItemVersion, Origin, PoolEntry, StateChange
from qbank.items.taxonomy import Dimension, Taxon
from qbank.settings import Settings
from tests.conftest import START, TestClock

Educator = Callable[..., Person]
Queries = Callable[[], AbstractContextManager[list[str]]]
# Two statements that one rule drafts from, the second with a marker that has no entry.
SHORT = (
    "# What does estrogen do?\n\n## Bone\n\nWhen estrogen declines:\n\n"
    "- Promotes expression of osteoprotegerin (OPG) and suppresses RANKL, inhibiting osteoclast formation [1]\n"
    "- Activates Wnt/\u03b2-catenin signaling to increase osteogenesis [2]\n"
    "- Upregulates BMP signaling to promote mesenchymal stem cell differentiation to osteoblasts [2]\n\n"
    "## References\n\n[1] Bones and hormones. 2010.\n"
)


@pytest.fixture
def drafted(session: Session, article_text: str) -> str:
    """A real article with its drafts; returns its slug."""
    slug = service.load_text(session, None, article_text).article.slug
    drafts.draft(session, slug)
    return slug


@pytest.fixture
def chosen(session: Session) -> Classification:
    """A whole classification."""
    taxa = {each: Taxon(dimension=each, code="x", name="X", ordinal=0) for each in Dimension}
    session.add_all(taxa.values())
    session.flush()
    return Classification(taxa[Dimension.SYSTEM].id, taxa[Dimension.TASK].id, (taxa[Dimension.DISCIPLINE].id,))


def proposals(session: Session, slug: str) -> list[drafts.Proposal]:
    session.expire_all()
    return drafts.proposals(session, service.find(session, slug))


def first(session: Session, slug: str, *, with_reference: bool = True) -> drafts.Proposal:
    return next(
        row for row in proposals(session, slug) if not row.decided and bool(row.version.references) is with_reference
    )


def test_a_real_article_gives_thirty_drafts_that_nobody_owns_and_no_learner_gets(
    session: Session, drafted: str
) -> None:
    rows = proposals(session, drafted)
    assert len(rows) >= 30
    for row in rows:
        assert (row.item.owner_id, row.decided, row.version.state) == (None, "", ItemState.DRAFT)
        assert row.version.origin is Origin.DRAFTED
        assert row.version.rule
        assert row.statements
    assert session.scalar(sa.select(sa.func.count()).select_from(PoolEntry)) == 0


def test_each_draft_keeps_where_its_key_stands_in_its_statement(session: Session, drafted: str) -> None:
    for row in proposals(session, drafted):
        spans = [link for link in row.version.statements if link.key_start is not None]
        assert spans
        for link in spans:
            assert 0 <= (link.key_start or 0) < (link.key_end or 0) <= len(link.statement.text)


def test_drafts_that_give_one_another_away_are_enemies(session: Session, drafted: str) -> None:
    pairs = session.execute(sa.select(ItemEnemy.item_id, ItemEnemy.enemy_id)).all()
    assert pairs
    ids = {row.item.id for row in proposals(session, drafted)}
    assert all(low < high and {low, high} <= ids for low, high in pairs)


def test_every_statement_has_a_draft_or_the_reason_why_not(session: Session, drafted: str) -> None:
    revision = service.find(session, drafted)
    rows = drafts.desk_rows(revision, proposals(session, drafted))
    resting = {each.key for row in proposals(session, drafted) for each in row.statements}
    assert len(rows) == 32
    for row in rows:
        assert row.id in resting or row.reason, f"{row.id} has neither"
    assert sum(row.waiting for row in rows) == len(proposals(session, drafted))


def test_drafting_again_proposes_nothing_twice(
    session: Session, drafted: str, settings: Settings, educator: Educator
) -> None:
    eve = educator()
    taken, refused = proposals(session, drafted)[:2]
    drafts.accept(session, eve, drafted, taken.item.id, Classification())
    drafts.reject(session, eve, drafted, refused.item.id, "Trivial.", settings)
    before = [(row.item.id, row.version.id, row.decided) for row in proposals(session, drafted)]
    assert drafts.draft(session, drafted).items == 0
    assert [(row.item.id, row.version.id, row.decided) for row in proposals(session, drafted)] == before


def test_a_new_revision_proposes_only_what_is_new_and_moves_the_waiting_drafts_along(
    session: Session, settings: Settings, educator: Educator
) -> None:
    eve, slug = educator(), service.load_text(session, None, SHORT).article.slug
    made = drafts.draft(session, slug).items
    rows = proposals(session, slug)
    assert len(rows) == made >= 3
    refused = rows[0]
    drafts.reject(session, eve, slug, refused.item.id, "Trivial.", settings)
    service.load_text(session, None, SHORT.replace("# What", "A line before.\n\n# What"), slug=slug)
    assert drafts.draft(session, slug).items == 0
    waiting = [row for row in proposals(session, slug) if not row.decided]
    assert {row.item.id for row in waiting} == {row.item.id for row in rows} - {refused.item.id}
    assert session.scalar(sa.select(sa.func.count()).select_from(Item)) == made


def test_accepting_makes_the_draft_ones_own_with_its_classification_and_evidence(
    session: Session, drafted: str, educator: Educator, chosen: Classification
) -> None:
    eve, row = educator(), first(session, drafted)
    links = [link.statement_id for link in row.version.statements]
    item = drafts.accept(session, eve, drafted, row.item.id, chosen)
    version = records.load_versions(session, [item.draft_version_id or 0])[item.draft_version_id or 0]
    assert (item.owner_id, version.number, version.state) == (eve.id, 2, ItemState.DRAFT)
    assert (version.system_id, version.task_id) == (chosen.system_id, chosen.task_id)
    assert [taxon.id for taxon in version.disciplines] == list(chosen.discipline_ids)
    assert [link.statement_id for link in version.statements] == links
    assert any(link.key_end for link in version.statements)
    assert (version.rule, version.confidence) == (row.version.rule, row.version.confidence)


def test_a_second_decision_is_refused_whoever_makes_it(
    session: Session, drafted: str, educator: Educator, settings: Settings, chosen: Classification
) -> None:
    eve, ian = educator("Eve"), educator("Ian")
    taken, refused = proposals(session, drafted)[:2]
    drafts.accept(session, eve, drafted, taken.item.id, chosen)
    drafts.reject(session, eve, drafted, refused.item.id, "Trivial.", settings)
    for item_id in (taken.item.id, refused.item.id):
        for person in (eve, ian):
            with pytest.raises(ConflictError, match="decided"):
                drafts.accept(session, person, drafted, item_id, chosen)
            with pytest.raises(ConflictError, match="decided"):
                drafts.reject(session, person, drafted, item_id, "No.", settings)
    assert session.get_one(Item, taken.item.id).owner_id == eve.id


def test_what_somebody_edited_is_decided(
    session: Session, drafted: str, educator: Educator, settings: Settings
) -> None:
    eve, ian, row = educator("Eve"), educator("Ian"), first(session, drafted)
    content = records.content_of(row.version, system_id=None, task_id=None, discipline_ids=())
    edited = VersionContent(stem="Another stem?", options=content.options, statement_ids=content.statement_ids)
    store.save_version(session, eve, row.item.id, edited, base_version_id=row.version.id)
    with pytest.raises(ConflictError, match="decided"):
        drafts.reject(session, ian, drafted, row.item.id, "No.", settings)
    assert [each.decided for each in proposals(session, drafted) if each.item.id == row.item.id] == ["accepted"]


def test_a_rejection_needs_a_reason_keeps_it_and_can_be_taken_back(
    session: Session, drafted: str, educator: Educator, settings: Settings
) -> None:
    eve, item_id = educator(), first(session, drafted).item.id
    with pytest.raises(InvalidError, match="Say why"):
        drafts.reject(session, eve, drafted, item_id, "  ", settings)
    drafts.reject(session, eve, drafted, item_id, "Covered elsewhere.", settings)
    row = next(each for each in proposals(session, drafted) if each.item.id == item_id)
    assert (row.decided, row.reason) == ("rejected", "Covered elsewhere.")
    drafts.undo(session, eve, drafted, item_id, settings)
    assert next(each for each in proposals(session, drafted) if each.item.id == item_id).decided == ""
    steps = sa.select(StateChange.to_state).join(ItemVersion).where(ItemVersion.item_id == item_id)
    assert list(session.scalars(steps.order_by(StateChange.id))) == ["draft", "rejected", "draft"]


def test_only_what_is_rejected_can_be_taken_back(
    session: Session, drafted: str, educator: Educator, settings: Settings
) -> None:
    eve, item_id = educator(), first(session, drafted).item.id
    with pytest.raises(ConflictError, match="not rejected"):
        drafts.undo(session, eve, drafted, item_id, settings)


def test_accepting_and_sending_does_both_or_neither(
    session: Session, drafted: str, educator: Educator, settings: Settings, chosen: Classification
) -> None:
    eve, bare = educator(), first(session, drafted, with_reference=False)
    with pytest.raises(InvalidError, match="at least one reference"):
        drafts.accept_and_send(session, eve, drafted, bare.item.id, chosen, settings)
    session.expire_all()
    after = session.get_one(Item, bare.item.id)
    assert (after.owner_id, after.draft_version_id, after.versions_made) == (None, bare.version.id, 1)
    whole = first(session, drafted)
    drafts.accept_and_send(session, eve, drafted, whole.item.id, chosen, settings)
    version = store.newest_version(session, session.get_one(Item, whole.item.id))
    assert version.state is ItemState.IN_REVIEW


def test_the_gate_names_everything_that_an_unclassified_draft_lacks(
    session: Session, drafted: str, educator: Educator, settings: Settings
) -> None:
    row = first(session, drafted, with_reference=False)
    with pytest.raises(InvalidError) as refused:
        drafts.accept_and_send(session, educator(), drafted, row.item.id, Classification(), settings)
    for part in ("one system", "at least one discipline", "one task", "at least one reference"):
        assert part in refused.value.message


def test_only_drafts_of_the_article_are_decided_at_its_desk(
    session: Session, drafted: str, educator: Educator, settings: Settings
) -> None:
    eve, item_id = educator(), first(session, drafted).item.id
    other = service.load_text(session, None, SHORT).article.slug
    written = store.create_item(
        session, eve, VersionContent(stem="Mine", options=()), external_id="mine", origin=Origin.WRITTEN
    )
    for slug, wrong in ((other, item_id), (drafted, written.item.id), (drafted, 10**6)):
        with pytest.raises(NotFoundError):
            drafts.accept(session, eve, slug, wrong, Classification())
        with pytest.raises(NotFoundError):
            drafts.undo(session, eve, slug, wrong, settings)


def test_drafts_follow_a_citation_that_a_person_repairs(
    session: Session, educator: Educator, chosen: Classification
) -> None:
    eve, slug = educator(), service.load_text(session, None, SHORT).article.slug
    drafts.draft(session, slug)
    bare = [row for row in proposals(session, slug) if not row.version.references]
    assert len(bare) >= 2
    accepted = bare[0]
    drafts.accept(session, eve, slug, accepted.item.id, chosen)
    entry = service.find(session, slug).references[0]
    missing = [
        each.id
        for row in service.find(session, slug).statements
        for each in row.citations
        if each.status is CitationStatus.MISSING
    ]
    for citation_id in missing:
        service.confirm_citation(session, eve, slug, citation_id, entry.key)
    session.expire_all()
    drafts.follow_citation(session, eve, slug)
    rows = {row.item.id: row for row in proposals(session, slug)}
    for row in bare:
        after = rows[row.item.id]
        assert [link.reference_id for link in after.version.references] == [entry.reference_id]
    assert rows[accepted.item.id].decided == "accepted"
    assert rows[accepted.item.id].version.system_id == chosen.system_id
    assert {rows[row.item.id].decided for row in bare[1:]} == {""}


def test_the_desk_takes_as_many_queries_for_an_article_of_three_statements_and_of_thirty(
    session: Session, queries: Queries, drafted: str
) -> None:
    short = service.load_text(session, None, SHORT).article.slug
    drafts.draft(session, short)
    counts = []
    for slug in (short, drafted):
        session.flush()
        session.expunge_all()
        with queries() as seen:
            revision = service.find(session, slug)
            drafts.desk_rows(revision, drafts.proposals(session, revision))
        counts.append(len(seen))
    assert counts[0] == counts[1] <= 30


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_of_two_people_who_decide_at_once_one_is_refused(
    sessions: sessionmaker[Session], settings: Settings, clock: TestClock
) -> None:
    with sessions() as session:
        begin_write(session)
        people = [Person(email=f"p{n}@example.org", name=f"P{n}", created_at=START) for n in range(2)]
        for person in people:
            person.role_rows = [PersonRole(role=Role.EDUCATOR, granted_at=START)]
        session.add_all(people)
        slug = service.load_text(session, None, SHORT).article.slug
        drafts.draft(session, slug)
        item_id = drafts.proposals(session, service.find(session, slug))[0].item.id
        session.commit()
        ids = [person.id for person in people]
    outcomes = _at_once(
        [
            lambda: _decide(sessions, ids[0], lambda s, p: drafts.accept(s, p, slug, item_id, Classification())),
            lambda: _decide(sessions, ids[1], lambda s, p: drafts.reject(s, p, slug, item_id, "No.", settings)),
        ]
    )
    assert sorted(outcomes) == ["done", "refused"]


def _decide(sessions: sessionmaker[Session], person_id: int, act: Callable[[Session, Person], object]) -> str:
    with sessions() as session:
        begin_write(session)
        try:
            act(session, session.get_one(Person, person_id))
        except ConflictError:
            return "refused"
        session.commit()
        return "done"


def _at_once(acts: list[Callable[[], str]]) -> list[str]:
    with ThreadPoolExecutor(len(acts)) as pool:
        return [done.result(timeout=60) for done in [pool.submit(act) for act in acts]]
