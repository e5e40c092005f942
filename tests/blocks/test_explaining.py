"""The explanation: when it may be seen, what is in it, and how many peers it needs."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from qbank.blocks import closing, explaining
from qbank.blocks.models import Block, Delivery
from qbank.errors import NotAllowedError
from qbank.items.models import ItemState
from qbank.settings import Settings
from tests.blocks import classroom
from tests.blocks import factories as make
from tests.conftest import TestClock

pytestmark = pytest.mark.usefixtures("clock")


def of(session: Session, block: Block, position: int) -> Delivery:
    return make.deliveries(session, block)[position - 1]


def test_an_exam_block_explains_nothing_until_it_has_ended(
    session: Session, settings: Settings, clock: TestClock
) -> None:
    make.make_items(session, 4, make.make_taxa(session))
    person = make.make_person(session)
    block = make.start(session, person, settings, timing="timed")
    make.answer(session, person, block, right=4)
    with pytest.raises(NotAllowedError):
        explaining.explanation(session, of(session, block, 1))
    clock.advance(days=1)
    assert explaining.explanation(session, of(session, block, 1)).outcome == "correct"
    assert block.ended_reason == "time_up"


def test_a_tutor_block_explains_what_was_submitted_and_no_other_item(session: Session, settings: Settings) -> None:
    make.make_items(session, 4, make.make_taxa(session))
    person = make.make_person(session)
    block = make.start(session, person, settings, feedback="tutor")
    right, wrong = make.letters(session, block)[1]
    make.act(session, person, block, 1, "submit", wrong)
    make.act(session, person, block, 2, "choose", "A")
    found = explaining.explanation(session, of(session, block, 1))
    assert found.outcome == "incorrect"
    assert [option.letter for option in found.options if option.is_key] == [right]
    assert [option.letter for option in found.options if option.chosen] == [wrong]
    assert all(option.rationale_html for option in found.options)
    with pytest.raises(NotAllowedError):
        explaining.explanation(session, of(session, block, 2))


def test_peers_are_hidden_at_nine_and_shown_at_ten_with_shares_that_add_up(
    session: Session, settings: Settings
) -> None:
    make.make_items(session, 1, make.make_taxa(session), key=0)

    def take(person: Any, letter: str | None) -> Block:
        block = make.start(session, person, settings, 1)
        if letter:
            make.act(session, person, block, 1, "choose", letter)
        return closing.end_block(session, person, block.token)

    viewer = make.make_person(session)
    own = take(viewer, "D")
    for letter in "AAAAABB":
        take(make.make_person(session), letter)
    again = make.make_person(session)
    take(again, "C")
    take(again, "D")  # a second delivery is not a first one
    take(make.make_person(session), None)
    still_open = make.make_person(session)
    block = make.start(session, still_open, settings, 1)
    make.act(session, still_open, block, 1, "choose", "B")
    hidden = explaining.explanation(session, of(session, own, 1))
    assert (hidden.peer_n, hidden.peer_omitted) == (9, None)
    assert {option.peers for option in hidden.options} == {None}
    closing.end_block(session, still_open, block.token)
    shown = explaining.explanation(session, of(session, own, 1))
    shares = [option.peers or 0.0 for option in shown.options]
    assert (shown.peer_n, shares, shown.peer_omitted) == (10, [0.5, 0.3, 0.1, 0.0], 0.1)
    assert sum(shares) + (shown.peer_omitted or 0) == pytest.approx(1)
    assert explaining.explanation(session, of(session, own, 1), min_peers=11).options[0].peers is None


def test_pretest_items_have_no_peers(session: Session, settings: Settings) -> None:
    taxa = make.make_taxa(session)
    make.make_items(session, 10, taxa)
    make.make_items(session, 1, taxa, state=ItemState.PRETEST)
    for _ in range(3):
        person = make.make_person(session)
        block = closing.end_block(session, person, make.start(session, person, settings, 10).token)
    delivery = next(row for row in make.deliveries(session, block) if row.pretest)
    found = explaining.explanation(session, delivery, min_peers=2)
    assert (found.pretest, found.peer_n) == (True, 0)


def test_statements_and_references_come_along_in_a_fixed_number_of_queries(
    session: Session, settings: Settings, queries: Any
) -> None:
    classroom.stock(session, 6)
    person = make.make_person(session)
    block = closing.end_block(session, person, make.start(session, person, settings, 6).token)
    delivery = of(session, block, 1)
    with queries() as seen:
        found = explaining.explanation(session, delivery)
    assert len(seen) <= 14
    assert [len(option.statements) for option in found.options] == [1, 1, 1, 1]
    quoted = found.options[0].statements[0]
    assert (quoted.key, quoted.article_slug, quoted.revision) == ("s01", "bone-loss", 1)
    assert quoted.references[0].title is not None
    assert found.statements
    assert found.references
    assert found.references[0].startswith("Textbook of bone")


def test_a_newer_version_is_announced_and_so_is_a_new_key(session: Session, settings: Settings) -> None:
    from qbank.items.models import Item, ItemVersion, Option

    [item_id] = make.make_items(session, 1, make.make_taxa(session), key=0)
    person = make.make_person(session)
    block = closing.end_block(session, person, make.start(session, person, settings, 1).token)
    assert explaining.explanation(session, of(session, block, 1)).newer_number is None
    new = ItemVersion(
        item_id=item_id, number=2, content_hash="y", created_at=block.started_at, stem="New", stem_html="New"
    )
    session.add(new)
    session.flush()
    session.add(Option(version_id=new.id, ordinal=0, text="another", text_html="another", is_key=True))
    session.get_one(Item, item_id).published_version_id = new.id
    session.flush()
    found = explaining.explanation(session, of(session, block, 1))
    assert (found.newer_number, found.key_changed, found.version_number) == (2, True, 1)
    assert session.scalar(sa.select(sa.func.count()).select_from(Delivery)) == 1
