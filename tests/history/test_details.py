from __future__ import annotations

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from qbank.blocks.models import Block, Delivery
from qbank.history.changes import Change, change
from qbank.history.details import change_counts, deliveries
from qbank.items.models import Item, ItemState, ItemVersion
from tests.history.school import LONG_AGO, Bank, Taken, make_bank, make_person, take

A, B, C = 1, 2, 3


@pytest.mark.parametrize(
    ("first", "final", "key", "expected"),
    [
        (B, B, B, None),  # B, C, B with key B: back where it began
        (A, B, B, Change.WRONG_TO_RIGHT),
        (B, A, B, Change.RIGHT_TO_WRONG),
        (A, C, B, Change.WRONG_TO_WRONG),
        (A, A, B, None),
        (None, None, B, None),
        (A, None, B, None),  # cleared: an omission
    ],
)
def test_a_change_compares_the_first_choice_with_the_last(
    first: int | None, final: int | None, key: int, expected: Change | None
) -> None:
    assert change(first, final, key) is expected


@given(st.lists(st.integers(1, 5), min_size=1), st.integers(1, 5))
def test_only_the_ends_of_a_chain_of_choices_matter(choices: list[int], key: int) -> None:
    found = change(choices[0], choices[-1], key)
    assert (found is None) == (choices[0] == choices[-1])
    if found:
        assert (found is Change.WRONG_TO_RIGHT) == (choices[-1] == key)


def _block(session: Session, bank: Bank, answers: str) -> Block:
    token = take(session, make_person(session), bank, Taken(answers))[0]
    return session.scalars(sa.select(Block).where(Block.token == token)).one()


def test_a_block_counts_the_changed_answers_of_its_scored_items(session: Session) -> None:
    bank = make_bank(session)
    block = _block(session, bank, "RWWpO")
    for position, first in ((1, bank.distractors[0]), (2, bank.keys[1]), (4, bank.distractors[3])):
        session.execute(
            sa.update(Delivery)
            .where(Delivery.block_id == block.id, Delivery.position == position)
            .values(first_option_id=first, changes=1)
        )
    lines = deliveries(session, block)
    assert [line.change for line in lines] == [
        Change.WRONG_TO_RIGHT,
        Change.RIGHT_TO_WRONG,
        None,
        Change.WRONG_TO_RIGHT,
        None,
    ]
    assert change_counts(lines) == {
        Change.RIGHT_TO_WRONG: 1,
        Change.WRONG_TO_RIGHT: 1,  # the pretest item's is not counted
        Change.WRONG_TO_WRONG: 0,
    }


def test_an_item_that_was_edited_since_shows_the_version_that_was_met_and_says_so(session: Session) -> None:
    bank = make_bank(session)
    block = _block(session, bank, "RR")
    newer = ItemVersion(
        item_id=bank.items[0], number=2, state=ItemState.LIVE, content_hash="2", created_at=LONG_AGO,
        stem="Edited", stem_html="",
    )  # fmt: skip
    session.add(newer)
    session.flush()
    session.execute(sa.update(Item).where(Item.id == bank.items[0]).values(published_version_id=newer.id))
    first, second = deliveries(session, block)
    assert (first.text, first.version, first.newer) == ("Stem 0", 1, True)
    assert not second.newer
