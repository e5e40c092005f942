"""Annulments and changes of key: scores, standings, counts and drafts that follow, and what is kept."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from qbank.accounts.models import AuditEvent, Person
from qbank.annulments import planning, service
from qbank.annulments.models import Annulment, AnnulmentKind, ScoreNotice
from qbank.annulments.planning import Decision
from qbank.blocks import closing
from qbank.blocks.models import Block, BlockScore, Delivery, EndedReason, Feedback, ItemStatus, LearnerItem
from qbank.blocks.rebuild import rebuild
from qbank.errors import ConflictError, InvalidError, NotFoundError
from qbank.items import lifecycle
from qbank.items.models import Item, ItemState, ItemVersion, Option, PoolEntry
from qbank.review.models import ReviewCard
from qbank.settings import Settings
from qbank.statistics.models import ItemCounter
from tests.annulments.deciding import annul, back, decide, options_of, rekey
from tests.blocks import factories as make
from tests.conftest import TestClock

pytestmark = pytest.mark.usefixtures("clock")


@pytest.fixture
def reviewer(session: Session) -> Person:
    return make.make_person(session)


def take(session: Session, settings: Settings, letters: str, **values: object) -> tuple[Person, Block]:
    """Let a new learner end a block of all items with these choices; "-" is none."""
    person = make.make_person(session)
    block = make.start(session, person, settings, len(letters), **values)
    for delivery, choice in zip(sorted(make.deliveries(session, block), key=lambda d: d.item_id), letters, strict=True):
        if choice != "-":
            make.act(session, person, block, delivery.position, "choose", choice)
    closing.end_block(session, person, block.token)
    return person, block


def scores(session: Session, block: Block) -> list[tuple[int, int, int, int, int]]:
    query = sa.select(BlockScore).where(BlockScore.block_id == block.id).order_by(BlockScore.revision)
    return [(row.correct, row.incorrect, row.omitted, row.scored, row.annulled) for row in session.scalars(query)]


def status(session: Session, person: Person, item_id: int) -> ItemStatus | None:
    query = sa.select(LearnerItem).where(LearnerItem.item_id == item_id).execution_options(populate_existing=True)
    block = session.scalars(sa.select(Block).where(Block.person_id == person.id)).first()
    assert block is not None
    return next((row.status for row in session.scalars(query) if row.pass_id == block.pass_id), None)


@pytest.fixture
def items(session: Session) -> list[int]:
    """Four live items whose key is A."""
    return make.make_items(session, 4, make.make_taxa(session), key=0)


def version_of(session: Session, item_id: int) -> int:
    found = session.get_one(Item, item_id).published_version_id
    assert found is not None
    return found


def test_an_annulled_item_leaves_both_sides_of_every_ended_score_and_the_old_score_stays(
    session: Session, settings: Settings, items: list[int], reviewer: Person
) -> None:
    right, block = take(session, settings, "AAB-")
    wrong, other = take(session, settings, "BAAA")
    done = annul(session, reviewer, settings, version_of(session, items[0]), "Two options are right.")
    assert done.blocks == 2
    assert scores(session, block) == [(2, 1, 1, 4, 0), (1, 1, 1, 3, 1)]
    assert scores(session, other) == [(3, 1, 0, 4, 0), (3, 0, 0, 3, 1)]
    newest = session.scalars(sa.select(BlockScore).order_by(BlockScore.id.desc())).first()
    assert newest is not None
    assert newest.reason == "An item was annulled: Two options are right."
    assert status(session, right, items[0]) is None is status(session, wrong, items[0])
    assert session.get(ItemCounter, version_of(session, items[0])) is None
    assert rebuild(session, check=True) == []


def test_learners_whose_score_changed_are_told_and_nobody_else(
    session: Session, settings: Settings, items: list[int], reviewer: Person
) -> None:
    changed, block = take(session, settings, "BAAA")
    take(session, settings, "CAAA")
    options = options_of(session, version_of(session, items[0]))
    rekey(session, reviewer, settings, version_of(session, items[0]), options[1])
    notice = session.scalars(sa.select(ScoreNotice)).one()
    assert (notice.person_id, notice.block_id, notice.seen_at) == (changed.id, block.id, None)
    assert session.get_one(BlockScore, notice.old_score_id).correct == 3
    assert session.get_one(BlockScore, notice.new_score_id).correct == 4


def test_another_key_turns_right_into_wrong_and_wrong_into_right(
    session: Session, settings: Settings, items: list[int], reviewer: Person
) -> None:
    was_right, one = take(session, settings, "AAAA")
    was_wrong, two = take(session, settings, "BAAA")
    neither, three = take(session, settings, "C-AA")
    version = version_of(session, items[0])
    rekey(session, reviewer, settings, version, options_of(session, version)[1])
    assert scores(session, one) == [(4, 0, 0, 4, 0), (3, 1, 0, 4, 0)]
    assert scores(session, two) == [(3, 1, 0, 4, 0), (4, 0, 0, 4, 0)]
    assert scores(session, three) == [(2, 1, 1, 4, 0)]
    assert [status(session, who, items[0]) for who in (was_right, was_wrong, neither)] == [
        ItemStatus.INCORRECT, ItemStatus.CORRECT, ItemStatus.INCORRECT,
    ]  # fmt: skip
    counter = session.get_one(ItemCounter, version)
    assert (counter.n, counter.correct, counter.rarest) == (3, 1, 0)
    assert rebuild(session, check=True) == []


def test_a_change_of_key_makes_the_next_version_in_draft_and_leaves_the_old_one_as_it_was_seen(
    session: Session, settings: Settings, items: list[int], reviewer: Person
) -> None:
    take(session, settings, "AAAA")
    version = version_of(session, items[0])
    options = options_of(session, version)
    done = rekey(session, reviewer, settings, version, options[2])
    assert done.draft is not None
    assert done.draft.state is ItemState.DRAFT
    assert done.draft.number == 2
    flags = sa.select(Option.is_key).order_by(Option.ordinal)
    assert list(session.scalars(flags.where(Option.version_id == done.draft.id))) == [False, False, True, False]
    assert list(session.scalars(flags.where(Option.version_id == version))) == [True, False, False, False]
    assert session.get_one(ItemVersion, version).state is ItemState.SUSPENDED


def test_once_the_version_with_the_new_key_is_live_the_item_is_unused_again(
    session: Session, settings: Settings, items: list[int], reviewer: Person
) -> None:
    from qbank.blocks import statuses

    learner, _block = take(session, settings, "BAAA")
    version = version_of(session, items[0])
    done = rekey(session, reviewer, settings, version, options_of(session, version)[1])
    assert done.draft is not None
    assert status(session, learner, items[0]) is ItemStatus.CORRECT
    lifecycle.publish(session, reviewer, session.get_one(Item, items[0]), done.draft)
    statuses.restate(session, item_ids=[items[0]])
    assert status(session, learner, items[0]) is ItemStatus.UNUSED
    assert rebuild(session, check=True) == []


def test_a_live_item_leaves_new_blocks_and_cannot_go_live_until_the_decision_is_taken_back(
    session: Session, settings: Settings, items: list[int], reviewer: Person
) -> None:
    take(session, settings, "AAAA")
    version = version_of(session, items[0])
    assert annul(session, reviewer, settings, version).suspended
    assert items[0] not in set(session.scalars(sa.select(PoolEntry.item_id)))
    with pytest.raises(ConflictError, match="annulled"):
        lifecycle.change_state(session, reviewer, items[0], version, ItemState.LIVE, settings)
    back(session, reviewer, settings, version)
    lifecycle.change_state(session, reviewer, items[0], version, ItemState.LIVE, settings)
    assert items[0] in set(session.scalars(sa.select(PoolEntry.item_id)))


def test_taking_a_decision_back_restores_every_score_standing_and_count(
    session: Session, settings: Settings, items: list[int], reviewer: Person
) -> None:
    learner, block = take(session, settings, "AAB-")
    version = version_of(session, items[2])
    before = (status(session, learner, items[2]), session.get_one(ItemCounter, version).n)
    annul(session, reviewer, settings, version)
    back(session, reviewer, settings, version, "It was right after all.")
    assert scores(session, block) == [(2, 1, 1, 4, 0), (2, 0, 1, 3, 1), (2, 1, 1, 4, 0)]
    assert (status(session, learner, items[2]), session.get_one(ItemCounter, version).n) == before
    assert [row.kind for row in session.scalars(sa.select(Annulment).order_by(Annulment.id))] == [
        AnnulmentKind.ANNULLED, AnnulmentKind.TAKEN_BACK,
    ]  # fmt: skip
    assert rebuild(session, check=True) == []


def test_an_item_annulled_in_an_open_block_does_not_count_when_the_block_ends(
    session: Session, settings: Settings, items: list[int], reviewer: Person
) -> None:
    person = make.make_person(session)
    block = make.start(session, person, settings, 4)
    make.answer(session, person, block, right=4)
    done = annul(session, reviewer, settings, version_of(session, items[0]))
    assert done.blocks == 0
    assert rebuild(session, check=True) == []
    closing.end_block(session, person, block.token)
    assert scores(session, block) == [(3, 0, 0, 3, 1)]
    assert rebuild(session, check=True) == []


def test_an_item_drawn_while_it_was_being_annulled_is_found_out_at_its_submit_or_its_end(
    session: Session, settings: Settings, items: list[int], reviewer: Person
) -> None:
    version = version_of(session, items[0])
    for feedback in Feedback:
        take(session, settings, "AAAA")
        person = make.make_person(session)
        block = make.start(session, person, settings, 4, feedback=feedback)
        annul(session, reviewer, settings, version)
        # as if the block had been committed in the same moment
        where = (Delivery.version_id == version, Delivery.block_id == block.id)
        session.execute(sa.update(Delivery).where(*where).values(annulled_at=None))
        delivery = session.scalars(sa.select(Delivery).where(*where).execution_options(populate_existing=True)).one()
        if feedback is Feedback.TUTOR:
            make.act(session, person, block, delivery.position, "submit", "A")
            assert rebuild(session, check=True) == []
        closing.end_block(session, person, block.token)
        assert scores(session, block)[-1][-1] == 1
        assert rebuild(session, check=True) == []
        back(session, reviewer, settings, version)
        lifecycle.change_state(session, reviewer, items[0], version, ItemState.LIVE, settings)


def test_an_item_submitted_in_an_open_tutor_block_gets_its_outcome_by_the_new_key_at_once(
    session: Session, settings: Settings, items: list[int], reviewer: Person
) -> None:
    person = make.make_person(session)
    block = make.start(session, person, settings, 4, feedback=Feedback.TUTOR)
    version = version_of(session, items[0])
    delivery = next(row for row in make.deliveries(session, block) if row.version_id == version)
    make.act(session, person, block, delivery.position, "submit", "B")
    assert status(session, person, items[0]) is ItemStatus.INCORRECT
    rekey(session, reviewer, settings, version, options_of(session, version)[1])
    assert status(session, person, items[0]) is ItemStatus.CORRECT
    assert rebuild(session, check=True) == []


def test_an_abandoned_block_is_scored_again_too(
    session: Session, settings: Settings, items: list[int], reviewer: Person, clock: TestClock
) -> None:
    person = make.make_person(session)
    block = make.start(session, person, settings, 4)
    make.answer(session, person, block, right=2)
    clock.advance(days=40)
    closing.close_due(session)
    assert block.ended_reason is EndedReason.ABANDONED
    for item_id in items:
        annul(session, reviewer, settings, version_of(session, item_id))
    assert scores(session, block)[0] == (2, 0, 0, 2, 0)
    assert scores(session, block)[-1] == (0, 0, 0, 0, 4)
    assert rebuild(session, check=True) == []


def test_pretest_answers_leave_the_statistics_and_change_no_score(
    session: Session, settings: Settings, reviewer: Person
) -> None:
    taxa = make.make_taxa(session)
    make.make_items(session, 20, taxa)
    (pretest,) = make.make_items(session, 1, taxa, state=ItemState.PRETEST)
    person = make.make_person(session)
    block = make.start(session, person, settings, 20)
    if pretest not in {row.item_id for row in make.deliveries(session, block)}:
        pytest.skip("the block holds no pretest item")
    closing.end_block(session, person, block.token)
    version = version_of(session, pretest)
    assert session.get(ItemCounter, version) is not None
    assert annul(session, reviewer, settings, version).blocks == 0
    assert len(scores(session, block)) == 1
    assert session.get(ItemCounter, version) is None
    assert pretest not in set(session.scalars(sa.select(PoolEntry.item_id)))
    assert rebuild(session, check=True) == []


def test_a_miss_of_an_annulled_item_leaves_the_review_queue_and_comes_back_with_it(
    session: Session, settings: Settings, items: list[int], reviewer: Person
) -> None:
    person, _block = take(session, settings, "BAAA")
    card = session.scalars(sa.select(ReviewCard).where(ReviewCard.person_id == person.id)).one()
    assert card.left_at is None
    annul(session, reviewer, settings, version_of(session, items[0]))
    session.refresh(card)
    assert card.left_at is not None
    back(session, reviewer, settings, version_of(session, items[0]))
    session.refresh(card)
    assert card.left_at is None


def test_a_reason_is_required_and_not_longer_than_can_be_read(
    session: Session, settings: Settings, items: list[int], reviewer: Person
) -> None:
    take(session, settings, "AAAA")
    for reason in ("", " \n ", "x" * 2_001):
        with pytest.raises(InvalidError) as refused:
            annul(session, reviewer, settings, version_of(session, items[0]), reason)
        assert set(refused.value.problems) == {"reason"}
    assert session.scalars(sa.select(Annulment)).all() == []


def test_an_answer_that_came_in_between_makes_the_preview_void(
    session: Session, settings: Settings, items: list[int], reviewer: Person
) -> None:
    take(session, settings, "AAAA")
    decision = Decision(version_of(session, items[0]), AnnulmentKind.ANNULLED)
    token = planning.token_of(session, planning.look(session, decision))
    _person, block = take(session, settings, "BBBB")
    with pytest.raises(service.PreviewOutdatedError):
        service.decide(session, reviewer, settings, decision, reason="Wrong.", token=token)
    assert len(scores(session, block)) == 1
    decide(session, reviewer, settings, decision)
    assert len(scores(session, block)) == 2


def test_the_preview_shows_exactly_what_is_then_done(
    session: Session, settings: Settings, items: list[int], reviewer: Person
) -> None:
    blocks = [take(session, settings, letters)[1] for letters in ("AAAA", "BAAA", "CAAA", "-AAA")]
    version = version_of(session, items[0])
    decision = Decision(version, AnnulmentKind.KEY_CHANGED, options_of(session, version)[1])
    seen = planning.preview(session, decision, limit=50, offset=0)
    assert (seen.blocks, seen.learners, seen.met, seen.open) == (2, 2, 4, 0)
    assert [(row.before.correct, row.after.correct) for row in seen.rows] == [(4, 3), (3, 4)]
    assert (seen.figures_before.correct, seen.figures_before.n) == (1, 4)
    assert seen.figures_after == planning.Figures(4, 1)
    decide(session, reviewer, settings, decision)
    assert [scores(session, block)[-1][0] for block in blocks] == [3, 4, 3, 3]


def test_the_preview_takes_the_same_number_of_queries_whatever_it_shows(
    session: Session, settings: Settings, items: list[int], queries
) -> None:
    counts = []
    for _round in range(2):
        for letters in ("AAAA", "BAAA", "CAAA"):
            take(session, settings, letters)
        with queries() as seen:
            planning.preview(
                session, Decision(version_of(session, items[0]), AnnulmentKind.ANNULLED), limit=50, offset=0
            )
        counts.append(len(seen))
    assert counts[0] == counts[1] < 15


def test_what_makes_no_sense_is_refused(
    session: Session, settings: Settings, items: list[int], reviewer: Person
) -> None:
    version = version_of(session, items[0])
    options, foreign = options_of(session, version), options_of(session, version_of(session, items[1]))
    with pytest.raises(ConflictError, match="Nobody has met"):
        annul(session, reviewer, settings, version)
    take(session, settings, "AAAA")
    with pytest.raises(NotFoundError):
        annul(session, reviewer, settings, 999_999)
    with pytest.raises(ConflictError, match="nothing to take back"):
        planning.look(session, Decision(version, AnnulmentKind.TAKEN_BACK))
    for option in (None, options[0], foreign[1]):
        with pytest.raises(InvalidError) as refused:
            planning.look(session, Decision(version, AnnulmentKind.KEY_CHANGED, option))
        assert set(refused.value.problems) == {"option"}
    annul(session, reviewer, settings, version)
    with pytest.raises(ConflictError, match="annulled already"):
        planning.look(session, Decision(version, AnnulmentKind.ANNULLED))


def test_a_decision_is_in_the_audit_log_with_the_keys_and_how_many_blocks(
    session: Session, settings: Settings, items: list[int], reviewer: Person
) -> None:
    take(session, settings, "AAAA")
    version = version_of(session, items[0])
    options = options_of(session, version)
    rekey(session, reviewer, settings, version, options[3])
    line = session.scalars(sa.select(AuditEvent).where(AuditEvent.action == "version key changed")).one()
    assert line.person_id == reviewer.id
    assert line.detail["keys_before"] == [options[0]]
    assert line.detail["keys_after"] == [options[3]]
    assert line.detail["blocks"] == 1
