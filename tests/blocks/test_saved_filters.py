"""Saved filters: own, named, renamed, deleted and brought back, one default."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from qbank.accounts.models import Person
from qbank.blocks import saved_filters
from qbank.blocks.criteria import Criteria
from qbank.blocks.filter_models import SavedFilter
from qbank.blocks.wording import words_of
from qbank.errors import InvalidError, NotFoundError
from tests.blocks import factories as make

pytestmark = pytest.mark.usefixtures("clock")
CHOSEN = Criteria(systems=frozenset({3, 1}), statuses=frozenset({"marked", "ever_incorrect"}), not_seen_days=14)


@pytest.fixture
def learner(session: Session) -> Person:
    return make.make_person(session)


def names(session: Session, person: Person) -> list[str]:
    return [row.name for row in saved_filters.all_of(session, person)]


def test_a_filter_is_kept_with_all_that_it_chooses(session: Session, learner: Person) -> None:
    made = saved_filters.save(session, learner, "  Bone,   missed ", CHOSEN)
    session.expire_all()
    found = saved_filters.find(session, learner, made.id)
    assert found.name == "Bone, missed"
    assert saved_filters.criteria_of(found) == CHOSEN


@pytest.mark.parametrize("name", ["", "   ", "x" * 81, "taken"])
def test_a_name_that_cannot_be_is_refused_beside_its_field(session: Session, learner: Person, name: str) -> None:
    saved_filters.save(session, learner, "taken", Criteria())
    other = saved_filters.save(session, learner, "other", Criteria())
    for change in (
        lambda: saved_filters.save(session, learner, name, Criteria()),
        lambda: saved_filters.rename(session, learner, other.id, name),
    ):
        with pytest.raises(InvalidError) as caught:
            change()
        assert "saved_as" in caught.value.problems
    assert names(session, learner) == ["other", "taken"]


def test_deleting_can_be_undone_until_the_next_is_saved(session: Session, learner: Person) -> None:
    one = saved_filters.save(session, learner, "one", Criteria()).id
    saved_filters.delete(session, learner, one)
    assert names(session, learner) == []
    saved_filters.undelete(session, learner, one)
    assert names(session, learner) == ["one"]
    saved_filters.delete(session, learner, one)
    saved_filters.save(session, learner, "one", CHOSEN)
    assert names(session, learner) == ["one"]
    with pytest.raises(NotFoundError):
        saved_filters.undelete(session, learner, one)


def test_there_is_one_default_at_most_and_a_deleted_one_is_none(session: Session, learner: Person) -> None:
    one, two = (saved_filters.save(session, learner, name, Criteria()).id for name in ("one", "two"))
    saved_filters.set_default(session, learner, one, on=True)
    saved_filters.set_default(session, learner, two, on=True)
    assert [row.id for row in saved_filters.all_of(session, learner) if row.is_default] == [two]
    assert names(session, learner) == ["two", "one"], "the default one stands first"
    saved_filters.delete(session, learner, two)
    assert not any(row.is_default for row in saved_filters.all_of(session, learner))
    with pytest.raises(IntegrityError), session.begin_nested():
        session.execute(sa.update(SavedFilter).values(is_default=True, deleted_at=None))


def test_anothers_filter_is_as_if_it_were_not_there(session: Session, learner: Person) -> None:
    made = saved_filters.save(session, learner, "mine", Criteria()).id
    other = make.make_person(session)
    assert names(session, other) == []
    for change in (
        lambda: saved_filters.find(session, other, made),
        lambda: saved_filters.rename(session, other, made, "theirs"),
        lambda: saved_filters.delete(session, other, made),
        lambda: saved_filters.set_default(session, other, made, on=True),
    ):
        with pytest.raises(NotFoundError):
            change()
    saved_filters.save(session, other, "mine", Criteria())


def test_nobody_keeps_filters_without_end(session: Session, learner: Person) -> None:
    for number in range(saved_filters.MOST):
        saved_filters.save(session, learner, f"filter {number}", Criteria())
    with pytest.raises(InvalidError, match="already"):
        saved_filters.save(session, learner, "one more", Criteria())


def test_filters_are_said_in_words() -> None:
    assert words_of(Criteria(), {}) == "Any item"
    said = words_of(CHOSEN, {1: "Bone"})
    assert said == "Bone or a retired class; Marked; Ever incorrect, not yet mended; Not seen for 14 days"
    either = Criteria(statuses=frozenset({"omitted", "incorrect"}), difficulties=frozenset({"hard"}))
    assert words_of(either, {}) == "Hard; Incorrect last time or Omitted last time"
