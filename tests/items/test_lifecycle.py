"""The life of an item: gates, four eyes, versions, conflicts."""

from __future__ import annotations

from dataclasses import replace

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from qbank.accounts.models import Person
from qbank.errors import ConflictError, InvalidError
from qbank.items import lifecycle, records, store
from qbank.items.content import OptionContent, VersionContent
from qbank.items.models import Item, ItemState, ItemVersion, Origin, PoolEntry, StateChange, Vote
from qbank.items.record import ReferenceRecord
from qbank.items.references import ensure_references
from qbank.items.taxonomy import Dimension, Taxon
from qbank.settings import Settings

S = ItemState


@pytest.fixture
def whole(session: Session) -> VersionContent:
    taxa = {dimension: Taxon(dimension=dimension, code="x", name="X", ordinal=0, source="") for dimension in Dimension}
    session.add_all(taxa.values())
    session.flush()
    reference = ensure_references(session, [ReferenceRecord(title="Bone fractures after menopause.", year=2010)])[0]
    return VersionContent(
        stem="A 58-year-old woman has lost bone since her menopause.",
        lead_in="Which of the following is the main cause?",
        options=tuple(
            OptionContent(text=f"{name} deficiency", is_key=name == "Estrogen", rationale="Because.")
            for name in ("Estrogen", "Prolactin", "Progesterone")
        ),
        reference_ids=(reference.id,),
        system_id=taxa[Dimension.SYSTEM].id,
        task_id=taxa[Dimension.TASK].id,
        discipline_ids=(taxa[Dimension.DISCIPLINE].id,),
    )


@pytest.fixture
def author(make_person) -> Person:
    return make_person("author@example.org", roles=["educator"])


@pytest.fixture
def reviewer(make_person) -> Person:
    return make_person("reviewer@example.org", roles=["educator"])


def new(session: Session, author: Person, content: VersionContent, name: str = "i1") -> store.Saved:
    return store.create_item(session, author, content, external_id=name, origin=Origin.WRITTEN)


def to_live(session: Session, saved: store.Saved, reviewer: Person, settings: Settings) -> None:
    item_id, version_id = saved.item.id, saved.version.id
    lifecycle.change_state(session, None, item_id, version_id, S.IN_REVIEW, settings)
    lifecycle.cast_vote(session, reviewer, item_id, version_id, Vote.APPROVE, "", settings)
    lifecycle.change_state(session, reviewer, item_id, version_id, S.LIVE, settings)


def test_the_gate_above_draft_lists_every_missing_part_at_once(session, author, settings):
    saved = new(session, author, VersionContent(stem="Bone.", options=(OptionContent("Estrogen"),)))
    with pytest.raises(InvalidError) as refused:
        lifecycle.change_state(session, author, saved.item.id, saved.version.id, S.IN_REVIEW, settings)
    for part in (
        "a lead-in",
        "3 to 5 options",
        "exactly one key",
        "a rationale for option A",
        "at least one reference",
        "one system",
        "at least one discipline",
        "one task",
    ):
        assert part in refused.value.message


ALLOWED = {
    (S.DRAFT, S.IN_REVIEW),
    (S.DRAFT, S.REJECTED),
    (S.REJECTED, S.DRAFT),
    (S.IN_REVIEW, S.DRAFT),
    (S.IN_REVIEW, S.APPROVED),
    (S.APPROVED, S.PRETEST),
    (S.APPROVED, S.LIVE),
    (S.PRETEST, S.LIVE),
    (S.PRETEST, S.RETIRED),
    (S.LIVE, S.SUSPENDED),
    (S.LIVE, S.RETIRED),
    (S.SUSPENDED, S.LIVE),
    (S.SUSPENDED, S.RETIRED),
}


