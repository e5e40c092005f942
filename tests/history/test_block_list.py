from __future__ import annotations

import csv
import io
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from qbank.errors import NotFoundError
from qbank.history import access, blocks, details, exporting
from qbank.history.filters import BlockFilter
from tests.history.school import LONG_AGO, Taken, make_bank, make_person, open_block, take

ALL = BlockFilter()


def test_the_list_is_narrowed_by_exam_format_and_by_the_system_of_an_item(session: Session) -> None:
    learner, bank = make_person(session), make_bank(session)
    take(
        session, learner, bank,
        Taken("R", name="first system", preset="Step 1"), Taken("R", start=1, name="second system"),
        Taken("RR", LONG_AGO + timedelta(days=1), name="both", preset="Step 2"),
    )  # fmt: skip

    def names(**which: object) -> set[str]:
        return {line.name for line in blocks.lines(session, learner.id, BlockFilter(**which))}  # type: ignore[arg-type]

    assert names(preset="Step 1") == {"first system"}
    assert names(preset="") == {"second system"}
    assert names(preset="Step") == set()
    assert names(system_id=bank.systems[0]) == {"first system", "both"}
    assert names(system_id=bank.systems[1], preset="Step 2") == {"both"}
    assert blocks.totals(session, learner.id, BlockFilter(system_id=bank.systems[1])).blocks == 2


def test_the_exam_formats_offered_are_those_of_the_learners_own_ended_blocks(session: Session) -> None:
    learner, other, bank = make_person(session), make_person(session), make_bank(session)
    take(session, learner, bank, Taken("R", preset="Step 2"), Taken("R", preset="Step 1"), Taken("R", preset="Step 1"))
    take(session, other, bank, Taken("R", preset="Step 3"))
    open_block(session, learner, bank)
    assert blocks.presets(session, learner.id) == ["Step 1", "Step 2"]


def test_the_file_holds_the_score_rule_and_defuses_what_a_spreadsheet_would_compute(session: Session) -> None:
    learner, bank = make_person(session), make_bank(session)
    take(session, learner, bank, Taken("R" * 13 + "WW" + "OOO" + "pp", name='=HYPERLINK("x")', preset="@SUM(1)"))
    text = "".join(exporting.rows(blocks.lines(session, learner.id, ALL)))
    (row,) = csv.DictReader(io.StringIO(text))
    assert tuple(row) == exporting.HEADS
    assert (row["correct"], row["scored"], row["pretest"], row["score_percent"]) == ("13", "18", "2", "72.2")
    assert row["ended_at"] == "2026-01-01T08:00:00+00:00"
    assert not row["block"].startswith("=")
    assert not row["exam_format"].startswith("@")


def test_the_systems_of_the_misses_are_those_of_scored_items_alone(session: Session) -> None:
    learner, bank = make_person(session), make_bank(session)
    (missed, *_), (right, *_) = take(session, learner, bank, Taken("RWRO")), take(session, learner, bank, Taken("RRpa"))
    systems = [
        details.missed_systems(details.deliveries(session, access.ended_block(session, learner, token)))
        for token in (missed, right)
    ]
    assert systems == [[bank.systems[1]], []]


def test_an_item_of_an_ended_block_is_found_by_its_place(
    session: Session, queries: Callable[[], AbstractContextManager[list[str]]]
) -> None:
    learner, bank = make_person(session), make_bank(session)
    (token,) = take(session, learner, bank, Taken("RW"))
    block = access.ended_block(session, learner, token)
    with queries() as seen:
        delivery, version = details.met(session, block, 2)
        assert version.vignette_version is None
    assert (delivery.item_id, version.id, len(seen)) == (bank.items[1], bank.versions[1], 1)
    with pytest.raises(NotFoundError, match="no such item"):
        details.met(session, block, 3)
