"""Exam formats: in force by date, to come, added, retired; and what their pretest share does to a block."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy.orm import Session

from qbank.blocks import presets
from qbank.blocks.models import TimeUpPolicy
from qbank.blocks.presets import NewPreset
from qbank.errors import InvalidError, NotFoundError
from qbank.items.models import ItemState
from qbank.settings import Settings
from tests.blocks import factories as make

pytestmark = pytest.mark.usefixtures("clock")
NEW = NewPreset(
    exam="Board", name="Board 2027", valid_from=date(2027, 1, 1), valid_to=None, blocks=4, minutes_per_block=50,
    items_per_block=40, items_total=160, time_up_policy=TimeUpPolicy.LOCK, grace_seconds=0, pause_allowed=True,
    pretest_share=0.0, note="", source="Board bulletin", source_date=date(2026, 2, 1),
)  # fmt: skip


def test_a_format_is_offered_on_the_days_on_which_it_is_in_force(session: Session) -> None:
    old = make.make_preset(session, valid_to=date(2026, 5, 13))
    new = make.make_preset(session, valid_from=date(2026, 5, 14))
    assert presets.in_force(session, date(2026, 5, 13)) == [old]
    assert presets.in_force(session, date(2026, 5, 14)) == [new]
    assert presets.to_come(session, date(2026, 3, 2)) == [new]
    assert presets.to_come(session, date(2026, 5, 14)) == []


def test_an_added_format_has_its_pace_source_and_date_and_can_be_taken_out_and_offered_again(session: Session) -> None:
    made = presets.add(session, NEW)
    assert (made.seconds_per_item, made.source, made.source_date) == (75, "Board bulletin", date(2026, 2, 1))
    day = date(2027, 2, 1)
    assert presets.in_force(session, day) == [made]
    presets.retire(session, made.id, on=True)
    assert presets.in_force(session, day) == []
    assert presets.listing(session) == [made]
    presets.retire(session, made.id, on=False)
    assert presets.in_force(session, day) == [made]
    with pytest.raises(NotFoundError):
        presets.retire(session, made.id + 1, on=True)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"minutes_per_block": 3}, "minutes_per_block"),
        ({"valid_to": date(2026, 12, 31)}, "valid_to"),
        ({"items_total": 161}, "items_total"),
        ({"time_up_policy": TimeUpPolicy.GRACE}, "grace_seconds"),
        ({"grace_seconds": 30}, "grace_seconds"),
    ],
)
def test_a_format_that_contradicts_itself_is_refused_by_field(session: Session, values: dict, field: str) -> None:
    with pytest.raises(InvalidError) as caught:
        presets.add(session, replace(NEW, **values))
    assert set(caught.value.problems) == {field}
    assert presets.listing(session) == []


@pytest.mark.parametrize(("share", "expected"), [(0.0, 0), (0.2, 4), (None, 2)])
def test_a_formats_own_pretest_share_counts_and_none_means_none(
    session: Session, settings: Settings, share: float | None, expected: int
) -> None:
    taxa = make.make_taxa(session)
    make.make_items(session, 25, taxa)
    make.make_items(session, 9, taxa, state=ItemState.PRETEST)
    preset = None if share is None else make.make_preset(session, pretest_share=share)
    block = make.start(session, make.make_person(session), settings, 20, preset=preset)
    assert sum(row.pretest for row in make.deliveries(session, block)) == expected