@pytest.mark.parametrize("start", list(S))
def test_only_the_steps_of_the_life_cycle_are_taken(session, author, whole, settings, start):
    saved = new(session, author, whole)
    alone = settings.model_copy(update={"approvals_needed": 0, "pretest_min_deliveries": 0})
    for goal in S:
        saved.version.state = start
        saved.item.draft_version_id = saved.version.id
        session.flush()
        if (start, goal) in ALLOWED:
            moved = lifecycle.change_state(session, author, saved.item.id, saved.version.id, goal, alone, "why")
            assert moved.state is goal
        else:
            with pytest.raises(ConflictError):
                lifecycle.change_state(session, author, saved.item.id, saved.version.id, goal, alone, "why")


def test_asking_for_changes_needs_a_comment(session, author, whole, settings):
    saved = new(session, author, whole)
    lifecycle.change_state(session, author, saved.item.id, saved.version.id, S.IN_REVIEW, settings)
    with pytest.raises(InvalidError, match="Say why"):
        lifecycle.change_state(session, author, saved.item.id, saved.version.id, S.DRAFT, settings)


def test_who_wrote_it_cannot_approve_it_and_another_can(session, author, reviewer, whole, settings):
    saved = new(session, author, whole)
    lifecycle.change_state(session, author, saved.item.id, saved.version.id, S.IN_REVIEW, settings)
    with pytest.raises(ConflictError, match="somebody else"):
        lifecycle.cast_vote(session, author, saved.item.id, saved.version.id, Vote.APPROVE, "", settings)
    with pytest.raises(ConflictError, match="approval"):
        lifecycle.change_state(session, author, saved.item.id, saved.version.id, S.APPROVED, settings)
    version = lifecycle.cast_vote(session, reviewer, saved.item.id, saved.version.id, Vote.APPROVE, "", settings)
    assert version.state is S.APPROVED


def test_a_second_editor_counts_as_a_writer_until_the_next_approval(session, author, reviewer, whole, settings):
    saved = new(session, author, whole)
    edited = store.save_version(
        session, reviewer, saved.item.id, replace(whole, stem="Changed."), base_version_id=saved.version.id
    )
    lifecycle.change_state(session, author, edited.item.id, edited.version.id, S.IN_REVIEW, settings)
    assert not lifecycle.may_approve(session, author, edited.version, settings)
    assert not lifecycle.may_approve(session, reviewer, edited.version, settings)


def test_a_person_alone_approves_where_no_approval_is_needed(session, author, whole, settings):
    alone = settings.model_copy(update={"approvals_needed": 0})
    saved = new(session, author, whole)
    for state in (S.IN_REVIEW, S.APPROVED, S.LIVE):
        lifecycle.change_state(session, author, saved.item.id, saved.version.id, state, alone)
    assert session.get(PoolEntry, saved.item.id).version_id == saved.version.id


def test_two_approvals_are_needed_of_two_people(session, author, reviewer, make_person, whole, settings):
    board = settings.model_copy(update={"approvals_needed": 2})
    third = make_person("third@example.org", roles=["educator"])
    saved = new(session, author, whole)
    ids = saved.item.id, saved.version.id
    lifecycle.change_state(session, author, *ids, S.IN_REVIEW, board)
    assert lifecycle.cast_vote(session, reviewer, *ids, Vote.APPROVE, "", board).state is S.IN_REVIEW
    assert lifecycle.cast_vote(session, reviewer, *ids, Vote.APPROVE, "", board).state is S.IN_REVIEW
    assert lifecycle.cast_vote(session, third, *ids, Vote.APPROVE, "", board).state is S.APPROVED


def test_a_rejection_needs_a_comment_and_returns_the_item_to_draft(session, author, reviewer, whole, settings):
    saved = new(session, author, whole)
    ids = saved.item.id, saved.version.id
    lifecycle.change_state(session, author, *ids, S.IN_REVIEW, settings)
    with pytest.raises(InvalidError):
        lifecycle.cast_vote(session, reviewer, *ids, Vote.REJECT, " ", settings)
    assert lifecycle.cast_vote(session, reviewer, *ids, Vote.REJECT, "Two keys.", settings).state is S.DRAFT


