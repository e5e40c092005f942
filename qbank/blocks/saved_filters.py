"""Filters that a learner keeps under a name. Everybody has their own; what is another's is as if it were not there."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from qbank import clock
from qbank.accounts.models import Person
from qbank.blocks.criteria import Criteria
from qbank.blocks.filter_models import NAME_MAX, SavedFilter
from qbank.blocks.passes import lock_learner
from qbank.db.engine import begin_write
from qbank.errors import InvalidError, NotFoundError

MOST = 30  # kept by one learner: a list that can be read


def all_of(session: Session, person: Person) -> list[SavedFilter]:
    """Return the learner's filters, the default one first, then by name. One query."""
    query = sa.select(SavedFilter).where(SavedFilter.person_id == person.id, SavedFilter.deleted_at.is_(None))
    return list(session.scalars(query.order_by(SavedFilter.is_default.desc(), sa.func.lower(SavedFilter.name))))


def find(session: Session, person: Person, filter_id: int, *, deleted: bool = False) -> SavedFilter:
    """Return one of the learner's filters. Raises NotFoundError for others' and for none."""
    query = sa.select(SavedFilter).where(SavedFilter.id == filter_id, SavedFilter.person_id == person.id)
    found = session.scalar(query)
    if found is None or (found.deleted_at is not None) != deleted:
        raise NotFoundError("There is no such saved filter.")
    return found


def criteria_of(found: SavedFilter) -> Criteria:
    """Return what the filter chooses; any item, where the stored form cannot be read any more."""
    try:
        return Criteria.from_dict(found.criteria)
    except InvalidError:
        return Criteria()


def save(session: Session, person: Person, name: str, criteria: Criteria) -> SavedFilter:
    """Keep these filters under a name. Filters that were deleted are gone for good from then on.

    InvalidError (field ``saved_as``) for a name that is empty, too long or taken, and beyond `MOST` filters.
    """
    begin_write(session)
    lock_learner(session, person)
    session.execute(
        sa.delete(SavedFilter).where(SavedFilter.person_id == person.id, SavedFilter.deleted_at.is_not(None))
    )
    name = _free(session, person, name)
    if len(all_of(session, person)) >= MOST:
        raise _refused(f"You keep {MOST} filters already. Delete one first.")
    made = SavedFilter(person_id=person.id, name=name, criteria=criteria.to_dict(), saved_at=clock.now())
    session.add(made)
    session.flush()
    return made


def rename(session: Session, person: Person, filter_id: int, name: str) -> SavedFilter:
    """Give a filter another name. Raises as `find` and `save` do."""
    begin_write(session)
    lock_learner(session, person)
    found = find(session, person, filter_id)
    if name.strip() != found.name:
        found.name = _free(session, person, name)
        session.flush()
    return found


def delete(session: Session, person: Person, filter_id: int) -> SavedFilter:
    """Delete a filter; `undelete` brings it back until the next one is saved."""
    begin_write(session)
    found = find(session, person, filter_id)
    found.deleted_at, found.is_default = clock.now(), False
    session.flush()
    return found


def undelete(session: Session, person: Person, filter_id: int) -> SavedFilter:
    """Bring a deleted filter back. Raises NotFoundError where it is gone for good."""
    begin_write(session)
    found = find(session, person, filter_id, deleted=True)
    found.deleted_at = None
    session.flush()
    return found


def set_default(session: Session, person: Person, filter_id: int, *, on: bool) -> SavedFilter:
    """Let the builder open with this filter, or with none. Only one filter can be the default."""
    begin_write(session)
    lock_learner(session, person)
    found = find(session, person, filter_id)
    if on:
        others = sa.update(SavedFilter).where(SavedFilter.person_id == person.id, SavedFilter.id != found.id)
        session.execute(others.values(is_default=False))
    found.is_default = on
    session.flush()
    return found


def _free(session: Session, person: Person, name: str) -> str:
    name = " ".join(name.split())
    if not 0 < len(name) <= NAME_MAX:
        raise _refused(f"Give a name of 1 to {NAME_MAX} characters.")
    query = sa.select(SavedFilter.deleted_at).where(SavedFilter.person_id == person.id, SavedFilter.name == name)
    taken = session.execute(query).first()
    if taken is not None:
        raise _refused(f"You have a {'deleted ' if taken.deleted_at else ''}filter of this name. Choose another one.")
    return name


def _refused(message: str) -> InvalidError:
    return InvalidError(message, problems={"saved_as": message})