def test_a_live_version_stays_deliverable_until_its_successor_is_live(session, author, reviewer, whole, settings):
    saved = new(session, author, whole)
    to_live(session, saved, reviewer, settings)
    edited = store.save_version(
        session, author, saved.item.id, replace(whole, stem="A better stem."), base_version_id=saved.version.id
    )
    assert (edited.version.number, edited.version.state) == (2, S.DRAFT)
    assert session.get(PoolEntry, saved.item.id).version_id == saved.version.id
    to_live(session, edited, reviewer, settings)
    session.expire_all()
    assert session.get(PoolEntry, saved.item.id).version_id == edited.version.id
    assert session.get(ItemVersion, saved.version.id).state is S.SUPERSEDED


def test_votes_on_a_version_do_not_count_for_the_next(session, author, reviewer, whole, settings):
    saved = new(session, author, whole)
    lifecycle.change_state(session, author, saved.item.id, saved.version.id, S.IN_REVIEW, settings)
    lifecycle.cast_vote(session, reviewer, saved.item.id, saved.version.id, Vote.ADVISE, "Shorter.", settings)
    edited = store.save_version(
        session, author, saved.item.id, replace(whole, stem="Shorter."), base_version_id=saved.version.id
    )
    assert lifecycle.latest_votes(session, edited.version.id) == []


def test_suspending_takes_an_item_out_of_the_pool_at_once_and_back(session, author, reviewer, whole, settings):
    saved = new(session, author, whole)
    to_live(session, saved, reviewer, settings)
    ids = saved.item.id, saved.version.id
    lifecycle.change_state(session, author, *ids, S.SUSPENDED, settings, "A doubt.")
    assert session.scalar(sa.select(sa.func.count()).select_from(PoolEntry)) == 0
    lifecycle.change_state(session, author, *ids, S.LIVE, settings)
    assert session.scalar(sa.select(sa.func.count()).select_from(PoolEntry)) == 1


def test_a_save_that_changes_nothing_makes_no_version(session, author, whole):
    saved = new(session, author, whole)
    again = store.save_version(session, author, saved.item.id, whole, base_version_id=saved.version.id)
    assert not again.changed
    assert session.get(Item, saved.item.id).versions_made == 1


def test_the_second_of_two_editors_is_refused_and_shown_the_other_text(session, author, reviewer, whole):
    saved = new(session, author, whole)
    mine, theirs = replace(whole, stem="Mine."), replace(whole, stem="Theirs.")
    first = store.save_version(session, reviewer, saved.item.id, theirs, base_version_id=saved.version.id)
    with pytest.raises(store.EditConflictError) as clash:
        store.save_version(session, author, saved.item.id, mine, base_version_id=saved.version.id)
    assert clash.value.current.id == first.version.id
    assert clash.value.current.stem == "Theirs."


def test_every_step_is_written_down_with_its_person(session, author, reviewer, whole, settings):
    saved = new(session, author, whole)
    to_live(session, saved, reviewer, settings)
    steps = session.execute(
        sa.select(StateChange.from_state, StateChange.to_state, StateChange.person_id).order_by(StateChange.id)
    ).all()
    assert [step[1] for step in steps] == [S.DRAFT, S.IN_REVIEW, S.APPROVED, S.LIVE]
    assert steps[0].person_id == author.id
    assert steps[-1].person_id == reviewer.id


def test_a_version_and_its_record_say_the_same(session, author, whole):
    saved = new(session, author, replace(whole, doubt="Old guideline.", tags=("menopause",), shuffle=True))
    version = records.load_versions(session, [saved.version.id])[saved.version.id]
    record = records.to_record(version)
    again = records.Resolver(session).content(record)
    assert again == replace(whole, doubt="Old guideline.", tags=("menopause",), shuffle=True)
